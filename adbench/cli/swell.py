"""`adbench swell`: the operations of symbolic derivatives beside those of AD."""

from __future__ import annotations

import sys

import click

from adbench.results.exit_status import ExitStatus


@click.command(name="swell")
def command() -> None:
    """Show how the formulas of derivatives grow with depth, beside AD.

    The operations of the gradient of a chain of neurons, by SymPy's formulas and by the reference
    engine, each divided by those of the function.

    Exit status: 0 where they were counted, 3 where SymPy is not installed.
    """
    from importlib.util import find_spec

    if find_spec("sympy") is None:
        click.echo("adbench: SymPy is not installed; install adbench[sympy].", err=True)
        sys.exit(ExitStatus.NOT_RUN)
    from rich.console import Console

    from adbench.counting import swell
    from adbench.reporting import render
    from adbench.reporting.swell_table import table

    render.to_screen(table(list(swell.rows())), Console())
