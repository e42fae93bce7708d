"""The guard: the parent of one worker, which sees to it that nothing of it outlives the run.

    python -P -m adbench.running.worker_guard REQUESTS REPLIES LIFELINE REPORT MEMORY FOLDER

The first four are descriptors. The guard forks the worker before anything large is imported, and
then waits for one of two ends. Where the worker dies, the guard ends whatever it left behind, and
writes on REPORT how it died. Where the runner writes `GOODBYE` on LIFELINE, or is gone, which
closes it, the guard ends the worker with all that it started: on Linux every process that descends
from it, elsewhere those of its process group. Of a runner that is gone it removes FOLDER, with the
temporary files of the run.

What these processes print comes to the guard through a pipe, and goes on to the guard's standard
output, the worker's log: its beginning as it comes, and its last part when all have ended.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

FIRST_BYTES = 1 << 20
"""So much of what a worker prints (bytes) is in its log from the beginning on."""

LAST_BYTES = 1 << 18
"""So much of the last that it prints (bytes) is in its log."""

LONGEST_LOG = 16 << 20
"""Of a worker whose log is longer than this already (bytes), a last line or two are added."""

LAST_BYTES_OF_LONG_LOG = 4 << 10
"""So much is added to a log that is too long already (bytes)."""

CHUNK_BYTES = 1 << 16
"""So much is read at a time (bytes)."""

END_LIMIT_S = 4.0
"""How long the guard tries to end all processes (s); the runner waits a little longer."""

RETRY_S = 0.002
"""How long it waits before it looks again for processes that have not ended (s)."""

GOODBYE = b"."
"""What the runner writes on the lifeline where it has no more use for the worker."""

DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2): the signal that a process gets when its parent dies."""

CHILD_SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2): orphans below this process become its children."""

MORE_LIKELY = "500"
"""Where memory runs out, the system ends a worker rather than anything else of the user's."""

WAKING = (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP)
"""The signals that the guard takes notice of."""


class Log:
    """What the worker prints, bounded: its beginning, and its last part."""

    def __init__(self, reads: int, writes: int) -> None:
        """reads, writes: the descriptors of the pipe and of the file."""
        self.reads = reads
        self._writes = writes
        is_long = os.fstat(writes).st_size > LONGEST_LOG
        self._first_bytes = 0 if is_long else FIRST_BYTES
        self._last_bytes = LAST_BYTES_OF_LONG_LOG if is_long else LAST_BYTES
        self._last = bytearray()
        self._left_out = 0
        os.set_blocking(reads, False)

    def take(self) -> bool:
        """Take some of what was printed. Return whether there was any."""
        try:
            chunk = os.read(self.reads, CHUNK_BYTES)
        except BlockingIOError:
            return False
        first = chunk[: self._first_bytes]
        self._first_bytes -= len(first)
        self._write(first)
        self._last += chunk[len(first) :]
        if len(self._last) > 2 * self._last_bytes:
            self._shorten()
        return bool(chunk)

    def _shorten(self) -> None:
        excess = max(len(self._last) - self._last_bytes, 0)
        self._left_out += excess
        del self._last[:excess]

    def finish(self) -> None:
        """Take what is left, as much as the pipe holds, and write the last part."""
        for _ in range(2 * CHUNK_BYTES // select.PIPE_BUF):
            if not self.take():
                break
        self._shorten()
        if self._left_out:
            self._write(f"\n[adbench left out {self._left_out:,} bytes here]\n".encode())
        self._write(bytes(self._last))
        self._last.clear()

    def _write(self, data: bytes) -> None:
        """Write to the file. Where that cannot be done, on a full disk, the worker goes on."""
        with suppress(OSError):
            while data:
                data = data[os.write(self._writes, data) :]


class Guard:
    """The guard of a worker that it has forked."""

    def __init__(
        self, worker: int, lifeline: int, report: int, signals: int, log: Log, folder: str
    ) -> None:
        """worker: its process; folder: with the temporary files; the others are descriptors."""
        self._worker = worker
        self._folder = folder
        self._lifeline = lifeline
        self._report = report
        self._signals = signals
        self._log = log
        self._ending = ""
        self._stopped_by = 0

    def watch(self) -> None:
        """Wait until the worker or the runner is gone, and end what is left."""
        self._tell(f"worker {self._worker}")
        poll = select.poll()
        for descriptor in (self._lifeline, self._signals, self._log.reads):
            poll.register(descriptor, select.POLLIN)
        while not self._ending and not self._stopped_by:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._log.reads in ready and not self._log.take():
                poll.unregister(self._log.reads)  # all who could print have closed it
            if self._signals in ready:
                self._notice(os.read(self._signals, CHUNK_BYTES))
            if self._lifeline in ready:
                break
        self._end_processes()
        if self._folder and self._is_runner_gone():
            import shutil

            shutil.rmtree(self._folder, ignore_errors=True)
        self._log.finish()
        if self._stopped_by:
            self._ending = f"ended {-self._stopped_by} 0"
        self._tell(self._ending)
        if self._stopped_by:
            signal.signal(self._stopped_by, signal.SIG_DFL)
            os.kill(os.getpid(), self._stopped_by)

    def _is_runner_gone(self) -> bool:
        """Whether the lifeline was closed without a word."""
        ready, _, _ = select.select([self._lifeline], [], [], 0)
        return bool(ready) and not os.read(self._lifeline, len(GOODBYE))

    def _notice(self, numbers: bytes) -> None:
        """Do what the signals that have come ask for."""
        if signal.SIGCHLD in numbers:
            while self._reap():
                pass
        self._stopped_by = max(set(numbers) - {signal.SIGCHLD}, default=0)

    def _reap(self) -> int | None:
        """Take notice of a child that has ended, and return its process.

        0 where none has ended, None where none is left.
        """
        try:
            process, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if process == self._worker:
            peak = usage.ru_maxrss * (1024 if sys.platform == "linux" else 1)
            self._ending = f"ended {os.waitstatus_to_exitcode(status)} {peak}"
        return process

    def _end_processes(self) -> None:
        """End the worker and all that it started, and wait for their end.

        As their parents end, those that are left become children of the guard, which ends them.
        """
        give_up_at = time.monotonic() + END_LIMIT_S
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._worker, signal.SIGKILL)
        while time.monotonic() < give_up_at:
            process = self._reap()
            if process is None:
                break
            if process == 0:
                self._kill_children()
                time.sleep(RETRY_S)

    def _kill_children(self) -> None:
        children = _children()
        if not self._ending:
            children.append(self._worker)
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def _tell(self, line: str) -> None:
        """Write a line to the runner, which may be gone."""
        with suppress(OSError):
            os.write(self._report, f"{line}\n".encode())


