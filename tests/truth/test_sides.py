"""The derivatives on the sides of a kink, from boxes that lie on one side alone."""

import numpy as np
import pytest
from truths import model_at, truth_of

from adbench.truth.certificate import JUMPS
from adbench.truth.sides import MOST_KINKS

nan, inf = np.nan, np.inf


def sides_of(function, point, operator="derivative", order=1):
    _, truth = truth_of(model_at(function, point, orders=2), operator, order)
    return truth


def shown(arrays):
    return [number for array in arrays for number in array.ravel().tolist()]


@pytest.mark.parametrize(
    ("function", "point", "left", "right"),
    [
        (lambda xp, x: xp.abs(x), 0.0, -1, 1),
        (lambda xp, x: xp.clip(x, 0.0, 1.0), 1.0, 1, 0),
        (lambda xp, x: xp.maximum(3.0 * x, -x), 0.0, -1, 3),
        (lambda xp, x: xp.sqrt(x), 0.0, nan, inf),
        (lambda xp, x: xp.log(xp.abs(x)), 0.0, -inf, inf),
        (lambda xp, x: 1.0 / x, 0.0, -inf, -inf),
        (lambda xp, x: xp.acos(x), 1.0, -inf, nan),
        (lambda xp, x: x**1.5, 0.0, nan, 0),
        (lambda xp, x: xp.floor(x), 1.0, 0, 0),
        (lambda xp, x: xp.sqrt(xp.abs(x)) * xp.sin(1.0 / x), 0.0, nan, nan),
    ],
)
def test_each_side_has_its_derivative(function, point, left, right):
    truth = sides_of(function, point)
    np.testing.assert_array_equal(shown(truth.sides.left), [left])
    np.testing.assert_array_equal(shown(truth.sides.right), [right])


def test_a_smooth_function_has_no_sides():
    assert sides_of(lambda xp, x: xp.sin(x), 0.0).sides is None


def test_a_second_derivative_has_sides_where_the_first_has_a_kink():
    truth = sides_of(lambda xp, x: x * xp.abs(x), 0.0, order=2)
    assert (shown(truth.sides.left), shown(truth.sides.right)) == ([-2], [2])
    assert truth.doubt == ""


def test_each_tied_entry_has_its_own_sides():
    truth = sides_of(lambda xp, x: xp.max(x), [3.0, 1.0, 3.0], "gradient")
    np.testing.assert_array_equal(shown(truth.sides.left), [0, nan, 0])
    np.testing.assert_array_equal(shown(truth.sides.right), [1, nan, 1])


def test_the_sides_of_an_entry_of_a_hessian_are_those_of_both_of_its_numbers():
    truth = sides_of(lambda xp, x: xp.abs(x[0]) * xp.abs(x[1]), [0.0, 0.0], "hessian", 2)
    np.testing.assert_array_equal(shown(truth.sides.right), [nan, 1, 1, nan])


def test_a_hull_is_certified_by_both_of_its_sides():
    assert sides_of(lambda xp, x: xp.abs(x), 0.0).doubt == ""


def test_a_jump_stays_in_doubt_whatever_its_sides():
    truth = sides_of(lambda xp, x: xp.where(x > 0, x + 1.0, x), 0.0)
    assert truth.doubt == JUMPS and shown(truth.sides.left) == shown(truth.sides.right) == [1]


def test_kinks_that_cancel_leave_a_derivative():
    truth = sides_of(lambda xp, x: xp.maximum(x, 0.0 * x) - xp.maximum(-x, 0.0 * x), 0.0)
    assert truth.not_unique == 0 and shown(truth.answer.arrays) == [1]


def test_kinks_that_seem_to_cancel_in_some_directions_alone_do_not():
    def cone(xp, x):
        return xp.maximum(0.0 * x[0], x[0] - 1e6 * xp.abs(x[1]))

    truth = sides_of(cone, [0.0, 0.0], "gradient")
    assert truth.not_unique == 2


def test_an_answer_that_vanishes_with_the_distance_is_zero():
    truth = sides_of(lambda xp, x: xp.linalg.vector_norm(x) ** 2, [0.0, 0.0], "gradient")
    assert shown(truth.answer.arrays) == [0, 0] and truth.not_unique == 0


def test_of_very_many_kinks_no_sides_are_looked_at():
    truth = sides_of(lambda xp, x: xp.sum(xp.abs(x)), np.zeros(MOST_KINKS + 1), "gradient")
    assert truth.sides is None


def test_a_value_that_is_not_finite_has_no_sides():
    truth = sides_of(lambda xp, x: xp.log(x), [-1.0, 2.0], "value", 0)
    assert truth.sides is None
