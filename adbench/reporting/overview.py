"""The overview of a run on one screen: how right every backend is, and what its gradient costs.

One line an operator, one column a backend; what a gradient costs and where reverse mode begins to
win stand below. Where so many backends do not fit next to each other, each has a line instead, and
the operators of one order share a column.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from adbench.reporting import crossover
from adbench.reporting.table import Table
from adbench.reporting.units import short_time, two_digits
from adbench.results.row import FAILURES

TITLE = "Is it right, and what does it cost?"

NOTE = (
    "Worst relative error of all answers: ✓ all correct, ~ some imprecise, ✗ wrong, ? unresolved, "
    "! did not run. grad / f: time of a gradient in reverse mode over that of the function, "
    "prepare: tracing and compiling, medians; rev from: n / m at which reverse mode begins to win."
)
"""What the cells mean."""

MARKS = {"correct": "✓", "imprecise": "~", "unresolved": "?", "wrong": "✗"}
"""What stands before an error, by the worst verdict, from the mildest on."""

LONGEST = 8
"""No part of a backend's name is longer than this in a heading."""

SHORT_NAMES = {"reference": "ref", "tensorflow": "tf", "differences": "diff"}
"""How frameworks are called where there is little room."""

OPERATORS = ("value", "gradient", "jvp", "vjp", "jacobian", "hvp", "hessian", "derivative")
"""The operators in the order of the lines; others come after them."""

LINE_NAMES = {"derivative": "d/dx^k"}
"""What the line of an operator is called where that is not its name."""

ORDER_NAMES = ("value", "order 1", "order 2", "higher")
"""What the operators of one order are called together; the last is that of all higher ones."""

Quantity = Callable[[pd.DataFrame], str]
"""What stands in a cell, from the rows of a backend."""


@dataclass(frozen=True)
class Line:
    """A line of the overview: a quantity of every backend."""

    name: str
    """What it is called."""

    cells: tuple[str, ...]
    """The quantity of each backend; "" where it has none."""


def overview(frame: pd.DataFrame, width: int) -> Table | None:
    """Return the overview of a run's rows as a table that fits a width in characters.

    Backends that were compared by their stagings alone are left out: see `further_stagings`.
    Return None where nothing ran.
    """
    frame = frame[frame["outcome"] != "not_installed"]
    backends = _backends(frame)
    if not backends:
        return None
    rows_by_backend = [frame[frame["backend"] == backend] for backend in backends]
    costs = [*_cost_lines(rows_by_backend)]
    lines = [*_lines_by_operator(frame, rows_by_backend), *costs]
    if _needed_width(backends, lines) <= width:
        columns = ("", *map(short_name, backends))
        rows = tuple((line.name, *line.cells) for line in lines)
        return Table(TITLE, NOTE, columns, 1, rows, is_dense=True)
    lines = [*_lines_by_order(rows_by_backend), *costs]
    cells_by_backend = zip(*(line.cells for line in lines), strict=True)
    pairs = zip(backends, cells_by_backend, strict=True)
    rows = tuple((short_name(backend), *cells) for backend, cells in pairs)
    return Table(TITLE, NOTE, ("", *(line.name for line in lines)), 1, rows, is_dense=True)


def short_name(backend: str) -> str:
    """Return a backend's name with both its parts short, such as "tf:function"."""
    framework, colon, staging = backend.partition(":")
    framework = SHORT_NAMES.get(framework, framework)
    return f"{_cut(framework)}{colon}{_cut(staging)}"


def further_stagings(frame: pd.DataFrame) -> list[str]:
    """Return the backends that were compared by their stagings alone."""
    shown = set(_backends(frame))
    return [name for name in dict.fromkeys(frame["backend"]) if name not in shown]


def _backends(frame: pd.DataFrame) -> list[str]:
    """The backends that were asked more than what their stagings are compared by."""
    asked = frame[~frame["stagings"]]
    return list(dict.fromkeys((asked if len(asked) else frame)["backend"]))


