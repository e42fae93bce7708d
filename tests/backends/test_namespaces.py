"""Every backend's namespace answers as the standard and SciPy say.

The whole standard, and `special`.
"""

from __future__ import annotations

from typing import Any

import array_api_strict
import numpy as np
import pytest
import scipy.special
from frameworks import DEFAULT, answer, load
from samples import ALL_SAMPLES, TOLERANCE, difference, expected, found
from standard import NAMES, NOT_FOR_MODELS, arguments, names_in

from adbench.backends.base import Backend
from adbench.cases import MODES, Mode, Operator
from adbench.cases.inputs import Inputs
from adbench.namespaces.namespace import SPECIAL

# The first forward derivative in torch 2.13 loads its own decompositions by way of its own
# deprecated function.
pytestmark = pytest.mark.filterwarnings(
    "ignore:`torch.jit.script` is deprecated:DeprecationWarning"
)

BACKENDS = (
    "reference:tape",
    "torch:eager",
    "jax:jit",
    "tensorflow:eager",
    "tensorflow:function",
    "differences:central",
)
"""Each framework as it is asked here: TensorFlow's functions behave otherwise in a graph; JAX
compiles all at once."""

OPERATORS = "operators and indexing"
SUBJECTS = {
    **{name: [sample for sample in ALL_SAMPLES if name in names_in(sample)] for name in NAMES},
    **{
        f"special.{name}": [
            sample for sample in ALL_SAMPLES if f"special.{name}" in names_in(sample)
        ]
        for name in SPECIAL
    },
    OPERATORS: [sample for sample in ALL_SAMPLES if not names_in(sample)],
}
"""The samples of each name."""

CANNOT: dict[str, dict[str, str]] = {
    "reference": {
        "xp.linalg.pinv(x, rtol=0.1)": "pinv is of matrices of full rank alone.",
        "xp.linalg.pinv(xp.linalg.outer(v, w), rtol=1e-3)": "pinv is of matrices of full rank "
        "alone.",
        "xp.abs(xp.linalg.qr(x.T, mode='complete').R)": "The complete factors have no derivative.",
        "xp.matmul(*xp.linalg.qr(x.T, mode='complete'))": "The complete factors have no "
        "derivative.",
        "xp.linalg.svd(x, full_matrices=True).Vh.shape[0]": "The complete factors have no "
        "derivative.",
    },
    "torch": {
        "x.shape[1] * x.ndim * x.size": "The size of a tensor is a method.",
        "xp.special.polygamma(1, p)": "PyTorch's trigamma is good to nine digits.",
        "xp.special.j0(20.0 * x)": "PyTorch's j0 is good to six digits between 5 and 60.",
        "xp.special.j1(20.0 * x)": "PyTorch's j1 is good to six digits between 5 and 60.",
    },
    "jax": {
        "xp.repeat(x, xp.asarray([1, 2]), axis=0)": "Under jit the shape of an answer must not "
        "depend on an array.",
        "xp.cumulative_prod(xp.astype(j, xp.int32), axis=1)": "JAX multiplies small integers in "
        "their own type.",
        **{
            f"xp.special.{name}({argument})": "JAX has no Bessel functions of the first kind."
            for name in ("j0", "j1")
            for argument in ("x", "20.0 * x", "900.0 * x")
        },
    },
    "tensorflow": {
        "xp.floor_divide(0.5, x)": "TensorFlow rounds the quotient before it takes the floor: 0.5 "
        "// 0.1 gives 5.",
        "xp.hypot(1e200 * xp.astype(x, xp.float64), 1e200)": "TensorFlow's NumPy squares the "
        "arguments of hypot.",
    },
}
"""What a framework does otherwise, and why; a sample that starts to hold must be taken out here."""

# ---- claims


