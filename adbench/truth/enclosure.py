"""Enclosures.

An answer in balls, at a precision raised until it is far sharper than any dtype judged.

For derivatives the active inputs are widened by one unit of the working precision, so that a point
on a kink has both sides of it in its ball: the comparison is then undecided, and the answer is the
hull of both branches, not a convention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adbench.cases.answer import Answer
from adbench.cases.inputs import Array
from adbench.cases.question import Question
from adbench.truth.evaluation import NEGLIGIBLE, UNDECIDED, evaluate, radii_and_sizes, rounded
from ball_arithmetic import precision
from ball_arithmetic.reading import fewest_accurate_bits

PRECISIONS = (128, 256, 512, 1060)
"""The working precisions tried one after the other (bits). At the last a derivative that is 0 is
known to underflow."""

SHARP = 2.0**-68
"""An entry is sharp when its radius is at most this part of its size: 2^-15 ulp of float64."""

SHARP_BITS = 70
"""Balls with more accurate bits than this are sharp, as a quick look at them tells."""

HELPFUL = 1000
"""A higher precision helps where it makes a ball this many times sharper."""


@dataclass(frozen=True)
class Enclosure:
    """Arrays of balls that contain the answer."""

    paths: tuple[str, ...]
    """Where each array lies in the tree of the answer."""

    balls: tuple[Any, ...]

    bits: int
    """The precision in which they were computed."""

    def rounded(self) -> tuple[Answer, tuple[Array, ...]]:
        """Return the midpoints rounded to longdouble, and radii (float64) that contain the balls.

        The radii are around the rounded midpoints.

        Where a ball is unbounded the midpoint is nan and the radius infinite.
        """
        with precision(self.bits):
            pairs = [rounded(array.primal) for array in self.balls]
        centres = tuple(centre for centre, _ in pairs)
        return Answer(self.paths, centres), tuple(radius for _, radius in pairs)


def enclose(question: Question) -> Enclosure:
    """Return the sharpest enclosure of an answer that the precisions give.

    The question's inputs are float64. At a kink, and where the function has no value, balls stay
    wide or unbounded. Raises ValueError or ZeroDivisionError where no precision decides how the
    program goes on: it branches, sorts or indexes on a comparison of equal numbers, or solves a
    singular system.
    """
    best: Enclosure | None = None
    reason: Exception | None = None
    for bits in PRECISIONS:
        try:
            with precision(bits):
                answer = evaluate(question, widened_by=2.0**-bits)
        except UNDECIDED as error:
            reason = error
            continue
        enclosure = Enclosure(answer.paths, answer.arrays, bits)
        if all(map(_is_sharp, enclosure.balls)):
            return enclosure
        if best is not None and not _has_sharpened(best, enclosure):
            return best
        best = enclosure
    if best is None:
        assert reason is not None
        raise reason
    return best


def _is_sharp(balls: Any) -> bool:
    if fewest_accurate_bits(balls.primal.ravel().tolist()) > SHARP_BITS:
        return True
    radii, sizes = radii_and_sizes(balls)
    if not np.isfinite(radii).all():
        return False
    tiny = NEGLIGIBLE * np.max(sizes, initial=0.0)
    sharp = radii <= SHARP * sizes
    return bool(np.all(sharp | (sizes + radii <= tiny) | (radii == 0)))


def _has_sharpened(before: Enclosure, after: Enclosure) -> bool:
    """Whether a higher precision has helped any ball, so that a still higher one may help too."""
    for coarse, fine in zip(before.balls, after.balls, strict=True):
        old_radii, _ = radii_and_sizes(coarse)
        new_radii, _ = radii_and_sizes(fine)
        became_finite = np.isfinite(new_radii) & ~np.isfinite(old_radii)
        if np.any((new_radii < old_radii / HELPFUL) | became_finite):
            return True
    return False
