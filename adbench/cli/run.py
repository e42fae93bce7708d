"""`adbench run`: check and time models on all backends."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adbench.cases.model import SpecError
from adbench.cli.selection import announce, selection_options
from adbench.results.exit_status import ExitStatus

if TYPE_CHECKING:
    from rich.console import Console

    from adbench.changes.recorded_run import RecordedRun
    from adbench.comparing.compare import Comparison
    from adbench.planning.plan import Plan
    from adbench.running.selection import Selection

CHANGES = "changes.md"
"""What the comparison with an earlier run is written to, in the folder of the run."""


@click.command(name="run")
@selection_options()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the results. Default: reports/<date and time>.",
)
@click.option("--quick", is_flag=True, help="Smallest sizes, few samples: a minute or two.")
@click.option("--full", is_flag=True, help="All sizes and modes, many samples: an hour.")
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="An earlier run, which this one is compared with at its end, as by `adbench compare`.",
)
def command(
    selection: Selection, out: Path | None, quick: bool, full: bool, baseline: Path | None
) -> None:
    """Check and time models on all backends, and show tables.

    Exit status: 0 if no derivative is wrong, 1 if one is, 2 for bad usage, 3 if a cell raised,
    crashed, ran out of memory or out of time, or something that was named was asked or answered
    nothing, 4 if adbench's own truth was not certified, which is
    a bug of adbench and stops the run. A framework that is not installed is no failure. --baseline
    does not change it: a verdict that turned wrong is wrong.
    """
    from rich.console import Console

    from adbench.changes.recorded_run import read_run
    from adbench.comparing import folder as folders
    from adbench.comparing.compare import compare
    from adbench.planning.settings import PRESETS
    from adbench.reporting.render import to_screen

    baseline_run = None if baseline is None else read_run(baseline)
    plan = selection.plan(PRESETS[_preset_name(quick, full)], announce=announce)
    folder = out or folders.default_run_folder()
    folders.make_run_folder(folder)
    screen = Console()
    comparison = compare(plan, folder, show=partial(to_screen, console=screen))
    _show(comparison, plan, folder, screen)
    if baseline_run is not None and len(comparison.table):
        _show_changes(baseline_run, folder, screen)
    sys.exit(comparison.exit_status)


def _preset_name(quick: bool, full: bool) -> str:
    if quick and full:
        raise SpecError("--quick and --full were both given; choose one.")
    if quick:
        return "quick"
    if full:
        return "full"
    return "default"


def _show_changes(baseline_run: RecordedRun, folder: Path, screen: Console) -> None:
    """Print what changed since an earlier run, and write it to the folder of the new one."""
    from adbench.changes import report
    from adbench.changes.changes import find_changes
    from adbench.changes.recorded_run import read_run

    changes = find_changes(baseline_run, read_run(folder))
    (folder / CHANGES).write_text(report.to_markdown(changes), encoding="utf-8")
    screen.rule(f"Since the run in {baseline_run.folder}")
    report.show(changes, screen, is_short=True)
    screen.print(f"All of it is in {folder / CHANGES}.", highlight=False)


def _show(comparison: Comparison, plan: Plan, folder: Path, screen: Console) -> None:
    """Print the further tables, where the results are, and what stopped the run early."""
    from adbench.reporting.tables import CORRECTNESS_TITLE

    is_whole = comparison.stopped_by is None
    comparison.report.show(screen, without=[CORRECTNESS_TITLE] if is_whole else [])
    screen.print()
    screen.print(comparison.report.summary, highlight=False)
    for sentence in comparison.report.closing:
        screen.print(sentence, highlight=False, markup=False)
    screen.print(
        f"Results are in {folder}: report.md, results.parquet, results.csv, samples.parquet.",
        highlight=False,
    )
    cells = f"{len(comparison.table)} of {plan.total} cells"
    if comparison.exit_status is ExitStatus.INTERRUPTED:
        screen.print(f"Interrupted: {cells} were measured and are kept.")
    elif comparison.stopped_by is not None:
        screen.print(f"Stopped, with {cells} measured and kept.")
        click.echo(f"adbench: {comparison.stopped_by}", err=True)
