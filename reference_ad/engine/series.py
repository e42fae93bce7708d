"""Taylor mode's level: truncated power series travel with the values.

An array is the path x(t) = x_0 + x_1 t + ... + x_K t^K, and a primitive maps the coefficients of
its arguments to those of its answer (A. Griewank and A. Walther, Evaluating Derivatives, 2nd ed.,
SIAM 2008, chapter 13). Coefficients are normalised: x_k is the k-th derivative over k!.

What is known of a primitive decides how:

- one that is linear is applied to one coefficient after another, one that is bilinear to all pairs;
- one with a recurrence (`rules/series.py`) follows it, in about K^2 operations;
- any other follows its own JVP rule, which is an ordinary differential equation for its answer,
  y' = J(x, y) x'. The rule is a program of primitives, so it maps series to series: from x and y to
  order k it gives y' to order k, and so y to order k + 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .arguments import fill
from .core import Array, Level, Primitive, Tracer
from .declaring import broadcast_tangent

Coefficients = list[Array | None]
"""Taylor coefficients, from order 1 on; None for one that is 0."""


class SeriesTracer(Tracer):
    """An array with the Taylor coefficients of the path that it lies on."""

    __slots__ = ("coefficients",)

    def __init__(self, level: Level, primal: Array, coefficients: Coefficients) -> None:
        self.level = level
        self.primal = primal
        self.coefficients = coefficients


class Application:
    """A primitive with its arguments, of which some are series.

    order:     up to which its answer is known: the least among the arguments
    primals:   the arguments at t = 0
    arguments: for each argument its coefficients up to that order; None for a constant
    ans:       the primitive's answer at t = 0
    """

    __slots__ = ("ans", "arguments", "level", "order", "params", "primals", "primitive")

    def __init__(
        self, level: Series, primitive: Primitive, args: Sequence[Array], params: dict[str, Any]
    ) -> None:
        self.level = level
        self.primitive = primitive
        self.params = params
        self.primals: list[Array] = []
        self.arguments: list[Coefficients | None] = []
        for arg in args:
            is_series = isinstance(arg, SeriesTracer) and arg.level is level
            self.primals.append(arg.primal if is_series else arg)
            self.arguments.append(arg.coefficients if is_series else None)
        self.order = min([len(series) for series in self.arguments if series is not None])
        self.ans = primitive(*self.primals, **params)

    def traced(self, order: int) -> list[Array]:
        """The arguments as tracers, up to an order."""
        return [
            primal if series is None else SeriesTracer(self.level, primal, series[:order])
            for primal, series in zip(self.primals, self.arguments, strict=True)
        ]

    def from_order_zero(self) -> list[Coefficients]:
        """For each argument its coefficients from order 0 on, those of a constant too."""
        zeros: Coefficients = [None] * self.order
        return [
            [primal, *(zeros if series is None else series[: self.order])]
            for primal, series in zip(self.primals, self.arguments, strict=True)
        ]

    def coefficients_of(self, value: Array) -> Coefficients:
        """Those of an array, up to the order that it is known to; a constant's are 0."""
        if isinstance(value, SeriesTracer) and value.level is self.level:
            return value.coefficients
        return [None] * self.order


class Series(Level):
    """The level of Taylor mode."""

    __slots__ = ()

    def process(
        self, primitive: Primitive, args: tuple[Array, ...], params: dict[str, Any]
    ) -> Array:
        application = Application(self, primitive, args, params)
        ans = application.ans
        if primitive.jvp is None:
            return ans
        if self.other_rules:
            application.primitive = self.other_rules.get(primitive, primitive)
        coefficients = [
            None if coefficient is None else broadcast_tangent(coefficient, ans)
            for coefficient in rule_of(application.primitive)(application)
        ]
        return SeriesTracer(self, ans, coefficients)


# --- rules for every primitive --------------------------------------------------------------------


