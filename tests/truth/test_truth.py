"""The truth: enclosed, certified, bounded; and the verdicts that follow from it."""

from dataclasses import replace

import numpy as np
import pytest

import reference_ad
from adbench import registry
from adbench.cases import Model, Operator
from adbench.cases.inputs import make_inputs
from adbench.cases.model import SpecError
from adbench.judging.verdict import RESOLVED, judge
from adbench.results.row import Verdict
from adbench.running.plan import questions
from adbench.truth import truth as known
from adbench.truth.answers import Answer, relative_error
from adbench.truth.certificate import CertificateError
from reference_ad.engine import core

MODELS = registry.models()
CASES = [
    (name, operator, order)
    for name, source in MODELS.items()
    for operator, order in questions(
        source.model, make_inputs(source.model, next(iter(source.model.sizes)), seed=0)
    )
]


def truth_of(model, operator, order=1, dtypes=("float64", "float32")):
    inputs = make_inputs(model, next(iter(model.sizes)), seed=0, lowest_dtype=dtypes[-1])
    return inputs, known.establish(model, inputs, operator, order, dtypes)


def function(f, *points, **facts):
    return Model(
        name="f",
        function=f,
        make=lambda size, rng: tuple(map(np.asarray, points)),
        sizes={"": {}},
        **facts,
    )


@pytest.mark.parametrize(("name", "operator", "order"), CASES)
def test_every_question_of_every_model_is_certified(name, operator, order):
    _, truth = truth_of(MODELS[name].model, operator, order)
    assert truth.doubt == ""
    for array, radius in zip(truth.answer.arrays, truth.radii, strict=True):
        assert np.all(radius <= 2.0**-63 * np.abs(array))
    if operator in MODELS[name].model.oracle:
        assert relative_error(truth.oracle, truth.answer) < 1e-15


def test_a_truth_comes_back_from_its_file_as_it_went(tmp_path):
    _, truth = truth_of(MODELS["chain"].model, Operator.GRADIENT)
    known.save(truth, tmp_path / "truth.npz")
    loaded = known.load(tmp_path / "truth.npz")
    assert loaded.answer.paths == truth.answer.paths and loaded.oracle.paths == truth.oracle.paths
    for before, after in [
        *zip(truth.answer.arrays, loaded.answer.arrays, strict=True),
        *zip(truth.radii, loaded.radii, strict=True),
        *zip(truth.bounds["float32"], loaded.bounds["float32"], strict=True),
    ]:
        assert after.dtype == before.dtype and np.array_equal(before, after)
    same = {name: getattr(truth, name) for name in ("answer", "radii", "bounds", "oracle")}
    assert replace(loaded, **same) == truth


def test_entries_picked_by_an_integer_are_enclosed():
    _, truth = truth_of(function(lambda xp, x: x[0] * x[1] * x[1], [2.0, 3.0]), Operator.GRADIENT)
    assert truth.doubt == "" and truth.answer.arrays[0].tolist() == [9, 12]


# ---- verdicts


def judged(answer, model="chain", operator=Operator.GRADIENT, exact=True, dtype="float64"):
    inputs, truth = truth_of(MODELS[model].model, operator, dtypes=(dtype,))
    return judge(
        answer(truth.answer), truth, inputs, operator, 1, dtype, exact=exact, name="params"
    )


def scaled(factor, dtype="float64"):
    def answer(truth):
        (first, *rest) = (a.astype(dtype) for a in truth.arrays)
        return Answer(truth.paths, ((first * np.asarray(factor, dtype)).astype(dtype), *rest))

    return answer


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_rounded_truth_is_correct(dtype):
    judgement = judged(scaled(1, dtype), dtype=dtype)
    assert judgement.verdict is Verdict.CORRECT
    assert judgement.max_error_ulp <= 0.5 + 1e-6
    assert judgement.max_error_over_bound < 1
    assert judgement.unresolved_entries == 0


@pytest.mark.parametrize("error", [1e-3, 1e-6, 1e-9, 1e-12])
def test_a_relative_error_above_the_resolution_is_wrong(error):
    judgement = judged(scaled(1 + error))
    assert judgement.resolution < 1e-12
    assert judgement.verdict is Verdict.WRONG
    assert judgement.worst_entry == "params[0][0]"
    assert judgement.worst_returned == pytest.approx(judgement.worst_true * (1 + error), rel=1e-15)


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
    near = function(
        lambda xp, x: xp.sum(xp.asarray(1.0) * xp.expm1(x) * (xp.exp(x) - 1)), [1.5, 1e-13]
    )
    inputs, truth = truth_of(near, Operator.GRADIENT, dtypes=("float64",))
    answer = Answer(truth.answer.paths, tuple(a.astype(float) for a in truth.answer.arrays))
    judgement = judge(answer, truth, inputs, Operator.GRADIENT, 1, "float64", exact=True, name="x")
    assert judgement.verdict is Verdict.CORRECT
    assert judgement.unresolved_entries == 1
    assert judgement.resolution < RESOLVED["float64"]


