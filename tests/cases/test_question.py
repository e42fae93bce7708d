"""A question names its parts and what its answers belong to."""

import numpy as np
import pytest
from truths import model_at, question_of

from adbench.cases import MODES, Mode, Operator
from adbench.cases.operators import passes


def weighted(xp, weights, x):
    return xp.sum(weights * x)


@pytest.fixture
def question():
    model = model_at(weighted, np.ones(2), np.ones(2), active=1)
    return question_of(model, Operator.VALUE_AND_GRADIENT)


def test_a_value_and_gradient_has_two_parts_and_any_other_question_is_its_own(question):
    value, gradient = question.parts
    assert (value.operator, value.order) == (Operator.VALUE, 0)
    assert (gradient.operator, gradient.order) == (Operator.GRADIENT, 1)
    assert gradient.parts == (gradient,)


def test_arrays_are_called_by_the_name_of_the_active_argument(question):
    assert question.argument_names == ["weights", "x"] and question.active_name == "x"
    assert question.title("[0]") == "value"
    assert question.title("[1]['w']") == "x['w']"
    assert question.asking(Operator.GRADIENT).title("[0]") == "x[0]"


def test_arguments_without_a_name_are_counted():
    question = question_of(model_at(lambda *arguments: arguments[1], 1.0), Operator.VALUE, 0)
    assert question.argument_names == ["argument 0"]


def test_a_question_is_described_in_words(question):
    assert question.describe() == "value_and_gradient"
    assert question.asking(Operator.DERIVATIVE, 3).describe() == "derivative of order 3"


def test_a_value_and_gradient_takes_as_many_sweeps_as_its_gradient():
    assert MODES[Operator.VALUE_AND_GRADIENT] == MODES[Operator.GRADIENT]
    for mode in (Mode.FORWARD, Mode.REVERSE):
        sweeps = passes(Operator.GRADIENT, mode, 7, 1)
        assert passes(Operator.VALUE_AND_GRADIENT, mode, 7, 1) == sweeps
