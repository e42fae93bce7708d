import math

import numpy as np
import pytest

from adbench.spec import Operator
from adbench.truth import answers

LONG = np.longdouble


def answer(*arrays):
    return answers.Answer(tuple(f"[{i}]" for i in range(len(arrays))), tuple(np.asarray(a) for a in arrays))


def test_the_relative_error_is_the_norm_of_the_deviation_over_all_arrays():
    assert answers.relative_error(answer([3.0, 0.0], [4.5]), answer([3.0, 0.0], [4.0])) == pytest.approx(0.1)


def test_an_error_is_measured_below_the_precision_of_the_dtype():
    truth = answer([LONG(1) + LONG(2) ** -60])
    assert answers.relative_error(answer([1.0]), truth) == pytest.approx(2.0**-60)


def test_no_answer_is_near_one_that_is_not_finite():
    assert answers.relative_error(answer([math.nan]), answer([1.0])) == math.inf
    assert answers.relative_error(answer([math.inf]), answer([1.0])) == math.inf


def test_zero_is_right_where_the_truth_is_zero_and_nothing_else_is():
    assert answers.relative_error(answer([0.0]), answer([0.0])) == 0
    assert answers.relative_error(answer([1e-300]), answer([0.0])) == math.inf


def test_norms_neither_overflow_nor_underflow():
    assert answers.relative_error(answer([3e300, 4e300]), answer([6e300, 8e300])) == pytest.approx(0.5)
    assert answers.relative_error(answer([3e-300, 4e-300]), answer([6e-300, 8e-300])) == pytest.approx(0.5)


def test_the_worst_entry_is_named_with_its_path_and_index_in_ulp_of_its_own_size():
    truth = answer([[1.0, 2.0]], [[1e-10, 1.0]])
    given = answer([[1.0, 2.0 + 2 * 4.4e-16]], [[1e-10 * (1 + 1e-12), 1.0]])
    worst = answers.worst_entry(given, truth, "params")
    assert worst.place == "params[1][0, 0]"
    assert worst.ulp == pytest.approx(1e-22 / np.spacing(1e-10), rel=1e-3)


def test_an_entry_that_is_not_finite_is_the_worst():
    worst = answers.worst_entry(answer([1.0, math.nan]), answer([5.0, 1.0]), "x")
    assert (worst.place, worst.ulp) == ("x[0][1]", math.inf)


def test_a_collected_answer_is_a_copy():
    array = np.ones(2)
    collected = answers.collect([array])
    array[0] = 7
    assert collected.arrays[0][0] == 1


def test_a_mismatch_names_what_was_given_and_what_was_expected():
    assert answers.mismatch(answer([1.0]), answer([1.0], [2.0])) == "The answer has 1 array(s) where 2 were expected."
    assert (
        answers.mismatch(answer([1.0]), answer([1.0, 2.0])) == "The answer[0] has shape (1,) where (2,) was expected."
    )
    assert answers.mismatch(answer([1.0]), answer([2.0])) == ""


def test_projections_agree_with_the_matrix_they_stand_for():
    rng = np.random.default_rng(0)
    hessian, jacobian, v = rng.standard_normal((5, 5)), rng.standard_normal((3, 5)), rng.standard_normal(5)
    leaves = [v[:2], v[2:].reshape(1, 3)]
    blocks = [
        hessian[i][:, j].reshape(*shape_i, *shape_j)
        for i, shape_i in ((slice(0, 2), (2,)), (slice(2, 5), (1, 3)))
        for j, shape_j in ((slice(0, 2), (2,)), (slice(2, 5), (1, 3)))
    ]
    columns = [jacobian[:, :2], jacobian[:, 2:].reshape(3, 1, 3)]
    along = answers.project(Operator.HESSIAN, answer(*blocks), leaves)
    assert np.allclose(np.concatenate([a.ravel() for a in along.arrays]).astype(float), hessian @ v)
    (product,) = answers.project(Operator.JACOBIAN, answer(*columns), leaves).arrays
    assert np.allclose(product.astype(float), jacobian @ v)
    (slope,) = answers.project(Operator.GRADIENT, answer(*leaves), leaves).arrays
    assert np.allclose(float(slope), v @ v)
