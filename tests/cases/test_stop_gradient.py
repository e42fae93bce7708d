"""What passes `stop_gradient` has no derivative, on every backend, and in every truth about it."""

from math import isnan

import numpy as np
import pytest
from frameworks import ENTRIES, EXACT, NAMED_ALONE, answer, load
from hypothesis import given
from hypothesis import strategies as st
from truths import model_at, question_of, truth_of

import adbench
from adbench.cases import MODES, Mode, Operator
from adbench.cases.inputs import Inputs
from adbench.judging.taylor import ray_of, taylor_order
from adbench.namespaces import numpy as plain
from adbench.namespaces.frozen import Freezer, frozen_function
from adbench.step_sweep.differences import FlatFunction, central

POINT = np.asarray([0.75, -1.25, 2.125])


def half_stopped(xp, x):
    """Half of x^4: with the stopped half as s its gradient is 2 s^2 x, its Hessian 2 s^2."""
    return xp.sum(xp.stop_gradient(x) ** 2 * x**2)


def rounded_through(xp, x):
    """The straight-through estimator: the value of round(x), the derivative of x."""
    return xp.sum(3 * (x + xp.stop_gradient(xp.round(x) - x)))


def stopped_in_stopped(xp, x):
    s = xp.stop_gradient(x * xp.stop_gradient(xp.sin(x)))
    return xp.sum(xp.stop_gradient(s * x) * x)


GRADIENTS = {
    half_stopped: 2 * POINT**3,
    rounded_through: np.full(3, 3.0),
    stopped_in_stopped: POINT**2 * np.sin(POINT),
}
RIVALS = [name for name in NAMED_ALONE if not ENTRIES[name].only_forward]
"""Those that only go forward hold what is stopped by values alone, as the tests below say."""

HESSIANS = {half_stopped: np.diag(2 * POINT**2), rounded_through: np.zeros((3, 3))}


def inputs_of(function):
    return Inputs((POINT,), 0, np.ones_like(POINT), np.asarray(1.0))


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("function", GRADIENTS)
@pytest.mark.parametrize("name", EXACT)
def test_every_backend_differentiates_past_what_is_stopped(name, function):
    for mode in (Mode.FORWARD, Mode.REVERSE):
        found = answer(load(name), function, inputs_of(function), Operator.GRADIENT, mode)[1]
        np.testing.assert_allclose(found, GRADIENTS[function], rtol=1e-14)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("function", HESSIANS)
