"""`adbench.check` of a framework's function as it stands, without a specification."""

from typing import Any

import numpy as np
import pytest

import adbench
from adbench.cases import SpecError

torch = pytest.importorskip("torch", reason="torch is not installed")

Function: Any = torch.autograd.Function
Module: Any = torch.nn.Module


class Scaled(Function):
    """x * sigmoid(x) * y, with the derivative that `factor` makes right or wrong."""

    factor = 1.0

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * torch.sigmoid(x) * y

    @classmethod
    def backward(cls, ctx, cotangent):
        x, y = ctx.saved_tensors
        sigmoid = torch.sigmoid(x)
        slope = sigmoid + x * sigmoid * (1 - sigmoid)
        return cotangent * slope * y, cls.factor * cotangent * x * sigmoid


class Wrong(Scaled):
    factor = 1.0001


@pytest.fixture
def x():
    return torch.linspace(-2, 1.5, 6, dtype=torch.float64).reshape(2, 3).requires_grad_()


@pytest.fixture
def y():
    return torch.linspace(0.5, 1.5, 6, dtype=torch.float64).reshape(2, 3).requires_grad_()


def worst_of(report):
    return [row.worst_entry for row in report.failures]


def test_a_right_backward_pass_passes_without_a_specification(x, y):
    report = adbench.check(Scaled.apply, x, y)
    assert report
    assert {row.backend for row in report.rows} == {"torch:eager"}
    assert {row.implementation for row in report.rows} == {"native"}


def test_a_wrong_backward_pass_is_caught_without_one_and_the_argument_named(x, y):
    report = adbench.check(Wrong.apply, x, y)
    assert report.exit_status == 1
    assert all(entry.startswith("y[") for entry in worst_of(report))
    assert "Wrong given float64 vjp reverse" in str(report)


def test_what_is_not_differentiated_by_is_not_judged(x, y):
    assert adbench.check(Wrong.apply, x, y.detach())
    assert adbench.check(Wrong.apply, x, y, argnums=0)
    assert not adbench.check(Wrong.apply, x, y, argnums="y")
    assert not adbench.check(Wrong.apply, x.detach(), y.detach())  # then all are


def test_the_dtype_is_that_of_the_arguments(x, y):
    for dtype in (torch.float32, torch.bfloat16):
        report = adbench.check(Scaled.apply, x.detach().to(dtype), y.detach().to(dtype))
        assert {row.dtype for row in report.rows} == {str(dtype).removeprefix("torch.")}
        assert report.exit_status != 1


class Layered(Module):
    def __init__(self, factor=1.0):
        super().__init__()
        torch.manual_seed(0)
        self.first = torch.nn.Linear(3, 2)
        self.second = torch.nn.Linear(2, 1)
        self.factor = factor

    def forward(self, inputs):
        hidden = torch.tanh(self.first(inputs))
        return self.second(hidden) * self.factor


def test_the_parameters_of_a_module_are_differentiated_by_and_named():
    module, points = Layered(), torch.ones(4, 3)
    assert adbench.check(module, points)
    assert adbench.check(lambda network, inputs: network(inputs).mean(), module, points)
    report = adbench.check(module, points, spec=Layered(factor=1.25))
    assert {"value", "vjp", "jacobian"} <= {row.operator for row in report.failures}
    assert any("second.bias" in entry for entry in worst_of(report))
    module.first.weight.requires_grad_(False)
    assert adbench.check(module, points, operators=["vjp"])


def test_a_parameter_that_a_specification_does_not_take_is_named():
    module = torch.nn.Linear(3, 2)
    with pytest.raises(SpecError, match="spec takes no weight, which is differentiated by"):
        adbench.check(module, torch.ones(4, 3), spec=lambda inputs: inputs)


def test_trees_flags_keywords_and_several_outputs_are_taken(x, y):
    def function(pair, power, *, negative=False, bias=None):
        left, right = pair["left"], pair["others"][0]
        sign = -1 if negative else 1
        return {"sum": (sign * left**power * right).sum(), "all": [left * right, bias]}

    pair = {"left": x, "others": (y,)}
    assert adbench.check(function, pair, 3, negative=True, bias=x.sum())


def test_the_output_that_errs_is_named(x, y):
    def function(x, y):
        return {"right": x * 2, "wrong": Wrong.apply(x, y)}

    report = adbench.check(function, x, y, operators=["jacobian"])
    assert all("output['wrong']" in entry for entry in worst_of(report))
    assert report.failures


@pytest.mark.parametrize(
    "spec",
    [
        lambda xp, x, y: x * xp.special.expit(x) * y,
        lambda x, y: x * torch.sigmoid(x) * y,
    ],
    ids=["xp", "torch"],
)
def test_a_specification_may_be_of_the_namespace_or_of_the_framework(x, y, spec):
    assert adbench.check(Scaled.apply, x, y, spec=spec)
    assert not adbench.check(Wrong.apply, x, y, spec=spec)


