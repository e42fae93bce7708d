"""The backends that a run has where they are named.

What they have of the namespace is right, its derivatives too, and what they have not they name.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
import pytest
from frameworks import answer, load
from samples import ALL_SAMPLES, TOLERANCE, difference, each, expected, found
from standard import arguments, compute

from adbench.backends.base import Unsupported
from adbench.cases import Mode, Operator
from adbench.cases.inputs import Inputs
from adbench.selftest.conformance import EXPECTED, question
from reference_ad.engine import tree

NAMES = ("complex:step", "casadi:mx", "pytensor:numpy", "sympy:formulas", "mlx:eager")
"""One staging of each framework that has a namespace of its own."""

SOFTMAXES = ("logsumexp", "softmax", "log_softmax")
_OF_CASADI = {
    **dict.fromkeys(
        ["xp.maximum(z, 1.0)", "xp.minimum(z, 1.0)", "xp.max(z[2:])", "xp.min(z[2:])"],
        "CasADi takes the other number where one is nan.",
    ),
    "xp.special.erfinv(p / (1.0 + p))": "CasADi's erfinv is good to eleven digits.",
}

_OF_MLX = {
    "xp.sign(z)": "MLX has the sign 0 for nan.",
    "xp.floor_divide(0.5, x)": "MLX rounds the quotient before it takes the floor.",
    "xp.linalg.slogdet(1e-30 * t).logabsdet": "MLX takes the logarithm of the determinant.",
    "xp.linalg.solve(t, v)": "MLX solves for one vector at a time.",
    "xp.linalg.solve(t, a)": "MLX solves for one matrix at a time.",
    **dict.fromkeys(
        ["xp.fft.rfftfreq(5, d=0.5, dtype=x.dtype)", "xp.fft.fftfreq(4, dtype=xp.float32)"],
        "NumPy's functions take no dtypes of MLX.",
    ),
}
_OF_SYMPY = {
    **dict.fromkeys(
        [f"xp.special.{name}(-2000.0 + 300.0 * x, axis=-1)" for name in SOFTMAXES],
        "SymPy writes exp(a - b) as exp(a) exp(-b), which overflows.",
    ),
    **dict.fromkeys(
        [
            "xp.special.log_expit(300.0 * x)",
            "xp.special.softplus(300.0 * x)",
            "xp.special.expit(300.0 * x)",
            "xp.special.log_expit(8.0 * x)",
            "xp.special.softplus(8.0 * x)",
            "xp.logaddexp(-1000.0 + x, -1000.0 + y)",
        ],
        "SymPy has the formula as it is written down, with an exponential that overflows.",
    ),
    "xp.hypot(1e200 * xp.astype(x, xp.float64), 1e200)": "A square root of squares overflows.",
}

CANNOT: dict[str, dict[str, str]] = {
    "casadi:mx": _OF_CASADI,
    "mlx:eager": _OF_MLX,
    "pytensor:numpy": {
        "xp.linalg.slogdet(1e-30 * t).logabsdet": "PyTensor multiplies the pivots in float32.",
    },
    "sympy:formulas": _OF_SYMPY,
}
"""Samples that a framework answers otherwise, and why."""

OF_ONE_DTYPE = ("pytensor:numpy", "sympy:formulas", "mlx:eager")
"""Those that are asked in the dtype of the arguments alone: their integers, and what they make of
other dtypes, are not the standard's."""

ROUGH_IN_FLOAT64 = ("mlx:eager",)
"""Those that compute exponentials and the like of float64 in float32."""

AT_A_TIE = (
    "xp.clip(x, 0.1)",
    "xp.clip(x, None, 0.1)",
    "xp.max(t, axis=(0, 2))",
    "xp.maximum(x, v)",
    "xp.minimum(x, v)",
)
"""Samples at a kink, where each framework has a derivative of its own."""

OTHER_DERIVATIVES: dict[str, dict[str, str]] = {
    "casadi:mx": _OF_CASADI,
    "complex:step": {"abs(x)": "Python's own is the modulus, which a step does not change."},
}
"""Samples that a framework differentiates otherwise, and why."""

