"""Every operation in the tables of PyTorch's reader gives PyTorch's value."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest
from aten_samples import SAMPLES, arrays
from frameworks import load

import reference_ad.numpy
from reference_ad.engine import tree

torch = pytest.importorskip("torch")

from adbench.readers import torch as reader  # noqa: E402
from adbench.readers import torch_trace  # noqa: E402

CALLS = [(name, operands) for name, samples in SAMPLES.items() for operands in samples]

WITHOUT_VALUE = {"empty", "empty_like", "empty_permuted"}
"""Operations that leave it open what they give."""

VECTORS = {"_linalg_eigh", "_linalg_svd"}
"""Operations that give vectors, for whose signs they need the numbers of a matrix."""

ROUNDING = {
    "polygamma": 1e-7,  # PyTorch's trigamma has an error of 1e-9, 2.13
    "logcumsumexp": 1e-4,  # one float32 kernel after another
}
"""The relative difference that is allowed where it is more than 200 units in the last place."""

ABSENT = {"_native_batch_norm_legit", "detach", "var_mean"}
"""Operations that the graph has under another name."""

NAME = re.compile(r"\b[a-z]+\b")


def overload(name: str) -> Any:
    packet, _, variant = name.partition(".")
    return getattr(getattr(torch.ops.aten, packet), variant or "default")


class Call:
    """A call of an operation, as a function of the tensors in its operands."""

    def __init__(self, name: str, operands: str, dtype: str) -> None:
        self.target = overload(name)
        self.operands = operands
        available = arrays(dtype)
        self.names = [name for name in dict.fromkeys(NAME.findall(operands)) if name in available]
        self.points = [available[name] for name in self.names]
        self.dtype = getattr(torch, dtype)

    def __call__(self, *tensors: Any) -> Any:
        """The outputs that the table gives."""
        scope = {"torch": torch, "call": self.target, **dict(zip(self.names, tensors, strict=True))}
        answer = eval(f"call({self.operands})", scope)
        schema = self.target._schema
        name = schema.name
        entry = reader.OPERATIONS.get(f"{name}.{schema.overload_name}", reader.OPERATIONS.get(name))
        if not isinstance(entry, tuple):
            return answer
        return [part for part, meaning in zip(answer, entry, strict=True) if meaning is not None]

    def tensors(self) -> list[Any]:
        return [torch.asarray(point) for point in self.points]


@pytest.fixture(autouse=True)
def no_decompositions(monkeypatch):
    """So that the operation itself stands in the graph."""
    monkeypatch.setattr(torch_trace, "decompositions", dict)


@pytest.fixture(autouse=True)
def default_dtype():
    """PyTorch's default dtype is put back, which decides what `arange` and `full` make."""
    default = torch.get_default_dtype()
    yield
    torch.set_default_dtype(default)


def read_call(name: str, operands: str, dtype: str) -> tuple[Any, list[Any], list[Any]]:
    """The reading of a call, the arrays that it is of, and PyTorch's outputs."""
    call = Call(name, operands, dtype)
    torch.set_default_dtype(call.dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch's deprecated functions
        outputs = tree.leaves(call(*call.tensors()))
        reading = reader.read(call, call.tensors())
    packet = name.partition(".")[0]
    is_folded = not reading.operations  # into a constant
    assert is_folded or packet in ABSENT or f"aten::{packet}" in reading.operations
    return reading, call.points, [x.resolve_conj().resolve_neg().numpy() for x in outputs]


def compare(name: str, results: list[Any], outputs: list[Any], dtype: str) -> None:
    assert len(results) == len(outputs)
    for result, output in zip(results, outputs, strict=True):
        assert result.shape == output.shape
        assert result.dtype == output.dtype
        tolerance = max(200 * np.finfo(dtype).eps, ROUNDING.get(name, 0.0))
        np.testing.assert_allclose(result, output, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "operands"), CALLS)
def test_an_operation_gives_the_value_of_pytorch(name, operands, dtype):
    reading, points, outputs = read_call(name, operands, dtype)
    with np.errstate(all="ignore"):
        results = tree.leaves(reading.function(reference_ad.numpy, *points))
    compare(name, [np.asarray(x) for x in results], outputs, dtype)


def test_every_operation_of_the_table_has_a_sample():
    sampled = {f"aten::{name.partition('.')[0]}" for name in SAMPLES}
    assert {name.partition(".")[0] for name in reader.OPERATIONS} <= sampled


BACKENDS = ("torch:eager", "jax:jit", "tensorflow:function")

MISSING = {
    "jax:jit": {"special_bessel_j0", "special_bessel_j1", *VECTORS},
    "tensorflow:function": VECTORS,
}
"""Operations that a framework has no function for, or that need the numbers of a matrix."""


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", SAMPLES)
def test_an_operation_is_the_same_in_every_namespace(name, backend):
    if not SAMPLES[name] or name in MISSING.get(backend, ()):
        pytest.skip("no value to compare")
    running = load(backend)
    reading, points, outputs = read_call(name, SAMPLES[name][0], "float64")

    def call(active: Any, constants: Any, direction: Any) -> Any:
        return reading.function(running.xp, *active)

    arrays_there = [running.asarray(point) for point in points]
    staged = running.stage(call, arrays_there, (), None)
    results = tree.leaves(staged(arrays_there, (), None))
    compare(name, [running.to_numpy(x) for x in results], outputs, "float64")


def real_parts(outputs: list[Any]) -> list[Any]:
    """Those of the outputs that a derivative can be asked of."""
    return [x for x in outputs if str(x.dtype).rpartition(".")[2] == "float64"]


@pytest.mark.parametrize(("name", "operands"), CALLS)
def test_the_gradient_of_an_operation_is_that_of_pytorch(name, operands):
    call = Call(name, operands, "float64")
    torch.set_default_dtype(torch.float64)
    places = [k for k, point in enumerate(call.points) if point.dtype == np.float64]
    tensors = [x.requires_grad_(k in places) for k, x in enumerate(call.tensors())]
    try:
        outputs = real_parts(tree.leaves(call(*tensors)))
    except RuntimeError as error:  # an operand has no derivative
        pytest.skip(str(error))
    rng = np.random.default_rng(3)
    weights = [rng.standard_normal(tuple(x.shape)) for x in outputs]
    if not places or not any(x.requires_grad for x in outputs):
        pytest.skip("no derivative to compare")
    pairs = zip(outputs, weights, strict=True)
    total = sum(torch.sum(x * torch.asarray(w)) for x, w in pairs if x.requires_grad)
    wanted = [tensors[k] for k in places]
    try:
        gradients = torch.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True)
    except (RuntimeError, NotImplementedError) as error:
        pytest.skip(str(error))
    reading = reader.read(call, call.tensors())

    def projected(active: list[Any]) -> Any:
        filled = list(call.points)
        for k, x in zip(places, active, strict=True):
            filled[k] = x
        results = real_parts(tree.leaves(reading.function(reference_ad.numpy, *filled)))
        parts = zip(results, weights, outputs, strict=True)
        return sum(reference_ad.numpy.sum(x * w) for x, w, y in parts if y.requires_grad)

    results = reference_ad.grad(projected)([call.points[k] for k in places])
    for result, gradient in zip(results, gradients, strict=True):
        np.testing.assert_allclose(result, gradient.numpy(force=True), rtol=1e-9, atol=1e-9)
