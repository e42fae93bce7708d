"""Every backend answers every operator in every mode as derived by hand, or says that it cannot."""

from __future__ import annotations

from math import factorial
from typing import Any

import fakes
import numpy as np
import pytest
from frameworks import ENTRIES, NAMED_ALONE, NAMES, SLOW_TO_STAGE, answer, load

from adbench.backends.base import Backend, Unsupported
from adbench.cases import MODES, Mode, Operator
from adbench.cases.inputs import Inputs
from adbench.cases.operators import FIRST_ORDER
from adbench.selftest.conformance import (
    COTANGENT,
    EXPECTED,
    PARAMETERS,
    POINT,
    TANGENT,
    ConformanceOutcome,
    check_backend,
    passes,
    question,
    tanh_by_exp,
    tanh_derivative,
    vector,
)
from reference_ad.engine import tree

# The first forward derivative in torch 2.13 loads its own decompositions by way of its own
# deprecated function.
pytestmark = pytest.mark.filterwarnings(
    "ignore:`torch.jit.script` is deprecated:DeprecationWarning"
)

NOT_ASKED_ALL = (
    *SLOW_TO_STAGE,
    *[name for name in NAMED_ALONE if name.startswith("pytensor:")],  # a second to stage a call
    *[name for name in NAMED_ALONE if name.startswith("mlx:")],  # as exact as float32
    *[name for name in NAMED_ALONE if name.startswith("tinygrad:")],  # interpreted, without clang
)
CASES = [(operator, mode) for operator in EXPECTED for mode in MODES[operator]]
SUPPORTED_BY_DIFFERENCES = {Mode.NONE, Mode.FORWARD, Mode.FORWARD_OVER_FORWARD}


