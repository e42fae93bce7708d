"""The map of forward against reverse mode over n and m, with the boundary where they cross."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from adbench.page.figure import MOST_PARTS, AnyFigure, Figure, MissingFigure
from adbench.page.figures.facets import in_parts
from adbench.page.runs import PageRun
from adbench.reporting import crossover
from adbench.reporting.answer import measured_by, winning_mode
from adbench.reporting.crossover import Estimate, Winner
from adbench.reporting.sweep_tables import LETTERS

NAME, TITLE = "modes", "Forward against reverse mode"

SIDE = 190
"""The width and height of a part (px)."""

COLOURS = {
    Winner.REVERSE: "#2f83cc",
    Winner.FORWARD: "#d9720b",
    Winner.EQUAL: "#8d929c",
    Winner.NOT_TOLD: "#8d929c",
}

MARGIN = 0.5
"""How far the map goes beyond its outermost cells, in distances between cells."""


def figure(run: PageRun) -> AnyFigure:
    """Return the map of winners of every backend that was swept."""
    sweeps = [*islice(crossover.sweeps(run.frame), MOST_PARTS + 1)]
    if not sweeps:
        sentence = f"No Jacobian was swept over n and m: {measured_by('jacobian', 'deep')}"
        return MissingFigure(NAME, TITLE, sentence)
    subjects = {name[:3] for name, _ in sweeps}
    parts = []
    for (model, dtype, _, backend), cells in sweeps[:MOST_PARTS]:
        part = backend if len(subjects) == 1 else f"{model} {dtype}, {backend}"
        parts.append(_data(cells).assign(part=part))
    data = pd.concat(parts, ignore_index=True)
    note = ""
    if len(sweeps) > MOST_PARTS:
        note = f"Thinned: the first {MOST_PARTS} sweeps are drawn; all are in the results."
    return Figure(NAME, TITLE, _caption(run.frame), data, _chart(data), note)


def _caption(frame: pd.DataFrame) -> str:
    return (
        "A square is a full Jacobian of n inputs and m outputs: R where reverse mode is faster, F "
        "where forward mode is, = where they are equal within 5 %, ? where they are not told "
        "apart. The line is the boundary that was measured, the band its 95 % interval, the dashed "
        f"line the boundary by operation counts. {winning_mode(frame).sentence}"
    )


def _data(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells of a sweep and its boundaries, one row a mark."""
    squares = pd.DataFrame(
        {
            "kind": "cell",
            "n": cells["n_inputs"].astype(float),
            "m": cells["n_outputs"].astype(float),
            "ratio": cells["ratio"],
            "low": cells["low"],
            "high": cells["high"],
            "faster": cells["winner"].astype("str"),
            "letter": cells["winner"].map(LETTERS).astype("str"),
        }
    )
    measured = crossover.measured_boundary(cells)
    predicted = Estimate(crossover.predicted_boundary(cells))
    lines = [*_line("measured", measured, squares), *_line("by counts", predicted, squares)]
    return pd.concat([squares, pd.DataFrame(lines)], ignore_index=True)


def _line(kind: str, boundary: Estimate, squares: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The points of a boundary n = b m, at the ends of the map; none where there is no boundary."""
    if not 0 < boundary.value < math.inf:
        return
    n_low, n_high = _domain(squares["n"])
    for m in _domain(squares["m"]):
        ends = [boundary.value * m] * 2
        if not math.isnan(boundary.low):
            ends = [max(boundary.low * m, n_low / 10), min(boundary.high * m, n_high * 10)]
        yield {
            "kind": kind,
            "m": m,
            "n": boundary.value * m,
            "n_low": ends[0],
            "n_high": ends[1],
        }


def _steps(sizes: pd.Series) -> tuple[float, float, float]:
    """The least and the largest of some sizes, and the smallest ratio between neighbours."""
    values = np.unique(sizes.dropna().to_numpy(float))
    ratio = 4.0
    if len(values) > 1:
        ratio = float((values[1:] / values[:-1]).min())
    return float(values[0]), float(values[-1]), ratio


def _domain(sizes: pd.Series) -> tuple[float, float]:
    """From where to where an axis goes."""
    low, high, ratio = _steps(sizes)
    return low / ratio**MARGIN, high * ratio**MARGIN


def _area(cells: pd.DataFrame) -> float:
    """The area of a square (px^2), such that neighbours just do not touch."""
    sides = []
    for column in ("n", "m"):
        _, _, ratio = _steps(cells[column])
        low, high = _domain(cells[column])
        sides.append(SIDE * math.log(ratio) / math.log(high / low))
    return (0.86 * min(sides)) ** 2


def _axis(field: str, title: str, cells: pd.DataFrame) -> dict[str, Any]:
    """What the axes of n and m have in common."""
    values = sorted(set(cells[field]))
    scale = alt.Scale(type="log", domain=list(_domain(cells[field])), nice=False)
    return {
        "title": title,
        "scale": scale,
        "axis": alt.Axis(values=values, format="d", grid=False, labelOverlap=True),
    }


def _chart(data: pd.DataFrame) -> dict[str, Any]:
    """The map: squares with letters, and above them the boundaries."""
    cells = data[data["kind"] == "cell"]
    across = _axis("m", "m outputs", cells)
    upwards = _axis("n", "n inputs", cells)
    x, y = alt.X("m:Q", **across), alt.Y("n:Q", **upwards)
    colours = alt.Color(
        "faster:N",
        title="faster",
        scale=alt.Scale(domain=[str(winner) for winner in COLOURS], range=[*COLOURS.values()]),
    )
    tooltip = ["part:N", "n:Q", "m:Q", "faster:N", "ratio:Q", "low:Q", "high:Q"]
    base = alt.Chart().properties(width=SIDE, height=SIDE)
    corner = 0.26 * math.sqrt(_area(cells))  # where no boundary goes through
    is_cell, is_measured = "datum.kind === 'cell'", "datum.kind === 'measured'"
    squares = (
        base.transform_filter(is_cell)
        .mark_square(size=_area(cells), opacity=1)
        .encode(x=x, y=y, color=colours, tooltip=tooltip)
    )
    letters = (
        base.transform_filter(is_cell)
        .mark_text(fontSize=11, fontWeight="bold", fill="#000", dx=-corner, dy=-corner)
        .encode(x=x, y=y, text="letter:N")
    )
    band = (
        base.transform_filter(is_measured)
        .mark_area(opacity=0.25, clip=True, color="#8d929c", aria=False)
        .encode(x=x, y=alt.Y("n_low:Q", **upwards), y2="n_high:Q")
    )
    line = (
        base.transform_filter(is_measured)
        .mark_line(clip=True, strokeWidth=2.5, color="currentColor", aria=False)
        .encode(x=x, y=y)
    )
    predicted = (
        base.transform_filter("datum.kind === 'by counts'")
        .mark_line(clip=True, strokeWidth=1.5, strokeDash=[5, 4], color="currentColor", aria=False)
        .encode(x=x, y=y)
    )
    return in_parts([band, squares, line, predicted, letters], data)
