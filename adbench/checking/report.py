"""The report of a check: its rows, whether all is right, and the table of what is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from textwrap import indent
from typing import TYPE_CHECKING

from adbench.cases.operators import Operator
from adbench.checking.notes import notes, subject_of
from adbench.checking.scope import looked_at
from adbench.checking.sifting import has_passed, sift
from adbench.planning.plan import Plan
from adbench.planning.unasked import silent_backends
from adbench.reporting import failures
from adbench.reporting.summary import summary_of
from adbench.results.exit_status import ExitStatus
from adbench.results.expected import NONE, Expectations, Expected, without
from adbench.results.row import FAILURES, TRUTH_FAILED, Outcome, Row, Verdict

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Example:
    """Code that shows what is wrong."""

    title: str
    """What it shows, in a few words that end with a colon."""

    code: str
    """The code, which runs as it is where the names in its comments are known."""

    def __str__(self) -> str:
        return f"{self.title}\n\n{indent(self.code, '    ')}\n"


@dataclass(frozen=True)
class Report:
    """The result of a check.

    It is true where all is right; as a string it is the table of what is not.
    """

    rows: tuple[Row, ...]
    """One row a cell that counts, as in the results of a run, with no times."""

    notes: tuple[str, ...] = ()
    """What was seen beside: of derivatives that were not asked for, a sentence each."""

    seed: int = 0
    """The seed of the points."""

    scope: str = ""
    """What hand-written functions were looked at beyond what was asked, in a sentence, or ""."""

    shortcomings: tuple[str, ...] = ()
    """What was named and was asked or answered nothing, a sentence each; they are among the
    notes."""

    examples: tuple[Example, ...] = ()
    """Points at which functions are wrong, as code that checks them there again."""

    expected: Expected = NONE
    """The cells that failed as was declared, which are not among the rows."""

    @classmethod
    def of(
        cls, plan: Plan, rows: Iterable[Row], expectations: Expectations | None = None
    ) -> Report:
        """Return the report of a plan from the rows of its cells.

        expectations: the failures that were declared.
        """
        rows = tuple(rows)
        sharp = [_seen_sharply(row, plan.settings.resolution) for row in rows]
        sifted = sift(plan, sharp)
        silent = silent_backends((row.backend, row.operator, row.outcome) for row in rows)
        shortcomings = (*plan.unasked, *silent)
        expected = NONE if expectations is None else expectations.meet(sifted.counted)
        sifted = replace(sifted, counted=without(sifted.counted, expected))
        return cls(
            sifted.counted,
            (*expected.notes, *shortcomings, *notes(sifted)),
            plan.settings.seed,
            looked_at(plan, rows),
            shortcomings,
            expected=expected,
        )

    def __bool__(self) -> bool:
        return self.exit_status is ExitStatus.ALL_RIGHT

    def __str__(self) -> str:
        text = failures.text(self.rows, self.summary, self.notes)
        return "\n\n".join([*map(str, self.examples), text])

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.summary}>"

    @property
    def exit_status(self) -> ExitStatus:
        """What `adbench check` ends with.

        One derivative at least must have been judged of each model, size, dtype and implementation
        on each backend, and all that was named must have been asked.
        """
        outcomes = {row.outcome for row in self.rows}
        if Verdict.WRONG in {row.verdict for row in self.rows}:
            return ExitStatus.WRONG
        if Outcome.UNUSABLE in outcomes:
            return ExitStatus.BAD_USAGE
        if self.shortcomings or any(_should_have_been_judged(row) for row in self.rows):
            return ExitStatus.NOT_RUN
        if self.expected.fails_gate:
            return ExitStatus.NOT_RUN
        if self.expected.rows and not self.rows:
            return ExitStatus.ALL_RIGHT
        return ExitStatus.ALL_RIGHT if self._is_judged() else ExitStatus.NOT_RUN

    def _is_judged(self) -> bool:
        """Whether a derivative was judged of all that answered, and something did."""
        derivatives = [row for row in self.rows if row.operator != Operator.VALUE] or self.rows
        answered = {subject_of(row) for row in derivatives if row.outcome is Outcome.OK}
        passed = {subject_of(row) for row in derivatives if has_passed(row)}
        return bool(answered) and answered == passed

    @property
    def failures(self) -> list[Row]:
        """The rows of cells that are wrong or did not run."""
        return list(failing(self.rows))

    @property
    def summary(self) -> str:
        """One sentence: how many cells there are, how they ended, and how they were judged."""
        count = len(self.expected.rows)
        failed_as_declared = f"{count} cell{'s' if count > 1 else ''} failed as expected."
        sentences = [
            summary_of(self.rows),
            failed_as_declared if count else "",
            self.scope,
        ]
        if any(row.verdict is Verdict.WRONG for row in self.rows):
            sentences.append(f"The points are those of --seed {self.seed}.")
        return " ".join(sentence for sentence in sentences if sentence)

    def frame(self) -> pd.DataFrame:
        """Return the rows as a frame, with the columns of a run's results."""
        from adbench.results import frames  # with pandas, which a check itself has no use for

        return frames.frame(self.rows)


def _should_have_been_judged(row: Row) -> bool:
    """Whether a cell did not run that should have, or its truth could not be computed."""
    return row.outcome in FAILURES or row.truth == TRUTH_FAILED


def failing(rows: tuple[Row, ...]) -> Iterator[Row]:
    """Yield the rows of cells that are wrong or did not run."""
    return (row for row in rows if row.verdict is Verdict.WRONG or row.outcome in FAILURES)


def _seen_sharply(row: Row, resolution: float | None) -> Row:
    """Return the row, unresolved where a smaller error should have been seen."""
    if resolution is None or not has_passed(row) or not row.resolution > resolution:
        return row
    message = (
        f"Only relative errors above {row.resolution:.1e} would have been seen, and "
        f"{resolution:.1e} was asked for."
    )
    return replace(row, verdict=Verdict.UNRESOLVED, message=message)
