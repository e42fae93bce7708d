"""The runner: gives every worker its turns, and turns whatever happens to a worker into a row.

Only one worker runs at any moment. The cells of a group take turns, so that a drift of the machine
hits all alike.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from adbench.backends.catalog import Entry
from adbench.cases.case import Case
from adbench.registry import installed_version
from adbench.results.row import Outcome, Row
from adbench.running import protocol as wire
from adbench.running.environment import worker_environment
from adbench.running.plan import Group, Plan, Settings
from adbench.truth.certificate import CertificateError

START_LIMIT_S = 180.0
"""How long a worker may take to import its framework (s)."""

TRUTH = Entry("truth", "")
"""The worker that establishes truths; it has no backend."""


class WorkerFailed(Exception):
    """A worker did not answer a request: it is gone or was killed at its limit. Holds the outcome
    and a message."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message


class WorkerProcess:
    """One worker process, from this side. Every request has a limit (s), at which the worker is
    killed."""

    def __init__(self, entry: Entry, settings: Settings, logs: Path) -> None:
        self.entry = entry
        self._log_path = logs / f"{entry.name.replace(':', '-')}.log"
        self._log_start = self._log_path.stat().st_size if self._log_path.exists() else 0
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        with self._log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "adbench.running.worker", str(theirs_in), str(theirs_out)],
                env=worker_environment(settings.threads),
                pass_fds=(theirs_in, theirs_out),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C at the terminal reaches the runner alone
            )
        os.close(theirs_in)
        os.close(theirs_out)
        self._requests = Connection(ours_out, readable=False)
        self._replies = Connection(ours_in, writable=False)

    def request(self, message: wire.Message, limit_s: float) -> wire.Message:
        """Send a request and wait for its reply. Raises WorkerFailed where none comes; the worker
        is then dead."""
        try:
            wire.send(self._requests, message)
            if not self._replies.poll(max(limit_s, 0.0)):
                self.kill()
                raise WorkerFailed(Outcome.TIMED_OUT, "No answer within the time limit.")
            return wire.receive(self._replies)
        except (EOFError, OSError):
            raise self._died() from None

    def _died(self) -> WorkerFailed:
        code = self.process.wait()
        self.kill()
        how = f"exited with status {code}"
        if code < 0:
            how = f"was killed by {signal.Signals(-code).name}"
        if code == -signal.SIGKILL:
            how += ", as the system does when memory runs out"
        return WorkerFailed(Outcome.CRASHED, f"The worker {how}. {self._log_tail()}".strip())

    def _log_tail(self) -> str:
        with self._log_path.open("rb") as log:
            log.seek(self._log_start)
            lines = [
                line.strip()
                for line in log.read().decode(errors="replace").splitlines()
                if line.strip()
            ]
        return f"Its log ({self._log_path.name}) ends: {lines[-1][:200]}" if lines else ""

    def kill(self) -> None:
        """End the process at once, if it still runs."""
        self.process.kill()
        self.process.wait()
        self._requests.close()
        self._replies.close()


class WorkerPool:
    """The workers of a run, each started when first asked and replaced when it has died."""

    def __init__(self, settings: Settings, logs: Path) -> None:
        self._settings = settings
        self._logs = logs
        self._processes: dict[str, WorkerProcess] = {}
        self._absent: dict[str, WorkerFailed] = {}

    def ask(self, entry: Entry, message: wire.Message, limit_s: float) -> wire.Message:
        """Send a request to the worker of `entry`. Raises WorkerFailed where it does not answer."""
        process = self.start(entry)
        try:
            return process.request(message, limit_s)
        except WorkerFailed:
            del self._processes[entry.name]
            raise

    def start(self, entry: Entry) -> WorkerProcess:
        """Return the worker of `entry`, started if it does not run. One that cannot be started is
        not tried again."""
        if entry.name in self._absent:
            raise self._absent[entry.name]
        if entry.name not in self._processes:
            try:
                self._processes[entry.name] = self._start(entry)
            except WorkerFailed as ended:
                self._absent[entry.name] = ended
                raise
        return self._processes[entry.name]

    def _start(self, entry: Entry) -> WorkerProcess:
        if installed_version(entry) is None:
            raise WorkerFailed(
                Outcome.NOT_INSTALLED,
                f"{entry.requires} is not installed; `pip install {entry.distribution}` adds it.",
            )
        process = WorkerProcess(entry, self._settings, self._logs)
        if entry is TRUTH:
            return process
        start = {
            "do": "start",
            "name": entry.name,
            "load": entry.load,
            "seed": self._settings.seed,
            "lowest_dtype": self._settings.lowest_dtype,
            "threads": self._settings.threads,
        }
        try:
            reply = process.request(start, START_LIMIT_S)
        except WorkerFailed as ended:
            raise WorkerFailed(ended.outcome, f"Could not be started: {ended.message}") from None
        if not reply["ok"]:
            process.kill()
            raise WorkerFailed(Outcome(reply["outcome"]), reply["message"])
        return process

    def dismiss(self) -> None:
        """End all workers."""
        for process in self._processes.values():
            process.kill()
        self._processes.clear()


@contextmanager
def team(settings: Settings, logs: Path) -> Iterator[WorkerPool]:
    """A team whose workers are ended whatever happens."""
    logs.mkdir(parents=True, exist_ok=True)
    workers = WorkerPool(settings, logs)
    try:
        yield workers
    finally:
        workers.dismiss()


