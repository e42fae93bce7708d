"""One worker from the runner's side: started, asked within a limit, and ended with all it started.

Nothing here waits without a limit, whatever the worker does to the line, to its own processes or to
itself.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

from adbench.backends.catalog import Entry
from adbench.planning.settings import Settings
from adbench.results.row import Outcome
from adbench.running import memory_limit, protocol
from adbench.running.environment import worker_environment
from adbench.running.line import Line, LineError
from adbench.running.protocol import REPLIES, Delivery, ProtocolError, Refused, Reply, Request
from adbench.running.run_clock import RunClock
from adbench.running.temporary import folder_of_command
from adbench.running.worker_guard import END_LIMIT_S, GOODBYE
from adbench.running.worker_log import WorkerLog

SEND_LIMIT_S = 30.0
"""How long a request may wait until the worker takes it (s); most fit into the pipe at once."""

DEATH_LIMIT_S = 1.0
"""How long a worker may take to end that has closed its line (s)."""

SHORT_OF = {
    errno.EMFILE: "descriptor; raise the limit of `ulimit -n`",
    errno.ENFILE: "descriptor in the whole system; close other programs",
    errno.EAGAIN: "process; raise the limit of `ulimit -u` or of the container",
    errno.ENOMEM: "memory; close other programs",
    errno.ENOSPC: "space on the disk of its log; make some",
}
"""What the system has no more of, and what to do about it, by the error that says so."""

IN_FILE_NAMES = str.maketrans(":/", "--")
"""What becomes of the characters of a backend's name in the name of its log."""


