"""The figure: a chart, the data behind it and what to conclude, as SVG, PNG and CSV.

Text, axes and grid have the colour of the text around them (`currentColor`), so that one picture
serves a light page, a dark one and print. The colours of marks have a contrast of at least 3 to
white and to black, and never stand alone: shapes, letters or places say the same.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from adbench.results import escaping

if TYPE_CHECKING:
    import altair

MOST_MARKS = 1_200
"""A figure has at most about so many marks; of more rows some are left out, which it says."""

MOST_PARTS = 12
"""A figure has at most so many parts next to each other."""

PALETTE = (
    "#2f83cc",
    "#d9720b",
    "#1a9367",
    "#c2559a",
    "#8468d0",
    "#12919e",
    "#d24b45",
    "#87841c",
)
"""Colours that are told apart by people who see fewer, and that stand out on white and on black."""

PIXELS_PER_INCH = 150
"""The resolution of a PNG file, for a screen; a paper takes the SVG."""

INK = "currentColor"


@dataclass(frozen=True)
class Figure:
    """A chart of some of a run's data."""

    name: str
    """What its files are called, in letters and hyphens."""
    title: str
    """What stands above it."""
    caption: str
    """What to conclude from it, made from the data."""
    data: pd.DataFrame
    """What is drawn: one row a mark."""
    spec: Mapping[str, Any]
    """The chart as a specification of Vega-Lite, with its data."""
    note: str = ""
    """What is left out of it, in a sentence."""

    def csv(self) -> str:
        """Return the data as CSV, in which no cell is a formula."""
        text: str = escaping.for_spreadsheet(self.data).to_csv(index=False)
        return text

    def csv_link(self) -> str:
        """Return a link that holds the CSV itself."""
        encoded = base64.b64encode(self.csv().encode("utf-8", "backslashreplace")).decode()
        return f"data:text/csv;charset=utf-8;base64,{encoded}"

    def svg(self) -> str:
        """Return the chart as SVG, drawn without a browser and without network."""
        import vl_convert

        drawing: str = vl_convert.vegalite_to_svg(json.dumps(self.spec), allowed_base_urls=[])
        return drawing

    def png(self) -> bytes:
        """Return the chart as PNG on white, at `PIXELS_PER_INCH`."""
        import vl_convert

        on_white = {**self.spec, "background": "white"}
        drawing: bytes = vl_convert.vegalite_to_png(
            json.dumps(on_white), ppi=PIXELS_PER_INCH, allowed_base_urls=[]
        )
        return drawing


@dataclass(frozen=True)
class MissingFigure:
    """A figure for which a run has no data."""

    name: str
    """What it would be called."""
    title: str
    """What stands above it."""
    sentence: str
    """What is missing, and which command measures it."""


AnyFigure = Figure | MissingFigure


def specification(chart: altair.TopLevelMixin) -> dict[str, Any]:
    """Return a chart of Altair as a specification of Vega-Lite in the style of the page."""
    import altair

    with altair.data_transformers.enable("default", max_rows=None):
        spec: dict[str, Any] = chart.to_dict()
    spec["config"] = CONFIG
    spec["background"] = "transparent"
    return spec


def thinned(rows: pd.DataFrame, most: int = MOST_MARKS) -> tuple[pd.DataFrame, str]:
    """Return at most so many rows, evenly taken, and a sentence that says so where some are left.

    rows: the rows in their order.
    """
    if len(rows) <= most:
        return rows, ""
    step = -(-len(rows) // most)
    kept = rows.iloc[::step]
    return kept, (
        f"Thinned: {len(kept):,} of {len(rows):,} values are drawn, every {step}th; all of them "
        "are in the results of the run."
    )


def first_parts(
    rows: pd.DataFrame, column: str, most: int = MOST_PARTS
) -> tuple[pd.DataFrame, str]:
    """Return the rows of the first values of a column, and a sentence where others are left out."""
    parts = list(dict.fromkeys(rows[column]))
    if len(parts) <= most:
        return rows, ""
    kept = rows[rows[column].isin(parts[:most])]
    return kept, (
        f"Thinned: the first {most} of {len(parts):,} parts are drawn; all of them are in the "
        "results of the run."
    )


def drawable(rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return as many rows as a figure has room for, and what is left out of it, in sentences."""
    parts, note_on_parts = first_parts(rows, "part")
    values, note_on_values = thinned(parts)
    return values, joined(note_on_parts, note_on_values)


def largest(rows: pd.DataFrame, column: str) -> pd.Series:
    """Return the first row with the largest value of a column."""
    return rows.iloc[int(rows[column].to_numpy(float).argmax())]


def smallest(rows: pd.DataFrame, column: str) -> pd.Series:
    """Return the first row with the smallest value of a column."""
    return rows.iloc[int(rows[column].to_numpy(float).argmin())]


def joined(*notes: str) -> str:
    """Return several sentences as one text, without the empty ones."""
    return " ".join(filter(None, notes))


_AXIS = {
    "labelColor": INK,
    "titleColor": INK,
    "domainColor": INK,
    "tickColor": INK,
    "gridColor": INK,
    "gridOpacity": 0.15,
    "labelFontSize": 11,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
    "labelLimit": 260,
}

CONFIG: dict[str, Any] = {
    "axis": _AXIS,
    "header": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "labelLimit": 320},
    "legend": {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 11,
        "orient": "top",
        "labelLimit": 260,
        "columns": 3,
    },
    "title": {"color": INK, "fontSize": 12, "anchor": "start"},
    "view": {"stroke": INK, "strokeOpacity": 0.25},
    "range": {"category": list(PALETTE)},
    "text": {"fill": INK},
    "rule": {"stroke": INK},
    "font": "sans-serif",
}
"""The style of every figure."""
