"""The judge: holds what one backend answered against all that is known.

That is the truth, its own other answers, and how it behaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import nan, sqrt

from adbench.cases.answer import Answer, mismatch, norm, relative_error
from adbench.cases.case import NATIVE, Case
from adbench.cases.inputs import Inputs
from adbench.cases.operators import Operator
from adbench.cases.question import Question
from adbench.judging import behaviour, diagnosis, identities, kinks, taylor, verdict
from adbench.judging.finding import Finding, fold
from adbench.judging.identities import Projection
from adbench.judging.memory import LastGroup
from adbench.judging.verdict import Judgement
from adbench.results.row import Row, Verdict
from adbench.truth.formats import FORMATS
from adbench.truth.truth import Truth
from reference_ad import original_rules

SECOND_POINT = "second point"
"""The check at further points, as `failed_checks` has it."""

ALIKE = {"float64": 1e-6, "float32": 1e-3, "float16": 0.1, "bfloat16": 0.1}
"""Two answers to one question that differ by less than this, relatively, are the same but for
rounding."""


ROUGH = 1e-3
"""The relative error of an answer as a whole that is wrong, however many digits a formula loses."""


@dataclass(frozen=True)
class Trial:
    """An answer that was given in other circumstances than the first, and must be right in them."""

    check: str
    """What the check is called in `failed_checks`."""

    circumstances: str
    """What was different, in a sentence that says that the answer is wrong."""

    answer: Answer

    point: int | None = None
    """The number of the further point at which it was given; None for that which is asked for."""

    beside: Answer | None = None
    """The answer that it must agree with, where it is none to the question asked."""

    roughly: bool = False
    """Whether it is wrong only if it is off by more than `ROUGH`."""

    def repeats(self, other: Trial) -> bool:
        """Whether it is to be judged like another, and has the same answer."""
        is_alike = self.point == other.point and self.roughly == other.roughly
        has_none_beside = self.beside is None and other.beside is None
        return is_alike and has_none_beside and behaviour.same(self.answer, other.answer)


@dataclass(frozen=True)
class Evidence:
    """What one cell answered."""

    first: Answer
    """At the point asked for."""

    again: Answer
    """At the same point, with calls at others in between."""

    trials: tuple[Trial, ...]
    """In other circumstances, in between."""

    changed: str
    """Which inputs the calls have changed, in a sentence, or ""."""

    kept: Answer | None = None
    """What the arrays of the first answer hold after calls at other points; None where that was not
    looked at."""

    unreached: tuple[str, ...] = ()
    """The paths of the arrays of the active argument that no gradient reaches."""


@dataclass(frozen=True)
class Asked:
    """A question at one of the points, and what is known about its answer."""

    question: Question

    truth: Truth


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

    def __init__(self, exact: bool, *, has_taylor: bool = True) -> None:
        """exact: whether the backend claims derivatives up to rounding.

        has_taylor: whether the remainder of a Taylor series is looked at beside the truth, which
        takes 28 values of the function in balls.
        """
        self.exact = exact
        self._has_taylor = has_taylor
        self._answers: LastGroup[Answer] = LastGroup()
        self._projections: LastGroup[Projection] = LastGroup()
        self._ray: tuple[Inputs, taylor.Ray] | None = None

    @original_rules()
    def judge(
        self,
        row: Row,
        case: Case,
        evidence: Evidence,
        question: Question,
        truth: Truth | None,
        further: Mapping[int, Asked],
    ) -> Row:
        """Return the row with its verdict.

        `wrong` where any of the checks fails, and `failed_checks` tells which.

        question, truth: what was asked at the first point, and its truth, None where it is not
        known; further: the same at further points, by their numbers. Without a truth the verdict is
        `unresolved`, unless the inputs were changed.
        """
        distance = self._distance_to_other_modes(case, evidence.first)
        row = replace(row, returned=evidence.first.in_short())
        changes = [*self._overwritten_answer(evidence), *self._changed_inputs(evidence)]
        if truth is None:
            unresolved = replace(row, verdict=Verdict.UNRESOLVED, error_vs_other_mode=distance)
            return fold(unresolved, changes)
        asked = Asked(question, truth)
        judgement = self._judgement(evidence.first, asked, case)
        findings = [
            *self._first_call(judgement),
            *self._second_call(evidence, asked, case),
        ]
        if not findings:
            findings += self._trials(evidence, asked, further, case)
        if findings and case.implementation == NATIVE:
            findings += self._remarks(evidence, truth, question, case)
        consistency = self._consistency(
            evidence.first,
            truth,
            question,
            case,
            is_wrong=bool(findings),
            is_explained=_is_explained(judgement),
            is_swept=bool(row.growth) or row.swept,
        )
        row = replace(
            row,
            truth=truth.source if truth.answer.arrays else row.truth,
            error_vs_other_mode=distance,
            **vars(judgement),
            identity_over_bound=consistency.over_bound,
            taylor_order=consistency.taylor_order,
        )
        return fold(row, [*findings, *consistency.findings, *changes])

    # ---- against the truth

    def _judgement(self, answer: Answer, asked: Asked, case: Case) -> Judgement:
        question, truth = asked.question, asked.truth
        exact = self.exact or question.operator is Operator.VALUE
        judgement = verdict.judge(answer, truth, question, case.dtype, exact=exact)
        if judgement.verdict is Verdict.WRONG and not judgement.message:
            titles = [question.title(path) for path in truth.answer.paths]
            message = diagnosis.describe(answer, truth.answer, titles)
            judgement = replace(judgement, message=message)
        is_at_kink = truth.not_unique and judgement.verdict is Verdict.CORRECT
        if is_at_kink and case.implementation == NATIVE:
            # A framework's own derivative keeps to conventions, which need be no means of sides.
            message = kinks.off_all_sides(answer, question, truth.not_unique)
            if message:
                judgement = replace(judgement, verdict=Verdict.WRONG, message=message)
        return judgement

    def _first_call(self, judgement: Judgement) -> list[Finding]:
        if judgement.verdict is not Verdict.WRONG:
            return []
        return [Finding("truth", judgement.message, judgement=judgement)]

    def _second_call(self, evidence: Evidence, asked: Asked, case: Case) -> list[Finding]:
        if behaviour.same(evidence.first, evidence.again):
            return []
        judgement = self._judgement(evidence.again, asked, case)
        if judgement.verdict is not Verdict.WRONG:
            return []
        message = f"The same call again gave another, wrong answer. {judgement.message}".strip()
        return [Finding("second call", message, judgement=judgement)]

    def _trials(
        self, evidence: Evidence, first: Asked, further: Mapping[int, Asked], case: Case
    ) -> list[Finding]:
        """Judge the answers in other circumstances; the first that is wrong is enough to say."""
        judged: list[Trial] = []
        for trial in evidence.trials:
            if any(trial.repeats(other) for other in judged):  # which were right
                continue
            judged.append(trial)
            if trial.beside is not None:
                finding = _difference(trial, trial.beside, evidence.first, case)
            elif trial.point is None:
                finding = self._trial(trial, first, evidence, case)
            elif trial.point in further:
                finding = self._trial(trial, further[trial.point], evidence, case)
            else:
                continue
            if finding is not None:
                return [finding]
        return []

    def _trial(self, trial: Trial, asked: Asked, evidence: Evidence, case: Case) -> Finding | None:
        judgement = self._judgement(trial.answer, asked, case)
        if judgement.verdict is not Verdict.WRONG:
            return None
        if trial.roughly and _is_slight(judgement, asked.truth.answer, evidence.first):
            return None
        sentences = [trial.circumstances]
        if trial.check == SECOND_POINT:
            is_zero = not any(array.any() for array in trial.answer.arrays)
            if behaviour.same(evidence.first, trial.answer) and not is_zero:
                sentences.append("It is the answer of the first.")
        if judgement.message:
            sentences.append(judgement.message)
        if trial.check == SECOND_POINT:
            sentences.append(f"The point: {asked.question.describe_point()}.")
        return Finding(trial.check, " ".join(sentences), judgement=judgement)

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
        is_swept: bool,
    ) -> Consistency:
        """Hold an answer against the identities that it takes part in.

        is_wrong: whether a check before has proved it wrong. is_explained: whether it is beyond its
        bounds by mere rounding, which identities are too sharp for. is_swept: whether the size is
        one of growth or of a sweep, where 28 values of the function in balls, for the Taylor
        remainder, would take seconds.
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
        order = nan if is_swept else self._taylor_order(projection, question)
        if order < taylor.TOO_LOW:
            message = f"The Taylor remainder is of order {order:.2f} in h."
            findings.append(Finding("Taylor" if is_wrong else "", message, is_proof=False))
        over_bound = max(check.over_bound for check in checks)
        return Consistency(tuple(findings), over_bound, order)

    def _taylor_order(self, projection: Projection, question: Question) -> float:
        is_costly = projection.is_second_order or question.inputs.n > taylor.FEW_INPUTS
        if is_costly or not self._has_taylor:
            return nan
        if self._ray is None or self._ray[0] is not question.inputs:
            self._ray = (question.inputs, taylor.ray_of(question))
        _, ray = self._ray
        return taylor.taylor_order(ray, projection.value, projection.tolerance)

    # ---- how it behaves

    def _overwritten_answer(self, evidence: Evidence) -> list[Finding]:
        if evidence.kept is None or evidence.changed:  # an answer may be one of the inputs
            return []
        if behaviour.same(evidence.first, evidence.kept):
            return []
        message = (
            "The arrays of an answer changed when the function was called again: they lie in "
            "memory that is used once more; return arrays of their own."
        )
        return [Finding("later call", message)]

    def _remarks(
        self, evidence: Evidence, truth: Truth, question: Question, case: Case
    ) -> list[Finding]:
        """What explains that hand-written code is wrong: it is random, or no gradient arrives."""
        half_of_the_digits = sqrt(FORMATS[case.dtype].spacing)
        elsewhere = [trial.answer for trial in evidence.trials if trial.point == 0]
        pairs = [(evidence.first, evidence.again), *pairwise(elsewhere)]
        remarks = []
        if truth.sample is None:
            remarks.append(behaviour.unreached(evidence.unreached, truth.answer, question))
        if any(behaviour.differ(*pair, beyond=half_of_the_digits) for pair in pairs):
            remarks.append(behaviour.NOT_A_FUNCTION)
        return [Finding("", remark, is_proof=False) for remark in remarks if remark]

    def _changed_inputs(self, evidence: Evidence) -> list[Finding]:
        if not evidence.changed:
            return []
        return [Finding("inputs", evidence.changed, comes_first=True)]


