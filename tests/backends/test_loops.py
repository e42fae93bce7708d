"""`xp.scan` and `xp.fori_loop`: what their steps written out give, on every backend."""

from __future__ import annotations

import time

import numpy as np
import pytest
from frameworks import EXACT, SLOW_TO_STAGE, answer, load

import adbench
from adbench.backends.base import Unsupported
from adbench.cases import MODES, Mode, Model, Operator
from adbench.cases.inputs import make_inputs
from adbench.counting.operations import operations
from adbench.namespaces.namespace import Namespace
from reference_ad.engine import tree

pytestmark = pytest.mark.filterwarnings(
    # PyTorch's own derivatives of some operations are scripts.
    "ignore:`torch.jit.script` is deprecated:DeprecationWarning"
)

STEPS = 4


def looped(xp, params, scale):
    weights, inputs = params

    def step(carry, x):
        state = xp.tanh(weights @ carry["state"] + x * scale)
        return {"state": state}, (state * x, xp.sum(state))

    carry, (products, sums) = xp.scan(step, {"state": inputs[0, :] * 0}, inputs)
    powers = xp.fori_loop(0, 3, lambda k, y: y * carry["state"] + k, carry["state"])
    return xp.sum(products**2) + xp.sum(sums) + xp.sum(powers)


def written_out(xp, params, scale):
    weights, inputs = params
    state = inputs[0, :] * 0
    total = 0.0
    for k in range(STEPS):
        state = xp.tanh(weights @ state + inputs[k, :] * scale)
        total = total + xp.sum((state * inputs[k, :]) ** 2) + xp.sum(state)
    powers = state
    for k in range(3):
        powers = powers * state + k
    return total + xp.sum(powers)


def make(size, rng):
    weights = rng.standard_normal((size["n"], size["n"])) / 2
    return (weights, rng.standard_normal((size["steps"], size["n"]))), np.asarray(0.5)


SIZES = {"small": {"n": 2, "steps": STEPS}, "long": {"n": 8, "steps": 1023}}
MODEL = Model(name="looped", function=looped, make=make, sizes=SIZES)

CASES = [
    (operator, mode)
    for operator in (
        *(Operator.VALUE, Operator.GRADIENT, Operator.JVP, Operator.JACOBIAN),
        *(Operator.HVP, Operator.HESSIAN),
    )
    for mode in MODES[operator]
]
SECOND_ORDERS = (Operator.HVP, Operator.HESSIAN)
SLOW_SECOND_ORDERS = ("jax:eager", "tensorflow:eager")
"""They compile the step, or trace each operation, anew for every one: the other stagings show the
same."""

CELLS = [
    (name, operator, mode)
    for name in EXACT
    for operator, mode in CASES
    if not (name in SLOW_SECOND_ORDERS and operator in SECOND_ORDERS)
]


@pytest.mark.parametrize(("name", "operator", "mode"), CELLS)
def test_a_loop_is_its_steps_written_out_in_every_operator_and_mode(name, operator, mode):
    backend = load(name)
    inputs = make_inputs(MODEL, "small", seed=0)
    _, right = answer(load("reference:tape"), written_out, inputs, operator, mode)
    try:
        _, ours = answer(backend, looped, inputs, operator, mode)
    except ValueError as error:
        # TensorFlow has no batch of loops that is differentiated twice.
        if not (operator is Operator.HESSIAN and backend.lacks_rule(error)):
            raise
        return
    except Unsupported:
        with pytest.raises(Unsupported):  # with or without a loop
            answer(backend, written_out, inputs, operator, mode)
        return
    for x, y in zip(tree.leaves(ours), tree.leaves(right), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", [*SLOW_TO_STAGE, "tensorflow:xla", "tensorflow:graph"])
def test_a_compiler_takes_a_loop(name):
    inputs = make_inputs(MODEL, "small", seed=0)
    mode = MODES[Operator.GRADIENT][1]
    _, ours = answer(load(name), looped, inputs, Operator.GRADIENT, mode)
    _, right = answer(load("reference:tape"), written_out, inputs, Operator.GRADIENT, mode)
    for x, y in zip(tree.leaves(ours), tree.leaves(right), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-11, atol=1e-12)


def test_its_truth_is_certified():
    report = adbench.check(looped, *make(SIZES["small"], np.random.default_rng(0)))
    assert report, report


def test_a_namespace_made_of_another_has_its_loops():
    xp = load("jax:jit").xp
    assert Namespace(xp, xp.special).scan is xp.scan
    inputs = make_inputs(MODEL, "long", seed=0)
    start = time.perf_counter()
    assert operations(MODEL, inputs, Operator.VALUE, Mode.NONE) > 1023 * 8 * 8
    assert time.perf_counter() - start < 5


def test_numbers_that_a_model_brings_along_are_carried_in_its_truth():
    start = np.asarray([0.25, 0.5])

    def function(xp, x):
        return xp.sum(xp.scan(lambda c, y: (c * y, None), start, x)[0])

    report = adbench.check(function, np.ones((3, 2)), backend=["reference", "jax:jit"])
    assert report, report


@pytest.mark.parametrize("name", ["reference:compiled", "jax:jit", "tensorflow:function"])
def test_a_thousand_steps_are_not_written_out(name):
    backend = load(name)
    inputs = make_inputs(MODEL, "long", seed=0)
    start = time.perf_counter()
    answer(backend, looped, inputs, Operator.GRADIENT, MODES[Operator.GRADIENT][1])
    assert time.perf_counter() - start < 20
