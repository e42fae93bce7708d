"""The table: strings with a title, a note and columns."""

from __future__ import annotations

from dataclasses import dataclass

SWEEP_TITLE = "Forward against reverse mode"
"""The title of the table that the sentences on the sweep stand below."""


@dataclass(frozen=True)
class Table:
    """A table of strings.

    The first columns name a row, the others are one per backend or quantity.
    """

    title: str
    """What stands above it."""

    note: str
    """What its cells mean; may be empty."""

    columns: tuple[str, ...]
    """The names of the columns."""

    keys: int
    """How many of the first columns name a row."""

    rows: tuple[tuple[str, ...], ...]
    """The rows, each as long as `columns`."""

    prose: bool = False
    """Whether the last column is a text that may run over several lines."""

    groups: int = 0
    """How many of the first columns are left empty on screen where they repeat the row above."""

    in_file_alone: bool = False
    """Whether it is too large for the screen, and stands in the file of a report alone."""

    is_dense: bool = False
    """Whether it fits the screen with one space between its columns, and is never divided."""
