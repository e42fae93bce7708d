"""The runner.

Runs a plan with one worker process a backend, and turns whatever happens to a worker into a row.

Only one worker runs at any moment; a check starts its first one before, beside its planning.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from adbench.backends.catalog import Entry
from adbench.counting.operations import OperationCounts
from adbench.planning.group import Group
from adbench.planning.plan import Plan
from adbench.results.row import Outcome, Row
from adbench.running.beyond import paced
from adbench.running.group import GroupCell, GroupTurn, Keep, Watch, run_group
from adbench.running.protocol import (
    CellRow,
    Close,
    EstablishTruth,
    Open,
    Sample,
    Sampled,
    TruthBroken,
    TruthEstablished,
)
from adbench.running.spent import Spent
from adbench.running.truth_file import TruthFile
from adbench.running.worker_pool import (
    WorkerFailed,
    WorkerPool,
    WorkerProcess,
    truth_entry,
    worker_pool,
)
from adbench.timing.sampling import Sampling
from adbench.truth.certificate import CertificateError


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
    CertificateError where a truth contradicts the function itself.
    """
    spent = spent or Spent()
    began = time.monotonic()

    def keep_and_count(row: Row) -> None:
        keep(row)
        spent.work_s += row.work_s
        spent.wall_s = time.monotonic() - began

    # The folder goes last: a worker that is still writing to it is ended before.
    with (
        tempfile.TemporaryDirectory(prefix="adbench-") as folder,
        nullcontext(pool) if pool else worker_pool(plan.settings, logs) as workers,
    ):
        _start_early(plan, workers)
        for number, group in enumerate(paced(plan)):
            truth_path = Path(folder) / f"truth-{number}"
            host = WorkerHost(workers, plan, plan.sampling(group), truth_path, spent)
            run_group(plan, group, host, keep_and_count, watch)
            truth_path.unlink(missing_ok=True)


def _start_early(plan: Plan, workers: WorkerPool) -> None:
    """Let the workers of the first group import their frameworks together, before any is timed."""
    if plan.settings.effort.timed and plan.groups:
        for entry in {entry.name: entry for _, entry in plan.cells(plan.groups[0])}.values():
            workers.start_early(entry)


@dataclass
class CellProgress:
    """How far a cell has come in the workers."""

    left_s: float
    """The time that it has left (s)."""
    holder: WorkerProcess | None = None
    """The worker process that holds it open."""


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
        self._progress: dict[tuple[str, str], CellProgress] = {}

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
            reply = self._workers.ask(self._truth_entry, request, self._settings.timeout_s)
        except WorkerFailed as failure:
            return f"No true answer is known: {failure.message}"
        finally:
            self._spent.truth_s += time.monotonic() - began
        if isinstance(reply, TruthBroken):
            raise CertificateError(reply.message)
        assert isinstance(reply, TruthEstablished)
        self._established_path = reply.path
        if reply.path:
            self._truth_file = TruthFile(Path(reply.path))
        self.counts = reply.counts
        return reply.doubt

    def open(self, cell: GroupCell) -> Row | None:
        """Prepare, call and check a cell in its worker. Return its row if that ends it."""
        return self._take_turn(cell, lambda progress: None)

    def sample(self, cells: Sequence[GroupCell]) -> GroupTurn:
        """Have open cells of one backend sampled next to each other, for a turn.

        Where the worker dies of it each cell is sampled by itself, so that the one which killed it
        is known and the others lose nothing.
        """
        if len(cells) == 1:
            return self._sample_alone(cells[0])
        try:
            return self._sample_together(cells)
        except WorkerFailed:
            turns = [self._sample_alone(cell) for cell in cells]
        return GroupTurn(
            tuple(ending for turn in turns for ending in turn.ended),
            tuple(cell for turn in turns for cell in turn.unsettled),
        )

    def close(self, cell: GroupCell) -> Row:
        """End an open cell and return its row."""

        def end(progress: CellProgress) -> Row | None:
            return self._ask(cell, progress, Close(cell.key))

        row = self._take_turn(cell, end)
        assert row is not None
        return row

    def _sample_together(self, cells: Sequence[GroupCell]) -> GroupTurn:
        """Have open cells of one backend sampled. Raises WorkerFailed where the worker dies."""
        entry = cells[0].entry
        worker = self._start(entry)
        if any(self._progress_of(cell).holder is not worker for cell in cells):
            raise WorkerFailed(Outcome.CRASHED, "The worker that held the cells open has died.")
        began = time.monotonic()
        left_s = sum(self._progress_of(cell).left_s for cell in cells)
        keys = tuple(cell.key for cell in cells)
        try:
            reply = self._workers.ask(entry, Sample(keys, self._sampling), left_s)
        finally:
            share_s = (time.monotonic() - began) / len(cells)
            for cell in cells:
                self._progress_of(cell).left_s -= share_s
        assert isinstance(reply, Sampled)
        ended = {
            cell.key: self._with_elapsed(reply.ended[cell.key], self._progress_of(cell))
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

        The time that starting a worker takes is not the cell's.
        """
        progress = self._progress_of(cell)
        try:
            worker = self._start(cell.entry)
            start = time.monotonic()
            try:
                row = self._hold_open(cell, progress, worker)
                if row is None:
                    row = turn(progress)
            finally:
                progress.left_s -= time.monotonic() - start
        except WorkerFailed as failure:
            row = replace(
                cell.begun, outcome=failure.outcome, message=self._failure_message(failure)
            )
        return None if row is None else self._with_elapsed(row, progress)

    def _hold_open(
        self, cell: GroupCell, progress: CellProgress, worker: WorkerProcess
    ) -> Row | None:
        """Open a cell in a worker that does not hold it yet. Return its row if that ends it.

        A worker that died over another cell has left this one behind: in the new worker it is
        opened again, and sampled from the start.
        """
        if progress.holder is worker:
            return None
        is_reopened = progress.holder is not None
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
        request = Sample((cell.key,), self._sampling)
        reply = self._workers.ask(cell.entry, request, progress.left_s)
        assert isinstance(reply, Sampled)
        return reply

    def _ask(self, cell: GroupCell, progress: CellProgress, request: Open | Close) -> Row | None:
        reply = self._workers.ask(cell.entry, request, progress.left_s)
        return reply.row if isinstance(reply, CellRow) else None

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

    def _with_elapsed(self, row: Row, progress: CellProgress) -> Row:
        """Return the row of a cell with the time that it took."""
        return replace(row, elapsed_s=self._settings.timeout_s - progress.left_s)

    def _failure_message(self, failure: WorkerFailed) -> str:
        if failure.outcome is not Outcome.TIMED_OUT:
            return failure.message
        return f"No answer within the limit of {self._settings.timeout_s:g} s; --timeout sets it."
