"""The verdict on one answer: its errors, the bounds they are held against, and what to think of
it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, nan, sqrt

import numpy as np

from adbench.cases.answer import Answer, mismatch, norm, relative_error
from adbench.cases.inputs import Array
from adbench.cases.question import Question
from adbench.results.row import Verdict
from adbench.truth.evaluation import NEGLIGIBLE
from adbench.truth.rounding import FORMATS, Format
from adbench.truth.truth import Truth

RESOLVED = {"float64": 1e-9, "float32": 1e-2, "float16": 0.5, "bfloat16": 0.5}
"""What must be seen for a verdict of `correct`: a check whose resolution is worse is `unresolved`.

Half of the digits that each dtype has, and a little more; in 16 bits a factor of 2 or a wrong
sign."""

UNDERFLOW = 1024.0
"""A bound of this many smallest normal numbers is that of an entry which is 0: a few of them, times
some factors."""

FEW_DIGITS = 1e-2
"""An approximation with a relative error above this, or above what its order can reach, is
unresolved."""


@dataclass(frozen=True)
class Judgement:
    """The columns of a row that tell how right an answer is; see `Row`."""

    verdict: Verdict
    message: str = ""
    relative_error: float = nan
    max_error_ulp: float = nan
    max_error_over_bound: float = nan

    resolution: float = nan
    """The smallest relative error that the check could have seen, 2 ||bound|| / ||truth|| in the
    Euclidean norm of an array, the largest over the arrays: an error of that size moves an entry
    out of its bound wherever correct arithmetic would have put it."""

    unresolved_entries: int | None = None
    """How many entries have, by themselves, twice a bound of more than the part of their size that
    `RESOLVED` states."""

    worst_entry: str = ""
    worst_returned: float = nan
    worst_true: float = nan
    error_vs_oracle: float = nan


def judge(
    answer: Answer, truth: Truth, question: Question, dtype: str, *, exact: bool
) -> Judgement:
    """Judge an answer given in `dtype`.

    exact: whether the backend claims answers up to rounding; an approximation is never called
        wrong, since no bound on its truncation error is known: it is `imprecise`, or `unresolved`
        where it has hardly a digit right.

    `wrong`: an entry is farther from the truth than its bound, or is not finite. `unresolved`: the
    truth is in doubt, or an array's resolution is worse than `RESOLVED`. `imprecise`: within the
    bound, yet less than half of the digits are right, or entries that are 0 came back as mere
    rounding of the others. `correct`: none of these. The worst entry is the one with the largest
    error in bounds.
    """
    if truth.doubt and not truth.answer.arrays:
        return Judgement(Verdict.UNRESOLVED, truth.doubt)
    wrong_shape = mismatch(answer, truth.answer)
    if wrong_shape:
        return Judgement(Verdict.WRONG, wrong_shape, relative_error=inf, max_error_ulp=inf)
    wrong_dtype = _wrong_dtype(answer, dtype)
    if wrong_dtype:
        return Judgement(Verdict.WRONG, wrong_dtype)
    comparison = Comparison.of(answer, truth, dtype)
    if truth.doubt:
        verdict, message = Verdict.UNRESOLVED, truth.doubt
    elif exact:
        verdict, message = _verdict_on_exact(comparison, truth, dtype)
    else:
        verdict, message = _verdict_on_approximation(comparison, truth, dtype, question.order)
    worst = _worst(answer, truth.answer, comparison, question)
    return Judgement(
        verdict=verdict,
        message=message,
        relative_error=comparison.relative_error,
        max_error_ulp=max((largest(e.in_ulp) for e in comparison.entries), default=0.0),
        max_error_over_bound=comparison.over_bound,
        resolution=comparison.resolution,
        unresolved_entries=sum(int(e.unresolved.sum()) for e in comparison.entries),
        worst_entry=worst.title,
        worst_returned=worst.returned,
        worst_true=worst.true,
        error_vs_oracle=nan if truth.oracle is None else relative_error(answer, truth.oracle),
    )


def _wrong_dtype(answer: Answer, dtype: str) -> str:
    others = sorted({str(array.dtype) for array in answer.arrays} - {dtype})
    if not others:
        return ""
    return (
        f"The answer came back as {', '.join(others)} where {dtype} was asked for: if the model "
        "makes arrays, give them dtype=x.dtype."
    )


def _verdict_on_exact(comparison: Comparison, truth: Truth, dtype: str) -> tuple[Verdict, str]:
    """What to think of an answer that claims to be right up to rounding, and why."""
    error, resolution = comparison.relative_error, comparison.resolution
    if comparison.over_bound > 1:
        return Verdict.WRONG, ""
    if comparison.noise:
        return Verdict.IMPRECISE, _why_noise(comparison)
    half_of_the_digits = sqrt(FORMATS[dtype].spacing)
    if error > half_of_the_digits and isfinite(error) and not truth.not_unique:
        return Verdict.IMPRECISE, ""
    if resolution > RESOLVED[dtype]:
        return Verdict.UNRESOLVED, _why_nothing_was_seen(truth, resolution)
    return Verdict.CORRECT, ""


def _verdict_on_approximation(
    comparison: Comparison, truth: Truth, dtype: str, order: int
) -> tuple[Verdict, str]:
    """What to think of an answer that has a truncation error, and why."""
    error = comparison.relative_error
    reachable = FORMATS[dtype].spacing ** (1 / (order + 2))
    if error <= max(reachable, FEW_DIGITS):
        return Verdict.IMPRECISE, _why_noise(comparison)
    if truth.not_unique:
        return Verdict.UNRESOLVED, _why_not_unique(truth)
    return Verdict.UNRESOLVED, (
        f"The approximation has hardly a digit right: its relative error is {error:.1e}."
    )


def _why_noise(comparison: Comparison) -> str:
    if not comparison.noise:
        return ""
    return (
        f"In {comparison.noise} entries 0 is right, and rounding of the size of other entries' "
        "came back."
    )


def _why_nothing_was_seen(truth: Truth, resolution: float) -> str:
    if truth.not_unique:
        return _why_not_unique(truth)
    if resolution == inf:
        return "Correct arithmetic may err by all of the answer: no error would have been seen."
    return (
        f"Correct arithmetic may err by as much: only relative errors above {resolution:.1e} "
        "would have been seen."
    )


def _why_not_unique(truth: Truth) -> str:
    total = sum(array.size for array in truth.answer.arrays)
    return (
        f"The true answer is not finite, or not unique, in {truth.not_unique} of {total} entries."
    )


# ---- the errors, entry by entry


@dataclass(frozen=True)
class Comparison:
    """An answer beside the truth."""

    entries: tuple[Entries, ...]
    """The errors of each array."""

    relative_error: float

    @classmethod
    def of(cls, answer: Answer, truth: Truth, dtype: str) -> Comparison:
        """Compare an answer of the right shape and dtype with the truth and its bounds."""
        triples = zip(answer.arrays, truth.answer.arrays, truth.bounds[dtype], strict=True)
        return cls(
            tuple(Entries.of(array, true, bound, dtype) for array, true, bound in triples),
            relative_error(answer, truth.answer),
        )

    @property
    def over_bound(self) -> float:
        """The largest error in units of an entry's bound."""
        return max((largest(entries.in_bounds) for entries in self.entries), default=0.0)

    @property
    def resolution(self) -> float:
        """The worst resolution of an array."""
        return max((entries.resolution for entries in self.entries), default=0.0)

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
    """Whether a relative error as small as `RESOLVED` could go unseen."""

    noise: Array
    """Which entries are 0, where something came back that is only rounding beside the largest: an
    algorithm other than ours may leave it there, so its error is not counted."""

    resolution: float
    """The smallest relative error of the whole array that could have been seen."""

    @classmethod
    def of(cls, returned: Array, true: Array, bound: Array, dtype: str) -> Entries:
        """Compare what was returned with the truth and its bound."""
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
            is_wide = (2 * bound > RESOLVED[dtype] * np.abs(true)) & (bound > nothing)
        return cls(
            in_bounds=np.where(is_known & ~noise, in_bounds, 0.0),
            in_ulp=in_ulp,
            unresolved=~is_known | is_wide,
            noise=noise,
            resolution=_resolution(true, bound, form),
        )


