"""`adbench check`: check models on all backends, and time nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adbench.cases.model import SpecError
from adbench.cases.text import plain_text
from adbench.cli.selection import announce, expected_option, selection_options
from adbench.running.temporary import in_temporary_folder

if TYPE_CHECKING:
    from adbench.checking.report import Report
    from adbench.planning.plan import Plan
    from adbench.running.selection import Selection


@click.command(name="check")
@selection_options()
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "junit", "github"]),
    default="text",
    show_default=True,
    help="github: annotations on standard output, and the step's summary where GITHUB_STEP_SUMMARY "
    "is set.",
)
@expected_option
@in_temporary_folder
def command(selection: Selection, output_format: str, expected: Path | None) -> None:
    """Check models on all backends and time nothing.

    For continuous integration, and for one's own backward pass.

    A model file with native={"torch": my_function} has the first derivatives of that function
    judged against those of the model's own, and nothing else; file.py:name checks one model of a
    file, and package.module:name one of a module.

    A function of PyTorch, JAX or TensorFlow needs no model: a file may hold case =
    adbench.case(my_function, *arguments), or a Model with native and without function. Its
    derivatives are judged against those of its own forward.

    Exit status: 0 if no derivative is wrong, 1 if one is, 2 for bad usage, 3 if a cell raised,
    crashed, ran out of memory or out of time, or if no derivative of a model could be judged, or
    something that was named was asked or answered nothing, 4 if adbench itself is at fault, as
    where its own truth was not certified, 130 after Ctrl-C, 143 and 129 after SIGTERM and SIGHUP.
    A framework that is not installed is no failure, and neither is what --expected declares.
    """
    import tempfile

    from adbench.checking.report import Report
    from adbench.comparing.measure import LOGS, Measured, measure
    from adbench.planning.settings import CHECK
    from adbench.results.expected import Expectations
    from adbench.running.worker_pool import worker_pool

    expectations = None if expected is None else Expectations.read(expected)
    settings = selection.settings(CHECK)
    with (
        tempfile.TemporaryDirectory(prefix="adbench-") as folder,
        worker_pool(settings, Path(folder) / LOGS) as workers,
    ):
        selection.start_workers(workers)
        plan = selection.plan(CHECK, workers, announce)
        measured = Measured()
        measure(plan, Path(folder), pool=workers, measured=measured)
        report = Report.of(plan, measured.rows, expectations)
    WRITERS[output_format](report, plan)
    sys.exit(report.exit_status)


def _write_text(report: Report, plan: Plan) -> None:
    from rich.console import Console

    from adbench.reporting import failures

    screen = Console()
    if screen.is_terminal:
        failures.show(report.rows, report.summary, screen, report.notes)
    else:
        click.echo(str(report))


def _write_json(report: Report, plan: Plan) -> None:
    from adbench.checking import formats

    click.echo(formats.to_json(report))


def _write_junit(report: Report, plan: Plan) -> None:
    from adbench.checking import formats

    click.echo(formats.to_junit(report))


def _write_github(report: Report, plan: Plan) -> None:
    from adbench.checking import formats

    models = {group.source.model.name: group.source.model for group in plan.groups}
    click.echo(formats.to_github(report, models))
    try:
        formats.append_step_summary(report)
    except SpecError as error:
        click.echo(f"adbench: {plain_text(str(error))}", err=True)


WRITERS: dict[str, Callable[[Report, Plan], None]] = {
    "text": _write_text,
    "json": _write_json,
    "junit": _write_junit,
    "github": _write_github,
}
"""What writes a report to standard output, by the name of the format."""
