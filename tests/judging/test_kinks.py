"""At a kink, an answer must agree with all sides where these agree with one another."""

import numpy as np
import pytest
from truths import model_at, question_of

from adbench.cases import Operator
from adbench.cases.answer import Answer
from adbench.judging.kinks import off_all_sides

TIES = [2.0, 2.0, 1.0, 2.0]


def said_of(function, point, slopes, kinks=None):
    question = question_of(model_at(function, point), Operator.GRADIENT)
    answer = Answer(("",), (np.asarray(slopes, float),))
    return off_all_sides(answer, question, len(point) if kinks is None else kinks)


@pytest.mark.parametrize(
    "slopes", [[1, 0, 0, 0], [0, 1, 0, 0], [0.5, 0.5, 0, 0], [1 / 3, 1 / 3, 0, 1 / 3]]
)
def test_of_a_maximum_with_ties_any_share_is_right(slopes):
    assert said_of(lambda xp, x: xp.max(x), TIES, slopes) == ""


def test_of_a_maximum_with_ties_all_of_it_for_each_is_wrong():
    sentence = said_of(lambda xp, x: xp.max(x), TIES, [1, 1, 0, 1])
    assert sentence == (
        "It is no mean of the derivatives on the sides of the kink: along a direction in which all "
        "of them give 0.57735, it gives 1.73205."
    )
    assert said_of(lambda xp, x: xp.max(x), TIES, [0, 0, 0, 0])
    assert said_of(lambda xp, x: xp.max(x), TIES, [0, 0, 1, 0])


@pytest.mark.parametrize("seed", range(5))
def test_many_kinks_at_once_leave_every_corner_of_their_hull_open(seed):
    rng = np.random.default_rng(seed)
    point, slopes = np.zeros(20), rng.uniform(-1, 1, 20)
    assert said_of(lambda xp, x: xp.sum(xp.abs(x)), point, slopes) == ""
    assert said_of(lambda xp, x: xp.sum(xp.abs(x)), point, np.sign(slopes)) == ""


def test_what_is_smooth_beside_a_kink_is_judged_too():
    def function(xp, x):
        return xp.sum(xp.abs(x)) + xp.sum(x**3)

    assert said_of(function, [0.0, 2.0], [0.3, 13.0], kinks=1) == ""
    assert said_of(function, [0.0, 2.0], [0.3, 14.0], kinks=1)


def test_where_there_are_too_many_kinks_nothing_is_said():
    assert said_of(lambda xp, x: xp.max(x), np.ones(100), np.ones(100)) == ""