def largest(errors: Array) -> float:
    """Return the largest of some errors, 0 where there are none."""
    return float(np.max(errors, initial=0.0))


def _resolution(true: Array, bound: Array, form: Format) -> float:
    if not np.isfinite(bound).all() or not np.isfinite(true).all():
        return inf
    width, size = 2 * norm([bound]), norm([true])
    if width <= 2 * UNDERFLOW * form.smallest * sqrt(bound.size):
        return 0.0
    return width / size if size else inf


@dataclass(frozen=True)
class WorstEntry:
    """The entry with the largest error in bounds."""

    title: str = ""
    """Where it is, such as `x[0][1, 2]`."""

    returned: float = nan
    true: float = nan


def _worst(answer: Answer, truth: Answer, comparison: Comparison, question: Question) -> WorstEntry:
    worst = WorstEntry()
    worst_error = -1.0
    for path, returned, true, entries in zip(
        answer.paths, answer.arrays, truth.arrays, comparison.entries, strict=True
    ):
        error = largest(entries.in_bounds)
        if returned.size and error > worst_error:
            worst_error = error
            index = np.unravel_index(int(np.argmax(entries.in_bounds)), returned.shape)
            place = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
            title = f"{question.title(path)}{place}"
            worst = WorstEntry(title, float(returned[index]), float(true[index]))
    return worst
