"""What a cell's exception becomes: an outcome and a message in its row."""

from __future__ import annotations

from dataclasses import replace

from adbench.backends.base import Backend
from adbench.cases.messages import describe_exception
from adbench.results.row import Outcome, Row, Verdict


def failed_row(row: Row, error: Exception, backend: Backend) -> Row:
    """Return the row of a cell that raised. It has no verdict, since that goes with an answer."""
    outcome = _outcome(error, backend)
    return replace(row, outcome=outcome, verdict=Verdict.NONE, message=describe_exception(error))


def _outcome(error: Exception, backend: Backend) -> Outcome:
    if isinstance(error, NotImplementedError) or backend.lacks_rule(error):
        return Outcome.UNSUPPORTED
    if backend.is_out_of_memory(error):
        return Outcome.OUT_OF_MEMORY
    return Outcome.RAISED
