"""`xp.grad(f)`: derivatives inside of a model, differentiated on every backend."""

from __future__ import annotations

import numpy as np
import pytest
from frameworks import EXACT, SLOW_TO_STAGE, answer, load

import adbench
from adbench.cases import MODES, Model, Operator
from adbench.cases.inputs import make_inputs
from reference_ad.engine import tree

pytestmark = pytest.mark.filterwarnings(
    # PyTorch's own derivatives of some operations are scripts.
    "ignore:`torch.jit.script` is deprecated:DeprecationWarning"
)


def energy(xp, point, mass):
    return xp.sum(xp.tanh(point["x"]) * mass) + xp.sum(point["y"] ** 3)


def residual(xp, weights, x, y, mass):
    """The slope of a small network by its input, squared: a loss that contains a derivative."""
    slope = xp.grad(lambda point, m: energy(xp, point, m))({"x": weights * x, "y": y}, mass)
    return xp.sum(slope["x"] ** 2 * weights) + xp.sum(slope["y"] * weights)


def by_hand(xp, weights, x, y, mass):
    slope = (1 - xp.tanh(weights * x) ** 2) * mass
    return xp.sum(slope**2 * weights) + xp.sum(3 * y**2 * weights)


POINT = (np.asarray([0.5, -0.25, 1.5]), np.asarray([1.0, 2.0, -0.5]), np.ones(3), np.asarray(0.75))
MODEL = Model(name="residual", function=residual, make=lambda size, rng: POINT, sizes={"only": {}})

CASES = [
    (operator, mode)
    for operator in (Operator.VALUE, Operator.GRADIENT, Operator.JVP, Operator.HVP)
    for mode in MODES[operator]
]


@pytest.mark.parametrize(("operator", "mode"), CASES)
@pytest.mark.parametrize("name", [name for name in EXACT if name != "mygrad"])
def test_a_derivative_inside_is_what_it_is_by_hand(name, operator, mode):
    inputs = make_inputs(MODEL, "only", seed=0)
    _, right = answer(load("reference:tape"), by_hand, inputs, operator, mode)
    _, ours = answer(load(name), residual, inputs, operator, mode)
    for x, y in zip(tree.leaves(ours), tree.leaves(right), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12)


@pytest.mark.parametrize("name", [*SLOW_TO_STAGE, "tensorflow:xla"])
def test_a_compiler_takes_a_derivative_inside(name):
    inputs = make_inputs(MODEL, "only", seed=0)
    mode = MODES[Operator.GRADIENT][1]
    _, ours = answer(load(name), residual, inputs, Operator.GRADIENT, mode)
    _, right = answer(load("reference:tape"), by_hand, inputs, Operator.GRADIENT, mode)
    np.testing.assert_allclose(ours, right, rtol=1e-12)


def test_its_truth_is_certified():
    report = adbench.check(residual, *POINT, backend=["reference:tape", "differences"])
    assert report, report


def test_a_gradient_of_many_numbers_is_refused_in_planning():
    def function(xp, x):
        return xp.grad(lambda y: y**2)(x)

    with pytest.raises(adbench.SpecError) as caught:
        adbench.check(function, np.ones(2))
    assert "grad needs a function that returns one real scalar" in str(caught.value)
