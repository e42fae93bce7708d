"""The error of differences over their step, the V-curve, with the error of AD as a line."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from adbench.page.figure import AnyFigure, Figure, MissingFigure, drawable
from adbench.page.figures.facets import in_parts, logarithmic
from adbench.page.runs import PageRun

NAME, TITLE = "steps", "Against numerical differentiation"

LEAST_ERROR = 1e-17
"""Where an error of 0 is drawn, which has no place on a logarithmic scale."""

METHODS = ("forward", "central")
"""The differences whose step is swept."""


def figure(run: PageRun) -> AnyFigure:
    """Return the error over the step for each subject of the step sweep."""
    rows = run.steps[run.steps["method"].isin([*METHODS, "ad"])]
    rows = rows[rows["relative_error"].notna()]
    if not rows["method"].isin(METHODS).any():
        sentence = (
            "No step of differences was swept: `adbench run` sweeps it at its end, and `adbench "
            "differences` alone."
        )
        return MissingFigure(NAME, TITLE, sentence)
    dtype = rows["dtype"].where(rows["dtype"] != "float64", "")
    data = pd.DataFrame(
        {
            "part": (rows["model"] + " " + rows["size"] + " " + dtype).str.strip(),
            "method": rows["method"].map({"ad": "AD"}).fillna(rows["method"]),
            "step": rows["step"],
            "error": rows["relative_error"].clip(lower=LEAST_ERROR),
        }
    )
    drawn, note = drawable(data)
    return Figure(NAME, TITLE, _caption(data), drawn, _chart(drawn), note)


def _caption(data: pd.DataFrame) -> str:
    differences = data[data["method"].isin(METHODS)]
    best = differences.loc[differences.groupby("part", sort=False)["error"].idxmin()]
    caption = (
        "Relative error of the gradient or Jacobian by differences over their step h: to the right "
        "they are cut off too early, to the left they cancel. "
        f"At its best step a difference errs by {best['error'].min():.1e} to "
        f"{best['error'].max():.1e}"
    )
    exact = data[data["method"] == "AD"]
    if exact.empty:
        return f"{caption}."
    joint = best.merge(exact, on="part", suffixes=("", "_of_ad"))
    worse = int((joint["error"] <= joint["error_of_ad"]).sum())
    caption += f"; AD (the level line) by {exact['error'].min():.1e} to {exact['error'].max():.1e}"
    if worse:
        return f"{caption}, and a difference is as good as AD in {worse} of {len(joint)}."
    factor = (joint["error"] / joint["error_of_ad"]).min()
    return f"{caption}, at least {factor:,.0f} times less in each of {len(joint)}."


def _chart(data: pd.DataFrame) -> dict[str, Any]:
    """Two lines over the step, and the level of AD."""
    x = alt.X("step:Q", **logarithmic(data["step"], "step h"))
    y = alt.Y("error:Q", **logarithmic(data["error"], "relative error"))
    methods = [*METHODS, "AD"]
    colours = alt.Scale(domain=methods, range=["#d9720b", "#8468d0", "#1a9367"])
    dashes = alt.Scale(domain=methods, range=[[1, 0], [6, 3], [2, 2]])
    colour = alt.Color("method:N", scale=colours)
    dash = alt.StrokeDash("method:N", scale=dashes)
    base = alt.Chart().properties(width=200, height=160)
    curves = (
        base.transform_filter("datum.method !== 'AD'")
        .mark_line(strokeWidth=2)
        .encode(x=x, y=y, color=colour, strokeDash=dash, tooltip=[*data.columns])
    )
    level = (
        base.transform_filter("datum.method === 'AD'")
        .mark_rule(strokeWidth=2.5)
        .encode(y=y, color=colour, strokeDash=dash, tooltip=["part:N", "error:Q"])
    )
    return in_parts([curves, level], data)
