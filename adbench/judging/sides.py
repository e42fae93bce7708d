"""An answer at a kink beside the derivatives on its sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite, isnan, nan, sqrt
from typing import Any

import numpy as np

from adbench.cases.answer import Answer
from adbench.results.row import Kink
from adbench.truth.formats import FORMATS
from adbench.truth.truth import Truth

CAME_BACK = {
    Kink.LEFT: "That on the left came back",
    Kink.RIGHT: "That on the right came back",
    Kink.INSIDE: "One between them came back",
    Kink.OUTSIDE: "None of them came back",
    Kink.NAN: "nan came back",
}
"""What each word says, as the beginning of a sentence."""


@dataclass(frozen=True)
class KinkedEntry:
    """One entry at a kink: what came back, and what is known of its derivatives."""

    returned: float

    left: float
    """The derivative where the active numbers are smaller; nan where it is not known."""

    right: float
    """The derivative where they are larger."""

    low: float
    """The lower end of what the derivatives on all sides are within; nan where there is no end that
    is proved."""

    high: float
    """The upper end."""

    slack: float
    """By how much rounding may move an answer over the ends."""

    digits: float
    """Numbers are told apart where they differ by more than this part of themselves."""

    @property
    def word(self) -> Kink:
        """Which of the derivatives came back."""
        if isnan(self.returned):
            return Kink.NAN
        is_left, is_right = self._is_near(self.left), self._is_near(self.right)
        if is_left and is_right:
            return Kink.INSIDE
        if is_left or is_right:
            return Kink.LEFT if is_left else Kink.RIGHT
        if isnan(self.low):
            return Kink.INSIDE if self._is_between_sides() else Kink.NONE
        is_inside = self.low - self.slack <= self.returned <= self.high + self.slack
        return Kink.INSIDE if is_inside else Kink.OUTSIDE

    def _is_near(self, side: float) -> bool:
        if not isfinite(side) or not isfinite(self.returned):
            return self.returned == side
        scale = max(abs(side), abs(self.left), abs(self.right))
        return abs(self.returned - side) <= self.digits * (scale if isfinite(scale) else abs(side))

    def _is_between_sides(self) -> bool:
        """Whether it is a mean of both sides, which is right whatever else there is."""
        return min(self.left, self.right) <= self.returned <= max(self.left, self.right)


@dataclass(frozen=True)
class KinkColumns:
    """The columns of a row that tell what came back at a kink; see `Row`."""

    kink: Kink = Kink.NONE
    left_derivative: float = nan
    right_derivative: float = nan
    hull_low: float = nan
    hull_high: float = nan

    @property
    def sentence(self) -> str:
        """What the sides are, and which of them came back."""
        left, right = f"{self.left_derivative:.6g}", f"{self.right_derivative:.6g}"
        return f"{CAME_BACK[self.kink]}: {left} on the left, {right} on the right."


def at_kinks(answer: Answer, truth: Truth, dtype: str, n: int) -> KinkColumns:
    """Return what came back in the entries at kinks, where the sides of these are known.

    n: the number of active scalars. The word is that of all entries together, and the numbers are
    those of the first entry whose word is `outside` or `nan`, or of the first.
    """
    entries = list(_kinked_entries(answer, truth, dtype, n))
    if not entries:
        return KinkColumns()
    words = [entry.word for entry in entries]
    word = _joint_word(words)
    shown = entries[words.index(word) if word in words else 0]
    return KinkColumns(word, shown.left, shown.right, shown.low, shown.high)


def _joint_word(words: Sequence[Kink]) -> Kink:
    """What several entries are together; entries on different sides are inside of the hull."""
    for word in (Kink.NAN, Kink.OUTSIDE, Kink.NONE):
        if word in words:
            return word
    return words[0] if len(set(words)) == 1 else Kink.INSIDE


def _kinked_entries(answer: Answer, truth: Truth, dtype: str, n: int) -> Iterator[KinkedEntry]:
    sides = truth.sides
    if sides is None:
        return
    digits = sqrt(FORMATS[dtype].spacing)
    arrays = zip(answer.arrays, sides.left, sides.right, strict=True)
    for number, (returned, lefts, rights) in enumerate(arrays):
        is_known = ~(np.isnan(lefts) & np.isnan(rights))
        for index in map(tuple, np.argwhere(is_known)):
            left, right = float(lefts[index]), float(rights[index])
            low, high, slack = _hull(truth, number, index, dtype)
            if isnan(low) and n == 1:
                low, high, slack = _hull_of_sides(left, right, digits)
            yield KinkedEntry(float(returned[index]), left, right, low, high, slack, digits)


def _hull(
    truth: Truth, number: int, index: tuple[Any, ...], dtype: str
) -> tuple[float, float, float]:
    """The ends of an entry's enclosure, and what rounding may add; nan where it has none."""
    centre = float(truth.answer.arrays[number][index])
    radius = float(truth.radii[number][index])
    bound = float(truth.bounds[dtype][number][index])
    if not isfinite(centre) or not isfinite(radius):
        return nan, nan, inf
    return centre - radius, centre + radius, max(bound - radius, 0.0)


def _hull_of_sides(left: float, right: float, digits: float) -> tuple[float, float, float]:
    """The ends of what two sides span; of one number there are no others."""
    known = [side for side in (left, right) if not isnan(side)]
    low, high = min(known), max(known)
    ends = [abs(end) for end in (low, high) if isfinite(end)]
    return low, high, digits * max(ends, default=0.0)
