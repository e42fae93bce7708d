"""The session.

One backend's cells of models in this process, each opened, checked and sampled in turns until it
ends with its row.

It knows of no pipe, file or other process: a worker is a process round a session, and
`adbench.check` holds sessions itself.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from math import nan
from types import TracebackType
from typing import Any

from adbench.backends.base import Backend, Memory, Unsupported
from adbench.cases.answer import Answer
from adbench.cases.case import NATIVE, Case
from adbench.cases.model import Model
from adbench.cases.operators import Mode, Operator
from adbench.cases.question import Question
from adbench.judging import behaviour
from adbench.judging.judge import Asked, Evidence, Judge, Trial
from adbench.planning.points import Points, Subject, SubjectPoints, drawing
from adbench.results.row import Row
from adbench.running.advice import explain
from adbench.running.failures import failed_row
from adbench.running.prepared_cell import PreparedCell, array_names, arrays_of, prepared
from adbench.running.timed_cell import TimedCell
from adbench.running.trials import Trials
from adbench.running.truths import Truths
from adbench.timing import clock, memory, reference_loop, stats
from adbench.timing.clock import Thunk
from adbench.timing.sampling import Sampling

SLOW_CALL_S = 0.1
"""A call that takes longer than this (s) is made at the second point once, with new arrays, and not
in place too."""

LONGEST_COUNTED_CALL_S = 2.0
"""The memory of a call that takes longer than this (s) is not counted: counting takes another call
or more, and slows it."""

SETTLE_EVERY_S = 5.0
"""The garbage of the cells opened within this time (s) is collected together."""

SETTLE_EVERYTHING_EVERY_S = 60.0
"""All objects are looked through for garbage once in this time (s): of a framework that takes
0.1 s."""

CUSTOMARY_SAMPLES = 1_000
"""What the reference loop customarily takes is the median of so many of its latest samples."""

RECKONED_EVERY = 50
"""After so many rounds that median is taken anew."""

NOT_REPEATABLE = "not repeatable"
"""The flag of a cell whose second answer differs from its first."""


@dataclass(frozen=True)
class StagedPrimal:
    """The function alone, staged like the operators it is sampled with."""

    call: Thunk
    """The call, which waits for its result."""
    loops: int
    """How many calls make a sample."""


@dataclass(frozen=True)
class Observation:
    """What the calls of a prepared cell have shown."""

    evidence: Evidence
    """The answers, and how the calls behave."""
    first_s: float
    """How long the first call took (s)."""
    again_s: float
    """How long the second call took (s)."""
    memory: Memory | None
    """What memory a further call needed, where it was counted."""


@dataclass(frozen=True)
class Turn:
    """What came of a turn of sampling."""

    ended: dict[str, Row]
    """The rows of the cells that raised, or need no more samples, by their keys."""
    unsettled: tuple[str, ...]
    """The keys of the cells that need more samples."""


class Session:
    """Opens, checks and samples cells on one backend, one after the other.

    It is used in a `with` statement, within which the framework's global modes are those that the
    backend needs.
    """

    def __init__(
        self,
        backend: Backend,
        points: Points,
        threads: int = 1,
        draw: Callable[[Subject], SubjectPoints] | None = None,
    ) -> None:
        """Begin a session.

        threads: how many the backend may use, by which its cells are flagged. draw: gives the
        points of subjects, where others have drawn them too; `drawing(points)` by default.
        """
        self.backend = backend
        self._draw = draw or drawing(points)
        self._threads = threads
        self._judging = Judge(backend.exact, has_taylor=points.further > 0)
        self._is_set_up_for_timing = False
        self._open_cells: dict[str, TimedCell] = {}
        self._round = 0
        self._reference_samples: deque[float] = deque(maxlen=CUSTOMARY_SAMPLES)
        self._customary_reference_s = nan
        self._settled_at = 0.0
        self._settled_everything_at = 0.0
        self._modes = ExitStack()
        self._points = lru_cache(maxsize=4)(self._points_of)
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

        key: by which the cell is sampled; begun: its row with nothing measured. Return
        the row where the cell has ended: it raised, or is not `timed`. Return None where it is open
        and can be sampled.
        """
        if timed and not self._is_set_up_for_timing:
            self.backend.set_up_timing()
            self._is_set_up_for_timing = True
        began = time.perf_counter()
        try:
            with self._modes_of(case):
                cell = self._prepare(case, model)
                observation = self._observe(cell, truths, thoroughly=not timed)
            observed = _observed_row(begun, cell, observation, time.perf_counter() - began)
            row = self._judge(observed, cell, observation, truths)
            if not timed:
                return row
            staging_began = time.perf_counter()
            with self._modes_of(case):
                timed_cell = self._timed_cell(row, cell, observation)
            timed_cell.row = replace(row, work_s=row.work_s + time.perf_counter() - staging_began)
        except Exception as error:
            cause, advice = self._explain(error, case, model)
            return failed_row(begun, cause, self.backend, advice)
        self._open_cells[key] = timed_cell
        _link_modes(timed_cell, self._open_cells.values())
        self._settle()
        return None

    def sample(self, keys: Sequence[str], sampling: Sampling) -> Turn:
        """Give open cells of one question a turn: rounds in which each has one paired sample.

        In a round the cells are sampled next to each other, so that they can be compared; the
        reference loop is timed before them. A cell that is settled sits out, and ends where no
        other waits for it to be compared with.
        """
        cells = {key: self._open_cells[key] for key in keys}
        ended: dict[str, Row] = {}
        pending = _pending(cells, sampling)
        fewest_samples = min((len(cells[key].samples) for key in pending), default=0)
        with clock.undisturbed():
            for _ in range(sampling.rounds_in_turn(fewest_samples)):
                pending = [
                    key for key in pending if key not in ended and not cells[key].is_spent(sampling)
                ]
                if not pending:
                    break
                ended |= self._sample_round(pending, cells)
        for key in ended:
            del cells[key]
        unsettled = tuple(_pending(cells, sampling))
        for key in cells.keys() - set(unsettled):
            ended[key] = self._finished_row(key, sampling)
        return Turn(ended, unsettled)

    def _sample_round(self, pending: list[str], cells: dict[str, TimedCell]) -> dict[str, Row]:
        """Take one paired sample of each cell that is pending, in turned order every other round.

        Return the rows of those that raised.
        """
        self._round += 1
        reference_s = reference_loop.sample()
        self._reference_samples.append(reference_s)
        if self._round < RECKONED_EVERY or self._round % RECKONED_EVERY == 0:
            self._customary_reference_s = stats.median(self._reference_samples).median
        ended = {}
        for key in pending if self._round % 2 else reversed(pending):
            cell = cells[key]
            try:
                with self._modes_of(cell.row):
                    cell.sample(self._round, reference_s)
            except Exception as error:
                ended[key] = failed_row(cell.row, error, self.backend)
                self._forget(key)
        return ended

    def _forget(self, key: str) -> None:
        """Drop an open cell, and its part in the comparison of modes."""
        gone = self._open_cells.pop(key)
        for cell in self._open_cells.values():
            if cell.forward is gone:
                cell.forward = None

    def _finished_row(self, key: str, sampling: Sampling) -> Row:
        """End an open cell and return its row."""
        cell = self._open_cells.pop(key)
        return cell.finished_row(self._threads, sampling, self._customary_reference_s)

    def _modes_of(self, cell: Case | Row) -> AbstractContextManager[Any]:
        """What a cell is computed under, beside the modes of the session."""
        if cell.implementation == NATIVE:
            return self.backend.native_modes(cell.dtype)
        return nullcontext()

    # ---- the steps of opening a cell, in their order

    def _prepare(self, case: Case, model: Model) -> PreparedCell:
        """Build and stage the call of a cell. Raises Unsupported where the backend has no way."""
        if case.dtype not in self.backend.dtypes:
            raise Unsupported(
                f"It does not compute in {case.dtype}; it does in {', '.join(self.backend.dtypes)}."
            )
        points = self._points(Subject.of(case, model))
        return prepared(self.backend, case, model, points)

    def _observe(self, cell: PreparedCell, truths: Truths, *, thoroughly: bool) -> Observation:
        """Call a cell twice, in other circumstances in between, and see what the calls change.

        thoroughly: whether hand-written code is tried in more circumstances than a run looks at.
        """
        result, first_s = clock.once(cell.operator)
        first = cell.collected(self.backend, result)
        trials = Trials(self.backend, cell)
        answers: list[Trial] = []
        kept: Answer | None = None
        if truths.further:
            answers += trials.at_further_points(truths.further, in_place=first_s < SLOW_CALL_S)
            kept = cell.collected(self.backend, result) if thoroughly else None
            answers += trials.in_other_layouts(min(truths.further))
        if thoroughly:
            answers += trials.of_reverse_mode()
        result, again_s = clock.once(cell.operator)
        again = cell.collected(self.backend, result)
        changed, unreached = self._changed_inputs(cell), self._unreached(cell, first)
        evidence = Evidence(first, again, tuple(answers), changed, kept, unreached)
        is_counted = not thoroughly and again_s < LONGEST_COUNTED_CALL_S
        needed = memory.memory_of(self.backend, cell.call, cell.operator) if is_counted else None
        return Observation(evidence, first_s, again_s, needed)

    def _changed_inputs(self, cell: PreparedCell) -> str:
        """Return, in a sentence, which of the backend's inputs are not what they were."""
        fresh = cell.problem_at(self.backend, cell.points.first)
        before = [self.backend.to_numpy(array) for array in arrays_of(fresh)]
        after = [self.backend.to_numpy(array) for array in arrays_of(cell.problem)]
        return behaviour.changed(before, after, array_names(cell))

    def _unreached(self, cell: PreparedCell, answer: Answer) -> tuple[str, ...]:
        """Return the paths of active arrays that no gradient reaches in hand-written code.

        It is not looked for where the answer has zeros alone in no array.
        """
        is_derivative = cell.case.implementation == NATIVE and cell.case.order > 0
        if not is_derivative or all(array.any() for array in answer.arrays):
            return ()
        fresh = cell.problem_at(self.backend, cell.points.first)
        with suppress(Exception):  # it is a remark, and asks for what may not be there
            paths = self.backend.unreached(
                lambda x: fresh.function(x, fresh.constants), fresh.active
            )
            return tuple(paths)
        return ()

    def _judge(self, row: Row, cell: PreparedCell, observation: Observation, truths: Truths) -> Row:
        """Return the row with its verdict."""
        question = cell.question
        further = {
            number: Asked(question.at(cell.points.further[number]), truth)
            for number, truth in truths.further.items()
        }
        return self._judging.judge(
            row, cell.case, observation.evidence, question, truths.first, further
        )

    def _timed_cell(self, row: Row, cell: PreparedCell, observation: Observation) -> TimedCell:
        """Calibrate the loops of a cell, with the primal that it is paired with."""
        subject = Subject.of(cell.case, cell.model)
        primal = self._primal(subject, cell.case.implementation)
        loops = clock.calibrate(cell.operator, observation.again_s)
        return TimedCell(row, cell.operator, primal.call, loops, primal.loops)

    def _settle(self) -> None:
        """Collect the garbage of the cells opened lately, unless that was done a moment ago."""
        now = time.monotonic()
        if now - self._settled_at <= SETTLE_EVERY_S:
            return
        everything = now - self._settled_everything_at > SETTLE_EVERYTHING_EVERY_S
        clock.settle(everything=everything)
        self._settled_at = now
        if everything:
            self._settled_everything_at = now

    def _explain(self, error: Exception, case: Case, model: Model) -> tuple[Exception, str]:
        """Return the cause of an exception, and what to do about it, or ""."""
        if case.implementation == NATIVE:
            with suppress(Exception):
                inputs = self._points(Subject.of(case, model)).first
                question = Question.of(case, model, inputs)
                return explain(error, self.backend, question, case.dtype)
        return error, ""

    # ---- what the steps are made of

    def _points_of(self, subject: Subject) -> SubjectPoints:
        return self._draw(subject).astype(subject.dtype)

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
        points = self._points(subject)
        primal = prepared(self.backend, case, subject.model, points).operator
        primal()  # compiles, where a staging does so at the first call
        return StagedPrimal(primal, clock.calibrate(primal, clock.once(primal)[1]))


