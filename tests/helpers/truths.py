"""Models at a fixed point, and the truth of what is asked of them."""

import numpy as np

from adbench import registry
from adbench.cases import Model, Operator
from adbench.cases.inputs import make_inputs
from adbench.cases.question import Question
from adbench.truth.truth import establish

MODELS = {name: source for name, source in registry.models().items() if source.model.by_default}
"""The models of a run that names none; the others have tests of their own."""


def model_at(function, *arguments, **fields):
    """The model of a function at the point given by its arguments."""
    return Model(
        name="f",
        function=function,
        make=lambda size, rng: tuple(map(np.asarray, arguments)),
        sizes={"": {}},
        **fields,
    )


def question_of(model, operator, order=1, lowest_dtype="float64"):
    """A question about a model at its first size."""
    inputs = make_inputs(model, next(iter(model.sizes)), seed=0, lowest_dtype=lowest_dtype)
    return Question(model, inputs, Operator(operator), order)


def truth_of(model, operator, order=1, dtypes=("float64", "float32")):
    """A question about a model at its first size, and its truth."""
    question = question_of(model, operator, order, dtypes[-1])
    return question, establish(question, dtypes)
