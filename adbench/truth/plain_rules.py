"""Plain rules of what the engine differentiates with care, for the bounds of what others compute.

Where the engine leaves out a part of a derivative that is 0 in exact arithmetic, or that cancels,
other formulas have it, and its rounding: the bounds take it in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reference_ad.engine.core import Primitive, Rule, UnlistedPrimitive
from reference_ad.engine.declaring import define
from reference_ad.rules.elementwise import (
    divide_or_zero,
    leg_over_hypotenuse,
    leg_over_square,
    one_minus_square,
)
from reference_ad.rules.linalg import direction
from reference_ad.rules.reductions import less_mean, less_share, total_from_the_end


def _by_quotient(g: Any, ans: Any, x: Any, *rest: Any, **params: Any) -> Any:
    return divide_or_zero(g, rest[-1])


def _by_divisor(g: Any, ans: Any, x: Any, *rest: Any, **params: Any) -> Any:
    return -divide_or_zero(g, rest[-1]) * ans


Rules = Sequence[Rule | None]
"""A rule for each argument; None where it has no derivative."""

LEG_OVER_SQUARE: Rules = [
    lambda g, ans, x, y, size: g / size / size,
    None,
    lambda g, ans, x, y, size: -2 * g * ans / size,
]

ONE_MINUS_SQUARE: Rules = [lambda g, ans, x: g * (1 - x) - g * (1 + x)]

PLAIN_RULES: Mapping[Primitive, tuple[Rules, Rules]] = {
    one_minus_square: (ONE_MINUS_SQUARE, ONE_MINUS_SQUARE),
    leg_over_hypotenuse: ([_by_quotient, None, _by_divisor], [_by_quotient, None, _by_divisor]),
    leg_over_square: (LEG_OVER_SQUARE, LEG_OVER_SQUARE),
    direction: ([_by_quotient, _by_divisor], [_by_quotient, _by_divisor]),
    less_mean: (
        [
            lambda t, ans, g, weights, axis: less_mean(t, weights, axis=axis),
            lambda t, ans, g, weights, axis: -total_from_the_end(t * g, axis),
        ],
        [
            lambda c, ans, g, weights, axis: less_share(c, weights, axis=axis),
            lambda c, ans, g, weights, axis: -total_from_the_end(c, axis) * g,
        ],
    ),
}
"""The JVP and VJP rules of each argument, as the plain formula of the value has them."""


def plain_rules() -> dict[Primitive, Primitive]:
    """Return for each primitive of `PLAIN_RULES` the same function with its plain rules."""
    rules = {}
    for primitive, (jvps, vjps) in PLAIN_RULES.items():
        name, implementation = primitive.name, primitive.implementation
        other = define(name, implementation, jvps=jvps, vjps=vjps, kind=UnlistedPrimitive)
        rules[primitive] = primitive.with_rules(jvp=other.jvp, vjps=vjps)
    return rules
