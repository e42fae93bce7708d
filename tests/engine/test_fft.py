"""Fourier transforms: NumPy's values, and derivatives in both modes, on balls and compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference_ad as ad
from ball_arithmetic import midpoints, numbers, precision, radii

xp = ad.numpy
RNG = np.random.default_rng(5)
NORMS = ("backward", "forward", "ortho")


def power_spectrum(x: Any) -> Any:
    z = xp.fft.rfft(x)
    return xp.sum(xp.real(z) ** 2 + 3 * xp.imag(z) ** 2)


def filtered(x: Any) -> Any:
    """A low-pass filter, as it is written for signals."""
    z = xp.fft.rfft(x, norm="ortho")
    return xp.sum(xp.fft.irfft(z / (1 + xp.arange(z.shape[-1])), n=x.shape[-1], norm="ortho") ** 3)


def convolved(x: Any) -> Any:
    return xp.sum(xp.real(xp.fft.ifft(xp.fft.fft(x) ** 2)) ** 2)


def in_two_dimensions(x: Any) -> Any:
    return xp.sum(xp.fft.irfftn(xp.fft.rfftn(x) ** 2, s=x.shape) * x)


def of_hermitian(x: Any) -> Any:
    return xp.sum(xp.fft.hfft(xp.fft.ihfft(x) ** 2, n=x.shape[-1]) ** 2)


FUNCTIONS = [power_spectrum, filtered, convolved, in_two_dimensions, of_hermitian]
POINTS = [RNG.standard_normal(shape) for shape in [(1,), (2,), (5,), (8,), (2, 3), (3, 4)]]
by_name = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)


@by_name
@pytest.mark.parametrize("x", POINTS, ids=lambda x: str(x.shape))
def test_both_modes_give_what_balls_and_differences_of_them_give(function: Any, x: Any) -> None:
    v = np.random.default_rng(1).standard_normal(x.shape)
    gradient = ad.grad(function)(x)
    _, slope = ad.jvp(function, (x,), (v,))
    assert gradient.dtype == x.dtype and gradient.shape == x.shape
    np.testing.assert_allclose(np.sum(gradient * v), slope, rtol=1e-12, atol=1e-12)
    with precision(300):
        step = 2.0**-80
        forward, backward = (function(numbers(x) + s * numbers(v)) for s in (step, -step))
        true = midpoints((forward - backward) / (2 * step))
        np.testing.assert_allclose(slope, true, rtol=1e-11, atol=1e-12)
        balls = ad.grad(function)(numbers(x))
        size = np.max(np.abs(gradient))
        assert np.all(radii(balls, gradient) <= 1e-13 * max(size, 1))


@by_name
def test_second_derivatives_are_symmetric_and_those_of_balls(function: Any) -> None:
    x = POINTS[2]
    hessian = ad.jacfwd(ad.grad(function))(x)
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ad.jacrev(ad.grad(function))(x), hessian, rtol=1e-12, atol=1e-12)
    balls = ad.jacfwd(ad.grad(function))(numbers(x))
    np.testing.assert_allclose(midpoints(balls).astype(float), hessian, rtol=1e-12, atol=1e-12)


@by_name
def test_compiled_it_gives_the_same(function: Any) -> None:
    for x in POINTS[2:]:
        compiled = ad.compile(ad.grad(function))
        np.testing.assert_allclose(compiled(x), ad.grad(function)(x), rtol=1e-13, atol=1e-13)


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from(NORMS), st.sampled_from([0, 1, -1]))
def test_lengths_norms_and_axes_are_those_of_numpy(m: int, n: int, norm: str, axis: int) -> None:
    x = np.random.default_rng(m).standard_normal((m, m))
    z = x + 1j * x.T**2
    for name, array in [
        *((name, x) for name in ("rfft", "ihfft", "fft", "ifft")),
        *((name, z) for name in ("irfft", "hfft", "fft", "ifft")),
    ]:
        ours = getattr(xp.fft, name)(array, n=n, axis=axis, norm=norm)
        theirs = getattr(np.fft, name)(array, n=n, axis=axis, norm=norm)
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11)


@given(st.integers(1, 12), st.sampled_from(NORMS))
def test_the_inverse_undoes_the_transform_on_balls(n: int, norm: str) -> None:
    x = np.random.default_rng(n).standard_normal(n)
    with precision(128):
        back = xp.fft.irfft(xp.fft.rfft(numbers(x), norm=norm), n=n, norm=norm)
        assert np.all(radii(back, x) < 1e-30)


def test_single_precision_stays_single() -> None:
    x = POINTS[3].astype(np.float32)
    assert xp.fft.rfft(x).dtype == np.complex64
    assert ad.grad(filtered)(x).dtype == np.float32


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: xp.fft.fft(POINTS[2], norm="none"), "norm='none': give one of backward, forward"),
        (lambda: xp.fft.rfft(POINTS[2], n=0), "of length 0 was asked for: give 1 or more"),
    ],
)
def test_a_norm_or_length_that_is_none_is_refused_in_a_sentence(call: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
