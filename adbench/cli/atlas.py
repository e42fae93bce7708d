"""`adbench atlas`: what backends return at kinks, jumps and removable singularities."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adbench.cli.detail import Detail, detail_options
from adbench.cli.selection import selection_options
from adbench.running.temporary import in_temporary_folder

if TYPE_CHECKING:
    from adbench.running.selection import Selection


@click.command(name="atlas")
@click.argument("corners", nargs=-1, metavar="[CORNER]...")
@selection_options("backends", "dtypes", "threads", "timeout_s", "memory")
@click.option(
    "--full", is_flag=True, help="Ask every staging of every framework, not the usual ones alone."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the journal, and for corners.parquet and corners.csv.",
)
@detail_options
@in_temporary_folder
def command(
    selection: Selection, detail: Detail, corners: tuple[str, ...], full: bool, out: Path | None
) -> None:
    """Show what backends return at kinks, jumps and removable singularities.

    CORNER is a part of the names of the corners that are asked, such as "abs" or "norm(x) at 0";
    without one all are. Each is asked its value and its first and second derivatives, in forward
    and in reverse mode, in float64 and float32.

    Where a function is differentiable an answer is correct, imprecise or wrong, as in a run. At a
    kink it is the derivative on the left or on the right, inside of the hull of those on all
    sides, outside of it, or nan.

    Exit status: 0 if nothing is wrong, 1 if something is that no reading of the mathematics
    defends, 2 for bad usage, 3 if a cell raised, crashed or ran out of time or memory, 4 if adbench
    itself is at fault.
    """
    from adbench.atlas.report import show_corners
    from adbench.atlas.run import ask_corners

    run = ask_corners(selection, corners, full=full, out=out, progress=detail is not Detail.QUIET)
    show_corners(run, detail.value, out)
    sys.exit(run.exit_status)
