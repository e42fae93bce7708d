"""`adbench list`: the models and backends there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from adbench.backends.catalog import Entry
from adbench.cli.selection import announce

if TYPE_CHECKING:
    from rich.console import Console

    from adbench.cases import Model
    from adbench.registry import ModelSource


@click.command(name="list")
@click.argument("models", nargs=-1, metavar="[MODEL | FILE.py]...")
def command(models: tuple[str, ...]) -> None:
    """List models, and backends with their versions or that they are not installed.

    Where models or files with models are named, those are listed alone. A file is run in a process
    of its own, and its models are tried.
    """
    from rich.console import Console

    from adbench import registry

    screen = Console()
    if models:
        _show_models(_tried(models, optional=()), screen)
        return
    _show_models(registry.models().values(), screen)
    _show_backends(screen)
    plugins = registry.names_of_plugins()
    if plugins:  # the last, since they take a worker
        _show_models(_tried(plugins, optional=plugins), screen)


def _tried(names: Sequence[str], optional: Sequence[str]) -> list[ModelSource]:
    """Import models and make their inputs. Raises SpecError where one cannot be used.

    optional: those that are left out then, with a warning.
    """
    from adbench.cases.case import DTYPES
    from adbench.planning.plan import assign
    from adbench.planning.restriction import Restriction
    from adbench.planning.settings import Settings
    from adbench.running.planner import Planner

    assignment = assign(Settings(), Restriction((), (), DTYPES[:1]), backends=())
    with Planner(assignment, (), None, announce) as planner:
        planned = planner.plan(names, optional)
    return [plan.source for plan in planned.models]


def _show_models(sources: Iterable[ModelSource], screen: Console) -> None:
    from adbench.reporting import render
    from adbench.reporting.tables import Table

    groups: dict[str, list[Model]] = {}
    for source in sources:
        groups.setdefault(source.model.group, []).append(source.model)
    for group, models in sorted(groups.items(), key=lambda item: _place_of_group(*item)):
        title = f"Models: {group}" if group else "Models"
        rows = tuple((model.name, ", ".join(model.sizes), model.summary) for model in models)
        table = Table(title, _note_on_models(models), COLUMNS, 3, rows, prose=True)
        render.to_screen(table, screen)


COLUMNS = ("model", "sizes", "what it is")
"""The columns of a table of models."""


def _place_of_group(group: str, models: Sequence[Model]) -> tuple[bool, str]:
    """Put groups of models that a run has by default before those that it leaves out."""
    return not _are_by_default(models), group


def _are_by_default(models: Sequence[Model]) -> bool:
    return any(model.by_default for model in models)


def _note_on_models(models: Sequence[Model]) -> str:
    """Say of models that a run leaves them out where it names none."""
    return "" if _are_by_default(models) else "A run has these where it names them."


def _show_backends(screen: Console) -> None:
    from adbench import registry
    from adbench.reporting import render
    from adbench.reporting.tables import Table

    backends = []
    for name, entry in registry.all_backends().items():
        version = registry.installed_version(entry)
        version = "not installed" if version is None else version
        backends.append((name, version, _part_in_runs(entry)))
    columns = ("backend ", "version", "a run that names none")
    render.to_screen(Table("Backends", "", columns, 3, tuple(backends)), screen)


def _part_in_runs(entry: Entry) -> str:
    """What a run that names no backend asks of one."""
    if entry.by_default:
        return "asks it everything"
    if entry.in_stagings:
        return "compares stagings on it"
    return "leaves it out"
