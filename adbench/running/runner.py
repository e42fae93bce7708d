"""The runner.

Runs a plan with one worker process a backend, and turns whatever happens to a worker into a row.

Only one worker runs at any moment; a check starts its first one before, beside its planning.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from adbench.counting.operations import OperationCounts
from adbench.results.row import Outcome, Row
from adbench.running.beyond import paced
from adbench.running.group import GroupCell, Keep, Watch, run_group
from adbench.running.plan import Group, Plan
from adbench.running.protocol import (
    CellRow,
    Close,
    EstablishTruth,
    Open,
    Sample,
    TruthBroken,
    TruthEstablished,
)
from adbench.running.worker_pool import (
    WorkerFailed,
    WorkerPool,
    WorkerProcess,
    truth_entry,
    worker_pool,
)
from adbench.truth.certificate import CertificateError


def run(
    plan: Plan,
    logs: Path,
    keep: Keep,
    watch: Watch = lambda what: None,
    pool: WorkerPool | None = None,
) -> None:
    """Run a plan to its end.

    logs: the folder for what the workers print; keep: called with each row as it is finished;
    watch: called with what is running, in words; pool: workers that have been started, for these
    settings and logs. Raises CertificateError where a truth contradicts the function itself.
    """
    # The folder goes last: a worker that is still writing to it is ended before.
    with (
        tempfile.TemporaryDirectory(prefix="adbench-") as folder,
        nullcontext(pool) if pool else worker_pool(plan.settings, logs) as workers,
    ):
        for number, group in enumerate(paced(plan)):
            truth_folder = Path(folder) / str(number)
            truth_folder.mkdir()
            host = WorkerHost(workers, plan, truth_folder / "truth.npz")
            run_group(plan, group, host, keep, watch)
            shutil.rmtree(truth_folder)


@dataclass
class CellProgress:
    """How far a cell has come in the workers."""

    left_s: float
    """The time that it has left (s)."""
    holder: WorkerProcess | None = None
    """The worker process that holds it open."""
    rounds: int = 0
    """How many rounds of samples it has had."""


class WorkerHost:
    """Computes the cells of one group in worker processes."""

    def __init__(self, workers: WorkerPool, plan: Plan, truth_path: Path) -> None:
        """truth_path: where the group's truth is to be written."""
        self._workers = workers
        self._settings = plan.settings
        self._truth_entry = truth_entry(plan.backends, plan.settings)
        self._truth_path = truth_path
        self._established_path = ""
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
        try:
            reply = self._workers.ask(self._truth_entry, request, self._settings.timeout_s)
        except WorkerFailed as failure:
            return f"No true answer is known: {failure.message}"
        if isinstance(reply, TruthBroken):
            raise CertificateError(reply.message)
        assert isinstance(reply, TruthEstablished)
        self._established_path = reply.path
        self.counts = reply.counts
        return reply.doubt

    def open(self, cell: GroupCell) -> Row | None:
        """Prepare, call and check a cell in its worker. Return its row if that ends it."""
        return self._take_turn(cell, lambda progress: None)

    def sample(self, cell: GroupCell) -> Row | None:
        """Have an open cell sampled for one round. Return its row if that ends it."""

        def sample_once(progress: CellProgress) -> Row | None:
            row = self._sample(cell, progress, rounds=1)
            progress.rounds += 1
            return row

        return self._take_turn(cell, sample_once)

    def close(self, cell: GroupCell) -> Row | None:
        """End an open cell and return its row."""
        return self._take_turn(cell, lambda progress: self._ask(cell, progress, Close(cell.key)))

    def _take_turn(self, cell: GroupCell, turn: Callable[[CellProgress], Row | None]) -> Row | None:
        """Give a cell a turn in the worker that holds it open.

        Return its row if it has ended, by whatever happened to its worker.

        The time that starting a worker takes is not the cell's.
        """
        progress = self._progress.setdefault(
            (cell.entry.name, cell.key), CellProgress(self._settings.timeout_s)
        )
        try:
            worker = self._workers.start(cell.entry)
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
        if row is None:
            return None
        return replace(row, elapsed_s=self._settings.timeout_s - progress.left_s)

    def _hold_open(
        self, cell: GroupCell, progress: CellProgress, worker: WorkerProcess
    ) -> Row | None:
        """Open a cell in a worker that does not hold it yet. Return its row if that ends it.

        A worker that died over another cell has left this one behind: in the new worker it is
        opened again, and sampled for the rounds that were lost.
        """
        if progress.holder is worker:
            return None
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
        if row is None and progress.rounds:
            row = self._sample(cell, progress, progress.rounds)
        return row

    def _sample(self, cell: GroupCell, progress: CellProgress, rounds: int) -> Row | None:
        effort = self._settings.effort
        request = Sample(cell.key, rounds * effort.pairs, rounds * effort.turn_s, effort.most_s)
        return self._ask(cell, progress, request)

    def _ask(
        self, cell: GroupCell, progress: CellProgress, request: Open | Sample | Close
    ) -> Row | None:
        reply = self._workers.ask(cell.entry, request, progress.left_s)
        return reply.row if isinstance(reply, CellRow) else None

    def _failure_message(self, failure: WorkerFailed) -> str:
        if failure.outcome is not Outcome.TIMED_OUT:
            return failure.message
        return f"No answer within the limit of {self._settings.timeout_s:g} s; --timeout sets it."
