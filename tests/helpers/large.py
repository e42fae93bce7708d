"""A perceptron, and the truths of samples of its derivatives: the limits of size turned down."""

import numpy as np

from adbench.cases import Model
from adbench.cases.answer import Answer
from adbench.cases.inputs import make_inputs
from adbench.cases.operators import order_of
from adbench.cases.question import Question
from adbench.counting.operations import work_of_function
from adbench.truth.size import SizeLimits, cost_of_whole
from adbench.truth.truth import establish

WIDTHS = (12, 16, 8, 3)


def outputs(xp, layers, inputs):
    *hidden, (weights, bias) = layers
    for hidden_weights, hidden_bias in hidden:
        inputs = xp.tanh(inputs @ hidden_weights + hidden_bias)
    return inputs @ weights + bias


def loss(xp, layers, inputs):
    return xp.mean(outputs(xp, layers, inputs) ** 2)


def make(size, rng):
    layers = [
        [rng.standard_normal((rows, columns)) / rows**0.5, rng.standard_normal(columns)]
        for rows, columns in zip(WIDTHS, WIDTHS[1:], strict=False)
    ]
    return layers, rng.standard_normal((5, WIDTHS[0]))


def question_of(operator, function=loss):
    model = Model(name="perceptron", function=function, make=make, sizes={"only": {}})
    return Question(model, make_inputs(model, "only", seed=0), operator, order_of(operator))


def whole_cost(question):
    """What the whole answer takes, or that of the last part of it."""
    part = question.parts[-1]
    return cost_of_whole(part, work_of_function(part.model, part.inputs))


def limits_below(question, share):
    """Limits of memory of which the whole answer takes more, and a part of it need not."""
    return SizeLimits(seconds=1e9, bytes=share * whole_cost(question).bytes, surely_small=0)


def sampled_truth(question, share=0.99):
    return establish(question, ["float64", "float32"], limits_below(question, share))


def exact_answer(question, dtype="float64"):
    """The true answer, rounded."""
    truth = establish(question, [dtype])
    return Answer(truth.answer.paths, tuple(array.astype(dtype) for array in truth.answer.arrays))


def with_array(answer, place, array):
    """An answer in which one array is another."""
    arrays = list(answer.arrays)
    arrays[place] = np.asarray(array)
    return Answer(answer.paths, tuple(arrays))
