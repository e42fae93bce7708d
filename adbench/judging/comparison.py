"""An answer beside the truth.

The errors of its entries, and how small an error could have been seen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, nan, sqrt
from typing import Any

import numpy as np

from adbench.cases.answer import Answer, norm, relative_error
from adbench.cases.inputs import Array
from adbench.cases.operators import Operator
from adbench.cases.outputs import bracketed
from adbench.cases.question import Question
from adbench.truth.evaluation import NEGLIGIBLE
from adbench.truth.formats import FORMATS, Format
from adbench.truth.sample import ENTRIES_PATH, Sample
from adbench.truth.truth import Truth
from reference_ad.engine import tree

RESOLVED = {"float64": 1e-6, "float32": 1e-2, "float16": 0.5, "bfloat16": 0.5}
"""What must be seen for a verdict of `correct`: a check whose resolution is worse is `unresolved`.

One part in a million, or in a hundred; in 16 bits a factor of 2 or a wrong sign."""

SHARP = {"float64": 1e-9, "float32": 1e-2, "float16": 0.5, "bfloat16": 0.5}
"""What a check of a well-conditioned answer sees. An entry that was seen less sharply is counted,
and a check that passes by such an answer says so."""

HULL_DIGITS = 1e-6
"""An end of a hull that is less than this part of its half width is told as 0."""

LIKE_THE_ARGUMENT = frozenset({Operator.GRADIENT, Operator.VJP, Operator.HVP})
"""Operators whose answers have an entry for each active number."""

UNDERFLOW = 1024.0
"""A bound of this many smallest normal numbers is that of an entry which is 0: a few of them, times
some factors."""


@dataclass(frozen=True)
class Comparison:
    """An answer beside the truth."""

    entries: tuple[Entries, ...]
    """The errors of each array."""

    relative_error: float

    @classmethod
    def of(cls, answer: Answer, truth: Truth, dtype: str) -> Comparison:
        """Compare an answer of the right shape and dtype with the truth and its bounds."""
        quadruples = zip(
            answer.arrays, truth.answer.arrays, truth.bounds[dtype], truth.at_kinks, strict=True
        )
        return cls(
            tuple(
                Entries.of(array, true, bound, dtype, at_kinks=at_kinks)
                for array, true, bound, at_kinks in quadruples
            ),
            relative_error(answer, truth.answer),
        )

    @property
    def over_bound(self) -> float:
        """The largest error in units of an entry's bound."""
        return max((largest(entries.in_bounds) for entries in self.entries), default=0.0)

    @property
    def in_ulp(self) -> float:
        """The largest error in units in the last place of an entry's true value."""
        return max((largest(entries.in_ulp) for entries in self.entries), default=0.0)

    @property
    def unresolved(self) -> int:
        """In how many entries an error as small as `SHARP` could go unseen."""
        return sum(int(entries.unresolved.sum()) for entries in self.entries)

    @property
    def resolution(self) -> float:
        """The worst resolution of an array."""
        return max((entries.resolution for entries in self.entries), default=0.0)

    @property
    def best_bounded(self) -> int | None:
        """Which array has the best resolution; None where no array has numbers."""
        places = [place for place, entries in enumerate(self.entries) if entries.in_bounds.size]
        return min(places, key=lambda place: self.entries[place].resolution, default=None)

    @property
    def resolution_beside_kinks(self) -> float:
        """The worst resolution of an array, in the entries that lie at no kink."""
        return max((entries.resolution_beside_kinks for entries in self.entries), default=0.0)

    @property
    def noise(self) -> int:
        """In how many entries that are 0 rounding of the others came back."""
        return sum(int(entries.noise.sum()) for entries in self.entries)


@dataclass(frozen=True)
class Entries:
    """One array of an answer beside the truth, entry by entry."""

    in_bounds: Array
    """The errors in units of the bound: infinite where the answer is not finite and the truth is, 0
    where the truth is not finite in this dtype."""

    in_ulp: Array
    """The errors in units in the last place of the true value, infinite and 0 likewise."""

    unresolved: Array
    """Whether a relative error as small as `SHARP` could go unseen."""

    noise: Array
    """Which entries are 0, where something came back that is only rounding beside the largest: an
    algorithm other than ours may leave it there, so its error is not counted."""

    resolution: float
    """The smallest relative error of the whole array that could have been seen."""

    resolution_beside_kinks: float
    """The same without the entries at kinks; 0 where there are no others."""

    @classmethod
    def of(
        cls,
        returned: Array,
        true: Array,
        bound: Array,
        dtype: str,
        *,
        at_kinks: Array | None = None,
    ) -> Entries:
        """Compare what was returned with the truth and its bound.

        at_kinks: which entries lie at a kink; none where it is left out.
        """
        form = FORMATS[dtype]
        is_known = np.isfinite(true) & (np.abs(true) <= form.largest)
        with np.errstate(invalid="ignore", over="ignore"):
            errors = np.abs(returned.astype(np.longdouble) - true)
            errors = np.where(np.isfinite(errors), errors, np.inf)
            in_bounds = np.where(
                is_known & np.isfinite(bound),
                errors / bound,
                np.where(np.isfinite(returned), 0.0, np.inf),
            )
            in_ulp = np.where(is_known, errors / form.ulp(np.where(is_known, true, 1)), 0.0)
            # An entry is known to be 0 if its bound is nothing beside its array, or if it
            # underflows in this dtype.
            largest_true = np.max(np.abs(true), initial=0.0, where=is_known)
            nothing = np.maximum(UNDERFLOW * form.smallest, NEGLIGIBLE * largest_true)
            noise = is_known & (np.abs(true) + bound <= nothing) & (in_bounds > 1)
            noise &= errors <= form.functions * form.unit * largest_true
            is_wide = (2 * bound > SHARP[dtype] * np.abs(true)) & (bound > nothing)
        resolution = _resolution(true, bound, form)
        return cls(
            in_bounds=np.where(is_known & ~noise, in_bounds, 0.0),
            in_ulp=in_ulp,
            unresolved=~is_known | is_wide,
            noise=noise,
            resolution=resolution,
            resolution_beside_kinks=_resolution_beside(at_kinks, true, bound, form, resolution),
        )


