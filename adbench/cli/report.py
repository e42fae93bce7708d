"""`adbench report`: the tables of a run again, from what it has measured."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from adbench.cases.text import plain_text
from adbench.cli.detail import Detail, detail_options, show_run
from adbench.results.exit_status import ExitStatus


@click.command(name="report")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@detail_options
def command(folder: Path, detail: Detail) -> None:
    """Show the answer of a run again, and write its report and results anew.

    DIR is the folder of a run, however it ended: killed, interrupted, or with a full disk. All is
    made from its journal, and what is missing is said.

    Exit status: 0 if there is a report, whatever it says; 2 if there is no run in DIR, 3 if a file
    could not be written.
    """
    from rich.console import Console

    from adbench.comparing.remake import remake

    remade = remake(folder)
    status = ExitStatus.NOT_RUN if remade.unwritten else ExitStatus.ALL_RIGHT
    show_run(remade.report, remade.rows, status, detail, Console())
    if remade.unwritten:
        click.echo(f"adbench: {remade.unwritten}", err=True)
    else:
        place = plain_text(f"The report is in {folder / 'report.md'}.")
        click.echo(place, err=detail is Detail.JSON)
    sys.exit(status)
