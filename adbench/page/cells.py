"""The cells of the tables of a page: a text, and what sorts, colours and explains it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from adbench.reporting.table import Table

MOST_ROWS = 1_000
"""A table of a page has at most so many rows; of more the first are shown, which it says."""


@dataclass(frozen=True)
class PageCell:
    """A cell of a table."""

    text: str
    """What is read."""
    sort: str = ""
    """What it is sorted by, where that is not its text: a number."""
    heat: int = 0
    """How it is coloured: 0 not at all, 1 to 5 from the least of its row to the most."""
    remark: str = ""
    """What the colour says, in a word."""


@dataclass(frozen=True)
class PageTable:
    """A table of a page, which can be sorted and filtered."""

    name: str
    """What it is called in links, in letters and hyphens."""
    title: str
    """What stands above it."""
    note: str
    """What its cells mean."""
    columns: tuple[str, ...]
    """The names of the columns."""
    keys: int
    """How many of the first columns name a row."""
    rows: tuple[tuple[PageCell, ...], ...]
    """The rows."""
    is_prose: bool = False
    """Whether the last column is a text that may run over several lines."""
    total: int = 0
    """How many rows there are with those that are left out."""


def page_table(name: str, table: Table) -> PageTable:
    """Return a table of a report as one of a page."""
    rows = tuple(tuple(map(PageCell, row)) for row in table.rows[:MOST_ROWS])
    return PageTable(
        name=name,
        title=table.title,
        note=table.note,
        columns=table.columns,
        keys=table.keys,
        rows=rows,
        is_prose=table.prose,
        total=len(table.rows),
    )


def number_to_sort(value: float) -> str:
    """Return what a number is sorted by; what is not known comes last."""
    return "inf" if math.isnan(value) else repr(float(value))