MOVED = ("x", "y", "p", "v", "w", "a", "t")
"""The arguments of the samples that are differentiated."""


@cache
def differentiated() -> list[str]:
    """The samples whose values are arrays of floating-point numbers alone."""
    values = expected("float64")
    return [sample for sample in ALL_SAMPLES if all(map(is_real, tree.leaves(values[sample])))]


def is_real(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray) and leaf.dtype == np.float64


def is_of_dtype(value: Any, dtype: str) -> bool:
    """Whether a value is made of arrays of a dtype."""
    leaves = tree.leaves(value)
    return all(isinstance(leaf, np.ndarray) and leaf.dtype == dtype for leaf in leaves)


def computed(xp: Any, active: dict[str, Any]) -> dict[str, Any]:
    """The values of those that a namespace has."""
    arrays = {name: xp.asarray(array) for name, array in arguments("float64").items()}
    values = {}
    for sample in differentiated():
        # What a namespace lacks is asked of it in the test of the values.
        with suppress(Exception):
            values[sample] = each(lambda array: array, compute(sample, xp, arrays | active))
    return values


@cache
def moved_inputs() -> Inputs:
    active = {name: arguments("float64")[name] for name in MOVED}
    random = np.random.default_rng(0)
    tangent = {name: random.standard_normal(array.shape) for name, array in active.items()}
    return Inputs((active,), 0, tangent, np.asarray(1.0))


@cache
def reference_derivatives() -> dict[str, Any]:
    backend = load("reference:tape")
    derivatives: dict[str, Any] = answer(
        backend, computed, moved_inputs(), Operator.JVP, Mode.FORWARD
    )[1]
    return derivatives


# ---- claims


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_right_or_its_function_is_named_as_missing(name: str, dtype: str) -> None:
    if dtype not in load(name).dtypes:
        pytest.skip(f"{name} does not compute in {dtype}")
    if dtype == "float64" and name in ROUGH_IN_FLOAT64:
        pytest.skip(f"{name} is as exact as float32 in float64")
    excused = CANNOT.get(name, {})
    wrong = {}
    for sample, value in found(name, dtype).items():
        if isinstance(value, NotImplementedError):
            assert str(value).endswith("."), value
            continue
        if name in OF_ONE_DTYPE and not is_of_dtype(expected(dtype)[sample], dtype):
            continue
        problem = difference(value, expected(dtype)[sample], TOLERANCE[dtype])
        if problem and sample not in excused:
            wrong[sample] = problem
    assert wrong == {}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["complex:step", "casadi:mx"])
def test_the_samples_have_the_derivatives_that_the_reference_has(name: str) -> None:
    derivatives = answer(load(name), computed, moved_inputs(), Operator.JVP, Mode.FORWARD)[1]
    excused = {*AT_A_TIE, *OTHER_DERIVATIVES.get(name, {})}
    wrong = {}
    shared = derivatives.keys() & reference_derivatives().keys()
    assert len(shared) > 150
    for sample in sorted(shared):
        problem = difference(derivatives[sample], reference_derivatives()[sample], 1e-10)
        if problem and sample not in excused:
            wrong[sample] = problem
    assert wrong == {}


@pytest.mark.parametrize("mode", [Mode.FORWARD, Mode.REVERSE])
@pytest.mark.parametrize("name", ["pytensor:numpy", "sympy:formulas", "casadi:sx"])
def test_a_jacobian_of_a_layer_is_that_of_the_reference(name: str, mode: Mode) -> None:
    layer, inputs = question(Operator.JACOBIAN)
    ours = answer(load(name), layer, inputs, Operator.JACOBIAN, mode)[1]
    reference = answer(load("reference:tape"), layer, inputs, Operator.JACOBIAN, mode)[1]
    for got, want in zip(tree.leaves(ours), tree.leaves(reference), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-13)


