"""What the rounding of another algorithm explains is imprecise, and no error that it does not."""

import numpy as np
import pytest
from truths import model_at, truth_of

from adbench.cases import Operator
from adbench.cases.answer import Answer
from adbench.judging.verdict import judge
from adbench.results.row import Verdict


def softplus(x):
    return np.log(1 + np.exp(x))


def sigmoid(x):
    return 0.5 * (1 + np.tanh(x / 2))


def one_pass_deviation(x):
    return np.sqrt(np.mean(x * x) - np.mean(x) ** 2)


def distances(x):
    squares = np.sum(x * x, axis=-1)
    return np.sqrt(squares[:, None] + squares + np.eye(3) - 2 * x @ x.T)


DRAW = np.random.default_rng(0)
ALGORITHMS = {
    "softplus": (lambda xp, x: xp.special.softplus(x), DRAW.standard_normal(8) - 8, softplus),
    "sigmoid": (lambda xp, x: xp.special.expit(x), DRAW.standard_normal(8) - 4, sigmoid),
    "expm1": (lambda xp, x: xp.expm1(x), np.asarray([1e-3, -1e-4]), lambda x: np.exp(x) - 1),
    "acosh": (
        lambda xp, x: xp.acosh(x),
        1 + np.asarray([1e-8, 1e-4]),
        lambda x: np.log(x + np.sqrt(x * x - 1)),
    ),
    "deviation": (lambda xp, x: xp.std(x), 10 + DRAW.standard_normal(8), one_pass_deviation),
    "distances": (
        lambda xp, x: xp.sqrt(
            xp.sum((x[:, None, :] - x[None, :, :]) ** 2, axis=-1) + xp.eye(3, dtype=x.dtype)
        ),
        DRAW.standard_normal((3, 2)),
        distances,
    ),
}


def judged(function, point, answer):
    question, truth = truth_of(model_at(function, point), Operator.VALUE, dtypes=("float64",))
    return judge(Answer(("",), (np.asarray(answer),)), truth, question, "float64", exact=True)


@pytest.mark.parametrize(("function", "point", "algorithm"), ALGORITHMS.values(), ids=ALGORITHMS)
def test_another_usual_algorithm_is_never_wrong(function, point, algorithm):
    judgement = judged(function, point, algorithm(point))
    assert judgement.verdict in (Verdict.CORRECT, Verdict.IMPRECISE), judgement


def test_what_is_explained_is_imprecise_and_says_so():
    function, point, algorithm = ALGORITHMS["softplus"]
    judgement = judged(function, point, algorithm(point))
    assert judgement.verdict is Verdict.IMPRECISE and judgement.max_error_over_bound > 1
    assert judgement.message.endswith("bounds, which the rounding of another algorithm explains.")


@pytest.mark.parametrize("error", [1e-9, -3e-10])
@pytest.mark.parametrize("name", ["softplus", "sigmoid", "deviation", "distances"])
def test_a_relative_error_of_one_in_a_billion_does_not_hide(name, error):
    function, point, algorithm = ALGORITHMS[name]
    answer = np.array(algorithm(point))
    answer[(0,) * answer.ndim] *= 1 + error
    assert judged(function, point, answer).verdict is Verdict.WRONG


def test_an_error_that_the_conditioning_explains_must_be_that_small():
    function, point, algorithm = ALGORITHMS["acosh"]
    answer = algorithm(point)
    assert judged(function, point, answer).verdict is Verdict.IMPRECISE
    answer[1] *= 1 + 1e-9  # the well-conditioned one of the two
    assert judged(function, point, answer).verdict is Verdict.WRONG
