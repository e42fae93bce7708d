"""The runner.

Runs a plan with one worker process a backend, and turns whatever happens to a worker into a row.

Only one worker runs at any moment; a check starts its first one before, beside its planning.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path

from adbench.backends.catalog import Entry
from adbench.cases.user_file import FileChanged, check_unchanged
from adbench.counting.operations import OperationCounts
from adbench.planning.group import Group
from adbench.planning.plan import Plan
from adbench.results.row import Outcome, Row
from adbench.running.beyond import paced
from adbench.running.group import GroupCell, GroupTurn, Keep, Watch, run_group
from adbench.running.protocol import (
    CellRow,
    EstablishTruth,
    ModelChanged,
    Open,
    Reply,
    Sample,
    Sampled,
    TruthBroken,
    TruthEstablished,
    TruthUnwritten,
)
from adbench.running.spent import Spent
from adbench.running.truth_file import TruthFile
from adbench.running.worker_pool import WorkerPool, truth_entry, worker_pool
from adbench.running.worker_process import NotStarted, WorkerFailed, WorkerProcess
from adbench.timing.sampling import Sampling
from adbench.truth.certificate import CertificateError

MOST_REOPENINGS = 10
"""So often is a cell opened again whose worker died over others; each time it has its whole limit
once more."""

TRUTH_FAILURES = (Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY)
"""How a worker may end over a truth that might have been computed."""

CELL_OF = attrgetter(
    "model", "size", "dtype", "operator", "order", "mode", "implementation", "backend"
)
"""What tells the row of one cell from that of another."""


def run(
    plan: Plan,
    logs: Path,
    keep: Keep,
    watch: Watch = lambda what: None,
    pool: WorkerPool | None = None,
    spent: Spent | None = None,
) -> None:
    """Run a plan to its end.

    logs: the folder for what the workers print; keep: called with each row as it is finished;
    watch: called with what is running, in words; pool: workers that have been started, for these
    settings and logs; spent: where the time is added that goes into each part. Raises
    CertificateError where a truth contradicts the function itself, and FileChanged where a file of
    the plan is no longer what it was.
    """
    spent = spent or Spent()
    began = time.monotonic()
    rows = 0

    def keep_and_count(row: Row) -> None:
        nonlocal rows
        rows += 1
        keep(row)
        spent.work_s += row.work_s
        spent.wall_s = time.monotonic() - began

    with nullcontext(pool) if pool else worker_pool(plan.settings, logs) as workers:
        for group in paced(plan):
            check_unchanged(plan.files)
            _start_early(plan, group, workers)
            truth_path = workers.new_truth_path()
            host = WorkerHost(workers, plan, plan.sampling(group), truth_path, spent)
            expected = rows + len(plan.cells(group))
            run_group(plan, group, host, keep_and_count, watch)
            if rows != expected:
                raise RuntimeError(
                    f"{group.question.describe()} has {rows - expected:+d} rows beside one a cell; "
                    "that is a bug of adbench."
                )
            truth_path.unlink(missing_ok=True)


def _start_early(plan: Plan, group: Group, workers: WorkerPool) -> None:
    """Let the workers that a group needs import their frameworks together, before any is timed."""
    if plan.settings.effort.timed:
        for entry in {entry.name: entry for _, entry in plan.cells(group)}.values():
            workers.start_early(entry)


@dataclass
class CellProgress:
    """How far a cell has come in the workers."""

    left_s: float
    """The time that it has left (s)."""
    spent_s: float = 0.0
    """The time that it has taken (s), in workers that died over others too."""
    holder: WorkerProcess | None = None
    """The worker process that holds it open."""
    reopenings: int = 0
    """How often it was opened again."""
    is_apart: bool = False
    """Whether it is sampled by itself, since a turn together with others ran out of time."""

    def charge(self, seconds: float) -> None:
        """Count time that was the cell's."""
        self.left_s -= seconds
        self.spent_s += seconds