@pytest.mark.parametrize("operator", [Operator.VALUE_AND_GRADIENT, Operator.HVP])
def test_tinygrad_has_reverse_mode_and_says_that_it_has_no_other(operator: Operator) -> None:
    backend = load("tinygrad:eager")
    function, inputs = question(operator)
    reverse = Mode.REVERSE_OVER_REVERSE if operator is Operator.HVP else Mode.REVERSE
    ours = answer(backend, function, inputs, operator, reverse)[1]
    for got, want in zip(tree.leaves(ours), tree.leaves(EXPECTED[operator]), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-13)
    forward = Mode.FORWARD_OVER_FORWARD if operator is Operator.HVP else Mode.FORWARD
    with pytest.raises(Unsupported, match="It has no jvp"):
        answer(backend, function, inputs, operator, forward)


def test_a_function_that_tinygrad_lacks_is_named() -> None:
    inputs = Inputs((np.asarray([0.3, 0.5]),), 0, np.ones(2), np.asarray(1.0))
    with pytest.raises(NotImplementedError, match=r"tinygrad has no special.gammaln."):
        answer(
            load("tinygrad:eager"),
            lambda xp, x: xp.sum(xp.special.gammaln(x)),
            inputs,
            Operator.GRADIENT,
            Mode.REVERSE,
        )


def stopped(xp: Any, x: Any) -> Any:
    """x^3 sin(stopped x^2), so that the second derivative sees the first factor alone."""
    return xp.sum(x**3 * xp.sin(xp.stop_gradient(x**2)))


@pytest.mark.parametrize("name", ["pytensor:numpy", "sympy:formulas", "casadi:mx", "mlx:eager"])
def test_what_is_stopped_is_a_constant_to_derivatives_of_every_order(name: str) -> None:
    x = np.asarray([0.5, -1.25])
    inputs = Inputs((x,), 0, np.ones(2), np.asarray(1.0))
    mode = Mode.REVERSE_OVER_REVERSE
    product = answer(load(name), stopped, inputs, Operator.HVP, mode)[1]
    np.testing.assert_allclose(product, 6 * x * np.sin(x**2), rtol=1e-6)


def test_pytensors_own_pushforward_forgets_what_is_not_the_last_term() -> None:
    """Where this fails, PyTensor has mended it, and `jvp` may be what it offers."""
    pytensor = pytest.importorskip("pytensor")
    from pytensor.gradient import pushforward

    a, b = pytensor.tensor.dscalars("a", "b")
    one, ten = pytensor.tensor.constant(1.0), pytensor.tensor.constant(10.0)
    tangent = pushforward(2.0 * a + b, [a, b], [one, ten])
    assert float(tangent.eval()) == 10.0  # not 12
    inputs = Inputs(((np.asarray(1.0), np.asarray(1.0)),), 0, (1.0, 10.0), np.asarray(1.0))
    ours = answer(
        load("pytensor:numpy"),
        lambda xp, ab: 2.0 * ab[0] + ab[1],
        inputs,
        Operator.JVP,
        Mode.FORWARD,
    )[1]
    assert float(ours) == 12.0


def test_mlx_has_the_exponential_of_float32_in_float64() -> None:
    """Where this fails, MLX has mended it, and its float64 is to be asked like others'."""
    backend = load("mlx:eager")
    x = np.linspace(0.1, 3.0, 64)
    error = np.abs(backend.to_numpy(backend.xp.exp(backend.asarray(x))) / np.exp(x) - 1)
    assert 1e-9 < np.max(error) < 1e-6


def test_formulas_that_are_too_long_are_refused_with_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend = load("sympy:formulas")
    monkeypatch.setattr("adbench.backends.sympy.MOST_OPERATIONS", 5)
    inputs = Inputs((np.asarray(0.3),), 0, np.asarray(1.0), np.asarray(1.0))
    with pytest.raises(Unsupported, match=r"formulas have \d+ operations, more than the 5 "):
        answer(
            backend,
            lambda xp, x: x * xp.sin(x) + x * x,
            inputs,
            Operator.DERIVATIVE,
            Mode.REVERSE,
        )


