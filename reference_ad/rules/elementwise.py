"""The table of derivatives: functions that act on each element.

Each line gives g times the partial derivative with respect to one argument; g is a tangent or a
cotangent, `ans` the value of the function.

Conventions where the derivative does not exist:
  abs, sign at 0                        0
  maximum, minimum where both agree     1/2 to each
  floor, ceil, round, trunc, sign       0, at the jumps too
  sqrt, log, power at the edge of their domain    whatever IEEE arithmetic makes of the formula
  (inf, nan) power(x, y) at y = 0                  0 with respect to x; at x = 0, 0 with respect to
  y hypot at (0, 0)                       0
  abs of a complex number at 0          0
  copysign where an argument is 0       decided by the sign of that zero
"""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

import operator
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ..engine.constants import constant
from ..engine.core import Array, Primitive, Tracer, UnlistedPrimitive
from ..engine.declaring import broadcast_tangent, define, elementwise, linear
from ..engine.declaring import real as real
from ..engine.elements import OBJECT, is_complex, numbers


def _share(g: Array, x: Array, y: Array) -> Array:
    """All of g where x > y, half where they tie."""
    return where(equal(x, y), g / 2, where(greater(x, y), g, 0))


def normalized(x: Array, size: Array) -> Array:
    """x divided by its size, and 0 where that is 0."""
    return x / where(equal(size, 0), 1, size)


# --- locally constant -----------------------------------------------------------------------------


def _locally_constant(*functions: Any) -> list[Primitive]:
    return [elementwise(function.__name__, function) for function in functions]


equal, not_equal, less, less_equal = _locally_constant(
    np.equal, np.not_equal, np.less, np.less_equal
)
greater, greater_equal, signbit = _locally_constant(np.greater, np.greater_equal, np.signbit)
logical_and, logical_or, logical_xor = _locally_constant(
    np.logical_and, np.logical_or, np.logical_xor
)
logical_not, isnan, isinf, isfinite = _locally_constant(
    np.logical_not, np.isnan, np.isinf, np.isfinite
)
bitwise_and, bitwise_or, bitwise_xor = _locally_constant(
    np.bitwise_and, np.bitwise_or, np.bitwise_xor
)
bitwise_invert = elementwise("bitwise_invert", np.bitwise_invert)
bitwise_left_shift = elementwise("bitwise_left_shift", np.bitwise_left_shift)
bitwise_right_shift = elementwise("bitwise_right_shift", np.bitwise_right_shift)
sign, floor, ceil, round, trunc = _locally_constant(np.sign, np.floor, np.ceil, np.round, np.trunc)
stop_gradient = elementwise("stop_gradient", lambda x: x)
cast_to_integer = elementwise("cast_to_integer", lambda x, dtype: x.astype(dtype))
floor_divide = elementwise("floor_divide", np.floor_divide)

# --- arithmetic: by operators, which on scalars take a tenth of a ufunc's time --------------------

positive = elementwise("positive", np.positive, lambda g, ans, x: g)
negative = elementwise("negative", operator.neg, lambda g, ans, x: -g)
add = elementwise("add", operator.add, lambda g, ans, x, y: g, lambda g, ans, x, y: g)
subtract = elementwise("subtract", operator.sub, lambda g, ans, x, y: g, lambda g, ans, x, y: -g)
multiply = elementwise(
    "multiply", operator.mul, lambda g, ans, x, y: g * y, lambda g, ans, x, y: g * x
)
divide = elementwise(
    "divide", operator.truediv, lambda g, ans, x, y: g / y, lambda g, ans, x, y: -g * (ans / y)
)
remainder = elementwise(
    "remainder", np.remainder, lambda g, ans, x, y: g, lambda g, ans, x, y: -g * floor_divide(x, y)
)
reciprocal = elementwise("reciprocal", np.reciprocal, lambda g, ans, x: -g * (ans * ans))
square = elementwise("square", np.square, lambda g, ans, x: g * (2 * x))


def _quotient(x: Array, y: Array) -> Array:
    if isinstance(x, Tracer) or isinstance(y, Tracer) or np.count_nonzero(y) < np.size(y):
        y = where(logical_and(equal(x, 0), equal(y, 0)), 1, y)
    return x / y


# 0/0 is taken as 0, so that a zero cotangent stays zero where the slope is infinite (sqrt at 0).
divide_or_zero = elementwise(
    "divide_or_zero",  # which no function of a user's can be called
    _quotient,
    lambda g, ans, x, y: divide_or_zero(g, y),
    lambda g, ans, x, y: -divide_or_zero(g, y) * ans,
    kind=UnlistedPrimitive,  # made of others, which say how it is rounded
)
sqrt = elementwise("sqrt", np.sqrt, lambda g, ans, x: divide_or_zero(g, ans) / 2)


def _constant_power_derivative(g: Array, ans: Array, x: Array, exponent: float) -> Array:
    if exponent == 0:
        return None
    if exponent == 1:
        return g
    if x.dtype == OBJECT and Fraction(exponent) - 1 != Fraction(
        exponent - 1
    ):  # rounded, which no ball may be
        return g * (exponent * power(x, numbers(exponent) - 1))
    return g * (exponent * (x if exponent == 2 else constant_power(x, exponent=exponent - 1)))


