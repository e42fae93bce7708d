"""Running a plan with a journal and a progress bar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from adbench.reporting.progress import progress_bar
from adbench.results import frames
from adbench.results.journal import Journal
from adbench.results.row import Row
from adbench.running.plan import Group, Plan
from adbench.running.runner import run as run_plan
from adbench.running.spent import Spent
from adbench.running.worker_pool import WorkerPool

LOGS = "logs"
"""The folder of what workers print, within that of a run."""


Show = Callable[[Sequence[Row]], None]
"""Called with the rows of a model as soon as all are there that its first table is made of."""


def measure(
    plan: Plan,
    folder: Path,
    progress: bool = True,
    pool: WorkerPool | None = None,
    show_model: Show | None = None,
    spent: Spent | None = None,
) -> None:
    """Run a plan, and write each row to the journal in `folder` as it comes.

    progress: whether a bar is shown; pool: workers that have been started; show_model: what is
    shown of a model when its cells at its own sizes are done; spent: what the time of the run is
    added to. Raises CertificateError where a truth is contradicted.
    """
    models = ModelRows(plan)
    with (
        Journal(folder / frames.JOURNAL) as journal,
        progress_bar(plan.total, progress) as bar,
    ):

        def keep(row: Row) -> None:
            journal.append(row)
            bar.advance()
            rows = models.completed_by(row)
            if rows and show_model is not None:
                bar.aside(partial(show_model, rows))

        run_plan(plan, folder / LOGS, keep, bar.describe, pool, spent)


class ModelRows:
    """The rows of each model at its own sizes, as they come."""

    def __init__(self, plan: Plan) -> None:
        self._missing: Counter[str] = Counter()
        for group in plan.groups:
            if _is_ordinary(group):
                self._missing[group.source.model.name] += len(plan.cells(group))
        self._rows: dict[str, list[Row]] = {name: [] for name in self._missing}

    def completed_by(self, row: Row) -> list[Row]:
        """Take a row, and return those of its model where it was the last; nothing otherwise."""
        if row.swept or row.growth or row.model not in self._rows:
            return []
        rows = self._rows[row.model]
        rows.append(row)
        self._missing[row.model] -= 1
        return [] if self._missing[row.model] else rows


def _is_ordinary(group: Group) -> bool:
    """Whether a group belongs to no sweep, and to no axis of growth."""
    return not group.swept and not group.growth
