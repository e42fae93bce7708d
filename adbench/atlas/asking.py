"""How the atlas asks: its models on backends, in worker processes, without a clock."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from adbench import registry
from adbench.backends.catalog import Entry
from adbench.cases.model import SpecError
from adbench.cases.operators import Operator
from adbench.comparing.folder import hold_run_folder, make_run_folder, refuse_to_overwrite
from adbench.comparing.measure import LOGS, Measured, measure
from adbench.planning.plan import Plan, make_plan
from adbench.planning.settings import Preset, Settings
from adbench.registry import ModelSource
from adbench.results.exit_status import ExitStatus
from adbench.results.records import Records
from adbench.results.row import FAILURES
from adbench.running.selection import Selection
from adbench.running.worker_pool import worker_pool

ATLAS = Preset(
    "atlas",
    sizes=2,
    sweep_thinning=0,
    growth_thinning=0,
    swept_to=0,
    swept_entries=0,
    passes=256,
    all_modes=False,
    sampling=None,
    points=0,
    all_orders=True,
)
"""What the atlas measures: every model at its own points, and at no others."""

HIGHEST_ORDER = 2
"""How often a function is differentiated at most."""

DTYPES = ("float64", "float32")
"""The dtypes that are asked where none is named."""

APPROXIMATE = ("differences",)
"""Frameworks whose answers are approximations, and are asked where they are named alone."""


@dataclass(frozen=True)
class Atlas:
    """One of the tables of the atlas: its models, and what is asked of them."""

    sources: Sequence[ModelSource]
    """The models."""

    operators: Sequence[Operator]
    """What is asked, as far as it applies."""

    records: Records
    """How its rows are stored."""


@dataclass(frozen=True)
class Request:
    """Who is asked, and what becomes of the answers."""

    selection: Selection
    """The backends, the dtypes and the limits."""

    full: bool = False
    """Whether all stagings are asked where no backend is named."""

    out: Path | None = None
    """The folder, which is made, for the journal and the rows; nothing is kept where None."""

    progress: bool = True
    """Whether a bar is shown."""

    def plan(self, atlas: Atlas) -> Plan:
        """Return the plan of a run. Raises SpecError where a name is unknown."""
        dtypes = tuple(self.selection.dtypes) or DTYPES
        selection = replace(self.selection, dtypes=dtypes, order=HIGHEST_ORDER, specification=True)
        entries = find_entries(selection.backends, full=self.full)
        return plan_of(atlas, entries, selection.settings(ATLAS), dtypes)


Finish = Callable[[Measured, Path], None]
"""Writes what has been measured to a folder."""


def names_with(texts: Sequence[str], kind: str, names: Iterable[str]) -> list[str]:
    """Return the names that contain one of some texts; all where there are none.

    kind: what the names are of. Raises SpecError for a text that no name contains.
    """
    names = [*names]
    for text in texts:
        if not any(text in name for name in names):
            raise SpecError(registry.nearest(kind, text, names))
    return [name for name in names if not texts or any(text in name for text in texts)]


def exit_status_of(has_wrong: bool, measured: Measured) -> ExitStatus:
    """Return what a command ends with. has_wrong: whether an answer is wrong."""
    if has_wrong:
        return ExitStatus.WRONG
    has_failed = any(row.outcome in FAILURES for row in measured.rows)
    return ExitStatus.NOT_RUN if has_failed else ExitStatus.ALL_RIGHT


def find_entries(names: Sequence[str], *, full: bool = False) -> list[Entry]:
    """Return the backends called `names`; where there are none, those that are installed.

    full: whether these are all stagings, or those that a run has without being told.
    """
    if names:
        return registry.find_backends(names)
    entries = registry.all_backends() if full else registry.backends()
    return [
        entry
        for entry in entries.values()
        if registry.installed_version(entry) is not None and entry.framework not in APPROXIMATE
    ]


def plan_of(
    atlas: Atlas, entries: Sequence[Entry], settings: Settings, dtypes: Sequence[str]
) -> Plan:
    """Return the plan of a run over the models of an atlas."""
    return make_plan(atlas.sources, entries, settings, operators=atlas.operators, dtypes=dtypes)


def ask(plan: Plan, atlas: Atlas, request: Request, finish: Finish) -> Measured:
    """Run a plan in the folder of a request, and write the rows of the atlas there.

    Raises SpecError where the folder cannot be written to, and CertificateError where a truth of
    ours is contradicted.
    """
    if request.out is None:
        with tempfile.TemporaryDirectory(prefix="adbench-") as folder:
            return run_in(Path(folder), plan, progress=request.progress)
    refuse_to_overwrite(request.out / name for name in (atlas.records.parquet, atlas.records.csv))
    make_run_folder(request.out)
    with hold_run_folder(request.out):
        measured = run_in(request.out, plan, progress=request.progress)
        finish(measured, request.out)
    return measured


def run_in(folder: Path, plan: Plan, *, progress: bool) -> Measured:
    """Run a plan, with the journal in `folder`."""
    measured = Measured()
    with worker_pool(plan.settings, folder / LOGS) as workers:
        measure(plan, folder, progress, workers, measured=measured)
    return measured
