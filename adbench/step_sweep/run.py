"""The step sweep of the models of a plan, in this process: it needs NumPy and the truth alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from adbench.backends.base import prepare, to_backend
from adbench.backends.reference import Tape
from adbench.cases.answer import Answer, collect, relative_error
from adbench.cases.inputs import Inputs, make_inputs
from adbench.cases.model import Model
from adbench.cases.operators import Mode, Operator
from adbench.cases.question import Question
from adbench.registry import ModelSource
from adbench.running.plan import Group, Plan
from adbench.step_sweep import differences
from adbench.step_sweep.differences import Attempt
from adbench.step_sweep.rows import StepRow
from adbench.truth import truth as known
from adbench.truth.certificate import CertificateError


def run(plan: Plan, watch: Callable[[str], None] = lambda what: None) -> Iterator[StepRow]:
    """Yield the rows of every model, size and dtype of a plan that is small enough for its effort.

    A Jacobian by differences takes n + 1 evaluations or more, so n is limited as the passes of a
    case are. Where no truth is known, there is nothing to measure against. watch: called with what
    is running, in words.
    """
    for source, size, dtype in dict.fromkeys(
        _asked(group) for group in plan.groups if not group.swept
    ):
        inputs = make_inputs(source.model, size, plan.settings.seed, plan.settings.lowest_dtype)
        if inputs.n <= plan.settings.effort.passes:
            watch(f"differences of {source.model.name} {size} {dtype}")
            yield from rows(source.model, size, inputs, dtype)


def _asked(group: Group) -> tuple[_Named, str, str]:
    return _Named(group.source), group.question.size, group.question.dtype


class _Named:
    """A model's source, compared by its origin: a model itself holds mappings, which have no
    hash."""

    def __init__(self, source: ModelSource) -> None:
        self.model = source.model
        self._origin = source.origin

    def __hash__(self) -> int:
        return hash(self._origin)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Named) and other._origin == self._origin


def rows(model: Model, size: str, inputs: Inputs, dtype: str) -> Iterator[StepRow]:
    """Yield the rows of one model at one size: both differences at every step, the adaptive
    libraries, and AD."""
    operator = differences.question(inputs)
    try:
        truth = known.establish(Question(model, inputs, operator, 1), [dtype])
    except CertificateError:
        raise
    except Exception:  # a function that balls cannot follow has no truth, as in the run's own rows
        return
    if truth.doubt:
        return
    true = differences.as_matrix(truth.answer, inputs.m)
    here = inputs.astype(dtype)
    attempts = [*differences.sweep(model, here, true), *differences.adaptive(model, here, true)]
    ad = relative_error(_reverse(model, here, operator), truth.answer)
    for attempt in [*attempts, Attempt("ad", float("nan"), ad, 0)]:
        yield StepRow(
            model=model.name,
            size=size,
            n_inputs=inputs.n,
            n_outputs=inputs.m,
            dtype=dtype,
            method=attempt.method,
            step=attempt.step,
            relative_error=attempt.relative_error,
            evaluations=attempt.evaluations,
        )


def _reverse(model: Model, inputs: Inputs, operator: Operator) -> Answer:
    """The answer of the reference engine in reverse mode, in the dtype of the inputs."""
    backend = Tape()
    problem = to_backend(backend, model.function, inputs, operator)
    _, call = prepare(backend, problem, operator, Mode.REVERSE, 1)
    return collect(call(problem.active, problem.constants, problem.direction), backend.to_numpy)
