"""The derivatives on the two sides of a kink, each from a box that lies on one side alone.

The enclosure of an answer is over a box around the point (`enclosure.py`); at a kink it is the hull
of what the derivative is on all sides. An entry has two sides: on its right the active numbers that
it is the derivative by are larger than at the point, on its left they are smaller. For a JVP and an
HVP they lie along the tangent. Each side is a question about a displaced point, which is enclosed
and certified like any other; no difference of values is taken.

Where an entry is not sharp in such a box, because the function has no value there or another kink
lies across, its derivative on that side is nan. Where it grows from box to box towards the point,
it is infinite, and 0 where it shrinks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adbench.cases.inputs import Array
from adbench.cases.operators import Operator
from adbench.cases.question import Question
from adbench.truth.certificate import CertificateError, Direction, certify
from adbench.truth.enclosure import Enclosure, enclose
from adbench.truth.evaluation import UNDECIDED
from adbench.truth.limit import beside
from reference_ad.engine import tree

MOST_KINKS = 64
"""Of an answer with more entries at kinks than this the sides are not looked at."""

MOST_INPUTS = 2000
"""Nor are they where there are more active scalars than this."""

SHARP = 2.0**-60
"""An entry is known on a side where its radius there is at most this part of its size."""

DISTANCES = (2.0**-100, 2.0**-150, 2.0**-220)
"""How far from the point the boxes on a side are, in units of its numbers' sizes.

By the nearer ones it is told what the first tends to."""

SETTLED = 2.0**-20
"""A derivative has a limit where it changes by less than this part of itself in a nearer box."""

GROWTH = 1.3
"""An infinite one grows by this factor at least from box to box, as a logarithm does."""

SHRINKAGE = 0.5
"""One whose limit is 0 shrinks by this factor at least."""

ALONG_THE_TANGENT = frozenset({Operator.DERIVATIVE, Operator.JVP, Operator.HVP})
"""Operators whose answer has its sides along one direction, whatever the entry."""


@dataclass(frozen=True)
class Sides:
    """The derivatives on the sides of the entries at kinks; nan elsewhere and where not known."""

    left: tuple[Array, ...]
    """For each array of the answer (float64), where the active numbers are smaller."""

    right: tuple[Array, ...]
    """Likewise where they are larger."""

    doubt: str = ""
    """Why a derivative on a side is not certified, or ""."""

    def confirm(
        self, centres: Sequence[Array], radii: Sequence[Array], masks: Sequence[Array]
    ) -> bool:
        """Whether both sides of all entries of masks are certified, and lie in their hulls."""
        if self.doubt:
            return False
        for side in (self.left, self.right):
            for entries, centre, radius, mask in zip(side, centres, radii, masks, strict=True):
                distances = np.abs(entries - centre)[mask]
                if not np.all(distances <= radius[mask] * (1 + SETTLED)):
                    return False
        return True


@dataclass(frozen=True)
class Place:
    """An entry of an answer that lies at a kink, and the direction to its right."""

    array: int
    """Which array of the answer it is in."""

    index: tuple[int, ...]
    """Where it is in that array."""

    direction: Direction
    """One array for each leaf of the active argument."""


def find_sides(question: Question, masks: Sequence[Array]) -> Sides | None:
    """Return the derivatives on the sides of entries at kinks.

    masks: which entries of each array of the answer these are. None where there are none, or too
    many to look at. Raises CertificateError where a derivative on a side is contradicted by the
    function itself. A value has no sides.
    """
    if question.operator is Operator.VALUE:
        return None
    count = sum(int(mask.sum()) for mask in masks)
    if not 0 < count <= MOST_KINKS or question.inputs.n > MOST_INPUTS:
        return None
    boxes = _Boxes(question)
    left = [np.full(mask.shape, np.nan) for mask in masks]
    right = [np.full(mask.shape, np.nan) for mask in masks]
    for place in _places(question, masks):
        opposite = [-part for part in place.direction]
        left[place.array][place.index] = boxes.entry(place, opposite)
        right[place.array][place.index] = boxes.entry(place, place.direction)
    return Sides(tuple(left), tuple(right), boxes.doubt)


class _Boxes:
    """The answers in boxes beside the point, each computed once."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._enclosures: dict[tuple[Any, ...], Enclosure | None] = {}
        self.doubt = ""

    def entry(self, place: Place, direction: Direction) -> float:
        """Return what an entry tends to on the side where a direction leads.

        That is the derivative next to the point where it has settled, 0 or an infinity where it
        shrinks or grows from box to box, and nan where it does none of these.
        """
        far, near, nearest = (self._entry_at(place, direction, distance) for distance in DISTANCES)
        if abs(near - far) <= SETTLED * abs(far):
            return far
        if abs(near) <= SHRINKAGE * abs(far) and abs(nearest) <= SHRINKAGE * abs(near):
            return 0.0
        grows = near * far > 0 and abs(near) >= GROWTH * abs(far)
        if grows and abs(nearest) >= GROWTH * abs(near):
            return float(np.copysign(np.inf, far))
        return np.nan

    def _entry_at(self, place: Place, direction: Direction, distance: float) -> float:
        enclosure = self._enclosure(direction, distance)
        if enclosure is None:
            return np.nan
        answer, radii = enclosure.rounded()
        centre = float(answer.arrays[place.array][place.index])
        radius = float(radii[place.array][place.index])
        if not radius <= SHARP * max(abs(centre), distance):
            return np.nan
        return centre

    def _enclosure(self, direction: Direction, distance: float) -> Enclosure | None:
        key = (distance, *(part.tobytes() for part in direction))
        if key not in self._enclosures:
            self._enclosures[key] = self._enclose(direction, distance)
        return self._enclosures[key]

    def _enclose(self, direction: Direction, distance: float) -> Enclosure | None:
        displaced = beside(self._question, direction, distance)
        try:
            value, _ = enclose(displaced.asking(Operator.VALUE, 0)).rounded()
            enclosure = enclose(displaced)
        except UNDECIDED:
            return None
        if not value.is_finite:
            return None
        try:
            doubt = certify(displaced, enclosure)
        except CertificateError:
            raise
        except ArithmeticError as error:
            doubt = f"The derivative beside the point could not be certified ({error})."
        self.doubt = self.doubt or doubt
        return enclosure


