"""Cells by short names such as `mlp/gradient/torch`: as much as tells one from the others."""

from __future__ import annotations

from collections.abc import Sequence

from adbench.cases.case import NATIVE
from adbench.cases.model import SpecError
from adbench.cases.operators import Mode, Operator
from adbench.cases.text import plain_name
from adbench.results.row import Row

LISTED_AT_MOST = 6
"""So many candidates are named."""


def parts_of(row: Row) -> tuple[str, ...]:
    """Return what the name of a cell consists of, in its order.

    Model, size, operator (with the order of a derivative), backend, mode, dtype, and "native" for a
    hand-written function.
    """
    operator = row.operator
    if operator == Operator.DERIVATIVE:
        operator = f"{operator} {row.order}"
    parts = [row.model, row.size, operator, row.backend]
    if row.mode != Mode.NONE:
        parts.append(row.mode)
    parts.append(row.dtype)
    if row.implementation == NATIVE:
        parts.append(NATIVE)
    return tuple(parts)


def name_of(row: Row) -> str:
    """Return the whole name of a cell."""
    return "/".join(parts_of(row))


def find_cell(rows: Sequence[Row], name: str) -> Row:
    """Return the cell that a name means, of equal cells the last.

    The name's parts, between slashes, begin parts of the cell's name, in their order; others may be
    left out. Raises SpecError, in one sentence, where it means none, or several.
    """
    by_cell = {row.cell: row for row in rows}
    for row in reversed(rows):
        if name_of(row) == name:
            return row
    exactness = {cell: _exactness(name, parts_of(row)) for cell, row in by_cell.items()}
    best = max(exactness.values(), default=-1)
    if best < 0:
        example = name_of(rows[0])
        raise SpecError(
            f"No cell is called {plain_name(name)!r}; a cell is called by parts of its name, such "
            f"as {example}."
        )
    candidates = [by_cell[cell] for cell, degree in exactness.items() if degree == best]
    if len(candidates) > 1:
        listed = ", ".join(name_of(row) for row in candidates[:LISTED_AT_MOST])
        more = len(candidates) - LISTED_AT_MOST
        rest = f" and {more} more" if more > 0 else ""
        raise SpecError(
            f"{plain_name(name)!r} means {len(candidates)} cells: {listed}{rest}; give more of the "
            "name of one."
        )
    return candidates[0]


def _exactness(name: str, parts: Sequence[str]) -> int:
    """How many parts of a cell's name are given in full; -1 where the cell is not meant.

    A part may have slashes of its own.
    """
    if not name:
        return 0
    cuts = [place for place, letter in enumerate(name) if letter == "/"] + [len(name)]
    best = -1
    for cut in cuts:
        head, rest = name[:cut], name[cut + 1 :]
        for place, part in enumerate(parts):
            if head and part.startswith(head):
                degree = _exactness(rest, parts[place + 1 :])
                if degree >= 0:
                    best = max(best, degree + (part == head))
    return best
