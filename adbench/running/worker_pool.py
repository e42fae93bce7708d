"""The workers of a run: started when first asked, replaced when they die, ended when idle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from adbench import registry
from adbench.backends.catalog import Entry
from adbench.planning.settings import Settings
from adbench.results.row import Outcome
from adbench.running import memory_limit
from adbench.running.protocol import (
    CellOpen,
    Reply,
    Request,
    Sampled,
    Start,
    StartFailed,
)
from adbench.running.run_clock import RunClock
from adbench.running.worker_process import NotStarted, SystemShort, WorkerFailed, WorkerProcess

SHORTEST_START_LIMIT_S = 60.0
"""A worker may take so long (s) to import its framework, however short the limit of a cell is."""

LONGEST_START_LIMIT_S = 180.0
"""A worker may take so long (s), however long the limit of a cell is."""

MOST_ROUNDS_OF_CRASHES = 3
"""A backend whose worker has crashed at its start, twice each time, in so many rounds one after the
other is asked no more."""

MOST_WORKERS = 32
"""So many workers are held at most, unless more have open cells; one of a small backend takes 0.1
GB, and one of a large framework 0.5 GB."""

TRUTH = Entry("truth", "")
"""The worker that establishes truths; it has no backend."""


def truth_entry(backends: Sequence[Entry], settings: Settings) -> Entry:
    """Return whose worker establishes truths.

    In a check on one backend it is that backend's, which has imported what the models import, and
    one process less is started. Where cells are timed, it has a process of its own.
    """
    return TRUTH if settings.effort.timed or len(backends) > 1 else backends[0]


class WorkerPool:
    """The workers of a run, each started when first asked and replaced when it has died."""

    def __init__(self, settings: Settings, logs: Path, temporary_folder: str = "") -> None:
        self.clock = RunClock()
        self.had_late_truth = False
        self._settings = settings
        self._logs = logs
        self.temporary_folder = temporary_folder
        self._memory_bytes = settings.memory_bytes or memory_limit.default_limit()
        self._round = 0
        self._truths = 0
        self._asked_in: dict[str, int] = {}
        self._processes: dict[str, WorkerProcess] = {}
        self._starting: dict[str, WorkerProcess] = {}
        self._unstartable: dict[str, WorkerFailed] = {}
        self._rounds_of_crashes: dict[str, set[int]] = {}

    @property
    def start_limit_s(self) -> float:
        """How long a worker may take to import its framework (s)."""
        limit_s = max(self._settings.timeout_s, SHORTEST_START_LIMIT_S)
        return min(limit_s, LONGEST_START_LIMIT_S)

    def new_truth_path(self) -> Path:
        """Return a path that no truth has been written to: workers know a truth by its path."""
        self._truths += 1
        return Path(self.temporary_folder) / f"truth-{self._truths}"

    def begin_round(self) -> None:
        """Begin the cells of another question. Workers that are not asked in it become idle."""
        self._round += 1

    def ask(self, entry: Entry, request: Request, limit_s: float) -> Reply:
        """Send a request to the worker of `entry`. Raises WorkerFailed where it does not answer."""
        process = self.start(entry)
        try:
            reply = process.request(request, limit_s)
        except WorkerFailed:
            del self._processes[entry.name]
            raise
        if isinstance(reply, CellOpen):
            process.open_cells += 1
        elif isinstance(reply, Sampled):
            process.open_cells -= len(reply.ended)
        return reply

    def start(self, entry: Entry) -> WorkerProcess:
        """Return the worker of `entry`, started if it does not run.

        Raises WorkerFailed where it cannot be started. A start that crashed is tried once more, and
        again in later rounds; one that failed otherwise is not, but where the system had no room.
        """
        if entry.name in self._unstartable and not self._may_start_again(entry):
            raise self._unstartable[entry.name]
        process = self._processes.pop(entry.name, None)
        if process is None:
            process = self._start_remembering_failures(entry)
        self._processes[entry.name] = process  # the last in the table is the last that was asked
        self._asked_in[entry.name] = self._round
        return process

    def _start_remembering_failures(self, entry: Entry) -> WorkerProcess:
        try:
            process = self._start_or_retry(entry)
        except SystemShort as failure:
            message = f"Could not be started: {failure.message}"
            raise WorkerFailed(failure.outcome, message) from None
        except WorkerFailed as failure:
            self._unstartable[entry.name] = failure
            if failure.outcome is Outcome.CRASHED:
                self._rounds_of_crashes.setdefault(entry.name, set()).add(self._round)
            raise
        self._unstartable.pop(entry.name, None)
        self._rounds_of_crashes.pop(entry.name, None)
        return process

    def _may_start_again(self, entry: Entry) -> bool:
        """Whether a backend that could not be started has crashed, in other rounds and in few."""
        rounds = self._rounds_of_crashes.get(entry.name, set())
        return 0 < len(rounds) < MOST_ROUNDS_OF_CRASHES and self._round not in rounds

    def start_early(self, entry: Entry) -> None:
        """Begin to start a worker that will be asked soon, beside what else is done meanwhile.

        Nothing happens where it runs, or could not be started. What goes wrong is said when it is
        asked.
        """
        if entry.name in {*self._processes, *self._starting, *self._unstartable}:
            return
        if len(self._processes) + len(self._starting) < MOST_WORKERS:
            with suppress(WorkerFailed):
                self._starting[entry.name] = self._launch(entry)

    def _launch(self, entry: Entry) -> WorkerProcess:
        """Start a process, and let it begin to import its framework."""
        missing = registry.missing_framework(entry)
        if missing:
            raise WorkerFailed(Outcome.NOT_INSTALLED, missing)
        while self._is_full() and self._end_idle_worker():
            pass
        process = self._process(entry)
        process.send(self._start_request(entry))
        return process

    def _process(self, entry: Entry) -> WorkerProcess:
        """Start a process. Where the system has no room, idle workers are ended to make some."""
        while True:
            try:
                return WorkerProcess(
                    entry,
                    self._settings,
                    self._logs,
                    self.temporary_folder,
                    self._memory_bytes,
                    self.clock,
                )
            except SystemShort:
                if not self._end_idle_worker():
                    raise

    def _start_request(self, entry: Entry) -> Start:
        return Start(entry.load, self._settings.points, self._settings.threads)

    def _start_or_retry(self, entry: Entry) -> WorkerProcess:
        """Start a worker, once more where its process dies of it."""
        try:
            return self._start(entry)
        except WorkerFailed as failure:
            if failure.outcome is not Outcome.CRASHED:
                raise
            self._end_idle_worker_if_short(failure)
        try:
            return self._start(entry)
        except SystemShort:
            raise
        except WorkerFailed as failure:
            if failure.outcome is not Outcome.CRASHED:
                raise
            message = f"Could not be started, in two attempts: {failure.message}"
            raise WorkerFailed(failure.outcome, message) from None

    def _start(self, entry: Entry) -> WorkerProcess:
        """Start a worker, and wait until it has imported its framework."""
        process = self._starting.pop(entry.name, None) or self._launch(entry)
        try:
            reply = process.reply_to(self._start_request(entry), self.start_limit_s)
        except WorkerFailed as failure:
            if failure.outcome is not Outcome.TIMED_OUT:
                raise
            message = f"Could not be started within {self.start_limit_s:g} s."
            raise NotStarted(failure.outcome, message) from None
        if isinstance(reply, StartFailed):
            process.kill()
            raise WorkerFailed(reply.outcome, reply.message)
        return process

    def _is_full(self) -> bool:
        """Whether an idle worker should make room for another."""
        count = len(self._processes) + len(self._starting)
        return count >= MOST_WORKERS or (count > 0 and memory_limit.is_short())

    def _end_idle_worker_if_short(self, failure: WorkerFailed) -> None:
        if isinstance(failure, SystemShort):
            self._end_idle_worker()

    def _end_idle_worker(self) -> bool:
        """End a worker that holds no open cell. Return whether there was one.

        It is the one asked longest ago, if neither this round nor the last one asked it. Otherwise
        it is the one asked last, since backends are asked in one order, round after round. That of
        truths, which begins each round, goes after all others.
        """
        idle = [name for name, process in self._processes.items() if not process.open_cells]
        idle = [name for name in idle if name != TRUTH.name] or idle
        if not idle:
            return False
        is_stale = self._asked_in[idle[0]] < self._round - 1
        self._processes.pop(idle[0] if is_stale else idle[-1]).kill()
        return True

    def dismiss(self) -> None:
        """End all workers."""
        processes = [*self._processes.values(), *self._starting.values()]
        for process in processes:
            process.begin_to_end()
        for process in processes:
            process.kill()
        self._processes.clear()
        self._starting.clear()


@contextmanager
def worker_pool(settings: Settings, logs: Path) -> Iterator[WorkerPool]:
    """Give a pool whose workers are ended whatever happens.

    logs: the folder for what they print. Their temporary files, such as a compiler's, are removed:
    a worker that is killed does not do so itself.
    """
    logs.mkdir(parents=True, exist_ok=True)
    # A compiler that a worker has started may write a moment longer than the worker lives.
    with TemporaryDirectory(prefix="adbench-workers-", ignore_cleanup_errors=True) as folder:
        pool = WorkerPool(settings, logs, folder)
        try:
            yield pool
        finally:
            pool.dismiss()
