"""Running a plan with a journal and a progress bar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from adbench.planning.group import Group
from adbench.planning.plan import Plan
from adbench.reporting.progress import progress_bar
from adbench.results.journal import JOURNAL, Journal
from adbench.results.row import Row
from adbench.running.hosts import HostRun
from adbench.running.runner import run as run_plan
from adbench.running.spent import Spent
from adbench.running.stopping import raise_if_received
from adbench.running.worker_pool import WorkerPool

LOGS = "logs"
"""The folder of what workers print, within that of a run."""

APART = "other cells of its question were measured before a stop"
"""The flag of a cell whose question was interrupted while its cells ended: those that had ended are
kept, so that it has not been sampled in turns with them."""


Show = Callable[[Sequence[Row]], None]
"""Called with the rows of a model at one of its sizes, as soon as all of them are there."""


@dataclass
class Measured:
    """What has been measured of a plan so far."""

    rows: list[Row] = field(default_factory=list)
    """The rows, in the order in which they came; those of an earlier part of the run first."""
    unwritten: int = 0
    """How many of them could not be written to the journal."""
    failure: OSError | None = None
    """Why they could not be."""

    def sort(self, plan: Plan) -> None:
        """Put the rows into the order of the plan; hosts answer when they are done."""
        names = (cell for group in plan.groups for cell in plan.cell_names(group))
        places = {cell: place for place, cell in enumerate(names)}
        self.rows.sort(key=lambda row: places.get(row.cell, len(places)))


def measure(
    plan: Plan,
    folder: Path,
    progress: bool = True,
    pool: WorkerPool | None = None,
    show_size: Show | None = None,
    spent: Spent | None = None,
    measured: Measured | None = None,
    hosts: HostRun | None = None,
) -> None:
    """Run a plan, and write each row to the journal in `folder` as it comes.

    progress: whether a bar is shown; pool: workers that have been started; show_size: what is
    shown of a model at one of its sizes when its cells are done; spent: what the time of the run is
    added to; measured: what rows are added to; the cells of those that it holds are not run again;
    hosts: other machines, which run the plan in place of this one.
    Raises CertificateError where a truth is contradicted.
    """
    measured = measured or Measured()
    sizes = SizeRows(plan)
    for row in measured.rows:
        sizes.completed_by(row)
    sampled_before = {question_of(row) for row in measured.rows if row.samples_s}
    remaining = plan.without(row.cell for row in measured.rows)
    with (
        Journal(folder / JOURNAL) as journal,
        progress_bar(remaining.total, progress) as bar,
    ):

        def keep(row: Row) -> None:
            if row.samples_s and question_of(row) in sampled_before:
                row = replace(row, flags="; ".join(filter(None, [row.flags, APART])))
            measured.rows.append(row)
            journal.append(row)
            bar.advance()
            raise_if_received()
            rows = sizes.completed_by(row)
            if rows and show_size is not None:
                bar.aside(partial(show_size, rows))

        try:
            if hosts is None:
                run_plan(remaining, folder / LOGS, keep, bar.describe, pool, spent)
            else:
                hosts.run(remaining, keep, bar.describe, spent or Spent())
        finally:
            journal.write_waiting()
            measured.sort(plan)
            measured.unwritten, measured.failure = journal.unwritten, journal.failure


def question_of(row: Row) -> tuple[str, str, str, str, int]:
    """Return what the cells have in common that are sampled in turns: model, size and so on."""
    return row.model, row.size, row.dtype, row.operator, row.order


class SizeRows:
    """The rows of each model at each of its own sizes, as they come."""

    def __init__(self, plan: Plan) -> None:
        self._missing: Counter[tuple[str, str]] = Counter()
        for group in plan.groups:
            if _is_ordinary(group):
                self._missing[group.question.model, group.question.size] += len(plan.cells(group))
        self._rows: dict[tuple[str, str], list[Row]] = {key: [] for key in self._missing}

    def completed_by(self, row: Row) -> list[Row]:
        """Take a row, and return those of its model and size where it was the last of them."""
        key = (row.model, row.size)
        if row.swept or row.growth or key not in self._rows:
            return []
        self._rows[key].append(row)
        self._missing[key] -= 1
        return [] if self._missing[key] else self._rows[key]


def _is_ordinary(group: Group) -> bool:
    """Whether a group belongs to no sweep, and to no axis of growth."""
    return not group.swept and not group.growth
