"""The session.

One backend's cells of models in this process, each opened, checked, sampled in turns, and closed
with its row.

It knows of no pipe, file or other process: a worker is a process round a session, and
`adbench.check` holds sessions itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import TracebackType
from typing import Any

from adbench.backends.base import Backend, Call, Problem, Unsupported, prepare, to_backend
from adbench.cases.answer import Answer, collect
from adbench.cases.case import NATIVE, Case
from adbench.cases.inputs import Inputs
from adbench.cases.model import Model
from adbench.cases.operators import Mode, Operator
from adbench.cases.question import Question
from adbench.judging import behaviour
from adbench.judging.judge import Evidence, Judge
from adbench.results.row import Row
from adbench.running.failures import failed_row
from adbench.running.points import Points
from adbench.running.timed_cell import TimedCell
from adbench.running.truths import Truths
from adbench.timing import clock, memory
from adbench.timing.clock import Thunk
from reference_ad.engine import tree

SLOW_CALL_S = 0.3
"""A call that takes longer than this (s) is made at the second point once, with new arrays, and not
in place too."""

SETTLE_EVERY_S = 5.0
"""The garbage of the cells opened within this time (s) is collected together: it takes a framework
0.1 s."""

NOT_REPEATABLE = "not repeatable"
"""The flag of a cell whose second answer differs from its first."""


@dataclass(frozen=True)
class Subject:
    """A model at one size in one dtype: cells of the same subject share their inputs.

    Models hold mappings, which have no hash, so they are compared by identity.
    """

    model: Model = field(compare=False)
    """The model; while the subject is kept, no other object has its identity."""
    model_identity: int
    """`id` of the model."""
    size: str
    """The name of the size."""
    dtype: str
    """The dtype that is asked for."""

    @classmethod
    def of(cls, case: Case, model: Model) -> Subject:
        """Return the subject of a case."""
        return cls(model, id(model), case.size, case.dtype)


@dataclass(frozen=True)
class SubjectInputs:
    """The inputs of a subject, in its dtype."""

    first: Inputs
    """At the point that is asked for."""
    second: Inputs
    """At the second point."""


@dataclass(frozen=True)
class StagedPrimal:
    """The function alone, staged like the operators it is sampled with."""

    call: Thunk
    """The call, which waits for its result."""
    loops: int
    """How many calls make a sample."""


@dataclass(frozen=True)
class PreparedCell:
    """A cell whose call is built and staged, and has not been made yet."""

    case: Case
    """What is asked."""
    model: Model
    """The model it is asked of."""
    inputs: SubjectInputs
    """Its inputs at both points, as NumPy arrays."""
    problem: Problem
    """The function and its inputs at the first point, on the backend's side."""
    call: Call
    """The prepared call, `call(active, constants, direction)`."""
    operator: Thunk
    """The call at the first point, which waits for its result: what is timed."""
    route: str
    """How the backend answers."""
    prepare_s: float
    """How long building and staging the call took (s)."""

    @property
    def question(self) -> Question:
        """What is asked at the first point."""
        return Question(self.model, self.inputs.first, self.case.operator, self.case.order)


@dataclass(frozen=True)
class Observation:
    """What the calls of a prepared cell have shown."""

    evidence: Evidence
    """The answers, and how the calls behave."""
    first_s: float
    """How long the first call took (s)."""
    again_s: float
    """How long the second call took (s)."""
    peak_bytes: int | None
    """By how much resident memory rose during the second call (bytes), where the system tells."""


