"""The table of all cells, one row each, to be sorted and filtered."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from adbench.page.cells import MOST_ROWS, PageCell, PageTable, number_to_sort
from adbench.page.matrix import OTHER, SEVERITY, STATES
from adbench.reporting.growth import titled
from adbench.reporting.units import time, two_digits
from adbench.results.row import Outcome

COLUMNS = (
    "model",
    "size",
    "operator",
    "mode",
    "backend",
    "answer",
    "relative error",
    "ulp",
    "time",
    "cost ratio",
    "message",
)


def all_cells(frame: pd.DataFrame) -> PageTable:
    """Return the cells of a run; of too many those with the worst answers."""
    is_answered = frame["outcome"] == str(Outcome.OK)
    states = frame["verdict"].where(is_answered, frame["outcome"])
    rows = titled(frame.assign(state=states))
    note = "Every cell of the run."
    if len(rows) > MOST_ROWS:
        severity = states.map(SEVERITY).fillna(SEVERITY["unresolved"])
        kept = severity.sort_values(kind="stable").index[:MOST_ROWS]
        rows = rows.loc[rows.index.isin(kept)]
        note = (
            f"Thinned: {MOST_ROWS:,} of {len(frame):,} cells are shown, those with the worst "
            "answers first of all; all of them are in results.csv and results.parquet of the run."
        )
    cells = tuple(_row(record) for record in rows.to_dict("records"))
    return PageTable("cells", "All cells", note, COLUMNS, 5, cells, True, len(rows))


def _row(record: dict[Any, Any]) -> tuple[PageCell, ...]:
    operator = record["operator"]
    if operator == "derivative":
        operator = f"derivative {record['order']}"
    state = STATES.get(record["state"], OTHER)
    mode = "" if record["mode"] == "none" else record["mode"]
    texts = (record["title"], record["size"], operator, mode, record["backend"])
    return (
        *map(PageCell, texts),
        PageCell(f"{state.mark} {state.word}"),
        _number(record["relative_error"], f"{record['relative_error']:.1e}"),
        _number(record["max_error_ulp"], two_digits(record["max_error_ulp"])),
        _number(record["median_s"], time(record["median_s"])),
        _number(record["cost_ratio"], two_digits(record["cost_ratio"])),
        PageCell(record["message"]),
    )


def _number(value: float, text: str) -> PageCell:
    return PageCell("" if math.isnan(value) else text, number_to_sort(value))
