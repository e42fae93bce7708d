"""The Taylor remainder.

What f(x + hv) leaves beyond its linear part is of second order in h, if the slope is right.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from functools import cache
from math import isfinite, log2, nan
from typing import Any

import numpy as np

from adbench.cases.question import Question
from adbench.cases.static import map_arrays
from adbench.namespaces.frozen import frozen_function
from adbench.truth.evaluation import EXTENDED, UNDECIDED, Balls, rounded
from ball_arithmetic import numbers, precision, xp
from reference_ad.engine import tree

FEW_INPUTS = 10_000
"""The order is taken where there are no more active scalars than this: each of its function values,
in balls, then takes milliseconds."""

TOO_LOW = 1.5
"""A remainder of a lower order than this shows that the slope is off."""

STEPS = tuple(2.0**-k for k in range(3, 31))
"""The steps h of the Taylor remainder, each half of the one before, so that their quotients are
exact."""

ABOVE_NOISE = 64.0
"""A remainder counts where it is this many times what rounding may contribute to it; the order is
then within 0.05."""

WORKING_BITS = 128
"""The precision in which the function's values are enclosed."""

SPACING = 2 * EXTENDED
"""The relative rounding of the function's values, in longdouble."""

Ray = Callable[[float], Any]
"""The function along the tangent, h -> u . f(x + hv), as longdouble."""


def ray_of(question: Question) -> Ray:
    """Return the function along the tangent, right to the last digit of longdouble.

    Each value is computed once.

    It is nan where balls of the lowest precision do not tell that digit: at a kink, say, or where
    they are unbounded. What passes `stop_gradient` is what it is at the point itself.
    """
    inputs = question.inputs.astype(np.float64)
    arguments = [map_arrays(Balls().asarray, argument) for argument in inputs.arguments]
    start = arguments[inputs.active]
    function = frozen_function(question.model.output, xp, tuple(arguments))

    @cache
    def value(h: float) -> Any:
        with precision(WORKING_BITS):
            arguments[inputs.active] = tree.map(
                lambda x, v: x + h * numbers(v), start, inputs.tangent
            )
            try:
                output = function(*arguments)
                projected = xp.sum(output * numbers(inputs.cotangent))
            except UNDECIDED:
                return np.longdouble(nan)
            centre, radius = (array[()] for array in rounded(projected.primal))
        is_sharp = radius <= 4 * EXTENDED * abs(centre)
        return centre if is_sharp else np.longdouble(nan)

    return value


def taylor_order(ray: Ray, slope: float, tolerance: float) -> float:
    """Return the order in h of the remainder |f(h) - f(0) - h slope|.

    2 where the slope is right, 1 where it is not.

    slope: u'J v, right up to `tolerance`. The order is taken between the two smallest steps at
    which rounding does not show; nan where there are none, as for a linear function.
    """
    start = ray(0.0)

    def remainder(h: float) -> float:
        """What is left at a step; 0 where rounding may have made it."""
        value = ray(h)
        left = abs(float(value - start - np.longdouble(h) * np.longdouble(slope)))
        noise = SPACING * (abs(float(value)) + abs(float(start))) + h * tolerance
        return left if isfinite(left) and left >= ABOVE_NOISE * noise else 0.0

    if not remainder(STEPS[0]):
        return nan
    # It shrinks with the step, so that not all of them need to be tried.
    count = bisect_left(STEPS, True, lo=1, key=lambda h: not remainder(h))
    if count < 2:
        return nan
    return log2(remainder(STEPS[count - 2]) / remainder(STEPS[count - 1]))
