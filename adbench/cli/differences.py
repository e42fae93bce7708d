"""`adbench differences`: numerical differentiation over the step, beside AD."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adbench.cli.selection import selection_options
from adbench.cli.temporary import in_temporary_folder
from adbench.results.exit_status import ExitStatus

if TYPE_CHECKING:
    from adbench.running.selection import Selection


@click.command(name="differences")
@selection_options("models", "sizes", "dtypes", "seed")
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
    """
    from dataclasses import replace

    from rich.console import Console

    from adbench.comparing.folder import make_folder, refuse_to_overwrite
    from adbench.comparing.outputs import write_steps
    from adbench.planning.settings import CHECK
    from adbench.reporting import render
    from adbench.results.files import OutputFiles
    from adbench.step_sweep import rows, tables
    from adbench.step_sweep.run import run

    plan = replace(selection, backends=["reference"]).plan(CHECK)
    if out is not None:
        make_folder(out)
        refuse_to_overwrite(out / name for name in (rows.PARQUET, rows.CSV))
    frame = rows.frame(run(plan))
    unwritten = ""
    if out is not None:
        files = OutputFiles(out)
        write_steps(files, frame)
        unwritten = files.sentence()
    screen = Console()
    for table in (tables.curve(frame), tables.best(frame)):
        if table is not None:
            render.to_screen(table, screen)
    if frame.empty:
        render.say(
            screen,
            f"No truth is known, or n is above {CHECK.passes}, where differences take too long.",
        )
    if unwritten:
        click.echo(f"adbench: {unwritten}", err=True)
        sys.exit(ExitStatus.NOT_RUN)
