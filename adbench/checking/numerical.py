"""When a drop-in leaves a check to the one that it stands for."""

from __future__ import annotations

from adbench.checking.report import Report
from adbench.results.exit_status import ExitStatus
from adbench.results.row import Outcome, Verdict


class NumericalCheck(UserWarning):
    """A function was checked by finite differences, as there is no truth to judge it by.

    Operations that are not read, and derivatives that could not be judged, are left to the check
    that the drop-in stands for, with its tolerances.
    """


def why_undecided(report: Report) -> str:
    """Return why a report decides nothing, in a sentence; "" where it does."""
    if report.exit_status in (ExitStatus.ALL_RIGHT, ExitStatus.WRONG):
        undecided = [row for row in report.rows if row.verdict is Verdict.UNRESOLVED]
        unasked = [row for row in report.rows if row.outcome is not Outcome.OK]
        if report.exit_status is ExitStatus.WRONG or not (undecided or unasked):
            return ""
    for row in report.rows:
        if row.outcome is not Outcome.OK or row.verdict is Verdict.UNRESOLVED:
            return row.message or "A derivative could not be judged."
    return "Nothing could be judged."


def warning(name: str, original: str, reason: str) -> NumericalCheck:
    """Return what is said where a check is left to the original."""
    return NumericalCheck(f"{name} is checked by {original} and its tolerances: {reason}")
