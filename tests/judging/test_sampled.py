"""Answers that are too large to be enclosed: what of them is judged, and what is said."""

import math

import numpy as np
import pytest
from large import (
    exact_answer,
    limits_below,
    loss,
    outputs,
    question_of,
    sampled_truth,
    with_array,
)

from adbench.cases import Operator
from adbench.cases.answer import norm
from adbench.judging.verdict import judge
from adbench.results.row import Verdict
from adbench.truth import storage
from adbench.truth.detection import MISSED
from adbench.truth.truth import establish

ROWS = [
    (Operator.GRADIENT, loss),
    (Operator.VALUE_AND_GRADIENT, loss),
    (Operator.VJP, outputs),
    (Operator.HVP, loss),
]


def curved(xp, layers, inputs):
    """A function of one row of weights and the bias after it."""
    *_, (weights, bias) = layers
    return xp.sum(xp.tanh(inputs[:, :3] @ weights[:3, :] + bias) ** 2)


def verdict_on(answer, truth, question, dtype="float64"):
    return judge(answer, truth, question, dtype, exact=True)


@pytest.mark.parametrize(("operator", "function"), [*ROWS, (Operator.JACOBIAN, outputs)])
def test_a_right_answer_passes_by_a_sample_and_says_what_that_would_have_missed(operator, function):
    question = question_of(operator, function)
    truth = sampled_truth(question)
    judgement = verdict_on(exact_answer(question), truth, question)
    assert judgement.verdict is Verdict.CORRECT and judgement.coverage == "sample"
    assert judgement.missed_probability == MISSED
    assert 0 < judgement.resolution < 1e-6
    assert f"{judgement.resolution:.1e} of the answer's norm" in judgement.message
    assert judgement.judged_projections >= 1 and judgement.max_error_over_bound < 1


def test_an_answer_judged_as_a_whole_says_so():
    question = question_of(Operator.GRADIENT)
    answer = exact_answer(question)
    judgement = verdict_on(answer, establish(question, ["float64"]), question)
    assert judgement.coverage == "entries" and judgement.missed_probability == 0
    assert judgement.judged_entries == sum(array.size for array in answer.arrays)


@pytest.mark.parametrize(("operator", "function"), ROWS)
def test_a_block_that_is_off_by_a_thousandth_is_caught_by_projections(operator, function):
    question = question_of(operator, function)
    answer = exact_answer(question)
    weights = answer.arrays[-2].copy()
    weights[:1] *= 1 + 1e-3
    wrong = with_array(answer, len(answer.arrays) - 2, weights)
    judgement = verdict_on(wrong, sampled_truth(question), question)
    assert judgement.verdict is Verdict.WRONG
    assert "of 4 projections" in judgement.message


def test_a_dropped_entry_and_a_transposed_gradient_are_caught_by_a_projection():
    question = question_of(Operator.GRADIENT)
    truth, answer = sampled_truth(question), exact_answer(question)
    dropped = answer.arrays[0].copy()
    dropped[3, 4] = 0
    transposed = answer.arrays[0].copy()
    transposed[:, :12] = transposed[:, :12].T
    for array in (dropped, transposed):
        judgement = verdict_on(with_array(answer, 0, array), truth, question)
        assert judgement.verdict is Verdict.WRONG


def test_an_error_below_what_is_stated_passes():
    question = question_of(Operator.GRADIENT)
    truth, answer = sampled_truth(question), exact_answer(question)
    seen = verdict_on(answer, truth, question).resolution * norm(answer.arrays)
    slightly = answer.arrays[0].copy()
    slightly[0, 0] += seen * MISSED / 10
    assert verdict_on(with_array(answer, 0, slightly), truth, question).verdict is Verdict.CORRECT


def test_errors_of_the_stated_size_are_missed_no_oftener_than_stated():
    question = question_of(Operator.GRADIENT)
    truth, answer = sampled_truth(question), exact_answer(question)
    size = verdict_on(answer, truth, question).resolution * norm(answer.arrays)
    rng = np.random.default_rng(0)
    verdicts = []
    for _ in range(300):
        error = rng.standard_normal(answer.arrays[0].shape)
        error *= 2 * size / np.linalg.norm(error)
        wrong = with_array(answer, 0, answer.arrays[0] + error)
        verdicts.append(verdict_on(wrong, truth, question).verdict)
    assert verdicts.count(Verdict.CORRECT) <= 9  # of 300, at a half of 1 %: 9 in 2 of 10^5 runs


