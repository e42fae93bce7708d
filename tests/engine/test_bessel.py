"""Bessel functions: values right to an ulp in float64, and the derivatives of the recurrences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

import reference_ad as ad
from ball_arithmetic import midpoints, numbers, precision, radii, series_length
from ball_arithmetic import series as make_series
from reference_ad.rules.bessel import bessel_i, bessel_i_scaled, bessel_j

special = ad.numpy.special
ARGUMENTS = np.concatenate(
    [[0.0, 2.0, 30.0, -30.0, 1e4], np.geomspace(1e-12, 600, 60), -np.geomspace(1e-6, 600, 30)]
)
FUNCTIONS = {"j0": -1, "j1": -1, "i0": 1, "i1": 1, "i0e": 1, "i1e": 1}


@pytest.mark.parametrize("order", [0, 1, 2, 5, 9])
@pytest.mark.parametrize("function", [bessel_j, bessel_i, bessel_i_scaled])
def test_values_are_right_to_an_ulp(function: Any, order: int) -> None:
    x = ARGUMENTS[np.abs(ARGUMENTS) < 700]
    with precision(200):
        true = function(numbers(x), order=order)
        values = function(x, order=order)
        assert np.all(radii(true, values) <= np.spacing(np.abs(values)))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_are_those_of_scipy_in_every_dtype(name: str) -> None:
    for dtype, tolerance in ((np.float64, 1e-13), (np.float32, 1e-5)):
        x = ARGUMENTS[np.abs(ARGUMENTS) < 60].astype(dtype)
        values = getattr(special, name)(x)
        assert values.dtype == dtype
        theirs = getattr(scipy.special, name)(x)
        np.testing.assert_allclose(values, theirs, rtol=tolerance, atol=tolerance)


def test_at_infinity_and_nan() -> None:
    assert special.j0(np.asarray(np.inf)) == 0
    assert special.i0e(np.asarray(-np.inf)) == 0
    assert special.i1(np.asarray(-np.inf)) == -np.inf
    assert np.isnan(special.j1(np.asarray(np.nan)))


@pytest.mark.parametrize("name", FUNCTIONS)
@given(x=st.floats(-40, 40).filter(lambda x: abs(x) > 1e-3))
def test_derivatives_to_third_order_are_those_of_differences_of_balls(name: str, x: float) -> None:
    function = getattr(special, name)
    derivative = function
    for _ in range(3):
        lower, derivative = derivative, ad.grad(derivative)
        with precision(300):
            step = 2.0**-80
            above, below = (lower(numbers(x) + s) for s in (step, -step))
            true = midpoints((above - below) / (2 * step))
        found = derivative(np.asarray(x))
        assert abs(found - true) <= 1e-12 * max(abs(true), 1)


def test_the_first_derivatives_at_zero() -> None:
    zero = np.asarray(0.0)
    assert [ad.grad(getattr(special, name))(zero) for name in ("j0", "j1", "i0", "i1")] == [
        0.0,
        0.5,
        0.0,
        0.5,
    ]


def test_the_kink_of_the_scaled_ones_is_told_on_balls() -> None:
    slope = ad.grad(special.i0e)(numbers(0.0, 2.0**-80))
    assert np.all(radii(slope, -1.0) < 1e9) and np.all(radii(slope) > 0.9)


@pytest.mark.parametrize("function", [bessel_j, bessel_i, bessel_i_scaled])
@pytest.mark.parametrize("order", [0, 1, 3])
def test_power_series_have_the_derivatives_for_coefficients(function: Any, order: int) -> None:
    with series_length(3):
        expansion = function(make_series(0.7, 1.0), order=order).primal[()]
    first = ad.grad(lambda x: function(x, order=order))
    second = ad.grad(first)
    x = np.asarray(0.7)
    found = [float(expansion[k].mid()) for k in range(3)]
    assert found == pytest.approx([function(x, order=order), first(x), second(x) / 2], rel=1e-13)
