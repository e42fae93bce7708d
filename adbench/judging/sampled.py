"""What a sample of an answer shows: the part that is judged, and the errors that it would miss."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, nan

import numpy as np

from adbench.cases.answer import Answer, mismatch, norm
from adbench.cases.operators import Operator
from adbench.judging.comparison import Comparison, largest
from adbench.truth.detection import MISSED
from adbench.truth.sample import Sample
from adbench.truth.truth import Truth

ALL_ENTRIES, SAMPLE = "entries", "sample"
"""The words for `Row.coverage`."""


@dataclass(frozen=True)
class Coverage:
    """The columns of a row that tell how much of an answer was judged; see `Row`."""

    coverage: str = ""
    judged_projections: int | None = None
    judged_entries: int | None = None
    missed_probability: float = nan
    entry_resolution: float = nan
    seen_share: float = nan


@dataclass(frozen=True)
class JudgedPart:
    """What of an answer is judged, beside what it should be."""

    answer: Answer
    """The whole, or the part that a sample takes of it."""
    truth: Truth
    comparison: Comparison
    coverage: Coverage
    resolution: float
    """The smallest relative error of the whole that could have been seen."""

    @classmethod
    def of(cls, answer: Answer, truth: Truth, dtype: str) -> JudgedPart:
        """Compare an answer of the right shape and dtype with its truth."""
        sample = truth.sample
        if sample is None:
            comparison = Comparison.of(answer, truth, dtype)
            coverage = coverage_of_all(answer, comparison)
            return cls(answer, truth, comparison, coverage, comparison.resolution)
        part, truth_of_part = judged_part(answer, truth, sample, dtype)
        comparison = Comparison.of(part, truth_of_part, dtype)
        coverage = coverage_of_sample(sample, comparison)
        seen = resolution(answer, truth_of_part, sample, dtype)
        return cls(part, truth_of_part, comparison, coverage, seen)


def mismatch_with(answer: Answer, truth: Truth) -> str:
    """Return what is wrong with the shape of an answer, in a sentence, or ""."""
    if truth.sample is None:
        return mismatch(answer, truth.answer)
    return truth.sample.mismatch_of(answer)


def coverage_of_all(answer: Answer, comparison: Comparison) -> Coverage:
    """Return what is said of an answer every entry of which was judged."""
    best = comparison.best_bounded
    return Coverage(
        ALL_ENTRIES,
        judged_projections=0,
        judged_entries=sum(array.size for array in answer.arrays),
        missed_probability=0.0,
        entry_resolution=nan if best is None else comparison.entries[best].resolution,
    )


def coverage_of_sample(sample: Sample, comparison: Comparison) -> Coverage:
    """Return what is said of an answer of which a sample was judged."""
    leading = sum(entries.in_bounds.size for entries in comparison.entries[: sample.leading])
    return Coverage(
        SAMPLE,
        judged_projections=sample.projections,
        judged_entries=sample.entries + leading,
        missed_probability=MISSED,
        entry_resolution=comparison.entries[-1].resolution if sample.drawn else nan,
        seen_share=sample.smallest_share() if sample.drawn else nan,
    )


def judged_part(answer: Answer, truth: Truth, sample: Sample, dtype: str) -> tuple[Answer, Truth]:
    """Return the part of an answer that is judged, and its truth.

    The bounds of that are wider by the rounding of the contraction.
    """
    part, errors = sample.of(answer)
    pairs = zip(truth.bounds[dtype], errors, strict=True)
    bounds = tuple(np.asarray(bound + error, np.float64) for bound, error in pairs)
    return part, replace(truth, bounds={**truth.bounds, dtype: bounds})


def resolution(answer: Answer, truth: Truth, sample: Sample, dtype: str) -> float:
    """Return the smallest error of the whole that is missed with the probability `MISSED` at most.

    answer: the whole. It is a Frobenius norm, beside that of the answer. Infinite where no
    projection has a bound, or where an entry is not finite.
    """
    if not sample.projections or not answer.is_finite:
        return inf
    size = norm(answer.arrays[sample.leading :])
    error = sample.smallest_error(truth.bounds[dtype][sample.leading])
    return error / size if size else error


def describe(sample: Sample, coverage: Coverage, resolution: float) -> str:
    """Return in words what was judged of an answer, and what would have been missed."""
    sentences = [
        f"The answer is too large to be enclosed as a whole: {_counted(sample)} judged. An error "
        f"of {resolution:.1e} of the answer's norm would have been missed with a probability of "
        f"{MISSED:.1g} at most"
    ]
    if sample.drawn:
        sentences.append(
            f", and so would one in {coverage.seen_share:.2%} of {_of_what(sample)}, of a relative "
            f"{coverage.entry_resolution:.1e} there"
        )
    return "".join([*sentences, "."])


def describe_wrong(sample: Sample, comparison: Comparison) -> str:
    """Return in words how much of a sample is out of its bounds."""
    projections = comparison.entries[sample.leading].in_bounds
    words = [f"{int((projections > 1).sum())} of {projections.size} projections"]
    if sample.drawn:
        block = comparison.entries[-1].in_bounds
        words.append(f"{int((block > 1).sum())} of {block.size} entries drawn at random")
    worst = max(largest(entries.in_bounds) for entries in comparison.entries)
    return f"Out of their bounds, by a factor of up to {worst:.1e}, are {' and '.join(words)}."


def _counted(sample: Sample) -> str:
    projections = f"{sample.projections} projections" if sample.projections > 1 else "1 projection"
    if not sample.drawn:
        verb = "was" if sample.projections == 1 else "were"
        return f"{projections} along random directions {verb}"
    return (
        f"{projections} along random directions and {sample.entries} entries drawn at random were"
    )


def _of_what(sample: Sample) -> str:
    return "the rows and columns" if sample.operator is Operator.HESSIAN else "the columns"
