"""`adbench.compare_functions`: two implementations of one function, and which of them is wrong."""

from typing import Any

import numpy as np
import pytest

import adbench
from adbench.cases import SpecError

torch = pytest.importorskip("torch", reason="torch is not installed")
jax = pytest.importorskip("jax", reason="jax is not installed")

Function: Any = torch.autograd.Function
Module: Any = torch.nn.Module
jnp = jax.numpy

X = np.linspace(-1, 1, 6).reshape(2, 3)
MAPPING = {"0.weight": ("first.kernel", (1, 0)), "0.bias": "first.bias", "2.weight": "last"}


def in_torch(x):
    return torch.tanh(x) * x


def in_jax(x):
    return jnp.tanh(x) * x


class TanhWithWrongRule(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.tanh(x) * x

    @staticmethod
    def backward(ctx, cotangent):
        (x,) = ctx.saved_tensors
        return cotangent * torch.tanh(x)


def network():
    torch.manual_seed(0)
    first, last = torch.nn.Linear(3, 4), torch.nn.Linear(4, 1, bias=False)
    return torch.nn.Sequential(first, torch.nn.Tanh(), last)


def port(parameters, x):
    hidden = jnp.tanh(x @ parameters["first"]["kernel"] + parameters["first"]["bias"])
    return hidden @ parameters["last"].T


def port_without_bias(parameters, x):
    return jnp.tanh(x @ parameters["first"]["kernel"]) @ parameters["last"].T


def test_a_port_that_is_right_passes():
    report = adbench.compare_functions(in_torch, in_jax, X)
    assert report
    assert str(report) == "in_torch and in_jax are the same function, with right derivatives."


def test_the_one_with_a_wrong_derivative_is_named_with_the_entry():
    report = adbench.compare_functions(TanhWithWrongRule.apply, in_jax, X)
    assert not report and not report.first and report.second and report.between
    assert report.summary.startswith("TanhWithWrongRule has a wrong derivative, which is not that")
    assert "x[" in report.summary
    backwards = adbench.compare_functions(in_jax, TanhWithWrongRule.apply, X)
    assert backwards.first and not backwards.second and not backwards.between
    assert backwards.summary.startswith("TanhWithWrongRule has a wrong derivative")


def test_the_parameters_of_a_module_are_found_by_a_mapping():
    report = adbench.compare_functions(
        network(), port, X.astype("float32"), parameters=MAPPING, operators=["value", "vjp"]
    )
    assert report, str(report)


def test_a_port_of_another_function_is_told_with_both_values():
    report = adbench.compare_functions(
        network(),
        port_without_bias,
        X.astype("float32"),
        parameters=MAPPING,
        operators=["value", "vjp"],
    )
    assert report.first and report.second and not report.between
    assert report.summary.startswith("They are not the same function: value output[")
    assert "in Sequential and" in report.summary


def test_two_modules_are_matched_by_the_names_of_their_parameters():
    class Renamed(Module):
        def __init__(self):
            super().__init__()
            self.net = network()

        def forward(self, x):
            return self.net(x)

    mapping = {name: f"net.{name}" for name, _ in network().named_parameters()}
    assert adbench.compare_functions(
        network(), Renamed(), X.astype("float32"), parameters=mapping, operators=["vjp"]
    )


def test_what_has_no_counterpart_gets_one_sentence():
    with pytest.raises(SpecError, match="parameters names 'weights', which is no parameter"):
        adbench.compare_functions(network(), port, X, parameters={"weights": "w"})
    with pytest.raises(SpecError, match="The second function has net"):

        class Renamed(Module):
            def __init__(self):
                super().__init__()
                self.net = network()

            def forward(self, x):
                return self.net(x)

        adbench.compare_functions(network(), Renamed(), X)
    with pytest.raises(SpecError, match="framework of lambda cannot be told"):
        adbench.compare_functions(lambda x: x * x, in_jax, X)
    assert adbench.compare_functions(
        lambda x: x * x, lambda x: x**2, X, frameworks=["torch", "jax"]
    )
