"""Planning what a user names: files and models of other packages in a worker, ours here.

A file may loop, crash or print when it is imported, when its inputs are made, or when its function
is called. In a worker that costs the plan, in one sentence, and not the process that reports it.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from adbench import registry
from adbench.backends.catalog import Entry
from adbench.cases.messages import UnusablePlugin
from adbench.cases.model import SpecError
from adbench.cases.user_file import digest_of
from adbench.planning.model_plan import Assignment, ModelPlan
from adbench.registry import ModelSource
from adbench.results.row import Outcome
from adbench.running.model_plans import plan_models
from adbench.running.protocol import ModelsPlanned, PlanModels, Reply, UserCodeFailed
from adbench.running.worker_pool import (
    TRUTH,
    WorkerFailed,
    WorkerPool,
    truth_entry,
    worker_pool,
)

SHORTEST_LIMIT_S = 20.0
"""A file has this long (s) to be imported and planned, whatever the limit of a cell is: it may
import a framework."""

SILENT_S = 2.0
"""Planning that takes longer than this (s) is announced."""

Announce = Callable[[str], None]
"""Called with what takes long, in words."""


@dataclass(frozen=True)
class PlannedModels:
    """The plans of the models that a user named."""

    models: list[ModelPlan]
    """The plans, each model once."""
    files: dict[str, str]
    """The files that they are defined in, with the digests of their texts, by path."""


class Planner:
    """Plans models by name. The worker that it needs for files is ended with its `with` block."""

    def __init__(
        self,
        assignment: Assignment,
        backends: Sequence[Entry],
        workers: WorkerPool | None,
        announce: Announce,
    ) -> None:
        """workers: those that have been started for the run, if there are any."""
        self._assignment = assignment
        self._backends = backends
        self._workers = workers
        self._announce = announce
        self._cleanup = ExitStack()

    def __enter__(self) -> Planner:
        return self

    def __exit__(self, *failure: object) -> None:
        self._cleanup.close()

    def plan(self, names: Sequence[str], optional: Collection[str] = ()) -> PlannedModels:
        """Plan the models called `names`, as `registry.find_models` takes them.

        optional: those that are left out where they cannot be used, with an UnusablePlugin warning.
        Raises SpecError where a name is unknown or another model cannot be used.
        """
        ours = self._ours(names)
        plans: dict[str, ModelPlan] = {}
        files: dict[str, str] = {}
        for name in names:
            with announced(f"planning {name}", self._announce):
                if name in ours:
                    planned = self._plan_ours(ours[name])
                elif name in optional:
                    planned = self._plan_if_usable(name, files)
                else:
                    planned = self._plan_elsewhere(name, files)
            plans |= {plan.source.origin: plan for plan in planned}
        registry.distinct([plan.source for plan in plans.values()])
        return PlannedModels(list(plans.values()), files)

    def _ours(self, names: Sequence[str]) -> dict[str, ModelSource]:
        """Our models among some names. Raises SpecError for what is no model and no file."""
        ours = []
        plugins = registry.names_of_plugins()
        for name in names:
            file = registry.file_of(name)
            if file is not None:
                digest_of(file[0])  # a file that is not there needs no worker to say so
            elif name not in plugins and registry.module_of(name) is None:
                ours.append(name)
        return {source.model.name: source for source in registry.find_models(ours)}

    def _plan_ours(self, source: ModelSource) -> list[ModelPlan]:
        with redirect_stdout(sys.stderr):  # what a model prints is no part of a report
            return plan_models([source], self._assignment)

    def _plan_if_usable(self, name: str, files: dict[str, str]) -> list[ModelPlan]:
        try:
            return self._plan_elsewhere(name, files)
        except SpecError as error:
            warnings.warn(str(error), UnusablePlugin, stacklevel=2)
            return []

    def _plan_elsewhere(self, name: str, files: dict[str, str]) -> list[ModelPlan]:
        """Plan the models of a file or plugin in a worker, and add its files to `files`."""
        limit_s = max(self._assignment.settings.timeout_s, SHORTEST_LIMIT_S)
        try:
            reply = self._ask(PlanModels(name, self._assignment), limit_s)
        except WorkerFailed as failure:
            raise SpecError(_why_not_planned(name, failure, limit_s)) from None
        if isinstance(reply, UserCodeFailed):
            raise SpecError(reply.message)
        assert isinstance(reply, ModelsPlanned)
        files |= reply.files
        return [model.plan() for model in reply.models]

    def _ask(self, request: PlanModels, limit_s: float) -> Reply:
        """Ask a worker, once more where it dies: something else may have killed it."""
        workers = self._started_workers()
        try:
            return workers.ask(self._entry(workers), request, limit_s)
        except WorkerFailed as failure:
            if failure.outcome is not Outcome.CRASHED:
                raise
        return workers.ask(self._entry(workers), request, limit_s)

    def _started_workers(self) -> WorkerPool:
        if self._workers is None:
            folder = self._cleanup.enter_context(TemporaryDirectory(prefix="adbench-"))
            pool = worker_pool(self._assignment.settings, Path(folder))
            self._workers = self._cleanup.enter_context(pool)
        return self._workers

    def _entry(self, workers: WorkerPool) -> Entry:
        """Whose worker plans: that of the truths, which imports the models anyway."""
        entry = truth_entry(self._backends, self._assignment.settings)
        try:
            workers.start(entry)
        except WorkerFailed:  # the backend's fault, and told in its rows
            return TRUTH
        return entry


def _why_not_planned(name: str, failure: WorkerFailed, limit_s: float) -> str:
    if failure.outcome is Outcome.TIMED_OUT:
        return (
            f"{name} could not be planned within {limit_s:g} s (a longer --timeout gives it more): "
            "does the file end when it is imported, and do make(size, rng) and the function of its "
            "model?"
        )
    return f"{name} could not be planned. {failure.message}"


def digests_of_backends(entries: Sequence[Entry]) -> dict[str, str]:
    """Return the digests of the files that backends are defined in, by path."""
    paths = [registry.file_of_backend(entry) for entry in entries]
    return {str(path): digest_of(path) for path in paths if path is not None}


@contextmanager
def announced(activity: str, announce: Announce) -> Iterator[None]:
    """Announce what the block does once it has taken `SILENT_S`."""
    timer = threading.Timer(SILENT_S, announce, [activity])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
