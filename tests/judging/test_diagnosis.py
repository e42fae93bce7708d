"""The sentence that says what a wrong answer looks like."""

import numpy as np
import pytest

from adbench.cases.answer import Answer
from adbench.judging.diagnosis import describe

TRUE = np.arange(2.0, 11.0).reshape(3, 3)


def one_off(value):
    array = TRUE.copy()
    array[1, 2] = value
    return array


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        (2 * TRUE, "9 of 9 entries are off: returned = true × 2."),
        (TRUE / 9, "9 of 9 entries are off: returned = true × 1/9."),
        (-TRUE, "9 of 9 entries are off: the sign is flipped."),
        (TRUE * (1 + 1e-5), "9 of 9 entries are off: returned = true × (1 + 1.0e-05)."),
        (TRUE * (1 + 1e-7), "9 of 9 entries are off: by a relative 1.0e-07."),
        (0 * TRUE, "9 of 9 entries are off: zero was returned."),
        (TRUE.T, "6 of 9 entries are off: it is transposed."),
        (one_off(0.0), "1 of 9 entries is off: zero was returned."),
        (one_off(-7.0), "1 of 9 entries is off: the sign alone."),
        (one_off(np.nan), "1 of 9 entries is nan or infinite, in x."),
        (TRUE.copy(), ""),
    ],
)
def test_the_pattern_of_a_wrong_array_is_named(returned, sentence):
    answer, truth = Answer(("",), (returned,)), Answer(("",), (TRUE,))
    assert describe(answer, truth, ["x"]) == sentence


def test_the_arrays_that_are_off_are_named_where_others_are_right():
    paths = ("[0]", "[1]")
    answer, truth = Answer(paths, (TRUE, 3 * TRUE)), Answer(paths, (TRUE, TRUE))
    assert describe(answer, truth, ["params[0]", "params[1]"]) == (
        "9 of 18 entries are off, in params[1]: returned = true × 3."
    )


def test_of_many_arrays_three_are_named():
    paths = tuple("abcdef")
    truth = Answer(paths, (TRUE,) * 6)
    answer = Answer(paths, (TRUE, *(3 * TRUE,) * 5))
    assert describe(answer, truth, paths) == (
        "45 of 54 entries are off, in b, c, d and 2 more: returned = true × 3."
    )


def test_a_symmetric_array_is_not_called_transposed():
    true = np.diag([1.0, 2.0, 3.0])
    answer, truth = Answer(("",), (true * (1 + 1e-9),)), Answer(("",), (true,))
    assert describe(answer, truth, ["x"]) == ("3 of 9 entries are off: by a relative 1.0e-09.")
