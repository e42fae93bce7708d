"""Enclosures: an answer in ball arithmetic, at a precision raised until it is far sharper than any
dtype judged.

The model's spec and the reference engine's rules are evaluated on FLINT's balls (F. Johansson, Arb:
efficient arbitrary-precision midpoint-radius interval arithmetic, IEEE Trans. Computers 66, 2017):
every result contains the exact one. The inputs are the float64 numbers that all backends get. For
derivatives the active ones are widened by one unit of the working precision, so that a point on a
kink has both sides of it in its ball: the comparison is then undecided, and the answer is the hull
of both branches, not a convention.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import nan
from typing import Any

import numpy as np

import ball_arithmetic
from adbench.backends.base import prepare, to_backend
from adbench.backends.reference import Tape
from adbench.cases.inputs import Inputs
from adbench.cases.model import Model
from adbench.cases.operators import MODES, Mode, Operator, passes
from adbench.truth.answers import Answer, Array
from ball_arithmetic import numbers, precision
from reference_ad import numpy as xp
from reference_ad.engine import tree

PRECISIONS = (128, 256, 512, 1060)
"""The working precisions tried one after the other (bits). At the last a derivative that is 0 is
known to underflow."""

SHARP = 2.0**-68
"""An entry is sharp when its radius is at most this part of its size: 2^-15 ulp of float64."""

NEGLIGIBLE = 2.0**-100
"""An entry is as good as zero when it and its radius are at most this part of the largest entry of
its array."""


LEAST = 2.0**-1074
"""The smallest positive double."""

EXTENDED = float(np.finfo(np.longdouble).eps) / 2
"""The unit roundoff of longdouble: what rounding a midpoint to it may cost, relatively."""


UNDECIDED = (ValueError, ZeroDivisionError)
"""What the engine and FLINT raise where balls leave open how to go on: `UndecidedError` is a
ValueError."""


class Balls(Tape):
    """The reference engine on arrays of balls. Integer and boolean arrays stay what they are.

    widened_by: the radius given to the arrays of the tree `active`, in units of their size, and
    absolutely at 0.
    xp: the namespace for the model, in which the floats that it brings along are balls too.
    """

    def __init__(
        self, widened_by: float = 0.0, active: Any = (), xp: Any = ball_arithmetic.xp
    ) -> None:
        self.xp = xp
        self._widened_by = widened_by
        self._active = {id(leaf) for leaf in tree.leaves(active)} if widened_by else set()

    def asarray(self, array: Array) -> Any:
        if not np.issubdtype(array.dtype, np.floating):
            return np.array(array)
        if id(array) in self._active:
            # Never narrower than a step of a certificate, not even where the product underflows.
            radius = np.maximum(self._widened_by * np.where(array == 0, 1.0, np.abs(array)), LEAST)
            return numbers(array, radius)
        return numbers(array)


@dataclass(frozen=True)
class Enclosure:
    """Arrays of balls that contain the answer, with their paths in its tree, computed with so many
    bits."""

    paths: tuple[str, ...]
    balls: tuple[Any, ...]
    bits: int

    @property
    def is_finite(self) -> bool:
        """Whether every ball is bounded."""
        return all(ball.is_finite() for array in self.balls for ball in array.primal.flat)

    def rounded(self) -> tuple[Answer, tuple[Array, ...]]:
        """Return the midpoints rounded to longdouble, and radii (float64) around these that contain
        the balls.

        Where a ball is unbounded the midpoint is nan and the radius infinite.
        """
        with precision(self.bits):
            pairs = [rounded(array.primal) for array in self.balls]
        return Answer(self.paths, tuple(centre for centre, _ in pairs)), tuple(
            radius for _, radius in pairs
        )


def enclose(model: Model, inputs: Inputs, operator: Operator, order: int) -> Enclosure:
    """Return the sharpest enclosure of an answer that the precisions give.

    inputs: float64. At a kink, and where the function has no value, balls stay wide or unbounded.
    Raises ValueError or ZeroDivisionError where no precision decides how the program goes on: it
    branches, sorts or indexes on a comparison of equal numbers, or solves a singular system.
    """
    best: Enclosure | None = None
    reason: Exception | None = None
    for bits in PRECISIONS:
        try:
            with precision(bits):
                paths, balls = evaluate(model, inputs, operator, order, widened_by=2.0**-bits)
        except UNDECIDED as error:
            reason = error
            continue
        found = Enclosure(paths, balls, bits)
        if all(map(_is_sharp, found.balls)):
            return found
        if best is not None and not _sharpened(best, found):
            return best
        best = found
    if best is None:
        assert reason is not None
        raise reason
    return best


def evaluate(
    model: Model,
    inputs: Inputs,
    operator: Operator,
    order: int,
    *,
    widened_by: float = 0.0,
    xp: Any = ball_arithmetic.xp,
) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Evaluate the answer in balls of the present precision, in its cheapest mode; return its paths
    and its arrays.

    widened_by: the radius given to the active numbers of a derivative, in units of their size, and
    absolutely at 0.
    xp: the namespace for the model.
    """
    backend = Balls(
        widened_by if operator is not Operator.VALUE else 0.0, inputs.arguments[inputs.active], xp
    )
    problem = to_backend(backend, model.function, inputs, operator)
    _, call = prepare(backend, problem, operator, cheapest(operator, inputs), order)
    answer = call(problem.active, problem.constants, problem.direction)
    return tuple(tree.paths(answer)), tuple(numbers(leaf) for leaf in tree.leaves(answer))


