"""`adbench report`: the tables of a run again, from what it has measured."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from adbench.results.exit_status import ExitStatus


@click.command(name="report")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
def command(folder: Path) -> None:
    """Show the tables of a run again, and write its report and results anew.

    DIR is the folder of a run, however it ended: killed, interrupted, or with a full disk. All is
    made from its journal, and what is missing is said.

    Exit status: 0 if there is a report, whatever it says; 2 if there is no run in DIR, 3 if a file
    could not be written.
    """
    from rich.console import Console

    from adbench.comparing.remake import remake
    from adbench.reporting.render import say

    remade = remake(folder)
    screen = Console()
    remade.report.show(screen)
    screen.print()
    for sentence in (remade.report.summary, *remade.report.closing):
        say(screen, sentence)
    if remade.unwritten:
        click.echo(f"adbench: {remade.unwritten}", err=True)
        sys.exit(ExitStatus.NOT_RUN)
    say(screen, f"The report is in {folder / 'report.md'}.")
