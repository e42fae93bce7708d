"""Derivatives of higher order: their error and their cost against the order, by mode."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from adbench.page.figure import AnyFigure, Figure, MissingFigure, drawable, largest
from adbench.page.figures.facets import in_parts, logarithmic
from adbench.page.runs import PageRun
from adbench.reporting import growth
from adbench.reporting.answer import measured_by
from adbench.reporting.growth import titled
from adbench.reporting.one_host import on_one_host
from adbench.reporting.units import two_digits

LEAST_ERROR = 1e-18
"""Where an error of 0 is drawn."""

MODES = {"forward": "nested forward", "reverse": "nested reverse", "taylor": "Taylor"}
"""What the modes are called."""


def errors(run: PageRun) -> AnyFigure:
    """Return the error of the k-th derivative of every backend."""
    title = "Higher order: error"
    rows = _derivatives(run.frame)
    rows = rows[rows["relative_error"].notna()]
    if rows.empty:
        return _missing("orders-error", title)
    data = _data(rows, rows["relative_error"].clip(lower=LEAST_ERROR))
    worst = largest(data, "value")
    wrong = int((rows["verdict"] == "wrong").sum())
    verdict = "none is wrong" if not wrong else f"{wrong} are wrong"
    caption = (
        f"Relative error of the derivative of order k, for {len(data)} answers up to order "
        f"{data['order'].max()}: {verdict}. The largest error is {worst['value']:.1e} "
        f"({worst['backend']}, {worst['mode']}, k = {worst['order']}); an error of 0 is drawn at "
        f"{LEAST_ERROR:.0e}."
    )
    drawn, note = drawable(data)
    return Figure("orders-error", title, caption, drawn, _chart(drawn, "relative error"), note)


def costs(run: PageRun) -> AnyFigure:
    """Return the cost of the k-th derivative of every backend, in times of its function."""
    title = "Higher order: cost"
    rows = _derivatives(run.frame)
    rows = rows[rows["cost_ratio"] > 0]
    if rows.empty:
        return _missing("orders-cost", title)
    data = _data(rows, rows["cost_ratio"])
    drawn, note = drawable(data)
    chart = _chart(drawn, "derivative / function")
    return Figure("orders-cost", title, _cost_caption(rows, data), drawn, chart, note)


def _missing(name: str, title: str) -> MissingFigure:
    command = measured_by("derivative", "tanh")
    return MissingFigure(name, title, f"No derivative of higher order was asked: {command}")


def _derivatives(frame: pd.DataFrame) -> pd.DataFrame:
    """The answered derivatives of functions of which an order above 1 was asked."""
    is_derivative = (frame["operator"] == "derivative") & (frame["outcome"] == "ok")
    rows = titled(frame[is_derivative & (frame["growth"] == "")])
    return rows[rows.groupby("title")["order"].transform("max") > 1]


def _data(rows: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    """One row a mark; at several sizes the largest value of each order."""
    title = rows["title"] + ", "
    if rows["title"].nunique() == 1:
        title = pd.Series("", index=rows.index)
    data = pd.DataFrame(
        {
            "part": title + rows["backend"],
            "backend": rows["backend"],
            "mode": rows["mode"].map(MODES).fillna(rows["mode"]),
            "order": rows["order"],
            "value": values,
        }
    )
    groups = data.groupby(["part", "backend", "mode", "order"], sort=False, as_index=False)
    return groups.agg({"value": "max"})


def _cost_caption(rows: pd.DataFrame, data: pd.DataFrame) -> str:
    """How the cost grows with the order in each mode, on the backends where it grows least."""
    dearest = largest(data, "value")
    laws = []
    for mode, of_mode in rows.groupby("mode", sort=False):
        cheapest = largest(of_mode, "order")
        of_backend = of_mode[
            (of_mode["backend"] == cheapest["backend"]) & (of_mode["title"] == cheapest["title"])
        ]
        medians = on_one_host(of_backend).groupby("order")["median_s"].median().dropna()
        law = growth.law_of_orders([*medians.index], [*medians])
        if law != "–":
            laws.append(f"{MODES.get(str(mode), mode)} like {law} on {cheapest['backend']}")
    growing = f" The time grows in {'; '.join(laws)}." if laws else ""
    return (
        "Time of the derivative of order k / time of the function."
        f"{growing} The dearest is order {dearest['order']} in {dearest['mode']} on "
        f"{dearest['backend']}: {two_digits(dearest['value'])} functions."
    )


def _chart(data: pd.DataFrame, title: str) -> dict[str, Any]:
    """A line with marks for each mode, over the order."""
    modes = [*MODES.values()]
    x = alt.X("order:Q", title="order k", axis=alt.Axis(tickMinStep=1, format="d"))
    y = alt.Y("value:Q", **logarithmic(data["value"], title))
    colours = alt.Scale(domain=modes, range=["#d9720b", "#2f83cc", "#1a9367"])
    shapes = alt.Scale(domain=modes, range=["triangle-up", "circle", "square"])
    base = alt.Chart().properties(width=170, height=140)
    lines = base.mark_line().encode(x=x, y=y, color=alt.Color("mode:N", scale=colours))
    points = base.mark_point(filled=True, size=55, opacity=1).encode(
        x=x,
        y=y,
        color=alt.Color("mode:N", scale=colours),
        shape=alt.Shape("mode:N", scale=shapes),
        tooltip=["part:N", "mode:N", "order:Q", "value:Q"],
    )
    return in_parts([lines, points], data)
