"""The verdict on one answer: its errors, the bounds they are held against, and what to think of
it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, nan, sqrt

import numpy as np

from adbench.cases.inputs import Inputs
from adbench.cases.operators import Operator
from adbench.results.row import Verdict
from adbench.truth.answers import Answer, Array, mismatch, relative_error, size_of
from adbench.truth.enclosure import NEGLIGIBLE
from adbench.truth.rounding import FORMATS
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
    """The columns of a row that tell how right an answer is; see `Row`.

    resolution: the smallest relative error that the check could have seen, 2 ||bound|| / ||truth||
    in the Euclidean norm of an array, the largest over the arrays: an error of that size moves an
    entry out of its bound wherever correct arithmetic would have put it. unresolved_entries: how
    many entries have, by themselves, twice a bound of more than the part of their size that
    `RESOLVED` states.
    """

    verdict: Verdict
    message: str = ""
    relative_error: float = nan
    max_error_ulp: float = nan
    max_error_over_bound: float = nan
    resolution: float = nan
    unresolved_entries: int | None = None
    worst_entry: str = ""
    worst_returned: float = nan
    worst_true: float = nan
    error_vs_oracle: float = nan


def judge(
    answer: Answer,
    truth: Truth,
    inputs: Inputs,
    operator: Operator,
    order: int,
    dtype: str,
    *,
    exact: bool,
    name: str,
) -> Judgement:
    """Judge an answer given in `dtype`.

    exact: whether the backend claims answers up to rounding; an approximation is never called
    wrong, since no bound on its truncation error is known: it is `imprecise`, or `unresolved` where
    it has hardly a digit right.
    name: what the active argument is called, for `worst_entry`.

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
    wrong_dtype = sorted({str(array.dtype) for array in answer.arrays} - {dtype})
    if wrong_dtype:
        return Judgement(
            Verdict.WRONG,
            f"The answer came back as {', '.join(wrong_dtype)} where {dtype} was asked for: if the "
            "model makes "
            "arrays, give them dtype=x.dtype.",
        )

    entries = [
        Entries.of(*each, dtype)
        for each in zip(answer.arrays, truth.answer.arrays, truth.bounds[dtype], strict=True)
    ]
    error = relative_error(answer, truth.answer)
    over_bound = max((each.largest(each.in_bounds) for each in entries), default=0.0)
    resolution = max((each.resolution for each in entries), default=0.0)
    noise = sum(int(each.noise.sum()) for each in entries)
    if truth.doubt:
        verdict = Verdict.UNRESOLVED
    elif not exact:
        reachable = FORMATS[dtype].spacing ** (1 / (order + 2))
        verdict = Verdict.IMPRECISE if error <= max(reachable, FEW_DIGITS) else Verdict.UNRESOLVED
    elif over_bound > 1:
        verdict = Verdict.WRONG
    elif noise or error > sqrt(FORMATS[dtype].spacing) and isfinite(error) and not truth.not_unique:
        verdict = Verdict.IMPRECISE
    elif resolution > RESOLVED[dtype]:
        verdict = Verdict.UNRESOLVED
    else:
        verdict = Verdict.CORRECT
    message = truth.doubt
    if verdict is Verdict.UNRESOLVED and not message:
        message = _why(truth, error, resolution, exact)
    if verdict is Verdict.IMPRECISE and noise:
        message = (
            f"In {noise} entries 0 is right, and rounding of the size of other entries' came back."
        )
    place, returned, true = _worst(answer, truth.answer, entries, name)
    return Judgement(
        verdict=verdict,
        message=message,
        relative_error=error,
        max_error_ulp=max((each.largest(each.in_ulp) for each in entries), default=0.0),
        max_error_over_bound=over_bound,
        resolution=resolution,
        unresolved_entries=sum(int(each.unresolved.sum()) for each in entries),
        worst_entry=place,
        worst_returned=returned,
        worst_true=true,
        error_vs_oracle=nan if truth.oracle is None else relative_error(answer, truth.oracle),
    )


