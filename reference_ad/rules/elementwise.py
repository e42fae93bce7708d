"""The table of derivatives: functions that act on each element.

Each line gives g times the partial derivative with respect to one argument; g is a tangent or a
cotangent, `ans` the value of the function.

Conventions where the derivative does not exist:
  abs, sign at 0                        0
  maximum, minimum where both agree     1/2 to each
  floor, ceil, round, trunc, sign       0, at the jumps too
  sqrt, log, power at the edge of their domain    what IEEE arithmetic makes of it: inf, nan
  power(x, y) at y = 0                  0 with respect to x
  power(x, y) at x = 0                  0 with respect to y
  hypot at (0, 0)                       0, and nan to the second order
  abs of a complex number at 0          0
  copysign where an argument is 0       decided by the sign of that zero
"""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

import functools
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
from ..engine.nodes import ArrayType, Node
from ..engine.numpy_source import Memory, Work, write_as
from ..engine.rounding import Rounding, rounds
from .identities import (
    Build,
    Identity,
    Make,
    argument_of_same_type,
    constant_number,
    fits,
    is_power_of_two,
    simplify,
)


def _share(g: Array, x: Array, y: Array) -> Array:
    """All of g where x > y, half where they tie."""
    return where(equal(x, y), g / 2, where(greater(x, y), g, 0))


def normalized(x: Array, size: Array) -> Array:
    """x divided by its size, and 0 where that is 0.

    There its derivative is infinite or nan, for it has none.
    """
    return divide_or_zero(x, size)


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
sign, floor, ceil, trunc = _locally_constant(np.sign, np.floor, np.ceil, np.trunc)
round = elementwise("round", lambda x: np.round(x))  # to integers alone, as the standard has it
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
    if exponent == 2:
        return g * (exponent * x)
    if x.dtype != OBJECT:
        return g * (exponent * _with_one_less(ans, x, exponent))
    if Fraction(exponent) - 1 != Fraction(exponent - 1):  # rounded, which no ball may be
        return g * (exponent * power(x, numbers(exponent) - 1))
    return g * (exponent * constant_power(x, exponent=exponent - 1))


def _with_one_less(ans: Array, x: Array, exponent: float) -> Array:
    """The power of x whose exponent is less by 1 than that of `ans`.

    A quotient where that exponent would be rounded, as that of 0.1 is, for the power would multiply
    its error by the logarithm of x.
    """
    smaller = exponent - 1
    if smaller + 1 == exponent:
        return constant_power(x, exponent=smaller)
    no_quotient = equal(x / 2, x)  # 0 and infinity
    quotient = where(no_quotient, 1, ans) / where(no_quotient, 1, x)
    return where(no_quotient, constant_power(where(no_quotient, x, 1), exponent=smaller), quotient)


def _among(x: Array, ans: Array) -> Array:
    """One of the arguments of which `ans` was made.

    Among balls a ball, so that no double is rounded.
    """
    return numbers(x) if ans.dtype == OBJECT else x


constant_power = elementwise(  # params: exponent, a Python number
    "constant_power", lambda x, exponent: x**exponent, _constant_power_derivative
)


def _power_slope(ans: Array, x: Array, y: Array) -> Array:
    """The derivative of a power with respect to x.

    Its exponent y - 1 is rounded where y is below 1/2; a quotient takes its place there.
    """
    if ans.dtype == OBJECT:
        return y * power(x, where(equal(y, 0), 1, _among(y, ans) - 1))
    by_quotient = logical_and(less(y, 0.5), not_equal(x / 2, x))  # neither 0 nor infinity
    quotient = where(by_quotient, ans, 1) / where(by_quotient, x, 1)
    exponent = where(logical_or(by_quotient, equal(y, 0)), 1, y - 1)
    return y * where(by_quotient, quotient, power(where(by_quotient, 1, x), exponent))


