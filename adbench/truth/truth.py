"""The truth of a question: its enclosure, certified, with the bounds of the dtypes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from adbench.cases.answer import Answer, collect, joined, mismatch, relative_error
from adbench.cases.case import DTYPES
from adbench.cases.inputs import Array, call
from adbench.cases.messages import as_sentence, describe_exception
from adbench.cases.model import SpecError
from adbench.cases.operators import Operator
from adbench.cases.question import Question
from adbench.truth.bound import bound, bound_beside
from adbench.truth.certificate import JUMPS, NOT_UNIQUE, certify
from adbench.truth.enclosure import enclose
from adbench.truth.evaluation import NEGLIGIBLE, UNDECIDED
from adbench.truth.limit import limit
from adbench.truth.reasons import why_unknown
from adbench.truth.sample import Sample
from adbench.truth.sampling import sampled_parts
from adbench.truth.sides import Sides, find_sides
from adbench.truth.size import SizeLimits, extent

CONTRADICTION = 1e-9
"""A model's analytic oracle, evaluated in extended precision, that is farther than this from the
enclosure is wrong."""

NOT_UNIQUE_ABOVE = 1e-9
"""An entry that is not known to this part of itself, at the highest precision, lies at a kink or a
pole."""

TINY = float(np.finfo(np.float64).tiny)
"""The smallest normal double; what is known to be below it is as good as 0."""


CUSTOMARY_LIMITS = SizeLimits()
"""What a truth may take unless something else is said."""


@dataclass(frozen=True)
class Truth:
    """What is known about the answer to a question."""

    answer: Answer
    """The midpoints of the enclosure, as longdouble; without arrays where there is no enclosure."""

    radii: tuple[Array, ...]
    """How far the exact entries may be from `answer` (float64)."""

    bounds: dict[str, tuple[Array, ...]] = field(default_factory=dict)
    """For each dtype, array by array, how far from `answer` correct arithmetic may land."""

    oracle: Answer | None = None
    """The model's analytic answer in extended precision, if it has one."""

    bits: int = 0
    """The working precision of the enclosure."""

    doubt: str = ""
    """Why nothing can be judged by it, in a sentence, or ""."""

    source: str = "enclosure"
    """What it is, as the rows name it."""

    sample: Sample | None = None
    """What of a backend's answer is judged, where the whole is too large: `answer` has its entries
    then. None where it is all."""

    sides: Sides | None = None
    """The derivatives on both sides of the entries at kinks; None where there are no such entries,
    or too many."""

    @cached_property
    def at_kinks(self) -> tuple[Array, ...]:
        """Array by array, which entries lie at a kink or a pole.

        Their enclosures are wide, however high the precision. At a kink they are finite, and hold
        the hull of the derivatives on its sides.
        """
        return tuple(
            _are_wide(centres, radii)
            for centres, radii in zip(self.answer.arrays, self.radii, strict=True)
        )

    @property
    def not_unique(self) -> int:
        """How many entries lie at a kink or a pole."""
        return sum(int(mask.sum()) for mask in self.at_kinks)

    @property
    def has_hulls(self) -> bool:
        """Whether every entry is known, or lies at a kink with finite derivatives on its sides."""
        triples = zip(self.answer.arrays, self.radii, self.at_kinks, strict=True)
        return all(
            (np.isfinite(centres) & np.isfinite(radii))[mask].all()
            for centres, radii, mask in triples
        )


def _are_wide(centres: Array, radii: Array) -> Array:
    sizes = np.where(np.isfinite(centres), np.abs(centres), 0)
    as_good_as_zero = max(NEGLIGIBLE * np.max(sizes, initial=0.0), TINY)
    wide: Array = radii > np.maximum(NOT_UNIQUE_ABOVE * sizes, as_good_as_zero)
    return wide