def _places(question: Question, masks: Sequence[Array]) -> Iterator[Place]:
    """The entries at kinks, each with the direction to its right."""
    operator = question.operator
    for number, mask in enumerate(masks):
        for index in map(tuple, np.argwhere(mask)):
            if operator in ALONG_THE_TANGENT:
                direction = _tangent(question)
            elif operator is Operator.HESSIAN:
                direction = _along_both(question, number, index)
            else:
                leaf = question.active_leaves[number]
                direction = _along(question, number, index[len(index) - leaf.ndim :])
            yield Place(number, index, direction)


def _tangent(question: Question) -> Direction:
    if question.operator is Operator.DERIVATIVE:
        return [np.ones(leaf.shape) for leaf in question.active_leaves]
    return tree.leaves(question.inputs.tangent)


def _along(question: Question, leaf: int, index: tuple[int, ...]) -> Direction:
    """The direction of one active number, of its size."""
    direction = [np.zeros(other.shape) for other in question.active_leaves]
    size = abs(float(question.active_leaves[leaf][index]))
    direction[leaf][index] = size or 1.0
    return direction


def _along_both(question: Question, block: int, index: tuple[int, ...]) -> Direction:
    """The direction of the two active numbers that an entry of a Hessian is the derivative by."""
    leaves = question.active_leaves
    row, column = divmod(block, len(leaves))
    rank = leaves[row].ndim
    first = _along(question, row, index[:rank])
    second = _along(question, column, index[rank:])
    return [np.maximum(left, right) for left, right in zip(first, second, strict=True)]
