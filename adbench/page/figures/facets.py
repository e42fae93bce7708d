"""Charts in parts: one small chart for each value of `part`, as many in a row as there is room."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from adbench.page.figure import specification

COLUMNS = 3
"""How many parts stand in a row of a static picture; the page fits them to its width."""

MOST_TICKS = 6
"""A logarithmic axis has at most so many ticks."""


def in_parts(
    layers: Sequence[alt.Chart], data: pd.DataFrame, columns: int = COLUMNS
) -> dict[str, Any]:
    """Return the specification of a chart that is drawn once for each value of the column `part`.

    layers: the charts that lie on one another, without data. data: what all of them are drawn
    from. All parts have the same scales, and each its own axis below it.
    """
    order = list(dict.fromkeys(data["part"]))
    facet = alt.Facet("part:N", title=None, sort=order, header=alt.Header(labelAnchor="start"))
    layered: Any = alt.layer(*layers)
    chart: alt.FacetChart = layered.facet(facet=facet, columns=min(columns, len(order)), data=data)
    return specification(chart.resolve_axis(x="independent"))


def logarithmic(values: pd.Series, title: str, label: str = "~e") -> dict[str, Any]:
    """Return the title, scale and axis of a channel on a logarithmic scale, ticked at powers of 10.

    values: what is drawn along it, above 0. label: how a tick is written, in d3's format.
    """
    finite = values[(values > 0) & (values < math.inf)]
    low = math.floor(math.log10(finite.min()) + 1e-9)
    high = math.ceil(math.log10(finite.max()) - 1e-9)
    high = max(high, low + 1)
    step = -(-(high - low) // MOST_TICKS)
    ticks = [10.0**power for power in range(low, high + 1, step)]
    return {
        "title": title,
        "scale": alt.Scale(type="log", domain=[10.0**low, 10.0**high], nice=False),
        "axis": alt.Axis(values=ticks, format=label, labelOverlap=True),
    }
