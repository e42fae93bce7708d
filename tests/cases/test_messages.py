"""Exceptions in words: one line, with the type where it says more than the message."""

import pytest

from adbench.backends.base import Unsupported
from adbench.cases import SpecError
from adbench.cases.messages import LONGEST_MESSAGE, as_sentence, describe_exception


def raised(function):
    with pytest.raises(Exception) as info:
        function()
    return info.value


def fail():
    raise ValueError("two\n  lines")


@pytest.mark.parametrize(
    ("error", "description"),
    [
        (ValueError("two\n  lines"), "ValueError: two lines"),
        (ValueError(), "ValueError"),
        (SpecError("A sentence."), "A sentence."),
        (Unsupported("A sentence."), "A sentence."),
        (OSError("no file \udcff"), "OSError: no file \\udcff"),
    ],
)
def test_an_exception_is_one_line_and_a_sentence_of_ours_stands_alone(error, description):
    assert describe_exception(error) == description


def test_a_long_message_is_cut():
    description = describe_exception(ValueError("x" * 1000))
    assert description == f"ValueError: {'x' * LONGEST_MESSAGE} ..."


def test_the_last_line_in_the_users_file_is_named():
    error = raised(lambda: fail())
    line = fail.__code__.co_firstlineno + 1
    assert describe_exception(error, __file__) == f"ValueError in line {line}: two lines"
    in_mine = describe_exception(error, __file__, file_name="mine.py")
    assert in_mine == f"ValueError in line {line} of mine.py: two lines"
    assert describe_exception(error, "other.py") == "ValueError: two lines"


def test_in_the_users_file_the_type_stands_before_a_sentence_of_ours_too():
    assert describe_exception(SpecError("A sentence."), "mine.py") == "SpecError: A sentence."


def test_a_sentence_ends_in_one_full_stop():
    assert as_sentence("It failed") == as_sentence("It failed.") == "It failed."