def _pending(cells: Mapping[str, TimedCell], sampling: Sampling) -> list[str]:
    """Return the keys of the cells that need samples.

    Those that are not settled, and both modes where it is not known which is faster.
    """
    undecided = [cell for cell in cells.values() if not cell.is_decided(sampling)]
    compared = [id(cell) for cell in undecided] + [id(cell.forward) for cell in undecided]
    return [
        key for key, cell in cells.items() if id(cell) in compared or not cell.is_settled(sampling)
    ]


def _link_modes(cell: TimedCell, open_cells: Iterable[TimedCell]) -> None:
    """Let the cell in reverse mode know the one in forward mode, where the new cell is either."""
    pair = {Mode.FORWARD.value, Mode.REVERSE.value}
    for other in open_cells:
        if {cell.row.mode, other.row.mode} == pair and _question(cell) == _question(other):
            reverse, forward = sorted((cell, other), key=lambda each: each.row.mode == Mode.FORWARD)
            reverse.forward = forward


def _question(cell: TimedCell) -> tuple[Any, ...]:
    """What a cell is asked, whatever the mode."""
    row = cell.row
    asked = (row.model, row.size, row.dtype, row.operator, row.order)
    return (*asked, row.implementation, row.backend)


def _observed_row(begun: Row, cell: PreparedCell, observation: Observation, work_s: float) -> Row:
    """The row of a cell with what its calls have shown, and no verdict yet.

    work_s: how long the framework has worked for it (s).
    """
    evidence = observation.evidence
    repeatable = behaviour.same(evidence.first, evidence.again)
    needed = observation.memory
    return replace(
        begun,
        work_s=work_s,
        route=cell.route,
        colours=cell.colours,
        prepare_s=cell.prepare_s,
        first_s=observation.first_s,
        repeatable=repeatable,
        flags="" if repeatable else NOT_REPEATABLE,
        peak_bytes=needed.peak_bytes if needed else None,
        memory_method=needed.method if needed else "",
    )