def test_a_check_that_could_see_nothing_is_unresolved_however_near_the_answer():
    lost = function(lambda xp, x: xp.sum((x + 1e9) - (x * x + 1e9)), [0.25, 0.75])
    inputs, truth = truth_of(lost, Operator.VALUE, 0, dtypes=("float64",))
    answer = Answer(truth.answer.paths, tuple(a.astype(float) for a in truth.answer.arrays))
    judgement = judge(answer, truth, inputs, Operator.VALUE, 0, "float64", exact=True, name="x")
    assert judgement.verdict is Verdict.UNRESOLVED
    assert judgement.resolution > 1e-9


# ---- where nothing may be guessed


def judged_at(f, point, answer):
    with np.errstate(all="ignore"):
        inputs, truth = truth_of(function(f, point), Operator.GRADIENT, dtypes=("float64",))
    return judge(
        Answer(("",), (np.asarray(answer),)),
        truth,
        inputs,
        Operator.GRADIENT,
        1,
        "float64",
        exact=True,
        name="x",
    )


KINKS = {
    "abs": (lambda xp, x: xp.sum(xp.abs(x)), [0.0, 2.0], [(-1, 1), (0, 1), (0.3, 1), (1, 1)]),
    "relu": (lambda xp, x: xp.sum(xp.maximum(x, 0.0)), [0.0, 2.0], [(0, 1), (0.5, 1), (1, 1)]),
    "max": (lambda xp, x: xp.max(x), [1.0, 1.0], [(0, 1), (0.5, 0.5), (1, 0)]),
    "where": (lambda xp, x: xp.sum(xp.where(x > 0, 2 * x, 3 * x)), [0.0, 2.0], [(2, 2), (3, 2)]),
}


@pytest.mark.parametrize(("f", "point", "legal"), KINKS.values(), ids=KINKS)
def test_at_a_kink_every_legal_derivative_is_unresolved_and_any_other_is_wrong(f, point, legal):
    for answer in legal:
        judgement = judged_at(f, point, np.asarray(answer, float))
        assert judgement.verdict is Verdict.UNRESOLVED
        assert judgement.message.startswith("The true answer is not finite, or not unique, in ")
    for answer in [(7.0, legal[0][1]), (np.nan, legal[0][1]), (legal[0][0], 4.0)]:
        assert judged_at(f, point, answer).verdict is Verdict.WRONG


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (lambda xp, x: xp.sum(xp.sort(x) * xp.asarray([1.0, 2.0])), [1.0, 1.0]),
        (lambda xp, x: x[0] if x[0] > 0 else -x[0], [0.0, 1.0]),
        (lambda xp, x: xp.sum(1 / x), [0.0, 1.0]),
        (lambda xp, x: xp.sum(xp.log(x)), [0.0, 1.0]),
    ],
    ids=["sort", "if", "pole", "log"],
)
def test_where_there_is_no_derivative_nothing_is_judged(f, point):
    with np.errstate(all="ignore"):
        _, truth = truth_of(function(f, point), Operator.GRADIENT)
    assert truth.doubt or not np.isfinite(truth.radii[0][0])


def test_the_other_entries_are_judged_where_one_has_no_derivative():
    def f(xp, x):
        return xp.sum(xp.sqrt(x))

    assert judged_at(f, [0.0, 1.0], [np.inf, 0.5]).verdict is Verdict.UNRESOLVED
    assert judged_at(f, [0.0, 1.0], [np.inf, 0.5 + 1e-9]).verdict is Verdict.WRONG


# ---- our own mistakes


@pytest.mark.parametrize("rule", ["tanh", "matmul", "sum"])
@pytest.mark.parametrize(
    "operator", [Operator.GRADIENT, Operator.JVP, Operator.HVP, Operator.HESSIAN]
)
def test_a_broken_rule_of_the_engine_fails_the_certificate(monkeypatch, rule, operator):
    primitive = core.PRIMITIVES[rule]
    jvp, vjps = primitive.jvp, primitive.vjps
    broken = [lambda g, *a, rule=rule, **k: rule(g, *a, **k) * 1.000001 for rule in vjps]
    monkeypatch.setattr(primitive, "vjps", tuple(broken))
    monkeypatch.setattr(
        primitive, "jvp", lambda *a: None if (t := jvp(*a)) is None else t * 1.000001
    )
    with pytest.raises(
        CertificateError,
        match=rf"The {operator} of the model 'mlp' is not certified: .*do not overlap",
    ):
        truth_of(MODELS["mlp"].model, operator)


