"""The page of two runs compared: the headline, a figure of the times, and the tables."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from adbench.changes import report
from adbench.changes.changes import Changes, TimeChange
from adbench.page.build import render
from adbench.page.cells import page_table
from adbench.page.figure import AnyFigure, Figure, MissingFigure, drawable
from adbench.page.figures.facets import in_parts, logarithmic

NAME, TITLE = "times", "Time after / time before"

STYLES = {
    str(TimeChange.SLOWER): ("#d9720b", "triangle-right"),
    str(TimeChange.FASTER): ("#1a9367", "triangle-left"),
    str(TimeChange.EQUAL): ("#2f83cc", "circle"),
    str(TimeChange.NOT_TOLD): ("#8d929c", "cross"),
    str(TimeChange.NOT_JUDGED): ("#8d929c", "cross"),
}
"""The colour and the shape of each change of a time."""


def changes_page(changes: Changes) -> str:
    """Return the page of two runs compared."""
    before, after = (folder.resolve().name for folder in (changes.before, changes.after))
    headline, *sentences = report.sentences(changes)
    tables = [
        page_table(f"table-{position}", table)
        for position, table in enumerate([*report.tables(changes)])
    ]
    times = report.all_times(changes)
    contents = [("answer", "The answer"), (NAME, TITLE)]
    contents += [(table.name, table.title) for table in tables]
    if times is not None:
        contents.append(("cells", times.title))
    return render(
        "changes.html",
        f"adbench: from {before} to {after}",
        contents,
        [figure(changes)],
        headline=headline,
        sentences=sentences,
        tables=tables,
        cells=None if times is None else page_table("cells", times),
    )


def figure(changes: Changes) -> AnyFigure:
    """Return the ratio of the times of every cell that both runs timed, by backend."""
    cells = changes.cells[changes.cells["measured_ratio"] > 0]
    if cells.empty:
        return MissingFigure(NAME, TITLE, "No cell was timed in both runs.")
    mode = " " + cells["mode"].where(cells["mode"] != "none", "")
    data = pd.DataFrame(
        {
            "part": "all cells",
            "backend": cells["backend"],
            "cell": (cells["model"] + " " + cells["size"] + " " + cells["operator"] + mode),
            "ratio": cells["ratio"].fillna(cells["measured_ratio"]),
            "change": cells["time_change"],
        }
    )
    drawn, note = drawable(data)
    caption = (
        "Each mark is a cell: to the right of 1 it takes longer in the run after. "
        f"{report.headline(changes)}"
    )
    return Figure(NAME, TITLE, caption, drawn, _chart(drawn), note)


def _chart(data: pd.DataFrame) -> dict[str, Any]:
    """A mark for each cell, one line a backend."""
    names = [name for name in STYLES if name in set(data["change"])]
    colours = [STYLES[name][0] for name in names]
    shapes = [STYLES[name][1] for name in names]
    both_ways = pd.concat([data["ratio"], 1 / data["ratio"], pd.Series([0.5, 2.0])])
    across = logarithmic(both_ways, "after / before", "~g")
    base = alt.Chart().properties(width=520, height=alt.Step(22))
    marks = base.mark_point(filled=True, size=55, opacity=0.8).encode(
        x=alt.X("ratio:Q", **across),
        y=alt.Y("backend:N", title=None, sort=list(dict.fromkeys(data["backend"]))),
        color=alt.Color("change:N", scale=alt.Scale(domain=names, range=colours)),
        shape=alt.Shape("change:N", scale=alt.Scale(domain=names, range=shapes)),
        tooltip=["backend:N", "cell:N", "ratio:Q", "change:N"],
    )
    equal = base.mark_rule(strokeDash=[5, 4], aria=False).encode(x=alt.datum(1))
    return in_parts([equal, marks], data)
