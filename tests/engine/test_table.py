"""The whole table of primitives, in every dtype and to order 2, against balls.

And its complex half.
"""

# ruff: noqa: SIM905
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from primitive_samples import DIFFERENTIABLE, SAMPLES, Sample, of_active

import reference_ad as ad
from ball_arithmetic import midpoints, numbers, precision, radii
from reference_ad.engine.core import PRIMITIVES

xp = ad.numpy


def directions(like: Any, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    made = []
    for x in like:
        t = rng.uniform(-1, 1, np.shape(x))
        if x.dtype.kind == "c":
            t = t + 1j * rng.uniform(-1, 1, np.shape(x))
        made.append(np.asarray(t).astype(x.dtype))
    return tuple(made)


def everything(f: Any, x: Any, t: Any, u: Any) -> Any:
    """The value, its tangent, the cotangents of u, and the tangents of these."""
    value, tangent = ad.jvp(f, x, t)
    first, second = ad.jvp(lambda *values: ad.vjp(f, *values)[1](u), x, t)
    return [value, tangent, *first, *second]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_both_modes_agree_with_balls_to_second_order(
    primitive: Any, sample: Sample, dtype: Any
) -> None:
    pytest.importorskip("flint")
    f, x = of_active(primitive, sample.cast(dtype))
    t = directions(x, 1)
    (u,) = directions([np.asarray(f(*x))], 2)
    with precision(128):
        truth = everything(f, tuple(map(numbers, x)), t, u)
        for found, balls in zip(everything(f, x, t, u), truth, strict=True):
            assert found.dtype == dtype
            assert found.shape == balls.shape
            size = max(np.max(np.abs(midpoints(balls)), initial=0), 1)
            assert np.all(radii(balls, found) <= 200 * np.finfo(dtype).eps * size)


def pairing(left: Any, right: Any) -> Any:
    """The real linear form in which a cotangent stands for a map: Re(sum g dz)."""
    return sum(np.sum(np.real(a * b)) for a, b in zip(left, right, strict=True))


# --- complex numbers ------------------------------------------------------------------------------

HOLOMORPHIC = (
    "positive negative square exp expm1 log log1p log2 log10 sqrt reciprocal sin cos tan sinh "
    "cosh tanh asin acos atan asinh acosh atanh add subtract multiply divide power constant_power "
    "where sum cumulative_sum reshape broadcast_to permute_dims matrix_transpose flip roll tril "
    "dft triu getitem scatter_add concat stack matmul solve det xlogy logsumexp softmax log_softmax"
).split()
NOT_HOLOMORPHIC = "real imag conj abs".split()
CUT = "asin acos acosh atanh".split()  # their samples lie near the cuts, so they are moved by less


def complex_sample(name: str, sample: Sample) -> Sample:
    shift = 0.1 if name in CUT else 0.7

    def moved(a: Any) -> Any:
        if not (isinstance(a, np.ndarray) and a.dtype.kind == "f"):
            return a
        return a + 1j * shift * np.cos(np.arange(a.size).reshape(a.shape) + 0.3)

    return Sample(tuple(map(moved, sample.args)), sample.params)


COMPLEX_CASES = [
    pytest.param(PRIMITIVES[name], complex_sample(name, sample), id=f"{name}-{number}")
    for name in HOLOMORPHIC + NOT_HOLOMORPHIC
    for number, sample in enumerate(SAMPLES[name])
]


@pytest.mark.parametrize(("primitive", "sample"), COMPLEX_CASES)
def test_complex_derivatives_are_those_of_the_real_view(primitive: Any, sample: Sample) -> None:
    f, x = of_active(primitive, sample)
    t = directions(x, 1)
    value, tangent = ad.jvp(f, x, t)
    h = 1e-6
    moved = [f(*[a + sign * h * b for a, b in zip(x, t, strict=True)]) for sign in (1, -1)]
    np.testing.assert_allclose(tangent, (moved[0] - moved[1]) / (2 * h), rtol=1e-6, atol=1e-7)
    (u,) = directions([np.asarray(value)], 2)
    cotangents = ad.vjp(f, *x)[1](u)
    assert [g.dtype for g in cotangents] == [a.dtype for a in x]
    np.testing.assert_allclose(
        pairing([u], [tangent]), pairing(cotangents, t), rtol=1e-11, atol=1e-12
    )
    # order 2: the same of the pullback, which is linear in u
    s = directions(x, 3)
    pulled = ad.jvp(lambda *values: ad.vjp(f, *values)[1](u), x, s)[1]
    moved = [
        ad.vjp(f, *[a + sign * h * b for a, b in zip(x, s, strict=True)])[1](u) for sign in (1, -1)
    ]
    for found, after, before in zip(pulled, *moved, strict=True):
        np.testing.assert_allclose(found, (after - before) / (2 * h), rtol=1e-6, atol=1e-6)


def test_the_gradient_of_a_real_function_of_a_complex_number_is_by_x_minus_i_by_y() -> None:
    def f(z: Any) -> Any:
        return xp.real(z * z * xp.conj(z)) + 3 * xp.imag(z) ** 2 + xp.abs(z)

    x, y = 0.7, -1.2
    by_x, by_y = ad.grad(lambda x, y: f_real(x, y), (0, 1))(x, y)
    np.testing.assert_allclose(ad.grad(f)(complex(x, y)), by_x - 1j * by_y, rtol=1e-14)


def f_real(x: Any, y: Any) -> Any:
    """The function above in real and imaginary part: z z conj(z) = |z|^2 z."""
    return (x * x + y * y) * x + 3 * y**2 + (x * x + y * y) ** 0.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_complex_number_may_stand_left_of_one_real_number(dtype: Any) -> None:
    def f(x: Any) -> Any:
        return xp.abs(2j * x + 1j / x + (1j - x)) ** 2

    def by_parts(x: Any) -> Any:
        return x * x + (2 * x + 1 / x + 1) ** 2

    x = dtype(0.7)
    for transform in (ad.grad, ad.jacfwd, lambda f: ad.compile(ad.grad(f))):
        slope = transform(f)(x)
        assert slope.dtype == dtype
        np.testing.assert_allclose(slope, ad.grad(by_parts)(x), rtol=10 * np.finfo(dtype).eps)


def test_a_real_argument_among_complex_ones_has_a_real_derivative() -> None:
    w = np.asarray([1 + 2j, 3 - 1j])
    x = np.asarray([0.5, -2.0])
    gradient = ad.grad(lambda x: xp.sum(xp.abs(x * w) ** 2))(x)
    np.testing.assert_allclose(gradient, 2 * x * np.abs(w) ** 2, rtol=1e-14)
    assert gradient.dtype == np.float64
    cast = ad.grad(lambda x: xp.sum(xp.imag(xp.astype(x, xp.complex128) * w)))(x)
    np.testing.assert_array_equal(cast, [2, -1])


@pytest.mark.parametrize("name", [n for n in HOLOMORPHIC if n != "det"] + NOT_HOLOMORPHIC)
def test_complex_balls_agree_with_complex_floats(name: str) -> None:
    pytest.importorskip("flint")
    f, x = of_active(PRIMITIVES[name], complex_sample(name, SAMPLES[name][0]))
    t = directions(x, 1)
    (u,) = directions([np.asarray(f(*x))], 2)
    with precision(128):
        truth = everything(f, tuple(map(numbers, x)), t, u)
        for found, balls in zip(everything(f, x, t, u), truth, strict=True):
            size = max(np.max(np.abs(midpoints(balls)), initial=0), 1)
            assert np.all(radii(balls, found) <= 1e-13 * size)


def test_complex_cotangents_of_real_balls_are_made_real() -> None:
    def f(z: Any) -> Any:
        return xp.sum(xp.real(xp.real(z) * 1j * z))

    z = np.asarray([1 + 2j, -3 + 0.5j])
    np.testing.assert_allclose(midpoints(ad.grad(f)(numbers(z))), ad.grad(f)(z), rtol=1e-14)


@pytest.mark.parametrize("name", ["std", "var"])
@pytest.mark.parametrize("axis", [None, 0])
def test_the_spread_of_complex_numbers_is_that_of_their_distances(
    name: str, axis: int | None
) -> None:
    (z, t) = directions([np.ones((4, 3), np.complex128)] * 2, 4)

    def f(z: Any) -> Any:
        return getattr(xp, name)(z, axis=axis)

    np.testing.assert_allclose(f(z), getattr(np, name)(z, axis=axis), rtol=1e-14)
    tangent = ad.jvp(f, (z,), (t,))[1]
    assert tangent.dtype == np.float64
    np.testing.assert_allclose(tangent, (f(z + 1e-6 * t) - f(z - 1e-6 * t)) / 2e-6, rtol=1e-7)
    u = np.ones_like(tangent)
    np.testing.assert_allclose(
        pairing(ad.vjp(f, z)[1](u), [t]), pairing([u], [tangent]), rtol=1e-12
    )


@pytest.mark.parametrize("name", ["expit", "log_expit", "erf", "erfc", "gammaln", "digamma"])
def test_a_function_of_real_numbers_alone_says_so(name: str) -> None:
    f, z = getattr(ad.special, name), np.ones(2) + 1j
    for call in (lambda: f(z), lambda: ad.compile(f)(z), lambda: ad.vjp(f, z)):
        with pytest.raises(
            TypeError, match=f"{name} takes real numbers, and was given complex128: "
        ):
            call()


@pytest.mark.parametrize("z", [2 + 1j, -2 + 1j, -2 - 1j, -0.5 + 0.3j])
def test_acosh_has_its_derivative_in_the_whole_plane(z: complex) -> None:
    slope = (np.arccosh(z + 1e-6) - np.arccosh(z - 1e-6)) / 2e-6
    np.testing.assert_allclose(
        ad.jvp(xp.acosh, (np.asarray(z),), (np.asarray(1 + 0j),))[1], slope, rtol=1e-8
    )
