"""Operation counts, held against counts by hand."""

import pytest

from adbench import registry
from adbench.cases import Mode, Operator
from adbench.cases.model import Model
from adbench.counting.operations import count, operations
from adbench.planning.points import Points


def inputs_of(model, size):
    return Points(0, "float64", 1, far=False).first(model, size)


def installed(name):
    return registry.models()[name].model


@pytest.fixture
def dense():
    model = installed("dense")
    inputs = inputs_of(model, "n=64,m=16")
    return lambda operator, mode: operations(model, inputs, operator, mode)


N, M = 64, 16
LAYER = 2 * M * N + M + M
"""W @ x takes a multiplication and an addition per weight, b and tanh one operation an output."""


def test_a_dense_layer_counts_its_products_its_sums_and_its_tanh(dense):
    assert dense(Operator.VALUE, Mode.NONE) == LAYER


PASS = 2 * (2 * M * N) + M + M
"""A pass takes two products, the sum with b, and the slope of tanh times what passes through it:
its tanh itself is not part of the answer."""


def test_a_forward_pass_multiplies_by_the_weights_twice(dense):
    assert dense(Operator.JVP, Mode.FORWARD) == PASS
    assert dense(Operator.JACOBIAN, Mode.FORWARD) == N * PASS


def test_a_reverse_pass_costs_as_much_as_a_forward_pass_and_there_is_one_for_each_output(dense):
    assert dense(Operator.VJP, Mode.REVERSE) == PASS
    assert dense(Operator.JACOBIAN, Mode.REVERSE) == M * PASS


@pytest.mark.parametrize("size", ["8-16-1x8", "32-64-64-1x32"])
def test_the_gradient_of_a_network_costs_at_most_five_times_the_function(size):
    model = installed("mlp")
    counts = count(model, inputs_of(model, size), Operator.GRADIENT, 1)
    assert counts.primal < counts.by_mode["reverse"] <= 5 * counts.primal


def test_a_hessian_takes_one_product_for_each_input():
    model = installed("mlp")
    inputs = inputs_of(model, "1-1-1-1x1")
    for mode in (Mode.FORWARD_OVER_REVERSE, Mode.REVERSE_OVER_REVERSE):
        hessian = operations(model, inputs, Operator.HESSIAN, mode, 2)
        assert hessian == inputs.n * operations(model, inputs, Operator.HVP, mode, 2)


def test_a_tangent_of_a_tangent_is_taken_for_each_pair_of_inputs():
    model = installed("mlp")
    inputs = inputs_of(model, "1-1-1-1x1")
    mode = Mode.FORWARD_OVER_FORWARD
    hvp = operations(model, inputs, Operator.HVP, mode, 2)
    assert operations(model, inputs, Operator.HESSIAN, mode, 2) == inputs.n * hvp


def test_higher_derivatives_cost_more_with_each_order_and_the_highest_are_not_counted():
    model = installed("tanh")
    inputs = inputs_of(model, next(iter(model.sizes)))
    counts = [operations(model, inputs, Operator.DERIVATIVE, Mode.REVERSE, k) for k in (1, 2, 3)]
    assert counts == sorted(set(counts))
    assert not count(model, inputs, Operator.DERIVATIVE, 7).by_mode


def test_a_function_that_branches_on_its_argument_is_not_counted():
    def branching(xp, x):
        return xp.sum(x) if x[0] > 0 else xp.sum(-x)

    model = Model(
        name="branching",
        function=branching,
        make=lambda size, rng: [rng.standard_normal(3)],
        sizes={"only": {}},
    )
    counts = count(model, inputs_of(model, "only"), Operator.GRADIENT, 1)
    assert counts.primal is None
    assert not counts.by_mode


def test_a_checkpoint_costs_the_function_once_more_and_nothing_else():
    plain, checkpointed = (
        count(model, inputs_of(model, "depth=16"), Operator.GRADIENT, 1)
        for model in (installed("layers"), installed("layers_checkpointed"))
    )
    assert checkpointed.primal == plain.primal
    excess = checkpointed.by_mode["reverse"] - plain.by_mode["reverse"]
    assert excess == pytest.approx(plain.primal, rel=0.1)
