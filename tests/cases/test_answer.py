import math

import numpy as np
import pytest

from adbench.cases import answer as answers

LONG = np.longdouble


def answer(*arrays):
    return answers.Answer(
        tuple(f"[{i}]" for i in range(len(arrays))), tuple(np.asarray(a) for a in arrays)
    )


def test_the_relative_error_is_the_norm_of_the_deviation_over_all_arrays():
    assert answers.relative_error(
        answer([3.0, 0.0], [4.5]), answer([3.0, 0.0], [4.0])
    ) == pytest.approx(0.1)


def test_an_error_is_measured_below_the_precision_of_the_dtype():
    truth = answer([LONG(1) + LONG(2) ** -60])
    assert answers.relative_error(answer([1.0]), truth) == pytest.approx(2.0**-60)


def test_no_answer_is_near_one_that_is_not_finite():
    assert answers.relative_error(answer([math.nan]), answer([1.0])) == math.inf
    assert answers.relative_error(answer([math.inf]), answer([1.0])) == math.inf


def test_zero_is_right_where_the_truth_is_zero_and_nothing_else_is():
    assert answers.relative_error(answer([0.0]), answer([0.0])) == 0
    assert answers.relative_error(answer([1e-300]), answer([0.0])) == math.inf


def test_norms_neither_overflow_nor_underflow():
    assert answers.relative_error(answer([3e300, 4e300]), answer([6e300, 8e300])) == pytest.approx(
        0.5
    )
    assert answers.relative_error(
        answer([3e-300, 4e-300]), answer([6e-300, 8e-300])
    ) == pytest.approx(0.5)


def test_a_collected_answer_is_a_copy():
    array = np.ones(2)
    collected = answers.collect([array])
    array[0] = 7
    assert collected.arrays[0][0] == 1


def test_a_mismatch_names_what_was_given_and_what_was_expected():
    assert (
        answers.mismatch(answer([1.0]), answer([1.0], [2.0]))
        == "The answer has 1 array(s) where 2 were expected."
    )
    assert (
        answers.mismatch(answer([1.0]), answer([1.0, 2.0]))
        == "The answer[0] has shape (1,) where (2,) was expected."
    )
    assert answers.mismatch(answer([1.0]), answer([2.0])) == ""
    keyed = answers.Answer(("['a']",), (np.ones(2),))
    plain = answers.Answer(("",), (np.ones(2),))
    assert (
        answers.mismatch(keyed, plain)
        == "The answer has its arrays at ['a'] where no key was expected."
    )


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (None, "None"),
        ("hello\x1b", r"of the type str 'hello\\x1b'"),
        (object(), "of the type object"),
        (np.array(["a", "b"]), "an array of str32 values"),
        (np.array([None, 1.0]), "an array of object values"),
    ],
)
def test_what_is_no_array_of_numbers_is_called_what_it_is(thing, words):
    sentence = f"The answer is {words}, and must be an array of numbers."
    expected = answer([1.0], [2.0])
    assert answers.mismatch(answers.collect(thing), expected) == sentence
