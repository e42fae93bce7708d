"""The table of recurrences: how Taylor coefficients go through the primitives.

A. Griewank and A. Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, tables 13.1 and 13.2. A
primitive that is not here, and is not linear, follows its JVP rule (`engine/series.py`); it is here
where that rule names the answer or the primitive itself, and would take more than K^2 operations.

Lists of coefficients start at order 0 in a recurrence, and None stands for 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..engine.arguments import fill
from ..engine.core import Array, Primitive
from ..engine.elements import is_complex
from ..engine.series import (
    Application,
    Coefficients,
    SeriesTracer,
    coefficientwise,
    convolved,
    minus,
    over,
    plus,
    weighted,
)
from .bessel import bessel_i, bessel_i_scaled, bessel_j
from .contraction import matmul
from .elementwise import (
    abs,
    add,
    conj,
    constant_power,
    copysign,
    cos,
    cosh,
    divide,
    divide_or_zero,
    equal,
    exp,
    expm1,
    hypot,
    leg_over_hypotenuse,
    leg_over_square,
    log,
    logical_and,
    maximum,
    minimum,
    multiply,
    negative,
    over_cosh_squared,
    positive,
    power,
    real,
    reciprocal,
    remainder,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    stop_gradient,
    subtract,
    tan,
    tanh,
    where,
)
from .linalg import direction, norm, solve, without_part_along
from .reductions import (
    less_mean,
    less_share,
    log_softmax,
    logsumexp,
    softmax,
    sum,
    total_from_the_end,
)
from .reductions import max as largest_along
from .reductions import min as smallest_along
from .special import expit, expit_slope, gaussian
from .structural import concat, stack

Recurrence = Callable[..., Coefficients]

MOST_FACTORS = 64
"""Powers with integer exponents up to this size are products, which hold at 0 too."""


def recurrence(primitive: Primitive) -> Callable[[Recurrence], Recurrence]:
    """Declare how coefficients of the answer follow from each other.

    ``rule(ans, *arguments, **params)``, with lists of coefficients; gives the answer's.
    """

    def declare(rule: Recurrence) -> Recurrence:
        def coefficients(application: Application) -> Coefficients:
            arguments = application.from_order_zero()
            return rule(application.ans, *arguments, **application.params)[1:]

        primitive.series = coefficients
        return rule

    return declare


def formula(primitive: Primitive) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
    """Declare that the coefficients, from order 1 on, are those of a program of other primitives.

    Its value may be off by more than that of the primitive, or overflow: it is not used.
    """

    def declare(program: Callable[..., Array]) -> Callable[..., Array]:
        def coefficients(application: Application) -> Coefficients:
            args = application.traced(application.order)
            return application.coefficients_of(program(*args, **application.params))

        primitive.series = coefficients
        return program

    return declare


for _primitive in (positive, negative, add, subtract, where, copysign, maximum, minimum):
    _primitive.series = coefficientwise
for _primitive in (remainder, largest_along, smallest_along, concat, stack):
    _primitive.series = coefficientwise


# --- arithmetic -----------------------------------------------------------------------------------


@recurrence(multiply)
def _multiply(ans: Array, x: Coefficients, y: Coefficients) -> Coefficients:
    return [ans, *[convolved(x, y, k) for k in range(1, len(x))]]


@recurrence(square)
def _square(ans: Array, x: Coefficients) -> Coefficients:
    return _multiply(ans, x, x)


@recurrence(divide)
def _divide(ans: Array, x: Coefficients, y: Coefficients) -> Coefficients:
    quotient: Coefficients = [ans]
    for k in range(1, len(x)):
        quotient.append(over(minus(x[k], convolved(y, quotient, k, 1)), y[0]))
    return quotient


@recurrence(reciprocal)
def _reciprocal(ans: Array, y: Coefficients) -> Coefficients:
    return _divide(ans, [None] * len(y), y)


@recurrence(divide_or_zero)
def _divide_or_zero(ans: Array, x: Coefficients, y: Coefficients) -> Coefficients:
    divisor = where(logical_and(equal(x[0], 0), equal(y[0], 0)), 1, y[0])
    return _divide(ans, x, [divisor, *y[1:]])


@recurrence(sqrt)
def _sqrt(ans: Array, x: Coefficients) -> Coefficients:
    root: Coefficients = [ans]
    for k in range(1, len(x)):
        root.append(over(minus(x[k], convolved(root, root, k, 1, k - 1)), 2 * ans))
    return root


# --- powers and exponentials ----------------------------------------------------------------------


def _power_of(ans: Array, x: Coefficients, exponent: Any) -> Coefficients:
    """x p' = exponent x' p, for p = x^exponent."""
    powers, slopes_of_x = [ans], weighted(x)
    slopes: Coefficients = [None]
    for k in range(1, len(x)):
        grown = convolved(slopes_of_x, powers, k, 1)
        growth = None if grown is None else exponent * grown
        slopes.append(over(minus(growth, convolved(x, slopes, k, 1, k - 1)), x[0]))
        powers.append(over(slopes[k], k))
    return powers


@formula(constant_power)
def _constant_power(x: Array, exponent: Any) -> Array:
    is_integer = not isinstance(exponent, complex) and exponent == int(exponent)
    if not is_integer or math.fabs(exponent) > MOST_FACTORS:
        return _nonlinear_power(x, exponent)
    factors = int(math.fabs(exponent))
    product = _product(x, factors) if factors else 1.0
    return 1 / product if exponent < 0 else product


def _product(x: Array, factors: int) -> Array:
    """x to a positive power, by repeated squaring."""
    if factors == 1:
        return x
    half = _product(x * x, factors // 2)
    return x * half if factors % 2 else half


def _nonlinear_power(x: Array, exponent: Any) -> Array:
    series: Coefficients = [x.primal, *x.coefficients]
    primal = constant_power(x.primal, exponent=exponent)
    return SeriesTracer(x.level, primal, _power_of(primal, series, exponent)[1:])


def _power_series(application: Application) -> Coefficients:
    x, y = application.from_order_zero()
    if application.arguments[1] is None:
        return _power_of(application.ans, x, y[0])[1:]
    base, exponent = application.traced(application.order)
    logarithm = exponent * log(where(equal(base, 0), 1, base))
    return _exponential(application.ans, [None, *application.coefficients_of(logarithm)])[1:]


power.series = _power_series


@recurrence(exp)
def _exponential(ans: Array, x: Coefficients) -> Coefficients:
    powers, slopes = [ans], weighted(x)
    for k in range(1, len(x)):
        powers.append(over(convolved(slopes, powers, k, 1), k))
    return powers


@recurrence(expm1)
def _expm1(ans: Array, x: Coefficients) -> Coefficients:
    return _exponential(exp(x[0]), x)


@recurrence(gaussian)
def _gaussian(ans: Array, x: Coefficients) -> Coefficients:
    return _exponential(ans, [minus(None, c) for c in _square(None, x)])


# --- circular and hyperbolic functions ------------------------------------------------------------


def _turned(
    sine: Array, cosine: Array, x: Coefficients, curvature: int
) -> tuple[Coefficients, Coefficients]:
    """s' = c x' and c' = curvature s x': sine and cosine, circular (-1) or hyperbolic (1)."""
    sines, cosines, slopes = [sine], [cosine], weighted(x)
    for k in range(1, len(x)):
        sines.append(over(convolved(slopes, cosines, k, 1), k))
        cosines.append(over(convolved(slopes, sines, k, 1), curvature * k))
    return sines, cosines


@recurrence(sin)
def _sin(ans: Array, x: Coefficients) -> Coefficients:
    return _turned(ans, cos(x[0]), x, -1)[0]


@recurrence(cos)
def _cos(ans: Array, x: Coefficients) -> Coefficients:
    return _turned(sin(x[0]), ans, x, -1)[1]


@recurrence(sinh)
def _sinh(ans: Array, x: Coefficients) -> Coefficients:
    return _turned(ans, cosh(x[0]), x, 1)[0]


@recurrence(cosh)
def _cosh(ans: Array, x: Coefficients) -> Coefficients:
    return _turned(sinh(x[0]), ans, x, 1)[1]


@recurrence(tan)
def _tan(ans: Array, x: Coefficients) -> Coefficients:
    """y' = g x' with g = 1 + y^2."""
    tangents, slopes = [ans], weighted(x)
    growth: Coefficients = [1 + ans * ans]
    for k in range(1, len(x)):
        tangents.append(over(convolved(slopes, growth, k, 1), k))
        growth.append(convolved(tangents, tangents, k))
    return tangents


def _saturating(
    value: Array, slope: Array, x: Coefficients, constant: int
) -> tuple[Coefficients, Coefficients]:
    """y' = u x' and u' = (constant - 2 y) u x': tanh (0) and expit (1), with their slopes u.

    The slope has all digits in the tails, where one that is computed from y has none.
    """
    values, growth, slopes = [value], [slope], weighted(x)
    rates: Coefficients = [constant - 2 * value]
    for k in range(1, len(x)):
        values.append(over(convolved(slopes, growth, k, 1), k))
        accelerations = [convolved(rates, growth, j) for j in range(k)]
        growth.append(over(convolved(slopes, [*accelerations, None], k, 1), k))
        rates.append(None if values[k] is None else -2 * values[k])
    return values, growth


def _tanh_and_slope(value: Array, x: Coefficients) -> tuple[Coefficients, Coefficients]:
    slope = 1 - value * value if is_complex(x[0]) else over_cosh_squared(1.0, x[0])
    return _saturating(value, slope, x, 0)


@recurrence(tanh)
def _tanh(ans: Array, x: Coefficients) -> Coefficients:
    return _tanh_and_slope(ans, x)[0]


@recurrence(over_cosh_squared)
def _over_cosh_squared(ans: Array, g: Coefficients, x: Coefficients) -> Coefficients:
    return _multiply(ans, g, _tanh_and_slope(tanh(x[0]), x)[1])


@recurrence(expit)
def _expit(ans: Array, x: Coefficients) -> Coefficients:
    return _saturating(ans, expit_slope(x[0]), x, 1)[0]


@recurrence(expit_slope)
def _expit_slope(ans: Array, x: Coefficients) -> Coefficients:
    return _saturating(expit(x[0]), ans, x, 1)[1]


# --- triangles and sizes --------------------------------------------------------------------------


@recurrence(hypot)
def _hypot(ans: Array, x: Coefficients, y: Coefficients) -> Coefficients:
    sizes: Coefficients = [ans]
    for k in range(1, len(x)):
        squares = plus(convolved(x, x, k), convolved(y, y, k))
        sizes.append(over(minus(squares, convolved(sizes, sizes, k, 1, k - 1)), 2 * ans))
    return sizes


@formula(leg_over_hypotenuse)
def _leg_over_hypotenuse(x: Array, y: Array, size: Array) -> Array:
    return divide_or_zero(x, size)


@formula(leg_over_square)
def _leg_over_square(x: Array, y: Array, size: Array) -> Array:
    return x / size / size


@formula(direction)
def _direction(x: Array, size: Array, axis: tuple[int, ...]) -> Array:
    return divide_or_zero(x, size)


def _squared_size(x: Array) -> Array:
    return real(x * conj(x)) if is_complex(x) else x * x


@formula(abs)
def _abs(x: Array) -> Array:
    return sqrt(_squared_size(x)) if is_complex(x) else x * sign(x)


@formula(norm)
def _norm(x: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    return sqrt(sum(_squared_size(x), axis=axis, keepdims=keepdims))


# --- softmax and its family -----------------------------------------------------------------------


def _exponentials(x: Array, axis: tuple[int, ...]) -> Array:
    """exp(x) over that of the largest, which is a constant here."""
    values = real(stop_gradient(x))
    largest = largest_along(values, axis=axis, keepdims=True) if axis else values
    return exp(x - largest)


@formula(softmax)
def _softmax(x: Array, axis: tuple[int, ...]) -> Array:
    exponentials = _exponentials(x, axis)
    return exponentials / sum(exponentials, axis=axis, keepdims=True)


@formula(logsumexp)
def _logsumexp(x: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    return log(sum(_exponentials(x, axis), axis=axis, keepdims=keepdims))


@formula(log_softmax)
def _log_softmax(x: Array, axis: tuple[int, ...]) -> Array:
    return x - logsumexp(x, axis=axis, keepdims=True)


@formula(less_mean)
def _less_mean(g: Array, weights: Array, axis: tuple[int, ...]) -> Array:
    return g - total_from_the_end(weights * g, axis)


@formula(less_share)
def _less_share(g: Array, weights: Array, axis: tuple[int, ...]) -> Array:
    return g - weights * total_from_the_end(g, axis)


@formula(without_part_along)
def _without_part_along(g: Array, unit: Array, axis: tuple[int, ...]) -> Array:
    return g - unit * total_from_the_end(unit * g, axis)


# --- linear systems -------------------------------------------------------------------------------


@recurrence(solve)
def _solve(ans: Array, a: Coefficients, b: Coefficients) -> Coefficients:
    solutions: Coefficients = [ans]
    for k in range(1, len(a)):
        right = minus(b[k], convolved(a, solutions, k, 1, times=matmul))
        solutions.append(None if right is None else solve(a[0], right))
    return solutions


# --- Bessel functions -----------------------------------------------------------------------------


def _composed(x: Array, derivatives: list[Array]) -> Array:
    """A function of x from its derivatives of order 1, 2, ... at the point, by Horner's scheme."""
    step = SeriesTracer(x.level, fill(None, x.primal), x.coefficients)
    total: Array = 0
    for k in range(len(derivatives), 0, -1):
        total = step * (total + derivatives[k - 1] / math.factorial(k))
    return total


