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

from adbench.reporting.table import Table
from adbench.results.escaping import for_markdown, for_terminal

STYLES = {"✗": "bold red", "!": "bold red", "~": "yellow", "?": "magenta", "–": "dim"}
"""How a cell is styled, by its first character."""


def to_screen(table: Table, console: Console) -> None:
    """Print a table.

    Where it is wider than the terminal its columns are divided over several, keys repeated.
    """
    table = _harmless(table)
    console.print()
    say(console, table.title, style="bold")
    if table.note:
        say(console, table.note, style="dim")
    if table.prose:
        for row in table.rows:
            subject = "  ".join(cell for cell in row[:-1] if cell)
            say(console, f"- {subject}: {row[-1]}")
        return
    for part in _fit(table, console.width):
        console.print(_drawn(part))
        if not table.is_dense:
            console.print()


def say(console: Console, sentence: str, style: str = "") -> None:
    """Print a sentence as it is: what looks like markup in it, or drives a terminal, is shown."""
    console.print(Text(for_terminal(sentence), style=style))


def _harmless(table: Table) -> Table:
    """A table in which nothing drives the terminal."""
    return replace(
        table,
        title=for_terminal(table.title),
        note=for_terminal(table.note),
        columns=tuple(map(for_terminal, table.columns)),
        rows=tuple(tuple(map(for_terminal, row)) for row in table.rows),
    )


def _drawn(table: Table) -> rich.table.Table:
    """A table as rich draws it."""
    drawing = rich.table.Table(box=rich.box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    if table.is_dense:
        drawing.box, drawing.padding = None, (0, 1, 0, 0)
    for position, name in enumerate(table.columns):
        is_key = position < table.keys
        justify: Any = "left" if is_key else "right"
        # A key may run over several lines where the terminal is narrow; a number is never cut.
        heading = Text(name.replace(":", "\n"))
        drawing.add_column(heading, justify=justify, no_wrap=not is_key, overflow="fold")
    previous_row: Sequence[str] = ()
    for row in table.rows:
        cells = _without_repeats(row, previous_row, table.groups)
        keys = [Text(cell) for cell in cells[: table.keys]]
        values = [_styled(cell) for cell in cells[table.keys :]]
        drawing.add_row(*keys, *values)
        previous_row = row
    return drawing


def to_markdown(table: Table) -> str:
    """Return a table in GitHub's Markdown, with its title and note."""
    values = len(table.columns) - table.keys
    body = tabulate(
        [list(map(for_markdown, row)) for row in table.rows],
        headers=list(map(for_markdown, table.columns)),
        tablefmt="github",
        colalign=["left"] * table.keys + ["right"] * values,
        disable_numparse=True,
    )
    title = f"## {for_markdown(table.title)}"
    return "\n\n".join(part for part in (title, table.note, body) if part)


def rows_of(environment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return an environment as pairs of strings, nested mappings flattened, for a table."""
    pairs = []
    for key, value in environment.items():
        if isinstance(value, Mapping):
            for name, version in value.items():
                pairs.append((f"{key}: {name}", "not installed" if version is None else version))
        elif key == "command":
            pairs.append((key, " ".join(value)))
        else:
            pairs.append((key, str(value)))
    return [(key, str(value)) for key, value in pairs]


def _fit(table: Table, width: int) -> list[Table]:
    """The table in as few parts, each with its keys, as fit into a width in characters."""
    widths = [_width(table, position) for position in range(len(table.columns))]
    keys = list(range(table.keys))
    room = width - sum(widths[: table.keys])
    if sum(widths[table.keys :]) <= room:
        return [table]
    parts: list[list[int]] = [[]]
    for position in range(table.keys, len(table.columns)):
        width_of_part = sum(widths[member] for member in parts[-1])
        if parts[-1] and width_of_part + widths[position] > room:
            parts.append([])
        parts[-1].append(position)
    return [_with_columns(table, [*keys, *part]) for part in parts]


def _width(table: Table, position: int) -> int:
    """How many characters a column takes on the screen, with the gap before the next."""
    heading_widths = [len(line) for line in table.columns[position].split(":")]
    cell_widths = [len(row[position]) for row in table.rows]
    gap = 1 if table.is_dense else 3
    return max([*heading_widths, *cell_widths]) + gap


def _with_columns(table: Table, positions: Sequence[int]) -> Table:
    """The table with the columns at `positions` alone."""
    rows = tuple(tuple(row[position] for position in positions) for row in table.rows)
    columns = tuple(table.columns[position] for position in positions)
    return replace(table, columns=columns, rows=rows)


def _without_repeats(row: Sequence[str], previous: Sequence[str], groups: int) -> list[str]:
    """Leave out of the leading columns what stands in the row above."""
    cells = list(row)
    for position in range(groups):
        if position >= len(previous) or previous[position] != row[position]:
            break
        cells[position] = ""
    return cells


def _styled(cell: str) -> Text:
    return Text(cell, style=STYLES.get(cell[:1], ""))
