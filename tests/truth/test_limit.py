"""Where a program cannot be followed and its function is smooth, the truth is the limit."""

import numpy as np
import pytest
from truths import model_at, question_of, truth_of

from adbench.cases.answer import Answer
from adbench.cases.operators import Operator
from adbench.judging.verdict import judge
from adbench.results.row import Verdict
from adbench.truth.limit import limit

REPEATED = np.diag([2.0, 2.0, 5.0])


def decomposed(xp, a):
    return xp.linalg.eigh((a + a.mT) / 2)


def logm(xp, a):
    values, vectors = decomposed(xp, a)
    return (vectors * xp.log(values)) @ vectors.mT


def by_divided_differences(g, repeated):
    """The VJP of logm at `REPEATED`, by Daleckii and Krein's formula.

    repeated: what stands for the divided difference of equal eigenvalues.
    """
    values = np.diagonal(REPEATED)
    gaps = values[:, None] - values
    equal = gaps == 0
    logs = np.log(values)
    quotients = (logs[:, None] - logs) / np.where(equal, 1, gaps)
    table = np.where(equal, repeated(values), quotients)
    table[np.diag_indices(3)] = 1 / values
    return table * (g + g.T) / 2


def test_a_function_of_a_matrix_has_its_derivative_where_eigenvalues_repeat():
    question, truth = truth_of(model_at(logm, REPEATED), Operator.VJP)
    assert not truth.doubt
    g = question.inputs.cotangent
    true = by_divided_differences(g, lambda values: 1 / values)
    (entries,), (radii,) = truth.answer.arrays, truth.radii
    assert np.abs(entries - true).max() < 1e-15
    assert radii.max() < 1e-18
    for dtype, least in (("float64", 1e-8), ("float32", 1e-2)):
        right = Answer(("",), (true.astype(dtype),))
        judgement = judge(right, truth, question, dtype, exact=True)
        assert judgement.verdict is Verdict.CORRECT
        assert judgement.resolution < least


@pytest.mark.parametrize("operator", [Operator.VALUE, Operator.JACOBIAN, Operator.HVP])
def test_other_operators_have_their_truth_there(operator):
    _, truth = truth_of(model_at(logm, REPEATED), operator, dtypes=("float64",))
    assert not truth.doubt
    assert all(np.isfinite(array).all() for array in truth.answer.arrays)
    assert all(np.isfinite(array).all() for array in truth.bounds["float64"])


def test_the_mistake_of_leaving_repeated_pairs_out_is_wrong_there():
    question, truth = truth_of(model_at(logm, REPEATED), Operator.VJP)
    wrong = by_divided_differences(question.inputs.cotangent, lambda values: 0 * values)
    answer = Answer(("",), (wrong,))
    assert judge(answer, truth, question, "float64", exact=True).verdict is Verdict.WRONG
    undefined = Answer(("",), (np.full((3, 3), np.nan),))
    assert judge(undefined, truth, question, "float64", exact=True).verdict is Verdict.WRONG


def test_a_symmetric_function_of_sorted_numbers_has_its_derivative_at_ties():
    def function(xp, x):
        return xp.sum(xp.sort(x) ** 2)

    _, truth = truth_of(model_at(function, [1.0, 1.0, 3.0]), Operator.GRADIENT)
    assert np.array_equal(truth.answer.arrays[0].astype(float), [2.0, 2.0, 6.0])


def test_a_removable_singularity_has_its_limit():
    def function(xp, x):
        return xp.sum(xp.sin(x) / x)

    question, truth = truth_of(model_at(function, [0.0, 0.5]), Operator.GRADIENT)
    assert not truth.doubt
    (entries,) = truth.answer.arrays
    assert abs(entries[0]) < 1e-15
    undefined = Answer(("",), (np.asarray([np.nan, float(entries[1])]),))
    assert judge(undefined, truth, question, "float64", exact=True).verdict is Verdict.WRONG


@pytest.mark.parametrize("function", ["sqrt", "log", "reciprocal"])
def test_a_pole_has_none(function):
    model = model_at(lambda xp, x: xp.sum(getattr(xp, function)(x)), [0.0, 0.5])
    assert limit(question_of(model, Operator.GRADIENT)) is None


def branching(xp, x):
    return xp.sum(2 * x if x[0] > 0 else 3 * x)


WITHOUT_A_LIMIT = {
    "eigenvectors": (lambda xp, a: decomposed(xp, a)[1], REPEATED),
    "single eigenvalues": (lambda xp, a: decomposed(xp, a)[0], REPEATED),
    "a branch": (branching, [0.0, 1.0]),
    "weighted ranks": (lambda xp, x: xp.sum(xp.sort(x) * xp.asarray([1.0, 2.0])), [1.0, 1.0]),
}


@pytest.mark.parametrize(("function", "point"), WITHOUT_A_LIMIT.values(), ids=WITHOUT_A_LIMIT)
def test_what_depends_on_the_direction_has_no_limit(function, point):
    question = question_of(model_at(function, point), Operator.JVP)
    assert limit(question) is None
    _, truth = truth_of(model_at(function, point), Operator.JVP)
    assert "No true answer is known at this point" in truth.doubt
