"""Drawing tables: on the terminal, fit to its width, and in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import rich.box
import rich.table
from rich.console import Console
from rich.text import Text
from tabulate import tabulate

from adbench.reporting.tables import SWEEP_TITLE, Table


def to_screen(table: Table, console: Console) -> None:
    """Print a table. Where it is wider than the terminal its columns are divided over several, keys
    repeated."""
    console.print()
    console.print(Text(table.title, style="bold"))
    if table.note:
        console.print(Text(table.note, style="dim"))
    if table.prose:
        for row in table.rows:
            console.print(Text(f"- {'  '.join(cell for cell in row[:-1] if cell)}: {row[-1]}"))
        return
    for part in _fit(table, console.width):
        drawn = rich.table.Table(box=rich.box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for i, name in enumerate(part.columns):
            justify: Any = "left" if i < part.keys else "right"
            # A key may run over several lines where the terminal is narrow; a number is never cut.
            drawn.add_column(
                name.replace(":", "\n"), justify=justify, no_wrap=i >= part.keys, overflow="fold"
            )
        previous: Sequence[str] = ()
        for row in part.rows:
            shown = _without_repeats(row, previous, part.groups)
            drawn.add_row(
                *(_styled(cell) if i >= part.keys else Text(cell) for i, cell in enumerate(shown))
            )
            previous = row
        console.print(drawn)
        console.print()


def to_markdown(table: Table) -> str:
    """Return a table in GitHub's Markdown, with its title and note."""
    align = ["left" if i < table.keys else "right" for i in range(len(table.columns))]
    body = tabulate(
        [[cell.replace("|", "\\|") for cell in row] for row in table.rows],
        headers=[name.replace("|", "\\|") for name in table.columns],
        tablefmt="github",
        colalign=align,
        disable_numparse=True,
    )
    return "\n\n".join(part for part in (f"## {table.title}", table.note, body) if part)


def report(
    tables: Sequence[Table], sentences: Sequence[str], summary: str, environment: Mapping[str, Any]
) -> str:
    """Return a whole report in Markdown: the summary, the tables, the sentences of the sweep, the
    environment."""
    parts = ["# adbench report", summary]
    for table in tables:
        parts.append(to_markdown(table))
        if table.title == SWEEP_TITLE:
            parts.append("\n".join(f"- {sentence}" for sentence in sentences))
    facts = Table("Environment", "", ("what", "value"), 2, tuple(rows_of(environment)))
    return "\n\n".join([*parts, to_markdown(facts)]) + "\n"


def rows_of(environment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return an environment as pairs of strings, nested mappings flattened, for a table."""
    pairs = []
    for key, value in environment.items():
        if isinstance(value, Mapping):
            pairs += [
                (f"{key}: {name}", "not installed" if v is None else str(v))
                for name, v in value.items()
            ]
        else:
            pairs.append((key, " ".join(value) if key == "command" else str(value)))
    return pairs


def _fit(table: Table, width: int) -> list[Table]:
    widths = [
        max([len(part) for part in name.split(":")] + [len(row[i]) for row in table.rows]) + 3
        for i, name in enumerate(table.columns)
    ]
    keys = sum(widths[: table.keys])
    others = range(table.keys, len(table.columns))
    if keys + sum(widths[i] for i in others) <= width:
        return [table]
    parts: list[list[int]] = [[]]
    for i in others:
        if parts[-1] and keys + sum(widths[j] for j in parts[-1]) + widths[i] > width:
            parts.append([])
        parts[-1].append(i)
    return [_columns(table, [*range(table.keys), *part]) for part in parts]


def _columns(table: Table, kept: Sequence[int]) -> Table:
    rows = tuple(tuple(row[i] for i in kept) for row in table.rows)
    return replace(table, columns=tuple(table.columns[i] for i in kept), rows=rows)


def _without_repeats(row: Sequence[str], previous: Sequence[str], groups: int) -> list[str]:
    """Leave out of the leading columns what stands in the row above."""
    shown = list(row)
    for i in range(groups):
        if i >= len(previous) or previous[i] != row[i]:
            break
        shown[i] = ""
    return shown


def _styled(cell: str) -> Text:
    style = {"✗": "bold red", "!": "bold red", "~": "yellow", "?": "magenta", "–": "dim"}.get(
        cell[:1], ""
    )
    return Text(cell, style=style)
