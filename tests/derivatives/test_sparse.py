"""Sparse Jacobians and Hessians on every backend, and in runs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import adbench
from adbench import Model, SpecError, registry
from adbench.backends import reference
from adbench.planning import plan as planning
from adbench.planning.settings import CHECK, Settings
from adbench.registry import ModelSource
from adbench.results.row import Row, Verdict
from adbench.running import in_process
from adbench.sparsity import compression as compressing
from adbench.sparsity import pattern as patterns

BACKENDS = (
    "reference:tape",
    "reference:compiled",
    "torch:eager",
    "jax:jit",
    "jax:eager",
    "tensorflow:function",
    "tensorflow:eager",
    "differences:central",
)
X = np.linspace(0.2, 1.5, 9)


def banded(xp, x):
    y = xp.sin(x)
    return y[1:-1] ** 2 + x[:-2] * x[2:]


def arrow(xp, x):
    return xp.sum(x * x[0]) + xp.sum(xp.exp(x))


def installed(name):
    (entry,) = registry.find_backends([name])
    if entry.requires is not None:
        pytest.importorskip(entry.requires)
    return name


@pytest.mark.timeout(300)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_sparse_jacobian_is_the_dense_one_from_as_many_passes_as_colours(backend):
    prepared = adbench.prepare("sparse_jacobian", banded, X, backend=installed(backend))
    jacobian = prepared(2 * X)
    assert isinstance(jacobian, sparse.csr_array)
    assert jacobian.nnz == 3 * len(X) - 6
    assert prepared.preparation.route == "jvp, 3 colours"
    expected = adbench.jacobian(banded, 2 * X)
    np.testing.assert_allclose(jacobian.toarray(), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("backend", BACKENDS[:-1])
def test_a_sparse_hessian_of_an_arrow_takes_two_passes(backend):
    prepared = adbench.prepare("sparse_hessian", arrow, X, backend=installed(backend))
    hessian = prepared(2 * X)
    assert ", 2 colours" in prepared.preparation.route
    np.testing.assert_allclose(hessian.toarray(), adbench.hessian(arrow, 2 * X), rtol=1e-12)


@pytest.mark.parametrize("mode", ["forward-over-reverse", "reverse-over-forward"])
def test_a_sparse_hessian_is_the_same_in_every_mode(mode):
    hessian = adbench.sparse_hessian(arrow, X, mode=mode)
    np.testing.assert_allclose(hessian.toarray(), adbench.hessian(arrow, X), rtol=1e-12)


class Counting(reference.Tape):
    """The engine, counting passes: without batching each is a call of its own."""

    vmap = None  # type: ignore[assignment]
    passes = 0

    def jvp(self, function, active, tangent):
        type(self).passes += 1
        return super().jvp(function, active, tangent)


def test_a_band_of_ten_thousand_takes_as_many_passes_as_it_is_wide(monkeypatch):
    monkeypatch.setattr(reference, "Counting", Counting, raising=False)
    entry = registry.Entry("counting:tape", "adbench.backends.reference:Counting")
    monkeypatch.setattr(registry, "find_backends", lambda names: [entry])
    x = np.linspace(0.0, 1.0, 10_000)
    prepared = adbench.prepare("sparse_jacobian", banded, x)
    Counting.passes = 0
    jacobian = prepared(x)
    assert jacobian.shape == (9_998, 10_000)
    assert Counting.passes == 3
    rows = np.arange(9_998)
    np.testing.assert_allclose(jacobian[rows, rows], x[2:])
    np.testing.assert_allclose(jacobian[rows, rows + 1], np.sin(2 * x[1:-1]))


def test_the_mode_with_fewer_colours_is_taken():
    def row_and_diagonal(xp, x):
        return xp.concat([x**2, xp.reshape(xp.sum(x**3), (1,))])

    prepared = adbench.prepare("sparse_jacobian", row_and_diagonal, X)
    assert prepared.preparation.route == "vjp, 2 colours"
    expected = adbench.jacobian(row_and_diagonal, X)
    np.testing.assert_allclose(prepared(X).toarray(), expected, rtol=1e-12)


def test_the_columns_of_several_arrays_stand_in_a_row():
    def function(xp, parameters, scale):
        return scale * parameters["a"] * xp.sum(parameters["b"], axis=1)

    parameters = {"a": np.arange(1.0, 3.0), "b": np.ones((2, 3))}
    jacobian = adbench.sparse_jacobian(function, parameters, 2.0)
    np.testing.assert_array_equal(
        jacobian.toarray(), [[6, 0, 2, 2, 2, 0, 0, 0], [0, 6, 0, 0, 0, 4, 4, 4]]
    )


def test_the_pattern_of_a_function_of_pytorch_is_found_by_reading_it():
    torch = pytest.importorskip("torch")
    hessian = adbench.sparse_hessian(lambda x: (x[1:] * x[:-1]).sum(), torch.tensor(X))
    assert hessian.nnz == 2 * len(X) - 2


def test_a_function_that_cannot_be_read_has_no_pattern():
    pytest.importorskip("torch")
    with pytest.raises(SpecError, match="so that it cannot be read; give it one of either"):
        adbench.sparse_jacobian(lambda x: x * x, X, backend="torch")


# ---- in runs


def rows_of(operator, function=banded, backends=("reference:tape",)):
    """The rows of a run of an operator in this process."""
    model = Model(
        name="sparse",
        function=function,
        make=lambda size, rng: (rng.uniform(0.5, 1.5, size["n"]),),
        sizes={"n=9": {"n": 9}},
    )
    plan = planning.make_plan(
        [ModelSource(model, "here")],
        registry.find_backends(backends),
        Settings(effort=CHECK),
        operators=(operator,),
    )
    rows: list[Row] = []
    in_process.run(plan, rows.append)
    return rows


@pytest.mark.parametrize(
    ("operator", "function", "colours"),
    [("sparse_jacobian", banded, 3), ("sparse_hessian", arrow, 2)],
)
def test_a_row_has_the_number_of_colours_and_is_judged_by_the_truth(operator, function, colours):
    rows = rows_of(operator, function)
    assert {row.verdict for row in rows} == {Verdict.CORRECT}
    assert {row.truth for row in rows} != {""}
    assert colours in {row.colours for row in rows}


def test_a_colour_that_is_missing_is_wrong(monkeypatch):
    def with_a_colour_less(pattern):
        colours = compressing.column_colours(pattern)
        return by_columns(pattern, np.minimum(colours, colours.max() - 1))

    by_columns = compressing.by_columns
    monkeypatch.setattr(compressing, "by_columns", with_a_colour_less)
    forward = next(row for row in rows_of("sparse_jacobian") if row.mode == "forward")
    assert forward.colours == 2
    assert forward.verdict is Verdict.WRONG


@pytest.mark.parametrize(
    ("operator", "function"), [("sparse_jacobian", banded), ("sparse_hessian", arrow)]
)
def test_an_entry_that_is_missing_in_a_pattern_is_wrong(monkeypatch, operator, function):
    def with_entries_less(*arguments):
        dense = pattern_of(*arguments).toarray()
        dense[2, 3] = dense[3, 2] = dense[0, 2] = dense[2, 0] = False
        return sparse.csr_array(dense)

    pattern_of = patterns.pattern_of
    monkeypatch.setattr(patterns, "pattern_of", with_entries_less)
    assert {row.verdict for row in rows_of(operator, function)} == {Verdict.WRONG}


def test_sparse_operators_are_asked_where_they_are_named_alone():
    (source,) = registry.find_models(["mlp"])
    plan = planning.make_plan([source], registry.find_backends(["reference:tape"]), Settings())
    assert not any("sparse" in group.question.operator for group in plan.groups)
