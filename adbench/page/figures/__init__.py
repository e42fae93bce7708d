"""The figures of a page, one module each: its data, its chart and its caption."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from adbench.page.figure import AnyFigure
from adbench.page.figures import calls, cost_ratio, memory, modes, orders, stagings, steps
from adbench.page.runs import PageRun

MakeFigure = Callable[[PageRun], AnyFigure]
"""What makes a figure of a run, or says what it would need."""

FIGURES: Sequence[MakeFigure] = (
    modes.figure,
    cost_ratio.figure,
    stagings.figure,
    calls.figure,
    steps.figure,
    orders.errors,
    orders.costs,
    memory.figure,
)
"""The figures in the order in which they stand on a page."""
