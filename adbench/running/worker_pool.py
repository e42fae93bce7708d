"""Worker processes from the runner's side: started, asked within a limit, and killed."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from adbench.backends.catalog import Entry
from adbench.planning.settings import Settings
from adbench.results.row import Outcome
from adbench.running import protocol
from adbench.running.environment import missing_framework, worker_environment
from adbench.running.protocol import (
    REPLIES,
    Delivery,
    ProtocolError,
    Refused,
    Reply,
    Request,
    Start,
    StartFailed,
)

START_LIMIT_S = 180.0
"""How long a worker may take to import its framework (s)."""

LONGEST_LOG_LINE = 200
"""How many characters of the last line of a worker's log are shown."""

IN_FILE_NAMES = str.maketrans(":/", "--")
"""What becomes of the characters of a backend's name in the name of its log."""

TRUTH = Entry("truth", "")
"""The worker that establishes truths; it has no backend."""


def truth_entry(backends: Sequence[Entry], settings: Settings) -> Entry:
    """Return whose worker establishes truths.

    In a check on one backend it is that backend's, which has imported what the models import, and
    one process less is started. Where cells are timed, it has a process of its own.
    """
    return TRUTH if settings.effort.timed or len(backends) > 1 else backends[0]


class WorkerFailed(Exception):
    """A worker did not answer a request: it could not be started, died, or was killed."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        """outcome: how the cell that was asked for ends; message: why, in words."""
        super().__init__(message)
        self.outcome = outcome
        self.message = message


class WorkerProcess:
    """One worker process. Every request has a limit (s), at which the worker is killed."""

    def __init__(
        self, entry: Entry, settings: Settings, logs: Path, temporary_folder: str = ""
    ) -> None:
        """Start the process.

        logs: the folder for what it prints; temporary_folder: the one for its temporary files.
        """
        self.entry = entry
        self._serial = 0
        self._log_path = logs / f"{entry.name.translate(IN_FILE_NAMES)}.log"
        self._log_start = self._log_path.stat().st_size if self._log_path.exists() else 0
        worker_reads, runner_writes = os.pipe()
        runner_reads, worker_writes = os.pipe()
        descriptors = [str(worker_reads), str(worker_writes)]
        with self._log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "adbench.running.worker", *descriptors],
                env=worker_environment(settings.threads, temporary_folder),
                pass_fds=(worker_reads, worker_writes),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C at the terminal reaches the runner alone
            )
        os.close(worker_reads)
        os.close(worker_writes)
        self._requests = Connection(runner_writes, readable=False)
        self._replies = Connection(runner_reads, writable=False)
        self._arrival = select.poll()  # Connection.poll makes a new selector for every call
        self._arrival.register(runner_reads, select.POLLIN)

    def request(self, request: Request, limit_s: float) -> Reply:
        """Send a request and wait for its reply, which is one that may follow it.

        Raises WorkerFailed where none comes; the worker is then dead.
        """
        self.send(request)
        return self.reply_to(request, limit_s)

    def send(self, request: Request) -> None:
        """Send a request, whose reply must be waited for before the next is sent.

        Raises WorkerFailed where it cannot be sent; the worker is then dead.
        """
        self._serial += 1
        try:
            self._requests.send_bytes(protocol.encode(self._serial, request))
        except ProtocolError as error:
            raise self._misunderstood(str(error)) from None
        except OSError:
            raise self._died() from None

    def reply_to(self, request: Request, limit_s: float) -> Reply:
        """Wait for the reply to the request that was sent last.

        Raises WorkerFailed where none comes; the worker is then dead.
        """
        try:
            if not self._arrival.poll(max(limit_s, 0.0) * 1e3):
                self.kill()
                raise WorkerFailed(Outcome.TIMED_OUT, "No answer within the time limit.")
            delivery = protocol.decode(self._replies.recv_bytes())
        except (EOFError, OSError):
            raise self._died() from None
        except ProtocolError as error:
            raise self._misunderstood(f"The worker's reply cannot be read. {error}") from None
        return self._checked(request, delivery)

    def _checked(self, request: Request, delivery: Delivery) -> Reply:
        """Return the reply that was delivered, if it is one to this request."""
        reply = delivery.message
        if isinstance(reply, Refused):
            raise self._misunderstood(f"The worker refused the request. {reply.message}")
        if delivery.serial != self._serial:
            raise self._misunderstood(
                f"The worker answered request {delivery.serial} where request {self._serial} was "
                "waiting for its answer."
            )
        if not isinstance(reply, REPLIES[type(request)]):
            raise self._misunderstood(
                f"The worker answered {type(request).__name__} by {type(reply).__name__}, which "
                "does not belong to it."
            )
        return reply

    def _misunderstood(self, message: str) -> WorkerFailed:
        """End a worker that does not keep to the protocol."""
        self.kill()
        return WorkerFailed(Outcome.CRASHED, message)

    def _died(self) -> WorkerFailed:
        """Say how the process ended, and what it printed last."""
        status = self.process.wait()
        self.kill()
        end = f"exited with status {status}"
        if status < 0:
            end = f"was killed by {signal.Signals(-status).name}"
        if status == -signal.SIGKILL:
            end += ", as the system does when memory runs out"
        return WorkerFailed(Outcome.CRASHED, f"The worker {end}. {self._log_tail()}".strip())

    def _log_tail(self) -> str:
        with self._log_path.open("rb") as log:
            log.seek(self._log_start)
            text = log.read().decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if not lines:
            return ""
        return f"Its log ({self._log_path.name}) ends: {lines[-1][:LONGEST_LOG_LINE]}"

    def kill(self) -> None:
        """End the process at once, if it still runs."""
        self.process.kill()
        self.process.wait()
        self._requests.close()
        self._replies.close()


class WorkerPool:
    """The workers of a run, each started when first asked and replaced when it has died."""

    def __init__(self, settings: Settings, logs: Path, temporary_folder: str = "") -> None:
        self._settings = settings
        self._logs = logs
        self._temporary_folder = temporary_folder
        self._processes: dict[str, WorkerProcess] = {}
        self._starting: dict[str, WorkerProcess] = {}
        self._unstartable: dict[str, WorkerFailed] = {}

    def ask(self, entry: Entry, request: Request, limit_s: float) -> Reply:
        """Send a request to the worker of `entry`. Raises WorkerFailed where it does not answer."""
        process = self.start(entry)
        try:
            return process.request(request, limit_s)
        except WorkerFailed:
            del self._processes[entry.name]
            raise

    def start(self, entry: Entry) -> WorkerProcess:
        """Return the worker of `entry`, started if it does not run.

        Raises WorkerFailed where it cannot be started, which is not tried again.
        """
        if entry.name in self._unstartable:
            raise self._unstartable[entry.name]
        if entry.name not in self._processes:
            try:
                self._processes[entry.name] = self._start(entry)
            except WorkerFailed as failure:
                self._unstartable[entry.name] = failure
                raise
        return self._processes[entry.name]

    def start_early(self, entry: Entry) -> None:
        """Begin to start a worker that will be asked soon, beside what else is done meanwhile.

        What goes wrong is said when it is asked.
        """
        with suppress(WorkerFailed):
            self._starting[entry.name] = self._launch(entry)

    def _launch(self, entry: Entry) -> WorkerProcess:
        """Start a process, and let it begin to import its framework."""
        missing = missing_framework(entry)
        if missing:
            raise WorkerFailed(Outcome.NOT_INSTALLED, missing)
        process = WorkerProcess(entry, self._settings, self._logs, self._temporary_folder)
        if entry is not TRUTH:
            process.send(self._start_request(entry))
        return process

    def _start_request(self, entry: Entry) -> Start:
        return Start(entry.load, self._settings.points, self._settings.threads)

    def _start(self, entry: Entry) -> WorkerProcess:
        process = self._starting.pop(entry.name, None)
        try:
            process = process or self._launch(entry)
            if entry is TRUTH:
                return process
            reply = process.reply_to(self._start_request(entry), START_LIMIT_S)
        except WorkerFailed as failure:
            if failure.outcome is Outcome.NOT_INSTALLED:
                raise
            message = f"Could not be started: {failure.message}"
            raise WorkerFailed(failure.outcome, message) from None
        if isinstance(reply, StartFailed):
            process.kill()
            raise WorkerFailed(reply.outcome, reply.message)
        return process

    def dismiss(self) -> None:
        """End all workers."""
        for process in (*self._processes.values(), *self._starting.values()):
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