def _why(truth: Truth, error: float, resolution: float, exact: bool) -> str:
    """Why an answer that is not wrong is not called correct either."""
    if truth.not_unique:
        total = sum(array.size for array in truth.answer.arrays)
        return (
            f"The true answer is not finite, or not unique, in {truth.not_unique} of {total} "
            "entries."
        )
    if not exact:
        return f"The approximation has hardly a digit right: its relative error is {error:.1e}."
    if resolution == inf:
        return "Correct arithmetic may err by all of the answer: no error would have been seen."
    return (
        f"Correct arithmetic may err by as much: only relative errors above {resolution:.1e} "
        "would have been seen."
    )


@dataclass(frozen=True)
class Entries:
    """One array of an answer, entry by entry.

    in_bounds, in_ulp: the errors, infinite where the answer is not finite and the truth is, and 0
    where the truth is not finite in this dtype; unresolved: whether a relative error as small as
    `RESOLVED` could go unseen; noise: which entries are 0, where something came back that is only
    rounding beside the largest: an algorithm other than ours may leave it there, so its error is
    not counted; resolution: that of the whole array.
    """

    in_bounds: Array
    in_ulp: Array
    unresolved: Array
    noise: Array
    resolution: float

    @classmethod
    def of(cls, given: Array, true: Array, bound: Array, dtype: str) -> Entries:
        """Compare what was given with the truth and its bound."""
        form = FORMATS[dtype]
        known = np.isfinite(true) & (np.abs(true) <= form.largest)
        with np.errstate(invalid="ignore", over="ignore"):
            errors = np.abs(given.astype(np.longdouble) - true)
            errors = np.where(np.isfinite(errors), errors, np.inf)
            in_bounds = np.where(
                known & np.isfinite(bound),
                errors / bound,
                np.where(np.isfinite(given), 0.0, np.inf),
            )
            in_ulp = np.where(known, errors / form.ulp(np.where(known, true, 1)), 0.0)
            # An entry is known to be 0 if its bound is nothing beside its array, or if it
            # underflows in this dtype.
            largest = np.max(np.abs(true), initial=0.0, where=known)
            nothing = np.maximum(UNDERFLOW * form.smallest, NEGLIGIBLE * largest)
            noise = known & (np.abs(true) + bound <= nothing) & (in_bounds > 1)
            noise &= errors <= form.functions * form.unit * largest
            unresolved = ~known | ((2 * bound > RESOLVED[dtype] * np.abs(true)) & (bound > nothing))
        in_bounds = np.where(known & ~noise, in_bounds, 0.0)
        return cls(in_bounds, in_ulp, unresolved, noise, _resolution(true, bound, form.smallest))

    @staticmethod
    def largest(errors: Array) -> float:
        """The largest of some errors."""
        return float(np.max(errors, initial=0.0))


def _resolution(true: Array, bound: Array, smallest: float) -> float:
    if not np.isfinite(bound).all() or not np.isfinite(true).all():
        return inf
    width, size = 2 * size_of([bound]), size_of([true])
    if width <= 2 * UNDERFLOW * smallest * sqrt(bound.size):
        return 0.0
    return width / size if size else inf


def _worst(
    answer: Answer, truth: Answer, entries: list[Entries], name: str
) -> tuple[str, float, float]:
    """The place of the entry with the largest error in bounds, what was returned there and what is
    true."""
    largest, found = -1.0, ("", nan, nan)
    for path, given, true, each in zip(
        answer.paths, answer.arrays, truth.arrays, entries, strict=True
    ):
        if given.size and each.largest(each.in_bounds) > largest:
            largest = each.largest(each.in_bounds)
            index = np.unravel_index(int(np.argmax(each.in_bounds)), given.shape)
            place = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
            found = (f"{name}{path}{place}", float(given[index]), float(true[index]))
    return found
