"""`adbench differences`: numerical differentiation over the step, beside AD."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adbench.cli.selection import announce, selection_options
from adbench.results.exit_status import ExitStatus
from adbench.running.temporary import in_temporary_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from adbench.running.selection import Selection
    from adbench.running.step_sweeps import StepResults


@click.command(name="differences")
@selection_options("models", "sizes", "dtypes", "timeout_s", "seed")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for differences.parquet and differences.csv.",
)
@in_temporary_folder
def command(selection: Selection, out: Path | None) -> None:
    """Show the error of finite differences over the step, beside that of AD, and what they cost.

    Forward and central differences at steps from 1 to 1e-16, SciPy's and numdifftools' adaptive
    ones (where installed), and reverse mode, all against the true derivative.

    Exit status: 0 if every model was compared that is small enough, 2 for bad usage, 3 if one could
    not be, 4 if adbench's own truth was not certified.
    """
    from adbench.comparing.folder import make_folder, refuse_to_overwrite
    from adbench.comparing.outputs import write_steps
    from adbench.results.files import OutputFiles
    from adbench.step_sweep import rows

    if out is not None:
        make_folder(out)
        refuse_to_overwrite(out / name for name in (rows.PARQUET, rows.CSV))
    results = _swept(selection)
    frame = rows.frame(results.rows)
    unwritten = ""
    if out is not None:
        files = OutputFiles(out)
        write_steps(files, frame)
        unwritten = files.sentence()
    _show(frame, results.missing)
    if unwritten:
        click.echo(f"adbench: {unwritten}", err=True)
    is_nothing = frame.empty and bool(selection.models)
    is_short = results.missing or is_nothing or unwritten
    sys.exit(ExitStatus.NOT_RUN if is_short else ExitStatus.ALL_RIGHT)


def _show(frame: pd.DataFrame, missing: Sequence[str]) -> None:
    """Print the tables of a step sweep, and what is missing, in sentences."""
    from rich.console import Console

    from adbench.planning.settings import CHECK
    from adbench.reporting import render, step_tables

    screen = Console()
    for table in (step_tables.curve(frame), step_tables.best(frame)):
        if table is not None:
            render.to_screen(table, screen)
    for sentence in missing:
        render.say(screen, sentence)
    if frame.empty and not missing:
        render.say(
            screen,
            f"No truth is known, or n is above {CHECK.passes}, where differences take too long.",
        )


def _swept(selection: Selection) -> StepResults:
    """Plan and sweep what is selected, with a bar."""
    from dataclasses import replace
    from tempfile import TemporaryDirectory

    from adbench.planning.settings import CHECK
    from adbench.reporting.progress import progress_bar
    from adbench.running.step_sweeps import StepResults, subjects, sweep
    from adbench.running.worker_pool import worker_pool

    selection = replace(selection, backends=["reference"])
    results = StepResults()
    with (
        TemporaryDirectory(prefix="adbench-") as folder,
        worker_pool(selection.settings(CHECK), Path(folder)) as workers,
    ):
        plan = selection.plan(CHECK, workers, announce)
        with progress_bar(len(subjects(plan))) as bar:
            sweep(plan, workers, results, bar.describe, bar.advance)
    return results