class Session:
    """Opens, checks and samples cells on one backend, one after the other.

    It is used in a `with` statement, within which the framework's global modes are those that the
    backend needs.
    """

    def __init__(self, backend: Backend, points: Points, threads: int = 1) -> None:
        """Begin a session.

        threads: how many the backend may use, by which its cells are flagged.
        """
        self.backend = backend
        self._points = points
        self._threads = threads
        self._judging = Judge(backend.exact)
        self._open_cells: dict[str, TimedCell] = {}
        self._settled_at = 0.0
        self._modes = ExitStack()
        self._inputs = lru_cache(maxsize=4)(self._make_inputs)
        self._primal = lru_cache(maxsize=2)(self._stage_primal)

    def __enter__(self) -> Session:
        self._modes.enter_context(self.backend.modes())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._modes.close()

    def open(
        self, key: str, case: Case, model: Model, begun: Row, truths: Truths, *, timed: bool = True
    ) -> Row | None:
        """Prepare, call and check one cell.

        key: by which the cell is sampled and closed; begun: its row with nothing measured. Return
        the row where the cell has ended: it raised, or is not `timed`. Return None where it is open
        and can be sampled.
        """
        try:
            cell = self._prepare(case, model)
            observation = self._observe(cell, at_second_point=truths.second is not None)
            row = self._judge(_observed_row(begun, cell, observation), cell, observation, truths)
            if not timed:
                return row
            self._open_cells[key] = self._timed_cell(row, cell, observation)
        except Exception as error:
            return failed_row(begun, error, self.backend)
        self._settle()
        return None

    def sample(self, key: str, pairs: int, turn_s: float, most_s: float) -> Row | None:
        """Give an open cell a turn of sampling, as `TimedCell.sample` does.

        Return the row where the cell raised, which ends it, and None otherwise.
        """
        cell = self._open_cells[key]
        try:
            cell.sample(pairs, turn_s, most_s)
        except Exception as error:
            del self._open_cells[key]
            return failed_row(cell.row, error, self.backend)
        return None

    def close(self, key: str) -> Row:
        """End an open cell and return its row."""
        return self._open_cells.pop(key).finished_row(self._threads)

    # ---- the steps of opening a cell, in their order

    def _prepare(self, case: Case, model: Model) -> PreparedCell:
        """Build and stage the call of a cell. Raises Unsupported where the backend has no way."""
        if case.dtype not in self.backend.dtypes:
            raise Unsupported(
                f"It does not compute in {case.dtype}; it does in {', '.join(self.backend.dtypes)}."
            )
        inputs = self._inputs(Subject.of(case, model))
        problem = self._problem(case, model, inputs.first)
        (route, call), prepare_s = clock.once(
            lambda: prepare(self.backend, problem, case.operator, case.mode, case.order)
        )
        operator = self._waiting(problem, call)
        return PreparedCell(case, model, inputs, problem, call, operator, route, prepare_s)

    def _observe(self, cell: PreparedCell, *, at_second_point: bool) -> Observation:
        """Call a cell twice, at the second point in between, and see what the calls change."""
        result, first_s = clock.once(cell.operator)
        first = self._collect(result)
        elsewhere: tuple[Answer, ...] = ()
        strided: Answer | None = None
        if at_second_point:
            elsewhere = self._answers_at_second_point(cell, in_place=first_s < SLOW_CALL_S)
            strided = self._answer_in_gaps(cell)
        (result, again_s), peak_bytes = memory.watched(lambda: clock.once(cell.operator))
        again = self._collect(result)
        evidence = Evidence(first, again, elsewhere, self._changed_inputs(cell), strided)
        return Observation(evidence, first_s, again_s, peak_bytes)

    def _answers_at_second_point(self, cell: PreparedCell, *, in_place: bool) -> tuple[Answer, ...]:
        """Call a cell at the second point.

        With the same arrays changed in place where that is asked and can be done, and with new
        arrays.

        What is kept by the identity of an array is stale in the first, what keeps an array itself
        is stale in the second.
        """
        collected = []
        moved = self._problem(cell.case, cell.model, cell.inputs.second)
        if in_place and self._overwrite(cell.problem, moved):
            collected.append(self._collect(cell.operator()))
            self._overwrite(cell.problem, self._problem(cell.case, cell.model, cell.inputs.first))
        result = cell.call(moved.active, moved.constants, moved.direction)
        collected.append(self._collect(result))
        return tuple(collected)

    def _answer_in_gaps(self, cell: PreparedCell) -> Answer | None:
        """Call hand-written code at the second point, with arrays whose memory has gaps.

        None where the framework has no such arrays, or where the code refuses them.
        """
        if cell.case.implementation != NATIVE:
            return None
        moved = self._problem(cell.case, cell.model, cell.inputs.second)
        if self.backend.strided(_arrays(moved)[0]) is None:
            return None
        trees = [tree.map(self.backend.strided, argument) for argument in _trees(moved)]
        active, *constants = trees[: 1 + len(moved.constants)]
        direction = trees[-1] if moved.direction is not None else None
        try:
            return self._collect(cell.call(active, tuple(constants), direction))
        except Exception:  # that it says so is all that can be asked of it
            return None

    def _changed_inputs(self, cell: PreparedCell) -> str:
        """Return, in a sentence, which of the backend's inputs are not what they were."""
        fresh = self._problem(cell.case, cell.model, cell.inputs.first)
        before = [self.backend.to_numpy(array) for array in _arrays(fresh)]
        after = [self.backend.to_numpy(array) for array in _arrays(cell.problem)]
        return behaviour.changed(before, after, _array_names(cell))

    def _judge(self, row: Row, cell: PreparedCell, observation: Observation, truths: Truths) -> Row:
        """Return the row with its verdict."""
        question = cell.question
        return self._judging.judge(
            row,
            cell.case,
            observation.evidence,
            question,
            question.at(cell.inputs.second),
            truths.first,
            truths.second,
        )

    def _timed_cell(self, row: Row, cell: PreparedCell, observation: Observation) -> TimedCell:
        """Calibrate the loops of a cell, with the primal that it is paired with."""
        subject = Subject.of(cell.case, cell.model)
        primal = self._primal(subject, cell.case.implementation)
        loops = clock.calibrate(cell.operator, observation.again_s)
        return TimedCell(row, cell.operator, primal.call, loops, primal.loops)

    def _settle(self) -> None:
        """Collect the garbage of the cells opened lately, unless that was done a moment ago."""
        if time.monotonic() - self._settled_at > SETTLE_EVERY_S:
            clock.settle()
            self._settled_at = time.monotonic()

    # ---- what the steps are made of

    def _make_inputs(self, subject: Subject) -> SubjectInputs:
        first = self._points.first(subject.model, subject.size)
        second = self._points.second(subject.model, subject.size, first)
        return SubjectInputs(first.astype(subject.dtype), second.astype(subject.dtype))

    def _problem(self, case: Case, model: Model, inputs: Inputs) -> Problem:
        """Move the inputs of a case to the backend's side."""
        native = case.implementation == NATIVE
        function = model.native[self.backend.framework] if native else model.function
        return to_backend(self.backend, function, inputs, case.operator, native=native)

    def _waiting(self, problem: Problem, call: Call) -> Thunk:
        """Return a call at the point of a problem that waits for its result."""
        synchronize: Callable[[Any], None] = self.backend.synchronize

        def operator() -> Any:
            answer = call(problem.active, problem.constants, problem.direction)
            synchronize(answer)
            return answer

        return operator

    def _collect(self, answer: Any) -> Answer:
        return collect(answer, self.backend.to_numpy)

    def _overwrite(self, problem: Problem, other: Problem) -> bool:
        """Write the numbers of another problem into the arrays of this one.

        Return whether the backend can.
        """
        pairs = zip(_arrays(problem), _arrays(other), strict=True)
        return all(
            self.backend.overwrite(array, self.backend.to_numpy(values)) for array, values in pairs
        )

    def _stage_primal(self, subject: Subject, implementation: str) -> StagedPrimal:
        """Stage the function alone, once for all cells of one subject."""
        case = Case(
            subject.model.name,
            subject.size,
            subject.dtype,
            Operator.VALUE,
            0,
            Mode.NONE,
            implementation,
        )
        problem = self._problem(case, subject.model, self._inputs(subject).first)
        _, call = prepare(self.backend, problem, case.operator, case.mode, case.order)
        primal = self._waiting(problem, call)
        return StagedPrimal(primal, clock.calibrate(primal, clock.once(primal)[1]))