def test_a_specification_may_be_of_another_framework(x, y):
    jax = pytest.importorskip("jax", reason="jax is not installed")
    assert adbench.check(Scaled.apply, x, y, spec=lambda x, y: x * jax.nn.sigmoid(x) * y)


def test_a_forward_that_is_not_the_specification_is_a_finding_of_its_own(x, y):
    report = adbench.check(Scaled.apply, x, y, spec=lambda x, y: torch.tanh(x) * y)
    assert "value" in {row.operator for row in report.failures}
    assert any(row.worst_entry.startswith("output[") for row in report.failures)


def test_a_function_that_is_read_runs_on_other_backends(x, y):
    pytest.importorskip("jax", reason="jax is not installed")
    report = adbench.check(Scaled.apply, x, y, backend=["jax", "reference"])
    assert report
    assert {row.implementation for row in report.rows} == {"spec"}


def test_a_function_of_the_namespace_takes_tensors_as_before(x):
    report = adbench.check(lambda xp, x: xp.sum(xp.sin(x)), x)
    assert report and {row.backend for row in report.rows} == {"reference:tape"}


def test_what_cannot_be_asked_gets_one_sentence(x):
    def coin(x):
        return torch.randn_like(x) * x

    with pytest.raises(SpecError, match="coin cannot be read"):
        adbench.check(coin, x)
    with pytest.raises(SpecError, match="argnums names 'z', which holds no array"):
        adbench.check(Scaled.apply, x, x, argnums="z")
    with pytest.raises(SpecError, match="no array of floating-point numbers"):
        adbench.check(lambda x: x * 2, torch.arange(3))
    with pytest.raises(SpecError, match="was given argnums, which is for functions of PyTorch"):
        adbench.check(lambda xp, x: x, np.ones(2), argnums=0)
    with pytest.raises(SpecError, match="cannot be read: it raised RuntimeError"):
        adbench.check(lambda x: x @ x, x)


def test_a_layout_in_memory_that_is_not_contiguous_is_that_of_the_arguments(x):
    strides = []

    def function(x):
        strides.append(x.stride())
        return (x * x).sum()

    transposed = x.detach().T
    assert adbench.check(function, transposed, operators=["gradient"])
    assert transposed.stride() in strides


# ---- JAX


def test_a_wrong_custom_vjp_is_caught_and_a_right_one_passes():
    jax = pytest.importorskip("jax", reason="jax is not installed")

    def with_rule(factor):
        @jax.custom_vjp
        def sine(x):
            return jax.numpy.sin(x)

        def backward(x, cotangent):
            return (factor * cotangent * jax.numpy.cos(x),)

        sine.defvjp(lambda x: (jax.numpy.sin(x), x), backward)
        return sine

    x = jax.numpy.asarray([0.3, 1.2, -0.4])
    assert adbench.check(with_rule(1.0), x)
    report = adbench.check(with_rule(1.01), x)
    assert report.exit_status == 1
    assert {row.dtype for row in report.rows} == {"float32"}


def test_parameters_in_any_pytree_of_jax_are_named():
    jax = pytest.importorskip("jax", reason="jax is not installed")
    parameters = {"weight": jax.numpy.ones((3, 2)) / 4, "bias": jax.numpy.zeros(2)}

    def layer(parameters, x, *, stopped=False):
        bias = parameters["bias"]
        bias = jax.lax.stop_gradient(bias) if stopped else bias
        return jax.numpy.tanh(x @ parameters["weight"] + bias)

    x = jax.numpy.ones((4, 3)) / 8
    assert adbench.check(layer, parameters, x, argnums=0)

    def spec(xp, parameters, x, *, stopped=False):
        return xp.tanh(x @ parameters["weight"] + parameters["bias"])

    report = adbench.check(layer, parameters, x, argnums=0, spec=spec, stopped=True)
    assert any(entry.startswith("parameters['bias']") for entry in worst_of(report))


# ---- TensorFlow


def test_a_wrong_custom_gradient_is_caught_and_a_right_one_passes():
    tf = pytest.importorskip("tensorflow", reason="tensorflow is not installed")
    pytest.importorskip("adbench.readers.tensorflow", reason="there is no reader of TensorFlow")

    def with_rule(factor):
        @tf.custom_gradient
        def sine(x):
            return tf.sin(x), lambda cotangent: factor * cotangent * tf.cos(x)

        return sine

    x = tf.constant([0.3, 1.2, -0.4], tf.float64)
    assert adbench.check(with_rule(1.0), x)
    assert adbench.check(with_rule(1.01), x).exit_status == 1
