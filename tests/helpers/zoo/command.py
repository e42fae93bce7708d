"""Commands as a user starts them, in a process of their own, and all that they leave behind.

A command and everything that it starts carry a mark in their environment, by which those that
outlive it are found.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ADBENCH = Path(sys.executable).with_name("adbench")
"""The script that users call. `python -m adbench` would look for modules in the current folder."""

MARK = "ADBENCH_FAULT_ZOO"
"""The environment variable that marks a command and all that it starts."""

CLEANING_S = 5.0
"""How long (s) after the end of a command its processes may take to go."""

CELL = (
    "model", "size", "dtype", "operator", "order", "mode", "implementation", "backend", "swept",
    "growth", "stagings",
)  # fmt: skip
"""The fields of a row that tell its cell from all others of a run."""

ANNOUNCEMENT = re.compile(r"adbench: planning .* \.\.\.$")
"""What is said on standard error where planning takes long, as on a busy machine."""

NOT_PRINTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What moves the cursor or turns the text round: no output may hold it."""


@dataclass
class Command:
    """One command that has been started."""

    arguments: Sequence[str]
    folder: Path
    """The folder that it runs in."""
    process: subprocess.Popen[bytes]
    mark: str
    """The value of `MARK` in its environment."""
    began: float
    """When it was started, by the monotonic clock (s)."""
    status: int | None = None
    """Its exit status; -n where signal n ended it."""
    took_s: float = field(default=0.0)
    """How long it ran (s)."""

    @property
    def stdout(self) -> str:
        """What it has printed so far."""
        return (self.folder / f"stdout-{self.mark}").read_text(errors="replace")

    @property
    def stderr(self) -> str:
        """What it has printed on standard error so far."""
        return (self.folder / f"stderr-{self.mark}").read_text(errors="replace")

    @property
    def sentences(self) -> list[str]:
        """The lines on standard error, without those that announce what takes long."""
        lines = self.stderr.splitlines()
        return [line for line in lines if not ANNOUNCEMENT.match(line)]

    @property
    def out(self) -> Path:
        """The folder of its results, where it was told one."""
        return self.folder / self.arguments[list(self.arguments).index("--out") + 1]

    def wait(self, limit_s: float) -> Command:
        """Wait for its end. What still runs after the limit is killed, and the test fails."""
        try:
            self.status = self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            running = "; ".join(processes(self.mark))
            self.kill()
            raise AssertionError(
                f"{self} still ran after {limit_s:g} s: {running}\n{self.stdout}{self.stderr}"
            ) from None
        self.took_s = time.monotonic() - self.began
        return self

    def ends_within(self, limit_s: float) -> bool:
        """Whether it ends before so many seconds are over; it goes on where it does not."""
        return wait_until(lambda: self.process.poll() is not None, limit_s)

    def measures_within(self, count: int, limit_s: float) -> bool:
        """Whether its journal has so many rows before so many seconds are over."""
        return wait_until(lambda: line_count(self.out) >= count, limit_s)

    def has_workers_within(self, limit_s: float) -> bool:
        """Whether it starts a worker before so many seconds are over."""
        return wait_until(lambda: bool(workers(self.mark)), limit_s)

    def is_gone_within(self, limit_s: float) -> bool:
        """Whether none of its processes is there before so many seconds are over."""
        return wait_until(lambda: not processes(self.mark), limit_s)

    def kill_runner(self) -> None:
        """Kill its first process alone, as the system does, and wait until it is gone."""
        self.process.kill()
        self.status = self.process.wait()

    def kill(self) -> None:
        """End all of its processes that can be found."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for pid in process_ids(self.mark):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def rows(self, out: Path | None = None) -> list[dict]:
        """The rows of its journal; a line that is no whole row fails the test."""
        return journal_rows(out or self.out)

    def __str__(self) -> str:
        return f"adbench {' '.join(self.arguments)[:300]}"


class Launcher:
    """Starts commands in one folder, with a folder for temporary files of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.commands: list[Command] = []

    def start(
        self,
        *arguments: object,
        folder: Path | None = None,
        environment=(),
        program=(ADBENCH,),
        **options,
    ) -> Command:
        """Start adbench.

        folder: where it runs; environment: pairs of variables and values; program: how it is
        called; options: those of Popen, such as where its output goes.
        """
        folder = folder or self.folder
        mark = uuid.uuid4().hex
        variables = {
            **os.environ, "TMPDIR": str(self.temporary), MARK: mark, **dict(environment),
        }  # fmt: skip
        stdout, stderr = (folder / f"{stream}-{mark}" for stream in ("stdout", "stderr"))
        with stdout.open("wb") as output, stderr.open("wb") as errors:
            places = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": errors, **options}
            words = [str(argument) for argument in arguments]
            began = time.monotonic()
            process = subprocess.Popen(
                [*program, *words], cwd=folder, env=variables, start_new_session=True, **places
            )
        command = Command(words, folder, process, mark, began)
        self.commands.append(command)
        return command

    def run(self, *arguments: object, limit_s: float = 120.0, **options) -> Command:
        """Run adbench to its end."""
        return self.start(*arguments, **options).wait(limit_s)

    def end(self) -> None:
        """End whatever still runs."""
        for command in self.commands:
            command.kill()

    def left_behind(self, command: Command) -> list[str]:
        """Everything that a command that ended should not have left, in words."""
        command.is_gone_within(CLEANING_S)
        left = [f"the process {line}" for line in processes(command.mark)]
        left += [f"the folder {path.name}" for path in self.temporary.glob("adbench*")]
        return left + self.left_behind_on_screen(command)

    def left_behind_on_screen(self, command: Command) -> list[str]:
        """The tracebacks that a command printed, in words."""
        printed = {"stdout": command.stdout, "stderr": command.stderr}
        return [
            f"a traceback on {stream}: {text[-2000:]}"
            for stream, text in printed.items()
            if "Traceback (most recent call last)" in text
        ]