class WorkerFailed(Exception):
    """A worker did not answer a request: it could not be started, died, or was killed."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        """outcome: how the cell that was asked for ends; message: why, in words."""
        super().__init__(message)
        self.outcome = outcome
        self.message = message


class NotStarted(WorkerFailed):
    """A worker did not import its framework within the limit of a start."""


class SystemShort(WorkerFailed):
    """The system had no descriptor, process or memory for a worker, and may have one later."""

    def __init__(self, number: int) -> None:
        """number: the error that the system gave."""
        reason = os.strerror(number)
        advice = SHORT_OF.get(number)
        sentence = f"the system said: {reason}."
        if advice:
            sentence = f"the system has no further {advice} ({reason})."
        super().__init__(Outcome.CRASHED, sentence)


class WorkerProcess:
    """A worker and its guard. Every request has a limit (s), at which both are ended."""

    def __init__(
        self,
        entry: Entry,
        settings: Settings,
        logs: Path,
        temporary_folder: str = "",
        memory_bytes: int = 0,
        clock: RunClock | None = None,
    ) -> None:
        """Start the process.

        logs: the folder for what it prints; temporary_folder: the one for its temporary files;
        memory_bytes: the most memory that it may take, 0 where there is no limit; clock: what its
        limits are measured by. Raises SystemShort where the system has no room for it.
        """
        self.entry = entry
        self.open_cells = 0
        self._serial = 0
        self._memory_bytes = memory_bytes
        self._clock = clock or RunClock()
        self._killed_before = memory_limit.kills_by_system()
        self._reported = ""
        self._is_open = True
        try:
            self._log = WorkerLog(logs / f"{entry.name.translate(IN_FILE_NAMES)}.log")
            environment = worker_environment(settings.threads, temporary_folder)
            self._launch(environment, temporary_folder)
        except OSError as error:
            raise SystemShort(error.errno or 0) from None
        self._arrival = select.poll()
        self._arrival.register(self._line.reads, select.POLLIN)
        self._arrival.register(self._report, select.POLLIN)
        self._report_poll = select.poll()
        self._report_poll.register(self._report, select.POLLIN)

    def _launch(self, environment: dict[str, str], temporary_folder: str) -> None:
        """Start the guard, which forks the worker. Raises OSError, with no descriptor left open."""
        with ExitStack() as guards_ends, ExitStack() as own_ends:

            def pipe(own_end: int) -> tuple[int, int]:
                ends = os.pipe()
                own_ends.callback(os.close, ends[own_end])
                guards_ends.callback(os.close, ends[1 - own_end])
                return ends

            requests, own_requests = pipe(1)
            own_replies, replies = pipe(0)
            lifeline, self._lifeline = pipe(1)
            self._report, report = pipe(0)
            descriptors = (requests, replies, lifeline, report)
            with self._log.path.open("ab") as log:
                self.process = subprocess.Popen(
                    [
                        # -P: what lies in the current folder is no module of ours
                        *(sys.executable, "-P", "-m", "adbench.running.worker_guard"),
                        *(str(number) for number in (*descriptors, self._memory_bytes)),
                        folder_of_command() or temporary_folder,
                    ],
                    env=environment,
                    pass_fds=descriptors,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C at the terminal reaches the runner alone
                )
            own_ends.pop_all()
        os.set_blocking(self._report, False)
        self._line = Line(own_replies, own_requests)

    def request(self, request: Request, limit_s: float) -> Reply:
        """Send a request and wait for its reply, which is one that may follow it.

        Raises WorkerFailed where none comes; the worker is then dead.
        """
        self.send(request, limit_s)
        return self.reply_to(request, limit_s)

    def send(self, request: Request, limit_s: float = SEND_LIMIT_S) -> None:
        """Send a request, whose reply must be waited for before the next is sent.

        Raises WorkerFailed where it cannot be sent; the worker is then dead.
        """
        self._serial += 1
        try:
            self._line.put(protocol.encode(self._serial, request))
        except ProtocolError as error:
            raise self._misunderstood(str(error)) from None
        try:
            is_sent = self._line.write() or self._write_rest(min(limit_s, SEND_LIMIT_S))
        except OSError:
            raise self._died() from None
        if not is_sent:
            raise self._late()

    def _write_rest(self, limit_s: float) -> bool:
        """Write what the pipe does not hold at once. Return whether it could be within the limit.

        Raises OSError where the worker has closed its end.
        """
        began = self._clock.now()
        room = select.poll()
        room.register(self._line.writes, select.POLLOUT)
        while not self._line.write():
            left_s = limit_s - (self._clock.now() - began)
            if left_s <= 0:
                return False
            self._clock.wait(room, left_s)
        return True

    def reply_to(self, request: Request, limit_s: float) -> Reply:
        """Wait for the reply to the request that was sent last.

        Raises WorkerFailed where none comes; the worker is then dead.
        """
        try:
            data = self._receive(limit_s)
            if data is None:
                raise self._late()
            delivery = protocol.decode(data)
        except (EOFError, OSError):
            raise self._died() from None
        except LineError as error:
            raise self._misunderstood(str(error)) from None
        except ProtocolError as error:
            raise self._misunderstood(f"The worker's reply cannot be read. {error}") from None
        return self._checked(request, delivery)

    def _receive(self, limit_s: float) -> bytes | None:
        """Wait for a message; None where none is whole within the limit.

        One that is there is read even where the limit has passed. Raises EOFError where the worker
        is dead or has closed its line.
        """
        began = self._clock.now()
        while True:
            left_s = limit_s - (self._clock.now() - began)
            ready = self._clock.wait(self._arrival, left_s)
            message = self._line.read()
            if message is not None:
                return message
            if self._report in ready and self._read_report():
                return self._last_message()
            if left_s <= 0:
                return None
            if not ready:
                self._check_memory()

    def _last_message(self) -> bytes:
        """Return what a dead worker has said last. Raises EOFError where it is not whole."""
        message = self._line.read()
        if message is None:
            raise EOFError
        return message

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

    # ---- how it ends

    def _late(self) -> WorkerFailed:
        self.kill()
        return WorkerFailed(Outcome.TIMED_OUT, "No answer within the time limit.")

    def _misunderstood(self, message: str) -> WorkerFailed:
        """End a worker that does not keep to the protocol."""
        self.kill()
        return WorkerFailed(Outcome.CRASHED, message)

    def _check_memory(self) -> None:
        """Raise WorkerFailed where the worker holds more than it may; it is then dead."""
        worker = self._report_field("worker")
        if not worker or not self._memory_bytes:
            return
        process = int(worker)
        if memory_limit.held_by(process) <= self._memory_bytes:
            return
        held = memory_limit.held_alone_by(process)
        if held <= self._memory_bytes:
            return
        self.kill()
        sentence = memory_limit.limit_in_words(self._memory_bytes, held)
        raise WorkerFailed(Outcome.OUT_OF_MEMORY, f"The worker was ended. {sentence}")

    def _died(self) -> WorkerFailed:
        """Say how the process ended, and what it printed last."""
        has_ended = self._await_report(DEATH_LIMIT_S)
        self.kill()
        error = self._report_field("error")
        if error:
            return SystemShort(int(error))
        if not has_ended:
            message = "The worker closed its line to the runner and went on; it was ended."
            return WorkerFailed(Outcome.CRASHED, message)
        status, _, peak = self._report_field("ended").partition(" ")
        code = int(status) if status else self.process.returncode or 0
        held = int(peak) if peak else 0
        sentences = [f"The worker {_ending(code)}."]
        is_of_memory = self._was_ended_for_memory(code)
        if is_of_memory and self._memory_bytes:
            sentences.append(memory_limit.limit_in_words(self._memory_bytes, held))
        sentences.append(self._log.last_words())
        outcome = Outcome.OUT_OF_MEMORY if is_of_memory else Outcome.CRASHED
        return WorkerFailed(outcome, " ".join(sentences).strip())

    def _was_ended_for_memory(self, code: int) -> bool:
        """Whether a worker died since memory ran out: the system ended it, or it said so."""
        if code == -signal.SIGKILL:
            return memory_limit.kills_by_system() != self._killed_before
        return code == -signal.SIGABRT and self._log.tells_of_memory()

    def _await_report(self, limit_s: float) -> bool:
        """Wait until the guard has said how the worker ended. Return whether it has, or is gone."""
        began = self._clock.now()
        while not self._read_report():
            left_s = limit_s - (self._clock.now() - began)
            if left_s <= 0:
                return False
            self._clock.wait(self._report_poll, left_s)
        return True

    def _read_report(self) -> bool:
        """Read what the guard has said. Return whether the worker has ended, or the guard has."""
        with suppress(BlockingIOError):
            while self._is_open:
                said = os.read(self._report, 1 << 12)
                if not said:
                    return True
                self._reported += said.decode()
        return bool(self._report_field("ended") or self._report_field("error"))

    def _report_field(self, name: str) -> str:
        """Return what the guard has said under a name, "" where it has not."""
        for line in self._reported.splitlines(keepends=True):
            field, _, value = line.partition(" ")
            if field == name and line.endswith("\n"):
                return value.strip()
        return ""

    def begin_to_end(self) -> None:
        """Let the guard end the worker and all that it started, beside what else is done."""
        if self._lifeline >= 0:
            with suppress(OSError):  # the guard may be gone
                os.write(self._lifeline, GOODBYE)
            os.close(self._lifeline)
            self._lifeline = -1
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the worker at once with all that it started, if any of it still runs."""
        if not self._is_open:
            return
        self.begin_to_end()
        self._await_end(END_LIMIT_S + DEATH_LIMIT_S)
        if not self._report_field("ended"):
            self._end_without_guard()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(DEATH_LIMIT_S)
        self._is_open = False
        self._line.close()
        os.close(self._report)

    def _end_without_guard(self) -> None:
        """End the guard, where it was stopped or killed, and the worker, which dies with it."""
        groups = [self.process.pid, int(self._report_field("worker") or 0)]
        if self.process.poll() is None:
            self.process.kill()
        for group in filter(None, groups):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)

    def _await_end(self, limit_s: float) -> None:
        """Wait until the guard is gone, which closes its report."""
        began = self._clock.now()
        while self.process.poll() is None and limit_s > self._clock.now() - began:
            self._clock.wait(self._report_poll, limit_s)
            self._read_report()


def signal_name(number: int) -> str:
    """Return what a signal is called; a real-time signal has its number alone."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _ending(code: int) -> str:
    """How a process ended, from its exit status or its signal below 0."""
    if code < 0:
        return f"was killed by {signal_name(-code)}"
    return f"exited with status {code}"
