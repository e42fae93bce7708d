"""The comparison itself: a plan is run, and everything that comes of it written to a folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from adbench.comparing.earlier import EarlierPart
from adbench.comparing.folder import ENVIRONMENT
from adbench.comparing.kept_plan import PLAN, KeptPlan
from adbench.comparing.measure import Measured, measure
from adbench.comparing.outputs import write_results, write_steps
from adbench.comparing.report import ComparisonReport, closing_sentences, make_report
from adbench.planning.plan import Plan
from adbench.reporting.tables import Table, correctness
from adbench.results import frames
from adbench.results.exit_status import ExitStatus
from adbench.results.files import OutputFiles
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

    unwritten: str = ""
    """What could not be written and why, in a sentence; "" where all was."""

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
        if self.unwritten:
            return ExitStatus.NOT_RUN
        return ExitStatus.ALL_RIGHT


def compare(
    plan: Plan,
    folder: Path,
    progress: bool = True,
    show: ShowTable | None = None,
    kept: KeptPlan | None = None,
    earlier: EarlierPart | None = None,
) -> Comparison:
    """Run a plan, and write its environment, journal, tables and report to `folder`, which exists.

    Where it is stopped by Ctrl-C, another signal or a truth that is not certified, what was
    measured before is written and returned all the same; a signal that comes meanwhile waits.
    progress: whether a bar is shown; show: called with the table "Is it right?" of each model at
    each size, as soon as its cells are done; kept: the plan as the folder keeps it; earlier: what
    there is of the run already. What cannot be written, as on a full disk, stops nothing:
    `unwritten` of the comparison says what it is.
    """
    files = OutputFiles(folder)
    if kept is not None:
        files.write_text(PLAN, kept.to_json())  # first, since without it nobody can go on
    environment = _environment(plan, earlier)
    _write_environment(environment, files)
    spent = Spent()
    measured = Measured() if earlier is None else Measured(list(earlier.rows))

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
        measure(plan, folder, progress, None, show_size, spent, measured)
        step_results = list(step_sweep.run(plan))
    except (KeyboardInterrupt, CertificateError) as error:
        stopped_by = error
    with stopping.signals_held_back():
        table = frames.frame(measured.rows)
        steps = step_rows.frame(step_results)
        if earlier is not None:
            spent = spent.plus(earlier.spent)
        environment["spent"] = spent.describe()
        _write_environment(environment, files)
        closing = closing_sentences(plan.orders_left_out, spent, environment, table)
        report = make_report(table, steps, plan.left_out, closing)
        remedy = f"once there is room, `adbench report {folder}` writes them"
        if measured.failure is not None:
            remedy = f"once there is room, `adbench run --resume {folder}` measures what is missing"
            files.failed(f"{measured.unwritten} rows of {frames.JOURNAL}", measured.failure)
        write_results(files, report.to_markdown(environment), table, measured.rows)
        if stopped_by is None:  # else there is no whole one
            write_steps(files, steps)
    stop = stopped_by or stopping.received()
    return Comparison(table, report, stop, files.sentence(remedy))


def _write_environment(environment: Mapping[str, Any], files: OutputFiles) -> None:
    files.write_text(ENVIRONMENT, json.dumps(environment, indent=2) + "\n")


def _environment(plan: Plan, earlier: EarlierPart | None) -> dict[str, Any]:
    """The machine and its packages, with the settings of a plan."""
    settings = plan.settings
    environment = describe(
        (*plan.backends, *plan.further_stagings),
        effort=settings.effort.name,
        threads=settings.threads,
        seed=settings.seed,
        timeout_s=settings.timeout_s,
        cells=plan.total,
    )
    if earlier is not None:
        resumed = [*earlier.resumed, environment["created"]]
        environment |= {"created": earlier.created or resumed[0], "resumed": resumed}
        environment["command"] = earlier.command or environment["command"]
    return environment
