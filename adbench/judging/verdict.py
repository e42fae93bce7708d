"""The verdict on one answer: what to think of its errors beside the bounds."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, nan, sqrt

from adbench.cases.answer import Answer, relative_error
from adbench.cases.question import Question
from adbench.judging import explanation, sampled
from adbench.judging.comparison import RESOLVED, Comparison, worst_entry
from adbench.judging.sampled import JudgedPart
from adbench.judging.sides import at_kinks
from adbench.results.row import Kink, Verdict
from adbench.truth.formats import FORMATS
from adbench.truth.sample import Sample
from adbench.truth.truth import Truth

FEW_DIGITS = 1e-2
"""An approximation with a relative error above this, or above what its order can reach, is
unresolved."""


CLEARLY_MORE = 0.5
"""An array is named in which errors of this part of the resolution would have been seen."""


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
    `SHARP` states."""

    coverage: str = ""
    judged_projections: int | None = None
    judged_entries: int | None = None
    missed_probability: float = nan
    entry_resolution: float = nan
    seen_share: float = nan

    worst_entry: str = ""
    worst_returned: float = nan
    worst_true: float = nan
    worst_input: float = nan
    error_vs_oracle: float = nan

    kink: Kink = Kink.NONE
    left_derivative: float = nan
    right_derivative: float = nan
    hull_low: float = nan
    hull_high: float = nan


def judge(
    answer: Answer, truth: Truth, question: Question, dtype: str, *, exact: bool
) -> Judgement:
    """Judge an answer given in `dtype`.

    exact: whether the backend claims answers up to rounding; an approximation is never called
        wrong, since no bound on its truncation error is known: it is `imprecise`, or `unresolved`
        where it has hardly a digit right.

    `wrong`: an entry is farther from the truth than its bound and than what another algorithm's
    rounding explains (`explanation.py`), or is not finite. `unresolved`: the truth is in doubt, or
    an array's resolution is worse than `RESOLVED`. `imprecise`: beyond the bound, and explained; or
    within it, yet less than half of the digits are right, or entries that are 0 came back as mere
    rounding of the others. `correct`: none of these. The worst entry is the one with the largest
    error in bounds.
    """
    if truth.doubt and not truth.answer.arrays:
        return Judgement(Verdict.UNRESOLVED, truth.doubt)
    wrong_shape = sampled.mismatch_with(answer, truth)
    if wrong_shape:
        return Judgement(Verdict.WRONG, wrong_shape, relative_error=inf, max_error_ulp=inf)
    wrong_dtype = _wrong_dtype(answer, dtype)
    if wrong_dtype:
        return Judgement(Verdict.WRONG, wrong_dtype)
    judged = JudgedPart.of(answer, truth, dtype)
    answer, truth, comparison = judged.answer, judged.truth, judged.comparison
    verdict, message = _verdict(judged, question, dtype, exact=exact)
    kink = at_kinks(answer, truth, dtype, question.inputs.n)
    worst = worst_entry(answer, truth, comparison, question)
    if verdict is Verdict.CORRECT and kink.kink:
        message = f"{message} {kink.sentence}".strip()
    if verdict is Verdict.WRONG and worst.hull:
        message = (
            f"{worst.title} was returned as {worst.returned:.6g}; it lies at a kink, where any "
            f"value {worst.hull} is right."
        )
    return Judgement(
        verdict=verdict,
        message=message,
        relative_error=comparison.relative_error,
        max_error_ulp=comparison.in_ulp,
        max_error_over_bound=comparison.over_bound,
        resolution=judged.resolution,
        unresolved_entries=comparison.unresolved,
        worst_entry=worst.title,
        worst_returned=worst.returned,
        worst_true=worst.true,
        worst_input=worst.input,
        error_vs_oracle=nan if truth.oracle is None else relative_error(answer, truth.oracle),
        **vars(judged.coverage),
        **vars(kink),
    )


def _verdict(
    judged: JudgedPart, question: Question, dtype: str, *, exact: bool
) -> tuple[Verdict, str]:
    """What to think of an answer, and why."""
    truth, comparison = judged.truth, judged.comparison
    if truth.doubt:
        return Verdict.UNRESOLVED, truth.doubt
    if not exact:
        return _verdict_on_approximation(comparison, truth, dtype, question.order)
    if truth.sample is not None:
        return _verdict_on_sample(judged, truth.sample, dtype)
    return _verdict_on_exact(judged.answer, comparison, truth, question, dtype)


def _wrong_dtype(answer: Answer, dtype: str) -> str:
    wrong_dtypes = sorted({str(array.dtype) for array in answer.arrays} - {dtype})
    if not wrong_dtypes:
        return ""
    return (
        f"The answer came back as {', '.join(wrong_dtypes)} where {dtype} was asked for: if the "
        "model makes arrays, give them dtype=x.dtype."
    )


