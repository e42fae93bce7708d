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
@click.argument("names", nargs=-1, metavar="[CORNER | OPERATION]...")
@selection_options("backends", "dtypes", "threads", "timeout_s", "memory")
@click.option(
    "--full", is_flag=True, help="Ask every staging of every framework, not the usual ones alone."
)
@click.option(
    "--operations",
    is_flag=True,
    help="Measure every differentiable function of the namespace instead of the corners.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the journal, and for the rows as Parquet and CSV.",
)
@detail_options
@in_temporary_folder
def command(
    selection: Selection,
    detail: Detail,
    names: tuple[str, ...],
    full: bool,
    operations: bool,
    out: Path | None,
) -> None:
    """Show what backends return at kinks, jumps and removable singularities.

    CORNER is a part of the names of the corners that are asked, such as "abs" or "norm(x) at 0";
    without one all are. Each is asked its value and its first and second derivatives, in forward
    and in reverse mode, in float64 and float32.

    Where a function is differentiable an answer is correct, imprecise or wrong, as in a run. At a
    kink it is the derivative on the left or on the right, inside of the hull of those on all
    sides, outside of it, or nan.

    With --operations, show how far value, JVP, VJP and second derivative of every differentiable
    function are from the certified ones, at points that cover its domain; OPERATION is a part of
    their names, such as "special" or "linalg.det".

    Exit status: 0 if nothing is wrong, 1 if something is that no reading of the mathematics
    defends, 2 for bad usage, 3 if a cell raised, crashed or ran out of time or memory, 4 if adbench
    itself is at fault.
    """
    from adbench.atlas.asking import Request
    from adbench.atlas.operation_run import ask_operations
    from adbench.atlas.report import show_corners, show_operations
    from adbench.atlas.run import ask_corners

    request = Request(selection, full, out, progress=detail is not Detail.QUIET)
    if operations:
        operation_run = ask_operations(names, request)
        show_operations(operation_run, detail.value, out)
        sys.exit(operation_run.exit_status)
    corner_run = ask_corners(names, request)
    show_corners(corner_run, detail.value, out)
    sys.exit(corner_run.exit_status)
