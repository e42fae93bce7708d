"""`adbench list`: the models and backends there are."""

from __future__ import annotations

import click

from adbench.backends.catalog import Entry


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
    for name, entry in registry.all_backends().items():
        version = registry.installed_version(entry)
        version = "not installed" if version is None else version
        backends.append((name, version, _part_in_runs(entry)))
    screen = Console()
    backend_columns = ("backend ", "version", "a run that names none")
    model_columns = ("model", "sizes", "what it is")
    render.to_screen(Table("Models", "", model_columns, 3, models, prose=True), screen)
    render.to_screen(Table("Backends", "", backend_columns, 3, tuple(backends)), screen)


def _part_in_runs(entry: Entry) -> str:
    """What a run that names no backend asks of one."""
    if entry.by_default:
        return "asks it everything"
    if entry.in_stagings:
        return "compares stagings on it"
    return "leaves it out"
