"""Exceptions in words: what becomes of one in a sentence or in a row."""

from __future__ import annotations

from collections.abc import Sequence
from types import FrameType

from adbench.cases.text import plain_text
from adbench.namespaces.namespace import MissingFunction

LONGEST_MESSAGE = 400
"""How many characters of a message are kept that is no sentence of ours."""


LONGEST_TYPE_NAME = 100
"""How many characters of the name of an exception's type are kept."""


class SentenceError(Exception):
    """An exception whose message is a whole sentence for the user, and stands without its type."""

    def __init__(self, *sentence: object) -> None:
        """sentence: whatever it quotes, it becomes one line of visible characters."""
        super().__init__(plain_text(" ".join(map(str, sentence))))


class UnusablePlugin(UserWarning):
    """Something that another package offers cannot be used, and is left out."""


def describe_exception(error: BaseException, file: str | None = None, file_name: str = "") -> str:
    """Return an exception in one line.

    Its type and the beginning of its message; the message alone where that is a sentence of our
    own.

    file: the path of the user's file where the exception comes from the user's code: the type
        always stands then, with the last line of the file on the way to the exception.
    file_name: what to call the file where the sentence does not name it already.
    """
    message = plain_text(_message_of(error))
    if file is None and isinstance(error, SentenceError | MissingFunction):
        return message
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]} ..."
    type_name = plain_text(type(error).__name__[:LONGEST_TYPE_NAME])
    description = type_name + place_of(error, file, file_name)
    return f"{description}: {message}" if message else description


def _message_of(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException as second:  # an exception of the user's may raise when it is shown
        return f"its message cannot be shown, which raises {type(second).__name__}"


def as_sentence(text: str) -> str:
    """Return a text with a full stop at its end."""
    return text if text.endswith(".") else f"{text}."


def place_of(error: BaseException, file: str | None, file_name: str) -> str:
    """Return where in a file an exception comes from, such as " in line 3", or ""."""
    place = frame_in(error, file)
    if place is None:
        return ""
    _, line = place
    return f" in line {line} of {file_name}" if file_name else f" in line {line}"


def frame_in(error: BaseException, file: str | None) -> tuple[FrameType, int] | None:
    """Return the innermost frame of a file on the way to an exception, and its line."""
    place = None
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == file:
            place = traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next
    return place


def first_differences(clauses: Sequence[str], most: int = 3) -> str:
    """Return clauses on differences in a row; of many the first, and how many more there are."""
    named = list(clauses[:most])
    if len(clauses) > most:
        named.append(f"{len(clauses) - most} more differences")
    return ", ".join(named)
