"""`adbench differences`: numerical differentiation over the step, beside AD."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from adbench.cli.selection import selection_options
from adbench.cli.temporary import in_temporary_folder

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

    from adbench.comparing.folder import make_folder
    from adbench.planning.settings import CHECK
    from adbench.reporting import render
    from adbench.step_sweep import rows, tables
    from adbench.step_sweep.run import run

    plan = replace(selection, backends=["reference"]).plan(CHECK)
    if out is not None:
        make_folder(out)
    frame = rows.frame(run(plan))
    if out is not None:
        rows.write(frame, out)
    screen = Console()
    for table in (tables.curve(frame), tables.best(frame)):
        if table is not None:
            render.to_screen(table, screen)
    if frame.empty:
        render.say(
            screen,
            f"No truth is known, or n is above {CHECK.passes}, where differences take too long.",
        )
