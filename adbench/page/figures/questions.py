"""The questions on which stagings are compared, as the figures of their costs have them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pandas as pd

from adbench.page.figure import MOST_PARTS
from adbench.reporting import break_even
from adbench.reporting.break_even import CallCosts
from adbench.reporting.growth import titled

NOTHING_TIMED = "Nothing was timed: `adbench run mlp --operator gradient` measures it."
"""What is said where a run has no such question."""


def compared(frame: pd.DataFrame) -> Iterator[tuple[str, list[CallCosts]]]:
    """Yield each question in words with what calls cost on every backend.

    There is one more than a figure has parts where some are left out.
    """
    for question in islice(break_even.compared_questions(frame), MOST_PARTS + 1):
        row = titled(question.head(1)).iloc[0]
        title = f"{row['title']} {row['size']}, {row['operator']}"
        yield title, break_even.call_costs(question)


def left_out(total: int) -> str:
    """Say that only the first questions are drawn; "" where all of so many are."""
    if total <= MOST_PARTS:
        return ""
    return (
        f"Thinned: the first {MOST_PARTS} questions are drawn; all of them are in the results of "
        "the run."
    )
