"""What a cell's exception becomes: an outcome and one line of text in its row."""

from __future__ import annotations

from dataclasses import replace

from adbench.backends.base import Backend, Unsupported
from adbench.cases.model import SpecError
from adbench.results.row import Outcome, Row, Verdict

LONGEST_MESSAGE = 400
"""How many characters of an exception's message are kept."""


def failed_row(row: Row, error: Exception, backend: Backend) -> Row:
    """Return the row of a cell that raised. It has no verdict, since that goes with an answer."""
    outcome = _outcome(error, backend)
    return replace(row, outcome=outcome, verdict=Verdict.NONE, message=describe_exception(error))


def _outcome(error: Exception, backend: Backend) -> Outcome:
    if isinstance(error, Unsupported | NotImplementedError) or backend.lacks_rule(error):
        return Outcome.UNSUPPORTED
    if backend.is_out_of_memory(error):
        return Outcome.OUT_OF_MEMORY
    return Outcome.RAISED


def describe_exception(error: BaseException) -> str:
    """Return an exception as one line: its type and the beginning of its message.

    The messages of our own exceptions are whole sentences, and stand without the type.
    """
    message = " ".join(str(error).split())
    # Bytes of a path that are no UTF-8 come as lone surrogates, which no message or journal holds.
    message = message.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(error, Unsupported | SpecError):
        return message
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]} ..."
    return f"{type(error).__name__}: {message}"
