"""The report of a run made again from its folder, however the run ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from adbench.cases.model import SpecError
from adbench.changes.recorded_run import read_environment
from adbench.comparing.earlier import read_earlier_part
from adbench.comparing.folder import ENVIRONMENT, EXPECTED
from adbench.comparing.kept_plan import KeptPlan, describe_cell, read_plan
from adbench.comparing.outputs import write_results
from adbench.comparing.page import missing_modules, named_run, page_of, write_page
from adbench.comparing.report import ComparisonReport, closing_sentences, make_report, silent_in
from adbench.page.runs import side_by_side
from adbench.results import frames, journal
from adbench.results.files import OutputFiles
from adbench.results.journal import JOURNAL
from adbench.results.row import Row
from adbench.results.stored import Damage, NoStoredResultsError, StoredResultsError
from adbench.step_sweep import rows as step_rows

NAMED_AT_MOST = 5
"""How many missing cells are named."""

NO_STEPS = (
    "There is no comparison with numerical differentiation: the run did not come so far, or could "
    "not write it."
)
"""What is said where the folder of a run holds no step sweep."""


@dataclass(frozen=True)
class RemadeReport:
    """The report of a run that was made again."""

    report: ComparisonReport
    """What is shown of the run."""
    rows: tuple[Row, ...]
    """Its rows."""
    missing: tuple[str, ...]
    """What the run lacks, a sentence each."""
    unwritten: str
    """Which files could not be written and why, in a sentence; "" where all were."""
    page_obstacle: str = ""
    """Why there is no page, in a sentence; "" where there is one."""


@dataclass(frozen=True)
class StoredRun:
    """What the folder of a run holds."""

    rows: tuple[Row, ...]
    """Its rows."""
    kept: KeptPlan | None
    """Its plan; None where it kept none, as runs of older versions did."""
    environment: Mapping[str, Any]
    """What it ran on; empty where that is not known."""
    steps: pd.DataFrame
    """Its step sweep."""
    missing: tuple[str, ...]
    """What it lacks, a sentence each."""


def remake(
    folder: Path, changes: Sequence[str] = (), has_figure_files: bool = False
) -> RemadeReport:
    """Make the report, page, frames and samples of the run in `folder` again, and write them.

    changes: what changed since an earlier run, in sentences. has_figure_files: whether each figure
    is written as a file as well. Raises SpecError where there is no run, or nothing of it can be
    read.
    """
    stored = read_stored_run(folder)
    table = frames.frame(stored.rows)
    spent = read_earlier_part(folder / ENVIRONMENT, ()).spent
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    if stored.kept is not None:
        notes = (*stored.kept.orders_left_out, *stored.kept.unasked)
    said_before = stored.environment.get(EXPECTED, ())
    expected = said_before if isinstance(said_before, list) else []
    notes = (*map(str, expected), *notes, *silent_in(table))
    if stored.kept is not None:
        left_out = stored.kept.left_out
    closing = closing_sentences(notes, spent, stored.environment, table)
    report = make_report(table, stored.steps, left_out, [*closing, *stored.missing])
    files = OutputFiles(folder)
    markdown = report.to_markdown(stored.environment, changes)
    write_results(files, markdown, table, stored.rows)
    run = named_run(folder, table, stored.steps, stored.environment, stored.kept, report.closing)
    obstacle = write_page(files, page_of(run, stored.rows, changes), has_figure_files)
    return RemadeReport(report, stored.rows, stored.missing, files.sentence(), obstacle)


def put_side_by_side(folders: Sequence[Path], out: Path, has_figure_files: bool = False) -> str:
    """Write a page of several runs to the folder `out`, and return what could not be written.

    has_figure_files: whether each figure is written as a file as well. Raises SpecError where one
    of the folders holds no run, or a page cannot be made.
    """
    obstacle = missing_modules()
    if obstacle:
        raise SpecError(obstacle)
    runs = []
    for folder in folders:
        stored = read_stored_run(folder)
        table = frames.frame(stored.rows)
        runs.append(
            named_run(folder, table, stored.steps, stored.environment, stored.kept, stored.missing)
        )
    files = OutputFiles(out)
    write_page(files, side_by_side(runs), has_figure_files)
    return files.sentence()


def read_stored_run(folder: Path) -> StoredRun:
    """Read what the folder of a run holds, and what it lacks.

    Raises SpecError where there is no run, or nothing of it can be read.
    """
    missing: list[str] = []
    damage = Damage(folder / JOURNAL)
    kept = _plan_of(folder, missing)
    rows = _in_order(tuple(_rows_of(folder, kept, damage)), kept)
    environment: Mapping[str, Any] = {}
    try:
        environment = read_environment(folder)
    except SpecError as error:
        missing.append(str(error))
    try:
        steps = step_rows.load(folder)
    except NoStoredResultsError:
        steps = step_rows.frame([])
        if kept is None or kept.part is None or kept.part.has_steps_of:
            missing.append(NO_STEPS)
    except StoredResultsError as error:
        steps = step_rows.frame([])
        missing.append(str(error))
    missing = [*_missing_cells(folder, rows, kept, environment), damage.sentence(), *missing]
    return StoredRun(rows, kept, environment, steps, tuple(filter(None, missing)))


def _plan_of(folder: Path, missing: list[str]) -> KeptPlan | None:
    """The plan that a run kept; where it cannot be read, that is added to what is missing."""
    try:
        return read_plan(folder)
    except SpecError as error:
        missing.append(str(error))
        return None


def _rows_of(folder: Path, kept: KeptPlan | None, damage: Damage) -> Iterator[Row]:
    """The rows of a run, of each cell the first. Raises SpecError where there is no run."""
    cells = set()
    try:
        for row in journal.read(folder / JOURNAL, damage=damage):
            if row.cell not in cells:
                cells.add(row.cell)
                yield row
    except NoStoredResultsError as error:
        if kept is None:
            raise SpecError(
                f"There is no run in {folder}; give the folder that `adbench run --out` wrote."
            ) from error


def _in_order(rows: tuple[Row, ...], kept: KeptPlan | None) -> tuple[Row, ...]:
    """The rows in the order of the plan: several hosts answer when they are done."""
    if kept is None:
        return rows
    places = {cell: place for place, cell in enumerate(kept.cells)}
    return tuple(sorted(rows, key=lambda row: places.get(row.cell, len(places))))


def _missing_cells(
    folder: Path, rows: tuple[Row, ...], kept: KeptPlan | None, environment: Mapping[str, Any]
) -> Iterator[str]:
    """Say in a sentence which cells of the plan have no row."""
    if kept is None:
        total = environment.get("cells")
        if isinstance(total, int) and total > len(rows):
            yield f"{total - len(rows)} of {total} cells are missing: the run ended before them."
        return
    measured = {row.cell for row in rows}
    cells = [cell for cell in kept.cells if cell not in measured]
    if not cells:
        return
    names = ", ".join(describe_cell(cell) for cell in cells[:NAMED_AT_MOST])
    if len(cells) > NAMED_AT_MOST:
        names += ", ..."
    yield (
        f"{len(cells)} of {len(kept.cells)} cells are missing, since the run ended before them "
        f"({names}); `adbench run --resume {folder}` measures them."
    )
