"""What a derivative at a corner may be, as mathematics has it, and what an answer is beside that.

A claim is data: it is written by hand, with its source, and tests hold it against the certified
engine wherever that knows the point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from adbench.cases.inputs import Array

Numbers = float | Sequence[Any]
"""A number, or an array as nested lists."""


class Word(StrEnum):
    """What an answer is beside the truth, or beside the derivatives on the sides of a kink."""

    CORRECT = "correct"
    IMPRECISE = "imprecise"
    WRONG = "wrong"
    UNRESOLVED = "unresolved"
    LEFT = "left"
    RIGHT = "right"
    INSIDE = "inside"
    OUTSIDE = "outside"
    NAN = "nan"


@dataclass(frozen=True)
class Smooth:
    """The function is differentiable there."""

    value: Numbers | None = None
    """The derivative or the gradient; None where the certified truth alone is held against."""

    def word(self, returned: Array, digits: float) -> Word:
        """Return what an answer is.

        returned: its numbers in a row, shape (k,). digits: numbers are the same where they differ
        by less than this part of the largest.
        """
        if self.value is None:
            return Word.UNRESOLVED
        return Word.CORRECT if is_near(returned, flat(self.value), digits) else Word.WRONG

    def describe(self) -> str:
        """Return what is right, in short."""
        return "differentiable" if self.value is None else in_short(flat(self.value))


@dataclass(frozen=True)
class Sides:
    """A function of one number with a derivative on each side; nan where it has no value there."""

    left: float
    """The derivative from below."""

    right: float
    """The derivative from above."""

    def word(self, returned: Array, digits: float) -> Word:
        """Return what an answer is, as `Smooth.word` does."""
        (number,) = returned
        if np.isnan(number):
            return Word.NAN
        is_left = is_near(returned, np.asarray([self.left]), digits)
        is_right = is_near(returned, np.asarray([self.right]), digits)
        if is_left != is_right:
            return Word.LEFT if is_left else Word.RIGHT
        low, high = min(self.left, self.right), max(self.left, self.right)
        return Word.INSIDE if is_left or low <= number <= high else Word.OUTSIDE

    def describe(self) -> str:
        """Return what is right, in short."""
        return f"{_side(self.left)} | {_side(self.right)}"


@dataclass(frozen=True)
class Hull:
    """Every mean of some gradients is right: the hull of those on the sides of a kink."""

    vertices: tuple[Numbers, ...]
    """The gradients on the sides."""

    def word(self, returned: Array, digits: float) -> Word:
        """Return what an answer is, as `Smooth.word` does."""
        from scipy.optimize import nnls

        if np.isnan(returned).any():
            return Word.NAN
        corners = np.asarray([flat(vertex) for vertex in self.vertices]).T
        size = float(np.max(np.abs(corners)))
        system = np.vstack([corners / size, np.ones(corners.shape[1])])
        if not np.isfinite(returned).all():
            return Word.OUTSIDE
        _, distance = nnls(system, np.append(returned / size, 1.0))
        return Word.INSIDE if distance <= digits else Word.OUTSIDE

    def describe(self) -> str:
        """Return what is right, in short."""
        shown = [in_short(flat(vertex)) for vertex in self.vertices[:2]]
        more = " ..." if len(self.vertices) > len(shown) else ""
        return f"means of {', '.join(shown)}{more}"


@dataclass(frozen=True)
class Ball:
    """Every gradient up to a length is right, as at the tip of a cone."""

    radius: float
    """The largest Euclidean length."""

    is_centred: bool = False
    """Whether the entries of a right gradient add up to 0 as well."""

    def word(self, returned: Array, digits: float) -> Word:
        """Return what an answer is, as `Smooth.word` does."""
        if np.isnan(returned).any():
            return Word.NAN
        is_short = float(np.linalg.norm(returned)) <= self.radius * (1 + digits)
        is_level = abs(float(np.sum(returned))) <= self.radius * digits or not self.is_centred
        return Word.INSIDE if is_short and is_level else Word.OUTSIDE

    def describe(self) -> str:
        """Return what is right, in short."""
        centred = ", sum 0" if self.is_centred else ""
        return f"length <= {self.radius:.4g}{centred}"


@dataclass(frozen=True)
class Undefined:
    """There is no derivative, and no set of values that is defended better than another."""

    def word(self, returned: Array, digits: float) -> Word:
        """Return what an answer is, as `Smooth.word` does."""
        return Word.NAN if np.isnan(returned).any() else Word.INSIDE

    def describe(self) -> str:
        """Return what is right, in short."""
        return "undefined"


Claim = Smooth | Sides | Hull | Ball | Undefined


def flat(numbers: Numbers) -> Array:
    """Return numbers in a row, shape (k,)."""
    return np.asarray(numbers, np.float64).ravel()


def is_near(returned: Array, expected: Array, digits: float) -> bool:
    """Whether numbers differ by less than a part of the largest; infinities must be the same."""
    if returned.shape != expected.shape:
        return False
    infinite = ~(np.isfinite(returned) & np.isfinite(expected))
    if not np.array_equal(returned[infinite], expected[infinite]):
        return False
    size = np.max(np.abs(expected[~infinite]), initial=0.0)
    differences = np.abs(returned[~infinite] - expected[~infinite])
    return bool(np.all(differences <= digits * (size or 1.0)))


def in_short(numbers: Array) -> str:
    """Return numbers in a row with the digits that tell them apart."""
    words = [f"{number + 0.0:.4g}" for number in numbers]  # of the two zeros, the positive one
    return words[0] if len(words) == 1 else f"[{' '.join(words)}]"


def _side(derivative: float) -> str:
    return "none" if math.isnan(derivative) else f"{derivative:.4g}"
