"""Why a true answer is not known is said in the words of a model, with the line and what to do."""

import re

import numpy as np
import pytest
from truths import model_at, truth_of

from adbench.cases import Case, Mode, Operator
from adbench.planning.points import Points, drawing
from adbench.running.truths import establish
from adbench.truth.reasons import INNER_WORDS, why_unknown

ONE = [1.0, 1.0]
IDENTITY = np.eye(2)


def branch(xp, x):
    return x[0] if x[0] > x[1] else 2 * x[1]


def order(xp, x):
    return xp.sum(xp.sort(x) * xp.asarray([1.0, 2.0]))


def index(xp, x):
    return x[int(xp.argmax(x))] ** 2


def mask(xp, x):
    return xp.sum(x[x > 1.0])


def vectors(xp, a):
    return xp.linalg.eigh(a).eigenvectors[0, 0]


def singular_vectors(xp, a):
    return xp.linalg.svd(a).U[0, 0]


SAID = {
    branch: "branches, sorts or indexes by numbers that are equal there",
    order: "branches, sorts or indexes by numbers that are equal there",
    index: "branches, sorts or indexes by numbers that are equal there",
    mask: "branches, sorts or indexes by numbers that are equal there",
    vectors: "takes eigenvectors or singular vectors of a matrix with equal eigenvalues",
    singular_vectors: "takes eigenvectors or singular vectors of a matrix with equal eigenvalues",
}


@pytest.mark.parametrize("function", SAID, ids=lambda function: function.__name__)
def test_what_a_function_does_at_the_point_is_told_with_its_line(function):
    point = IDENTITY if "vectors" in function.__name__ else ONE
    _, truth = truth_of(model_at(function, point), "gradient")
    line = function.__code__.co_firstlineno + 1
    assert SAID[function] in truth.doubt
    assert f"the function of the model 'f' in line {line} of " in truth.doubt
    assert truth.doubt.startswith("No true answer is known at this point: ")
    assert "choose another point" in truth.doubt
    assert not INNER_WORDS.search(truth.doubt)


@pytest.mark.parametrize(
    "error",
    [
        TypeError("NumPy was given an array of balls, or Python asked for it as a number."),
        TypeError("A traced array was given to 'sin' after its transformation had finished."),
        AttributeError("module 'reference_ad.numpy' has no attribute 'median'"),
        ValueError("The order of elements is undecided, for the balls overlap."),
    ],
)
def test_words_of_the_engine_are_left_out(error):
    said = why_unknown(model_at(branch, ONE), error)
    assert said == (
        "No true answer is known at this point: the function of the model 'f' does something with "
        "an array that cannot be followed: write it in functions of xp, the Python array API "
        "standard."
    )


def test_what_the_function_itself_raises_is_told():
    said = why_unknown(model_at(branch, ONE), RuntimeError("only at one"))
    assert said.endswith("the function of the model 'f' raised RuntimeError: only at one.")
    assert re.search(r"divides by a number that is 0", why_unknown(model_at(branch, ONE), zero()))


def zero():
    return ZeroDivisionError("division by zero")


def test_a_truth_that_cannot_be_computed_is_told_alike():
    model = model_at(branch, ONE)
    case = Case("f", "", "float64", Operator.GRADIENT, 1, Mode.REVERSE)
    truths = establish(model, case, drawing(Points(0, "float64")))
    assert SAID[branch] in truths.doubt
