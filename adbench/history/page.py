"""The page of a store: what changed, the trends of each model by backend, steps and runs."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from adbench.changes import report as changes_report
from adbench.history import report
from adbench.history.trends import Trends, cell_name
from adbench.page.build import render
from adbench.page.cells import page_table
from adbench.page.figure import (
    MOST_MARKS,
    AnyFigure,
    Figure,
    MissingFigure,
    first_parts,
    joined,
    thinned,
)
from adbench.page.figures.facets import in_parts, logarithmic
from adbench.reporting.table import Table
from adbench.results.frames import CELL

MOST_MODELS = 12
"""The trends of so many models are drawn, those with steps first."""

MOST_TICKS = 8
"""So many runs are marked on an axis at most, and one."""

MOST_LINES = 6
"""So many cells of a model are drawn for each backend, those with steps first."""


def history_page(trends: Trends, since: int | None) -> str:
    """Return the page. since: the place of the run that the latest is compared with."""
    figures = _figures(trends)
    tables = [
        page_table(f"table-{position}", table) for position, table in enumerate(_tables(trends))
    ]
    contents = [("answer", "The answer")]
    contents += [(figure.name, figure.title) for figure in figures]
    contents += [(table.name, table.title) for table in tables]
    headline, *sentences = [
        *report.store_lines(trends.store),
        *report.since_lines(trends, since),
        _thinned_models(trends.series),
    ]
    return render(
        "changes.html",
        "adbench: history",
        contents,
        figures,
        headline=headline,
        sentences=[sentence.removeprefix("- ") for sentence in sentences if sentence],
        tables=tables,
        cells=None,
    )


def _tables(trends: Trends) -> list[Table]:
    """The tables of the page."""
    tables = [report.steps_table(trends.steps)]
    if trends.changes is not None:
        tables += changes_report.tables(trends.changes)
        tables.append(report.moved_cells_table(trends.changes))
    tables.append(report.runs_table(trends.store))
    return [table for table in tables if table is not None]


def _drawable_series(series: pd.DataFrame) -> pd.DataFrame:
    """What can be drawn: the cost ratios of operators."""
    return series[series["cost_ratio"].gt(0) & (series["operator"] != "value")]


def _models(trends: Trends) -> list[str]:
    """The models that have trends, those with steps first."""
    stepped = [str(step.cell["model"]) for step in trends.steps]
    every = _drawable_series(trends.series)["model"].unique().tolist()
    return [model for model in dict.fromkeys([*stepped, *every]) if model in set(every)]


def _thinned_models(series: pd.DataFrame) -> str:
    count = _drawable_series(series)["model"].nunique()
    if count <= MOST_MODELS:
        return ""
    return f"Thinned: the trends of {MOST_MODELS} of {count:,} models are drawn."


def _figures(trends: Trends) -> list[AnyFigure]:
    models = _models(trends)[:MOST_MODELS]
    if not models:
        return [MissingFigure("trends", "Trends", "No operator was timed in any run.")]
    return [
        _figure(f"trend-{number}", model, trends) for number, model in enumerate(models, start=1)
    ]


def _figure(name: str, model: str, trends: Trends) -> Figure:
    """The cost ratios of a model over the runs, one part a backend and one line a cell."""
    series = _drawable_series(trends.series)
    rows = series[series["model"] == model]
    rows = rows.assign(part=rows["backend"], line=_lines(rows))
    stepped = {_line_key(step.cell, step.machine) for step in trends.steps}
    steps = [step for step in trends.steps if step.cell["model"] == model]
    rows, note_on_parts = first_parts(rows, "part")
    rows, note_on_lines = _first_lines(rows, stepped)
    rows, note_on_values = thinned(rows)
    data = rows[["part", "line", "machine", "run", "position", "cost_ratio"]].reset_index(drop=True)
    caption = f"Each line is a cell on one machine, the oldest run to the left. {_said(steps)}"
    notes = joined(note_on_parts, note_on_lines, note_on_values)
    return Figure(name, f"Trends: {model}", caption, data, _chart(data), notes)


def _said(steps: list[Any]) -> str:
    if not steps:
        return "None of them steps."
    first = steps[0]
    return f"{len(steps)} of them step, such as {first.name} since {first.run.name}."


def _lines(rows: pd.DataFrame) -> list[str]:
    """What the lines are called: the cell without its model and backend, and the machine."""
    has_machines = rows["machine"].nunique() > 1
    names = []
    for row in rows.to_dict("records"):
        name = cell_name(row | {"backend": "", "model": ""}).strip()
        names.append(f"{name}, {row['machine']}" if has_machines else name)
    return names


def _line_key(cell: Any, machine: str) -> tuple[Any, ...]:
    return (*(cell[name] for name in CELL), machine)


def _first_lines(rows: pd.DataFrame, stepped: set[tuple[Any, ...]]) -> tuple[pd.DataFrame, str]:
    """The rows of the first lines of each part, those with steps first, so that marks suffice."""
    runs = max(1, rows["position"].nunique())
    parts = max(1, rows["part"].nunique())
    most = max(1, min(MOST_LINES, MOST_MARKS // (runs * parts)))
    keys = [*CELL, "machine"]
    lines = rows[[*keys, "part"]].drop_duplicates(keys)
    is_flat = [_line_key(line, line["machine"]) not in stepped for line in lines.to_dict("records")]
    lines = lines.assign(is_flat=is_flat).sort_values("is_flat", kind="stable")
    kept = lines.groupby("part", sort=False).head(most)
    if len(kept) == len(lines):
        return rows, ""
    note = (
        f"Thinned: {len(kept):,} of {len(lines):,} cells are drawn, those that step first; "
        "the store has all of them."
    )
    return rows.merge(kept[keys], on=keys), note


def _ticks(data: pd.DataFrame) -> list[int]:
    """The runs that are marked on the axis: all of a few, of many every second, third, ..."""
    last = int(data["position"].max())
    return list(range(0, last + 1, last // MOST_TICKS + 1))


def _chart(data: pd.DataFrame) -> dict[str, Any]:
    """A line for each cell, one part a backend."""
    across = alt.X("position:Q", title="run", axis=alt.Axis(format="d", values=_ticks(data)))
    up = logarithmic(data["cost_ratio"], "time / time of the function", "~g")
    base = alt.Chart().properties(width=280, height=150)
    names = [*dict.fromkeys(data["line"])]  # given to both, so that they share one legend
    lines = base.mark_line(point=alt.OverlayMarkDef(filled=True, size=30)).encode(
        x=across,
        y=alt.Y("cost_ratio:Q", **up),
        detail="machine:N",
        color=alt.Color("line:N", title=None, scale=alt.Scale(domain=names)),
        shape=alt.Shape("line:N", title=None, scale=alt.Scale(domain=names)),
        tooltip=["run:N", "line:N", "machine:N", "cost_ratio:Q"],
    )
    return in_parts([lines], data)
