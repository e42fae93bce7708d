"""A run of the atlas: its corners on backends, each in worker processes, as models are."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from adbench import registry
from adbench.atlas.corner import Corner
from adbench.atlas.judgement import corner_row
from adbench.atlas.models import CORNERS, MODELS
from adbench.atlas.row import CORNER_ROWS, CornerRow
from adbench.backends.catalog import Entry
from adbench.cases.model import SpecError
from adbench.cases.operators import Operator
from adbench.comparing.folder import hold_run_folder, make_run_folder, refuse_to_overwrite
from adbench.comparing.measure import LOGS, Measured, measure
from adbench.planning.plan import Plan, make_plan
from adbench.planning.settings import Preset, Settings
from adbench.registry import ModelSource, nearest
from adbench.results.exit_status import ExitStatus
from adbench.results.row import FAILURES
from adbench.running.selection import Selection
from adbench.running.worker_pool import worker_pool

ATLAS = Preset(
    "atlas",
    sizes=1,
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
"""What the atlas measures: every corner at its one point, without a clock."""

OPERATORS = (Operator.VALUE, Operator.DERIVATIVE, Operator.GRADIENT, Operator.HESSIAN)
"""What is asked at a corner, as far as it applies."""

HIGHEST_ORDER = 2
"""How often a function is differentiated at most."""

APPROXIMATE = ("differences",)
"""Frameworks whose answers are approximations, and are asked where they are named alone."""


DTYPES = ("float64", "float32")
"""The dtypes that are asked where none is named."""


@dataclass(frozen=True)
class AtlasRun:
    """What came of a run of the atlas."""

    plan: Plan
    """What was asked."""

    measured: Measured
    """The rows of the run, as `adbench run` has them."""

    @cached_property
    def rows(self) -> tuple[CornerRow, ...]:
        """What the atlas says of each row."""
        return tuple(corner_row(row, CORNERS[row.model]) for row in self.measured.rows)

    @property
    def frameworks(self) -> frozenset[str]:
        """The frameworks that were asked."""
        return frozenset(entry.framework for entry in self.plan.backends)

    @property
    def exit_status(self) -> ExitStatus:
        """What the command ends with."""
        if any(row.is_wrong for row in self.rows):
            return ExitStatus.WRONG
        has_failed = any(row.outcome in FAILURES for row in self.measured.rows)
        return ExitStatus.NOT_RUN if has_failed else ExitStatus.ALL_RIGHT


def ask_corners(
    selection: Selection,
    names: Sequence[str] = (),
    *,
    full: bool = False,
    out: Path | None = None,
    progress: bool = True,
) -> AtlasRun:
    """Ask corners of backends, each in worker processes, and write what came of it to a folder.

    selection: the backends, the dtypes and the limits; names: parts of the names of corners, all
    corners where there are none; full: whether all stagings are asked where no backend is named;
    out: the folder, which is made; nothing is kept where None. progress: whether a bar is shown.

    Raises SpecError where a name is unknown or the folder cannot be written to, and
    CertificateError where a truth of ours is contradicted.
    """
    dtypes = tuple(selection.dtypes) or DTYPES
    asked = replace(selection, dtypes=dtypes, order=HIGHEST_ORDER)
    plan = plan_corners(
        find_corners(names),
        find_entries(selection.backends, full=full),
        asked.settings(ATLAS),
        dtypes,
    )
    if out is None:
        with tempfile.TemporaryDirectory(prefix="adbench-") as folder:
            return run_corners(plan, Path(folder), progress=progress)
    make_run_folder(out)
    refuse_to_overwrite(out / name for name in (CORNER_ROWS.parquet, CORNER_ROWS.csv))
    with hold_run_folder(out):
        run = run_corners(plan, out, progress=progress)
        CORNER_ROWS.write(CORNER_ROWS.frame(run.rows), out)
    return run


def find_corners(names: Sequence[str]) -> list[Corner]:
    """Return the corners whose names contain one of some texts; all where there are none.

    Raises SpecError for a text that no name contains.
    """
    for text in names:
        if not any(text in name for name in CORNERS):
            raise SpecError(nearest("corner", text, CORNERS))
    wanted = [name for name in CORNERS if not names or any(text in name for text in names)]
    return [CORNERS[name] for name in wanted]


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


def plan_corners(
    corners: Sequence[Corner], entries: Sequence[Entry], settings: Settings, dtypes: Sequence[str]
) -> Plan:
    """Return the plan of a run over corners."""
    sources = [
        ModelSource(MODELS[corner.name], f"module:adbench.atlas.models:{corner.name}")
        for corner in corners
    ]
    return make_plan(sources, entries, settings, operators=OPERATORS, dtypes=dtypes)


def run_corners(plan: Plan, folder: Path, *, progress: bool) -> AtlasRun:
    """Run a plan, with the journal in `folder`.

    progress: whether a bar is shown. Raises CertificateError where a truth of ours is contradicted.
    """
    measured = Measured()
    with worker_pool(plan.settings, folder / LOGS) as workers:
        measure(plan, folder, progress, workers, measured=measured)
    return AtlasRun(plan, measured)