def _derivatives(
    function: Primitive, x: Array, order: int, reflected: int, count: int
) -> list[Array]:
    """Those of order 1 to `count` of a Bessel function (DLMF 10.6.7 and 10.29.5).

    reflected: its sign, to the power of the order, at the opposite order; the derivatives of J are
    differences of those with the next lower and higher order, those of I sums.
    """

    def value(n: int) -> Array:
        return reflected**n * function(x, order=-n) if n < 0 else function(x, order=n)

    derivatives = []
    for k in range(1, count + 1):
        total: Array = 0
        for j in range(k + 1):
            total = total + reflected**j * math.comb(k, j) * value(order - k + 2 * j)
        derivatives.append(total / 2**k)
    return derivatives


@formula(bessel_j)
def _bessel_j(x: Array, order: int) -> Array:
    return _composed(x, _derivatives(bessel_j, x.primal, order, -1, len(x.coefficients)))


@formula(bessel_i)
def _bessel_i(x: Array, order: int) -> Array:
    return _composed(x, _derivatives(bessel_i, x.primal, order, 1, len(x.coefficients)))


@formula(bessel_i_scaled)
def _bessel_i_scaled(x: Array, order: int) -> Array:
    """exp(-|x|) I(x), from the derivatives of I times the same exponential."""
    derivatives = _derivatives(bessel_i_scaled, x.primal, order, 1, len(x.coefficients))
    value = bessel_i_scaled(x.primal, order=order)
    decay = exp(-sign(x.primal) * (x - x.primal))
    return decay * (value + _composed(x, derivatives))
