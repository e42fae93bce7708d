"""The digits of values, first and second derivatives, measured against Taylor series in balls.

`benchmarks/accuracy.py` does the same at many more points.
"""

# ruff: noqa: SIM905
from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference_ad as ad
from reference_ad.engine.core import PRIMITIVES

xp = ad.numpy
special = xp.special

BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")
sys.path.insert(0, BENCHMARKS)
try:
    accuracy: Any = importlib.import_module("accuracy")
finally:
    sys.path.remove(BENCHMARKS)

POINTS = 60

EXACT = set(
    "positive negative real imag conj abs sign where maximum minimum copysign remainder add "
    "subtract multiply".split()
)
"""Elementwise functions whose derivatives are constant, or arguments."""

PARTS = {
    "over_cosh_squared": "tanh",
    "expit_slope": "expit",
    "gaussian": "erf",
    "constant_power": "power 3",
    "power": "pow",
    "polygamma": "polygamma of order 1",
}
"""Primitives by the functions of the benchmark in which they are measured."""


BESSEL = {"bessel_i", "bessel_i_scaled", "bessel_j"}
"""Primitives that FLINT has no series of; `test_bessel.py` measures their digits."""

WITHOUT_SERIES = {"erfinv", "gammainc", "gammaincc", "gamma_density", "zeta"}
"""Others of that kind; the samples of `reference_ad.rules.samples` hold them against balls."""


@pytest.mark.parametrize("name", accuracy.FUNCTIONS)
def test_value_first_and_second_derivative_have_all_but_a_few_ulp(name: str) -> None:
    for sample in accuracy.samples(name, POINTS):
        assert np.mean(np.isfinite(sample.truths)) > 0.9
        for route in accuracy.ROUTES:
            for errors in sample.errors(route):
                assert errors.beyond_conditioning <= accuracy.LIMIT_ULP, (route, errors)


def test_every_elementwise_function_with_a_derivative_is_measured() -> None:
    differentiable = (
        {name for name, p in PRIMITIVES.items() if p.elementwise and p.jvp is not None}
        - EXACT
        - BESSEL
        - WITHOUT_SERIES
    )
    measured = set(accuracy.FUNCTIONS)
    assert {name for name in differentiable if PARTS.get(name, name) not in measured} == set()


def test_the_measure_sees_what_is_wrong() -> None:
    """A slope of tanh by its value has no digits at 30."""
    by_value = ad.custom_jvp(lambda x: xp.tanh(x), lambda t, ans, x: t[0] * (1 - ans * ans))
    sample = accuracy.Sample(accuracy.Function(xp.tanh, accuracy.ANY), (np.asarray([0.1, 30.0]),))
    right = [errors.beyond_conditioning for errors in sample.errors("tape")]
    wrong = accuracy.Sample(
        accuracy.Function(by_value, accuracy.ANY, by_truth=xp.tanh), sample.points
    )
    off = [errors.beyond_conditioning for errors in wrong.errors("tape")]
    assert max(right) <= accuracy.LIMIT_ULP
    assert off[0] <= accuracy.LIMIT_ULP < min(off[1:])


@given(st.floats(-40.0, -0.01), st.integers(0, 6))
def test_polygamma_left_of_its_poles_obeys_the_recurrence(x: float, order: int) -> None:
    """psi(x + 1) = psi(x) + 1/x (DLMF 5.5.2), and its derivatives."""
    if abs(x - round(x)) < 0.01:
        return
    here, beside = (special.polygamma(order, np.asarray(y)) for y in (x, x + 1))
    step = (-1) ** order * float(np.prod(np.arange(1.0, order + 1))) / x ** (order + 1)
    size = abs(here) + abs(beside) + abs(step)
    conditioning = abs(special.polygamma(order + 1, np.asarray(x + 1))) * abs(x)
    assert abs(here + step - beside) <= 8 * 2.0**-53 * (size + conditioning)


@pytest.mark.parametrize("order", [0, 1, 2, 9, 30])
def test_polygamma_of_any_order_is_right_far_to_the_left(order: int) -> None:
    function = accuracy.Function(lambda x: special.polygamma(order, x), accuracy.OF_GAMMA)
    sample = accuracy.Sample(function, (np.asarray([-20.3, -50.3, -0.7, 0.2, 7.5]),))
    for errors in sample.errors("tape"):
        assert errors.beyond_conditioning <= accuracy.LIMIT_ULP, errors


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the values are infinite
@pytest.mark.parametrize("order", [1, 3, 5])
def test_polygamma_of_odd_order_is_infinite_at_every_pole(order: int) -> None:
    poles = np.asarray([0.0, -1.0, -3.0, -50.0])
    np.testing.assert_array_equal(special.polygamma(order, poles), np.inf)


def test_slopes_in_tails_raise_no_warning() -> None:
    """Neither where an exponential overflows nor where it underflows."""
    for dtype in (np.float32, np.float64):
        x = np.asarray([-np.inf, -1e30, -800.0, -100.0, 0.0, 100.0, 800.0, 1e30, np.inf], dtype)
        for f in (xp.tanh, special.expit, special.log_expit, special.softplus, special.erf):
            total = lambda x, f=f: xp.sum(f(x))  # noqa: E731
            for slope in (ad.grad(total), ad.compile(ad.grad(total))):
                assert np.all(np.isfinite(slope(x)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_derivatives_of_one_sure_class_keep_their_digits(dtype: Any) -> None:
    """The chance q of the other class is e^-30, and p q the slope of the sure one."""
    x = np.asarray([30.0, 0.0], dtype)
    q = np.exp(-30.0) / (1 + np.exp(-30.0))
    for transform in (ad.jacfwd, ad.jacrev, lambda f: ad.compile(ad.jacrev(f))):
        close = {"rtol": 8 * np.finfo(dtype).eps}
        slope = transform(special.softmax)(x)
        np.testing.assert_allclose(slope, (1 - q) * q * np.asarray([[1, -1], [-1, 1]]), **close)
        logarithm = transform(special.log_softmax)(x)
        np.testing.assert_allclose(logarithm, [[q, -q], [q - 1, 1 - q]], **close)
