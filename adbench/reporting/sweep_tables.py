"""The tables of the sweep of forward against reverse mode."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from adbench.reporting import crossover
from adbench.reporting.crossover import Estimate, Winner
from adbench.reporting.table import SWEEP_TITLE, Table
from adbench.reporting.units import time, two_digits

LETTERS = {Winner.REVERSE: "R", Winner.FORWARD: "F", Winner.EQUAL: "=", Winner.NOT_TOLD: "?"}
"""The letter of each winner in the compact map."""

NOT_MEASURED = "·"

MARKS = {Winner.REVERSE: "", Winner.FORWARD: "", Winner.EQUAL: "=", Winner.NOT_TOLD: "?"}
"""What stands before a ratio."""

SUBJECT = ["model", "dtype", "implementation"]
"""The columns that name what is swept."""


def winners(frame: pd.DataFrame) -> Table | None:
    """The map of winners, one letter a cell: n downwards, and m from left to right."""
    measured = crossover.ratios(frame[frame["swept"]])
    if measured.empty:
        return None
    backends = list(dict.fromkeys(measured["backend"]))
    outputs = [str(m) for m in sorted(set(measured["n_outputs"]))]
    rows = []
    for subject, cells in measured.groupby(SUBJECT, sort=False):
        letter_of = {
            (cell["backend"], cell["n_inputs"], cell["n_outputs"]): LETTERS[cell["winner"]]
            for _, cell in cells.iterrows()
        }
        own_outputs = sorted(set(cells["n_outputs"]))
        for n in sorted(set(cells["n_inputs"])):
            letters = [
                "".join(letter_of.get((backend, n, m), NOT_MEASURED) for m in own_outputs)
                for backend in backends
            ]
            rows.append((_subject(subject), f"n = {n}", *letters))
    return Table(
        SWEEP_TITLE,
        f"The faster mode for a full Jacobian, by n inputs; a letter for each of m = "
        f"{', '.join(outputs)} outputs: R reverse, F forward, = equal within "
        f"{100 * (crossover.EQUAL_WITHIN - 1):.0f} %, ? not told apart, {NOT_MEASURED} not "
        "measured.",
        ("model", "", *backends),
        2,
        tuple(rows),
        groups=1,
    )


def ratios(frame: pd.DataFrame) -> Table | None:
    """The map of time(forward) / time(reverse) for each backend: n downwards, m to the right."""
    measured = crossover.ratios(frame[frame["swept"]])
    if measured.empty:
        return None
    outputs = sorted(set(measured["n_outputs"]))
    rows = []
    for name, cells in measured.groupby([*SUBJECT, "backend"], sort=False):
        *subject, backend = map(str, name)
        ratio_of = {
            (cell["n_inputs"], cell["n_outputs"]): _ratio(cell) for _, cell in cells.iterrows()
        }
        for n in sorted(set(cells["n_inputs"])):
            shown = [ratio_of.get((n, m), NOT_MEASURED) for m in outputs]
            rows.append((_subject(subject), backend, f"n = {n}", *shown))
    return Table(
        "Time of forward over reverse mode",
        "Full Jacobian: time(forward) / time(reverse), the median over pairs of samples; above 1 "
        "reverse mode is faster. = equal, ? not told apart.",
        ("model", "backend", "", *(f"m = {m}" for m in outputs)),
        3,
        tuple(rows),
        groups=2,
    )


def causes(frame: pd.DataFrame) -> Table | None:
    """What decides between the modes on each backend: boundary, growth, overhead and work."""
    rows = []
    for (*subject, backend), cells in crossover.sweeps(frame):
        forward, reverse = crossover.mode_costs(cells)
        predicted = Estimate(crossover.predicted_boundary(cells))
        rows.append(
            (
                _subject(subject),
                backend,
                _estimate(crossover.measured_boundary(cells)),
                _estimate(predicted),
                _estimate(crossover.forward_growth(cells)),
                _estimate(crossover.reverse_growth(cells)),
                f"{time(forward.overhead_s)} + {time(forward.pass_s)}",
                f"{time(reverse.overhead_s)} + {time(reverse.pass_s)}",
            )
        )
    if not rows:
        return None
    return Table(
        "What decides between forward and reverse mode",
        "The n / m at which both take as long, measured and by operation counts; the exponents "
        "with which forward mode grows with n and reverse mode with m, at the larger sizes; what a "
        "call costs before any pass + what each pass adds, fitted to all cells. 95 % intervals.",
        (
            "model",
            "backend",
            "n / m",
            "by counts",
            "forward ~ n^",
            "reverse ~ m^",
            "forward",
            "reverse",
        ),
        2,
        tuple(rows),
        groups=1,
    )


def _subject(name: Sequence[Any]) -> str:
    """The model, with its dtype and implementation where they are not the usual ones."""
    model, dtype, implementation = map(str, name)
    words = [model]
    if implementation != "spec":
        words.append(f"({implementation})")
    if dtype != "float64":
        words.append(dtype)
    return " ".join(words)


def _ratio(cell: pd.Series) -> str:
    return MARKS[cell["winner"]] + two_digits(cell["ratio"])


def _estimate(estimate: Estimate) -> str:
    number = _number(estimate.value)
    if math.isnan(estimate.low):
        return number
    return f"{number} [{_number(estimate.low)}, {_number(estimate.high)}]"


def _number(value: float) -> str:
    if math.isinf(value):
        return "none"
    if value < 0:
        return f"-{two_digits(-value)}"
    return two_digits(value)
