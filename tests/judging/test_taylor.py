"""The order of the Taylor remainder tells a right slope from a wrong one."""

from math import isnan

import numpy as np
import pytest
from truths import model_at

from adbench.cases import Operator
from adbench.cases.inputs import Inputs
from adbench.cases.question import Question
from adbench.judging.taylor import ray_of, taylor_order

EXTENDED = np.finfo(np.longdouble).eps


def ray_at(function, point, tangent):
    inputs = Inputs((np.asarray(point),), 0, np.asarray(tangent), np.asarray(1.0))
    return ray_of(Question(model_at(function, point), inputs, Operator.JVP, 1))


def test_a_function_along_the_tangent_is_right_to_the_last_digit_of_longdouble():
    ray = ray_at(lambda xp, x: xp.exp(x), 0.5, 2.0)
    assert abs(ray(0.25) / np.exp(np.longdouble(1)) - 1) <= 2 * EXTENDED
    assert taylor_order(ray, 2 * np.exp(0.5), 1e-15) == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize(
    "function",
    [
        lambda xp, x: xp.sort(xp.stack([x, 0 * x]))[0],
        lambda xp, x: xp.log(x),
        lambda xp, x: xp.where(x > 0, 2.0, 1.0),
    ],
)
def test_a_function_that_is_undecided_or_unbounded_along_the_tangent_is_nan(function):
    ray = ray_at(lambda xp, x: function(xp, x / 3 - 2 * x / 6), 1.0, 1.0)
    assert np.isnan(ray(0.0)) and np.isnan(taylor_order(ray, 1.0, 1e-15))


def sine(h):
    return np.sin(np.longdouble(0.5) + np.longdouble(h))


def test_the_taylor_remainder_of_a_right_slope_is_of_order_two():
    assert taylor_order(sine, float(np.cos(0.5)), 1e-16) == pytest.approx(2, abs=0.1)


def test_the_taylor_remainder_of_a_wrong_slope_is_of_order_one():
    assert taylor_order(sine, float(np.cos(0.5)) * 1.001, 1e-16) == pytest.approx(1, abs=0.1)


def test_a_linear_function_leaves_no_remainder():
    assert isnan(taylor_order(lambda h: np.longdouble(3 * h), 3.0, 1e-15))
