"""The table of derivatives, continued: the regularized incomplete gamma functions.

Values are computed in extended precision and rounded once, by the power series of the lower one
left of a + 1 (DLMF 8.7.1, with 8.2.4 and 8.8.12), and by the continued fraction of the upper one
right of it (8.9.2, evaluated forwards: Lentz's method). The derivative by the argument is the
density of the gamma distribution (8.8.13); that by the parameter a has no closed form and is
refused.
"""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.declaring import Refusal, elementwise
from ..engine.rounding import Rounding, rounds
from .special import _gammaln

MOST_TERMS = 100_000
"""How many terms a series or a continued fraction takes at most; some sqrt(a) are needed near a."""


# --- values ---------------------------------------------------------------------------------------


def _of_parameter_and_argument(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A function of two real arrays in extended precision, rounded once to their dtype."""

    @functools.wraps(function)
    def evaluate(a: Any, x: Any) -> Any:
        is_whole = np.asarray(a).dtype.kind in "biu"
        dtype = np.asarray(x).dtype if is_whole else np.result_type(a, x)
        if dtype.kind == "c":
            name = function.__name__.lstrip("_")
            raise TypeError(
                f"{name} takes real numbers, and was given {dtype}: take the real part, or "
                "compose it."
            )
        dtype = dtype if dtype.kind == "f" else np.dtype(np.float64)
        a, x = np.broadcast_arrays(np.asarray(a, np.longdouble), np.asarray(x, np.longdouble))
        with np.errstate(all="ignore"):
            return np.asarray(function(a, x)).astype(dtype)[()]

    return evaluate


def _density(a: Any, x: Any) -> Any:
    """x^(a - 1) exp(-x) / Gamma(a), by its logarithm."""
    is_edge = x == 0
    log_of_power = (a - 1) * np.log(np.where(is_edge, 1, x))
    density = np.exp(log_of_power - x - _gammaln(a))
    at_zero = np.where(a < 1, np.inf, np.where(a == 1, 1, 0))
    return np.where(is_edge, at_zero, density)


def _lower_by_series(a: Any, x: Any) -> Any:
    """The sum of x^n / (a (a + 1) ... (a + n)), times x times the density."""
    term = 1 / a
    total = term
    for n in range(1, MOST_TERMS):
        term = term * x / (a + n)
        total = total + term
        if not np.any(term > np.finfo(np.longdouble).eps / 4 * total):
            break
    return total * x * _density(a, x)


def _upper_by_fraction(a: Any, x: Any) -> Any:
    """The continued fraction with the terms n (a - n) over x + 2n + 1 - a."""
    denominator = x + 1 - a
    below = 1 / denominator
    above = np.full_like(x, np.inf)
    fraction = below
    for n in range(1, MOST_TERMS):
        numerator = n * (a - n)
        denominator = denominator + 2
        below = 1 / (numerator * below + denominator)
        above = denominator + numerator / above
        factor = below * above
        fraction = fraction * factor
        if not np.any(np.abs(factor - 1) > np.finfo(np.longdouble).eps):
            break
    return fraction * x * _density(a, x)


def _both(a: Any, x: Any) -> tuple[Any, Any]:
    """The lower and the upper function: one computed, the other what it leaves of 1."""
    lower, upper = np.full(x.shape, np.nan, x.dtype), np.full(x.shape, np.nan, x.dtype)
    is_valid = (a > 0) & (x >= 0)
    is_left = is_valid & (x < a + 1)
    is_right = is_valid & ~is_left & np.isfinite(x)
    if is_left.any():
        lower[is_left] = _lower_by_series(a[is_left], x[is_left])
        upper[is_left] = 1 - lower[is_left]
    if is_right.any():
        upper[is_right] = _upper_by_fraction(a[is_right], x[is_right])
        lower[is_right] = 1 - upper[is_right]
    is_infinite = is_valid & np.isinf(x)
    lower[is_infinite], upper[is_infinite] = 1, 0
    return lower, upper


@_of_parameter_and_argument
def _gammainc(a: Any, x: Any) -> Any:
    return _both(a, x)[0]


@_of_parameter_and_argument
def _gammaincc(a: Any, x: Any) -> Any:
    return _both(a, x)[1]


@_of_parameter_and_argument
def _gamma_density(a: Any, x: Any) -> Any:
    return _density(a, x)


# --- derivatives ----------------------------------------------------------------------------------


_refused = Refusal(
    "The incomplete gamma functions have a derivative by their argument alone here, and that by "
    "the parameter a was asked for: keep a constant, or stop its gradient."
)

gamma_density = elementwise(
    "gamma_density", _gamma_density, _refused, lambda g, ans, a, x: g * (ans * ((a - 1) / x - 1))
)
gammainc = elementwise(
    "gammainc", _gammainc, _refused, lambda g, ans, a, x: g * gamma_density(a, x)
)
gammaincc = elementwise(
    "gammaincc", _gammaincc, _refused, lambda g, ans, a, x: -g * gamma_density(a, x)
)

rounds(Rounding.FUNCTION, gamma_density, gammainc, gammaincc)
