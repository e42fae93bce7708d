"""The table of derivatives, continued: Bessel functions of integer order.

Values are computed in extended precision and rounded once. NIST Digital Library of Mathematical
Functions (DLMF), chapter 10, has the formulas: power series (10.2.2, 10.25.2), expansions for large
arguments (10.17.3, 10.40.1), the recurrence (10.6.1) run downwards (10.74(iv), Miller's method),
and the derivatives (10.6.1, 10.29.1).
"""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.constants import constant
from ..engine.core import Array
from ..engine.declaring import elementwise
from ..engine.rounding import Rounding, rounds
from .elementwise import sign
from .special import _through_extended

# --- values ---------------------------------------------------------------------------------------

NEAR = 2.0
"""Below this the terms of the power series of J cancel by less than a digit."""

FAR = 30.0
"""From here on the expansions for large arguments have reached extended precision."""

SERIES_TERMS = 80
"""How many terms a power series takes at arguments up to `FAR`."""

EXPANSION_TERMS = 40
"""How many terms an expansion for large arguments takes."""

MILLER_START = 96
"""So far above the order the downward recurrence starts, where the functions are as good as 0."""


def _power_series(x: Any, order: int, step_sign: int) -> Any:
    """The sum of (x/2)^(2k + order) / (k! (k + order)!), with alternating signs for J."""
    quarter = step_sign * (x / 2) ** 2
    term = (x / 2) ** order / math.factorial(order)
    total = term
    for k in range(1, SERIES_TERMS):
        term = term * quarter / (k * (k + order))
        total = total + term
    return total


def _expansion_terms(x: Any, order: int) -> list[Any]:
    """The terms a_k(order) / x^k of the expansions for large arguments (DLMF 10.17.1)."""
    terms = [np.ones_like(x)]
    for k in range(1, EXPANSION_TERMS):
        numerator = 4 * order**2 - (2 * k - 1) ** 2
        terms.append(terms[-1] * numerator / (8 * k * x))
    return terms


def _oscillating(x: Any, order: int) -> Any:
    """J for large arguments; the phase is reduced before it is rounded."""
    infinite = np.isinf(x)
    x = np.where(infinite, 1, x)
    terms = _expansion_terms(x, order)
    even = sum(term * (-1) ** k for k, term in enumerate(terms[0::2]))
    odd = sum(term * (-1) ** k for k, term in enumerate(terms[1::2]))
    cosine, sine = np.cos(x) + np.sin(x), np.sin(x) - np.cos(x)  # of x - pi/4, times sqrt(2)
    for _ in range(order % 4):  # a quarter turn less for every order
        cosine, sine = sine, -cosine
    ans = (even * cosine - odd * sine) / np.sqrt(constant("pi", x) * x)
    return np.where(infinite, 0, ans)


def _downwards(x: Any, order: int) -> Any:
    """J by its recurrence from a high order down, scaled so that J_0 + 2 J_2 + 2 J_4 ... is 1."""
    start = order + MILLER_START
    above, value = np.zeros_like(x), np.full_like(x, 1e-300)
    total = 2 * value * (start % 2 == 0)
    wanted = value
    for k in range(start, 0, -1):
        above, value = value, 2 * k * value / x - above
        if k - 1 == order:
            wanted = value
        if k % 2 == 1:
            total = total + (value if k == 1 else 2 * value)
    return wanted / total


def _growing(x: Any, order: int) -> Any:
    """exp(-x) I for large arguments."""
    terms = _expansion_terms(x, order)
    total = sum(term * (-1) ** k for k, term in enumerate(terms))
    return total / np.sqrt(2 * constant("pi", x) * x)


def _unbounded(x: Any, order: int) -> Any:
    """I for large arguments."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(np.isinf(x), x, np.exp(x) * _growing(x, order))


Part = tuple[Any, Callable[[Any, int], Any]]
"""Where a formula is used, as truth values, and the formula."""


def _in_parts(x: Any, order: int, parts: Callable[[Any], list[Part]]) -> Any:
    """A function of x that is even or odd as its order is, from formulas for sizes of x."""
    sizes = np.atleast_1d(np.abs(x))
    ans = np.full_like(sizes, np.nan)
    for where, formula in parts(sizes):
        if where.any():
            ans[where] = formula(sizes[where], order)
    ans = ans.reshape(np.shape(x))
    return np.where(x < 0, -ans, ans) if order % 2 else ans


@_through_extended
def _bessel_j(x: Any, order: int) -> Any:
    def parts(sizes: Any) -> list[Part]:
        is_near, is_far = sizes < NEAR, sizes >= FAR
        return [
            (is_near, lambda v, n: _power_series(v, n, -1)),
            (~is_near & (sizes < FAR), _downwards),
            (is_far, _oscillating),
        ]

    return _in_parts(x, order, parts)


@_through_extended
def _bessel_i(x: Any, order: int) -> Any:
    def parts(sizes: Any) -> list[Part]:
        return [
            (sizes < FAR, lambda v, n: _power_series(v, n, 1)),
            (sizes >= FAR, _unbounded),
        ]

    return _in_parts(x, order, parts)


@_through_extended
def _bessel_i_scaled(x: Any, order: int) -> Any:
    def parts(sizes: Any) -> list[Part]:
        return [
            (sizes < FAR, lambda v, n: np.exp(-v) * _power_series(v, n, 1)),
            (sizes >= FAR, _growing),
        ]

    return _in_parts(x, order, parts)


# --- derivatives ----------------------------------------------------------------------------------


def _slope_of_j(x: Array, order: int) -> Array:
    if order == 0:
        return -bessel_j(x, order=1)
    return (bessel_j(x, order=order - 1) - bessel_j(x, order=order + 1)) / 2


def _slope_of_i(x: Array, order: int) -> Array:
    if order == 0:
        return bessel_i(x, order=1)
    return (bessel_i(x, order=order - 1) + bessel_i(x, order=order + 1)) / 2


def _slope_of_scaled_i(x: Array, ans: Array, order: int) -> Array:
    if order == 0:
        return bessel_i_scaled(x, order=1) - sign(x) * ans
    below, above = (bessel_i_scaled(x, order=n) for n in (order - 1, order + 1))
    return (below + above) / 2 - sign(x) * ans


# params: order, a Python integer that is not negative
bessel_j = elementwise("bessel_j", _bessel_j, lambda g, ans, x, order: g * _slope_of_j(x, order))
bessel_i = elementwise("bessel_i", _bessel_i, lambda g, ans, x, order: g * _slope_of_i(x, order))
bessel_i_scaled = elementwise(  # exp(-|x|) I(x)
    "bessel_i_scaled",
    _bessel_i_scaled,
    lambda g, ans, x, order: g * _slope_of_scaled_i(x, ans, order),
)

rounds(Rounding.FUNCTION, bessel_j, bessel_i, bessel_i_scaled)
