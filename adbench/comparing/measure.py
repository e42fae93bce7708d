"""Running a plan with a journal and a progress bar."""

from __future__ import annotations

from pathlib import Path

from adbench.reporting.progress import progress_bar
from adbench.results import frames
from adbench.results.journal import Journal
from adbench.results.row import Row
from adbench.running.plan import Plan
from adbench.running.runner import run as run_plan
from adbench.running.worker_pool import WorkerPool

LOGS = "logs"
"""The folder of what workers print, within that of a run."""


def measure(
    plan: Plan, folder: Path, progress: bool = True, pool: WorkerPool | None = None
) -> None:
    """Run a plan, and write each row to the journal in `folder` as it comes.

    progress: whether a bar is shown; pool: workers that have been started. Raises CertificateError
    where a truth is contradicted.
    """
    with (
        Journal(folder / frames.JOURNAL) as journal,
        progress_bar(plan.total, progress) as bar,
    ):

        def keep(row: Row) -> None:
            journal.append(row)
            bar.advance()

        run_plan(plan, folder / LOGS, keep, bar.describe, pool)
