"""The verdict on an answer, held against the truth."""

from dataclasses import replace

import numpy as np
import pytest
from truths import MODELS, model_at, truth_of

import reference_ad
from adbench.cases import Operator
from adbench.cases.answer import Answer
from adbench.judging.comparison import RESOLVED
from adbench.judging.verdict import judge
from adbench.results.row import Verdict


def rounded_truth(truth, dtype="float64"):
    """The true answer, rounded to a dtype."""
    return Answer(truth.answer.paths, tuple(array.astype(dtype) for array in truth.answer.arrays))


def judged(answer, model="chain", operator=Operator.GRADIENT, exact=True, dtype="float64"):
    question, truth = truth_of(MODELS[model].model, operator, dtypes=(dtype,))
    return judge(answer(truth), truth, question, dtype, exact=exact)


def scaled(factor, dtype="float64"):
    """The truth, with its first array times a factor."""

    def answer(truth):
        first, *rest = rounded_truth(truth, dtype).arrays
        return Answer(
            truth.answer.paths, ((first * np.asarray(factor, dtype)).astype(dtype), *rest)
        )

    return answer


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("operator", [Operator.GRADIENT, Operator.VALUE_AND_GRADIENT])
def test_the_rounded_truth_is_correct(dtype, operator):
    judgement = judged(scaled(1, dtype), operator=operator, dtype=dtype)
    assert judgement.verdict is Verdict.CORRECT
    assert judgement.max_error_ulp <= 0.5 + 1e-6
    assert judgement.max_error_over_bound < 1
    assert judgement.unresolved_entries == 0


@pytest.mark.parametrize("error", [1e-3, 1e-6, 1e-9])
def test_a_relative_error_above_the_resolution_is_wrong(error):
    judgement = judged(scaled(1 + error))
    assert judgement.resolution < 1e-12
    assert judgement.verdict is Verdict.WRONG
    assert judgement.worst_entry == "params[0][0]"
    assert judgement.worst_returned == pytest.approx(judgement.worst_true * (1 + error), rel=1e-15)


def test_the_worst_entry_of_a_value_and_gradient_is_named_by_its_part():
    wrong_value = judged(scaled(1 + 1e-6), operator=Operator.VALUE_AND_GRADIENT)
    assert wrong_value.verdict is Verdict.WRONG and wrong_value.worst_entry == "value"

    def wrong_gradient(truth):
        value, first, *rest = rounded_truth(truth).arrays
        return Answer(truth.answer.paths, (value, first * (1 + 1e-6), *rest))

    judgement = judged(wrong_gradient, operator=Operator.VALUE_AND_GRADIENT)
    assert judgement.verdict is Verdict.WRONG and judgement.worst_entry == "params[0][0]"


def test_an_error_of_a_thousandth_is_seen_in_float32():
    judgement = judged(scaled(1 + 1e-3, "float32"), dtype="float32")
    assert judgement.resolution < 1e-3
    assert judgement.verdict is Verdict.WRONG


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_where_the_truth_is_is_wrong(value):
    judgement = judged(scaled(value))
    assert judgement.verdict is Verdict.WRONG
    assert judgement.max_error_over_bound == np.inf


def test_an_approximation_is_imprecise_or_unresolved_but_never_wrong():
    assert judged(scaled(1 + 1e-7), exact=False).verdict is Verdict.IMPRECISE
    hopeless = judged(scaled(2.0), exact=False)
    assert hopeless.verdict is Verdict.UNRESOLVED
    assert hopeless.message.startswith(
        "The approximation has hardly a digit right: its relative error is "
    )


def test_one_entry_near_zero_is_counted_and_does_not_spoil_its_cell():
    # The second entry of the gradient has the factor exp(x) - 1, which cancels to a few digits.
    model = model_at(
        lambda xp, x: xp.sum(xp.asarray(1.0) * xp.expm1(x) * (xp.exp(x) - 1)), [1.5, 1e-13]
    )
    question, truth = truth_of(model, Operator.GRADIENT, dtypes=("float64",))
    judgement = judge(rounded_truth(truth), truth, question, "float64", exact=True)
    assert judgement.verdict is Verdict.CORRECT
    assert judgement.unresolved_entries == 1
    assert judgement.resolution < RESOLVED["float64"]


def test_a_check_that_could_see_nothing_is_unresolved_however_near_the_answer():
    model = model_at(lambda xp, x: xp.sum((x + 1e9) - (x * x + 1e9)), [0.25, 0.75])
    question, truth = truth_of(model, Operator.VALUE, 0, dtypes=("float64",))
    judgement = judge(rounded_truth(truth), truth, question, "float64", exact=True)
    assert judgement.verdict is Verdict.UNRESOLVED
    assert judgement.resolution > 1e-9


@pytest.mark.parametrize("widest", [1e-3, np.inf])
def test_an_unresolved_answer_says_in_which_array_a_smaller_error_would_have_been_seen(widest):
    question, truth = truth_of(MODELS["chain"].model, Operator.GRADIENT, dtypes=("float64",))
    *others, last = truth.bounds["float64"]
    parts = [np.full_like(bound, widest) for bound in others]
    truth = replace(truth, bounds={"float64": (*parts, 1e-8 * np.abs(truth.answer.arrays[-1]))})
    judgement = judge(rounded_truth(truth), truth, question, "float64", exact=True)
    assert judgement.verdict is Verdict.UNRESOLVED
    assert judgement.entry_resolution == pytest.approx(2e-8)
    assert "above 2.0e-08 in params[2][1]" in judgement.message
    assert last.shape == truth.bounds["float64"][-1].shape


# ---- where nothing may be guessed


