"""`adbench list`: the models and backends there are."""

from __future__ import annotations

import click


@click.command(name="list")
def command() -> None:
    """List models, and backends with their versions or that they are not installed."""
    from rich.console import Console

    from adbench import registry
    from adbench.reporting import render
    from adbench.reporting.tables import Table

    models = tuple(
        (name, ", ".join(source.model.sizes), source.model.summary)
        for name, source in registry.models().items()
    )
    backends = []
    for name, entry in registry.backends().items():
        version = registry.installed_version(entry)
        backends.append((name, "not installed" if version is None else version))
    screen = Console()
    model_columns = ("model", "sizes", "what it is")
    render.to_screen(Table("Models", "", model_columns, 3, models, prose=True), screen)
    render.to_screen(Table("Backends", "", ("backend ", "version"), 2, tuple(backends)), screen)