def test_every_name_of_the_standard_has_a_sample() -> None:
    assert [subject for subject, samples in SUBJECTS.items() if not samples] == []
    known = {*NAMES, *" ".join(NOT_FOR_MODELS).split()}
    own = {
        "ALL_DEVICES",
        "ArrayAPIStrictFlags",
        "Device",
        "__array_api_version__",
        "__version__",
        "fft",
        "linalg",
    }
    later = {"broadcast_shapes", "isin"}  # of edition 2025.12
    listed = {
        name for name in array_api_strict.__all__ if not name.endswith("array_api_strict_flags")
    }
    assert listed - own - later <= known
    assert {f"linalg.{name}" for name in array_api_strict.linalg.__all__} <= known
    assert {f"fft.{name}" for name in array_api_strict.fft.__all__} <= known


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("name", BACKENDS)
def test_namespace_agrees_with_the_standard(name: str, subject: str) -> None:
    excused = CANNOT.get(name.partition(":")[0], {})
    wrong, fine = {}, []
    for dtype, tolerance in TOLERANCE.items():
        for sample in SUBJECTS[subject]:
            problem = difference(found(name, dtype)[sample], expected(dtype)[sample], tolerance)
            if problem and sample not in excused:
                wrong[f"{sample} in {dtype}"] = problem
            elif not problem and sample in excused:
                fine.append(sample)
    assert wrong == {}
    assert [sample for sample in excused if fine.count(sample) == len(TOLERANCE)] == []


@pytest.mark.parametrize("name", DEFAULT)
def test_a_missing_name_is_answered_with_what_models_may_use(name: str) -> None:
    xp = load(name).xp
    for path, part in (
        ("xp.foo", xp),
        ("xp.linalg.foo", xp.linalg),
        ("xp.special.foo", xp.special),
    ):
        assert not hasattr(part, "foo")
        with pytest.raises(AttributeError) as caught:
            part.foo  # noqa: B018
        message = str(caught.value)
        assert message.startswith(f"`{path}` is not in the namespace made of ")
        assert "standard 2024.12 with its extensions `xp.linalg` and `xp.fft`" in message
        assert all(function in message for function in SPECIAL)


A = arguments(np.float64)["a"]
P = arguments(np.float64)["p"]
C = np.asarray([0.3, -0.7, 1.2])

