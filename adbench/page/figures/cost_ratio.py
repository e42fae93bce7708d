"""What a gradient costs in times of its function, with intervals, against the bound of theory."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from adbench.page.figure import AnyFigure, Figure, MissingFigure, drawable, largest, smallest
from adbench.page.figures.facets import in_parts, logarithmic
from adbench.page.runs import PageRun
from adbench.reporting.answer import gradients, measured_by
from adbench.reporting.growth import GRADIENT_BOUND, titled
from adbench.reporting.units import two_digits

NAME, TITLE = "cost-ratio", "What a gradient costs"

WITHIN, ABOVE = f"at most {GRADIENT_BOUND}", f"above {GRADIENT_BOUND}"


def figure(run: PageRun) -> AnyFigure:
    """Return the cost ratio of the gradient in reverse mode for each question and backend."""
    rows = titled(gradients(run.frame))
    rows = rows[rows["cost_ratio_low"] > 0]
    if rows.empty:
        return MissingFigure(NAME, TITLE, f"No gradient was timed: {measured_by('gradient')}")
    is_within = rows["cost_ratio"] <= GRADIENT_BOUND
    data = pd.DataFrame(
        {
            "part": rows["title"] + " " + rows["size"],
            "backend": rows["backend"],
            "ratio": rows["cost_ratio"],
            "low": rows["cost_ratio_low"],
            "high": rows["cost_ratio_high"],
            "cost": is_within.map({True: WITHIN, False: ABOVE}),
        }
    )
    drawn, note = drawable(data)
    return Figure(NAME, TITLE, _caption(data), drawn, _chart(drawn), note)


def _caption(data: pd.DataFrame) -> str:
    within = int((data["cost"] == WITHIN).sum())
    least = smallest(data, "ratio")
    most = largest(data, "ratio")
    return (
        f"Time of the gradient in reverse mode / time of the function, with its 95 % interval. By "
        f"operation counts it is at most {GRADIENT_BOUND} (the dashed line; Griewank and Walther, "
        f"2008, chapter 4): {within} of {len(data)} measurements are, from "
        f"{two_digits(least['ratio'])} ({least['backend']}, {least['part']}) to "
        f"{two_digits(most['ratio'])} ({most['backend']}, {most['part']})."
    )


def _chart(data: pd.DataFrame) -> dict[str, Any]:
    """A point with its interval for each backend, and the bound as a line."""
    order = list(dict.fromkeys(data["backend"]))
    extent = pd.concat([data["low"], data["high"], pd.Series([float(GRADIENT_BOUND)])])
    across = logarithmic(extent, "gradient / function", "~g")
    x = alt.X("ratio:Q", **across)
    y = alt.Y("backend:N", title=None, sort=order)
    colours = alt.Scale(domain=[WITHIN, ABOVE], range=["#1a9367", "#d9720b"])
    shapes = alt.Scale(domain=[WITHIN, ABOVE], range=["circle", "triangle-up"])
    base = alt.Chart().properties(width=200, height=alt.Step(18))
    intervals = base.mark_rule().encode(x=alt.X("low:Q", **across), x2="high:Q", y=y)
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=x,
        y=y,
        color=alt.Color("cost:N", title="cost", scale=colours),
        shape=alt.Shape("cost:N", title="cost", scale=shapes),
        tooltip=["part:N", "backend:N", "ratio:Q", "low:Q", "high:Q"],
    )
    bound = base.mark_rule(strokeDash=[5, 4], aria=False).encode(x=alt.datum(GRADIENT_BOUND))
    return in_parts([bound, intervals, points], data)
