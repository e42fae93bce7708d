"""The table of times, each row a heat map from its fastest backend to its slowest."""

from __future__ import annotations

import math

import pandas as pd

from adbench.page.cells import MOST_ROWS, PageCell, PageTable, number_to_sort
from adbench.reporting.growth import titled
from adbench.reporting.units import time, two_digits

COLUMNS = ("model", "size", "operator", "mode")

HOTTEST = 5
"""How the slowest backend of a row is coloured; the fastest has 1."""

ALIKE = 1.05
"""Backends whose times differ by less than this factor have one colour."""

NOTE = (
    "Median time of one call, and behind it the cost ratio: time / time of the function alone. "
    "Each row is coloured from its fastest backend, which is marked, to its slowest."
)


def cost_table(frame: pd.DataFrame) -> PageTable | None:
    """Return the times of all questions but those of sweeps and growth; None without any."""
    is_ordinary = ~frame["swept"] & (frame["growth"] == "") & ~frame["stagings"]
    is_timed = (frame["outcome"] == "ok") & frame["median_s"].notna()
    timed = titled(frame[is_ordinary & is_timed])
    if timed.empty:
        return None
    order = timed["operator"] + " " + timed["order"].astype(str)
    timed = timed.assign(
        asked=timed["operator"].where(timed["operator"] != "derivative", order),
        how=timed["mode"].where(timed["mode"] != "none", ""),
    )
    backends = list(dict.fromkeys(timed["backend"]))
    rows: list[tuple[PageCell, ...]] = []
    questions = timed.groupby(["title", "size", "asked", "how"], sort=False)
    for name, cells in questions:
        if len(rows) == MOST_ROWS:
            break
        times = dict(zip(cells["backend"], cells["median_s"], strict=True))
        ratios = dict(zip(cells["backend"], cells["cost_ratio"], strict=True))
        keys = tuple(PageCell(str(key)) for key in name)
        rows.append((*keys, *(_cell(backend, times, ratios) for backend in backends)))
    columns = (*COLUMNS, *backends)
    return PageTable(
        name="costs",
        title="What every call costs",
        note=NOTE,
        columns=columns,
        keys=len(COLUMNS),
        rows=tuple(rows),
        total=len(questions),
    )


def _cell(backend: str, times: dict[str, float], ratios: dict[str, float]) -> PageCell:
    """The time of a backend, coloured by its place between the fastest and the slowest."""
    if backend not in times:
        return PageCell("–", sort=number_to_sort(math.nan))
    seconds = times[backend]
    text = time(seconds)
    if not math.isnan(ratios[backend]):
        text += f" ×{two_digits(ratios[backend])}"
    fastest, slowest = min(times.values()), max(times.values())
    remark = "fastest" if seconds == fastest and len(times) > 1 else ""
    return PageCell(text, number_to_sort(seconds), _heat(seconds, fastest, slowest), remark)


def _heat(seconds: float, fastest: float, slowest: float) -> int:
    """How a time is coloured, on a logarithmic scale between the ends of its row."""
    if fastest <= 0 or slowest < ALIKE * fastest:
        return 0
    share = math.log(seconds / fastest) / math.log(slowest / fastest)
    return 1 + round((HOTTEST - 1) * share)
