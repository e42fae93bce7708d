"""How the answer of a cell is judged in one run and in another."""

from __future__ import annotations

from enum import StrEnum

from adbench.results.row import FAILURES, Outcome, Verdict


class AnswerChange(StrEnum):
    """What became of a cell's answer, the worst first."""

    TURNED_WRONG = "turned wrong"
    NEWLY_FAILING = "newly failing"
    NO_LONGER_ANSWERED = "no longer answered"
    LESS_CERTAIN = "less certain"
    MENDED = "mended"
    RUNS_AGAIN = "runs again"
    MORE_CERTAIN = "more certain"
    FAILS_OTHERWISE = "fails otherwise"
    NONE = ""


CERTAINTY = {
    str(Verdict.NONE): 0,
    str(Verdict.WRONG): 0,
    str(Verdict.UNRESOLVED): 1,
    str(Verdict.IMPRECISE): 2,
    str(Verdict.CORRECT): 3,
}
"""How good a verdict is."""

_OK = str(Outcome.OK)
_WRONG = str(Verdict.WRONG)
_FAILED = {str(outcome) for outcome in FAILURES}


def answer_change(
    outcome_before: str, verdict_before: str, outcome_after: str, verdict_after: str
) -> AnswerChange:
    """Return what became of an answer, from how its cell ended and was judged in either run."""
    if outcome_after == _OK:
        return _change_of_answered(outcome_before, verdict_before, verdict_after)
    if outcome_before == outcome_after:
        return AnswerChange.NONE
    if outcome_after in _FAILED:
        both_failed = outcome_before in _FAILED
        return AnswerChange.FAILS_OTHERWISE if both_failed else AnswerChange.NEWLY_FAILING
    if outcome_before == _OK:
        return AnswerChange.NO_LONGER_ANSWERED
    return AnswerChange.FAILS_OTHERWISE


def _change_of_answered(
    outcome_before: str, verdict_before: str, verdict_after: str
) -> AnswerChange:
    """What became of a cell that is answered now."""
    if verdict_after == _WRONG:
        was_wrong = outcome_before == _OK and verdict_before == _WRONG
        return AnswerChange.NONE if was_wrong else AnswerChange.TURNED_WRONG
    if outcome_before != _OK:
        return AnswerChange.RUNS_AGAIN
    if verdict_before == _WRONG:
        return AnswerChange.MENDED
    rise = CERTAINTY[verdict_after] - CERTAINTY[verdict_before]
    if rise < 0:
        return AnswerChange.LESS_CERTAIN
    if rise > 0:
        return AnswerChange.MORE_CERTAIN
    return AnswerChange.NONE
