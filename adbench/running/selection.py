"""The selection: what the user asks for by name, of which a plan is made."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace

from adbench import registry
from adbench.backends.catalog import Entry
from adbench.cases.case import DTYPES
from adbench.cases.model import SpecError
from adbench.planning.plan import Plan, make_plan
from adbench.planning.restriction import Restriction, check_dtypes
from adbench.planning.settings import Preset, Settings
from adbench.registry import ModelSource
from adbench.running.beyond import look_beyond
from adbench.running.library_logs import library_logs_left_out
from adbench.running.memory_limit import parse_size
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

    def plan(self, preset: Preset) -> Plan:
        """Make the plan of what is selected.

        Raises SpecError where a name is unknown, or where nothing is left to ask.
        """
        settings = self.settings(preset)
        with redirect_stdout(sys.stderr):  # what a model prints is no part of a report
            with library_logs_left_out():
                sources = self._model_sources()
            plan = make_plan(
                sources,
                self._entries(),
                settings,
                operators=self.operators,
                sizes=self.sizes,
                dtypes=self.dtypes or DTYPES[:1],
                further_stagings=() if self.backends else registry.further_stagings(),
            )
            named = Restriction(tuple(self.operators), tuple(self.sizes), tuple(self.dtypes))
            return look_beyond(plan, named)

    def _model_sources(self) -> list[ModelSource]:
        """Return the models, with the accuracy that is declared for all of them, if one is."""
        sources = registry.find_models(self.models or registry.models())
        for source in sources:
            _check_place(source.origin)
        if self.accuracy is None:
            return sources
        return [
            replace(source, model=replace(source.model, accuracy=self.accuracy))
            for source in sources
        ]


def _check_place(place: str) -> None:
    """Raise SpecError for a place that cannot be told to a worker: a path that is no Unicode."""
    try:
        place.encode()
    except UnicodeEncodeError:
        raise SpecError(
            f"The path {place} holds bytes that are no UTF-8, and a worker cannot be told of it; "
            "rename the file or the folder."
        ) from None
