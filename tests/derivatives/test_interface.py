"""One interface to the derivatives of every backend."""

from __future__ import annotations

import numpy as np
import pytest

import adbench
from adbench import SpecError, registry
from adbench.backends.base import Unsupported
from adbench.derivatives.prepared import OtherArguments

BACKENDS = (
    "reference:tape",
    "reference:compiled",
    "torch:eager",
    "torch:func",
    "jax:jit",
    "jax:eager",
    "tensorflow:function",
    "tensorflow:eager",
    "differences:central",
)
X = np.array([0.5, 1.0, 2.0])
V = np.array([1.0, -2.0, 0.25])


def installed(name):
    """The backend, where its framework is there."""
    (entry,) = registry.find_backends([name])
    if entry.requires is not None:
        pytest.importorskip(entry.requires)
    return name


def energy(xp, x, scale):
    return scale * xp.sum(xp.sin(x) * x[0])


def field(xp, x):
    return xp.stack([x[0] * x[1], xp.exp(x[2])])


GRADIENT = np.array([np.cos(0.5) * 0.5 + np.sin(X).sum(), *(0.5 * np.cos(X[1:]))])
HESSIAN = np.diag(-0.5 * np.sin(X))
HESSIAN[0] += np.cos(X)
HESSIAN[:, 0] += np.cos(X)
JACOBIAN = np.array([[1.0, 0.5, 0.0], [0.0, 0.0, np.exp(2.0)]])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_operator_is_asked_in_one_way(backend):
    installed(backend)
    close = {"rtol": 1e-6, "atol": 1e-6}
    cotangent = np.array([2.0, -1.0])
    gradient = adbench.gradient(energy, X, 2.0, backend=backend)
    value, same_gradient = adbench.value_and_gradient(energy, X, 2.0, backend=backend)
    product = adbench.hvp(energy, X, 2.0, tangent=V, backend=backend)
    hessian = adbench.hessian(energy, X, 2.0, backend=backend)
    jacobian = adbench.jacobian(field, X, backend=backend)
    pushed = adbench.jvp(field, X, tangent=V, backend=backend)
    pulled = adbench.vjp(field, X, cotangent=cotangent, backend=backend)
    second = adbench.derivative(lambda xp, x: xp.sin(x), 0.5, order=2, backend=backend)
    np.testing.assert_allclose(gradient, 2 * GRADIENT, **close)
    np.testing.assert_allclose(same_gradient, 2 * GRADIENT, **close)
    np.testing.assert_allclose(value, energy(np, X, 2.0), **close)
    np.testing.assert_allclose(product, 2 * HESSIAN @ V, **close)
    np.testing.assert_allclose(hessian, 2 * HESSIAN, **close)
    np.testing.assert_allclose(jacobian, JACOBIAN, **close)
    np.testing.assert_allclose(pushed, JACOBIAN @ V, **close)
    np.testing.assert_allclose(pulled, cotangent @ JACOBIAN, **close)
    np.testing.assert_allclose(second, -np.sin(0.5), **close)
    assert all(isinstance(array, np.ndarray) for array in (gradient, hessian, jacobian))


@pytest.mark.parametrize("backend", ["reference:compiled", "torch:eager", "jax:jit"])
def test_a_prepared_call_takes_other_numbers(backend):
    prepared = adbench.prepare("gradient", energy, X, 2.0, backend=installed(backend))
    for factor in (1.0, 3.0):
        np.testing.assert_allclose(prepared(X, factor), factor * GRADIENT, rtol=1e-13)
    assert "gradient in mode reverse" in repr(prepared)


def test_a_prepared_call_says_what_was_prepared_and_what_was_given():
    prepared = adbench.prepare("jvp", field, X)
    with pytest.raises(OtherArguments) as refusal:
        prepared(X.astype(np.float32)[:2], tangent=V)
    assert str(refusal.value) == (
        "This jvp was prepared for x: float64 (3,), tangent: float64 (3,), and was given "
        "x: float32 (2,), tangent: float64 (3,): prepare it anew for such arguments, or give those "
        "that it was prepared for."
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((X,), "was given x: float64 (3,):"),
        ((X, 2.0, 1.0), "argument 2: float64 ()"),
        ((X, X), "scale: float64 (3,)"),
    ],
)
def test_a_prepared_call_refuses_other_arguments(arguments, words):
    prepared = adbench.prepare("gradient", energy, X, 2.0)
    with pytest.raises(OtherArguments) as refusal:
        prepared(*arguments)
    assert words in str(refusal.value)


