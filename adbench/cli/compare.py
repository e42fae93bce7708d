"""`adbench compare`: what changed from one run to another."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adbench.cases.model import SpecError
from adbench.results.exit_status import ExitStatus

if TYPE_CHECKING:
    from adbench.changes.changes import Changes
    from adbench.changes.recorded_run import RecordedRun

FAIL_ON = "slower:"
"""What the value of --fail-on begins with."""


def percentage(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> float | None:
    """Return a percentage such as 5% as a fraction."""
    return None if value is None else fraction_of(value, f"{parameter.opts[0]} {value}", "5%")


def _slowdown(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> float | None:
    """`slower:` and a percentage such as 10%, as a fraction."""
    if value is None:
        return None
    slowdown = value.removeprefix(FAIL_ON)
    if slowdown == value:
        slowdown = ""
    return fraction_of(slowdown, f"{parameter.opts[0]} {value}", "slower:10%")


def fraction_of(text: str, option: str, example: str) -> float:
    """Return a percentage above 0 as a fraction. Raises SpecError for another text."""
    try:
        fraction = float(text.removesuffix("%")) / 100
    except ValueError:
        fraction = 0.0
    if not 0 < fraction < math.inf or not text.endswith("%"):
        raise SpecError(f"{option} was given; give a percentage above 0, such as {example}.")
    return fraction


@click.command(name="compare")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option(
    "--resolution",
    callback=percentage,
    metavar="PERCENT",
    default="5%",
    show_default=True,
    help="Times whose ratio's interval lies so near to 1 are equal.",
)
@click.option(
    "--fail-on",
    callback=_slowdown,
    metavar="slower:PERCENT",
    help="Exit with status 1 where a cell is slower by more than that, its whole interval beyond.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "markdown"]),
    default="text",
    show_default=True,
    help="markdown: a comment for a pull request.",
)
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file that all cells are written to.",
)
@click.option(
    "--page",
    "page_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file that the page is written to: HTML with a figure, which needs no network.",
)
def command(
    before: Path,
    after: Path,
    resolution: float,
    fail_on: float | None,
    output_format: str,
    csv_file: Path | None,
    page_file: Path | None,
) -> None:
    """Compare two runs: which verdicts changed, and which cells are faster or slower.

    BEFORE and AFTER are folders that `adbench run --out` wrote. Times are judged where both runs
    had the same processor and threads; what else differs is said.

    Exit status: 0 if nothing got worse, 1 if a verdict turned wrong or a cell is slower by more
    than --fail-on says, 2 for bad usage, 3 if a cell that ran no longer does.
    """
    from adbench.changes import report
    from adbench.changes.changes import find_changes

    for file in filter(None, (csv_file, page_file)):
        _refuse_to_overwrite(file)
    changes = find_changes(read_run_aloud(before), read_run_aloud(after), resolution)
    if csv_file is not None:
        _write_csv(changes, csv_file)
    if page_file is not None:
        _write_page(changes, page_file)
    if output_format == "markdown":
        click.echo(report.to_markdown(changes), nl=False)
    else:
        from rich.console import Console

        report.show(changes, Console())
    sys.exit(exit_status(changes, fail_on))


def read_run_aloud(folder: Path) -> RecordedRun:
    """Read a run as `read_run` does, and say which lines of its journal were left out."""
    from adbench.changes.recorded_run import read_run
    from adbench.results.journal import JOURNAL
    from adbench.results.stored import Damage

    damage = Damage(folder / JOURNAL)
    run = read_run(folder, damage)
    if damage.count:
        click.echo(f"adbench: {damage.sentence()}", err=True)
    return run


def exit_status(changes: Changes, fail_on: float | None = None) -> ExitStatus:
    """Return what a command ends with that compares two runs.

    fail_on: the fraction by which a cell may be slower; None for any.
    """
    from adbench.changes.verdicts import AnswerChange

    if len(changes.cells_that(AnswerChange.TURNED_WRONG)):
        return ExitStatus.WRONG
    if fail_on is not None and len(changes.cells_slower_than(fail_on)):
        return ExitStatus.WRONG
    if len(changes.cells_that(AnswerChange.NEWLY_FAILING)):
        return ExitStatus.NOT_RUN
    return ExitStatus.ALL_RIGHT


def _refuse_to_overwrite(path: Path) -> None:
    """Raise SpecError for a file that is there; a device such as /dev/stdout is none."""
    from adbench.comparing.folder import refuse_to_overwrite

    if path.parent != Path("/dev"):
        refuse_to_overwrite([path])


def _write_page(changes: Changes, path: Path) -> None:
    """Write the page to a file, and raise SpecError where that cannot be done."""
    from adbench.comparing.page import missing_modules
    from adbench.results.files import reason_of, write_text

    obstacle = missing_modules()
    if obstacle:
        raise SpecError(obstacle)
    from adbench.changes.page import changes_page

    try:
        write_text(path, changes_page(changes))
    except OSError as error:
        raise SpecError(f"{path} cannot be written to ({reason_of(error)}).") from error


def _write_csv(changes: Changes, path: Path) -> None:
    """Write all cells to a file, and raise SpecError where that cannot be done."""
    from adbench.results import escaping
    from adbench.results.files import reason_of, write_whole

    cells = escaping.for_spreadsheet(changes.cells)
    try:
        if path.parent == Path("/dev"):
            cells.to_csv(path, index=False)
        else:
            write_whole(path, lambda unfinished: cells.to_csv(unfinished, index=False))
    except OSError as error:
        raise SpecError(f"{path} cannot be written to ({reason_of(error)}).") from error