def _among(x: Array, ans: Array) -> Array:
    """One of the arguments of which `ans` was made; among balls a ball, so that no double is
    rounded."""
    return numbers(x) if ans.dtype == OBJECT else x


constant_power = elementwise(  # params: exponent, a Python number
    "constant_power", lambda x, exponent: x**exponent, _constant_power_derivative
)
power = elementwise(
    "power",
    np.power,
    lambda g, ans, x, y: g * (y * power(x, where(equal(y, 0), 1, _among(y, ans) - 1))),
    lambda g, ans, x, y: g * (ans * log(where(equal(x, 0), 1, _among(x, ans)))),
)

# --- exponentials and logarithms ------------------------------------------------------------------

exp = elementwise("exp", np.exp, lambda g, ans, x: g * ans)
expm1 = elementwise(
    "expm1", np.expm1, lambda g, ans, x: g * exp(x)
)  # not ans + 1, which cancels for x << 0
log = elementwise("log", np.log, lambda g, ans, x: divide_or_zero(g, x))
log1p = elementwise("log1p", np.log1p, lambda g, ans, x: g / (1 + x))
log2 = elementwise("log2", np.log2, lambda g, ans, x: divide_or_zero(g, x) / constant("log_2", x))
log10 = elementwise(
    "log10", np.log10, lambda g, ans, x: divide_or_zero(g, x) / constant("log_10", x)
)
logaddexp = elementwise(
    "logaddexp",
    np.logaddexp,
    lambda g, ans, x, y: g * exp(x - ans),
    lambda g, ans, x, y: g * exp(y - ans),
)

# --- trigonometric and hyperbolic functions -------------------------------------------------------

sin = elementwise("sin", np.sin, lambda g, ans, x: g * cos(x))
cos = elementwise("cos", np.cos, lambda g, ans, x: -g * sin(x))
tan = elementwise("tan", np.tan, lambda g, ans, x: g * (1 + ans * ans))
asin = elementwise("asin", np.arcsin, lambda g, ans, x: g / sqrt((1 - x) * (1 + x)))
acos = elementwise("acos", np.arccos, lambda g, ans, x: -g / sqrt((1 - x) * (1 + x)))
atan = elementwise("atan", np.arctan, lambda g, ans, x: g / (1 + x * x))
sinh = elementwise("sinh", np.sinh, lambda g, ans, x: g * cosh(x))
cosh = elementwise("cosh", np.cosh, lambda g, ans, x: g * sinh(x))
tanh = elementwise("tanh", np.tanh, lambda g, ans, x: g * (1 - ans * ans))
asinh = elementwise(
    "asinh", np.arcsinh, lambda g, ans, x: g / (sqrt(1 + x * x) if is_complex(x) else hypot(1, x))
)
acosh = elementwise("acosh", np.arccosh, lambda g, ans, x: g / (sqrt(x - 1) * sqrt(x + 1)))
atanh = elementwise("atanh", np.arctanh, lambda g, ans, x: g / ((1 - x) * (1 + x)))
atan2 = elementwise(
    "atan2",
    np.arctan2,
    lambda g, ans, y, x: g * (x / hypot(x, y) / hypot(x, y)),  # x * x could overflow
    lambda g, ans, y, x: -g * (y / hypot(x, y) / hypot(x, y)),
)
hypot = elementwise(
    "hypot",
    np.hypot,
    lambda g, ans, x, y: g * normalized(x, ans),
    lambda g, ans, x, y: g * normalized(y, ans),
)

# --- complex numbers ------------------------------------------------------------------------------

imag = linear("imag", np.imag, lambda g, ans, x: g * -1j)
conj = linear("conj", np.conjugate, lambda g, ans, x: conj(g))


def _direction(x: Array, ans: Array) -> Array:
    """The derivative of abs: the sign, or conj(x) / |x|."""
    return normalized(conj(x), ans) if is_complex(x) else sign(x)


abs = define(
    "abs",
    np.abs,
    jvps=[lambda t, ans, x: real(t * _direction(x, ans)) if is_complex(x) else t * sign(x)],
    vjps=[lambda g, ans, x: g * _direction(x, ans)],
)

for primitive in (real, imag, conj, abs):
    primitive.elementwise = True

# --- kinks and choices ----------------------------------------------------------------------------

copysign = elementwise(
    "copysign", np.copysign, lambda g, ans, x, y: where(equal(signbit(x), signbit(y)), g, -g), None
)
maximum = elementwise(
    "maximum",
    np.maximum,
    lambda g, ans, x, y: _share(g, x, y),
    lambda g, ans, x, y: _share(g, y, x),
)
minimum = elementwise(
    "minimum",
    np.minimum,
    lambda g, ans, x, y: _share(g, y, x),
    lambda g, ans, x, y: _share(g, x, y),
)
where = elementwise(
    "where",
    np.where,
    None,
    lambda g, ans, condition, x, y: where(condition, g, 0),
    lambda g, ans, condition, x, y: where(condition, 0, g),
)


def _where_jvp(
    tangents: Sequence[Array], ans: Array, args: Sequence[Array], params: dict[str, Any]
) -> Array:
    _, t, s = tangents
    return broadcast_tangent(where(args[0], 0 if t is None else t, 0 if s is None else s), ans)


where.jvp = _where_jvp  # in one: of balls the hull of both, not the sum of the hulls of each with 0