def test_a_wrong_column_that_is_drawn_is_named():
    question = question_of(Operator.JACOBIAN, outputs)
    truth, answer = sampled_truth(question), exact_answer(question)
    column = truth.sample.positions()[0][0]
    wrong = answer.arrays[0].copy()
    wrong.reshape(15, -1)[7, column] += 1.0
    judgement = verdict_on(with_array(answer, 0, wrong), truth, question)
    assert judgement.verdict is Verdict.WRONG
    row, place = np.unravel_index(7, (5, 3)), np.unravel_index(column, (12, 16))
    named = [list(map(int, indices)) for indices in (row, place)]
    assert judgement.worst_entry == f"row {named[0]} by layers[0][0]{named[1]}"


def test_a_jacobian_says_which_share_of_its_columns_would_have_been_missed():
    question = question_of(Operator.JACOBIAN, outputs)
    truth = sampled_truth(question)
    judgement = verdict_on(exact_answer(question), truth, question)
    assert judgement.judged_entries == 15 * truth.sample.drawn > 0
    assert 0 < judgement.seen_share < 1 and 0 < judgement.entry_resolution < 1e-9
    assert f"one in {judgement.seen_share:.2%} of the columns" in judgement.message


def test_a_hessian_is_judged_by_projections_from_both_sides_and_a_block_of_it():
    question = question_of(Operator.HESSIAN, curved)
    truth, answer = sampled_truth(question), exact_answer(question)
    assert truth.sample.entries == truth.sample.drawn**2 > 0
    assert verdict_on(answer, truth, question).verdict is Verdict.CORRECT
    diagonal = answer.paths.index("[2][0][2][0]")
    wrong = with_array(answer, diagonal, answer.arrays[diagonal] * (1 + 1e-6))
    assert verdict_on(wrong, truth, question).verdict is Verdict.WRONG


def test_an_answer_of_another_shape_or_dtype_or_with_a_nan_is_wrong():
    question = question_of(Operator.GRADIENT)
    truth, answer = sampled_truth(question), exact_answer(question)
    other_shape = with_array(answer, 0, answer.arrays[0].T)
    judgement = verdict_on(other_shape, truth, question)
    assert judgement.verdict is Verdict.WRONG and "shapes" in judgement.message
    judgement = verdict_on(answer, truth, question, "float32")
    assert judgement.verdict is Verdict.WRONG and "float64" in judgement.message
    not_finite = with_array(answer, 0, np.full(answer.arrays[0].shape, math.nan))
    assert verdict_on(not_finite, truth, question).verdict is Verdict.WRONG


def test_what_does_not_fit_at_all_is_said_with_what_would():
    question = question_of(Operator.GRADIENT)
    truth = sampled_truth(question, share=1e-3)
    assert not truth.answer.arrays
    judgement = verdict_on(exact_answer(question), truth, question)
    assert judgement.verdict is Verdict.UNRESOLVED
    assert "too large to be enclosed" in judgement.message
    assert "numbers would fit" in judgement.message


def test_a_forward_pass_too_large_for_its_limits_is_refused_too():
    question = question_of(Operator.JVP, outputs)
    truth = establish(question, ["float64"], limits_below(question, 0.5))
    assert "too large to be enclosed" in truth.doubt


def test_the_truth_of_a_sample_comes_back_from_its_file(tmp_path):
    question = question_of(Operator.JACOBIAN, outputs)
    truth = sampled_truth(question)
    storage.save(tmp_path / "truth", truth, {})
    loaded, _ = storage.load(tmp_path / "truth")
    assert loaded.sample == truth.sample and loaded.source == "sample"
    judgement = verdict_on(exact_answer(question), loaded, question)
    assert judgement.verdict is Verdict.CORRECT
