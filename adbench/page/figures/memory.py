"""What a pass holds in memory against what is varied, such as the depth of a network."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from adbench.page.figure import AnyFigure, Figure, MissingFigure, drawable, joined
from adbench.page.figures.facets import in_parts, logarithmic
from adbench.page.runs import PageRun
from adbench.reporting import growth

NAME, TITLE = "memory", "Memory against depth"

FIRST_AXIS = "depth"
"""The axis of growth that is drawn where a model has it; else its first one is."""

KINDS = (*growth.PASSES.values(), growth.RECOMPUTING)
"""The passes, as they are called."""


def figure(run: PageRun) -> AnyFigure:
    """Return the peak of memory of each pass, for every backend that was counted."""
    passes = growth.counted_passes(run.frame)
    passes = passes[passes["peak_bytes"].astype(float) > 0]
    if passes.empty:
        sentence = "No memory was counted along a depth: `adbench run layers` counts it."
        return MissingFigure(NAME, TITLE, sentence)
    rows = passes[passes["growth"] == passes.groupby("title")["growth"].transform(_axis)]
    title = rows["title"] + ", "
    if rows["title"].nunique() == 1:
        title = pd.Series("", index=rows.index)
    data = pd.DataFrame(
        {
            "part": title + rows["backend"],
            "pass": rows["pass"],
            "varied": rows["growth"],
            "value": rows["value"],
            "bytes": rows["peak_bytes"].astype(float),
            "counted by": rows["memory_method"],
        }
    )
    drawn, note = drawable(data)
    caption = _caption(rows.loc[drawn.index])
    return Figure(NAME, TITLE, caption, drawn, _chart(drawn), note)


def _axis(axes: pd.Series) -> str:
    """The axis of a model that is drawn."""
    if (axes == FIRST_AXIS).any():
        return FIRST_AXIS
    return str(axes.iloc[0])


def _caption(rows: pd.DataFrame) -> str:
    sentences = [
        f"{backend}: {sentence}"
        for backend, cells in rows.groupby("backend", sort=False)
        for sentence in growth.held(cells)
    ]
    return joined("The most that a call held beyond what was held before it.", *sentences)


def _chart(data: pd.DataFrame) -> dict[str, Any]:
    """A line with marks for each pass, over what is varied."""
    varied = ", ".join(dict.fromkeys(data["varied"]))
    x = alt.X("value:Q", **logarithmic(data["value"], varied, "~g"))
    y = alt.Y("bytes:Q", **logarithmic(data["bytes"], "bytes", "~s"))
    colours = alt.Scale(domain=list(KINDS), range=["#d9720b", "#2f83cc", "#1a9367"])
    shapes = alt.Scale(domain=list(KINDS), range=["triangle-up", "circle", "square"])
    base = alt.Chart().properties(width=170, height=140)
    lines = base.mark_line().encode(x=x, y=y, color=alt.Color("pass:N", scale=colours))
    points = base.mark_point(filled=True, size=55, opacity=1).encode(
        x=x,
        y=y,
        color=alt.Color("pass:N", scale=colours),
        shape=alt.Shape("pass:N", scale=shapes),
        tooltip=["part:N", "pass:N", "value:Q", "bytes:Q"],
    )
    return in_parts([lines, points], data)
