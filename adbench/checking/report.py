"""The report of a check: its rows, whether all is right, and the table of what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from adbench.cases.operators import Operator
from adbench.reporting import failures, tables
from adbench.results import frames
from adbench.results.row import FAILURES, Outcome, Row, Verdict

ALL_RIGHT, WRONG, NOT_RUN = 0, 1, 3
"""Exit statuses of a check: nothing wrong; one entry at least; a cell did not run, or nothing was
judged."""


@dataclass(frozen=True)
class Report:
    """What a check found. It is true where all is right; as a string it is the table of what is
    not.

    rows: one a cell, as in the results of a run, with no times.
    """

    rows: tuple[Row, ...]

    def __bool__(self) -> bool:
        return self.exit_status == ALL_RIGHT

    def __str__(self) -> str:
        return failures.text(self.rows, self.summary)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.summary}>"

    @property
    def exit_status(self) -> int:
        """0 where all is right; 1 where an entry is wrong; 3 where a cell did not run, or no
        derivative was judged.

        One derivative at least must have been judged of each model, size, dtype and implementation
        on each backend.
        """
        if any(row.verdict is Verdict.WRONG for row in self.rows):
            return WRONG
        judged = [row for row in self.rows if row.operator != Operator.VALUE] or self.rows
        asked = {_subject(row) for row in judged if row.outcome is Outcome.OK}
        passed = {_subject(row) for row in judged if _passed(row)}
        if any(row.outcome in FAILURES for row in self.rows) or not asked or asked - passed:
            return NOT_RUN
        return ALL_RIGHT

    @property
    def failures(self) -> list[Row]:
        """The rows of cells that are wrong or did not run."""
        return list(failing(self.rows))

    @property
    def summary(self) -> str:
        """One sentence: how many cells were asked, how they ended and what was thought of them."""
        return tables.summary(self.frame())

    def frame(self) -> pd.DataFrame:
        """Return the rows as a frame, with the columns of a run's results."""
        return frames.frame(self.rows)


def failing(rows: tuple[Row, ...]) -> Iterator[Row]:
    """Yield the rows of cells that are wrong or did not run."""
    return (row for row in rows if row.verdict is Verdict.WRONG or row.outcome in FAILURES)


def _subject(row: Row) -> tuple[str, ...]:
    return row.model, row.size, row.dtype, row.implementation, row.backend


def _passed(row: Row) -> bool:
    return row.outcome is Outcome.OK and row.verdict in (Verdict.CORRECT, Verdict.IMPRECISE)
