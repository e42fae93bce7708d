"""`adbench report`: the answer and the page of runs again, from what they have measured."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from adbench.cases.model import SpecError
from adbench.cases.text import plain_text
from adbench.cli.detail import Detail, detail_options, show_run
from adbench.results.exit_status import ExitStatus


@click.command(name="report")
@click.argument(
    "folders", type=click.Path(path_type=Path), metavar="DIR [DIR ...]", nargs=-1, required=True
)
@click.option(
    "--figures",
    "has_figure_files",
    is_flag=True,
    help="Write each figure as SVG, PNG and CSV to the folder `figures` beside the page.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="An earlier run; report and page then say what changed since.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the page of several runs. Default: reports/<date and time>.",
)
@click.option(
    "--benchmark",
    type=click.Path(path_type=Path),
    metavar="FILE.json",
    help="Write the cost ratios of one run for github-action-benchmark (customSmallerIsBetter).",
)
@detail_options
def command(
    folders: Sequence[Path],
    has_figure_files: bool,
    baseline: Path | None,
    out: Path | None,
    benchmark: Path | None,
    detail: Detail,
) -> None:
    """Show the answer of a run again, and write its report, page and results anew.

    DIR is the folder of a run, however it ended: killed, interrupted, or with a full disk. All is
    made from its journal, and what is missing is said. Of several runs, such as of two machines or
    two versions, one page is written with all of them side by side.

    Exit status: 0 if there is a report, whatever it says; 2 if there is no run in DIR, 3 if a file
    could not be written.
    """
    if len(folders) == 1:
        if out is not None:
            raise SpecError(
                "--out was given with one run, whose report is in its own folder; leave it out."
            )
        if benchmark is not None:
            _write_benchmark(folders[0], benchmark)
        report_one(folders[0], has_figure_files, baseline, detail)
        return
    if benchmark is not None:
        raise SpecError(f"--benchmark was given with {len(folders)} runs; give one.")
    if baseline is not None:
        raise SpecError(
            f"--baseline was given with {len(folders)} runs; give one, or leave it out."
        )
    if detail is not Detail.ANSWER:
        raise SpecError(
            f"--{detail.value} was given with {len(folders)} runs; give one, or leave it out."
        )
    _report_several(folders, has_figure_files, out)


def report_one(folder: Path, has_figure_files: bool, baseline: Path | None, detail: Detail) -> None:
    """Make the report of one run again, and show it."""
    from rich.console import Console

    from adbench.comparing.remake import remake

    changes = [] if baseline is None else changes_since(baseline, folder)
    remade = remake(folder, changes, has_figure_files)
    status = ExitStatus.NOT_RUN if remade.unwritten else ExitStatus.ALL_RIGHT
    show_run(remade.report, remade.rows, status, detail, Console())
    if remade.unwritten:
        click.echo(f"adbench: {remade.unwritten}", err=True)
        sys.exit(status)
    names = "report.md" if remade.page_obstacle else "report.html and report.md"
    for sentence in filter(None, (f"The report is in {folder}: {names}.", remade.page_obstacle)):
        click.echo(plain_text(sentence), err=detail is Detail.JSON)


def _write_benchmark(folder: Path, path: Path) -> None:
    """Write the cost ratios of a run. Raises SpecError where that cannot be done."""
    from adbench.comparing.remake import read_stored_run
    from adbench.results.benchmark_data import to_benchmark_data
    from adbench.results.files import reason_of, write_utf8

    try:
        write_utf8(path, to_benchmark_data(read_stored_run(folder).rows))
    except OSError as error:
        raise SpecError(f"{path} cannot be written ({reason_of(error)}).") from error


def changes_since(baseline: Path, folder: Path) -> list[str]:
    """Return what changed from one run to another, in sentences."""
    from adbench.changes import report
    from adbench.changes.changes import find_changes
    from adbench.changes.recorded_run import read_run

    return report.sentences(find_changes(read_run(baseline), read_run(folder)))


def _report_several(folders: Sequence[Path], has_figure_files: bool, out: Path | None) -> None:
    """Write the page of several runs."""
    from adbench.comparing.folder import (
        FIGURES,
        PAGE,
        make_default_folder,
        make_folder,
        refuse_to_overwrite,
    )
    from adbench.comparing.remake import put_side_by_side

    if out is None:
        out = make_default_folder()
    make_folder(out)
    refuse_to_overwrite(out / name for name in (PAGE, FIGURES))
    unwritten = put_side_by_side(folders, out, has_figure_files)
    if unwritten:
        click.echo(f"adbench: {unwritten}", err=True)
        sys.exit(ExitStatus.NOT_RUN)
    click.echo(f"The page is in {out / PAGE}.")