def _observed_row(begun: Row, cell: PreparedCell, observation: Observation) -> Row:
    """The row of a cell with what its calls have shown, and no verdict yet."""
    evidence = observation.evidence
    repeatable = behaviour.same(evidence.first, evidence.again)
    return replace(
        begun,
        route=cell.route,
        prepare_s=cell.prepare_s,
        first_s=observation.first_s,
        repeatable=repeatable,
        flags="" if repeatable else NOT_REPEATABLE,
        peak_bytes=observation.peak_bytes,
    )


def _trees(problem: Problem) -> list[Any]:
    """What a problem is posed with: the active argument, the constants, the direction if any."""
    trees = [problem.active, *problem.constants]
    if problem.direction is not None:
        trees.append(problem.direction)
    return trees


def _arrays(problem: Problem) -> list[Any]:
    """Every array of a problem."""
    return [leaf for argument in _trees(problem) for leaf in tree.leaves(argument)]


def _array_names(cell: PreparedCell) -> list[str]:
    """What to call every array of a cell's problem: its argument, and its place in that."""
    argument_titles = cell.question.argument_names
    titles = [argument_titles.pop(cell.inputs.first.active), *argument_titles]
    directions = ["the cotangent", "the tangent"]
    if cell.case.operator is Operator.VJP:
        directions = ["the cotangent"]
    trees = _trees(cell.problem)
    if len(trees) > len(titles):  # the directions come last; an hvp may have both
        titles += directions[len(titles) - len(trees) :]
    names = []
    for title, argument in zip(titles, trees, strict=True):
        names += [f"{title}{path}" for path in tree.paths(argument)]
    return names