def establish(
    question: Question,
    dtypes: Sequence[str] = DTYPES,
    limits: SizeLimits = CUSTOMARY_LIMITS,
    *,
    fine: float = 0.0,
) -> Truth:
    """Compute the truth of a question, with bounds for `dtypes`.

    fine: the part of an array that its bounds need not be narrower than (`bound.py`).

    limits: what it may take. Where all of the answer would take more, it is the truth of a sample
    (`sample.py`); where a sample would, there is none, and `doubt` says so.

    The question's inputs are float64, and representable in all of `dtypes`. The truth of a
    `value_and_gradient` is that of its two parts. Raises CertificateError where the enclosure is
    contradicted by the function itself (`certificate.py`), and SpecError where the model's oracle
    raises.
    """
    oracle = _oracle_answer(question)
    truths = [_truth_of_part(part, dtypes, limits, fine) for part in question.parts]
    truth = _join(truths) if question.has_parts else truths[0]
    if truth.sample is not None:
        oracle = None  # it is one of the whole
    doubt = truth.doubt or _doubt_about_oracle(question, oracle, truth.answer)
    if oracle is not None and mismatch(oracle, truth.answer):
        oracle = None  # nothing can be measured against it
    return replace(truth, oracle=oracle, doubt=doubt)


def _truth_of_part(
    question: Question, dtypes: Sequence[str], limits: SizeLimits, fine: float
) -> Truth:
    enclosed = extent(question, limits)
    if enclosed.refusal:
        return Truth(Answer((), ()), (), doubt=enclosed.refusal)
    if enclosed.sample is None:
        return _certified(question, dtypes, fine)
    return _sampled(question, enclosed.sample, dtypes)


def _sampled(question: Question, sample: Sample, dtypes: Sequence[str]) -> Truth:
    try:
        parts = sampled_parts(question, sample, dtypes)
    except UNDECIDED as error:
        return Truth(Answer((), ()), (), doubt=why_unknown(question.model, error))
    truth = Truth(
        Answer(tuple(part.path for part in parts), tuple(part.answer for part in parts)),
        tuple(part.radii for part in parts),
        {dtype: tuple(part.bounds[dtype] for part in parts) for dtype in dtypes},
        bits=max(part.bits for part in parts),
        doubt=next((part.doubt for part in parts if part.doubt), ""),
        source="sample",
        sample=sample,
    )
    return _within_accuracy(truth, question.model.accuracy)


def _certified(question: Question, dtypes: Sequence[str], fine: float) -> Truth:
    try:
        enclosure = enclose(question)
    except UNDECIDED as error:
        doubt = why_unknown(question.model, error)
        return _in_the_limit(question, dtypes) or Truth(Answer((), ()), (), doubt=doubt)
    answer, radii = enclosure.rounded()
    if not all(np.isfinite(radius).all() for radius in radii):
        truth_beside = _in_the_limit(question, dtypes)
        if truth_beside is not None:
            return truth_beside
    doubt = certify(question, enclosure)
    truth = Truth(answer, radii, bits=enclosure.bits, doubt=doubt)
    if truth.not_unique and question.inputs.n == 1 and doubt in ("", NOT_UNIQUE):
        # Kinks that cancel: with one active number, the two sides are all there are.
        truth_beside = _in_the_limit(question, dtypes)
        if truth_beside is not None:
            return truth_beside
    kinks = truth.at_kinks
    bounds = {dtype: bound(question, dtype, answer, radii, kinks, fine=fine) for dtype in dtypes}
    truth = _with_sides(replace(truth, bounds=bounds), question)
    return _within_accuracy(truth, question.model.accuracy)


def _with_sides(truth: Truth, question: Question) -> Truth:
    """The truth with the derivatives on the sides of its kinks.

    A hull that differences cannot certify, since they see a mean of the sides alone, is certified
    by both of its sides.
    """
    masks = truth.at_kinks
    if truth.doubt == JUMPS:
        masks = tuple(np.ones(array.shape, bool) for array in truth.answer.arrays)
    sides = find_sides(question, masks)
    if sides is None:
        return truth
    doubt = truth.doubt
    if doubt == NOT_UNIQUE and truth.has_hulls:
        is_confirmed = sides.confirm(truth.answer.arrays, truth.radii, masks)
        doubt = "" if is_confirmed else doubt
    return replace(truth, sides=sides, doubt=doubt)


