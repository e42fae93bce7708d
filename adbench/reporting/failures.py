"""What a check found wrong: one line a cell, with the entry to look at."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from rich.console import Console

from adbench.cases.case import NATIVE
from adbench.reporting import render
from adbench.reporting.summary import first_of
from adbench.reporting.table import Table
from adbench.results.row import FAILURES, Outcome, Row, Verdict

WIDTH = 160
"""Columns of a table that goes into a log or a message rather than to a terminal."""


def text(rows: Sequence[Row], summary: str, notes: Sequence[str] = (), width: int = WIDTH) -> str:
    """Return the table of failures as plain text, the notes and the summary.

    What could not be judged or asked stands with them.
    """
    sink = io.StringIO()
    show(rows, summary, Console(file=sink, width=width, color_system=None), notes)
    return "\n".join(line.rstrip() for line in sink.getvalue().strip("\n").splitlines())


def show(rows: Sequence[Row], summary: str, console: Console, notes: Sequence[str] = ()) -> None:
    """Print the tables of failures, of what is left open, the notes and the summary."""
    for table in tables(rows):
        render.to_screen(table, console)
    for note in notes:
        render.say(console, f"Note: {note}")
    render.say(console, summary)


def tables(rows: Sequence[Row]) -> list[Table]:
    """Return the tables that have something to show.

    What is wrong, what did not run, what is left open.
    """
    all_tables = (wrong(rows), hints(rows), not_run(rows), left_open(rows))
    return [table for table in all_tables if table is not None]


def wrong(rows: Sequence[Row]) -> Table | None:
    """The entry that errs most in every cell that is wrong."""
    cells = [
        (
            cell(row),
            asked_of(row),
            _place(row),
            number(row.worst_returned),
            number(row.worst_true),
            times(row.max_error_over_bound),
        )
        for row in rows
        if row.verdict is Verdict.WRONG
    ]
    if not cells:
        return None
    columns = ("cell", "backend", "worst entry", "returned", "true", "error / bound")
    return Table("Wrong", "", columns, 2, tuple(cells))


def _place(row: Row) -> str:
    """The entry that errs most, and the input there."""
    if math.isnan(row.worst_input):
        return row.worst_entry or "–"
    return f"{row.worst_entry} at {row.worst_input:.6g}"


def hints(rows: Sequence[Row]) -> Table | None:
    """What to look at in every cell that is wrong.

    One line for all cells of a model where it is the same.
    """
    wrong_rows = [row for row in rows if row.verdict is Verdict.WRONG and row.message]
    cells = _by_message(wrong_rows, [row.message for row in wrong_rows])
    if not cells:
        return None
    return Table("What to look at", "", ("cell", "backend", ""), 3, cells, prose=True)


def not_run(rows: Sequence[Row]) -> Table | None:
    """What should have run and did not, with what happened.

    One line for all cells of a model where it is the same.
    """
    failed_rows = [row for row in rows if row.outcome in FAILURES]
    cells = _by_message(failed_rows, [f"{row.outcome}: {row.message}" for row in failed_rows])
    if not cells:
        return None
    return Table("Did not run", "", ("cell", "backend", ""), 3, cells, prose=True)


def _by_message(rows: Sequence[Row], messages: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    """Cells, their backend and the message, with the questions of one message in one line."""
    questions_by_message: dict[tuple[str, str, str], list[str]] = {}
    for row, message in zip(rows, messages, strict=True):
        subject = f"{row.model} {row.size} {row.dtype}"
        key = (subject, asked_of(row), message)
        questions_by_message.setdefault(key, []).append(question(row))
    return tuple(
        (f"{subject} {first_of(questions)}", backend, message)
        for (subject, backend, message), questions in questions_by_message.items()
    )


def left_open(rows: Sequence[Row]) -> Table | None:
    """What was answered and could not be judged, or not asked.

    Counted by its reason, with all backends of the same count and reason in one line.
    """
    models_by_reason: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        reason = _reason_left_open(row)
        if reason:
            models_by_reason.setdefault((asked_of(row), reason), []).append(row.model)
    if not models_by_reason:
        return None
    backends_by_count: dict[tuple[str, str], list[str]] = {}
    for (backend, reason), models in models_by_reason.items():
        backends_by_count.setdefault((_count(models), reason), []).append(backend)
    cells = tuple(
        (", ".join(backends), count, reason)
        for (count, reason), backends in backends_by_count.items()
    )
    return Table("Left open", "", ("backend", "cells", "reason"), 3, cells, prose=True)


def _reason_left_open(row: Row) -> str:
    """Why a cell has no verdict that counts, or "" where it has one or should have run."""
    if row.verdict is Verdict.UNRESOLVED:
        resolution = f"a relative error below {row.resolution:.1e} could not have been seen"
        return f"unresolved: {row.message or resolution}"
    if row.outcome in (Outcome.UNSUPPORTED, Outcome.NOT_INSTALLED):
        return f"{row.outcome}: {row.message}"
    return ""


def _count(models: Sequence[str]) -> str:
    """The number of cells in words, from the model of each."""
    cells = "1 cell" if len(models) == 1 else f"{len(models)} cells"
    names = set(models)
    if len(names) == 1:
        return f"{cells} of {models[0]}"
    return f"{cells} of {len(names)} models"


def sentence(row: Row) -> str:
    """Return what is wrong with a failing cell, in one line."""
    if row.outcome in FAILURES:
        return f"{row.outcome}: {row.message}"
    parts = []
    if row.worst_entry and not math.isnan(row.worst_true):
        parts.append(
            f"{_place(row)} was returned as {number(row.worst_returned)}, the true value is "
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
