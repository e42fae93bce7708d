"""The comparison itself: a plan is run, and everything that comes of it written to a folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from adbench.comparing.measure import measure
from adbench.comparing.report import ComparisonReport, make_report
from adbench.planning.plan import Plan
from adbench.reporting import machine
from adbench.reporting.tables import Table, correctness
from adbench.results import frames
from adbench.results.exit_status import ExitStatus
from adbench.results.row import FAILURES, TRUTH_FAILED, Outcome, Row, Verdict
from adbench.running import stopping
from adbench.running.environment import describe
from adbench.running.spent import Spent
from adbench.step_sweep import rows as step_rows
from adbench.step_sweep import run as step_sweep
from adbench.truth.certificate import CertificateError

ShowTable = Callable[[Table], None]
"""What puts a table on the screen."""


@dataclass(frozen=True)
class Comparison:
    """What came of a plan, to its end or to where it was stopped."""

    table: pd.DataFrame
    """One row a cell that was measured."""

    report: ComparisonReport
    """What is shown of it."""

    stopped_by: KeyboardInterrupt | CertificateError | None
    """What stopped it early: Ctrl-C or another signal, or a truth that was not certified."""

    @property
    def exit_status(self) -> ExitStatus:
        """What the command `run` ends with."""
        if isinstance(self.stopped_by, KeyboardInterrupt):
            return stopping.exit_status(self.stopped_by)
        if self.stopped_by is not None:
            return ExitStatus.OWN_FAULT
        if (self.table["verdict"] == str(Verdict.WRONG)).any():
            return ExitStatus.WRONG
        if (self.table["outcome"] == str(Outcome.UNUSABLE)).any():
            return ExitStatus.BAD_USAGE
        if self.table["outcome"].isin([str(outcome) for outcome in FAILURES]).any():
            return ExitStatus.NOT_RUN
        if (self.table["truth"] == TRUTH_FAILED).any():
            return ExitStatus.NOT_RUN
        return ExitStatus.ALL_RIGHT


def compare(
    plan: Plan, folder: Path, progress: bool = True, show: ShowTable | None = None
) -> Comparison:
    """Run a plan, and write its environment, journal, tables and report to `folder`, which exists.

    Where it is stopped by Ctrl-C, another signal or a truth that is not certified, what was
    measured before is written and returned all the same; a signal that comes meanwhile waits.
    progress: whether a bar is shown; show: called with the table
    "Is it right?" of each model at each size, as soon as its cells are done.
    """
    environment = _environment(plan)
    _write_environment(environment, folder)
    spent = Spent()

    notes_shown: set[str] = set()

    def show_size(rows: Sequence[Row]) -> None:
        table = correctness(frames.frame(rows))
        if table is None or show is None:
            return
        note = "" if table.note in notes_shown else table.note
        notes_shown.add(table.note)
        show(replace(table, title=f"{table.title} {rows[0].model} {rows[0].size}", note=note))

    stopped_by: KeyboardInterrupt | CertificateError | None = None
    step_results: list[step_rows.StepRow] = []
    try:
        measure(plan, folder, progress, show_size=show_size, spent=spent)
        step_results = list(step_sweep.run(plan))
    except (KeyboardInterrupt, CertificateError) as error:
        stopped_by = error
    with stopping.signals_held_back():
        table = frames.load(folder)
        steps = step_rows.frame(step_results)
        environment["spent"] = spent.describe()
        _write_environment(environment, folder)
        closing = [*plan.orders_left_out, spent.sentence(), machine.sentence(table)]
        report = make_report(table, steps, plan.left_out, closing)
        frames.write(table, folder)
        frames.write_samples(folder)
        step_rows.write(steps, folder)
        (folder / "report.md").write_text(report.to_markdown(environment), encoding="utf-8")
    return Comparison(table, report, stopped_by or stopping.received())


def _write_environment(environment: dict[str, Any], folder: Path) -> None:
    (folder / "environment.json").write_text(json.dumps(environment, indent=2) + "\n")


def _environment(plan: Plan) -> dict[str, Any]:
    """The machine and its packages, with the settings of a plan."""
    settings = plan.settings
    return describe(
        (*plan.backends, *plan.further_stagings),
        effort=settings.effort.name,
        threads=settings.threads,
        seed=settings.seed,
        timeout_s=settings.timeout_s,
        cells=plan.total,
    )
