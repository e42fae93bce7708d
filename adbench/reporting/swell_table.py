"""The table of the expression swell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adbench.reporting.tables import Table

if TYPE_CHECKING:
    from adbench.counting.swell import SwellRow

COLUMNS = ("layers", "function", "AD", "AD / f", "formulas", "formulas / f")
NOTE = (
    "Operations on numbers: of the function and of its gradient by AD, as the reference engine "
    "counts them; and of the gradient written out in SymPy's formulas, each term counted as often "
    "as it stands there, beside the function written out alike."
)


def table(rows: Sequence[SwellRow]) -> Table:
    """Return the table of the gradient of a chain of neurons, with a row for each depth."""
    return Table(
        "Gradient of a chain of neurons, by its depth", NOTE, COLUMNS, 1, tuple(map(_cells, rows))
    )


def _cells(row: SwellRow) -> tuple[str, ...]:
    return (
        str(row.depth),
        f"{row.function:,}",
        f"{row.by_ad:,}",
        f"×{row.by_ad / row.function:.1f}",
        f"{row.by_formula:,}",
        f"×{row.by_formula / row.of_formula:.1f}",
    )
