"""The step sweep of a plan, a model at a time in the worker of truths, each within a limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from adbench.cases.user_file import FileChanged, check_unchanged
from adbench.planning.plan import Plan
from adbench.registry import ModelSource
from adbench.results.row import Outcome
from adbench.running.protocol import (
    ModelChanged,
    StepsSwept,
    SweepSteps,
    TruthBroken,
    UserCodeFailed,
)
from adbench.running.worker_pool import WorkerFailed, WorkerPool, truth_entry
from adbench.step_sweep.row import StepRow
from adbench.truth.certificate import CertificateError


@dataclass(frozen=True)
class StepSubject:
    """A model at a size in a dtype, whose derivatives are computed by differences."""

    source: ModelSource
    """The model."""
    size: str
    """The name of its size."""
    dtype: str
    """The dtype to compute in."""

    def describe(self) -> str:
        """Return the subject in a few words."""
        return f"{self.source.model.name} {self.size} {self.dtype}"


@dataclass
class StepResults:
    """What a step sweep has come to so far."""

    rows: list[StepRow] = field(default_factory=list)
    """The rows of the subjects that were swept."""
    missing: list[str] = field(default_factory=list)
    """A sentence on each subject that could not be."""


def subjects(plan: Plan) -> Sequence[StepSubject]:
    """Return the models of a plan, at the sizes and in the dtypes that are small enough.

    A Jacobian by differences takes n + 1 evaluations or more, so n is limited as the passes of a
    case are.
    """
    by_name = {
        group.subject: StepSubject(group.source, group.question.size, group.question.dtype)
        for group in plan.groups
        if not (group.swept or group.growth or group.beyond)
        and group.n <= plan.settings.effort.passes
    }
    if plan.part is None:
        return list(by_name.values())
    own = set(plan.part.has_steps_of)
    return [subject for name, subject in by_name.items() if name in own]


def sweep(
    plan: Plan,
    workers: WorkerPool,
    results: StepResults,
    watch: Callable[[str], None] = lambda activity: None,
    advance: Callable[[], None] = lambda: None,
) -> None:
    """Sweep every model of a plan, and add to `results` what comes of each.

    watch: called with what is swept, in words; advance: called when that is done. Raises
    CertificateError where a truth contradicts the function itself, and FileChanged where a file has
    changed.
    """
    for subject in subjects(plan):
        watch(f"differences of {subject.describe()}")
        check_unchanged(plan.files)
        try:
            results.rows += _rows(plan, subject, workers)
        except _Failed as failure:
            results.missing.append(
                f"{subject.describe()} was not compared with numerical differentiation: {failure}"
            )
        advance()


class _Failed(Exception):
    """A subject could not be swept; the exception's text says why, in a sentence."""


def _rows(plan: Plan, subject: StepSubject, workers: WorkerPool) -> Sequence[StepRow]:
    settings = plan.settings
    request = SweepSteps(subject.source.origin, subject.size, subject.dtype, settings.points)
    try:
        entry = truth_entry(plan.backends, settings)
        reply = workers.ask(entry, request, settings.timeout_s)
    except WorkerFailed as failure:
        if failure.outcome is not Outcome.TIMED_OUT:
            raise _Failed(failure.message) from None
        limit = f"the limit of {settings.timeout_s:g} s"
        raise _Failed(f"no answer within {limit}; --timeout sets it.") from None
    if isinstance(reply, UserCodeFailed):
        raise _Failed(reply.message)
    if isinstance(reply, TruthBroken):
        raise CertificateError(reply.message)
    if isinstance(reply, ModelChanged):
        raise FileChanged(reply.message)
    assert isinstance(reply, StepsSwept)
    if not reply.rows:
        raise _Failed("no true answer is known to compare with.")
    return reply.rows