def _in_the_limit(question: Question, dtypes: Sequence[str]) -> Truth | None:
    """The truth where the program has none: that of the points beside, if they agree."""
    found = limit(question)
    if found is None:
        return None
    bounds = {dtype: bound_beside(question, dtype, found) for dtype in dtypes}
    truth = Truth(found.answer, found.radii, bounds, bits=found.bits, doubt=found.doubt)
    return _within_accuracy(truth, question.model.accuracy)


def _within_accuracy(truth: Truth, accuracy: float) -> Truth:
    """The truth with bounds that are wider by the relative error that a model declares."""
    if not accuracy:
        return truth
    by_design = []
    for true in truth.answer.arrays:
        typical = np.sqrt(np.mean(true * true)) if true.size else 0.0
        by_design.append(accuracy * np.maximum(np.abs(true), typical))
    bounds = {
        dtype: tuple(
            np.asarray(entries + wider, np.float64)
            for entries, wider in zip(arrays, by_design, strict=True)
        )
        for dtype, arrays in truth.bounds.items()
    }
    return replace(truth, bounds=bounds)


def _join(parts: Sequence[Truth]) -> Truth:
    """The truth of a question whose answer is the tuple of the answers of its parts."""
    for part in parts:
        if not part.answer.arrays:  # it could not be enclosed
            return part
    *leading, last = parts
    sample = last.sample
    if sample is not None:
        sample = replace(sample, leading=sum(len(part.answer.arrays) for part in leading))
    return Truth(
        answer=joined([part.answer for part in parts]),
        radii=tuple(chain.from_iterable(part.radii for part in parts)),
        bounds={
            dtype: tuple(chain.from_iterable(part.bounds[dtype] for part in parts))
            for dtype in parts[0].bounds
        },
        bits=max(part.bits for part in parts),
        doubt=next((part.doubt for part in parts if part.doubt), ""),
        source=last.source,
        sample=sample,
    )


def _oracle_answer(question: Question) -> Answer | None:
    """What the model's oracle answers.

    The tuple of what those of the parts do where it has none for the whole.
    """
    model, operator = question.model, question.operator
    oracle = model.oracle.get(operator.value)
    if oracle is not None:
        parameters = {"order": question.order} if operator is Operator.DERIVATIVE else {}
        subject = f"The oracle of the model {model.name!r}"
        arguments = question.inputs.astype(np.longdouble).arguments
        return _as_numbers(subject, call(subject, oracle, *arguments, **parameters))
    if not question.has_parts:
        return None
    answers = [_oracle_answer(part) for part in question.parts]
    present = [answer for answer in answers if answer is not None]
    return joined(present) if len(present) == len(answers) else None


def _as_numbers(subject: str, returned: Any) -> Answer:
    """What an oracle returned, as an answer. Raises SpecError unless it is of real numbers."""
    try:
        answer = collect(returned)
    except Exception as error:
        raise SpecError(
            as_sentence(f"{subject} returned no tree of arrays: {describe_exception(error)}")
        ) from error
    for array in answer.arrays:
        if array.dtype.kind not in "biuf":
            raise SpecError(
                f"{subject} returned values of the type {array.dtype}; it must return real numbers."
            )
    return answer


def _doubt_about_oracle(question: Question, oracle: Answer | None, truth: Answer) -> str:
    if oracle is None:
        return ""
    subject = f"The oracle of the model {question.model.name!r} is wrong"
    wrong_shape = mismatch(oracle, truth)
    if wrong_shape:
        return f"{subject}. {wrong_shape}"
    distance = relative_error(oracle, truth)
    if distance > CONTRADICTION:
        return f"{subject}: it is {distance:.1e} from the certified true answer."
    return ""