def cheapest(operator: Operator, inputs: Inputs) -> Mode:
    """Return the mode that takes the fewest passes."""
    return min(MODES[operator], key=lambda mode: passes(operator, mode, inputs.n, inputs.m))


def along_tangent(model: Model, inputs: Inputs) -> Callable[[float], Any]:
    """Return h -> u . f(x + hv), right to the last digit of longdouble, each value computed once.

    It is nan where balls of the lowest precision do not tell that digit: at a kink, say, or where
    they are unbounded.
    """
    arguments = [tree.map(Balls().asarray, argument) for argument in inputs.arguments]
    active = arguments[inputs.active]

    @cache
    def value(h: float) -> Any:
        with precision(PRECISIONS[0]):
            arguments[inputs.active] = tree.map(
                lambda x, v: x + h * numbers(v), active, inputs.tangent
            )
            try:
                projected = xp.sum(model.function(xp, *arguments) * numbers(inputs.cotangent))
            except UNDECIDED:
                return np.longdouble(nan)
            centre, radius = (array[()] for array in rounded(projected.primal))
        return centre if radius <= 4 * EXTENDED * abs(centre) else np.longdouble(nan)

    return value


def rounded(balls: Array) -> tuple[Array, Array]:
    """Return the midpoints of balls as longdouble, and the radii around those (float64), rounded
    outwards.

    nan and inf where a ball is unbounded.
    """
    elements = balls.ravel().tolist()
    finite = np.array([ball.is_finite() for ball in elements], bool).reshape(balls.shape)
    high = [float(ball.mid()) for ball in elements]
    rest = [ball - x if abs(x) < np.inf else ball for ball, x in zip(elements, high, strict=True)]
    low = [float(ball.mid()) for ball in rest]
    left = np.array(
        [float((ball - x).abs_upper()) for ball, x in zip(rest, low, strict=True)]
    ).reshape(balls.shape)
    with np.errstate(all="ignore"):
        centres = np.array(high, np.longdouble).reshape(balls.shape) + np.array(
            low, np.longdouble
        ).reshape(balls.shape)
        # What is left over, rounded to a double, and the rounding of the sum of the two doubles.
        lost = np.where(np.array(low).reshape(balls.shape) == 0, 0.0, EXTENDED * np.abs(centres))
        radii = np.nextafter(left, np.inf, where=left > 0, out=left.copy()) * (1 + 1e-15) + lost
    return np.where(finite, centres, np.nan), np.where(finite, radii, np.inf).astype(np.float64)


def _is_sharp(balls: Any) -> bool:
    elements = balls.primal.ravel().tolist()
    if all(ball.rel_accuracy_bits() > 70 for ball in elements):
        return True
    radii, sizes = _radii_and_sizes(balls)
    if not np.isfinite(radii).all():
        return False
    tiny = NEGLIGIBLE * np.max(sizes, initial=0.0)
    sharp = radii <= SHARP * sizes
    return bool(np.all(sharp | (sizes + radii <= tiny) | (radii == 0)))


def _sharpened(before: Enclosure, after: Enclosure) -> bool:
    """Whether a higher precision has made any ball a thousand times sharper, so that a still higher
    one may help."""
    for old, new in zip(before.balls, after.balls, strict=True):
        first, second = _radii_and_sizes(old)[0], _radii_and_sizes(new)[0]
        if np.any((second < first / 1000) | (np.isfinite(second) & ~np.isfinite(first))):
            return True
    return False


def _radii_and_sizes(balls: Any) -> tuple[Array, Array]:
    elements = balls.primal.ravel().tolist()
    radii = np.array([float(ball.rad()) if ball.is_finite() else np.inf for ball in elements])
    sizes = np.array([abs(float(ball.mid())) if ball.is_finite() else 0.0 for ball in elements])
    return radii, sizes