@dataclass
class CellProgress:
    """A cell as the runner sees it.

    holder: the worker process that holds it open; left_s: the time it has left (s); rounds:
    sampling rounds it had.
    """

    key: str
    case: Case
    entry: Entry
    left_s: float
    holder: WorkerProcess | None = None
    rounds: int = 0
    done: bool = False


def run(
    plan: Plan,
    logs: Path,
    keep: Callable[[Row], None],
    watch: Callable[[str], None] = lambda what: None,
) -> None:
    """Run a plan to its end.

    logs: the folder for what the workers print; keep: called with each row as it is finished;
    watch: called with what is running, in words.
    """
    # The folder goes last: a worker that is still writing to it is ended before.
    with (
        tempfile.TemporaryDirectory(prefix="adbench-") as truths,
        team(plan.settings, logs) as workers,
    ):
        for group in plan.groups:
            GroupRun(workers, plan, group, Path(truths) / "truth.npz", keep, watch).run()


class GroupRun:
    """One group of a run: its truth, and the turns of its cells."""

    def __init__(
        self,
        workers: WorkerPool,
        plan: Plan,
        group: Group,
        truth_path: Path,
        keep: Callable[[Row], None],
        watch: Callable[[str], None],
    ) -> None:
        self._workers = workers
        self._settings = plan.settings
        self._group = group
        self._keep = keep
        self._watch = watch
        self._truth_path = truth_path
        self._truth = ""
        self._known: dict[str, Any] = {
            "n_inputs": group.n,
            "n_outputs": group.m,
            "swept": group.swept,
        }
        self._turns = [
            CellProgress(f"{case}", case, entry, plan.settings.timeout_s)
            for case, entry in plan.cells(group)
        ]

    def run(self) -> None:
        """Open every cell, sample them in rounds, and close them."""
        self._establish_truth()
        for turn in self._turns:
            self._give(turn, "open")
        for _ in range(self._settings.effort.rounds):
            for turn in self._turns:
                self._give(turn, "sample")
        for turn in self._turns:
            self._give(turn, "close")

    def _establish_truth(self) -> None:
        """Have the truth computed and its file written. Without one, cells are timed and left
        unresolved.

        Raises CertificateError where the truth contradicts the function itself: nothing more can be
        judged.
        """
        case = self._group.question
        self._watch(f"truth of {case.describe()}")
        request = {
            "do": "truth",
            "origin": self._group.source.origin,
            "size": case.size,
            "operator": case.operator,
            "order": case.order,
            "seed": self._settings.seed,
            "lowest_dtype": self._settings.lowest_dtype,
            "dtypes": [case.dtype],
            "path": str(self._truth_path),
        }
        try:
            reply = self._workers.ask(TRUTH, request, self._settings.timeout_s)
            if "broken" in reply:
                raise CertificateError(reply["broken"])
            self._truth, self._known["message"] = reply["path"], reply["doubt"]
        except WorkerFailed as ended:
            self._known["message"] = f"No truth could be computed: {ended.message}"

    def _give(self, turn: CellProgress, what: str) -> None:
        """Give a cell its turn, unless it has ended; what it ends with goes to `keep`."""
        if turn.done:
            return
        self._watch(f"{turn.entry.name}  {turn.case.describe()}")
        row: Row | None
        try:
            holder = self._workers.start(turn.entry)
            began = time.monotonic()
            try:
                # A worker that died over another cell has left this one behind: it is opened again
                # in the new worker.
                row = None if turn.holder is holder else self._open(turn, holder)
                if row is None and what == "sample":
                    row = self._sample(turn, rounds=1)
                    turn.rounds += 1
                elif row is None and what == "close":
                    row = self._ask(turn, {"do": "close"})
            finally:
                turn.left_s -= time.monotonic() - began
        except WorkerFailed as ended:
            message = ended.message
            if ended.outcome is Outcome.TIMED_OUT:
                message = (
                    f"No answer within the limit of {self._settings.timeout_s:g} s; "
                    "--timeout sets it."
                )
            fields = {**self._known, "outcome": ended.outcome, "message": message}
            row = Row.begun(turn.case, turn.entry.name, **fields)
        if row is not None:
            turn.done = True
            self._keep(replace(row, elapsed_s=self._settings.timeout_s - turn.left_s))

    def _open(self, turn: CellProgress, holder: WorkerProcess) -> Row | None:
        message = {
            "do": "open",
            "case": turn.case.to_json(),
            "origin": self._group.source.origin,
            "truth": self._truth,
            "known": self._known,
            "timed": self._settings.effort.timed,
        }
        row = self._ask(turn, message)
        turn.holder = holder
        if row is None and turn.rounds:
            row = self._sample(turn, rounds=turn.rounds)
        return row

    def _sample(self, turn: CellProgress, rounds: int) -> Row | None:
        effort = self._settings.effort
        message = {
            "pairs": rounds * effort.pairs,
            "turn_s": rounds * effort.turn_s,
            "most_s": effort.most_s,
        }
        return self._ask(turn, {"do": "sample", **message})

    def _ask(self, turn: CellProgress, message: wire.Message) -> Row | None:
        reply = self._workers.ask(turn.entry, {**message, "key": turn.key}, turn.left_s)
        return Row.from_json(reply["row"]) if reply["row"] else None
