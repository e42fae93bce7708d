"""`adbench env`: what a run would record of this machine."""

from __future__ import annotations

import click


@click.command(name="env")
def command() -> None:
    """Show what a run would record of this machine and its packages."""
    from rich.console import Console

    from adbench import registry
    from adbench.reporting import render
    from adbench.reporting.tables import Table
    from adbench.running.environment import describe

    environment = describe(list(registry.backends().values()))
    facts = tuple(render.rows_of(environment))
    render.to_screen(Table("Environment", "", ("what", "value"), 2, facts, prose=True), Console())