@pytest.mark.parametrize(("operator", "mode"), CASES)
def test_answer_agrees_with_the_closed_form(
    backend: Backend, operator: Operator, mode: Mode
) -> None:
    function, inputs = question(operator)
    if not backend.exact and mode not in SUPPORTED_BY_DIFFERENCES:
        with pytest.raises(Unsupported, match=f"It has no vjp, which the mode {mode} needs."):
            answer(backend, function, inputs, operator, mode)
        return
    _, derivatives = answer(backend, function, inputs, operator, mode)
    expected = EXPECTED[operator]
    assert tree.flatten(derivatives)[1] == tree.flatten(expected)[1]
    tolerance = 1e-12 if backend.exact else 1e-6
    for got, want in zip(tree.leaves(derivatives), tree.leaves(expected), strict=True):
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

    _, derivatives = answer(
        backend, vector, Inputs((PARAMETERS, POINT), 0, TANGENT, COTANGENT), Operator.HVP, mode
    )
    _, expected = answer(
        backend,
        product,
        Inputs((PARAMETERS, POINT, COTANGENT), 0, TANGENT, np.asarray(1.0)),
        Operator.HVP,
        mode,
    )
    for got, want in zip(tree.leaves(derivatives), tree.leaves(expected), strict=True):
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
    function, inputs = question(operator)
    _, derivatives = answer(backend, function, inputs.astype(np.float32), operator, mode)
    for got, want in zip(tree.leaves(derivatives), tree.leaves(EXPECTED[operator]), strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(
            got, want, rtol=1e-5 if backend.exact else 2e-2, atol=2e-2 * (not backend.exact)
        )


def test_inputs_are_copied_and_left_alone(backend: Backend) -> None:
    before = tree.map(np.copy, PARAMETERS)
    array = np.array([1.0, 2.0])
    held = backend.asarray(array)
    array[0] = 7.0
    assert backend.to_numpy(held)[0] == 1.0
    for operator, mode in (
        (Operator.JACOBIAN, Mode.FORWARD),
        (Operator.HVP, Mode.FORWARD_OVER_FORWARD),
    ):
        function, inputs = question(operator)
        answer(backend, function, inputs, operator, mode)
    assert all(
        np.array_equal(a, b)
        for a, b in zip(tree.leaves(before), tree.leaves(PARAMETERS), strict=True)
    )


@pytest.mark.timeout(240)
@pytest.mark.parametrize("mode", FIRST_ORDER)
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
        _, derivatives = answer(backend, tanh_by_exp, inputs, Operator.DERIVATIVE, mode, order)
        assert derivatives.shape == ()
        tolerance = 1e-12 * factorial(order) if backend.exact else 1e-4
        np.testing.assert_allclose(derivatives, tanh_derivative(0.3, order), rtol=tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_taylor_mode_is_had_or_said_to_be_lacking(name: str) -> None:
    backend = load(name)
    inputs = Inputs((np.asarray(0.3),), 0, np.asarray(1.0), np.asarray(1.0))
    case = (Operator.DERIVATIVE, Mode.TAYLOR)
    assert ENTRIES[name].taylor == (backend.jet is not None)
    if backend.jet is None:
        with pytest.raises(Unsupported, match="It has no jet, which the mode taylor needs."):
            answer(backend, tanh_by_exp, inputs, *case, 2)
        return
    for order in (1, 2, 3, 8, 16):
        route, derivatives = answer(backend, tanh_by_exp, inputs, *case, order)
        assert route == f"jet(order={order})"
        expected = tanh_derivative(0.3, order)
        np.testing.assert_allclose(derivatives, expected, rtol=1e-11)


def test_jax_names_what_its_taylor_mode_lacks() -> None:
    backend = load("jax:jit")
    inputs = Inputs((np.asarray(0.3),), 0, np.asarray(1.0), np.asarray(1.0))
    case = (Operator.DERIVATIVE, Mode.TAYLOR, 2)
    with pytest.raises(Unsupported, match="no rule for the primitive 'atan'"):
        answer(backend, lambda xp, x: xp.atan(x), inputs, *case)
    with pytest.raises(Unsupported, match="has a rule of its own"):
        answer(backend, lambda xp, x: xp.logaddexp(x, 2 * x), inputs, *case)


def test_tensorflow_says_how_deep_accumulators_nest() -> None:
    backend = load("tensorflow:eager")
    inputs = Inputs((np.asarray(0.3),), 0, np.asarray(1.0), np.asarray(1.0))
    with pytest.raises(Unsupported, match="nests 3 deep at most here, not 4"):
        answer(backend, tanh_by_exp, inputs, Operator.DERIVATIVE, Mode.FORWARD, 4)


@pytest.mark.timeout(240)
def test_every_backend_passes_the_kit(backend: Backend) -> None:
    questions: list[str] = []
    findings = check_backend(backend, questions.append)
    assert passes(findings), [finding for finding in findings if finding.message]
    derivatives = 6 if backend.jet is None else 8  # Taylor mode begins with order 2
    assert len(questions) == len(findings) == len(CASES) + derivatives
    unsupported = {f.mode for f in findings if f.outcome is ConformanceOutcome.UNSUPPORTED}
    assert unsupported.isdisjoint(SUPPORTED_BY_DIFFERENCES)
    assert backend.exact <= (not unsupported)


@pytest.mark.timeout(240)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [name for name in NAMED_ALONE if name not in NOT_ASKED_ALL])
def test_the_backends_that_must_be_named_pass_the_kit(name: str) -> None:
    findings = check_backend(load(name))
    assert passes(findings), [finding for finding in findings if finding.message]
    mode = Mode.FORWARD if ENTRIES[name].only_forward else Mode.REVERSE
    gradient = next(
        finding
        for finding in findings
        if finding.operator is Operator.GRADIENT and finding.mode is mode
    )
    assert gradient.outcome is ConformanceOutcome.OK


@pytest.mark.parametrize(
    ("name", "outcome"), [("Transposed", "raised"), ("Contradicting", "wrong"), ("Single", "wrong")]
)
def test_the_kit_fails_a_backend_that_is_wrong(name: str, outcome: str) -> None:
    findings = check_backend(getattr(fakes, name)())
    assert not passes(findings)
    assert outcome in {finding.outcome for finding in findings}
