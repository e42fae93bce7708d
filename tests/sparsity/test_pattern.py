"""The pattern of a Jacobian or Hessian holds every entry that can be other than zero."""

from __future__ import annotations

import numpy as np
import pytest
from primitive_samples import DIFFERENTIABLE, of_active

import reference_ad
from adbench import SpecError
from adbench.namespaces.reference import namespace as xp
from adbench.sparsity.pattern import hessian_pattern, jacobian_pattern
from reference_ad.engine import tree

X = np.array([0.3, -0.7, 1.1, 0.4])


def pattern_of(function, *active):
    """The pattern of a function of one array or several, as an array of truth values."""
    argument = active[0] if len(active) == 1 else tuple(active)
    return jacobian_pattern(lambda x, constants: function(x), argument, ()).toarray()


@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_the_pattern_of_every_primitive_holds_its_jacobian(primitive, sample):
    function, values = of_active(primitive, sample)

    def in_a_row(active, constants):
        return xp.reshape(function(*active), (-1,))

    pattern = jacobian_pattern(in_a_row, values, ()).toarray()
    blocks = reference_ad.jacrev(lambda active: in_a_row(active, ()))(values)
    columns = [value.size for value in values]
    parts = zip(tree.leaves(blocks), columns, strict=True)
    dense = np.concatenate([block.reshape(len(pattern), n) for block, n in parts], axis=1)
    assert pattern.shape == dense.shape
    assert not (dense[~pattern] != 0).any()


EXACT = {
    "shifted": (lambda x: x[1:] * x[:-1], [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]),
    "flipped": (lambda x: xp.flip(xp.sin(x))[:2], [[0, 0, 0, 1], [0, 0, 1, 0]]),
    "gathered": (lambda x: x[np.array([3, 0])] ** 2, [[0, 0, 0, 1], [1, 0, 0, 0]]),
    "joined": (lambda x: xp.concat([x[:1], x[3:]]), [[1, 0, 0, 0], [0, 0, 0, 1]]),
    "rows": (lambda x: xp.sum(xp.reshape(x, (2, 2)), axis=1), [[1, 1, 0, 0], [0, 0, 1, 1]]),
    "columns": (lambda x: xp.max(xp.reshape(x, (2, 2)), axis=0), [[1, 0, 1, 0], [0, 1, 0, 1]]),
    "running": (lambda x: xp.cumulative_sum(x)[:2], [[1, 0, 0, 0], [1, 1, 0, 0]]),
    "known matrix": (lambda x: np.eye(2, 4, 1) @ x, [[0, 1, 0, 0], [0, 0, 1, 0]]),
    "known on the right": (lambda x: x @ np.eye(4, 2, -2), [[0, 0, 1, 0], [0, 0, 0, 1]]),
    "masked": (lambda x: (x * np.array([1.0, 0, 0, 2.0]))[:2], [[1, 0, 0, 0], [0, 0, 0, 0]]),
    "chosen": (
        lambda x: xp.where(np.array([True, False]), x[:2], x[2:]),
        [[1, 0, 0, 0], [0, 0, 0, 1]],
    ),
    "frozen": (lambda x: x[:2] * xp.stop_gradient(x[2:]), [[1, 0, 0, 0], [0, 1, 0, 0]]),
    "softmax of rows": (
        lambda x: xp.special.softmax(xp.reshape(x, (2, 2)), axis=1)[:, 0],
        [[1, 1, 0, 0], [0, 0, 1, 1]],
    ),
}
"""Functions of four numbers, and the patterns of their Jacobians."""


@pytest.mark.parametrize("name", EXACT)
def test_a_pattern_is_no_larger_than_it_must_be(name):
    function, expected = EXACT[name]
    np.testing.assert_array_equal(pattern_of(function, X), np.array(expected, dtype=bool))


def test_a_product_of_matrices_depends_on_a_row_and_a_column():
    def function(active):
        return xp.reshape(active[0] @ active[1], (-1,))

    pattern = pattern_of(function, np.ones((2, 3)), np.ones((3, 2)))
    dense = reference_ad.jacrev(function)((np.ones((2, 3)), np.ones((3, 2))))
    expected = np.concatenate([block.reshape(4, 6) for block in dense], axis=1) != 0
    np.testing.assert_array_equal(pattern, expected)


def test_what_has_no_rule_is_dense():
    double = reference_ad.custom_jvp(lambda x: 2.0 * x, lambda tangents, ans, x: 2.0 * tangents[0])
    assert pattern_of(double, X).all()
    assert pattern_of(lambda x: xp.take(x, xp.argsort(x)), X).all()


def test_the_other_branch_of_a_comparison_is_in_the_pattern():
    pattern = pattern_of(lambda x: xp.where(x > 0, x, xp.flip(x)), X)
    np.testing.assert_array_equal(pattern, (np.eye(4) + np.eye(4)[::-1]) != 0)


def test_a_zero_among_the_arguments_is_no_zero_of_the_program():
    pattern = jacobian_pattern(lambda x, matrix: matrix @ x, X, np.zeros((2, 4)))
    assert pattern.toarray().all()


def test_the_hessian_of_a_chain_is_tridiagonal():
    pattern = hessian_pattern(lambda x, constants: xp.sum(x[1:] * x[:-1] ** 2), X, ())
    expected = np.eye(4) + np.eye(4, k=1) + np.eye(4, k=-1)
    expected[-1, -1] = 0  # linear in the last
    np.testing.assert_array_equal(pattern.toarray(), expected != 0)


def test_a_linear_function_has_no_hessian():
    assert hessian_pattern(lambda x, constants: xp.sum(3.0 * x), X, ()).nnz == 0


def test_a_function_that_branches_on_its_numbers_has_no_pattern():
    with pytest.raises(SpecError, match="The sparsity of the function cannot be found"):
        jacobian_pattern(lambda x, constants: x if x[0] > 0 else -x, X, ())
