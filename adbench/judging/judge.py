"""The judge: holds what one backend answered against all that is known.

That is the truth, its own other answers, and how it behaves.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from math import nan

from adbench.cases.answer import Answer, mismatch, relative_error
from adbench.cases.case import Case
from adbench.cases.inputs import Inputs
from adbench.cases.operators import Operator
from adbench.cases.question import Question
from adbench.judging import behaviour, diagnosis, identities, taylor, verdict
from adbench.judging.finding import Finding, fold
from adbench.judging.identities import Projection
from adbench.judging.memory import LastGroup
from adbench.judging.verdict import Judgement
from adbench.results.row import Row, Verdict
from adbench.truth.truth import Truth


@dataclass(frozen=True)
class Evidence:
    """What one cell answered."""

    first: Answer
    """At the point asked for."""

    again: Answer
    """At the same point, with calls at others in between."""

    elsewhere: tuple[Answer, ...]
    """At the second point, in between: with the same arrays changed in place, where that can be
    done, and with new arrays. None where no truth is known there."""

    changed: str
    """Which inputs the calls have changed, in a sentence, or ""."""

    strided: Answer | None = None
    """At the second point, from arrays whose memory has gaps, where that was tried."""


@dataclass(frozen=True)
class Consistency:
    """What holding an answer against the identities that it takes part in has shown."""

    findings: tuple[Finding, ...] = ()

    over_bound: float = nan
    """The largest deviation from an identity, in units of what both its sides may err together; nan
    where there is nothing to hold it against."""

    taylor_order: float = nan
    """The order of the Taylor remainder."""


class Judge:
    """Judges the cells of one backend, one after the other.

    It remembers the answers to one question, and what the answers about one function have in
    common, for as long as the cells that come belong together.
    """

    def __init__(self, exact: bool) -> None:
        """exact: whether the backend claims derivatives up to rounding."""
        self.exact = exact
        self._answers: LastGroup[Answer] = LastGroup()
        self._projections: LastGroup[Projection] = LastGroup()
        self._ray: tuple[Inputs, taylor.Ray] | None = None

    def judge(
        self,
        row: Row,
        case: Case,
        evidence: Evidence,
        question: Question,
        second_question: Question,
        truth: Truth | None,
        second_truth: Truth | None,
    ) -> Row:
        """Return the row with its verdict.

        `wrong` where any of the checks fails, and `failed_checks` tells which.

        question, second_question: what was asked at the first and at the second point; truth,
        second_truth: of these, None where it is not known. Without a truth the verdict is
        `unresolved`, unless the inputs were changed.
        """
        row = replace(row, error_vs_other_mode=self._distance_to_other_modes(case, evidence.first))
        changes = self._changed_inputs(evidence)
        if truth is None:
            return fold(replace(row, verdict=Verdict.UNRESOLVED), changes)
        judgement = self._judgement(evidence.first, truth, question, case)
        row = replace(row, truth=truth.source, **asdict(judgement))
        findings = [
            *self._first_call(judgement),
            *self._second_call(evidence, truth, question, case),
        ]
        if second_truth is not None and not findings:
            findings += self._second_point(evidence, second_truth, second_question, case)
        if second_truth is not None and not findings:
            findings += self._memory_layout(evidence, second_truth, second_question, case)
        consistency = self._consistency(
            evidence.first,
            truth,
            question,
            case,
            is_wrong=bool(findings),
            is_explained=_is_explained(judgement),
        )
        row = replace(
            row,
            identity_over_bound=consistency.over_bound,
            taylor_order=consistency.taylor_order,
        )
        return fold(row, [*findings, *consistency.findings, *changes])

    # ---- against the truth

    def _judgement(self, answer: Answer, truth: Truth, question: Question, case: Case) -> Judgement:
        exact = self.exact or question.operator is Operator.VALUE
        judgement = verdict.judge(answer, truth, question, case.dtype, exact=exact)
        if judgement.verdict is Verdict.WRONG and not judgement.message:
            titles = [question.title(path) for path in truth.answer.paths]
            message = diagnosis.describe(answer, truth.answer, titles)
            judgement = replace(judgement, message=message)
        return judgement

    def _first_call(self, judgement: Judgement) -> list[Finding]:
        if judgement.verdict is not Verdict.WRONG:
            return []
        return [Finding("truth", judgement.message, judgement=judgement)]

    def _second_call(
        self, evidence: Evidence, truth: Truth, question: Question, case: Case
    ) -> list[Finding]:
        if behaviour.same(evidence.first, evidence.again):
            return []
        judgement = self._judgement(evidence.again, truth, question, case)
        if judgement.verdict is not Verdict.WRONG:
            return []
        message = f"The same call again gave another, wrong answer. {judgement.message}".strip()
        return [Finding("second call", message, judgement=judgement)]

    def _second_point(
        self, evidence: Evidence, truth: Truth, question: Question, case: Case
    ) -> list[Finding]:
        """Judge the answers at the second point; the first that is wrong is enough to say."""
        for answer in evidence.elsewhere:
            judgement = self._judgement(answer, truth, question, case)
            if judgement.verdict is Verdict.WRONG:
                sentences = ["At a second point the answer is wrong."]
                is_zero = not any(array.any() for array in answer.arrays)
                if behaviour.same(evidence.first, answer) and not is_zero:
                    sentences.append("It is the answer of the first.")
                if judgement.message:
                    sentences.append(judgement.message)
                message = " ".join([*sentences, f"The point: {question.describe_point()}."])
                return [Finding("second point", message, judgement=judgement)]
        return []

    def _memory_layout(
        self, evidence: Evidence, truth: Truth, question: Question, case: Case
    ) -> list[Finding]:
        """Judge the answer from arrays with gaps in their memory."""
        if evidence.strided is None:
            return []
        judgement = self._judgement(evidence.strided, truth, question, case)
        if judgement.verdict is not Verdict.WRONG:
            return []
        message = (
            "With arrays that are not contiguous in memory, as transposed and expanded ones are, "
            f"the answer is wrong. {judgement.message}"
        )
        return [Finding("memory layout", message.strip(), judgement=judgement)]

    # ---- against the backend's other answers

    def _distance_to_other_modes(self, case: Case, answer: Answer) -> float:
        """How far an answer is from those that other modes gave to the same question.

        It is nan for the first answer.
        """
        answers = self._answers.of((*case.question, case.implementation))
        comparable = [other for other in answers if not mismatch(answer, other)]
        answers.append(answer)
        return max((relative_error(answer, other) for other in comparable), default=nan)

    def _consistency(
        self,
        answer: Answer,
        truth: Truth,
        question: Question,
        case: Case,
        *,
        is_wrong: bool,
        is_explained: bool,
    ) -> Consistency:
        """Hold an answer against the identities that it takes part in.

        is_wrong: whether a check before has proved it wrong. is_explained: whether it is beyond its
        bounds by mere rounding, which identities are too sharp for.
        """
        if not self.exact or is_explained or not _is_comparable(answer, truth, case.dtype):
            return Consistency()
        bounds = truth.bounds[case.dtype]
        projection = identities.project(question, case.mode, answer.arrays, bounds)
        if projection is None:
            return Consistency()
        family = (case.model, case.size, case.dtype, case.implementation)
        projections = self._projections.of(family)
        checks = [identities.check_projections(projection, projections)]
        if not is_wrong:
            projections.append(projection)
        if question.operator is Operator.HESSIAN:
            checks.append(identities.check_symmetry(answer.arrays, bounds))
        findings = [check.finding for check in checks if check.finding is not None]
        order = self._taylor_order(projection, question)
        if order < taylor.TOO_LOW:
            message = f"The Taylor remainder is of order {order:.2f} in h."
            findings.append(Finding("Taylor" if is_wrong else "", message, is_proof=False))
        over_bound = max(check.over_bound for check in checks)
        return Consistency(tuple(findings), over_bound, order)

    def _taylor_order(self, projection: Projection, question: Question) -> float:
        if projection.is_second_order or question.inputs.n > taylor.FEW_INPUTS:
            return nan
        if self._ray is None or self._ray[0] is not question.inputs:
            self._ray = (question.inputs, taylor.ray_of(question))
        _, ray = self._ray
        return taylor.taylor_order(ray, projection.value, projection.tolerance)

    # ---- how it behaves

    def _changed_inputs(self, evidence: Evidence) -> list[Finding]:
        if not evidence.changed:
            return []
        return [Finding("inputs", evidence.changed, comes_first=True)]


def _is_explained(judgement: Judgement) -> bool:
    """Whether an answer is beyond its bounds, and not wrong."""
    return judgement.verdict is Verdict.IMPRECISE and judgement.max_error_over_bound > 1


def _is_comparable(answer: Answer, truth: Truth, dtype: str) -> bool:
    """Whether an answer has the form, and its truth the certainty, that identities need."""
    has_dtype = all(str(array.dtype) == dtype for array in answer.arrays)
    if not has_dtype or not answer.is_finite or mismatch(answer, truth.answer):
        return False
    return not truth.doubt and not truth.not_unique