def largest(errors: Array) -> float:
    """Return the largest of some errors, 0 where there are none."""
    return float(np.max(errors, initial=0.0))


def _resolution_beside(
    at_kinks: Array | None, true: Array, bound: Array, form: Format, resolution: float
) -> float:
    """The resolution beside kinks; resolution: that of the whole array."""
    if at_kinks is None or not at_kinks.any():
        return resolution
    if at_kinks.all():
        return 0.0
    return _resolution(true[~at_kinks], bound[~at_kinks], form)


def _resolution(true: Array, bound: Array, form: Format) -> float:
    if not np.isfinite(bound).all() or not np.isfinite(true).all():
        return inf
    width, size = 2 * norm([bound]), norm([true])
    if width <= 2 * UNDERFLOW * form.smallest * sqrt(bound.size):
        return 0.0
    return width / size if size else width  # of 0, an absolute error is seen


@dataclass(frozen=True)
class WorstEntry:
    """The entry with the largest error in bounds."""

    title: str = ""
    """Where it is, such as `x[0][1, 2]`."""

    returned: float = nan
    true: float = nan
    """The true value; nan at a kink, where there is none."""

    input: float = nan
    """The active number at its place, where the answer has the form of the active argument."""

    hull: str = ""
    """At a kink, from where to where the derivatives on its sides are; elsewhere ""."""


def _hull(middle: float, reach: float) -> str:
    """The ends of a hull in words, without the last digits by which a ball is wider."""
    if not reach < inf:
        return ""
    low, high = middle - reach, middle + reach
    ends = [0.0 if abs(end) < HULL_DIGITS * reach else end for end in (low, high)]
    return f"from {ends[0]:.6g} to {ends[1]:.6g}"


def worst_entry(
    answer: Answer, truth: Truth, comparison: Comparison, question: Question
) -> WorstEntry:
    """Return the first of the entries that err most."""
    worst = WorstEntry()
    worst_error = -1.0
    for place, path, returned, true, radius, at_kinks, entries in zip(
        range(len(answer.paths)),
        answer.paths,
        answer.arrays,
        truth.answer.arrays,
        truth.radii,
        truth.at_kinks,
        comparison.entries,
        strict=True,
    ):
        error = largest(entries.in_bounds)
        if returned.size and error > worst_error:
            worst_error = error
            index = np.unravel_index(int(np.argmax(entries.in_bounds)), returned.shape)
            title, number = _title_and_number(question, truth.sample, path, place, index)
            worst = WorstEntry(title, float(returned[index]), float(true[index]), number)
            if at_kinks[index]:
                hull = _hull(float(true[index]), float(radius[index]))
                worst = replace(worst, true=nan, hull=hull)
    return worst


def _title_and_number(
    question: Question, sample: Sample | None, path: str, place: int, index: tuple[Any, ...]
) -> tuple[str, float]:
    """What an entry of an answer is called, and the active number that it is a derivative by."""
    if sample is None or place < sample.leading:
        return question.entry_title(path, index), _active_number(question, place, index)
    if path != ENTRIES_PATH:
        return f"projection {int(index[0])}", nan
    leaf, flat = sample.place_of(int(index[-1]))
    array = question.active_leaves[leaf]
    inside = np.unravel_index(flat, array.shape)
    name = f"{question.title(tree.paths(_active(question))[leaf])}{bracketed(inside)}"
    return f"row {bracketed(tuple(map(int, index[:-1])))} by {name}", nan


def _active(question: Question) -> Any:
    return question.inputs.arguments[question.inputs.active]


def _active_number(question: Question, place: int, index: tuple[Any, ...]) -> float:
    """The active number that an entry of an answer is the derivative by; nan for other answers."""
    if question.operator not in LIKE_THE_ARGUMENT:
        return nan
    return float(question.active_leaves[place][index])
