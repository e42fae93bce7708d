"""The report of a run made again from its folder, however the run ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from adbench.cases.model import SpecError
from adbench.changes.recorded_run import read_environment
from adbench.comparing.earlier import read_earlier_part
from adbench.comparing.folder import ENVIRONMENT
from adbench.comparing.kept_plan import KeptPlan, describe_cell, read_plan
from adbench.comparing.outputs import write_results
from adbench.comparing.report import ComparisonReport, closing_sentences, make_report, silent_in
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


def remake(folder: Path) -> RemadeReport:
    """Make the report, the frames and the samples of the run in `folder` again, and write them.

    Raises SpecError where there is no run, or nothing of it can be read.
    """
    stored = read_stored_run(folder)
    table = frames.frame(stored.rows)
    spent = read_earlier_part(folder / ENVIRONMENT, ()).spent
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    if stored.kept is not None:
        notes = (*stored.kept.orders_left_out, *stored.kept.unasked)
    notes = (*notes, *silent_in(table))
    if stored.kept is not None:
        left_out = stored.kept.left_out
    closing = closing_sentences(notes, spent, stored.environment, table)
    report = make_report(table, stored.steps, left_out, [*closing, *stored.missing])
    files = OutputFiles(folder)
    write_results(files, report.to_markdown(stored.environment), table, stored.rows)
    return RemadeReport(report, stored.rows, stored.missing, files.sentence())


def read_stored_run(folder: Path) -> StoredRun:
    """Read what the folder of a run holds, and what it lacks.

    Raises SpecError where there is no run, or nothing of it can be read.
    """
    missing: list[str] = []
    damage = Damage(folder / JOURNAL)
    kept = _plan_of(folder, missing)
    rows = tuple(_rows_of(folder, kept, damage))
    environment: Mapping[str, Any] = {}
    try:
        environment = read_environment(folder)
    except SpecError as error:
        missing.append(str(error))
    try:
        steps = step_rows.load(folder)
    except NoStoredResultsError:
        steps = step_rows.frame([])
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
