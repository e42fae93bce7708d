"""Integers, flags, strings and None among a model's arguments stay Python values everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from frameworks import EXACT, SLOW_TO_STAGE, load

import adbench
from adbench.cases import Model, SpecError
from adbench.cases.inputs import make_inputs
from adbench.cases.static import map_arrays, without_static


def powers(xp, x, order, options, weights):
    """A function that branches on static values, and takes one for a length."""
    total = xp.zeros_like(x)
    for k in range(order):
        total = total + weights["w"][k] * x**k
    if options["kind"] == "tanh":
        total = xp.tanh(total)
    return total if options["axis"] is None else xp.sum(total, axis=options["axis"])


POINT = (
    np.asarray([0.3, -0.7]),
    3,
    {"kind": "tanh", "axis": 0, "flag": True},
    {"w": np.asarray([0.5, 1.5, -0.25]), "name": "weights", "nothing": None},
)


@pytest.mark.parametrize("name", [*EXACT, *SLOW_TO_STAGE])
def test_static_arguments_stay_python_values(name):
    load(name)
    report = adbench.check(powers, *POINT, backend=name, operators=["jvp", "vjp"])
    assert report, report


def test_a_static_value_keeps_the_paths_of_the_arrays_beside_it():
    arrays, whole = without_static(POINT[3])
    assert arrays == {"w": POINT[3]["w"], "name": (), "nothing": ()}
    assert whole(arrays) == POINT[3]


def test_arrays_are_mapped_and_static_values_left():
    assert map_arrays(lambda leaf: "array", (1, None, "name", 1.0, np.int64(2))) == (
        *(1, None, "name"),
        *("array", "array"),
    )


def test_a_static_value_is_never_active():
    model = Model(
        name="mine",
        function=lambda xp, x: x[0],
        make=lambda size, rng: ((1.0, 3),),
        sizes={"s": {}},
    )
    with pytest.raises(SpecError) as caught:
        make_inputs(model, "s", seed=0)
    assert str(caught.value) == (
        "The active argument of the model 'mine' has the Python value 3 at [1], which is not "
        "differentiated; give a float, or pass it as another argument."
    )


def test_points_are_the_same_only_with_the_same_static_values():
    draws = []

    def make(size, rng):
        draws.append(len(draws))
        return 1.0, draws[-1]

    model = Model(name="mine", function=lambda xp, x, k: x, make=make, sizes={"s": {}})
    with pytest.raises(SpecError, match="gave other arguments the second time"):
        make_inputs(model, "s", seed=0)
