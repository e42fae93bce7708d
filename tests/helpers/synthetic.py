"""Runs that are made up: as many cells as wanted, from the example run under other names."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adbench.changes.recorded_run import read_environment
from adbench.page.runs import PageRun
from adbench.results import frames
from adbench.results.row import Row
from adbench.step_sweep import rows as step_rows

EXAMPLE = Path(__file__).parents[2] / "reports" / "example"

TIMES = ("median_s", "ci_low_s", "ci_high_s", "prepare_s", "first_s")


def many_cells(count: int, seed: int = 0) -> pd.DataFrame:
    """So many cells: those of the example again and again, each time as other models."""
    example = frames.load(EXAMPLE)
    copies = []
    for copy in range(-(-count // len(example))):
        factor = np.random.default_rng(seed + copy).uniform(0.8, 1.25, len(example))
        renamed = example.assign(model=example["model"] + f"-{copy}")
        copies.append(renamed.assign(**{name: example[name] * factor for name in TIMES}))
    return pd.concat(copies, ignore_index=True).head(count)


def page_run(frame: pd.DataFrame, **parts: Any) -> PageRun:
    """A run with these rows, and else with what the example has."""
    known: dict[str, Any] = {
        "title": "adbench: made up",
        "frame": frame,
        "steps": step_rows.load(EXAMPLE),
        "environments": {"made up": read_environment(EXAMPLE)},
    }
    return PageRun(**(known | parts))


def write_run(folder: Path, frame: pd.DataFrame, **environment: Any) -> Path:
    """Write the folder of a run with these rows, but for its plan; return it."""
    folder.mkdir()
    known = read_environment(EXAMPLE) | {"cells": len(frame)} | environment
    (folder / "environment.json").write_text(json.dumps(known))
    for name in (step_rows.PARQUET, step_rows.CSV):
        shutil.copy(EXAMPLE / name, folder / name)
    with (folder / frames.JOURNAL).open("w", encoding="utf-8") as journal:
        for record in frame.to_dict("records"):
            row = Row(**{name: _plain(value) for name, value in record.items()})
            journal.write(json.dumps(row.to_json()) + "\n")
    return folder


def _plain(value: Any) -> Any:
    return None if value is pd.NA else value


HOSTILE = (
    "</script><script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    '"><svg onload=window.hit=1>',
    "' onfocus='window.hit=1' autofocus='",
    '=HYPERLINK("http://example.com","x")',
    "+cmd|' /C calc'!A0",
    "{{ 7*7 }}{% raise %}",
    "[x](javascript:window.hit=1)",
    "<!-- --><style>*{display:none}</style>",
    "| a | b |\n|---|\n`code`",
    "\x1b[31mred\u202ereversed",
)
"""Names and messages that some output would take for its own syntax."""


def hostile_cells() -> pd.DataFrame:
    """The cells of the example, with hostile names of models, sizes and backends, and messages."""
    example = frames.load(EXAMPLE)
    names = {
        column: dict(zip(dict.fromkeys(example[column]), HOSTILE * 20, strict=False))
        for column in ("model", "size", "backend", "memory_method")
    }
    renamed = {
        column: example[column].map(lambda name, of=mapping: f"{of[name]} {name}")
        for column, mapping in names.items()
        if column != "size"
    }
    messages = [HOSTILE[position % len(HOSTILE)] for position in range(len(example))]
    renamed["message"] = pd.Series(messages, index=example.index)
    verdicts = example["verdict"].mask(example.index % 50 == 0, "wrong")
    changed = example.assign(**renamed, verdict=verdicts)
    records = [
        Row(**{name: _plain(value) for name, value in record.items()})
        for record in changed.to_dict("records")
    ]
    return frames.frame(records)
