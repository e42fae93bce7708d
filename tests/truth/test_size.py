"""How much of an answer is enclosed: what is estimated, and what follows from it."""

from dataclasses import replace

import pytest
from large import limits_below, outputs, question_of, whole_cost

from adbench.cases import Operator
from adbench.counting.operations import FunctionWork, work_of_function
from adbench.truth.size import SizeLimits, cost_of_projections, extent


def test_an_answer_that_fits_is_enclosed_as_a_whole():
    question = question_of(Operator.GRADIENT)
    enclosed = extent(question, limits_below(question, 1.01))
    assert enclosed.sample is None and not enclosed.refusal


def test_few_numbers_are_enclosed_whatever_they_are_estimated_to_take():
    question = question_of(Operator.GRADIENT)
    enclosed = extent(question, SizeLimits(seconds=1e-9, bytes=1.0))
    assert enclosed.sample is None and not enclosed.refusal


def test_time_decides_how_many_projections_are_judged():
    question = question_of(Operator.GRADIENT)
    work = work_of_function(question.model, question.inputs)
    in_memory = limits_below(question, 0.99)
    for count in (1, 2, 3):
        seconds = cost_of_projections(question, work, count).seconds * 1.001
        enclosed = extent(question, replace(in_memory, seconds=seconds))
        assert enclosed.sample.projections == count
    assert extent(question, in_memory).sample.projections == 4


@pytest.mark.parametrize("operator", [Operator.GRADIENT, Operator.HVP, Operator.VJP])
def test_a_row_has_no_block(operator):
    question = question_of(operator, outputs)
    assert extent(question, limits_below(question, 0.99)).sample.drawn == 0


def test_columns_are_drawn_as_far_as_the_limits_allow():
    question = question_of(Operator.JACOBIAN, outputs)
    whole = whole_cost(question)
    roomy = SizeLimits(seconds=whole.seconds * 10, bytes=whole.bytes * 0.99, surely_small=0)
    drawn = extent(question, roomy).sample.drawn
    tight = replace(roomy, bytes=whole.bytes * 0.6)
    assert drawn > extent(question, tight).sample.drawn


def test_what_a_function_does_is_counted_by_kind():
    question = question_of(Operator.GRADIENT)
    work = work_of_function(question.model, question.inputs)
    products = 2 * 5 * (12 * 16 + 16 * 8 + 8 * 3)
    assert work == FunctionWork(products, work.of_elements)
    assert 5 * (16 + 8) < work.of_elements < products
