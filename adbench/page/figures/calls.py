"""What so many calls cost in all, and from which number on one staging is ahead of another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

import altair as alt
import pandas as pd

from adbench.page.figure import MOST_PARTS, PALETTE, AnyFigure, Figure, MissingFigure, joined
from adbench.page.figures.facets import in_parts, logarithmic
from adbench.page.figures.questions import NOTHING_TIMED, compared, left_out
from adbench.page.runs import PageRun
from adbench.reporting import break_even
from adbench.reporting.break_even import CallCosts

NAME, TITLE = "calls", "When compiling pays"

CALLS = tuple(10**power for power in range(7))
"""The numbers of calls at which the cost in all is drawn."""

DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
"""How lines are dashed, so that two of one colour are told apart."""

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")


def figure(run: PageRun) -> AnyFigure:
    """Return the cost in all over the number of calls, for each question that stagings share."""
    questions = [(title, costs) for title, costs in compared(run.frame) if len(costs) > 1]
    if not questions:
        return MissingFigure(NAME, TITLE, NOTHING_TIMED)
    drawn = questions[:MOST_PARTS]
    data = pd.DataFrame([record for title, costs in drawn for record in _records(title, costs)])
    caption = joined(
        "Building, the first call and all later ones together. A vertical line stands where "
        "another backend begins to cost least in all.",
        *(break_even.sentences(title, costs)[0] for title, costs in drawn),
    )
    return Figure(NAME, TITLE, caption, data, _chart(data), left_out(len(questions)))


def _records(title: str, costs: list[CallCosts]) -> Iterator[dict[str, Any]]:
    """The points of every line, and where another backend takes the lead."""
    for staging in costs:
        for calls in CALLS:
            yield {
                "part": title,
                "kind": "total",
                "backend": staging.backend,
                "calls": calls,
                "seconds": staging.total_s(calls),
            }
    for staging, calls in break_even.cheapest(costs)[1:]:
        if calls <= CALLS[-1]:
            yield {
                "part": title,
                "kind": "ahead from",
                "backend": staging.backend,
                "calls": calls,
                "seconds": staging.total_s(calls),
            }


def _chart(data: pd.DataFrame) -> dict[str, Any]:
    """A line for each backend on logarithmic scales."""
    backends = list(dict.fromkeys(data["backend"]))
    colours = list(islice(cycle(PALETTE), len(backends)))
    shapes = list(islice(cycle(SHAPES), len(backends)))
    dashes = [DASHES[position // len(PALETTE) % len(DASHES)] for position in range(len(backends))]
    x = alt.X("calls:Q", **logarithmic(data["calls"], "calls", "~s"))
    y = alt.Y("seconds:Q", **logarithmic(data["seconds"], "time in all (s)"))
    base = alt.Chart().properties(width=300, height=220)
    totals = base.transform_filter("datum.kind === 'total'")
    colour = alt.Color("backend:N", scale=alt.Scale(domain=backends, range=colours))
    lines = totals.mark_line(strokeWidth=1.5).encode(
        x=x,
        y=y,
        color=colour,
        strokeDash=alt.StrokeDash("backend:N", scale=alt.Scale(domain=backends, range=dashes)),
    )
    points = totals.mark_point(filled=True, size=40, opacity=1).encode(
        x=x,
        y=y,
        color=colour,
        shape=alt.Shape("backend:N", scale=alt.Scale(domain=backends, range=shapes)),
        tooltip=["part:N", "backend:N", "calls:Q", "seconds:Q"],
    )
    crossings = (
        base.transform_filter("datum.kind === 'ahead from'")
        .mark_rule(strokeDash=[4, 4], aria=False)
        .encode(x=x, tooltip=["backend:N", "calls:Q"])
    )
    return in_parts([crossings, lines, points], data, columns=2)
