"""One comparison of a run, as it is sent to another host, and what computes it there.

A host is a process that keeps the workers of a run from one comparison to the next. What it is sent
and what it answers are MessagePack, as between the runner and a worker.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Self

import msgspec

from adbench.backends.catalog import Entry
from adbench.cases.model import SpecError
from adbench.cases.user_file import FileChanged, digest_of
from adbench.planning.group import Group
from adbench.planning.model_plan import ModelPlan, PlannedModel
from adbench.planning.plan import Plan
from adbench.planning.settings import Settings
from adbench.results.row import CellName, Row, plain_scalar
from adbench.running import runner
from adbench.running.environment import describe
from adbench.running.spent import Spent
from adbench.running.worker_pool import WorkerPool, worker_pool
from adbench.truth.certificate import CertificateError

_ENCODER = msgspec.msgpack.Encoder(enc_hook=plain_scalar)


class Message:
    """What travels between hosts; a frozen record of plain data."""

    def to_bytes(self) -> bytes:
        """Return what `from_bytes` reads."""
        return _ENCODER.encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote."""
        return msgspec.msgpack.decode(data, type=cls, strict=False)


@dataclass(frozen=True)
class HostTask(Message):
    """A comparison with all that its cells depend on."""

    planned: PlannedModel
    """The model, with the comparison as its only group."""
    backends: tuple[Entry, ...]
    """The backends of the run."""
    further_stagings: tuple[Entry, ...]
    """Those that are asked where stagings are compared."""
    settings: Settings
    """What holds for the whole run."""
    native_order: int
    """The highest order of a hand-written function's derivatives that counts."""
    files: Mapping[str, str]
    """The user's files with their digests, by path."""
    ended: tuple[CellName, ...]
    """The cells of the comparison that were measured before."""

    @classmethod
    def of(cls, plan: Plan, group: Group) -> HostTask:
        """Return a comparison of a plan."""
        planned = PlannedModel.of(ModelPlan(group.source, (group,)))
        size = group.question.size  # of the model's sizes this one alone matters
        description = replace(planned.description, sizes=(size,), sweep=(), growth={})
        return cls(
            replace(planned, description=description),
            plan.backends,
            plan.further_stagings,
            plan.settings,
            plan.native_order,
            dict(plan.files),
            tuple(set(plan.every_cell_name(group)) & plan.ended),
        )

    @property
    def plan(self) -> Plan:
        """The plan of this comparison alone."""
        return Plan(
            self.planned.plan().groups,
            self.backends,
            self.settings,
            self.native_order,
            self.further_stagings,
            ended=frozenset(self.ended),
            files=self.files,
        )


@dataclass(frozen=True)
class HostStart(Message):
    """What a host must have before it is sent comparisons."""

    backends: tuple[Entry, ...]
    """All that will be asked."""
    settings: Settings
    """What holds for the whole run."""
    files: Mapping[str, str]
    """The user's files with their digests, by path."""

    @classmethod
    def of(cls, plan: Plan) -> HostStart:
        """Return what a plan needs."""
        return cls((*plan.backends, *plan.further_stagings), plan.settings, dict(plan.files))


class HostStop(StrEnum):
    """Why a host did not come to the end of a comparison, where that stops the run."""

    NONE = ""
    TRUTH_BROKEN = "truth broken"
    """A truth contradicts the function itself."""
    FILE_CHANGED = "file changed"
    """A file of the user's is not what it was when the run was planned."""
    ASKED = "asked"
    """The host was asked to stop, or is another run's."""


@dataclass(frozen=True)
class HostAnswer(Message):
    """What came of a comparison on a host."""

    rows: tuple[Row, ...]
    """The rows of its cells, as far as it came."""
    spent: Spent
    """Where the time went."""
    stop: HostStop = HostStop.NONE
    """Why it did not come to its end."""
    message: str = ""
    """That in a sentence."""


@dataclass(frozen=True)
class HostFacts(Message):
    """What a host is."""

    name: str
    """The name of the machine."""
    processor: str
    """Its processor."""
    processors: int
    """How many processors it has."""
    versions: dict[str, str]
    """The versions of adbench, Python, the packages and the frameworks of the backends."""
    wrong_files: tuple[str, ...] = ()
    """The user's files that are not there, or have another text."""


def facts_of_this_host(entries: Iterable[Entry], files: Mapping[str, str]) -> HostFacts:
    """Return what this machine is, and has installed of what the backends need.

    files: the user's files with their digests, by path.
    """
    environment = describe(tuple(entries))
    versions = {
        "adbench": environment["adbench"],
        "Python": environment["python"],
        **environment["versions"],
        **environment["backends"],
    }
    return HostFacts(
        environment["host"],
        environment["cpu"],
        environment["cpu_count"] or 1,
        {name: version or "not installed" for name, version in versions.items()},
        tuple(path for path, digest in files.items() if not _has(path, digest)),
    )


def _has(path: str, digest: str) -> bool:
    """Whether a file is here, with the text of this digest."""
    try:
        return digest_of(Path(path)) == digest
    except SpecError:
        return False


class _AskedToStop(Exception):
    """The run that this host works for has ended."""


class Host:
    """The workers of one run on this machine."""

    def __init__(self, run: str, settings: Settings) -> None:
        """Begin without workers: they are started with the first comparison.

        run: what tells the run from others.
        """
        self.run = run
        self.is_busy = False
        self._settings = settings
        self._stopping = threading.Event()
        self._resources = ExitStack()
        self._pool: WorkerPool | None = None
        self._logs = Path()

    def compute(self, task: HostTask) -> HostAnswer:
        """Compute a comparison. What stops the run is in the answer."""
        rows: list[Row] = []
        spent = Spent()
        began = time.monotonic()
        self.is_busy = True
        try:
            pool = self._workers()
            runner.run(task.plan, self._logs, rows.append, self._watch, pool, spent)
        except CertificateError as error:
            return HostAnswer(tuple(rows), spent, HostStop.TRUTH_BROKEN, str(error))
        except FileChanged as error:
            return HostAnswer(tuple(rows), spent, HostStop.FILE_CHANGED, str(error))
        except _AskedToStop:
            return HostAnswer(tuple(rows), spent, HostStop.ASKED, "The host was asked to stop.")
        finally:
            self.is_busy = False
            spent.wall_s = time.monotonic() - began
        return HostAnswer(tuple(rows), spent)

    def end(self) -> None:
        """End the workers; a comparison that is computed now ends before its next cell."""
        self._stopping.set()
        if not self.is_busy:
            self._resources.close()
            self._pool = None

    def _workers(self) -> WorkerPool:
        if self._pool is None:
            folder = tempfile.TemporaryDirectory(prefix="adbench-host-", ignore_cleanup_errors=True)
            self._logs = Path(self._resources.enter_context(folder))
            self._pool = self._resources.enter_context(worker_pool(self._settings, self._logs))
        return self._pool

    def _watch(self, activity: str) -> None:
        if self._stopping.is_set():
            self._resources.close()
            self._pool = None
            raise _AskedToStop(activity)
