"""The sentence that says what a wrong answer looks like."""

import numpy as np
import pytest

from adbench.judging.diagnosis import describe
from adbench.truth.answers import Answer

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
        (TRUE * (1 + 1e-6), "9 of 9 entries are off: returned = true × (1 + 1.0e-06)."),
        (0 * TRUE, "9 of 9 entries are off: zero was returned."),
        (TRUE.T, "6 of 9 entries are off: it is transposed."),
        (one_off(0.0), "1 of 9 entries is off: zero was returned."),
        (one_off(-7.0), "1 of 9 entries is off: the sign alone."),
        (one_off(np.nan), "1 of 9 entries is nan or infinite, in x."),
        (TRUE.copy(), ""),
    ],
)
def test_the_pattern_of_a_wrong_array_is_named(returned, sentence):
    said = describe(Answer(("",), (returned,)), Answer(("",), (TRUE,)), "x")
    assert said == sentence


def test_the_arrays_that_are_off_are_named_where_others_are_right():
    true = Answer(("[0]", "[1]"), (TRUE, TRUE))
    assert describe(Answer(("[0]", "[1]"), (TRUE, 3 * TRUE)), true, "params") == (
        "9 of 18 entries are off, in params[1]: returned = true × 3."
    )


def test_a_symmetric_array_is_not_called_transposed():
    true = np.diag([1.0, 2.0, 3.0])
    said = describe(Answer(("",), (true * (1 + 1e-9),)), Answer(("",), (true,)), "x")
    assert said == "3 of 9 entries are off: returned = true × (1 + 1.0e-09)."
