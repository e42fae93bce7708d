"""Eigenvectors and singular vectors have the signs that the function's framework gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import adbench
from adbench.backends.base import Unsupported
from adbench.namespaces.numpy import numpy
from adbench.results.row import Outcome, Verdict

RNG = np.random.default_rng(1)
SQUARE, TALL = RNG.standard_normal((4, 4)), RNG.standard_normal((4, 3))
SYMMETRIC = SQUARE + SQUARE.T
DTYPES = ["float64", "float32"]


def assert_correct(function: Any, matrix: Any, operators: Any = ("value", "vjp", "jvp")) -> None:
    report = adbench.check(function, matrix, operators=list(operators), budget_s=0)
    assert {row.verdict for row in report.rows} == {Verdict.CORRECT}, report


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_vectors_of_tensorflow_are_correct_with_its_signs(dtype):
    tf = pytest.importorskip("tensorflow")
    assert_correct(tf.linalg.eigh, tf.constant(SYMMETRIC, dtype))
    assert_correct(tf.linalg.svd, tf.constant(SQUARE, dtype))
    assert_correct(tf.linalg.svd, tf.constant(np.stack([TALL, TALL[::-1]]), dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_vectors_of_pytorch_are_correct_with_its_signs(dtype):
    torch = pytest.importorskip("torch")

    def svd(x: Any) -> Any:
        return torch.linalg.svd(x, full_matrices=False)

    def tensor(array: Any) -> Any:
        return torch.tensor(array, dtype=getattr(torch, dtype))

    assert_correct(torch.linalg.eigh, tensor(SYMMETRIC), ("value", "vjp"))
    assert_correct(torch.linalg.svd, tensor(SQUARE))
    assert_correct(svd, tensor(np.stack([TALL.T, -TALL.T])))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_vectors_of_jax_are_correct_with_its_signs(dtype):
    jax = pytest.importorskip("jax")
    from adbench.namespaces.jax import wide_types

    def svd(x: Any) -> Any:
        return jax.numpy.linalg.svd(x, full_matrices=False)

    with wide_types():
        matrices = [jax.numpy.asarray(x, dtype) for x in (SYMMETRIC, SQUARE, TALL)]
        assert_correct(jax.numpy.linalg.eigh, matrices[0])
        assert_correct(svd, matrices[1])
        assert_correct(svd, matrices[2])


def test_a_wrong_sign_is_found():
    torch = pytest.importorskip("torch")

    class Vectors(torch.autograd.Function):  # type: ignore[name-defined]
        @staticmethod
        def forward(ctx, x):
            with torch.enable_grad():
                ctx.x = x.detach().requires_grad_()
                ctx.vectors = torch.linalg.eigh(ctx.x)[1]
            return ctx.vectors.detach().clone()

        @staticmethod
        def backward(ctx, cotangent):
            (gradient,) = torch.autograd.grad(ctx.vectors, ctx.x, -cotangent, retain_graph=True)
            return gradient

    matrix = torch.tensor(SYMMETRIC)
    report = adbench.check(Vectors.apply, matrix, operators=["value", "vjp"], budget_s=0)
    verdicts = {str(row.operator): row.verdict for row in report.rows}
    assert verdicts == {"value": Verdict.CORRECT, "vjp": Verdict.WRONG}


def test_vectors_of_another_framework_are_refused_where_a_trace_has_no_numbers():
    torch = pytest.importorskip("torch")
    pytest.importorskip("jax")
    matrix = torch.tensor(SYMMETRIC)
    rows = adbench.check(
        torch.linalg.eigh, matrix, operators="value", backend=["jax:eager", "jax:jit"], budget_s=0
    ).rows
    eager, traced = sorted(rows, key=lambda row: row.backend)
    assert (eager.backend, eager.verdict) == ("jax:eager", Verdict.CORRECT)
    assert traced.outcome is Outcome.UNSUPPORTED
    assert traced.message.startswith(
        "Eigenvectors and singular vectors have the signs that PyTorch"
    )


def test_the_sentence_on_traced_matrices_names_the_framework():
    signs = pytest.importorskip("adbench.readers.torch_linalg").SIGNS
    with pytest.raises(Unsupported, match="PyTorch gives them .* or PyTorch itself"):
        signs.signs(numpy, np.asarray([["none"]]), np.eye(1), None, "float64")