class WorkerHost:
    """Computes the cells of one group in worker processes."""

    def __init__(
        self, workers: WorkerPool, plan: Plan, sampling: Sampling, truth_path: Path, spent: Spent
    ) -> None:
        """Begin a group.

        sampling: how much its cells are sampled; truth_path: where its truth is to be written;
        spent: what time is added to.
        """
        self._workers = workers
        self._spent = spent
        self._settings = plan.settings
        self._sampling = sampling
        self._truth_entry = truth_entry(plan.backends, plan.settings)
        self._truth_path = truth_path
        self._established_path = ""
        self._truth_file: TruthFile | None = None
        self.counts = OperationCounts()
        self.has_truth_failed = False
        self._progress: dict[tuple[str, str], CellProgress] = {}
        workers.begin_round()

    def establish_truth(self, group: Group) -> str:
        """Have the truth computed and its file written. Return why it is in doubt, or "".

        Raises CertificateError where the truth contradicts the function itself.
        """
        request = EstablishTruth(
            group.source.origin,
            group.question,
            self._settings.points,
            str(self._truth_path),
            group.source.model.accuracy,
            counted=self._settings.effort.timed,
        )
        began = time.monotonic()
        try:
            reply = self._ask_for_truth(request)
            if isinstance(reply, TruthUnwritten):
                raise WorkerFailed(Outcome.CRASHED, reply.message)
        except WorkerFailed as failure:
            self.has_truth_failed = failure.outcome in TRUTH_FAILURES
            return f"No true answer is known: {self._failure_message(failure)}"
        finally:
            self._spent.truth_s += time.monotonic() - began
        if isinstance(reply, TruthBroken):
            raise CertificateError(reply.message)
        if isinstance(reply, ModelChanged):
            raise FileChanged(reply.message)
        assert isinstance(reply, TruthEstablished)
        self._established_path = reply.path
        if reply.path:
            self._truth_file = TruthFile(Path(reply.path))
        self.has_truth_failed = not reply.is_known
        self.counts = reply.counts
        return reply.doubt

    def _ask_for_truth(self, request: EstablishTruth) -> Reply:
        """Ask once more where the worker dies of it, or is late for the first time in the run."""
        limit_s = self._settings.timeout_s
        try:
            return self._workers.ask(self._truth_entry, request, limit_s)
        except WorkerFailed as failure:
            is_late = failure.outcome is Outcome.TIMED_OUT
            if is_late and self._workers.had_late_truth:
                raise
            self._workers.had_late_truth |= is_late
            return self._workers.ask(self._truth_entry, request, limit_s)

    def open(self, cell: GroupCell) -> Row | None:
        """Prepare, call and check a cell in its worker. Return its row if that ends it."""
        return self._take_turn(cell, lambda progress: None)

    def sample(self, cells: Sequence[GroupCell]) -> GroupTurn:
        """Have open cells of one backend sampled next to each other, for a turn.

        Where the worker dies of it each cell is sampled by itself, so that the one which killed it
        is known and the others lose nothing.
        """
        if len(cells) > 1 and not any(self._progress_of(cell).is_apart for cell in cells):
            try:
                return self._sample_together(cells)
            except WorkerFailed as failure:
                for cell in cells:
                    self._progress_of(cell).is_apart = failure.outcome is Outcome.TIMED_OUT
        turns = [self._sample_alone(cell) for cell in cells]
        return GroupTurn(
            tuple(ending for turn in turns for ending in turn.ended),
            tuple(cell for turn in turns for cell in turn.unsettled),
        )

    def _sample_together(self, cells: Sequence[GroupCell]) -> GroupTurn:
        """Have open cells of one backend sampled. Raises WorkerFailed where the worker dies.

        The time is charged to them where it does not: otherwise it is nobody's in particular.
        """
        entry = cells[0].entry
        worker = self._start(entry)
        if any(self._progress_of(cell).holder is not worker for cell in cells):
            raise WorkerFailed(Outcome.CRASHED, "The worker that held the cells open has died.")
        began = self._workers.clock.now()
        left_s = max(self._progress_of(cell).left_s for cell in cells)
        keys = tuple(cell.key for cell in cells)
        reply = self._workers.ask(entry, Sample(keys, self._sampling), left_s)
        assert isinstance(reply, Sampled)
        share_s = (self._workers.clock.now() - began) / len(cells)
        for cell in cells:
            self._progress_of(cell).charge(share_s)
        ended = {
            cell.key: self._finished_row(reply.ended[cell.key], cell)
            for cell in cells
            if cell.key in reply.ended
        }
        return GroupTurn.of(cells, ended, reply.unsettled)

    def _sample_alone(self, cell: GroupCell) -> GroupTurn:
        """Have one open cell sampled for a turn, in a new worker where its own has died."""
        unsettled: list[str] = []

        def sample_once(progress: CellProgress) -> Row | None:
            reply = self._sample(cell, progress)
            unsettled.extend(reply.unsettled)
            return reply.ended.get(cell.key)

        row = self._take_turn(cell, sample_once)
        ended = {} if row is None else {cell.key: row}
        return GroupTurn.of([cell], ended, unsettled)

    def _take_turn(self, cell: GroupCell, turn: Callable[[CellProgress], Row | None]) -> Row | None:
        """Give a cell a turn in the worker that holds it open.

        Return its row if it has ended, by whatever happened to its worker.

        The time that starting a worker takes is the cell's only where it ends by that.
        """
        progress = self._progress_of(cell)
        clock = self._workers.clock
        began = clock.now()
        try:
            worker = self._start(cell.entry)
        except WorkerFailed as failure:
            progress.spent_s += clock.now() - began
            return self._failed_row(cell, failure.outcome, failure.message)
        try:
            row = self._hold_open(cell, progress, worker)
            if row is None:
                row = turn(progress)
        except WorkerFailed as failure:
            return self._failed_row(cell, failure.outcome, self._failure_message(failure))
        return None if row is None else self._finished_row(row, cell)

    def _hold_open(
        self, cell: GroupCell, progress: CellProgress, worker: WorkerProcess
    ) -> Row | None:
        """Open a cell in a worker that does not hold it yet. Return its row if that ends it.

        A worker that died over another cell has left this one behind: in the new worker it is
        opened again, and sampled from the start, with its whole limit before it.
        """
        if progress.holder is worker:
            return None
        is_reopened = progress.holder is not None
        if is_reopened:
            progress.reopenings += 1
            progress.left_s = self._settings.timeout_s
        if progress.reopenings > MOST_REOPENINGS:
            raise WorkerFailed(
                Outcome.CRASHED,
                f"Its worker has died {progress.reopenings} times over other cells of the backend; "
                "ask for this one alone.",
            )
        if self._truth_file is not None:
            self._truth_file.restore()
        request = Open(
            cell.key,
            cell.case,
            cell.source.origin,
            cell.begun,
            self._established_path,
            self._settings.effort.timed,
            cell.source.model.accuracy,
        )
        row = self._ask(cell, progress, request)
        progress.holder = worker
        while row is None and is_reopened:
            reply = self._sample(cell, progress)
            row = reply.ended.get(cell.key)
            is_reopened = bool(reply.unsettled)
        return row

    def _sample(self, cell: GroupCell, progress: CellProgress) -> Sampled:
        reply = self._request(cell, progress, Sample((cell.key,), self._sampling))
        assert isinstance(reply, Sampled)
        return reply

    def _ask(self, cell: GroupCell, progress: CellProgress, request: Open) -> Row | None:
        reply = self._request(cell, progress, request)
        if isinstance(reply, ModelChanged):
            raise FileChanged(reply.message)
        return reply.row if isinstance(reply, CellRow) else None

    def _request(self, cell: GroupCell, progress: CellProgress, request: Open | Sample) -> Reply:
        """Send a cell's request, whose time is the cell's."""
        began = self._workers.clock.now()
        try:
            return self._workers.ask(cell.entry, request, progress.left_s)
        finally:
            progress.charge(self._workers.clock.now() - began)

    def _start(self, entry: Entry) -> WorkerProcess:
        """Return the worker of a backend, which is started where it does not run."""
        began = time.monotonic()
        try:
            return self._workers.start(entry)
        finally:
            self._spent.start_s += time.monotonic() - began

    def _progress_of(self, cell: GroupCell) -> CellProgress:
        """Return how far a cell has come."""
        return self._progress.setdefault(
            (cell.entry.name, cell.key), CellProgress(self._settings.timeout_s)
        )

    def _failed_row(self, cell: GroupCell, outcome: Outcome, message: str) -> Row:
        """Return the row of a cell that its worker could not answer."""
        elapsed_s = self._progress_of(cell).spent_s
        return replace(cell.begun, outcome=outcome, message=message, elapsed_s=elapsed_s)

    def _finished_row(self, row: Row, cell: GroupCell) -> Row:
        """Return the row of a cell with the time that it took."""
        if CELL_OF(row) != CELL_OF(cell.begun):
            message = "The worker answered with the row of another cell."
            return self._failed_row(cell, Outcome.CRASHED, message)
        return replace(row, elapsed_s=self._progress_of(cell).spent_s)

    def _failure_message(self, failure: WorkerFailed) -> str:
        if failure.outcome is not Outcome.TIMED_OUT or isinstance(failure, NotStarted):
            return failure.message
        return f"No answer within the limit of {self._settings.timeout_s:g} s; --timeout sets it."
