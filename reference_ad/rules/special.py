"""The table of derivatives, continued: special functions, and how their values are computed."""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from ..engine.constants import constant
from ..engine.core import Array
from ..engine.declaring import elementwise
from ..engine.nodes import ArrayType, Node
from ..engine.numpy_source import Memory, write_as
from ..engine.rounding import Rounding, rounds
from .elementwise import (
    abs,
    add,
    divide,
    divide_or_zero,
    exp,
    log1p,
    minimum,
    negative,
    subtract,
    tanh,
)
from .identities import Build, Make

# --- values ---------------------------------------------------------------------------------------


def _of_real(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of real numbers alone.

    Of complex ones the formulas here would be another function, or lose a part.
    """

    def checked(x: Any, **params: Any) -> Any:
        if x.dtype.kind == "c":
            name = function.__name__.lstrip("_")
            raise TypeError(
                f"{name} takes real numbers, and was given {x.dtype}: take the real part, or "
                "compose it."
            )
        return function(x, **params)

    return checked


@_of_real
def _expit(x: Any) -> Any:
    e = np.exp(-np.abs(x))  # never overflows
    return np.where(x >= 0, 1, e) / (1 + e)


@_of_real
def _expit_slope(x: Any) -> Any:
    """The derivative of `expit`, an even function that has all digits in both tails."""
    e = np.exp(-np.abs(x))
    return e / (1 + e) / (1 + e)


@_of_real
def _log_expit(x: Any) -> Any:
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def _xlogy(x: Any, y: Any) -> Any:
    nothing = np.equal(x, 0)
    return np.where(
        nothing, 0, x * np.log(np.where(nothing, 1, np.asarray(y, np.result_type(x, y))))
    )


@_of_real
def _gaussian(x: Any) -> Any:
    """exp(-x^2), where the rounding of x^2 has no part.

    It is exp(-c^2) exp(-(x - c)(x + c)) with a number c near x whose square is exact.
    """
    size = np.minimum(np.abs(x), 128)  # where the exponential is 0 in every dtype
    coarse = np.round(size * 8) / 8
    return np.exp(-(coarse * coarse)) * np.exp((coarse - size) * (coarse + size))


def _in_doubles(function: Callable[[float], float]) -> Callable[..., Any]:
    """One of Python's functions on arrays; right to double precision, whatever the dtype."""
    elementwise_function = np.vectorize(function, otypes=[np.float64])
    return _of_real(
        functools.wraps(function)(lambda x: elementwise_function(x).astype(x.dtype)[()])
    )


def _through_extended(function: Callable[..., Any]) -> Callable[..., Any]:
    """Evaluate in extended precision and round once: the recurrences below lose a few digits."""

    @functools.wraps(function)
    def evaluate(x: Any, **params: Any) -> Any:
        return function(x.astype(np.longdouble), **params).astype(x.dtype)[()]

    return _of_real(evaluate)


def _inverse_of_erf(x: float) -> float:
    """By Newton's method from Winitzki's approximation, on what is left of 1 where x is large."""
    size = math.fabs(x)
    if not size < 1:
        return math.copysign(math.inf, x) if size == 1 else math.nan
    middle = 2 / (math.pi * _WINITZKI) + math.log1p(-x * x) / 2
    square = -math.log1p(-x * x) / _WINITZKI
    y = math.sqrt(square / (math.sqrt(middle * middle + square) + middle))
    for _ in range(_NEWTON_STEPS):
        residual = math.erf(y) - size if size < 0.5 else (1 - size) - math.erfc(y)
        step = residual * math.sqrt(math.pi) / 2 * math.exp(y * y)
        y = y - step / (1 + y * step)  # Halley's correction
    return math.copysign(y, x)


_WINITZKI = 0.147
_NEWTON_STEPS = 4

_BERNOULLI = [  # B_2, B_4, ..., B_18
    Fraction(1, 6),
    Fraction(-1, 30),
    Fraction(1, 42),
    Fraction(-1, 30),
    Fraction(5, 66),
    Fraction(-691, 2730),
    Fraction(7, 6),
    Fraction(-3617, 510),
    Fraction(43867, 798),
]
_FAR = 16  # where the asymptotic series with these terms has reached extended precision


@functools.cache
def _weights(order: int) -> list[tuple[int, int]]:
    """B_2k (2k + order - 1)! / (2k)! for k = 1, 2, ..., as numerators and denominators."""
    ratios = [
        Fraction(math.factorial(2 * k + order - 1), math.factorial(2 * k))
        for k in range(1, len(_BERNOULLI) + 1)
    ]
    return [
        (ratio * bernoulli).as_integer_ratio()
        for ratio, bernoulli in zip(ratios, _BERNOULLI, strict=True)
    ]


def _asymptotic_series(y: Any, order: int) -> Any:
    """The sum of the weights over y^(2k + order): for polygamma, and of order -1 for gammaln."""
    total, power = 0 * y, 1 / y**order
    for numerator, denominator in _weights(order):
        power = power / (y * y)
        total = total + power * numerator / denominator
    return total


@functools.cache
def _gammaln_coefficients() -> list[Any]:
    """The Taylor coefficients of gammaln at 2, from that of order 1 on, in extended precision.

    So many that at `_NEAR` the next one has no part in an extended number any more.
    """
    two = np.longdouble(2)
    values = [_extended_polygamma(two, order) for order in range(30)]
    return [value / math.factorial(order + 1) for order, value in enumerate(values)]


_NEAR = 0.3
"""How far from its zeros at 1 and 2 gammaln is summed as a Taylor series, which keeps all
digits."""


def _gammaln_at_two(step: Any) -> Any:
    """gammaln(2 + step)."""
    total = 0 * step
    for coefficient in reversed(_gammaln_coefficients()):
        total = (total + coefficient) * step
    return total


def _to_the_right(x: Any) -> tuple[Any, Any, Any]:
    """Where x is negative, x mirrored at 1/2, and the angle that reflection needs.

    That is pi x less multiples of pi.
    """
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
    total = total + _asymptotic_series(y, -1) - np.log(product)
    total = np.where(negative, np.log(constant("pi", x) / np.abs(np.sin(angle))) - total, total)
    return _with_zeros_of_gammaln(x, total)


def _with_zeros_of_gammaln(x: Any, total: Any) -> Any:
    """The values of gammaln, where x is next to 1 or 2 by the Taylor series there."""
    near_two, near_one = np.abs(x - 2) < _NEAR, np.abs(x - 1) < _NEAR
    if not np.any(near_two | near_one):
        return total
    step = np.where(near_two, x - 2, np.where(near_one, x - 1, 0))
    at_two = _gammaln_at_two(step)
    return np.where(near_two, at_two, np.where(near_one, at_two - np.log1p(step), total))


def _extended_polygamma(x: Any, order: int) -> Any:
    """Polygamma of positive numbers, in their own precision.

    By recurrence (DLMF 5.5.2 and 5.15.5) and the asymptotic series (5.11.2 and 5.15.8).
    """
    total, y, factorial = 0 * x, x, math.factorial(order)
    for _ in range(_FAR + 2 * order):
        total = total + factorial / y ** (order + 1)
        y = y + 1
    leading = math.factorial(order - 1) / y**order if order else -np.log(y)
    total = total + leading + factorial / (2 * y ** (order + 1)) + _asymptotic_series(y, order)
    return total if order % 2 else -total


@functools.cache
def _cotangent_polynomial(order: int) -> list[int]:
    """The derivative of the cotangent as a polynomial in it, the constant coefficient first.

    cot' = -(1 + cot^2), so a polynomial p(cot) has the derivative -(1 + cot^2) p'(cot).
    """
    if order == 0:
        return [0, 1]
    previous = _cotangent_polynomial(order - 1)
    slope = [power * coefficient for power, coefficient in enumerate(previous)][1:]
    shifted = [0, 0, *slope]
    return [-(low + high) for low, high in zip([*slope, 0, 0], shifted, strict=True)]


@_through_extended
def _polygamma(x: Any, order: int) -> Any:
    """Where x is negative, by reflection (DLMF 5.5.4 and 5.15.6)."""
    negative, y, angle = _to_the_right(x)
    total = _extended_polygamma(y, order)
    if not np.any(negative):
        return total
    cotangent = 1 / np.tan(angle)
    *lower, leading = _cotangent_polynomial(order)
    derivative = leading
    for coefficient in reversed(lower):
        derivative = derivative * cotangent + coefficient
    mirrored = -total if order % 2 else total
    return np.where(negative, mirrored - constant("pi", x) ** (order + 1) * derivative, total)


@_of_real
def _digamma(x: Any) -> Any:
    return _polygamma(x, order=0)


# --- derivatives ----------------------------------------------------------------------------------


gaussian = elementwise("gaussian", _gaussian, lambda g, ans, x: g * (-2 * x * ans))  # exp(-x^2)


def _bell(x: Array) -> Array:
    return constant("two_over_sqrt_pi", x) * gaussian(x)


expit_slope = elementwise("expit_slope", _expit_slope, lambda g, ans, x: g * (-tanh(x / 2) * ans))
expit = elementwise("expit", _expit, lambda g, ans, x: g * expit_slope(x))
log_expit = elementwise("log_expit", _log_expit, lambda g, ans, x: g * expit(-x))
logaddexp = elementwise(
    "logaddexp",
    np.logaddexp,
    lambda g, ans, x, y: g * expit(x - y),
    lambda g, ans, x, y: g * expit(y - x),
)
xlogy = elementwise(
    "xlogy", _xlogy, lambda g, ans, x, y: xlogy(g, y), lambda g, ans, x, y: g * divide_or_zero(x, y)
)
erf = elementwise("erf", _in_doubles(math.erf), lambda g, ans, x: g * _bell(x))
erfc = elementwise("erfc", _in_doubles(math.erfc), lambda g, ans, x: -g * _bell(x))
erfinv = elementwise("erfinv", _in_doubles(_inverse_of_erf), lambda g, ans, x: g / _bell(ans))
gammaln = elementwise("gammaln", _gammaln, lambda g, ans, x: g * digamma(x))
digamma = elementwise("digamma", _digamma, lambda g, ans, x: g * polygamma(x, order=1))
polygamma = elementwise(  # params: order, a positive Python integer
    "polygamma", _polygamma, lambda g, ans, x, order: g * polygamma(x, order=order + 1)
)


def softplus(x: Array, /) -> Array:
    """log(1 + exp(x)), without overflow."""
    return logaddexp(x, 0)


# --- in compiled source: taken apart into functions that NumPy has --------------------------------


def _decay(make: Make, array_type: ArrayType, x: Node) -> Node:
    """exp(-|x|), which never overflows."""
    size = make(array_type, abs, x)
    return make(array_type, exp, make(array_type, negative, size))


def _lower_expit(build: Build, array_type: ArrayType, x: Node) -> Node:
    make = build.make
    numerator = make(array_type, exp, make(array_type, minimum, x, 0))  # 1 where x is positive
    denominator = make(array_type, add, 1, _decay(make, array_type, x))
    return make(array_type, divide, numerator, denominator)


def _lower_expit_slope(build: Build, array_type: ArrayType, x: Node) -> Node:
    make = functools.partial(build.make, array_type)
    decay = _decay(build.make, array_type, x)
    denominator = make(add, 1, decay)
    return make(divide, make(divide, decay, denominator), denominator)


def _lower_log_expit(build: Build, array_type: ArrayType, x: Node) -> Node:
    make = build.make
    least = make(array_type, minimum, x, 0)
    correction = make(array_type, log1p, _decay(make, array_type, x))
    return make(array_type, subtract, least, correction)


expit.lowering = _lower_expit
expit_slope.lowering = _lower_expit_slope
log_expit.lowering = _lower_log_expit

write_as(erf, number="math.erf({})")
write_as(erfc, number="math.erfc({})")
write_as(expit, number="1.0 / (1.0 + math.exp(-{}))", memory=Memory.NEW)
write_as(
    expit_slope,
    number="math.exp(-abs({0})) / (1.0 + math.exp(-abs({0}))) ** 2.0",
    memory=Memory.NEW,
)

rounds(Rounding.FUNCTION, erf, erfc, erfinv, gaussian, expit, expit_slope, log_expit)
rounds(Rounding.FUNCTION, logaddexp, xlogy)
rounds(Rounding.FUNCTION, gammaln, digamma, polygamma)