def test_a_static_value_is_part_of_what_was_prepared():
    prepared = adbench.prepare("gradient", lambda xp, x, power: xp.sum(x**power), X, 3)
    np.testing.assert_allclose(prepared(X, 3), 3 * X**2)
    with pytest.raises(
        OtherArguments, match=r"power: 3, and was given x: float64 \(3,\), power: 2"
    ):
        prepared(X, 2)


def test_the_answer_is_a_tree_like_the_active_argument():
    def loss(xp, data, parameters):
        weights, bias = parameters["weights"], parameters["bias"]
        return xp.sum(data @ weights) + bias

    parameters = {"weights": np.ones(3), "bias": np.asarray(1.0)}
    gradient = adbench.gradient(loss, np.eye(3), parameters, argnum=1)
    np.testing.assert_allclose(gradient["weights"], np.ones(3))
    np.testing.assert_allclose(gradient["bias"], 1.0)


def test_a_function_of_pytorch_is_differentiated_as_it_stands():
    torch = pytest.importorskip("torch")
    x = torch.tensor(X, dtype=torch.float32)
    prepared = adbench.prepare("gradient", lambda x, power: (x**power).sum(), x, 3)
    gradient = prepared(2 * x, 3)
    assert prepared.preparation.backend == "torch:eager"
    assert gradient.dtype is torch.float32
    np.testing.assert_allclose(gradient.numpy(), 12 * X**2, rtol=1e-6)


@pytest.mark.parametrize("backend", ["reference", "jax:jit", "tensorflow"])
def test_a_function_of_pytorch_is_read_where_another_computes(backend):
    torch = pytest.importorskip("torch")
    installed(backend)
    linear = torch.nn.Linear(3, 1).double()
    x = torch.tensor(X)
    gradient = adbench.gradient(lambda x: torch.sin(linear(x)).sum(), x, backend=backend)
    expected = torch.autograd.functional.jacobian(lambda x: torch.sin(linear(x)).sum(), x)
    assert isinstance(gradient, torch.Tensor)
    np.testing.assert_allclose(gradient.numpy(), expected.detach().numpy(), rtol=1e-12)


def test_a_list_as_an_index_is_taken_by_a_prepared_call():
    pytest.importorskip("jax")
    prepared = adbench.prepare("gradient", lambda xp, x: x[[0, 2]][1], X, backend="jax:eager")
    np.testing.assert_allclose(prepared(2 * X), [0, 0, 1])


def test_the_mode_is_the_first_that_the_backend_has():
    prepared = adbench.prepare("gradient", energy, X, 2.0, backend="differences")
    assert prepared.preparation.mode == "forward"
    tall = adbench.prepare("jacobian", lambda xp, x: xp.concat([x, x]), X)
    wide = adbench.prepare("jacobian", lambda xp, x: x[:1], X)
    assert (tall.preparation.mode, wide.preparation.mode) == ("forward", "reverse")


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: adbench.gradient(field, X), r"with one output of shape \(\), and this one gives"),
        (lambda: adbench.derivative(energy, X, 2.0), "of a function of one array of shape"),
        (lambda: adbench.gradient(energy, X, 2.0, mode="taylor"), "has no mode 'taylor'; give"),
        (lambda: adbench.gradient(energy, X, 2.0, argnum=2), "argnum is 2, and 2 argument"),
        (lambda: adbench.gradient(energy, [1, 2], 2.0), "was given int64 to differentiate by"),
        (lambda: adbench.gradient(lambda x: x, X), "name a backend, whose arrays"),
        (lambda: adbench.gradient(energy, X, 2.0, backend="jaxx"), "There is no backend 'jaxx'"),
        (lambda: adbench.prepare("grad", energy, X, 2.0), "There is no operator 'grad' to"),
        (lambda: adbench.gradient("f", X), "A str was given to differentiate"),
        (lambda: adbench.jvp(field, X, tangent=X[:2]), r"those of the active argument, \[\(3,\)\]"),
        (lambda: adbench.prepare("gradient", energy, X, 2.0, tangent=X), "takes no direction"),
        (lambda: adbench.gradient(lambda xp, x: 1.0, X, backend="torch"), "returned a float; it"),
    ],
)
def test_what_cannot_be_used_gets_one_sentence(ask, sentence):
    if "torch" in sentence:
        pytest.importorskip("torch")
    with pytest.raises(SpecError, match=sentence):
        ask()


def test_a_mode_that_a_backend_lacks_is_unsupported():
    with pytest.raises(Unsupported, match="It has no vjp"):
        adbench.gradient(energy, X, 2.0, backend="differences", mode="reverse")
