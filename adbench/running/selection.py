"""The selection: what the user asks for by name, of which a plan is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from adbench import registry
from adbench.backends.catalog import Entry
from adbench.cases.case import DTYPES
from adbench.cases.model import SpecError
from adbench.planning.plan import Plan, assign, combine
from adbench.planning.restriction import Restriction, check_dtypes
from adbench.planning.settings import Preset, Settings
from adbench.planning.shard import Shard, shard_of_plan
from adbench.planning.unasked import Named, with_unasked
from adbench.running.beyond import with_beyond
from adbench.running.memory_limit import parse_size
from adbench.running.planner import Announce, PlannedModels, Planner, digests_of_backends
from adbench.running.worker_pool import WorkerPool


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The names and settings that a user gives.

    Where no name of a kind is given, what is customary is meant.
    """

    models: Sequence[str] = ()
    """The names of models, and paths of files that define some; all registered models where
    empty."""

    backends: Sequence[str] = ()
    """The names of backends, and paths of files that define some; all registered backends where
    empty."""

    operators: Sequence[str] = ()
    """The operators; all that apply where empty."""

    sizes: Sequence[str] = ()
    """The names of sizes; as many of each model's as the preset says where empty."""

    dtypes: Sequence[str] = ()
    """The dtypes; float64 where empty."""

    threads: int = 1
    """How many threads each worker may use."""

    timeout_s: float | None = None
    """The time that each cell may take (s); that of the preset where None."""

    memory: str | None = None
    """The memory that a worker may take, such as "4GB"; what the machine suggests where None."""

    seed: int = 0
    """The seed of the models' inputs."""

    order: int | None = None
    """The highest order of derivatives; None: of hand-written functions the first, of
    specifications all that apply."""

    resolution: float | None = None
    """The relative error that a check must be able to see to pass; None for what is customary."""

    budget_s: float | None = None
    """How long (s) a check looks at each hand-written function beyond what was asked; None for what
    is customary."""

    precision: float | None = None
    """The width of an interval, as a fraction of its median, at which a cell is sampled no more;
    None for what the preset says."""

    accuracy: float | None = None
    """The relative error that answers have by design; that of each model where None."""

    specification: bool = False
    """Whether specifications are judged beside hand-written functions like any others."""

    shard: str = ""
    """Which part of the plan is run, such as "3/8"; all of it where empty."""

    def settings(self, preset: Preset) -> Settings:
        """Return what holds for the whole run.

        Raises SpecError where a dtype is unknown, or the memory limit no size.
        """
        dtypes = self.dtypes or DTYPES[:1]
        check_dtypes(dtypes)
        return Settings(
            effort=preset,
            threads=self.threads,
            timeout_s=self.timeout_s or preset.timeout_s,
            memory_bytes=parse_size(self.memory) if self.memory else 0,
            seed=self.seed,
            lowest_dtype=max(dtypes, key=DTYPES.index),
            order=self.order,
            specification=self.specification,
            resolution=self.resolution,
            budget_s=self.budget_s,
            precision=self.precision,
            are_dtypes_free=not self.dtypes,
        )

    def start_workers(self, workers: WorkerPool) -> None:
        """Begin to start the worker of the first backend. Raises SpecError for an unknown one."""
        workers.start_early(self._entries()[0])

    def _entries(self) -> list[Entry]:
        entries = registry.find_backends(self.backends or registry.backends())
        for entry in entries:
            _check_place(entry.load)
        return entries

    def plan(
        self,
        preset: Preset,
        workers: WorkerPool | None = None,
        announce: Announce = lambda activity: None,
    ) -> Plan:
        """Make the plan of what is selected. Files of the user's are imported in a worker.

        workers: those that have been started for the run; announce: called with what is planned,
        where that takes long. Raises SpecError where a name is unknown, a model cannot be used, or
        nothing is left to ask.
        """
        settings = self.settings(preset)
        shard = Shard.parse(self.shard) if self.shard else None
        entries = self._entries()
        for name in self.models:
            _check_place(name)
        further_stagings = () if self.backends else registry.further_stagings()
        named = Restriction(tuple(self.operators), tuple(self.sizes), tuple(self.dtypes))
        restriction = replace(named, dtypes=tuple(self.dtypes or DTYPES[:1]))
        assignment = assign(
            settings, restriction, entries, further_stagings, named=named, accuracy=self.accuracy
        )
        with Planner(assignment, entries, workers, announce) as planner:
            plugins = () if self.models else registry.names_of_plugins()
            planned = planner.plan(self.models or registry.names_of_models(), optional=plugins)
        plan = combine(planned.models, entries, assignment, further_stagings)
        plan = with_beyond(plan, planned.models)
        plan = with_unasked(plan, self._named(planned, entries))
        plan = replace(plan, files={**planned.files, **digests_of_backends(entries)})
        return plan if shard is None else shard_of_plan(plan, shard)

    def _named(self, planned: PlannedModels, entries: Sequence[Entry]) -> Named:
        """Return what was named, by the names that the plan has for it."""
        models = [plan.source.model.name for plan in planned.models]
        return Named(
            models=tuple(models) if self.models else (),
            backends=tuple(entry.name for entry in entries) if self.backends else (),
            operators=tuple(self.operators),
            sizes=tuple(self.sizes),
        )


def _check_place(place: str) -> None:
    """Raise SpecError for a place that cannot be told to a worker: a path that is no Unicode."""
    try:
        place.encode()
    except UnicodeEncodeError:
        raise SpecError(
            f"The path {place} holds bytes that are no UTF-8, and a worker cannot be told of it; "
            "rename the file or the folder."
        ) from None