def process_ids(mark: str) -> Iterator[int]:
    """The processes that carry a mark in their environment; none where there is no /proc."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes()
        except OSError:
            continue  # it has ended, or is another user's
        if f"{MARK}={mark}".encode() in variables:
            yield int(folder.name)


def processes(mark: str) -> list[str]:
    """The processes that carry a mark, as their number and command line."""
    lines = []
    for pid in process_ids(mark):
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            lines.append(f"{pid} {b' '.join(words).decode(errors='replace')[:200]}")
    return lines


def resident_bytes(mark: str) -> int:
    """What the processes that carry a mark hold in memory (bytes); shared pages count for each."""
    pages = 0
    for pid in process_ids(mark):
        with suppress(OSError):
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def workers(mark: str) -> list[int]:
    """The worker processes of a command."""
    return [int(line.split()[0]) for line in processes(mark) if "adbench.running.worker" in line]


def wait_until(condition, limit_s: float) -> bool:
    """Wait until a condition holds; return whether it did within the limit."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def journal_rows(out: Path) -> list[dict]:
    """The rows of the journal in a folder; a line that is no whole row fails the test."""
    path = out / "journal.jsonl"
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def line_count(out: Path) -> int:
    """How many whole lines the journal in a folder has."""
    path = out / "journal.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def cell_of(row: dict) -> tuple:
    """What tells the cell of a row from all others."""
    return tuple(row[name] for name in CELL)


def planned_count(out: Path) -> int:
    """How many cells the plan of the run in a folder has."""
    return json.loads((out / "environment.json").read_text())["cells"]


def miscounted(out: Path) -> list[str]:
    """What is wrong with the number of rows, in words: every planned cell has exactly one."""
    counts = Counter(map(cell_of, journal_rows(out)))
    problems = [f"{count} rows of {cell}" for cell, count in counts.items() if count > 1]
    if len(counts) != planned_count(out):
        problems.append(f"{len(counts)} rows where {planned_count(out)} cells were planned")
    return problems


def ending(row: dict) -> str:
    """How a cell ended, in one word: its verdict where it was answered, else its outcome."""
    return (row["verdict"] or "unjudged") if row["outcome"] == "ok" else row["outcome"]
