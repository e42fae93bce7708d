"""What is paid when: building and staging, the first call, and every later one."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from adbench.page.figure import MOST_PARTS, AnyFigure, Figure, MissingFigure, largest
from adbench.page.figures.facets import in_parts, logarithmic
from adbench.page.figures.questions import NOTHING_TIMED, compared, left_out
from adbench.page.runs import PageRun
from adbench.reporting.break_even import CallCosts
from adbench.reporting.units import time

NAME, TITLE = "stagings", "What is paid when"

PHASES = ("prepare", "first call", "later call")
"""The phases in the order of time."""


def figure(run: PageRun) -> AnyFigure:
    """Return the time of each phase for the questions on which stagings are compared."""
    questions = [*compared(run.frame)]
    drawn = questions[:MOST_PARTS]
    records = [record for title, costs in drawn for record in _records(title, costs)]
    data = pd.DataFrame(records, columns=["part", "backend", "phase", "seconds", "low", "high"])
    if data.empty:
        return MissingFigure(NAME, TITLE, NOTHING_TIMED)
    return Figure(NAME, TITLE, _caption(data), data, _chart(data), left_out(len(questions)))


def _records(title: str, costs: list[CallCosts]) -> list[dict[str, Any]]:
    """The times of every backend, without those that are 0 or were not measured."""
    records = []
    for staging in costs:
        seconds = (staging.prepare_s, staging.first_s, staging.steady_s)
        for phase, time_s in zip(PHASES, seconds, strict=True):
            record: dict[str, Any] = {"part": title, "backend": staging.backend, "phase": phase}
            record |= {"seconds": time_s, "low": time_s, "high": time_s}
            if phase == PHASES[-1]:
                record |= {"low": staging.steady_low_s, "high": staging.steady_high_s}
            if time_s > 0:
                records.append(record)
    return records


def _caption(data: pd.DataFrame) -> str:
    is_start = data["phase"] != PHASES[-1]
    subject = ["part", "backend"]
    starts = data[is_start].groupby(subject, sort=False, as_index=False).agg({"seconds": "sum"})
    caption = (
        "Time to build and stage the call, of the first call, and of a later one (the median, with "
        "its 95 % interval)."
    )
    if starts.empty:
        return caption
    longest = largest(starts, "seconds")
    caption += (
        f" The longest start is that of {longest['backend']} ({longest['part']}): "
        f"{time(longest['seconds'])}"
    )
    is_it = (data["part"] == longest["part"]) & (data["backend"] == longest["backend"])
    steady = data.loc[is_it & ~is_start, "seconds"]
    if len(steady):
        calls = longest["seconds"] / steady.iloc[0]
        caption += f", as long as {calls:,.0f} of its later calls"
    return f"{caption}."


def _chart(data: pd.DataFrame) -> dict[str, Any]:
    """A mark for each phase, one line a backend."""
    order = list(dict.fromkeys(data["backend"]))
    y = alt.Y("backend:N", title=None, sort=order)
    across = logarithmic(pd.concat([data["low"], data["high"]]), "time of one call (s)")
    x = alt.X("seconds:Q", **across)
    colours = alt.Scale(domain=list(PHASES), range=["#d9720b", "#8468d0", "#2f83cc"])
    shapes = alt.Scale(domain=list(PHASES), range=["square", "diamond", "circle"])
    base = alt.Chart().properties(width=200, height=alt.Step(18))
    intervals = base.mark_rule().encode(x=alt.X("low:Q", **across), x2="high:Q", y=y)
    points = base.mark_point(filled=True, size=65, opacity=1).encode(
        x=x,
        y=y,
        color=alt.Color("phase:N", scale=colours),
        shape=alt.Shape("phase:N", scale=shapes),
        tooltip=["part:N", "backend:N", "phase:N", "seconds:Q"],
    )
    return in_parts([intervals, points], data)
