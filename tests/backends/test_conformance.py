"""Every backend answers every operator in every mode as derived by hand, or says that it cannot."""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np
import pytest
from frameworks import NAMES, answer, load

from adbench.backends.base import Backend, Unsupported
from adbench.cases import MODES, Mode, Operator
from adbench.cases.inputs import Inputs
from reference_ad.engine import tree

# The first forward derivative in torch 2.13 loads its own decompositions by way of its own
# deprecated function.
pytestmark = pytest.mark.filterwarnings(
    "ignore:`torch.jit.script` is deprecated:DeprecationWarning"
)

RNG = np.random.default_rng(2)
A = RNG.standard_normal((3, 2))
C = RNG.standard_normal(3)
V = {"W": RNG.standard_normal((3, 2)), "b": (RNG.standard_normal(3), np.asarray(0.3))}
P = {"W": RNG.standard_normal((3, 2)), "b": (RNG.standard_normal(3), np.asarray(0.7))}
X = RNG.standard_normal(2)
U = RNG.standard_normal(3)


def vector(xp: Any, p: Any, x: Any) -> Any:
    """s * exp(W x + b), from 10 scalars in three leaves to 3."""
    return p["b"][1] * xp.exp(p["W"] @ x + p["b"][0])


def scalar(xp: Any, p: Any, x: Any) -> Any:
    """The sum of s^2 exp(W x + b)."""
    return p["b"][1] * xp.sum(vector(xp, p, x))


def by_hand() -> dict[Operator, Any]:
    """All answers in closed form, from e = exp(W x + b) and s."""
    e, s = np.exp(P["W"] @ X + P["b"][0]), P["b"][1]
    identity = np.eye(3)
    jacobian = {
        "W": s * np.einsum("i,ij,k->ijk", e, identity, X),
        "b": (s * np.diag(e), e),
    }
    flat = {"W": s * s * np.outer(e, X), "b": (s * s * e, np.asarray(2 * s * e.sum()))}
    direction = V["W"] @ X + V["b"][0]
    ds = V["b"][1]
    change = s * s * e * direction + 2 * s * ds * e
    hvp = {
        "W": np.outer(change, X),
        "b": (change, np.asarray(2 * s * (e * direction).sum() + 2 * ds * e.sum())),
    }
    hessian = {
        "W": {
            "W": s * s * np.einsum("i,ik,j,l->ijkl", e, identity, X, X),
            "b": (s * s * np.einsum("i,ik,j->ijk", e, identity, X), 2 * s * np.outer(e, X)),
        },
        "b": (
            {
                "W": s * s * np.einsum("i,ik,l->ikl", e, identity, X),
                "b": (s * s * np.diag(e), 2 * s * e),
            },
            {"W": 2 * s * np.outer(e, X), "b": (2 * s * e, np.asarray(2 * e.sum()))},
        ),
    }
    return {
        Operator.VALUE: s * s * e.sum(),
        Operator.GRADIENT: flat,
        Operator.JVP: s * e * direction + ds * e,
        Operator.VJP: tree.map(lambda block: np.tensordot(U, block, 1), jacobian),
        Operator.JACOBIAN: jacobian,
        Operator.HVP: hvp,
        Operator.HESSIAN: hessian,
    }


EXPECTED = by_hand()
CASES = [(operator, mode) for operator in EXPECTED for mode in MODES[operator]]
SUPPORTED_BY_DIFFERENCES = {Mode.NONE, Mode.FORWARD, Mode.FORWARD_OVER_FORWARD}


def inputs_of(operator: Operator) -> tuple[Any, Inputs]:
    vectorial = operator in (Operator.JVP, Operator.VJP, Operator.JACOBIAN)
    return (
        (vector, Inputs((P, X), 0, V, U))
        if vectorial
        else (scalar, Inputs((P, X), 0, V, np.asarray(1.0)))
    )