def test_an_oracle_that_raises_is_named_with_its_line():
    def oracle(x):
        raise ValueError("no formula")

    model = function(lambda xp, x: xp.sum(x * x * x), [1.0, 2.0], oracle={"gradient": oracle})
    said = (
        r"The oracle of the model '\w+' raised ValueError in line \d+ of "
        r".*test_truth.py: no formula\."
    )
    with pytest.raises(SpecError, match=said):
        truth_of(model, Operator.GRADIENT)


def test_a_wrong_oracle_is_named():
    model = function(
        lambda xp, x: xp.sum(x * x * x), [1.0, 2.0], oracle={"gradient": lambda x: 2 * x}
    )
    _, truth = truth_of(model, Operator.GRADIENT)
    assert truth.doubt.startswith("The oracle of the model 'f' is wrong: it is")


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (lambda xp, x: xp.sum(100 * x * x), [0.0, 0.0]),
        (lambda xp, x: x[0] * x[1], [0.0, 3.0]),
        (lambda xp, x: xp.sum(xp.ones_like(x)), [1.0, 2.0]),
        (lambda xp, x: xp.sum(x**3) * 1e-300, [1e-200, 0.0]),
    ],
    ids=["all", "one", "constant", "tiny"],
)
def test_a_derivative_that_is_zero_is_known_to_be(f, point):
    inputs, truth = truth_of(function(f, point), Operator.GRADIENT, dtypes=("float64",))
    answer = Answer(truth.answer.paths, tuple(a.astype(float) for a in truth.answer.arrays))
    judgement = judge(answer, truth, inputs, Operator.GRADIENT, 1, "float64", exact=True, name="x")
    assert judgement.verdict is Verdict.CORRECT and judgement.unresolved_entries == 0
    off = Answer(answer.paths, tuple(a + 1e-13 for a in answer.arrays))
    assert (
        judge(off, truth, inputs, Operator.GRADIENT, 1, "float64", exact=True, name="x").verdict
        is Verdict.WRONG
    )


@pytest.mark.parametrize(("error", "verdict"), [(2e-16, Verdict.IMPRECISE), (1e-13, Verdict.WRONG)])
def test_rounding_of_the_other_entries_where_0_is_right_is_imprecise(error, verdict):
    inputs, truth = truth_of(
        function(lambda xp, x: x[0] * x[1], [0.0, 3.0]), Operator.GRADIENT, dtypes=("float64",)
    )
    noisy = Answer(truth.answer.paths, (np.array([3.0, error]),))
    judgement = judge(noisy, truth, inputs, Operator.GRADIENT, 1, "float64", exact=True, name="x")
    assert judgement.verdict is verdict
    assert verdict is Verdict.WRONG or judgement.message.startswith("In 1 entries 0 is right")


@pytest.mark.parametrize(
    "f",
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
def test_numbers_that_a_model_brings_along_may_be_rounded_to_the_dtype(f, dtype):
    points = np.asarray([2.0**-10, 0.25, -0.75])
    inputs, truth = truth_of(function(f, points), Operator.GRADIENT, dtypes=(dtype,))
    x = points.astype(dtype)
    assert truth.doubt == ""
    answer = Answer(truth.answer.paths, (reference_ad.grad(lambda x: f(reference_ad.numpy, x))(x),))
    judgement = judge(answer, truth, inputs, Operator.GRADIENT, 1, dtype, exact=True, name="x")
    assert judgement.verdict is Verdict.CORRECT, judgement


def test_an_empty_leaf_is_certified_with_the_others():
    model = Model(
        name="f",
        function=lambda xp, p: xp.sum(p[0] * p[0]) + xp.sum(p[1]),
        make=lambda size, rng: ([np.ones(2), np.ones((0, 3))],),
        sizes={"": {}},
    )
    for operator in (Operator.GRADIENT, Operator.HVP, Operator.HESSIAN):
        assert truth_of(model, operator)[1].doubt == ""


def test_a_second_derivative_that_is_zero_is_certified_beside_values_that_are_not_exact():
    _, truth = truth_of(
        function(lambda xp, x: xp.sum(x * xp.exp(xp.asarray(0.3))), [1.0, 2.0]), Operator.HESSIAN
    )
    assert truth.doubt == "" and not np.any(truth.answer.arrays[0])
