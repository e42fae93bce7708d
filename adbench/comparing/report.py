"""What is shown of a comparison: its tables and sentences, on the screen and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from rich.console import Console

from adbench.cases.text import plain_text
from adbench.planning.unasked import silent_backends
from adbench.reporting import (
    answer,
    growth,
    machine,
    overview,
    pull_request,
    render,
    step_tables,
    sweep_claims,
    sweep_tables,
    tables,
)
from adbench.reporting.answer import Answer
from adbench.reporting.summary import summary
from adbench.reporting.table import SWEEP_TITLE, Table
from adbench.results.row import FAILURES, Verdict
from adbench.running.spent import Spent

MOST_FAILURES = 6
"""So many of what is wrong or did not run are named on the first screen."""

LONGEST_FAILURE = 158
"""Characters of each: two lines of a terminal."""

MOST_ROWS = 5_000
"""The tables of a report are made from at most about so many rows."""


@dataclass(frozen=True)
class ComparisonReport:
    """The tables and sentences of one comparison."""

    frame: pd.DataFrame
    """One row a cell."""

    answers: tuple[Answer, ...]
    """What the run says of the questions that people have."""

    tables: tuple[Table, ...]
    """The tables that are shown everywhere."""

    step_curve: Table | None
    """The error of differences over the step, which is written to the file alone."""

    sweep_tables: tuple[Table, ...]
    """The ratios of the sweep and what decides them, which are written to the file alone."""

    sweep_sentences: tuple[str, ...]
    """What the sweep of forward against reverse mode says, for below its table."""

    closing: tuple[str, ...]
    """Where the time of the run went, and whether the machine was steady."""

    summary: str
    """How many cells there are, and how they ended."""

    def show_overview(self, screen: Console) -> None:
        """Print how right every backend is and at what cost, on one screen."""
        table = overview.overview(self.frame, screen.width)
        if table is not None:
            render.to_screen(table, screen)
            screen.print()

    def show_answer(self, screen: Console) -> None:
        """Print how the cells ended, and the first of what is wrong or did not run."""
        render.say(screen, self.summary)
        failures = tables.failures(self.frame)
        for backend, model, question, message in failures[:MOST_FAILURES]:
            text = plain_text(f"✗ {backend} {model} {question}: {message}", LONGEST_FAILURE)
            render.say(screen, text)
        if len(failures) > MOST_FAILURES:
            render.say(screen, f"✗ and {len(failures) - MOST_FAILURES} more, which --tables shows.")

    def show_closing(self, screen: Console) -> None:
        """Print which mode won where, and where the time of the run went."""
        for sentence in (*sweep_claims.in_short(self.frame), *self.closing):
            render.say(screen, sentence)

    def show_tables(self, screen: Console) -> None:
        """Print every table, but for those that are for the file alone."""
        for table in self.tables:
            if table.in_file_alone:
                continue
            render.to_screen(table, screen)
            if table.title != SWEEP_TITLE:
                continue
            for sentence in self.sweep_sentences:
                render.say(screen, f"- {sentence}")

    def to_markdown(self, environment: Mapping[str, Any], changes: Sequence[str] = ()) -> str:
        """Return the report in Markdown, with the environment at its end.

        changes: what changed since an earlier run, in sentences.
        """
        all_tables = [*self.tables, *self.sweep_tables]
        if self.step_curve is not None:
            all_tables.append(self.step_curve)
        summary = [self.summary, *self.closing]
        return pull_request.report(
            self.answers, summary, all_tables, self.sweep_sentences, environment, changes
        )


def make_report(
    table: pd.DataFrame,
    steps: pd.DataFrame,
    left_out: Sequence[str] = (),
    closing: Iterable[str] = (),
) -> ComparisonReport:
    """Return the report of a run's rows and of its step sweep.

    left_out: what the sweep of forward against reverse mode leaves out, in sentences; closing: the
    last sentences.
    """
    shown, thinning = _shown_rows(table)
    sweep_details = [sweep_tables.ratios(shown), sweep_tables.causes(shown)]
    sentences = sweep_claims.sentences(shown)
    report = ComparisonReport(
        frame=table,
        answers=answer.answers(table),
        tables=(*tables.tables(shown), *growth.tables(shown)),
        step_curve=None,
        sweep_tables=tuple(detail for detail in sweep_details if detail is not None),
        sweep_sentences=(*sentences, *left_out) if sentences else (),
        closing=tuple(sentence for sentence in (*closing, thinning) if sentence),
        summary=_summary(table),
    )
    return with_steps(report, steps)


def _summary(table: pd.DataFrame) -> str:
    """How the cells of a run have ended."""
    columns = (table[name] for name in ("outcome", "verdict", "truth"))
    return summary(zip(*columns, strict=True))


def _shown_rows(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The rows that tables are made from, and a sentence where they are not all.

    They are those of whole models, first of all of those with wrong answers and failures.
    """
    if len(table) <= MOST_ROWS:
        return table, ""
    is_bad = (table["verdict"] == str(Verdict.WRONG)) | table["outcome"].isin([*FAILURES])
    models = pd.DataFrame({"bad": is_bad, "rows": 1}).groupby(table["model"], sort=False).sum()
    worst_first = models.sort_values("bad", ascending=False, kind="stable")
    within = worst_first["rows"].cumsum() <= MOST_ROWS
    within.iloc[0] = True
    shown = table[table["model"].isin(within.index[within])]
    return shown, (
        f"Thinned: the tables show {len(shown):,} of {len(table):,} cells, those of "
        f"{int(within.sum())} of {len(models):,} models, with wrong answers and failures first of "
        "all; results.parquet and results.csv have all of them."
    )


def with_steps(
    report: ComparisonReport, steps: pd.DataFrame, missing: Iterable[str] = ()
) -> ComparisonReport:
    """Return a report with the tables of a step sweep.

    missing: what could not be swept, in sentences.
    """
    best_steps = step_tables.best(steps)
    all_tables = report.tables if best_steps is None else (*report.tables, best_steps)
    return replace(
        report,
        tables=all_tables,
        step_curve=step_tables.curve(steps),
        closing=(*report.closing, *missing),
    )


def silent_in(table: pd.DataFrame) -> list[str]:
    """Say which backends of files have answered nothing in a run, by its rows."""
    columns = (table[name] for name in ("backend", "operator", "outcome"))
    return silent_backends(zip(*columns, strict=True))


def closing_sentences(
    orders_left_out: Sequence[str],
    spent: Spent,
    environment: Mapping[str, Any],
    table: pd.DataFrame,
) -> list[str]:
    """Return the last sentences on a run: what it left out, where its time went, how steady it was.

    environment: what the run kept of its environment; table: its rows.
    """
    sentences = [*orders_left_out]
    if spent.wall_s or table.empty:  # else it was killed, and nobody knows
        sentences.append(spent.sentence())
    times = len(environment.get("resumed", ()))
    if times:
        parts = "once" if times == 1 else f"{times} times"
        sentences.append(
            f"The run was stopped and gone on with {parts}; its time is that of the parts that "
            "came to their end."
        )
    return [*sentences, machine.sentence(table)]