@pytest.mark.parametrize(("operator", "mode"), CASES)
def test_answer_agrees_with_the_closed_form(
    backend: Backend, operator: Operator, mode: Mode
) -> None:
    function, inputs = inputs_of(operator)
    if not backend.exact and mode not in SUPPORTED_BY_DIFFERENCES:
        with pytest.raises(Unsupported, match=f"It has no vjp, which the mode {mode} needs."):
            answer(backend, function, inputs, operator, mode)
        return
    _, found = answer(backend, function, inputs, operator, mode)
    expected = EXPECTED[operator]
    assert tree.flatten(found)[1] == tree.flatten(expected)[1]
    tolerance = 1e-12 if backend.exact else 1e-6
    for got, want in zip(tree.leaves(found), tree.leaves(expected), strict=True):
        assert got.shape == want.shape
        assert got.dtype == np.float64
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("mode", MODES[Operator.HVP])
def test_an_hvp_of_several_outputs_is_that_of_their_product_with_the_cotangent(
    backend: Backend, mode: Mode
) -> None:
    if not backend.exact and mode not in SUPPORTED_BY_DIFFERENCES:
        pytest.skip("differences have no reverse mode")

    def product(xp: Any, p: Any, x: Any, u: Any) -> Any:
        return xp.sum(vector(xp, p, x) * u)

    _, found = answer(backend, vector, Inputs((P, X), 0, V, U), Operator.HVP, mode)
    _, expected = answer(
        backend, product, Inputs((P, X, U), 0, V, np.asarray(1.0)), Operator.HVP, mode
    )
    for got, want in zip(tree.leaves(found), tree.leaves(expected), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-13)


@pytest.mark.parametrize(
    ("operator", "mode"),
    [
        (Operator.VALUE, Mode.NONE),
        (Operator.GRADIENT, Mode.REVERSE),
        (Operator.JACOBIAN, Mode.FORWARD),
    ],
)
def test_float32_stays_float32(backend: Backend, operator: Operator, mode: Mode) -> None:
    if not backend.exact and mode is Mode.REVERSE:
        pytest.skip("differences have no reverse mode")
    function, inputs = inputs_of(operator)
    _, found = answer(backend, function, inputs.astype(np.float32), operator, mode)
    for got, want in zip(tree.leaves(found), tree.leaves(EXPECTED[operator]), strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(
            got, want, rtol=1e-5 if backend.exact else 2e-2, atol=2e-2 * (not backend.exact)
        )


def test_inputs_are_copied_and_left_alone(backend: Backend) -> None:
    before = tree.map(np.copy, P)
    array = np.array([1.0, 2.0])
    held = backend.asarray(array)
    array[0] = 7.0
    assert backend.to_numpy(held)[0] == 1.0
    for operator, mode in (
        (Operator.JACOBIAN, Mode.FORWARD),
        (Operator.HVP, Mode.FORWARD_OVER_FORWARD),
    ):
        function, inputs = inputs_of(operator)
        answer(backend, function, inputs, operator, mode)
    assert all(
        np.array_equal(a, b) for a, b in zip(tree.leaves(before), tree.leaves(P), strict=True)
    )


def tanh_by_exp(xp: Any, x: Any) -> Any:
    y = xp.exp(-2.0 * x)
    return (1.0 - y) / (1.0 + y)


def tanh_derivative(x: float, order: int) -> float:
    """From d/dx p(tanh x) = p'(t) (1 - t^2), as polynomials in t."""
    polynomial = np.polynomial.Polynomial([0.0, 1.0])
    for _ in range(order):
        polynomial = polynomial.deriv() * np.polynomial.Polynomial([1.0, 0.0, -1.0])
    return float(polynomial(np.tanh(x)))


@pytest.mark.timeout(240)
@pytest.mark.parametrize("mode", MODES[Operator.DERIVATIVE])
@pytest.mark.parametrize("name", NAMES)
def test_tanh_written_with_exp_has_its_derivatives(name: str, mode: Mode) -> None:
    backend = load(name)
    orders = [1, 2, 3, 8]
    if backend.framework == "tensorflow":  # eight levels trace for half a minute and more
        orders = [1, 2] if mode is Mode.FORWARD else [1, 2, 3, 5]
    if not backend.exact:
        if mode is Mode.REVERSE:
            pytest.skip("differences have no reverse mode")
        orders = [1, 2, 3]
    inputs = Inputs((np.asarray(0.3),), 0, np.asarray(1.0), np.asarray(1.0))
    for order in orders:
        _, found = answer(backend, tanh_by_exp, inputs, Operator.DERIVATIVE, mode, order)
        assert found.shape == ()
        tolerance = 1e-12 * factorial(order) if backend.exact else 1e-4
        np.testing.assert_allclose(found, tanh_derivative(0.3, order), rtol=tolerance)


def test_tensorflow_says_how_deep_accumulators_nest() -> None:
    backend = load("tensorflow:eager")
    inputs = Inputs((np.asarray(0.3),), 0, np.asarray(1.0), np.asarray(1.0))
    with pytest.raises(Unsupported, match="nests 3 deep at most here, not 4"):
        answer(backend, tanh_by_exp, inputs, Operator.DERIVATIVE, Mode.FORWARD, 4)