def _difference(trial: Trial, other: Answer, usual: Answer, case: Case) -> Finding | None:
    """What is to be said where an answer differs from another to the same question.

    usual: the answer to the question that was asked: beside it, two slopes may be next to nothing,
        as those of a normalized sum are, and then they differ by their rounding alone.
    """
    answer = trial.answer
    if mismatch(answer, other) or not other.is_finite:
        return None
    if not answer.is_finite:
        return Finding(trial.check, f"{trial.circumstances} It is not finite.")
    pairs = zip(answer.arrays, other.arrays, strict=True)
    deviation = norm([left - right for left, right in pairs])
    if deviation <= ALIKE[case.dtype] * max(norm(other.arrays), norm(usual.arrays)):
        return None
    difference = relative_error(answer, other)
    message = f"{trial.circumstances} It differs by a relative {difference:.1e}."
    return Finding(trial.check, message)


def _is_slight(judgement: Judgement, truth: Answer, usual: Answer) -> bool:
    """Whether an error is nothing beside the true answer, or beside one that is usual.

    A right formula may lose all digits of a slope that is next to nothing.
    """
    size = norm(truth.arrays)
    return judgement.relative_error * size <= ROUGH * max(size, norm(usual.arrays))


def _is_explained(judgement: Judgement) -> bool:
    """Whether an answer is beyond its bounds, and not wrong."""
    return judgement.verdict is Verdict.IMPRECISE and judgement.max_error_over_bound > 1


def _is_comparable(answer: Answer, truth: Truth, dtype: str) -> bool:
    """Whether an answer has the form, and its truth the certainty, that identities need."""
    has_dtype = all(str(array.dtype) == dtype for array in answer.arrays)
    if not has_dtype or not answer.is_finite or mismatch(answer, truth.answer):
        return False
    return not truth.doubt and not truth.not_unique