def _cut(name: str) -> str:
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 1]}…"


def _needed_width(backends: Sequence[str], lines: Sequence[Line]) -> int:
    """How many characters the table has with a column for each backend."""
    needed = max(len(line.name) for line in lines)
    for position, backend in enumerate(backends):
        heading_width = max(map(len, short_name(backend).split(":")))
        cell_widths = (len(line.cells[position]) for line in lines)
        needed += 1 + max(heading_width, *cell_widths)
    return needed


# ---- the lines


def _lines_by_operator(
    frame: pd.DataFrame, rows_by_backend: Sequence[pd.DataFrame]
) -> Iterable[Line]:
    """Yield the errors of each operator that was asked."""
    asked = list(dict.fromkeys(frame["operator"]))
    known = [operator for operator in OPERATORS if operator in asked]
    for operator in (*known, *(name for name in asked if name not in OPERATORS)):
        cells = [_worst_error(rows[rows["operator"] == operator]) for rows in rows_by_backend]
        yield Line(_cut(LINE_NAMES.get(operator, operator)), tuple(cells))


def _lines_by_order(rows_by_backend: Sequence[pd.DataFrame]) -> Iterable[Line]:
    """Yield the errors of the operators of each order that was asked."""
    highest = len(ORDER_NAMES) - 1
    for order, name in enumerate(ORDER_NAMES):
        cells = [
            _worst_error(rows[rows["order"].clip(upper=highest) == order])
            for rows in rows_by_backend
        ]
        if any(cells):
            yield Line(name, tuple(cells))


def _cost_lines(rows_by_backend: Sequence[pd.DataFrame]) -> Iterable[Line]:
    """Yield what a gradient costs and where reverse mode begins to win, where that was measured."""
    quantities: dict[str, Quantity] = {
        "grad / f": _gradient_cost,
        "prepare": _preparation,
        "rev from": _boundary,
    }
    for name, quantity in quantities.items():
        cells = tuple(quantity(rows) for rows in rows_by_backend)
        if any(cells):
            yield Line(name, cells)


def _worst_error(rows: pd.DataFrame) -> str:
    """The worst error of a backend's answers with the mark of the worst verdict."""
    if rows.empty:
        return ""
    failed = "!" if rows["outcome"].isin([str(outcome) for outcome in FAILURES]).any() else ""
    answered = rows[rows["outcome"] == "ok"]
    if answered.empty:
        return failed or "–"
    verdicts = set(answered["verdict"])
    mark = ""
    for verdict, mark_of_verdict in MARKS.items():
        if verdict in verdicts:
            mark = mark_of_verdict
    return f"{mark}{_one_digit(float(answered['relative_error'].max()))}{failed}"


def _one_digit(error: float) -> str:
    """A relative error with one digit; "" where there is none."""
    if math.isnan(error):
        return ""
    return "0" if error == 0 else f"{error:.0e}"


def _gradient_cost(rows: pd.DataFrame) -> str:
    ratio = _gradients(rows)["cost_ratio"].median()
    return "" if math.isnan(ratio) else f"×{two_digits(ratio)}"


def _preparation(rows: pd.DataFrame) -> str:
    prepare_s = _gradients(rows)["prepare_s"].median()
    return "" if math.isnan(prepare_s) else short_time(prepare_s)


def _gradients(rows: pd.DataFrame) -> pd.DataFrame:
    """The timed gradients in reverse mode."""
    is_timed = (rows["outcome"] == "ok") & rows["median_s"].notna()
    return rows[is_timed & (rows["operator"] == "gradient") & (rows["mode"] == "reverse")]


def _boundary(rows: pd.DataFrame) -> str:
    """The n / m from which reverse mode wins, of the only sweep or the median of several."""
    boundaries = [crossover.measured_boundary(cells).value for _, cells in crossover.sweeps(rows)]
    if not boundaries:
        return ""
    value = float(pd.Series(boundaries).median())
    if value == 0:
        return "always"
    return "never" if value == math.inf else two_digits(value)
