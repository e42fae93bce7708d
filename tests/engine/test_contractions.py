"""Sums of products and windows agree with NumPy, SciPy and loops, and so do their derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.signal

import reference_ad as ad

xp = ad.numpy
RNG = np.random.default_rng(5)


def random(*shape: int) -> Any:
    return RNG.uniform(-1, 1, shape)


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("ij,jk", [(2, 3), (3, 4)]),
        ("ij,ij->", [(2, 3), (2, 3)]),
        ("ij->ji", [(2, 3)]),
        ("ii->i", [(3, 3)]),
        ("ii", [(3, 3)]),
        ("iij->ji", [(3, 3, 2)]),
        ("ij->", [(2, 3)]),
        ("i,j->ij", [(2,), (3,)]),
        ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
        ("bij,jk->ibk", [(2, 3, 4), (4, 5)]),
        ("...ij,...jk->...ik", [(2, 3, 4), (2, 4, 5)]),
        ("...ij,...jk", [(2, 1, 3, 4), (5, 4, 5)]),
        ("...i->...", [(2, 3, 4)]),
        ("i...,i->...", [(3, 2, 4), (3,)]),
        ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 2)]),
        ("ij,ik,il->jkl", [(5, 2), (5, 3), (5, 4)]),
        ("ij,j,i->", [(2, 3), (3,), (2,)]),
        ("i,->i", [(3,), ()]),
        ("bhqd,bhkd->bhqk", [(2, 2, 3, 4), (2, 2, 5, 4)]),
        ("ij,kl->", [(2, 3), (3, 2)]),
    ],
)
def test_einsum_agrees_with_numpy_in_value_and_derivative(subscripts: str, shapes: Any) -> None:
    arrays, tangents = [random(*shape) for shape in shapes], [random(*shape) for shape in shapes]
    value, tangent = ad.jvp(lambda *xs: xp.einsum(subscripts, *xs), arrays, tangents)
    np.testing.assert_allclose(value, np.einsum(subscripts, *arrays), rtol=1e-12, atol=1e-14)
    expected = sum(
        np.einsum(subscripts, *arrays[:k], t, *arrays[k + 1 :]) for k, t in enumerate(tangents)
    )
    np.testing.assert_allclose(tangent, expected, rtol=1e-12, atol=1e-13)
    u = random(*value.shape)
    pulled = ad.vjp(lambda *xs: xp.einsum(subscripts, *xs), *arrays)[1](u)
    both = sum(np.sum(g * t) for g, t in zip(pulled, tangents, strict=True))
    np.testing.assert_allclose(both, np.sum(u * tangent), rtol=1e-11, atol=1e-13)


def test_einsum_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="give one per term"):
        xp.einsum("ij,jk->ik", random(2, 3))
    with pytest.raises(ValueError, match="an array of 1 dimension"):
        xp.einsum("ij->i", random(2))
    with pytest.raises(ValueError, match="the result must name axes of the arrays"):
        xp.einsum("ij->k", random(2, 2))


def test_padding_surrounds_with_a_constant() -> None:
    x = random(2, 3)
    widths = ((1, 0), (2, 1))
    for value in [0.0, 2.5]:
        np.testing.assert_array_equal(
            xp.pad(x, widths, value=value), np.pad(x, widths, constant_values=value)
        )
        u = random(3, 6)
        np.testing.assert_array_equal(
            ad.vjp(lambda x, v=value: xp.pad(x, widths, value=v), x)[1](u)[0], u[1:, 2:5]
        )


@pytest.mark.parametrize("strides", [None, (2, 1)])
def test_convolution_agrees_with_scipy_and_is_bilinear(strides: Any) -> None:
    x, kernel = random(2, 3, 6, 5), random(4, 3, 3, 2)
    expected = np.zeros((2, 4, 4, 4))
    for b, f, c in np.ndindex(2, 4, 3):
        expected[b, f] += scipy.signal.correlate2d(x[b, c], kernel[f, c], mode="valid")
    rows, columns = strides or (1, 1)
    found = xp.convolve(x, kernel, strides=strides)
    np.testing.assert_allclose(found, expected[:, :, ::rows, ::columns], rtol=1e-12, atol=1e-13)
    t, s = random(*x.shape), random(*kernel.shape)
    tangent = ad.jvp(lambda x, k: xp.convolve(x, k, strides=strides), (x, kernel), (t, s))[1]
    np.testing.assert_allclose(
        tangent,
        xp.convolve(t, kernel, strides=strides) + xp.convolve(x, s, strides=strides),
        rtol=1e-12,
        atol=1e-13,
    )
    u = random(*found.shape)
    first, second = ad.vjp(lambda x, k: xp.convolve(x, k, strides=strides), x, kernel)[1](u)
    np.testing.assert_allclose(
        np.sum(first * t) + np.sum(second * s), np.sum(u * tangent), rtol=1e-11
    )


def test_pooling_takes_the_largest_and_the_mean_of_blocks() -> None:
    x = random(2, 4, 6)
    blocks = x.reshape(2, 2, 2, 3, 2)
    np.testing.assert_array_equal(xp.max_pool(x, (2, 2)), blocks.max(axis=(2, 4)))
    np.testing.assert_allclose(xp.mean_pool(x, (2, 2)), blocks.mean(axis=(2, 4)), rtol=1e-14)
    gradient = ad.grad(lambda x: xp.sum(xp.max_pool(x, (2, 2))))(x)
    assert np.sum(gradient) == 12
    np.testing.assert_array_equal(
        gradient.reshape(blocks.shape) > 0, blocks == blocks.max(axis=(2, 4), keepdims=True)
    )
    overlapping = ad.grad(lambda x: xp.sum(xp.mean_pool(x, (3,), strides=(1,))))(np.arange(5.0))
    np.testing.assert_allclose(overlapping, [1 / 3, 2 / 3, 1, 2 / 3, 1 / 3], rtol=1e-14)


def test_the_running_product_is_right_at_zeros() -> None:
    x = np.asarray([0.0, 2.0, 3.0])
    assert ad.grad(lambda x: xp.sum(xp.cumulative_prod(x)))(x)[0] == 1 + 2 + 6
    zeros = np.asarray([2.0, 0.0, 5.0, 0.0, 3.0])
    np.testing.assert_array_equal(
        xp.cumulative_prod(zeros, include_initial=True), [1, 2, 0, 0, 0, 0]
    )
    hessian = ad.hessian(lambda x: xp.cumulative_prod(x)[-1])(zeros)
    assert hessian[1, 3] == 30
    np.testing.assert_array_equal(hessian, hessian.T)
    x = random(3, 4)
    np.testing.assert_allclose(xp.cumulative_prod(x, axis=1), np.cumprod(x, axis=1), rtol=1e-14)


def test_contracted_axes_are_equally_long() -> None:
    with pytest.raises(ValueError, match="to sum over axes of lengths"):
        xp.tensordot(random(2, 3), random(3, 2), axes=2)
    with pytest.raises(ValueError, match="axes that share a letter are equally long"):
        xp.einsum("ii", random(2, 3))


@pytest.mark.parametrize("widths", [1, ((1, 1),), ((1, 1), (1,)), ((1, 1), (0, -1))])
def test_padding_needs_a_pair_of_widths_per_axis(widths: Any) -> None:
    with pytest.raises(ValueError, match=r"give a pair \(before, after\), not negative, for each"):
        xp.pad(random(2, 3), widths)