def _children() -> list[int]:
    """Return the children of this process, as Linux lists them (proc(5)); [] elsewhere."""
    guard = str(os.getpid())
    children = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if fields[1] == guard:
                children.append(int(folder.name))
    return children


def _control(option: int, value: int) -> None:
    """Set an option of this process, where the system has such options: Linux alone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value)


def _wake_on_signals() -> tuple[int, int]:
    """Have signals written to a pipe. Return both ends of it."""
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    signal.set_wakeup_fd(writes, warn_on_full_buffer=False)
    for number in WAKING:
        signal.signal(number, lambda number, frame: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's to handle
    return reads, writes


def _become_worker(guard: int, memory_bytes: int) -> None:
    """Make the forked process what a worker begins as.

    guard: the process of the guard; memory_bytes: the most memory that the worker may take, 0 where
    there is no limit.
    """
    signal.set_wakeup_fd(-1)
    for number in WAKING:
        signal.signal(number, signal.SIG_DFL)
    os.setpgid(0, 0)
    _control(DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != guard:  # the guard was killed before it could be watched
        os._exit(1)
    if sys.platform == "linux":
        import resource

        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(MORE_LIKELY)
        _, highest = resource.getrlimit(resource.RLIMIT_DATA)
        if highest != resource.RLIM_INFINITY:
            memory_bytes = min(memory_bytes, highest)
        if memory_bytes:
            resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))


def main() -> None:
    """Fork the worker, and watch it from here on."""
    requests, replies, lifeline, report, memory_bytes = map(int, sys.argv[1:6])
    folder = sys.argv[6]
    for descriptor in (requests, replies, lifeline, report):
        os.set_inheritable(descriptor, False)
    log_reads, log_writes = os.pipe()
    signals, wakeup = _wake_on_signals()
    _control(CHILD_SUBREAPER, 1)
    guard = os.getpid()
    try:
        worker = os.fork()
    except OSError as error:
        os.write(report, f"error {error.errno}\n".encode())
        return
    if worker:
        for descriptor in (requests, replies, log_writes):
            os.close(descriptor)
        log = Log(log_reads, sys.stdout.fileno())
        Guard(worker, lifeline, report, signals, log, folder).watch()
        return
    for descriptor in (lifeline, report, log_reads, signals, wakeup):
        os.close(descriptor)
    os.dup2(log_writes, sys.stdout.fileno())
    os.dup2(log_writes, sys.stderr.fileno())
    os.close(log_writes)
    _become_worker(guard, memory_bytes)
    from adbench.running import worker as working

    working.main(requests, replies)


if __name__ == "__main__":
    main()