@pytest.mark.parametrize("name", EXACT)
def test_second_derivatives_keep_it_stopped(name, function):
    for mode in MODES[Operator.HESSIAN]:
        if mode is Mode.FORWARD_OVER_FORWARD:
            continue
        found = answer(load(name), function, inputs_of(function), Operator.HESSIAN, mode)[1]
        np.testing.assert_allclose(found, HESSIANS[function], rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("function", GRADIENTS)
@pytest.mark.parametrize("name", RIVALS)
def test_rivals_stop_too(name, function):
    inputs = inputs_of(function)
    try:
        found = answer(load(name), function, inputs, Operator.GRADIENT, Mode.REVERSE)[1]
    except NotImplementedError as error:
        pytest.skip(str(error))
    accuracy = 1e-6 if name.startswith("mlx:") else 1e-14  # MLX's sine is as exact as float32
    np.testing.assert_allclose(found, GRADIENTS[function], rtol=accuracy)


@pytest.mark.parametrize("function", GRADIENTS)
def test_differences_hold_it_at_the_point_itself(function):
    backend = load("differences:central")
    found = answer(backend, function, inputs_of(function), Operator.GRADIENT, Mode.FORWARD)[1]
    np.testing.assert_allclose(found, GRADIENTS[function], rtol=1e-8)


def test_second_differences_hold_it_too():
    backend, mode = load("differences:central"), Mode.FORWARD_OVER_FORWARD
    inputs = inputs_of(half_stopped)
    found = answer(backend, half_stopped, inputs, Operator.HESSIAN, mode)[1]
    np.testing.assert_allclose(found, HESSIANS[half_stopped], atol=1e-5)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_higher_derivatives_hold_it_at_the_point_itself(order):
    def function(xp, x):
        return xp.stop_gradient(x) * xp.exp(x)

    true = 0.5 * np.exp(0.5)
    _, truth = truth_of(model_at(function, 0.5), "derivative", order)
    assert truth.doubt == ""
    assert float(truth.answer.arrays[0]) == pytest.approx(true, rel=1e-15)
    inputs = Inputs((np.asarray(0.5),), 0, np.asarray(1.0), np.asarray(1.0))
    backend = load("differences:central")
    found = answer(backend, function, inputs, Operator.DERIVATIVE, Mode.FORWARD, order)[1]
    assert float(found) == pytest.approx(true, rel=1e-3)


@pytest.mark.parametrize("operator", ["gradient", "jvp", "vjp", "hvp", "hessian"])
@pytest.mark.parametrize("function", GRADIENTS)
def test_the_truth_of_a_function_that_stops_gradients_is_certified(function, operator):
    _, truth = truth_of(model_at(function, POINT), operator)
    assert truth.doubt == ""
    if operator == "gradient":
        np.testing.assert_allclose(truth.answer.arrays[0].astype(float), GRADIENTS[function])


def test_the_taylor_remainder_is_that_of_the_frozen_function():
    question = question_of(model_at(half_stopped, POINT), "jvp")
    slope = float(GRADIENTS[half_stopped] @ question.inputs.tangent * question.inputs.cotangent)
    assert taylor_order(ray_of(question), slope, 1e-14) == pytest.approx(2, abs=0.05)
    assert taylor_order(ray_of(question), 2 * slope, 1e-14) == pytest.approx(1, abs=0.05)


def test_the_step_sweep_measures_the_frozen_function():
    question = question_of(model_at(half_stopped, POINT), "gradient")
    jacobian = central(FlatFunction(question), 1e-5)
    np.testing.assert_allclose(jacobian[0], GRADIENTS[half_stopped], rtol=1e-8)


@pytest.mark.parametrize("backend", ["torch", "jax", "reference"])
def test_a_straight_through_estimator_passes_a_check(backend):
    if backend != "reference":
        pytest.importorskip(backend, reason=f"{backend} is not installed")
    report = adbench.check(model_at(rounded_through, POINT), backend=backend)
    assert report, report


def test_a_straight_through_estimator_that_scales_is_wrong():
    torch = pytest.importorskip("torch")

    def native(x):
        return (3 * (1.001 * x + (torch.round(x) - 1.001 * x).detach())).sum()

    report = adbench.check(model_at(rounded_through, POINT), backend="torch", native=native)
    assert not report
    assert all(row.outcome == "ok" for row in report.rows)


# ---- freezing itself


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=4), st.floats(-1, 1))
def test_a_frozen_function_has_the_values_of_the_point_wherever_it_is_called(entries, step):
    x = np.asarray(entries)
    frozen = frozen_function(lambda xp, x: xp.stop_gradient(x * x) + x, plain.numpy, (x,))
    np.testing.assert_array_equal(frozen(x + step), x * x + (x + step))
    np.testing.assert_array_equal(frozen(x), x * x + x)


def test_a_function_that_stops_nothing_is_evaluated_where_it_is_asked_alone():
    points = []
    frozen = frozen_function(lambda xp, x: points.append(float(x)), plain.numpy, (0.5,))
    frozen(1.0)
    frozen(2.0)
    assert points == [1.0, 2.0]


def test_a_function_that_stops_more_values_elsewhere_is_refused_in_a_sentence():
    def function(xp, x):
        s = xp.stop_gradient(x)
        return s if x <= 1 else xp.stop_gradient(s)

    frozen = frozen_function(function, plain.numpy, (0.5,))
    with pytest.raises(ValueError, match="more often at points nearby than at the point itself"):
        frozen(1.5)


def test_outside_of_frozen_functions_values_pass():
    xp = Freezer(plain.numpy).xp
    assert xp.stop_gradient(0.5) == 0.5
    assert not isnan(xp.special.expit(0.5))
