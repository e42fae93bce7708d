"""One loop over the table.

For every primitive the rules of both modes agree with each other and with differences.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from primitive_samples import (
    CASES,
    DIFFERENTIABLE,
    SAMPLES,
    Sample,
    central_difference,
    of_active,
)

import reference_ad as ad
from ball_arithmetic import midpoints, numbers, precision, radii
from reference_ad.engine.core import PRIMITIVES
from reference_ad.engine.numpy_source import gives_new_memory
from reference_ad.engine.rounding import Rounding

LOCALLY_CONSTANT = [
    name
    for name, p in PRIMITIVES.items()
    if p.jvp is None and not name.startswith(("logical_", "bitwise_"))
]


def directions(like: Any, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    return tuple(rng.uniform(-1, 1, np.shape(x)).astype(x.dtype)[()] for x in like)


def inner(left: Any, right: Any) -> Any:
    return sum(np.sum(a * b) for a, b in zip(left, right, strict=True))


def test_every_primitive_says_how_it_is_batched_and_rounded_and_written() -> None:
    for primitive in PRIMITIVES.values():
        assert primitive.elementwise or primitive.batching is not None, primitive
        assert primitive.elementwise or primitive.source is not None, primitive
        assert isinstance(primitive.rounding, Rounding), primitive


def test_every_primitive_has_samples() -> None:
    assert set(SAMPLES) == set(PRIMITIVES)


@pytest.mark.parametrize(("primitive", "sample"), CASES)
def test_an_answer_that_is_said_to_have_new_memory_has_it(primitive: Any, sample: Sample) -> None:
    answer = primitive(*sample.args, **sample.params)
    if gives_new_memory(primitive):
        assert not any(np.shares_memory(answer, arg) for arg in sample.args)


@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_forward_and_reverse_mode_are_adjoint(primitive: Any, sample: Sample) -> None:
    f, x = of_active(primitive, sample)
    t = directions(x, 1)
    value, tangent = ad.jvp(f, x, t)
    reverse_value, pullback = ad.vjp(f, *x)
    np.testing.assert_array_equal(value, f(*x))
    np.testing.assert_array_equal(reverse_value, value)
    (u,) = directions([value], 2)
    cotangents = pullback(u)
    assert [g.shape for g in cotangents] == [a.shape for a in x]
    assert tangent.shape == value.shape
    np.testing.assert_allclose(inner([u], [tangent]), inner(cotangents, t), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_forward_mode_agrees_with_central_differences(primitive: Any, sample: Sample) -> None:
    f, x = of_active(primitive, sample)
    t = directions(x, 1)
    difference = midpoints(central_difference(f, x, t))
    np.testing.assert_allclose(ad.jvp(f, x, t)[1], difference, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_second_order_agrees_in_all_four_nestings_and_with_differences(
    primitive: Any, sample: Sample
) -> None:
    f, x = of_active(primitive, sample)
    s, t = directions(x, 3), directions(x, 4)
    (u,) = directions([f(*x)], 5)
    xp = ad.numpy
    every = tuple(range(len(x)))

    def projected(*values: Any) -> Any:
        return xp.sum(u * f(*values))

    def slope(*values: Any) -> Any:  # the derivative along s, by forward mode
        return ad.jvp(projected, values, s)[1]

    def pulled(*values: Any) -> Any:  # the same, by reverse mode
        gradients = ad.grad(projected, every)(*values)
        total = 0 * xp.sum(gradients[0])
        for g, b in zip(gradients, s, strict=True):
            total = total + xp.sum(g * b)
        return total

    expected = midpoints(central_difference(pulled, x, t))
    close = {"rtol": 1e-11, "atol": 1e-12}
    np.testing.assert_allclose(ad.jvp(pulled, x, t)[1], expected, **close)
    np.testing.assert_allclose(ad.jvp(slope, x, t)[1], expected, **close)
    np.testing.assert_allclose(inner(ad.grad(pulled, every)(*x), t), expected, **close)
    np.testing.assert_allclose(inner(ad.grad(slope, every)(*x), t), expected, **close)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_dtype_is_kept_to_second_order(primitive: Any, sample: Sample, dtype: Any) -> None:
    f, x = of_active(primitive, sample.cast(dtype))
    value, tangent = ad.jvp(f, x, directions(x, 1))
    assert value.dtype == dtype
    assert tangent.dtype == dtype
    (u,) = directions([value], 2)

    def gradients(*values: Any) -> Any:
        return ad.vjp(f, *values)[1](u)

    first, second = ad.jvp(gradients, x, directions(x, 3))
    assert {g.dtype for g in (*first, *second)} == {np.dtype(dtype)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_values_agree_with_balls_to_a_few_ulp(primitive: Any, sample: Sample, dtype: Any) -> None:
    f, x = of_active(primitive, sample.cast(dtype))
    with precision(128):
        exact = f(*map(numbers, x))
    near_roots = (
        1 if primitive.name in ("svd", "eigh", "qr") else 0.1
    )  # the error is that of the whole matrix
    scale = np.maximum(np.abs(midpoints(exact)), near_roots)
    assert np.all(radii(exact, f(*x)) <= 16 * np.finfo(dtype).eps * scale)


@pytest.mark.parametrize("name", LOCALLY_CONSTANT)
def test_locally_constant_primitives_give_plain_arrays(name: str) -> None:
    sample = SAMPLES[name][0]
    f, x = of_active(PRIMITIVES[name], sample)
    seen = []

    def watched(*values: Any) -> Any:
        answer = f(*values)
        seen.append(type(answer))
        return ad.numpy.sum(answer * values[0])

    plain = np.asarray(f(*x) * 1.0)
    gradient = ad.grad(watched)(*x)
    ad.jvp(watched, x, directions(x, 1))
    assert all(issubclass(kind, (np.ndarray, np.generic)) for kind in seen)
    np.testing.assert_array_equal(gradient, plain)
