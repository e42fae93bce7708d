"""How far other formulas for a derivative may be off.

The engine has one formula for the slope of each function, others have others: tanh' as 1 - t^2, as
(1 + t) (1 - t), as 1 / cosh(x)^2. No list of them says what is right. What every careful formula
has in common is that it is stable: it gives the exact slope of nearby data, with nearby results (N.
J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002, section 1.5). So the
slope phi_k of a function phi, its derivative of order k, may be off by g units of roundoff of

    1. the slope itself,                                            |phi_k|,
    2. what the argument's last places do to it,                    |x phi_(k+1)|,
    3. for a function that is one to one, whose slope may be computed from its value y, what the
       value's last places do to it,                                |y phi_2 / phi_1|,
    4. for functions whose slopes in all arguments add up to 1, of that 1,

with g the guard of the format for functions; from the second order on, k times that for arithmetic,
for the values of functions do not enter anew. All of it is derived from the engine's own rules, by
differentiating them. 3 is |psi'(y) y| for phi' = psi(phi): e^y for exp, 1 for exp(x) - 1, 2 y^2 for
tanh.

A derivative that is small because its terms cancel, such as tanh'' near 0, is not small by another
formula: (1 - t) - (1 + t) rounds the 1. Its natural size is that of its neighbours (Landau's
inequality, |f'|^2 <= 2 max |f| max |f''|): from the second order on, 1 is

    max(|phi_k|, sqrt(|phi_(k-1) phi_(k+1)|)),

and an error of a lower order (3 and 4) grows with every order by the factor by which the function's
own derivatives do. These are sizes, and not enclosures: they are computed in float64 at the middle
of the argument.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from adbench.truth.formats import Format
from ball_arithmetic import midpoints, numbers, radii
from reference_ad import jet
from reference_ad.engine.core import PRIMITIVES, Primitive, Rule, other_rules
from reference_ad.engine.core import UnlistedPrimitive as Unlisted
from reference_ad.engine.declaring import Refusal, elementwise
from reference_ad.engine.elements import ElementArray, as_array
from reference_ad.engine.rounding import Rounding
from reference_ad.engine.series import Application, Coefficients, rule_of
from reference_ad.rules.elementwise import (
    acos,
    asin,
    asinh,
    atan,
    atanh,
    exp,
    expm1,
    log,
    log1p,
    log2,
    log10,
    sinh,
    tan,
    tanh,
)
from reference_ad.rules.special import expit, log_expit, logaddexp

Positions = tuple[int, ...]
"""With respect to which arguments a function is differentiated, one after the other."""

ONE_TO_ONE = frozenset(
    {exp, expm1, log, log1p, log2, log10, tan, asin, acos, atan, sinh, asinh, tanh, atanh, expit}
)
"""Functions that are one to one, and have an inverse that people write: their slopes may be
computed from their values."""

SLOPES_OF_ONE = frozenset({logaddexp, log_expit})
"""Functions whose slopes in all their arguments add up to 1, those in arguments that are constant
included: each may be computed as what the others leave of it."""


def tolerant_rules(form: Format) -> dict[Primitive, Primitive]:
    """Return for each function one whose derivatives contain those by other formulas, too.

    They are balls: give them to `other_rules`, where balls are computed with.
    """
    return {
        primitive: _tolerant(primitive, form)
        for primitive in list(PRIMITIVES.values())
        if primitive.elementwise
        and primitive.rounding is Rounding.FUNCTION
        and primitive.jvp is not None
    }


def _tolerant(primitive: Primitive, form: Format) -> Primitive:
    rules = [_with_noise(primitive, position, form) for position in range(len(primitive.vjps))]
    function = elementwise(primitive.name, primitive.implementation, *rules, kind=Unlisted)
    tolerant = primitive.with_rules(jvp=function.jvp, vjps=function.vjps)
    tolerant.series = _series_with_noise(primitive, form)
    return tolerant


def _series_with_noise(primitive: Primitive, form: Format) -> Callable[[Application], Coefficients]:
    """The rule of Taylor mode, and around what it gives what other recurrences may give.

    A recurrence is the equation y' = phi'(x) x' and computes slopes of the first order alone. One
    that is off by a part of itself, from a value that has no digits left for it, takes that part of
    every coefficient, once for each order.
    """

    def rule(application: Application) -> Coefficients:
        application.primitive = primitive
        coefficients = rule_of(primitive)(application)
        for position, series in enumerate(application.arguments):
            if series is not None and primitive.vjps[position] is not None:
                noise = _noise_of_slope(application, position, form)
                coefficients = [
                    _nearby(y, x, noise, order)
                    for order, (y, x) in enumerate(zip(coefficients, series, strict=False), 1)
                ]
        return coefficients

    return rule


def _noise_of_slope(application: Application, position: int, form: Format) -> tuple[Any, Any]:
    """By how much a slope is off, and by which part of it where it may be computed from a value."""
    primitive, args, params = application.primitive, application.primals, application.params
    noise = _noise(primitive, (position,), form)(*args, **params)
    if primitive not in ONE_TO_ONE:
        return noise, None
    slope = primitive.vjps[position]
    assert slope is not None
    return noise, noise / slope(1.0, application.ans, *args, **params)


def _nearby(y: Any, x: Any, noise: tuple[Any, Any], order: int) -> Any:
    """A coefficient of an answer, from that of an argument, with the noise of slopes around it."""
    absolute, relative = noise
    if x is not None:
        y = x * absolute if y is None else exact_sum(y, x * absolute)
    if y is not None and relative is not None:
        y = exact_sum(y, order * y * relative)
    return y


def _with_noise(primitive: Primitive, position: int, form: Format) -> Rule | None:
    """The rule for one argument, and around what it gives what others may give."""
    if primitive.vjps[position] is None:
        return None

    def rule(g: Any, ans: Any, *args: Any, **params: Any) -> Any:
        engines = primitive.vjps[position]
        assert engines is not None
        part = engines(g, ans, *args, **params)
        return exact_sum(part, g * _noise(primitive, (position,), form)(*args, **params))

    return rule


def _sum_of_balls(x: Any, y: Any) -> Any:
    if isinstance(x, ElementArray) and isinstance(y, ElementArray):
        return ElementArray(as_array(x.primal + y.primal))
    return x + y


exact_sum = elementwise(
    "exact sum", _sum_of_balls, lambda g, ans, x, y: g, lambda g, ans, x, y: g, kind=Unlisted
)
"""A sum that nobody computes, and nobody rounds."""


def rounding_of(relative: float) -> Primitive:
    """Return a linear function that is 0, in balls as wide as this part of its argument."""

    def implementation(x: Any) -> Any:
        return x * numbers(0.0, relative) if isinstance(x, ElementArray) else 0 * x

    lost = elementwise("rounding", implementation, lambda g, ans, x: lost(g), kind=Unlisted)
    return lost


@cache
def _noise(primitive: Primitive, positions: Positions, form: Format) -> Primitive:
    """A function that is 0, in balls as wide as other formulas for a derivative may be off.

    Its derivatives are functions like it.
    """

    def implementation(*args: Any, **params: Any) -> Any:
        if not any(isinstance(arg, ElementArray) for arg in args):
            return np.zeros(np.broadcast_shapes(*map(np.shape, args)))
        lost = _lost(primitive, positions, form, args, params)
        return numbers(np.zeros(lost.shape), lost)

    def slope(position: int) -> Rule:
        return lambda g, ans, *args, **params: (
            g * _noise(primitive, (*positions, position), form)(*args, **params)
        )

    slopes = [slope(position) for position in range(len(primitive.vjps))]
    return elementwise(f"noise of {primitive.name}", implementation, *slopes, kind=Unlisted)


def _lost(
    primitive: Primitive,
    positions: Positions,
    form: Format,
    args: tuple[Any, ...],
    params: dict[str, Any],
) -> Any:
    """By how much a derivative may be off beyond the rounding of the engine's own formula."""
    points, order = [_middles(arg) for arg in args], len(positions)
    with np.errstate(all="ignore"), other_rules({}):
        size = _Slopes(primitive, points, params).size(positions)
        if order == 1:
            lost = form.functions * form.unit * size
            lost = lost - _own_rounding(primitive, positions[0], points, params)
        else:
            lost = order * form.arithmetic * form.unit * size
    return np.where(np.isfinite(lost) & (lost > 0), lost, 0.0)


