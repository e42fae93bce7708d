"""Which rows of a check decide whether it has passed, and which are worth a note alone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from adbench.cases.case import NATIVE, Case
from adbench.cases.operators import Operator
from adbench.planning.group import Group
from adbench.planning.plan import Plan
from adbench.results.row import FAILURES, Outcome, Row, Verdict

NOTABLE = 1e-3
"""The relative error from which an answer counts in a dtype that was not asked for."""


@dataclass(frozen=True)
class Sifted:
    """The rows of a check, by what they are good for."""

    counted: tuple[Row, ...]
    """Those that decide whether the check has passed."""

    noted: tuple[Row, ...]
    """Those of derivatives that were not asked for."""

    excused: tuple[Row, ...]
    """Those that do not run in the dtype asked for, where all is right in another."""

    without_derivative: tuple[Row, ...]
    """Those by arguments that a hand-written function has no derivative by."""

    suggested: frozenset[tuple[object, ...]] = frozenset()
    """The cells that were asked at suggested points, as `cell_of` tells them."""


def sift(plan: Plan, rows: Iterable[Row]) -> Sifted:
    """Sort the rows of a plan's cells.

    Of what is looked at beyond what was asked, the cells that were judged count. A dtype in which
    a hand-written function does not run is excused where it was not named, and the function is
    right in another. So is what is off by less than a thousandth in a dtype that was not asked for,
    and an argument whose gradient is 0 everywhere, as what is given for one that has none. Of a
    function that is wrong at several suggested points the first alone counts.
    """
    sorter = _Sorter(plan)
    rows_by_use: dict[_Use, list[Row]] = {use: [] for use in _Use}
    for row in rows:
        rows_by_use[sorter.use_of(row)].append(row)
    asked, judged_beyond = rows_by_use[_Use.ASKED], rows_by_use[_Use.JUDGED_BEYOND]
    excused = _excused(asked, judged_beyond) if plan.settings.are_dtypes_free else []
    counted = [row for row in asked if row not in excused] + judged_beyond
    return Sifted(
        tuple(counted),
        tuple(rows_by_use[_Use.NOTED]),
        tuple(excused),
        tuple(rows_by_use[_Use.WITHOUT_DERIVATIVE]),
        sorter.suggested,
    )


class _Use(Enum):
    """What a row is good for."""

    ASKED = auto()
    JUDGED_BEYOND = auto()
    NOTED = auto()
    WITHOUT_DERIVATIVE = auto()
    NOTHING = auto()


class _Sorter:
    """Tells what the rows of a plan are good for, in the order in which they come."""

    def __init__(self, plan: Plan) -> None:
        self._uncounted = _uncounted(plan)
        self._groups = {
            cell_of(case): group for group in plan.groups if group.beyond for case in group.cases
        }
        self._wrong: set[tuple[str, str, str]] = set()
        self._other_values: set[tuple[str, str]] = set()
        self.suggested = frozenset(
            cell for cell, group in self._groups.items() if group.is_suggested
        )

    def use_of(self, row: Row) -> _Use:
        """Return what a row is good for."""
        group = self._groups.get(cell_of(row))
        use = self._use(row, group)
        if row.verdict is Verdict.WRONG and use in (_Use.ASKED, _Use.JUDGED_BEYOND):
            self._wrong.add(self._function(row, group))
        return use

    def _use(self, row: Row, group: Group | None) -> _Use:
        if (*cell_of(row), row.backend) in self._uncounted:
            return _Use.NOTED
        if group is None:
            return _Use.ASKED
        if group.is_suggested and self._adds_nothing(row, group):
            return _Use.NOTHING
        if _is_zero(row) and _is_by_argument(group):
            return _Use.WITHOUT_DERIVATIVE
        is_excused = group.beyond == row.dtype and _is_excusable(row)
        if is_excused or not _is_judged(row):
            return _Use.NOTHING
        return _Use.JUDGED_BEYOND

    def _adds_nothing(self, row: Row, group: Group) -> bool:
        """Whether a row at a suggested point tells nothing.

        Its function is known to be wrong, or has another value there.
        """
        is_known = self._function(row, group) in self._wrong
        return self._has_another_value(row) or is_known

    @staticmethod
    def _function(row: Row, group: Group | None) -> tuple[str, str, str]:
        """What tells the function of a row from others, at whatever point it was asked."""
        return row.model if group is None else group.about, row.backend, row.implementation

    def _has_another_value(self, row: Row) -> bool:
        """Whether the function has another value than its specification at a suggested point.

        Then its derivative is not judged there: who writes a kernel may know where it is not used.
        """
        point = (row.model, row.backend)
        if row.operator == Operator.VALUE and not has_passed(row):
            self._other_values.add(point)
        return point in self._other_values


def _is_by_argument(group: Group) -> bool:
    """Whether a group looks at derivatives by another argument than the one that was asked."""
    question = group.question
    return not group.is_suggested and group.beyond not in (question.dtype, f"size {question.size}")


def _uncounted(plan: Plan) -> set[tuple[object, ...]]:
    """What tells the cells, and their backends, that were asked and do not count."""
    return {
        (*cell_of(case), entry.name)
        for group in plan.groups
        for case, entry in plan.cells(group)
        if not group.beyond and not plan.counts(group.source.model, case)
    }


def cell_of(case: Case | Row) -> tuple[object, ...]:
    """Return what tells a case from the others of a plan."""
    return (
        case.model,
        case.size,
        case.dtype,
        case.operator,
        case.order,
        case.mode,
        case.implementation,
    )


def _is_judged(row: Row) -> bool:
    return row.verdict in (Verdict.CORRECT, Verdict.IMPRECISE, Verdict.WRONG)


def _is_excusable(row: Row) -> bool:
    """Whether an answer in a dtype that was not asked for is wrong in a way that does not count.

    By its dtype, so that nothing of its numbers was judged, or by so little as the rounding of
    another algorithm takes in so few digits.
    """
    if row.verdict is not Verdict.WRONG:
        return False
    return math.isnan(row.relative_error) or row.relative_error <= NOTABLE


def _is_zero(row: Row) -> bool:
    """Whether 0 was returned where the derivative is not."""
    is_wrong = row.verdict is Verdict.WRONG
    return is_wrong and row.relative_error == 1.0 and row.worst_returned == 0.0


def _excused(asked: list[Row], judged_beyond: list[Row]) -> list[Row]:
    """The rows of hand-written functions that run in no cell asked for, and are right in others."""
    excused = []
    for subject in dict.fromkeys(_function(row) for row in asked):
        rows = [row for row in asked if _function(row) == subject]
        others = [row for row in judged_beyond if _function(row) == subject]
        does_not_run = not any(row.outcome is Outcome.OK for row in rows)
        does_not_run &= any(row.outcome in FAILURES for row in rows)
        is_right = any(row.operator != "value" for row in others) and all(
            row.verdict is not Verdict.WRONG for row in others
        )
        if subject[-1] == NATIVE and does_not_run and is_right:
            excused += rows
    return excused


def _function(row: Row) -> tuple[str, str, str]:
    return row.model, row.backend, row.implementation


def has_passed(row: Row) -> bool:
    """Whether an answer is right, as far as is seen."""
    return row.outcome is Outcome.OK and row.verdict in (Verdict.CORRECT, Verdict.IMPRECISE)
