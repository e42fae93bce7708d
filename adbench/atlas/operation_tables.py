"""The tables of the matrix of operations: a summary by backend, what is wrong, every operation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median

from adbench.atlas.operation_row import QUANTITIES, OperationRow
from adbench.reporting.table import Table
from adbench.results.row import Outcome

MOST_ULP = 1e6
"""Errors that are larger than this (ulp) are shown by their power of ten alone."""


def summary_table(rows: Sequence[OperationRow]) -> Table:
    """For each dtype and quantity, the median over operations of the worst error."""
    backends = list(dict.fromkeys(row.backend for row in rows))
    keys = list(dict.fromkeys((row.dtype, row.quantity) for row in rows))
    lines = []
    for dtype, quantity in keys:
        of_key = [row for row in rows if (row.dtype, row.quantity) == (dtype, quantity)]
        cells = [_summary_cell([row for row in of_key if row.backend == name]) for name in backends]
        lines.append((dtype, quantity, *cells))
    return Table(
        "Operations",
        "The median over all operations of the worst error (ulp), and behind it of how many an "
        "answer is wrong; – where none was given.",
        ("dtype", "quantity", *backends),
        2,
        tuple(lines),
        groups=1,
    )


def _summary_cell(rows: Sequence[OperationRow]) -> str:
    worst = [_worst(members) for members in _by_operation(rows).values()]
    errors = [error for error in worst if not math.isnan(error)]
    if not errors:
        return "–"
    wrong = len({row.operation for row in rows if row.is_wrong})
    wrong_part = f" ✗{wrong}" if wrong else ""
    return f"{_in_ulp(median(errors))}{wrong_part}"


def matrix(rows: Sequence[OperationRow]) -> Table:
    """For each operation and dtype, the worst errors of value, JVP, VJP and second derivative."""
    backends = list(dict.fromkeys(row.backend for row in rows))
    lines = []
    for (operation, dtype), members in _by_operation_and_dtype(rows).items():
        cells = [_cell([row for row in members if row.backend == name]) for name in backends]
        lines.append((operation, dtype, *cells))
    return Table(
        "Every operation",
        f"The worst errors (ulp) of {', '.join(QUANTITIES.values())}; ✗ is wrong, ~ imprecise, "
        "? unresolved, – not given.",
        ("operation", "dtype", *backends),
        2,
        tuple(lines),
        groups=1,
    )


def _cell(rows: Sequence[OperationRow]) -> str:
    parts = []
    for quantity in QUANTITIES.values():
        members = [row for row in rows if row.quantity == quantity]
        parts.append(_mark(members) + _in_ulp(_worst(members)))
    return " ".join(parts)


def _mark(rows: Sequence[OperationRow]) -> str:
    verdicts = {row.verdict for row in rows}
    marks = {"wrong": "✗", "imprecise": "~", "unresolved": "?"}
    return next((mark for verdict, mark in marks.items() if verdict in verdicts), "")


def wrong(rows: Sequence[OperationRow]) -> Table:
    """The operations of which an answer is wrong, with the backends that gave it."""
    lines = []
    for operation, members in _by_operation(rows).items():
        for quantity in QUANTITIES.values():
            wrong_rows = [row for row in members if row.is_wrong and row.quantity == quantity]
            if wrong_rows:
                names = dict.fromkeys(f"{row.backend} {row.dtype}" for row in wrong_rows)
                worst = max(wrong_rows, key=lambda row: row.error_over_bound)
                told = f"{', '.join(names)}. {worst.points}: {worst.message}"
                lines.append((operation, quantity, told))
    return Table(
        "Wrong operations", "", ("operation", "quantity", "who"), 2, tuple(lines), prose=True
    )


def summary(rows: Sequence[OperationRow]) -> str:
    """Return in a sentence how much was asked, and what came of it."""
    wrong_rows = [row for row in rows if row.is_wrong]
    not_given = sum(row.outcome != Outcome.OK for row in rows)
    return (
        f"{len(rows)} answers on {len({row.operation for row in rows})} operations by "
        f"{len({row.backend for row in rows})} backends: {len(wrong_rows)} are wrong, of "
        f"{len({row.operation for row in wrong_rows})} operations, and {not_given} were not given."
    )


def _by_operation(rows: Iterable[OperationRow]) -> dict[str, list[OperationRow]]:
    members: dict[str, list[OperationRow]] = {}
    for row in rows:
        members.setdefault(row.operation, []).append(row)
    return members


def _by_operation_and_dtype(
    rows: Iterable[OperationRow],
) -> dict[tuple[str, str], list[OperationRow]]:
    members: dict[tuple[str, str], list[OperationRow]] = {}
    for row in rows:
        members.setdefault((row.operation, row.dtype), []).append(row)
    return members


def _worst(rows: Iterable[OperationRow]) -> float:
    """The largest error of some rows (ulp); nan where there is none."""
    errors = [row.error_ulp for row in rows if not math.isnan(row.error_ulp)]
    return max(errors, default=math.nan)


def _in_ulp(error: float) -> str:
    if math.isnan(error):
        return "–"
    return f"{error:.0e}" if error > MOST_ULP else f"{error:.2g}"