WITH_DERIVATIVES: dict[str, tuple[Any, Any, Any]] = {
    # A function of an array to a number, where, and its gradient.
    "softplus": (
        lambda xp, x: xp.sum(xp.special.softplus(x)),
        20 * (P - 0.5),
        scipy.special.expit(20 * (P - 0.5)),
    ),
    "log_expit": (
        lambda xp, x: xp.sum(xp.special.log_expit(x)),
        20 * (P - 0.5),
        scipy.special.expit(20 * (0.5 - P)),
    ),
    "polygamma": (
        lambda xp, x: xp.sum(xp.special.polygamma(2, x)),
        P,
        scipy.special.polygamma(3, P),
    ),
    "nextafter": (lambda xp, x: xp.sum(xp.nextafter(x**2, 9.0)), P, 2 * P),
    "floor_divide": (lambda xp, x: xp.sum(x * xp.floor_divide(x, 0.5)), P, P // 0.5),
    "remainder": (lambda xp, x: xp.sum(xp.remainder(0.5, x)), P, -(0.5 // P)),
    "roll": (
        lambda xp, x: xp.sum(xp.roll(x, 1, axis=-1) * xp.asarray(A)),
        A,
        np.roll(A, -1, axis=-1),
    ),
    "permute_dims": (lambda xp, x: xp.sum(xp.permute_dims(x, (-1, -2)) * xp.asarray(A)), A, A.T),
    "take_along_axis": (
        lambda xp, x: xp.sum(xp.take_along_axis(x, xp.asarray([[-1], [0], [1]])) ** 2),
        A,
        2 * A * np.asarray([[0, 0, 1], [1, 0, 0], [0, 1, 0]]),
    ),
    "copysign": (lambda xp, x: xp.sum(xp.copysign(x**2, -1.0)), P, -2 * P),
    "det": (lambda xp, x: xp.linalg.det(x), A, np.linalg.det(A) * np.linalg.inv(A).T),
    "slogdet": (lambda xp, x: xp.linalg.slogdet(x).logabsdet, A, np.linalg.inv(A).T),
    "solve": (
        lambda xp, x: xp.linalg.solve(x, xp.asarray(C))[1],
        A,
        -np.outer(np.linalg.inv(A)[1], np.linalg.solve(A, C)),
    ),
    "trace of a power": (
        lambda xp, x: xp.linalg.trace(xp.linalg.matrix_power(x, 3)),
        A,
        3 * (A @ A).T,
    ),
    "eigvalsh": (lambda xp, x: xp.sum(xp.linalg.eigvalsh(x) ** 2), A + A.T, 2 * (A + A.T)),
    "svdvals": (lambda xp, x: xp.sum(xp.linalg.svdvals(x) ** 2), A, 2 * A),
    "cholesky": (
        lambda xp, x: xp.sum(xp.log(xp.linalg.diagonal(xp.linalg.cholesky(x)))),
        A @ A.T,
        np.linalg.inv(A @ A.T) / 2,
    ),
    "qr": (lambda xp, x: xp.sum(xp.linalg.qr(x).R ** 2), A, 2 * A),
    "norm": (lambda xp, x: xp.linalg.vector_norm(x), A, A / np.linalg.norm(A)),
    "cross": (
        lambda xp, x: xp.sum(xp.linalg.cross(x, xp.asarray(C))),
        A,
        np.cross(C, np.ones((3, 3))),
    ),
}


@pytest.mark.parametrize("subject", WITH_DERIVATIVES)
@pytest.mark.parametrize(
    "name", ["reference:tape", "torch:eager", "jax:jit", "tensorflow:eager", "tensorflow:function"]
)
def test_what_a_namespace_composes_has_its_derivatives(name: str, subject: str) -> None:
    if name == "jax:jit" and subject == "nextafter":
        pytest.skip("JAX has no derivative of nextafter")
    function, x, gradient = WITH_DERIVATIVES[subject]
    inputs = Inputs((x,), 0, np.ones_like(x), np.asarray(1.0))
    if subject in ("eigvalsh", "cholesky"):
        gradient = gradient + gradient.T
    for mode in (Mode.FORWARD, Mode.REVERSE):
        found = answer(load(name), function, inputs, Operator.GRADIENT, mode)[1]
        if subject in (
            "eigvalsh",
            "cholesky",
        ):  # of the symmetric part, or of one triangle: a framework's choice
            found = found + found.T
        np.testing.assert_allclose(found, gradient, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("mode", MODES[Operator.HVP])
def test_a_linear_function_has_zeros_for_its_second_derivatives(
    backend: Backend, mode: Mode
) -> None:
    if not backend.exact and mode is not Mode.FORWARD_OVER_FORWARD:
        pytest.skip("differences have no reverse mode")
    inputs = Inputs((C,), 0, np.ones_like(C), np.asarray(1.0))
    for operator in (Operator.HVP, Operator.HESSIAN):
        found = answer(backend, lambda xp, x: 2.0 * xp.sum(x), inputs, operator, mode)[1]
        np.testing.assert_allclose(
            found, np.zeros((3,) if operator is Operator.HVP else (3, 3)), atol=1e-5
        )


def test_torch_arrays_that_are_views_not_yet_computed_are_converted() -> None:
    torch = pytest.importorskip("torch")
    backend = load("torch:eager")
    zeros = torch._efficientzerotensor((2,), dtype=torch.float64)
    for array, values in (
        (zeros, [0.0, 0.0]),
        (torch._efficientzerotensor((2,), dtype=torch.bfloat16), [0.0, 0.0]),
        (torch._neg_view(torch.tensor([1.0, -2.0])), [-1.0, 2.0]),
        (torch.tensor([1.0 + 2.0j]).conj(), [1.0 - 2.0j]),
        (torch.tensor([1.0 + 2.0j]).conj().imag, [-2.0]),
    ):
        found = backend.to_numpy(array)
        assert found.tolist() == values
        assert found.flags.writeable
