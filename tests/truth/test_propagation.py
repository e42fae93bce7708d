"""Bounds through decompositions and iterations are those of the function, not of its steps."""

import numpy as np
import pytest
from truths import model_at, question_of

from adbench.backends.base import prepare, to_backend
from adbench.backends.reference import Tape
from adbench.cases.answer import Answer, collect
from adbench.cases.operators import Operator
from adbench.judging.verdict import judge
from adbench.results.row import Verdict
from adbench.truth.evaluation import cheapest_mode
from adbench.truth.formats import FORMATS
from adbench.truth.propagation import first_order_bounds
from adbench.truth.truth import establish


def symmetric(a):
    return (a + a.mT) / 2


def logm(xp, a):
    values, vectors = xp.linalg.eigh(symmetric(a))
    return (vectors * xp.log(values)) @ vectors.mT


def whiten(xp, a):
    values, vectors = xp.linalg.eigh(a.mT @ a)
    return a @ ((vectors / xp.sqrt(values)) @ vectors.mT)


def nuclear(xp, a):
    return xp.sum(xp.linalg.svdvals(a))


def inverse(xp, a):
    return xp.linalg.inv(a)


def cholesky(xp, a):
    return xp.linalg.cholesky(symmetric(a))


def newton_inverse(xp, a):
    x = a.mT / xp.sum(a * a)
    for _ in range(20):
        x = x @ (2 * xp.eye(a.shape[0], dtype=a.dtype) - a @ x)
    return x


FUNCTIONS = {
    function.__name__: function
    for function in (logm, whiten, nuclear, inverse, cholesky, newton_inverse)
}


OF_TALL_MATRICES = {"whiten", "nuclear"}


def matrix(name, n, seed):
    """A tall matrix, or a symmetric positive one of a condition of about 10."""
    a = np.random.default_rng(seed).standard_normal((3 * n, n))
    chosen = a if name in OF_TALL_MATRICES else a.T @ a / n
    return chosen.astype(np.float32).astype(np.float64)


def posed(name, n, operator, seed=0):
    model = model_at(FUNCTIONS[name], matrix(name, n, seed))
    if name == "nuclear" and operator is Operator.VJP:
        operator = Operator.GRADIENT
    question = question_of(model, operator, lowest_dtype="float32")
    return question, establish(question, ("float64", "float32"))


def engines_answer(question, dtype):
    engine, operator = Tape(), question.operator
    problem = to_backend(engine, question.model.function, question.inputs.astype(dtype), operator)
    _, call = prepare(engine, problem, operator, cheapest_mode(question), question.order)
    return collect(call(problem.active, problem.constants, problem.direction), engine.to_numpy)


@pytest.mark.parametrize("n", [2, 4, 8])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_well_conditioned_matrices_is_bounded_to_ten_digits(name, n):
    question, truth = posed(name, n, Operator.VJP)
    judgement = judge(engines_answer(question, "float64"), truth, question, "float64", exact=True)
    assert judgement.verdict is Verdict.CORRECT
    assert judgement.resolution < 1e-10


@pytest.mark.parametrize("operator", [Operator.VJP, Operator.JVP])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_rounding_does_lies_within_the_bounds(name, operator):
    for seed in range(4):
        question, truth = posed(name, 3, operator, seed)
        for dtype in ("float64", "float32"):
            answer = engines_answer(question, dtype)
            judgement = judge(answer, truth, question, dtype, exact=True)
            assert judgement.max_error_over_bound < 0.5, (seed, dtype, judgement)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_relative_error_of_one_in_a_billion_is_seen(name):
    question, truth = posed(name, 4, Operator.VJP)
    answer = engines_answer(question, "float64")
    (entries,) = (np.array(array) for array in answer.arrays)
    place = np.unravel_index(np.argmax(np.abs(entries)), entries.shape)
    entries[place] *= 1 + 1e-9
    spoilt = Answer(answer.paths, (entries,))
    assert judge(spoilt, truth, question, "float64", exact=True).verdict is Verdict.WRONG


def bounds_at(function, point):
    question = question_of(model_at(function, point), Operator.GRADIENT)
    truth = establish(question, [])
    return first_order_bounds(question, FORMATS["float64"], truth.answer)


def rounded_zero(xp, x):
    """The sum of two squares less 1, which rounding makes anything but 0."""
    return xp.sin(x) * xp.sin(x) + xp.cos(x) * xp.cos(x) - 1


def test_a_kink_within_the_reach_of_rounding_has_no_bound_of_first_order():
    def function(xp, x):
        return xp.sum(x * xp.maximum(rounded_zero(xp, x), 0))

    assert bounds_at(lambda xp, x: xp.sum(x * rounded_zero(xp, x)), [0.3, 1.7]) is not None
    assert bounds_at(function, [0.3, 1.7]) is None


def test_a_branch_within_the_reach_of_rounding_has_no_bound_of_first_order():
    def function(xp, x):
        return xp.sum(x * x) if xp.sum(rounded_zero(xp, x)) + 1e-15 > 0 else xp.sum(x)

    assert bounds_at(function, [0.3, 1.7]) is None


def test_complex_numbers_have_no_bound_of_first_order():
    def function(xp, x):
        return xp.sum(xp.abs(xp.exp(x * 1j)))

    assert bounds_at(function, [0.3, 1.7]) is None
