"""What came back at a kink: one of its sides, something between, or something else."""

import numpy as np
import pytest
from truths import model_at, truth_of

from adbench.cases.answer import Answer
from adbench.judging.verdict import judge
from adbench.results.row import Kink, Verdict
from adbench.truth import storage


def judged(function, point, returned, operator="derivative", order=1):
    question, truth = truth_of(model_at(function, point, orders=2), operator, order)
    answer = Answer(truth.answer.paths, (np.asarray(returned, float),))
    return judge(answer, truth, question, "float64", exact=True)


def leaky(xp, x):
    return xp.where(x > 0, x, 0.125 * x)


@pytest.mark.parametrize(
    ("returned", "kink", "verdict"),
    [
        (0.125, Kink.LEFT, Verdict.CORRECT),
        (1.0, Kink.RIGHT, Verdict.CORRECT),
        (0.5, Kink.INSIDE, Verdict.CORRECT),
        (0.0, Kink.OUTSIDE, Verdict.WRONG),
        (1.0 + 1e-6, Kink.OUTSIDE, Verdict.WRONG),
        (np.nan, Kink.NAN, Verdict.WRONG),
    ],
)
def test_a_derivative_at_a_kink_is_one_of_its_sides_or_between_them(returned, kink, verdict):
    judgement = judged(leaky, 0.0, returned)
    assert (judgement.kink, judgement.verdict) == (kink, verdict)
    assert (judgement.left_derivative, judgement.right_derivative) == (0.125, 1)
    assert judgement.hull_low == pytest.approx(0.125) and judgement.hull_high == pytest.approx(1)


def test_where_a_function_ends_its_one_side_is_named_and_nothing_is_judged():
    judgement = judged(lambda xp, x: xp.sqrt(x), 0.0, np.inf)
    assert (judgement.kink, judgement.verdict) == (Kink.RIGHT, Verdict.UNRESOLVED)
    assert judged(lambda xp, x: xp.sqrt(x), 0.0, 0.0).kink is Kink.OUTSIDE


def test_beside_a_jump_the_slope_of_both_sides_is_named():
    judgement = judged(lambda xp, x: xp.floor(x), 1.0, 0.0)
    assert (judgement.kink, judgement.verdict) == (Kink.INSIDE, Verdict.UNRESOLVED)


def test_entries_on_different_sides_are_inside_together():
    def total(xp, x):
        return xp.sum(xp.abs(x))

    assert judged(total, [0.0, 0.0], [1, 1], "gradient").kink is Kink.RIGHT
    assert judged(total, [0.0, 0.0], [1, -1], "gradient").kink is Kink.INSIDE
    assert judged(total, [0.0, 0.0], [1, -2], "gradient").kink is Kink.OUTSIDE


def test_of_many_numbers_what_is_not_between_two_sides_has_no_word():
    def norm(xp, x):
        return xp.linalg.vector_norm(x)

    assert judged(norm, [0.0, 0.0], [0, 0], "gradient").kink is Kink.INSIDE
    assert judged(norm, [0.0, 0.0], [5, 0], "gradient").kink is Kink.NONE


def test_the_sides_travel_from_the_process_that_finds_them(tmp_path):
    _, truth = truth_of(model_at(leaky, 0.0), "derivative")
    storage.save(tmp_path / "truth", truth, {})
    loaded, _ = storage.load(tmp_path / "truth")
    assert [side.tolist() for side in loaded.sides.left] == [0.125]
    assert [side.tolist() for side in loaded.sides.right] == [1.0]


def test_the_message_says_which_side_came_back():
    sentence = judged(leaky, 0.0, 0.125).message.partition("is right. ")[2]
    assert sentence == "That on the left came back: 0.125 on the left, 1 on the right."
