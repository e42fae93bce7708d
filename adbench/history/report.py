"""What is shown of a store: sentences of one line each on the screen, and tables on the page."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from adbench.cases.text import plain_text
from adbench.changes.changes import Changes, TimeChange
from adbench.changes.verdicts import AnswerChange
from adbench.history.records import RunRecord
from adbench.history.store import Addition, Store
from adbench.history.trends import CellStep, Trends, cell_name
from adbench.reporting import render
from adbench.reporting.table import Table

WIDTH = 80
"""The columns of a terminal; no line is longer."""

NAMED_AT_MOST = 6
"""So many of each kind are named on the screen; the page names all."""

WORDS = {
    Addition.NEW: "Added",
    Addition.GROWN: "Added again, since it has other cells now",
    Addition.KNOWN: "There already, and not added again",
}
"""What is said of a run that was to be added."""

STEPS_NOTE = (
    "A step is a new level of a cell's cost ratio that holds for several runs on one machine. from "
    "and to: the medians of the two levels."
)
"""What the columns of the table of steps mean."""


def show(
    trends: Trends, added: Sequence[tuple[RunRecord, Addition]], since: int | None, screen: Console
) -> None:
    """Print what a store says, in at most 40 lines of 80 columns.

    added: the runs that were to be added, and what became of each. since: the place of the run that
    the latest is compared with.
    """
    for line in [*addition_lines(added), *store_lines(trends.store), *since_lines(trends, since)]:
        render.say(screen, plain_text(line, WIDTH))


def addition_lines(added: Sequence[tuple[RunRecord, Addition]]) -> list[str]:
    """Say what became of the runs that were to be added."""
    lines = [f"{WORDS[addition]}: {run.name}, {len(run.cells)} cells." for run, addition in added]
    return _cut(lines)


def store_lines(store: Store) -> list[str]:
    """Say what a store has."""
    first, latest = store.runs[0], store.runs[-1]
    return [
        f"{store.path}: {_count(len(store.runs), 'run')}, {_day(first)} to {_day(latest)}.",
        f"The latest is {latest.name} of {_minute(latest)}, with {len(latest.cells)} cells.",
    ]


def since_lines(trends: Trends, since: int | None) -> list[str]:
    """Say what changed since an earlier run, or which steps there are where there is none."""
    if since is None or trends.changes is None:
        return ["There is no earlier run on its machine that it could be compared with."]
    earlier = trends.store.runs[since]
    changes = trends.changes
    answers = [
        f"- {change}: {cell_name(cell)}"
        for change in AnswerChange
        if change is not AnswerChange.NONE
        for cell in changes.cells_that(change).to_dict("records")
    ]
    steps = [
        f"- {_factor(step)} since {step.run.name}: {step.name}"
        for step in trends.steps_since(since)
    ]
    conditions = [f"- {sentence}" for sentence in _conditions(changes)]
    return [
        f"What changed since {earlier.name} of {_minute(earlier)}:",
        *_section("Answers", answers),
        _times(changes),
        *_section("Steps of the cost ratio", steps),
        *_section("Versions and machine", conditions),
        f"Cells that appeared: {len(changes.only_after)}; that vanished: "
        f"{len(changes.only_before)}. Of all runs: {_count(len(trends.steps), 'step')}.",
    ]


def steps_table(steps: Sequence[CellStep]) -> Table | None:
    """Return the steps as a table; None where there is none."""
    if not steps:
        return None
    rows = tuple(
        (
            step.run.name,
            _minute(step.run),
            step.name,
            step.machine,
            f"{step.step.before:.2f}",
            f"{step.step.after:.2f}",
            _factor(step),
        )
        for step in steps
    )
    columns = ("run", "begun", "cell", "machine", "from", "to", "change")
    return Table("Steps of the cost ratio", STEPS_NOTE, columns, 4, rows)


def runs_table(store: Store) -> Table:
    """Return the runs of a store as a table, the latest first."""
    rows = tuple(
        (
            str(number),
            run.name,
            _minute(run),
            str(run.environment.get("host", "")),
            str(run.environment.get("adbench", "")),
            str(len(run.cells)),
            str(sum(cell.verdict == "wrong" for cell in run.cells)),
        )
        for number, run in reversed(list(enumerate(store.runs)))
    )
    columns = ("number", "run", "begun", "host", "adbench", "cells", "wrong")
    return Table("Runs", "", columns, 5, rows)


def moved_cells_table(changes: Changes) -> Table | None:
    """Return the cells that appeared or vanished as a table; None where there is none."""
    sides = (("appeared", changes.only_after), ("vanished", changes.only_before))
    rows = tuple(
        (word, cell_name(cell)) for word, cells in sides for cell in cells.to_dict("records")
    )
    if not rows:
        return None
    return Table("Cells that appeared or vanished", "", ("what", "cell"), 2, rows)


def _conditions(changes: Changes) -> tuple[str, ...]:
    return (*changes.conditions.obstacles, *changes.conditions.remarks)


def _times(changes: Changes) -> str:
    """How many cells are faster or slower in this one run, by the comparison of two runs."""
    kinds = changes.cells["time_change"].value_counts()
    counts = (f"{kinds[kind]} {kind}" for kind in map(str, TimeChange) if kind and kind in kinds)
    return f"Times in these two runs: {', '.join(counts) or 'none in both'}."


def _section(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return [f"{title}: none."]
    return [f"{title}: {len(lines)}.", *_cut(lines)]


def _cut(lines: Sequence[str]) -> list[str]:
    """The first of some lines, and how many are left out."""
    if len(lines) <= NAMED_AT_MOST:
        return list(lines)
    left_out = len(lines) - NAMED_AT_MOST
    return [*lines[:NAMED_AT_MOST], f"- and {left_out} more, which --page shows."]


def _factor(step: CellStep) -> str:
    return f"{100 * (step.step.factor - 1):+.0f} %"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _day(run: RunRecord) -> str:
    return run.created[:10] or "an unknown day"


def _minute(run: RunRecord) -> str:
    return run.created[:16].replace("T", " ") or "an unknown time"