def test_an_array_that_mygrad_has_locked_is_overwritten_and_stays_locked() -> None:
    pytest.importorskip("mygrad", reason="MyGrad is not installed")
    from adbench.backends.mygrad import Eager

    array = np.asarray([1.0, 2.0])
    array.flags.writeable = False
    assert Eager().overwrite(array, np.asarray([3.0, 4.0]))
    np.testing.assert_array_equal(array, [3.0, 4.0])
    assert not array.flags.writeable


def test_mygrad_has_a_jacobian_in_reverse_mode() -> None:
    layer, inputs = question(Operator.JACOBIAN)
    ours = answer(load("mygrad:eager"), layer, inputs, Operator.JACOBIAN, Mode.REVERSE)[1]
    reference = answer(load("reference:tape"), layer, inputs, Operator.JACOBIAN, Mode.REVERSE)[1]
    for got, want in zip(tree.leaves(ours), tree.leaves(reference), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-13)


def test_mygrad_has_functions_under_the_names_of_the_standard_and_names_what_it_lacks() -> None:
    xp = load("mygrad:eager").xp
    tensor = pytest.importorskip("mygrad").tensor([0.25, 0.5])
    np.testing.assert_allclose(
        xp.concat([tensor, xp.acos(tensor)]).data[2:], np.arccos([0.25, 0.5])
    )
    assert xp.astype(tensor, xp.float64) is tensor
    for function, name in ((xp.sort, "sort"), (xp.special.erf, "special.erf")):
        np.testing.assert_array_equal(function(np.zeros(2)), np.zeros(2))
        with pytest.raises(NotImplementedError, match=rf"^MyGrad has no {name}\.$"):
            function(tensor)


def test_mlx_says_of_a_scatter_that_it_has_no_rule_for_tangents() -> None:
    backend = load("mlx:eager")
    mlx = pytest.importorskip("mlx.core")

    def entry_set(x: Any) -> Any:
        return mlx.array([0.0, 0.0]).at[mlx.array([0])].add(x)

    with backend.modes(), pytest.raises(RuntimeError) as raised:
        backend.jvp(entry_set, backend.asarray(np.ones(1)), backend.asarray(np.ones(1)))
    assert backend.lacks_rule(raised.value)
    assert not backend.lacks_rule(RuntimeError("std::bad_alloc"))


def test_an_array_lost_by_the_compiler_of_mlx_is_unsupported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend = load("mlx:compile")
    mlx = pytest.importorskip("mlx.core")

    def compiling(function: Any) -> Any:
        def raises(*arrays: Any) -> Any:
            raise IndexError("_Map_base::at")

        return raises

    monkeypatch.setattr(mlx, "compile", compiling)
    layer, inputs = question(Operator.JACOBIAN)
    with pytest.raises(Unsupported, match=r"MLX's compiler loses an array .* mlx:eager computes"):
        answer(backend, layer, inputs, Operator.JACOBIAN, Mode.REVERSE)


@pytest.mark.parametrize("mode", [Mode.FORWARD, Mode.REVERSE])
def test_an_index_that_mlx_computes_from_the_argument_has_no_derivative(mode: Mode) -> None:
    inputs = Inputs((np.asarray([0.3, 0.5]),), 0, np.ones(2), np.asarray(1.0))

    def smallest(xp: Any, x: Any) -> Any:
        return xp.sum(xp.take(x, xp.argsort(x)[:1]) ** 2)

    (gradient,) = tree.leaves(
        answer(load("mlx:eager"), smallest, inputs, Operator.GRADIENT, mode)[1]
    )
    np.testing.assert_allclose(gradient, [0.6, 0.0], rtol=1e-6)


def test_an_operation_on_too_many_arrays_for_pytensor_in_python_is_unsupported() -> None:
    inputs = Inputs((np.linspace(0.1, 1, 40),), 0, np.ones(40), np.asarray(1.0))

    def total(xp: Any, x: Any) -> Any:
        return sum((xp.sin(x[place]) for place in range(1, 40)), xp.cos(x[0]))

    with pytest.raises(Unsupported, match="on more than 31 arrays"):
        answer(load("pytensor:numpy"), total, inputs, Operator.VALUE, Mode.NONE)
