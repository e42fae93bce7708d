"""What is shown of a run of the atlas: the answer on one screen, all of it, or JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from adbench.atlas import operation_tables, tables
from adbench.atlas.bugs import BUGS
from adbench.atlas.operation_row import OPERATION_ROWS, OperationRow
from adbench.atlas.operation_run import OperationRun
from adbench.atlas.row import CORNER_ROWS, CornerRow
from adbench.atlas.run import CornerRun
from adbench.reporting import render
from adbench.reporting.units import counted
from adbench.results.exit_status import ExitStatus
from adbench.results.records import Records


def show_corners(run: CornerRun, detail: str, out: Path | None) -> None:
    """Print what came of a run.

    detail: "answer", "tables", "quiet" or "json"; out: the folder that the rows were written to.
    """
    if detail == "json":
        print(to_json(run))
        return
    screen = Console()
    if detail == "tables":
        render.to_screen(tables.cases(run.rows), screen)
    if detail != "quiet":
        render.to_screen(tables.words(run.rows), screen)
        render.to_screen(tables.conventions(run.rows, all_corners=detail == "tables"), screen)
    if detail == "tables":
        render.to_screen(tables.wrong(run.rows), screen)
        render.to_screen(tables.bugs(run.frameworks), screen)
    for sentence in closing(run, out):
        render.say(screen, sentence)


def closing(run: CornerRun, out: Path | None) -> list[str]:
    """Return how much was asked and what is wrong, in sentences."""
    sentences = [tables.summary(run.rows)]
    known = sum(bug.framework in run.frameworks for bug in BUGS)
    if known:
        sentences.append(
            f"Known of these frameworks, with code that shows it: {counted(known, 'defect')}."
        )
    sentences.append("--tables lists every case, what is wrong and the known defects.")
    return [*sentences, *_places(out, CORNER_ROWS)]


def show_operations(run: OperationRun, detail: str, out: Path | None) -> None:
    """Print what came of a run over operations, as `show_corners` does."""
    if detail == "json":
        print(_document(operation_tables.summary(run.rows), run.exit_status, run.rows))
        return
    screen = Console()
    if detail == "tables":
        render.to_screen(operation_tables.matrix(run.rows), screen)
        render.to_screen(operation_tables.wrong(run.rows), screen)
    if detail != "quiet":
        render.to_screen(operation_tables.summary_table(run.rows), screen)
    render.say(screen, operation_tables.summary(run.rows))
    for sentence in _places(out, OPERATION_ROWS):
        render.say(screen, sentence)


def _places(out: Path | None, records: Records) -> list[str]:
    """Where the rows were written, in a sentence; none where they were not."""
    if out is None:
        return []
    return [f"All of it is in {out / records.parquet} and {records.csv}."]


def to_json(run: CornerRun) -> str:
    """Return a run as one JSON object."""
    return _document(tables.summary(run.rows), run.exit_status, run.rows)


def _document(summary: str, status: ExitStatus, rows: Sequence[CornerRow | OperationRow]) -> str:
    answers = [{name: _json_value(value) for name, value in asdict(row).items()} for row in rows]
    document = {"summary": summary, "exit_status": status, "answers": answers}
    return json.dumps(document, indent=2, allow_nan=False)


def _json_value(value: Any) -> Any:
    """A number that JSON cannot write as a string."""
    is_writable = not isinstance(value, float) or math.isfinite(value)
    return value if is_writable else str(value)
