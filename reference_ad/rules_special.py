"""The table of derivatives, continued: special functions, and their values in any floating dtype."""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .constants import constant
from .core import Array
from .rules import elementwise
from .rules_elementwise import exp, logaddexp

# --- values -----------------------------------------------------------------------------------------------------------


def _expit(x: Any) -> Any:
    e = np.exp(-np.abs(x))  # never overflows
    return np.where(x >= 0, 1, e) / (1 + e)


def _log_expit(x: Any) -> Any:
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def _xlogy(x: Any, y: Any) -> Any:
    nothing = np.equal(x, 0)
    return np.where(nothing, 0, x * np.log(np.where(nothing, 1, y)))


_float64_erf = np.vectorize(math.erf, otypes=[np.float64])
_float64_erfc = np.vectorize(math.erfc, otypes=[np.float64])


def _erf(x: Any) -> Any:
    if x.dtype.itemsize > 8:
        return _extended_erf(x)
    return _float64_erf(x).astype(x.dtype)[()]


def _erfc(x: Any) -> Any:
    if x.dtype.itemsize > 8:
        return _extended_erfc(x)
    return _float64_erfc(x).astype(x.dtype)[()]


def _erf_series(x: Any) -> Any:
    """erf by its series of positive terms, 2/sqrt(pi) exp(-x^2) sum_k 2^k x^(2k+1) / (2k+1)!! (DLMF 7.6.2)."""
    term = total = x
    for k in range(1, 120):
        term = term * (2 * x * x) / (2 * k + 1)
        total = total + term
    return constant("two_over_sqrt_pi", x) * np.exp(-x * x) * total


def _erfc_fraction(x: Any) -> Any:
    """erfc for x >= 1 by its continued fraction (DLMF 7.9.1), evaluated from the far end."""
    tail = x
    for k in range(400, 0, -1):
        tail = x + k / (2 * tail)
    return constant("two_over_sqrt_pi", x) / 2 * np.exp(-x * x) / tail


def _extended_erf(x: Any) -> Any:
    size = np.abs(x)
    near, far = _erf_series(np.minimum(size, 2)), 1 - _erfc_fraction(np.maximum(size, 2))
    return np.copysign(np.where(size < 2, near, far), x)


def _extended_erfc(x: Any) -> Any:
    tail = _erfc_fraction(np.maximum(np.abs(x), 1))
    near = 1 - _erf_series(np.clip(x, -1, 1))
    return np.where(x >= 1, tail, np.where(x <= -1, 2 - tail, near))


def _through_extended(function: Callable[..., Any]) -> Callable[..., Any]:
    """Evaluate in extended precision and round once: the recurrences below lose a few digits."""

    def rounded(x: Any, **params: Any) -> Any:
        return function(x.astype(np.longdouble), **params).astype(x.dtype)[()]

    return rounded


# Bernoulli numbers B_2, B_4, ...: (numerator, denominator)
_BERNOULLI = [(1, 6), (-1, 30), (1, 42), (-1, 30), (5, 66), (-691, 2730), (7, 6), (-3617, 510), (43867, 798)]
_FAR = 16  # where the asymptotic series with these terms has reached extended precision


def _to_the_right(x: Any) -> tuple[Any, Any, Any]:
    """Where x is negative, x mirrored at 1/2, and the angle pi x less multiples of pi that reflection needs."""
    negative = x < 0
    angle = constant("pi", x) * np.where(negative, x - np.round(x), 1 / (4 + 0 * x))
    return negative, np.where(negative, 1 - x, x), angle


@_through_extended
def _gammaln(x: Any) -> Any:
    """By reflection (DLMF 5.5.3), recurrence (5.5.1) and Stirling's series (5.11.1)."""
    negative, y, angle = _to_the_right(x)
    product = np.ones_like(y)
    for _ in range(_FAR):
        nearby = y < _FAR
        product = product * np.where(nearby, y, 1)
        y = np.where(nearby, y + 1, y)
    total = (y - np.ones_like(y) / 2) * np.log(y) - y + constant("half_log_two_pi", y)
    power = 1 / y
    for k, (numerator, denominator) in enumerate(_BERNOULLI, 1):
        total = total + power * numerator / (denominator * 2 * k * (2 * k - 1))
        power = power / (y * y)
    total = total - np.log(product)
    if np.any(negative):
        total = np.where(negative, np.log(constant("pi", x) / np.abs(np.sin(angle))) - total, total)
    return total


@_through_extended
def _digamma(x: Any) -> Any:
    """By reflection (DLMF 5.5.4), recurrence (5.5.2) and the asymptotic series (5.11.2)."""
    negative, y, angle = _to_the_right(x)
    total = 0 * y
    for _ in range(_FAR):
        total = total - 1 / y
        y = y + 1
    total = total + np.log(y) - 1 / (2 * y)
    power = 1 / (y * y)
    for k, (numerator, denominator) in enumerate(_BERNOULLI, 1):
        total = total - power * numerator / (denominator * 2 * k)
        power = power / (y * y)
    if np.any(negative):
        total = np.where(negative, total - constant("pi", x) / np.tan(angle), total)
    return total


@_through_extended
def _polygamma(x: Any, order: int) -> Any:
    """By recurrence (DLMF 5.15.5) and the asymptotic series (5.15.8), for x > 0."""
    factorial = math.factorial(order)
    total = 0 * x
    y = x
    for _ in range(_FAR + 2 * order):
        total = total + factorial / y ** (order + 1)
        y = y + 1
    total = total + math.factorial(order - 1) / y**order + factorial / (2 * y ** (order + 1))
    for k, (numerator, denominator) in enumerate(_BERNOULLI, 1):
        weight = numerator * (math.factorial(2 * k + order - 1) // math.factorial(2 * k))  # divides exactly
        total = total + weight / (denominator * y ** (2 * k + order))
    return total if order % 2 else -total


# --- derivatives ------------------------------------------------------------------------------------------------------

expit = elementwise("expit", _expit, lambda g, ans, x: g * (ans * expit(-x)))
log_expit = elementwise("log_expit", _log_expit, lambda g, ans, x: g * expit(-x))
xlogy = elementwise("xlogy", _xlogy, lambda g, ans, x, y: xlogy(g, y), lambda g, ans, x, y: g * (x / y))
erf = elementwise("erf", _erf, lambda g, ans, x: g * (constant("two_over_sqrt_pi", x) * exp(-x * x)))
erfc = elementwise("erfc", _erfc, lambda g, ans, x: -g * (constant("two_over_sqrt_pi", x) * exp(-x * x)))
gammaln = elementwise("gammaln", _gammaln, lambda g, ans, x: g * digamma(x))
digamma = elementwise("digamma", _digamma, lambda g, ans, x: g * polygamma(x, order=1))
polygamma = elementwise(  # params: order, a positive Python integer
    "polygamma", _polygamma, lambda g, ans, x, order: g * polygamma(x, order=order + 1)
)


def softplus(x: Array, /) -> Array:
    """log(1 + exp(x)), without overflow."""
    return logaddexp(x, 0)