def _middles(arg: Any) -> Any:
    """The middles of balls as doubles; of complex ones as complex numbers."""
    middles = np.asarray(midpoints(arg) if isinstance(arg, ElementArray) else arg)
    return middles if middles.dtype.kind == "c" else middles.astype(np.float64)


def _own_rounding(
    primitive: Primitive, position: int, points: list[Any], params: dict[str, Any]
) -> Any:
    """How wide rounding makes the engine's slope at a point."""
    balls = [numbers(point) for point in points]
    rule = primitive.vjps[position]
    assert rule is not None
    ans = primitive(*balls, **params)
    return radii(rule(numbers(np.ones(ans.shape)), ans, *balls, **params))


class _Slopes:
    """The derivatives of a function at a point, and the sizes of their errors by other formulas."""

    def __init__(self, primitive: Primitive, points: list[Any], params: dict[str, Any]) -> None:
        self.primitive = primitive
        self.points = points
        self.params = params
        self._computed: dict[Positions, Any] = {}

    def at(self, positions: Positions) -> Any:
        """The absolute value of a derivative, float64; the function's own without positions."""
        if positions not in self._computed:
            self._computed[positions] = self._compute(positions)
        return self._computed[positions]

    def _compute(self, positions: Positions) -> Any:
        def function(*points: Any) -> Any:
            return self.primitive(*points, **self.params)

        for position, order in Counter(positions).items():
            function = _partial_derivative(function, position, order)
        return np.abs(function(*self.points))

    def size(self, positions: Positions) -> Any:
        """That of which a derivative may be off by some units of roundoff."""
        slope = self.at(positions)
        last = positions[-1]
        if len(positions) > 1:
            neighbours = self.at(positions[:-1]) * self.at((*positions, last))
            slope = np.maximum(slope, np.sqrt(neighbours))
        size = slope + sum(self._of_argument(positions))
        return size + self._of_value(positions)

    def _of_argument(self, positions: Positions) -> Iterator[Any]:
        """What the last places of the arguments do to a derivative."""
        for position, point in enumerate(self.points):
            rule = self.primitive.vjps[position]
            if rule is not None and not isinstance(rule, Refusal):
                yield np.nan_to_num(np.abs(point) * self.at((*positions, position)))

    def _of_value(self, positions: Positions) -> Any:
        """What the last places of the value, or of 1, do to a derivative."""
        first, last = positions[0], positions[-1]
        size: Any = 0.0
        slope = self.at((first,))
        if self.primitive in SLOPES_OF_ONE:
            size = 1.0
        if self.primitive in ONE_TO_ONE:
            curvature = self.at((first, first))
            size = np.nan_to_num(self.at(()) * curvature / slope)
        order = len(positions)
        if order == 1:
            return size
        neighbours = slope * self.at((first, last, last))
        growth = np.maximum(self.at((first, last)), np.sqrt(neighbours)) / slope
        return size * np.nan_to_num(math.factorial(order - 1) * growth ** (order - 1))


def _partial_derivative(
    function: Callable[..., Any], position: int, order: int
) -> Callable[..., Any]:
    """The derivative of an order with respect to one argument, element by element."""

    def derivative(*points: Any) -> Any:
        def of_one(x: Any) -> Any:
            return function(*points[:position], x, *points[position + 1 :])

        ones = np.ones_like(points[position])
        straight_path = [ones, *[None] * (order - 1)]
        return jet(of_one, (points[position],), (straight_path,))[1][-1]

    return derivative
