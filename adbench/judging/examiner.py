"""The examiner: what one backend answered, held against the truth, its own other answers, and how
it behaves."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from math import nan
from typing import Any

import numpy as np

from adbench.cases.case import Case
from adbench.cases.inputs import Inputs
from adbench.cases.model import Model
from adbench.cases.operators import Operator
from adbench.judging import behaviour, diagnosis, identities, verdict
from adbench.results.row import Row, Verdict
from adbench.truth import answers, enclosure
from adbench.truth import truth as known
from adbench.truth.answers import Answer
from reference_ad.engine import tree

FEW_INPUTS = 10_000
"""The order of the Taylor remainder is taken where there are no more active scalars than this: each
of its function values, in balls, then takes milliseconds."""

TOO_LOW = 1.5
"""A Taylor remainder of a lower order than this is flagged."""


@dataclass(frozen=True)
class Evidence:
    """What one cell answered.

    first, again: at the point asked for, in two calls with others between them; elsewhere: at the
    second point, in between, with new arrays and with the same arrays changed in place, where that
    can be done; none where no truth is known there; changed: which inputs the calls have changed,
    in a sentence.
    """

    first: Answer
    again: Answer
    elsewhere: tuple[Answer, ...]
    changed: str


class Examiner:
    """Judges the cells of one backend. `exact`: whether it claims derivatives up to rounding."""

    def __init__(self, exact: bool) -> None:
        self.exact = exact
        self.answered: tuple[object, ...] = ()
        self.answers: list[Answer] = []
        self.family: tuple[object, ...] = ()
        self.projections: list[identities.Along] = []
        self.ray: tuple[Inputs, Callable[[float], Any]] | None = None

    def examine(
        self,
        row: Row,
        case: Case,
        evidence: Evidence,
        model: Model,
        inputs: Inputs,
        elsewhere: Inputs,
        truth: known.Truth | None,
        second_truth: known.Truth | None,
    ) -> Row:
        """Return the row with its verdict: `wrong` where any of the checks fails, and
        `failed_checks` tells which."""
        row = replace(row, error_vs_other_mode=self._apart_from_other_modes(case, evidence.first))
        failed = []
        if truth is None:
            row = replace(row, verdict=Verdict.UNRESOLVED)
        else:
            row = replace(
                row,
                truth=truth.source,
                **asdict(self._judged(evidence.first, truth, case, inputs, model)),
            )
            if row.verdict is Verdict.WRONG:
                failed.append("truth")
            if not behaviour.same(evidence.first, evidence.again):
                judgement = self._judged(evidence.again, truth, case, inputs, model)
                row = _failed(
                    row,
                    judgement,
                    failed,
                    "second call",
                    "The same call again gave another, wrong answer.",
                )
            if second_truth is not None and not failed:
                for answer in evidence.elsewhere:
                    judgement = self._judged(answer, second_truth, case, elsewhere, model)
                    stale = behaviour.same(evidence.first, answer) and any(
                        a.any() for a in answer.arrays
                    )
                    said = "At a second point the answer is wrong." + (
                        " It is the answer of the first." * stale
                    )
                    row = _failed(row, judgement, failed, "second point", said)
            if self.exact:
                row = self._identical(row, case, evidence.first, truth, model, inputs, failed)
        if evidence.changed:
            row = replace(
                row, verdict=Verdict.WRONG, message=f"{evidence.changed} {row.message}".strip()
            )
            failed.append("inputs")
        return replace(row, failed_checks="; ".join(failed))

    def _judged(
        self, answer: Answer, truth: known.Truth, case: Case, inputs: Inputs, model: Model
    ) -> verdict.Judgement:
        name = active_name(model)
        exact = self.exact or case.operator is Operator.VALUE
        judgement = verdict.judge(
            answer, truth, inputs, case.operator, case.order, case.dtype, exact=exact, name=name
        )
        if judgement.verdict is Verdict.WRONG and not judgement.message:
            judgement = replace(judgement, message=diagnosis.describe(answer, truth.answer, name))
        return judgement

    def _identical(
        self,
        row: Row,
        case: Case,
        answer: Answer,
        truth: known.Truth,
        model: Model,
        inputs: Inputs,
        failed: list[str],
    ) -> Row:
        """Hold an answer against the identities that it takes part in."""
        kept = all(str(array.dtype) == case.dtype for array in answer.arrays)
        if not kept or not answer.is_finite or answers.mismatch(answer, truth.answer):
            return row
        if truth.doubt or truth.not_unique:
            return row
        bounds = truth.bounds[case.dtype]
        tangent = tree.leaves(inputs.tangent)
        here = identities.along(
            case.operator, case.mode, answer.arrays, bounds, tangent, inputs.cotangent
        )
        if here is None:
            return row
        family = (case.model, case.size, case.dtype, case.implementation)
        if self.family != family:
            self.family, self.projections = family, []
        said, largest, order = [], 0.0, nan
        second = case.operator in identities.SECOND
        for other in self.projections:
            if (other.operator in identities.SECOND) is second:
                apart = here.apart_from(other)
                if apart > 1 and "identity" not in failed:  # one contradiction is enough to say
                    what = "v'Hv" if second else "<u, Jv> = <J'u, v>"
                    failed.append("identity")
                    said.append(
                        f"{what} fails: {other.operator} {other.mode} gives {other.value:.9g}, "
                        f"this {here.value:.9g}."
                    )
                largest = max(largest, apart)
        if row.verdict is not Verdict.WRONG:
            self.projections.append(here)
        if case.operator is Operator.HESSIAN:
            apart = identities.asymmetry(answer.arrays, bounds)
            if apart > 1:
                failed.append("symmetry")
                said.append("The Hessian is not symmetric.")
            largest = max(largest, apart)
        if not second and inputs.n <= FEW_INPUTS:
            if self.ray is None or self.ray[0] is not inputs:
                self.ray = (inputs, enclosure.along_tangent(model, inputs.astype("float64")))
            order = identities.taylor_order(
                self.ray[1], here.value, here.tolerance, float(np.finfo(np.longdouble).eps)
            )
            if order < TOO_LOW:
                said.append(f"The Taylor remainder is of order {order:.2f} in h.")
                failed += ["Taylor"] if row.verdict is Verdict.WRONG else []
        verdict_now = Verdict.WRONG if "identity" in failed or "symmetry" in failed else row.verdict
        flags = row.flags
        if said and verdict_now is not Verdict.WRONG:
            flags = "; ".join(part for part in (flags, *said) if part)
            said = []
        return replace(
            row,
            verdict=verdict_now,
            identity_over_bound=largest,
            taylor_order=order,
            flags=flags,
            message=" ".join(part for part in (row.message, *said) if part),
        )

    def _apart_from_other_modes(self, case: Case, answer: Answer) -> float:
        """Return how far this answer is from those that other modes gave to the same question; nan
        for the first."""
        question = (*case.question, case.implementation)
        if self.answered != question:
            self.answered, self.answers = question, []
        apart = [
            answers.relative_error(answer, other)
            for other in self.answers
            if not answers.mismatch(answer, other)
        ]
        self.answers.append(answer)
        return max(apart, default=nan)


def argument_names(model: Model, count: int) -> list[str]:
    """Return what the model's function calls its `count` arguments after `xp`."""
    try:
        names = list(inspect.signature(model.function).parameters)[1:]
    except (ValueError, TypeError):
        names = []
    return [*names, *(f"argument {position}" for position in range(len(names), count))][:count]


def active_name(model: Model) -> str:
    """Return what the model's function calls its active argument."""
    return argument_names(model, model.active + 1)[model.active]


def _failed(
    row: Row, judgement: verdict.Judgement, failed: list[str], check: str, what: str
) -> Row:
    """Return the row with the judgement of a further call, where that is wrong and none before it
    was."""
    if judgement.verdict is not Verdict.WRONG or check in failed:
        return row
    failed.append(check)
    if row.verdict is Verdict.WRONG:
        return row
    return replace(row, **{**asdict(judgement), "message": f"{what} {judgement.message}".strip()})
