"""What a check found wrong: one line a cell, with the entry to look at."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from rich.console import Console

from adbench.cases.case import NATIVE
from adbench.reporting import render
from adbench.reporting.tables import Table, some
from adbench.results.row import FAILURES, Outcome, Row, Verdict

WIDTH = 160
"""Columns of a table that goes into a log or a message rather than to a terminal."""


def text(rows: Sequence[Row], summary: str, width: int = WIDTH) -> str:
    """Return the table of failures as plain text, with what could not be judged or asked, and the
    summary."""
    sink = io.StringIO()
    show(rows, summary, Console(file=sink, width=width, color_system=None))
    return "\n".join(line.rstrip() for line in sink.getvalue().strip("\n").splitlines())


def show(rows: Sequence[Row], summary: str, console: Console) -> None:
    """Print the tables of failures, of what is left open, and the summary."""
    for table in tables(rows):
        render.to_screen(table, console)
    console.print(summary, highlight=False, markup=False)


def tables(rows: Sequence[Row]) -> list[Table]:
    """Return the tables that have something to show: what is wrong, what did not run, what is left
    open."""
    made = (wrong(rows), hints(rows), not_run(rows), left_open(rows))
    return [table for table in made if table is not None]


def wrong(rows: Sequence[Row]) -> Table | None:
    """The entry that errs most in every cell that is wrong."""
    cells = [
        (
            cell(row),
            asked_of(row),
            row.worst_entry or "–",
            number(row.worst_returned),
            number(row.worst_true),
            times(row.max_error_over_bound),
        )
        for row in rows
        if row.verdict is Verdict.WRONG
    ]
    columns = ("cell", "backend", "worst entry", "returned", "true", "error / bound")
    return Table("Wrong", "", columns, 2, tuple(cells)) if cells else None


def hints(rows: Sequence[Row]) -> Table | None:
    """What to look at in every cell that is wrong."""
    cells = [
        (cell(row), asked_of(row), row.message)
        for row in rows
        if row.verdict is Verdict.WRONG and row.message
    ]
    return (
        Table("What to look at", "", ("cell", "backend", ""), 3, tuple(cells), prose=True)
        if cells
        else None
    )


def not_run(rows: Sequence[Row]) -> Table | None:
    """What should have run and did not, with what happened: said once for all cells of a model
    where it is the same."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        if row.outcome in FAILURES:
            key = (
                f"{row.model} {row.size} {row.dtype}",
                asked_of(row),
                f"{row.outcome}: {row.message}",
            )
            alike.setdefault(key, []).append(question(row))
    cells = [
        (f"{model} {some(questions)}", backend, what)
        for (model, backend, what), questions in alike.items()
    ]
    return (
        Table("Did not run", "", ("cell", "backend", ""), 3, tuple(cells), prose=True)
        if cells
        else None
    )


def left_open(rows: Sequence[Row]) -> Table | None:
    """What was answered and could not be judged, or not asked: counted by its reason, for backends
    alike at once."""
    alike: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.verdict is Verdict.UNRESOLVED:
            reason = (
                row.message
                or f"a relative error below {row.resolution:.1e} could not have been seen"
            )
            key = asked_of(row), f"unresolved: {reason}"
        elif row.outcome in (Outcome.UNSUPPORTED, Outcome.NOT_INSTALLED):
            key = asked_of(row), f"{row.outcome}: {row.message}"
        else:
            continue
        alike.setdefault(key, []).append(row.model)
    backends: dict[tuple[str, str], list[str]] = {}
    for (backend, reason), models in alike.items():
        backends.setdefault((_counted(models), reason), []).append(backend)
    cells = [(", ".join(names), count, reason) for (count, reason), names in backends.items()]
    return (
        Table("Left open", "", ("backend", "cells", "reason"), 3, tuple(cells), prose=True)
        if cells
        else None
    )


def _counted(models: Sequence[str]) -> str:
    """The number of cells, given the model of each."""
    different = set(models)
    of = models[0] if len(different) == 1 else f"{len(different)} models"
    return f"{len(models)} cell{'s' if len(models) > 1 else ''} of {of}"


def sentence(row: Row) -> str:
    """Return what is the matter with one failing cell, in one line."""
    if row.outcome in FAILURES:
        return f"{row.outcome}: {row.message}"
    parts = []
    if row.worst_entry and not math.isnan(row.worst_true):
        parts.append(
            f"{row.worst_entry} was returned as {number(row.worst_returned)}, the true value is "
            f"{number(row.worst_true)}: {times(row.max_error_over_bound)} times the bound."
        )
    return " ".join([*parts, row.message]).strip() or "The answer is wrong."


def cell(row: Row) -> str:
    """Return the case of a row in a few words."""
    return f"{row.model} {row.size} {row.dtype} {question(row)}"


def question(row: Row) -> str:
    """Return operator and mode in a few words."""
    operator = f"derivative {row.order}" if row.operator == "derivative" else row.operator
    return operator if row.mode == "none" else f"{operator} {row.mode}"


def asked_of(row: Row) -> str:
    """Return the backend, and whether its hand-written implementation was asked."""
    return f"{row.backend} (native)" if row.implementation == NATIVE else row.backend


def number(value: float) -> str:
    """Return a value with as many digits as its shortest form in float64 has, at most 12."""
    return "–" if math.isnan(value) else f"{value:.12g}"


def times(ratio: float) -> str:
    """Return a ratio with two digits."""
    return "–" if math.isnan(ratio) else f"{ratio:.1e}"
