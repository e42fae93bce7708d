"""How much of a run a command shows: the answer, all tables, less, or one JSON document."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

import click

from adbench.cases.model import SpecError

if TYPE_CHECKING:
    from rich.console import Console

    from adbench.comparing.report import ComparisonReport
    from adbench.results.exit_status import ExitStatus
    from adbench.results.row import Row


class Detail(Enum):
    """How much is shown."""

    ANSWER = "answer"
    """What a person reads in ten seconds."""
    TABLES = "tables"
    """Every table after it."""
    QUIET = "quiet"
    """How the cells ended and what is wrong, and no progress."""
    JSON = "json"
    """One JSON document, and nothing else on standard output."""


def detail_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options --tables, --quiet and --json, as its argument `detail`."""

    @functools.wraps(command)
    def call_with_detail(*arguments: Any, **options: Any) -> None:
        wanted = [detail for detail in Detail if options.pop(detail.value, False)]
        if len(wanted) > 1:
            names = " and ".join(f"--{detail.value}" for detail in wanted)
            raise SpecError(f"{names} were given; choose one.")
        options["detail"] = wanted[0] if wanted else Detail.ANSWER
        command(*arguments, **options)

    helps = {
        Detail.TABLES: "Show every table, with a line for each question.",
        Detail.QUIET: "Show how the cells ended and what is wrong, and no progress.",
        Detail.JSON: "Show one JSON document, with every cell, and nothing else.",
    }
    decorated: Callable[..., None] = call_with_detail
    for detail, text in reversed(helps.items()):
        decorated = click.option(f"--{detail.value}", is_flag=True, help=text)(decorated)
    return decorated


def show_run(
    report: ComparisonReport,
    rows: Sequence[Row],
    status: ExitStatus,
    detail: Detail,
    screen: Console,
) -> None:
    """Print as much of a run as is wanted.

    status: what the command ends with.
    """
    if detail is Detail.JSON:
        click.echo(_to_json(report, rows, status))
        return
    if detail is Detail.TABLES:
        report.show_tables(screen)
    if detail is not Detail.QUIET:
        report.show_overview(screen)
    report.show_answer(screen)
    if detail is not Detail.QUIET:
        report.show_closing(screen)


def _to_json(report: ComparisonReport, rows: Sequence[Row], status: ExitStatus) -> str:
    """What is known of a run as one JSON object."""
    from adbench.results.document import cells_in_json

    document = {
        "summary": report.summary,
        "exit_status": status,
        "sentences": [*report.sweep_sentences, *report.closing],
        "cells": cells_in_json(rows),
    }
    return json.dumps(document, indent=2, allow_nan=False)
