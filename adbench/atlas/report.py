"""What is shown of a run of the atlas: the answer on one screen, all of it, or JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from adbench.atlas import tables
from adbench.atlas.bugs import BUGS
from adbench.atlas.row import CORNER_ROWS
from adbench.atlas.run import AtlasRun
from adbench.reporting import render


def show_corners(run: AtlasRun, detail: str, out: Path | None) -> None:
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


def closing(run: AtlasRun, out: Path | None) -> list[str]:
    """Return how much was asked and what is wrong, in sentences."""
    sentences = [tables.summary(run.rows)]
    known = sum(bug.framework in run.frameworks for bug in BUGS)
    sentences.append(
        f"{known} defects of these frameworks are known, with code that shows them; --tables lists "
        "them, every case and what is wrong."
    )
    if out is not None:
        sentences.append(f"All of it is in {out / CORNER_ROWS.parquet} and {CORNER_ROWS.csv}.")
    return sentences


def to_json(run: AtlasRun) -> str:
    """Return a run as one JSON object."""
    document = {
        "summary": tables.summary(run.rows),
        "exit_status": run.exit_status,
        "answers": [asdict(row) for row in run.rows],
    }
    return json.dumps(document, indent=2, allow_nan=False)