def _verdict_on_exact(
    answer: Answer, comparison: Comparison, truth: Truth, question: Question, dtype: str
) -> tuple[Verdict, str]:
    """What to think of an answer that claims to be right up to rounding, and why."""
    error, resolution = comparison.relative_error, comparison.resolution
    if comparison.over_bound > 1:
        if explanation.is_rounding(answer, truth, question, dtype):
            return Verdict.IMPRECISE, (
                f"Off by {comparison.over_bound:.1f} bounds, which the rounding of another "
                "algorithm explains."
            )
        return Verdict.WRONG, ""
    if comparison.noise:
        return Verdict.IMPRECISE, _why_noise(comparison)
    half_of_the_digits = sqrt(FORMATS[dtype].spacing)
    if truth.not_unique and truth.has_hulls:
        return _verdict_at_kinks(comparison, truth, dtype)
    if error > half_of_the_digits and isfinite(error) and not truth.not_unique:
        return Verdict.IMPRECISE, _why_within_accuracy(question.model.accuracy)
    accuracy = question.model.accuracy
    if resolution > RESOLVED[dtype] + 4 * accuracy:  # twice the bound, which has it twice at most
        seen = _where_most_was_seen(comparison, truth, question)
        return Verdict.UNRESOLVED, _why_nothing_was_seen(truth, resolution, seen)
    return Verdict.CORRECT, _why_within_accuracy(accuracy)


def _verdict_on_sample(judged: JudgedPart, sample: Sample, dtype: str) -> tuple[Verdict, str]:
    """What to think of an answer of which a sample was judged, and why.

    One projection or entry that is out of its bound proves the answer wrong. That none is leaves
    open what the sample would have missed, which the message says.
    """
    comparison, resolution = judged.comparison, judged.resolution
    if comparison.over_bound > 1:
        return Verdict.WRONG, sampled.describe_wrong(sample, comparison)
    if judged.truth.not_unique or not resolution < inf:
        return Verdict.UNRESOLVED, _why_nothing_was_seen(judged.truth, resolution)
    message = sampled.describe(sample, judged.coverage, resolution)
    if resolution > RESOLVED[dtype]:
        return Verdict.UNRESOLVED, message
    return Verdict.CORRECT, message


def _verdict_at_kinks(comparison: Comparison, truth: Truth, dtype: str) -> tuple[Verdict, str]:
    """What to think of an answer that is within the hull at every kink, and why."""
    resolution = comparison.resolution_beside_kinks
    if resolution > RESOLVED[dtype]:
        return Verdict.UNRESOLVED, _why_not_unique(truth)
    total = sum(array.size for array in truth.answer.arrays)
    return Verdict.CORRECT, (
        f"In {truth.not_unique} of {total} entries there is a kink, where any value between the "
        "derivatives on its sides is right."
    )


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


def _why_within_accuracy(accuracy: float) -> str:
    if not accuracy:
        return ""
    return f"It was judged within the declared accuracy of {accuracy:.1g}."


def _why_noise(comparison: Comparison) -> str:
    if not comparison.noise:
        return ""
    return (
        f"In {comparison.noise} entries 0 is right, and rounding of the size of other entries' "
        "came back."
    )


def _why_nothing_was_seen(truth: Truth, resolution: float, seen: str = "") -> str:
    """Why a verdict is open; seen: where more would have been seen, or ""."""
    if truth.not_unique:
        return _why_not_unique(truth)
    if resolution == inf:
        nothing = "no error would have been seen" + (f" but those above {seen}" if seen else "")
        return f"Correct arithmetic may err by all of the answer: {nothing}."
    elsewhere = f", and above {seen}" if seen else ""
    return (
        f"Correct arithmetic may err by as much: only relative errors above {resolution:.1e} "
        f"would have been seen{elsewhere}."
    )


def _where_most_was_seen(comparison: Comparison, truth: Truth, question: Question) -> str:
    """The array that is bounded best with what was seen there, if that is clearly more."""
    best = comparison.best_bounded
    if best is None or len(comparison.entries) < 2:
        return ""
    resolution = comparison.entries[best].resolution
    if not resolution < CLEARLY_MORE * comparison.resolution:
        return ""
    return f"{resolution:.1e} in {question.title(truth.answer.paths[best])}"


def _why_not_unique(truth: Truth) -> str:
    total = sum(array.size for array in truth.answer.arrays)
    return (
        f"The true answer is not finite, or not unique, in {truth.not_unique} of {total} entries."
    )