def judged_at(function, point, answer):
    with np.errstate(all="ignore"):
        question, truth = truth_of(
            model_at(function, point), Operator.GRADIENT, dtypes=("float64",)
        )
    return judge(Answer(("",), (np.asarray(answer),)), truth, question, "float64", exact=True)


KINKS = {
    "abs": (lambda xp, x: xp.sum(xp.abs(x)), [0.0, 2.0], [(-1, 1), (0, 1), (0.3, 1), (1, 1)]),
    "relu": (lambda xp, x: xp.sum(xp.maximum(x, 0.0)), [0.0, 2.0], [(0, 1), (0.5, 1), (1, 1)]),
    "max": (lambda xp, x: xp.max(x), [1.0, 1.0], [(0, 1), (0.5, 0.5), (1, 0)]),
    "where": (lambda xp, x: xp.sum(xp.where(x > 0, 2 * x, 3 * x)), [0.0, 2.0], [(2, 2), (3, 2)]),
}


@pytest.mark.parametrize(("function", "point", "legal"), KINKS.values(), ids=KINKS)
def test_at_a_kink_every_legal_derivative_passes_by_name_and_any_other_is_wrong(
    function, point, legal
):
    for answer in legal:
        judgement = judged_at(function, point, np.asarray(answer, float))
        assert judgement.verdict is Verdict.CORRECT
        assert "there is a kink, where any value between the derivatives" in judgement.message
    for answer in [(7.0, legal[0][1]), (np.nan, legal[0][1]), (legal[0][0], 4.0)]:
        assert judged_at(function, point, answer).verdict is Verdict.WRONG


def test_a_value_outside_the_hull_is_told_beside_the_hull():
    function, point, _ = KINKS["relu"]
    judgement = judged_at(function, point, np.asarray([2.0, 1.0]))
    assert judgement.message == (
        "x[0] was returned as 2; it lies at a kink, where any value from 0 to 1 is right."
    )
    assert np.isnan(judgement.worst_true)


def test_the_other_entries_are_judged_where_one_has_no_derivative():
    def function(xp, x):
        return xp.sum(xp.sqrt(x))

    assert judged_at(function, [0.0, 1.0], [np.inf, 0.5]).verdict is Verdict.UNRESOLVED
    assert judged_at(function, [0.0, 1.0], [np.inf, 0.5 + 1e-9]).verdict is Verdict.WRONG


# ---- zeros


@pytest.mark.parametrize(
    ("function", "point"),
    [
        (lambda xp, x: xp.sum(100 * x * x), [0.0, 0.0]),
        (lambda xp, x: x[0] * x[1], [0.0, 3.0]),
        (lambda xp, x: xp.sum(xp.ones_like(x)), [1.0, 2.0]),
        (lambda xp, x: xp.sum(x**3) * 1e-300, [1e-200, 0.0]),
    ],
    ids=["all", "one", "constant", "tiny"],
)
def test_a_derivative_that_is_zero_is_known_to_be(function, point):
    question, truth = truth_of(model_at(function, point), Operator.GRADIENT, dtypes=("float64",))
    answer = rounded_truth(truth)
    judgement = judge(answer, truth, question, "float64", exact=True)
    assert judgement.verdict is Verdict.CORRECT and judgement.unresolved_entries == 0
    off = Answer(answer.paths, tuple(array + 1e-13 for array in answer.arrays))
    assert judge(off, truth, question, "float64", exact=True).verdict is Verdict.WRONG


@pytest.mark.parametrize(("error", "verdict"), [(2e-16, Verdict.IMPRECISE), (1e-13, Verdict.WRONG)])
def test_rounding_of_the_other_entries_where_0_is_right_is_imprecise(error, verdict):
    model = model_at(lambda xp, x: x[0] * x[1], [0.0, 3.0])
    question, truth = truth_of(model, Operator.GRADIENT, dtypes=("float64",))
    noisy = Answer(truth.answer.paths, (np.array([3.0, error]),))
    judgement = judge(noisy, truth, question, "float64", exact=True)
    assert judgement.verdict is verdict
    assert verdict is Verdict.WRONG or judgement.message.startswith("In 1 entries 0 is right")


@pytest.mark.parametrize(
    "function",
    [
        lambda xp, x: xp.sum(x * 0.1),
        lambda xp, x: xp.sum(x * xp.full(3, 0.1, dtype=x.dtype)),
        lambda xp, x: xp.sum(x * xp.asarray([0.1, 0.7, 1.1], dtype=x.dtype)),
        lambda xp, x: xp.sum(x * xp.exp(xp.asarray(0.3, dtype=x.dtype))),
        lambda xp, x: xp.sum(xp.tanh(x * xp.linspace(0.0, 0.7, 3, dtype=x.dtype))),
        lambda xp, x: xp.sum(x * xp.arange(0.1, 0.7, 0.2, dtype=x.dtype)),
        lambda xp, x: xp.sum(xp.maximum(x, 0.7) * x),
        lambda xp, x: xp.sum(xp.where(x > 0.3, x, 0.7) * x),
        lambda xp, x: xp.sum(xp.abs(x) ** -7.3),
        lambda xp, x: xp.sum(xp.abs(x) ** 1.1),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_that_a_model_brings_along_may_be_rounded_to_the_dtype(function, dtype):
    points = np.asarray([2.0**-10, 0.25, -0.75])
    question, truth = truth_of(model_at(function, points), Operator.GRADIENT, dtypes=(dtype,))
    assert truth.doubt == ""
    gradient = reference_ad.grad(lambda x: function(reference_ad.numpy, x))(points.astype(dtype))
    answer = Answer(truth.answer.paths, (gradient,))
    judgement = judge(answer, truth, question, dtype, exact=True)
    assert judgement.verdict is Verdict.CORRECT, judgement