power = elementwise(
    "power",
    np.power,
    lambda g, ans, x, y: g * _power_slope(ans, x, y),
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

# --- trigonometric and hyperbolic functions -------------------------------------------------------

sin = elementwise("sin", np.sin, lambda g, ans, x: g * cos(x))
cos = elementwise("cos", np.cos, lambda g, ans, x: -g * sin(x))
tan = elementwise("tan", np.tan, lambda g, ans, x: g * (1 + ans * ans))
one_minus_square = elementwise(
    "one_minus_square",  # whose derivative keeps its digits near 0, as that of the product does not
    lambda x: (1 - x) * (1 + x),
    lambda g, ans, x: g * (-2 * x),
    kind=UnlistedPrimitive,
)
asin = elementwise("asin", np.arcsin, lambda g, ans, x: g / sqrt(one_minus_square(x)))
acos = elementwise("acos", np.arccos, lambda g, ans, x: -g / sqrt(one_minus_square(x)))
atan = elementwise("atan", np.arctan, lambda g, ans, x: g / (1 + x * x))
sinh = elementwise("sinh", np.sinh, lambda g, ans, x: g * cosh(x))
cosh = elementwise("cosh", np.cosh, lambda g, ans, x: g * sinh(x))


@np.errstate(over="ignore")  # what is divided by it is 0 there, as it should be
def _cosh_squared(x: Any, out: Any = None) -> Any:
    cosh_of_x = np.cosh(x, out)
    return np.multiply(cosh_of_x, cosh_of_x, out)


cosh_squared = elementwise("cosh_squared", _cosh_squared, kind=UnlistedPrimitive)
over_cosh_squared = elementwise(  # g / cosh(x)^2, for real x
    "over_cosh_squared",
    lambda g, x: g / _cosh_squared(x),
    lambda t, ans, g, x: over_cosh_squared(t, x),
    lambda t, ans, g, x: t * (-2 * tanh(x) * ans),
)
tanh = elementwise(  # 1 - ans^2 has no digits in the tails
    "tanh",
    np.tanh,
    lambda g, ans, x: g * (1 - ans * ans) if is_complex(x) else over_cosh_squared(g, x),
)
asinh = elementwise(
    "asinh", np.arcsinh, lambda g, ans, x: g / (sqrt(1 + x * x) if is_complex(x) else hypot(1, x))
)
acosh = elementwise("acosh", np.arccosh, lambda g, ans, x: g / (sqrt(x - 1) * sqrt(x + 1)))
atanh = elementwise("atanh", np.arctanh, lambda g, ans, x: g / one_minus_square(x))

# --- right triangles ------------------------------------------------------------------------------
#
# What follows takes the hypotenuse as an argument and not as a variable: its part in the derivative
# is contained in that of the legs, with no difference of nearly equal numbers.


def part_of_size(x: Array, size: Array) -> Array:
    """x divided by its size, and 0 where that is 0: a value, with no derivative of its own."""
    if isinstance(size, Tracer) or np.count_nonzero(size) < np.size(size):
        size = where(equal(size, 0), 1, size)
    return x / size


leg_over_hypotenuse = elementwise(  # 0 where both legs are 0; its derivative there is nan
    "leg_over_hypotenuse",
    lambda x, y, size: part_of_size(x, size),
    lambda g, ans, x, y, size: _over_twice(g, leg_over_hypotenuse(y, x, size), size),
    lambda g, ans, x, y, size: -divide_or_zero(g, size) * (ans * leg_over_hypotenuse(y, x, size)),
    None,
    kind=UnlistedPrimitive,
)


def _over_twice(g: Array, cosine: Array, size: Array) -> Array:
    """g times the square of a cosine, divided by the hypotenuse."""
    return divide_or_zero(g, size) * cosine * cosine


leg_over_square = elementwise(  # of the hypotenuse, which could overflow
    "leg_over_square",
    lambda x, y, size: x / size / size,
    lambda g, ans, x, y, size: g * ((y - x) / size * ((y + x) / size) / size / size),
    lambda g, ans, x, y, size: g * (-2 * ans * (y / size) / size),
    None,
    kind=UnlistedPrimitive,
)
atan2 = elementwise(
    "atan2",
    np.arctan2,
    lambda g, ans, y, x: g * leg_over_square(x, y, hypot(x, y)),
    lambda g, ans, y, x: -g * leg_over_square(y, x, hypot(x, y)),
)
hypot = elementwise(
    "hypot",
    np.hypot,
    lambda g, ans, x, y: g * leg_over_hypotenuse(x, y, ans),
    lambda g, ans, x, y: g * leg_over_hypotenuse(y, x, ans),
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


# --- in graphs: identities that hold exactly ------------------------------------------------------


def _is_negative(node: Node, array_type: ArrayType) -> bool:
    """Whether it is the opposite of something, in the dtype of the result.

    In another one the sign may wrap around.
    """
    if node.primitive is not negative:
        return False
    return node.array_type.weak or node.array_type.dtype == array_type.dtype


def _factor(node: Node, array_type: ArrayType) -> tuple[Any, Node] | None:
    """The node as a constant number times a node of this dtype.

    That is, if it is such a product, or negative.
    """
    if node.primitive is negative:
        return -1, node.args[0]
    if node.primitive is not multiply:
        return None
    for constant_factor, other in (node.args, node.args[::-1]):
        number = constant_number(constant_factor)
        if number is not None and other.array_type[1:] == array_type[1:]:
            return number, other
    return None


def _scaled(make: Make, array_type: ArrayType, x: Node, y: Node) -> Node | None:
    """A number times y."""
    number = constant_number(x)
    if number is None or y.array_type[1:] != array_type[1:]:
        return None
    if number == 1 and y.array_type == array_type:
        return y
    if number == -1:
        return make(array_type, negative, y)
    inner = _factor(y, array_type)
    if inner is None:
        return None
    factor, other = inner
    is_exact = is_power_of_two(number) or is_power_of_two(factor)
    if not is_exact or not fits(number * factor, array_type.dtype):
        return None
    return make(array_type, multiply, number * factor, other)


def _halved(make: Make, array_type: ArrayType, x: Node, y: Node) -> Node | None:
    """x divided by a power of two."""
    number = constant_number(y)
    if number is None or x.array_type.dtype != array_type.dtype or not is_power_of_two(number):
        return None
    if not fits(1 / number, array_type.dtype):
        return None
    return make(array_type, multiply, 1 / number, x)


def _opposite(make: Make, array_type: ArrayType, x: Node) -> Node | None:
    inner = _factor(x, array_type)
    if inner is None:
        return None
    factor, other = inner
    return make(array_type, multiply, -factor, other)


def _signs_outwards(primitive: Primitive) -> Identity:
    """Signs travel outwards, where they meet a sum or each other."""

    def identity(make: Make, array_type: ArrayType, x: Node, y: Node) -> Node | None:
        if not _is_negative(x, array_type):
            return None
        return make(array_type, negative, make(array_type, primitive, *x.args, y))

    return identity


def _without_sign(primitive: Primitive) -> Identity:
    """A sum or a difference with something negative, as the difference or sum `primitive`."""

    def identity(make: Make, array_type: ArrayType, x: Node, y: Node) -> Node | None:
        return make(array_type, primitive, x, *y.args) if _is_negative(y, array_type) else None

    return identity


def _square(make: Make, array_type: ArrayType, x: Node, y: Node) -> Node | None:
    if x is y and array_type.dtype.kind == "f":
        return make(array_type, square, x)
    return None


def _small_power(make: Make, array_type: ArrayType, x: Node, exponent: Any) -> Node | None:
    if exponent == 1:
        return argument_of_same_type(make, array_type, x)
    if exponent == 2 and x.array_type[1:] == array_type[1:] and array_type.dtype.kind == "f":
        return make(array_type, square, x)
    return None


def _size_of_negative(make: Make, array_type: ArrayType, x: Node) -> Node | None:
    return make(array_type, abs, *x.args) if x.primitive is negative else None


add.commutative = multiply.commutative = True

simplify(abs, _size_of_negative)
simplify(add, _without_sign(subtract))
simplify(constant_power, _small_power)
simplify(divide, _halved, _signs_outwards(divide))
simplify(multiply, _scaled, _signs_outwards(multiply), _square)
simplify(negative, _opposite)
simplify(positive, argument_of_same_type)
simplify(subtract, _without_sign(add))


# --- in compiled source ---------------------------------------------------------------------------


def _lower_divide_or_zero(build: Build, array_type: ArrayType, x: Node, y: Node) -> Node:
    """A division by y, or by 1 where both are 0."""
    make = build.make
    if x.value is not None and np.all(x.value):
        return make(array_type, divide, x, y)
    of_x, of_y, of_both = [
        ArrayType(shape, np.dtype(bool))
        for shape in (x.array_type.shape, y.array_type.shape, array_type.shape)
    ]
    both_are_zero = make(of_both, logical_and, make(of_x, equal, x, 0), make(of_y, equal, y, 0))
    divisor_type = ArrayType(array_type.shape, y.array_type.dtype)
    return make(array_type, divide, x, make(divisor_type, where, both_are_zero, 1, y))


def _lower_to_argument(build: Build, array_type: ArrayType, x: Node) -> Node:
    """Nobody differentiates any more."""
    return x


def _lower_over_cosh_squared(build: Build, array_type: ArrayType, g: Node, x: Node) -> Node:
    return build.make(array_type, divide, g, build.make(x.array_type, cosh_squared, x))


def _lower_one_minus_square(build: Build, array_type: ArrayType, x: Node) -> Node:
    make = functools.partial(build.make, array_type)
    return make(multiply, make(subtract, 1, x), make(add, 1, x))


def lower_part_of_size(build: Build, array_type: ArrayType, x: Node, size: Node) -> Node:
    """A division by the size, or by 1 where that is 0."""
    of_zeros = ArrayType(size.array_type.shape, np.dtype(bool))
    is_zero = build.make(of_zeros, equal, size, 0)
    divisor = build.make(size.array_type, where, is_zero, 1, size)
    return build.make(array_type, divide, x, divisor)


divide_or_zero.lowering = _lower_divide_or_zero
over_cosh_squared.lowering = _lower_over_cosh_squared
leg_over_hypotenuse.lowering = lambda build, array_type, x, y, size: lower_part_of_size(
    build, array_type, x, size
)
one_minus_square.lowering = _lower_one_minus_square
stop_gradient.lowering = _lower_to_argument

write_as(add, operator="{} + {}", number="{} + {}")
write_as(subtract, operator="{} - {}", number="{} - {}")
write_as(multiply, operator="{} * {}", number="{} * {}")
write_as(divide, operator="{} / {}", number="{} / {}")
write_as(negative, operator="-{}", number="-{}")
for primitive in (
    *(exp, expm1, log, log1p, log2, log10, sqrt, sin, cos, tan, asin, acos, atan),
    *(sinh, cosh, tanh, asinh, acosh, atanh),
):
    write_as(primitive, number=f"math.{primitive.name}({{}})")
write_as(atan2, number="math.atan2({}, {})")
write_as(hypot, number="math.hypot({}, {})")
write_as(power, number="math.pow({}, {})")
write_as(constant_power, number="math.pow({}, {exponent})")
write_as(square, number="{0} * {0}")
write_as(reciprocal, number="1.0 / {}")
write_as(cosh_squared, memory=Memory.NEW, takes_out=True)
write_as(
    over_cosh_squared,
    number="{0} / math.cosh(min(abs({1}), 710.0)) / math.cosh(min(abs({1}), 710.0))",
    memory=Memory.NEW,
)
write_as(one_minus_square, number="(1.0 - {0}) * (1.0 + {0})", memory=Memory.NEW)
write_as(leg_over_hypotenuse, number="{0} / ({2} if {0} or {2} else 1.0)", memory=Memory.NEW)
write_as(leg_over_square, number="{0} / {2} / {2}", memory=Memory.NEW)
write_as(divide_or_zero, number="{0} / ({1} if {0} or {1} else 1.0)")
write_as(abs, number="abs({})")
write_as(
    sign, number="({0} + 0.0 if {0} == 0 or {0} != {0} else math.copysign(1.0, {0}))"
)  # -0.0 + 0.0 is 0.0
write_as(maximum, number="({0} if {0} >= {1} or {0} != {0} else {1})", takes_out_by_name=True)
write_as(minimum, number="({0} if {0} <= {1} or {0} != {0} else {1})", takes_out_by_name=True)
write_as(equal, number="{} == {}")
write_as(not_equal, number="{} != {}")
write_as(less, number="{} < {}")
write_as(less_equal, number="{} <= {}")
write_as(greater, number="{} > {}")
write_as(greater_equal, number="{} >= {}")
write_as(isnan, number="{0} != {0}")
write_as(logical_not, number="not {}")
write_as(where, number="({1} if {0} else {2})", memory=Memory.NEW)
write_as(where, stop_gradient, positive, conj, real, imag, cast_to_integer, work=Work.NOTHING)
write_as(isnan, isinf, isfinite, signbit, work=Work.NOTHING)


# --- how values are rounded -----------------------------------------------------------------------

rounds(Rounding.EXACT, positive, negative, abs, sign, maximum, minimum, where, stop_gradient)
rounds(Rounding.EXACT, floor, ceil, round, trunc, floor_divide, cast_to_integer, signbit, copysign)
rounds(Rounding.EXACT, equal, not_equal, less, less_equal, greater, greater_equal)
rounds(Rounding.EXACT, logical_and, logical_or, logical_xor, logical_not, isnan, isinf, isfinite)
rounds(Rounding.EXACT, bitwise_and, bitwise_or, bitwise_xor, bitwise_invert)
rounds(Rounding.EXACT, bitwise_left_shift, bitwise_right_shift, real, imag, conj)
rounds(Rounding.ARITHMETIC, add, subtract, multiply, divide, square, reciprocal, sqrt)
rounds(Rounding.ARITHMETIC, constant_power)
rounds(Rounding.FUNCTION, exp, expm1, log, log1p, log2, log10, power, remainder)
rounds(Rounding.FUNCTION, sin, cos, tan, asin, acos, atan, atan2, hypot)
rounds(Rounding.FUNCTION, sinh, cosh, tanh, over_cosh_squared, asinh, acosh, atanh)
