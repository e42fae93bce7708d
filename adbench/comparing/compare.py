"""The comparison itself: a plan is run, and everything that comes of it written to a folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from adbench.cases.user_file import FileChanged
from adbench.comparing.earlier import EarlierPart
from adbench.comparing.folder import ENVIRONMENT, EXPECTED, ISSUES, REPORT
from adbench.comparing.kept_plan import PLAN, KeptPlan
from adbench.comparing.measure import LOGS, Measured, Show, measure
from adbench.comparing.outputs import write_results, write_steps
from adbench.comparing.page import named_run, page_of, write_page
from adbench.comparing.report import (
    ComparisonReport,
    closing_sentences,
    make_report,
    silent_in,
    with_steps,
)
from adbench.planning.plan import Plan
from adbench.reporting.progress import progress_bar
from adbench.reporting.summary import summary_of
from adbench.results import frames
from adbench.results.exit_status import ExitStatus
from adbench.results.expected import NONE, Expectations, Expected, without
from adbench.results.files import OutputFiles
from adbench.results.journal import JOURNAL
from adbench.results.row import FAILURES, TRUTH_FAILED, Outcome, Row, Verdict
from adbench.running import stopping
from adbench.running.environment import describe
from adbench.running.hosts import HostRun, HostsLost, describe_hosts
from adbench.running.spent import Spent
from adbench.running.step_sweeps import StepResults
from adbench.running.step_sweeps import subjects as step_subjects
from adbench.running.step_sweeps import sweep as sweep_steps
from adbench.running.worker_pool import WorkerPool, worker_pool
from adbench.step_sweep import rows as step_rows
from adbench.truth.certificate import CertificateError

Say = Callable[[str], None]
"""What puts a line on the screen."""


Stop = KeyboardInterrupt | CertificateError | FileChanged | HostsLost
"""What stops a run early: Ctrl-C, a truth that was not certified, a file of the user's that was
changed, the loss of all hosts."""


@dataclass(frozen=True)
class Comparison:
    """What came of a plan, to its end or to where it was stopped."""

    table: pd.DataFrame
    """One row a cell that was measured."""

    rows: tuple[Row, ...]
    """The same as they were measured."""

    steps: pd.DataFrame
    """The step sweep, as far as it was made."""

    report: ComparisonReport
    """What is shown of it."""

    stopped_by: Stop | None
    """What stopped it early."""

    unwritten: str = ""
    """What could not be written and why, in a sentence; "" where all was."""

    page_obstacle: str = ""
    """Why there is no page, in a sentence; "" where there is one or the run was stopped."""

    shortcomings: tuple[str, ...] = ()
    """What was named and was asked or answered nothing, in sentences."""

    expected: Expected = NONE
    """The cells that failed as was declared."""

    @property
    def exit_status(self) -> ExitStatus:
        """What the command `run` ends with."""
        if isinstance(self.stopped_by, KeyboardInterrupt):
            return stopping.exit_status(self.stopped_by)
        if isinstance(self.stopped_by, CertificateError):
            return ExitStatus.TRUTH_BROKEN
        if isinstance(self.stopped_by, HostsLost):
            return ExitStatus.NOT_RUN
        if self.stopped_by is not None:
            return ExitStatus.BAD_USAGE
        status = _status_of(without(self.rows, self.expected))
        is_incomplete = self.shortcomings or self.unwritten or self.expected.fails_gate
        if status is ExitStatus.ALL_RIGHT and is_incomplete:
            return ExitStatus.NOT_RUN
        return status


def _status_of(rows: Sequence[Row]) -> ExitStatus:
    """How a run ends that has these rows, as far as these tell."""
    if any(row.verdict is Verdict.WRONG for row in rows):
        return ExitStatus.WRONG
    if any(row.outcome is Outcome.UNUSABLE for row in rows):
        return ExitStatus.BAD_USAGE
    if any(row.outcome in FAILURES or row.truth == TRUTH_FAILED for row in rows):
        return ExitStatus.NOT_RUN
    return ExitStatus.ALL_RIGHT


def compare(
    plan: Plan,
    folder: Path,
    progress: bool = True,
    say: Say | None = None,
    kept: KeptPlan | None = None,
    earlier: EarlierPart | None = None,
    hosts: HostRun | None = None,
    expectations: Expectations | None = None,
) -> Comparison:
    """Run a plan, and write its environment, journal, tables and report to `folder`, which exists.

    Where it is stopped by Ctrl-C, another signal, a truth that is not certified or a change of a
    user's file, what was measured before is written and returned all the same; a signal that comes
    meanwhile waits. progress: whether a bar is shown; say: called with a line on each model at each
    size, as soon as its cells are done; kept: the plan as the folder keeps it; earlier: what there
    is of the run already; hosts: other machines, which run the plan in place of this one;
    expectations: the failures that were declared. What cannot be written, as on a full disk, stops
    nothing: `unwritten` of the comparison says what it is.
    """
    files = OutputFiles(folder)
    if kept is not None:
        files.write_text(PLAN, kept.to_json())  # first, since without it nobody can go on
    environment = _environment(plan, earlier)
    _write_environment(environment, files)
    spent = Spent()
    measured = Measured() if earlier is None else Measured(list(earlier.rows))
    stopped_by: Stop | None = None
    with worker_pool(plan.settings, folder / LOGS) as workers:
        try:
            show = _said_by_size(say)
            measure(plan, folder, progress, workers, show, spent, measured, hosts)
        except (KeyboardInterrupt, CertificateError, FileChanged, HostsLost) as error:
            stopped_by = error
        environment |= describe_hosts(hosts)
        spent = _of_all_parts(spent, earlier)
        environment["spent"] = spent.describe()
        expected = _declared(expectations, plan, measured.rows, environment)
        with stopping.signals_held_back():
            _write_environment(environment, files)
            comparison = _written(plan, files, environment, spent, measured, stopped_by)
            comparison = replace(comparison, expected=expected)
        if comparison.stopped_by is None and step_subjects(plan):
            # What was measured is on the disk before functions are called at other points.
            comparison = _with_steps(comparison, plan, workers, progress)
            _write_steps(comparison, environment, files)
    if comparison.stopped_by is None:
        comparison = _with_page(comparison, folder, files, environment, kept)
    return replace(comparison, unwritten=files.sentence(_remedy(folder, measured)))


def _remedy(folder: Path, measured: Measured) -> str:
    """What to do about files that could not be written."""
    if measured.failure is not None:
        return f"once there is room, `adbench run --resume {folder}` measures what is missing"
    return f"once there is room, `adbench report {folder}` writes them"


def _said_by_size(say: Say | None) -> Show | None:
    """What says how the cells of a model at a size have ended."""
    if say is None:
        return None

    def say_size(rows: Sequence[Row]) -> None:
        say(f"{rows[0].model} {rows[0].size}: {summary_of(rows)}")

    return say_size


def _written(
    plan: Plan,
    files: OutputFiles,
    environment: Mapping[str, Any],
    spent: Spent,
    measured: Measured,
    stopped_by: Stop | None,
) -> Comparison:
    """Write the tables and the report of what was measured, and return them."""
    table = frames.frame(measured.rows)
    steps = step_rows.frame([])
    shortcomings = (*plan.unasked, *silent_in(table))
    left_out = (*environment.get(EXPECTED, ()), *plan.orders_left_out, *shortcomings)
    closing = closing_sentences(left_out, spent, environment, table)
    report = make_report(table, steps, plan.left_out, closing)
    if measured.failure is not None:
        files.failed(f"{measured.unwritten} rows of {JOURNAL}", measured.failure)
    write_results(files, report.to_markdown(environment), table, measured.rows)
    stop = stopped_by or stopping.received()
    return Comparison(table, tuple(measured.rows), steps, report, stop, shortcomings=shortcomings)


def _with_steps(
    comparison: Comparison, plan: Plan, workers: WorkerPool, progress: bool
) -> Comparison:
    """Sweep the steps of differences, and add what comes of it until it is done or stopped."""
    results = StepResults()
    stopped_by: Stop | None = None
    try:
        with progress_bar(len(step_subjects(plan)), progress) as bar:
            sweep_steps(plan, workers, results, bar.describe, bar.advance)
    except (KeyboardInterrupt, CertificateError, FileChanged) as error:
        stopped_by = error
    steps = step_rows.frame(results.rows)
    report = with_steps(comparison.report, steps, results.missing)
    return replace(comparison, steps=steps, report=report, stopped_by=stopped_by)


def _write_steps(
    comparison: Comparison, environment: Mapping[str, Any], files: OutputFiles
) -> None:
    """Write the report with what came of the step sweep, and that itself where it is whole."""
    with stopping.signals_held_back():
        files.write_text(REPORT, comparison.report.to_markdown(environment))
        if comparison.stopped_by is None:
            write_steps(files, comparison.steps)


def _with_page(
    comparison: Comparison,
    folder: Path,
    files: OutputFiles,
    environment: Mapping[str, Any],
    kept: KeptPlan | None,
) -> Comparison:
    """Write the page of a run that came to its end, unless it is stopped meanwhile."""
    run = named_run(
        folder, comparison.table, comparison.steps, environment, kept, comparison.report.closing
    )
    try:
        obstacle = write_page(files, page_of(run, comparison.rows))
    except KeyboardInterrupt as error:
        return replace(comparison, stopped_by=error)
    return replace(comparison, page_obstacle=obstacle)


def _of_all_parts(spent: Spent, earlier: EarlierPart | None) -> Spent:
    """The time of this part of a run and of what there was of it before."""
    return spent if earlier is None else spent.plus(earlier.spent)


def _declared(
    expectations: Expectations | None,
    plan: Plan,
    rows: Sequence[Row],
    environment: dict[str, Any],
) -> Expected:
    """Return what became of declared failures.

    What is to be said of them, and where they are tracked, is added to an environment. A shard does
    not know what became of the cells of others.
    """
    if expectations is None:
        return NONE
    expected = expectations.meet(rows)
    if plan.part is not None:
        expected = replace(expected, vanished=(), unasked=())
    if expected.notes:
        environment[EXPECTED] = list(expected.notes)
    for row, expectation in expected.rows:
        of_model = environment.setdefault(ISSUES, {}).setdefault(row.model, {})
        of_model[row.backend] = expectation.link
    return expected


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
        files=dict(plan.files),
        unasked=list(plan.unasked),
    )
    known_issues = {
        group.source.model.name: dict(group.source.model.known_issues)
        for group in plan.groups
        if group.source.model.known_issues
    }
    if known_issues:
        environment[ISSUES] = known_issues
    if earlier is not None:
        resumed = [*earlier.resumed, environment["created"]]
        environment |= {"created": earlier.created or resumed[0], "resumed": resumed}
        environment["command"] = earlier.command or environment["command"]
    return environment