def rule_of(primitive: Primitive) -> Callable[[Application], Coefficients]:
    """How coefficients go through a primitive that is not locally constant."""
    return primitive.series or (_multilinear if primitive.linear else by_derivative)


def coefficientwise(application: Application) -> Coefficients:
    """The coefficients of a map whose derivative is the same along the path: it is linear.

    So are choices between arguments, which depend on the values alone.
    """
    coefficients: Coefficients = []
    jvp, ans, primals = application.primitive.jvp, application.ans, application.primals
    assert jvp is not None
    for k in range(application.order):
        tangents = [None if series is None else series[k] for series in application.arguments]
        is_zero = all(tangent is None for tangent in tangents)
        coefficients.append(None if is_zero else jvp(tangents, ans, primals, application.params))
    return coefficients


def _multilinear(application: Application) -> Coefficients:
    """Those of a primitive that is linear in each argument taken alone."""
    active = [
        position for position, series in enumerate(application.arguments) if series is not None
    ]
    if len(active) == 1:
        return coefficientwise(application)
    x, y = application.from_order_zero()

    def times(a: Array, b: Array) -> Array:
        return application.primitive(a, b, **application.params)

    return [convolved(x, y, k, times=times) for k in range(1, application.order + 1)]


def by_derivative(application: Application) -> Coefficients:
    """The coefficients of any primitive, from its JVP rule.

    Each pass through the rule gives at least one more; a rule that does without the answer gives
    all of them at once.
    """
    order, jvp = application.order, application.primitive.jvp
    assert jvp is not None
    args = application.traced(order - 1)
    tangents = [
        None if series is None else _velocity(application.level, primal, series[:order])
        for primal, series in zip(application.primals, application.arguments, strict=True)
    ]
    coefficients: Coefficients = []
    while len(coefficients) < order:
        ans = SeriesTracer(application.level, application.ans, coefficients)
        slope = jvp(tangents, ans, args, application.params)
        if slope is None:
            return [None] * order
        first = slope
        if isinstance(slope, SeriesTracer) and slope.level is application.level:
            first = slope.primal
        higher = application.coefficients_of(slope)
        coefficients = [first, *[over(c, k) for k, c in enumerate(higher, 2)]][:order]
    return coefficients


def _velocity(level: Level, primal: Array, series: Coefficients) -> Array | None:
    """The series of x', whose coefficients are k x_k; None where it is 0."""
    if all(coefficient is None for coefficient in series):
        return None
    first = fill(series[0], primal)
    higher = [None if c is None else k * c for k, c in enumerate(series[1:], 2)]
    return SeriesTracer(level, first, higher)


# --- arithmetic of coefficients -------------------------------------------------------------------


def _times(x: Array, y: Array) -> Array:
    return x * y


def convolved(
    x: Coefficients,
    y: Coefficients,
    k: int,
    first: int = 0,
    last: int | None = None,
    *,
    times: Callable[[Array, Array], Array] = _times,
) -> Array | None:
    """The sum of x_j y_(k-j) over j from `first` to `last`, which is k unless it is given.

    Lists from order 0 on; None for zero.
    """
    total = None
    for j in range(first, (k if last is None else last) + 1):
        factor, other = x[j], y[k - j]
        if factor is not None and other is not None:
            part = times(factor, other)
            total = part if total is None else total + part
    return total


def plus(x: Array | None, y: Array | None) -> Array | None:
    """x + y, where None is zero."""
    if x is None:
        return y
    return x if y is None else x + y


def minus(x: Array | None, y: Array | None) -> Array | None:
    """x - y, where None is zero."""
    if y is None:
        return x
    return -y if x is None else x - y


def over(x: Array | None, divisor: Any) -> Array | None:
    """x divided by what is not None."""
    return None if x is None else x / divisor


def weighted(x: Coefficients) -> Coefficients:
    """The coefficients k x_k of t x'(t), from order 0 on."""
    return [None, *[None if c is None else k * c for k, c in enumerate(x[1:], 1)]]
