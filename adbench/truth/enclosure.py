"""Enclosures: an answer in ball arithmetic, at a precision raised until it is far sharper than any dtype judged.

The model's spec and the reference engine's rules are evaluated on FLINT's balls (F. Johansson, Arb: efficient
arbitrary-precision midpoint-radius interval arithmetic, IEEE Trans. Computers 66, 2017): every result contains the
exact one. The inputs are the float64 numbers that all backends get. For derivatives the active ones are widened by one
unit of the working precision, so that a point on a kink has both sides of it in its ball: the comparison is then
undecided, and the answer is the hull of both branches, not a convention.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adbench.backends.base import pose, prepare
from adbench.backends.reference import Tape
from adbench.spec.inputs import Inputs
from adbench.spec.model import Model
from adbench.spec.operators import MODES, Mode, Operator, passes
from adbench.truth.answers import Answer, Array
from reference_ad import scalars, tree

PRECISIONS = (128, 256, 512, 1024)
"""The working precisions tried one after the other (bits)."""

SHARP = 2.0**-68
"""An entry is sharp when its radius is at most this part of its size: 2^-15 ulp of float64."""

NOTHING = 2.0**-100
"""An entry is as good as zero when it and its radius are at most this part of the largest entry of its array."""


class Balls(Tape):
    """The reference engine on arrays of balls. Integer and boolean arrays stay what they are."""

    def asarray(self, array: Array) -> Any:
        return scalars.numbers(array) if np.issubdtype(array.dtype, np.floating) else np.array(array)


@dataclass(frozen=True)
class Enclosure:
    """Arrays of balls that contain the answer, with their paths in its tree, computed with so many bits."""

    paths: tuple[str, ...]
    balls: tuple[Any, ...]
    bits: int

    @property
    def is_finite(self) -> bool:
        """Whether every ball is bounded."""
        return all(ball.is_finite() for array in self.balls for ball in array.primal.flat)

    def rounded(self) -> tuple[Answer, tuple[Array, ...]]:
        """Return the midpoints rounded to longdouble, and radii (float64) around these that contain the balls.

        Where a ball is unbounded the midpoint is nan and the radius infinite.
        """
        with np.errstate(invalid="ignore"):
            centres = [np.asarray(scalars.midpoints(array, np.longdouble)) for array in self.balls]
        radii = []
        for array, centre in zip(self.balls, centres, strict=True):
            finite = np.isfinite(centre)
            radius = np.asarray(scalars.radii(array, np.where(finite, centre, 0)))
            radii.append(np.where(finite, radius, np.inf))
        return Answer(self.paths, tuple(centres)), tuple(radii)


def enclose(model: Model, inputs: Inputs, operator: Operator, order: int) -> Enclosure | None:
    """Return the sharpest enclosure of an answer that the precisions give.

    inputs: float64. None where the program branches, sorts or indexes on a comparison that no precision decides. At a
    kink, and where the function has no value, balls stay wide or unbounded.
    """
    best: Enclosure | None = None
    for bits in PRECISIONS:
        try:
            with scalars.precision(bits):
                paths, balls = evaluate(model, inputs, operator, order, widened_by=2.0**-bits)
        except scalars.UndecidedError:
            continue
        found = Enclosure(paths, balls, bits)
        if all(map(_is_sharp, found.balls)):
            return found
        if best is not None and not _sharpened(best, found):
            return best
        best = found
    return best


def evaluate(
    model: Model, inputs: Inputs, operator: Operator, order: int, *, widened_by: float = 0.0
) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Evaluate the answer in balls of the present precision, in its cheapest mode; return its paths and its arrays.

    widened_by: the radius given to the active numbers of a derivative, in units of their size, and absolutely at 0.
    """
    backend = Balls()
    problem = pose(backend, model.function, inputs, operator)
    if widened_by and operator is not Operator.VALUE:
        leaves = tree.leaves(inputs.arguments[inputs.active])
        radii = [widened_by * np.where(leaf == 0, 1.0, np.abs(leaf)) for leaf in leaves]
        structure = tree.flatten(problem.active)[1]
        active = [scalars.numbers(leaf, radius) for leaf, radius in zip(leaves, radii, strict=True)]
        problem = replace(problem, active=tree.unflatten(structure, active))
    _, call = prepare(backend, problem, operator, cheapest(operator, inputs), order)
    answer = call(problem.active, problem.constants, problem.direction)
    return tuple(tree.paths(answer)), tuple(scalars.numbers(leaf) for leaf in tree.leaves(answer))


def cheapest(operator: Operator, inputs: Inputs) -> Mode:
    """Return the mode that takes the fewest passes."""
    return min(MODES[operator], key=lambda mode: passes(operator, mode, inputs.n, inputs.m))


def _is_sharp(balls: Any) -> bool:
    radii, sizes = _radii_and_sizes(balls)
    if not np.isfinite(radii).all():
        return False
    tiny = NOTHING * np.max(sizes, initial=0.0)
    sharp = radii <= SHARP * sizes
    return bool(np.all(sharp | (sizes + radii <= tiny) | (radii == 0)))


def _sharpened(before: Enclosure, after: Enclosure) -> bool:
    """Whether a higher precision has made any ball a thousand times sharper, so that a still higher one may help."""
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
