"""Balls: every primitive encloses the exact result, and never guesses on which side of a kink it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from primitive_samples import SAMPLES, Sample

import reference_ad as ad
from reference_ad import scalars
from reference_ad.core import PRIMITIVES

pytest.importorskip("flint")
xp = ad.numpy


@pytest.fixture(autouse=True)
def bits() -> Any:
    with scalars.precision(128):
        yield


CASES = [
    pytest.param(PRIMITIVES[name], sample, id=f"{name}-{number}")
    for name, samples in SAMPLES.items()
    for number, sample in enumerate(samples)
]
DIFFERENTIABLE = [case for case in CASES if case.values[0].jvp is not None]


def active(sample: Sample) -> list[int]:
    return [k for k, a in enumerate(sample.args) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]


def of_active(primitive: Any, sample: Sample) -> tuple[Any, tuple[Any, ...]]:
    """The primitive as a function of its floating-point arguments, and these."""
    positions = active(sample)

    def f(*values: Any) -> Any:
        args = list(sample.args)
        for position, value in zip(positions, values, strict=True):
            args[position] = value
        return primitive(*args, **sample.params)

    return f, tuple(sample.args[k] for k in positions)


def assert_encloses(balls: Any, expected: Any, relative: float) -> None:
    assert isinstance(balls, scalars.Numbers)
    assert balls.shape == np.shape(expected)
    expected = np.asarray(expected)
    scale = np.maximum(np.abs(expected), 1)
    assert np.all(scalars.radii(balls, expected) <= relative * scale), (balls, expected)


@pytest.mark.parametrize(("primitive", "sample"), CASES)
def test_every_primitive_takes_balls(primitive: Any, sample: Sample) -> None:
    f, x = of_active(primitive, sample)
    g, y = of_active(primitive, sample if "dtype" in sample.params else sample.cast(np.longdouble))
    found, expected = f(*map(scalars.numbers, x)), g(*y)
    if np.asarray(expected).dtype.kind in "biu" and not isinstance(found, scalars.Numbers):
        np.testing.assert_array_equal(found, expected)
    else:
        assert_encloses(found, expected, 1e-15)


@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_both_modes_give_balls_around_the_derivatives(primitive: Any, sample: Sample) -> None:
    f, x = of_active(primitive, sample)
    rng = np.random.default_rng(1)
    t = tuple(np.asarray(rng.uniform(-1, 1, a.shape)) for a in x)
    wide = x[0].dtype if "dtype" in sample.params else np.longdouble
    extended = [tuple(np.asarray(a, wide) for a in arrays) for arrays in (x, t)]
    _, expected = ad.jvp(f, *extended)
    value, tangent = ad.jvp(f, tuple(map(scalars.numbers, x)), t)
    assert_encloses(tangent, expected, 1e-14)
    u = np.asarray(rng.uniform(-1, 1, value.shape))
    cotangents = ad.vjp(f, *map(scalars.numbers, x))[1](u)
    for found, expected in zip(cotangents, ad.vjp(f, *extended[0])[1](np.asarray(u, wide)), strict=True):
        assert_encloses(found, expected, 1e-14)
