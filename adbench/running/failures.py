"""What a cell's exception becomes: an outcome and a message in its row."""

from __future__ import annotations

from dataclasses import replace

from adbench.backends.base import Backend
from adbench.backends.hand_written import UnusableOutput, WrongOutput
from adbench.cases.messages import as_sentence, describe_exception
from adbench.results.row import Outcome, Row, Verdict
from adbench.running import memory_limit

OUTPUT = "output"
"""The check that a hand-written function fails whose output has another shape or dtype."""


def failed_row(row: Row, error: Exception, backend: Backend, advice: str = "") -> Row:
    """Return the row of a cell that raised.

    It has no verdict, since that goes with an answer, but for a hand-written function whose output
    has a wrong form, which is wrong. advice: what to do about it, in a sentence, or "".
    """
    message = describe_exception(error)
    if isinstance(error, WrongOutput):
        return replace(row, verdict=Verdict.WRONG, message=message, failed_checks=OUTPUT)
    outcome = _outcome(error, backend)
    if outcome is Outcome.OUT_OF_MEMORY:
        advice = memory_limit.sentence() or advice
    if advice:
        message = f"{as_sentence(message)} {advice}"
    return replace(row, outcome=outcome, verdict=Verdict.NONE, message=message)


def _outcome(error: Exception, backend: Backend) -> Outcome:
    if isinstance(error, UnusableOutput):
        return Outcome.UNUSABLE
    if isinstance(error, NotImplementedError) or backend.lacks_rule(error):
        return Outcome.UNSUPPORTED
    if backend.is_out_of_memory(error):
        return Outcome.OUT_OF_MEMORY
    return Outcome.RAISED
