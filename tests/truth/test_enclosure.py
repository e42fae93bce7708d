"""Enclosures as numbers: what is read off the balls."""

import numpy as np
import pytest

from adbench.cases.inputs import Inputs
from adbench.cases.model import Model
from adbench.judging.identities import taylor_order
from adbench.truth.enclosure import along_tangent

EXTENDED = np.finfo(np.longdouble).eps


def on_a_ray(function, at, tangent):
    model = Model(
        name="f", function=function, make=lambda size, rng: (np.asarray(at),), sizes={"one": {}}
    )
    return along_tangent(model, Inputs((np.asarray(at),), 0, np.asarray(tangent), np.asarray(1.0)))


def test_a_function_along_the_tangent_is_right_to_the_last_digit_of_longdouble():
    value = on_a_ray(lambda xp, x: xp.exp(x), 0.5, 2.0)
    assert abs(value(0.25) / np.exp(np.longdouble(1)) - 1) <= 2 * EXTENDED
    assert taylor_order(value, 2 * np.exp(0.5), 1e-15, float(EXTENDED)) == pytest.approx(
        2, abs=0.05
    )


@pytest.mark.parametrize(
    "function",
    [
        lambda xp, x: xp.sort(xp.stack([x, 0 * x]))[0],
        lambda xp, x: xp.log(x),
        lambda xp, x: xp.where(x > 0, 2.0, 1.0),
    ],
)
def test_a_function_that_is_undecided_or_unbounded_along_the_tangent_is_nan(function):
    value = on_a_ray(lambda xp, x: function(xp, x / 3 - 2 * x / 6), 1.0, 1.0)
    assert np.isnan(value(0.0)) and np.isnan(taylor_order(value, 1.0, 1e-15, float(EXTENDED)))
