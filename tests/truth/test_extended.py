from dataclasses import replace

import numpy as np
import pytest

from adbench import registry
from adbench.results.row import Verdict
from adbench.running.plan import questions
from adbench.spec import Model, Operator
from adbench.spec.inputs import make_inputs
from adbench.truth import extended
from adbench.truth.answers import Answer, relative_error
from adbench.truth.verdict import judge

MODELS = registry.models()
CASES = [
    (name, operator, order)
    for name, source in MODELS.items()
    for operator, order in questions(source.model, make_inputs(source.model, next(iter(source.model.sizes)), seed=0))
]


def truth_of(model, operator, order):
    inputs = make_inputs(model, next(iter(model.sizes)), seed=0)
    return inputs, extended.establish(model, inputs, operator, order)


@pytest.mark.parametrize(("name", "operator", "order"), CASES)
def test_the_witnesses_agree_on_every_question_of_every_model(name, operator, order):
    _, truth = truth_of(MODELS[name].model, operator, order)
    assert truth.doubt == ""
    assert truth.source == ("oracle" if operator in MODELS[name].model.oracle else "reference")
    if truth.oracle is not None:
        assert relative_error(truth.reference, truth.oracle) < 1e-15
    assert 2.0**-53 < truth.rounding["float64"] < 1e-12
    assert truth.rounding["float32"] == pytest.approx(truth.rounding["float64"] * 2.0**29)


def test_a_truth_comes_back_from_its_file_as_it_went(tmp_path):
    inputs, truth = truth_of(MODELS["chain"].model, Operator.GRADIENT, 1)
    extended.save(truth, tmp_path / "truth.npz")
    loaded = extended.load(tmp_path / "truth.npz")
    assert loaded.reference.paths == truth.reference.paths
    for before, after in zip(truth.oracle.arrays, loaded.oracle.arrays, strict=True):
        assert after.dtype == before.dtype == np.longdouble and after == before
    assert replace(loaded, reference=truth.reference, oracle=truth.oracle, along=truth.along) == truth


def judged(answer, model="chain", operator=Operator.GRADIENT, exact=True, dtype="float64"):
    inputs, truth = truth_of(MODELS[model].model, operator, 1)
    return judge(answer(truth.answer), truth, inputs, operator, 1, dtype, exact=exact, name="params")


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


@pytest.mark.parametrize("error", [1e-3, 1e-6, 1e-9, 1e-12])
def test_a_relative_error_above_the_resolution_is_wrong(error):
    judgement = judged(scaled(1 + error))
    assert judgement.resolution < 1e-12
    assert judgement.verdict is Verdict.WRONG
    assert judgement.worst_entry == "params[0][0]"


def test_an_error_of_a_millionth_is_seen_in_float32_if_the_resolution_says_so():
    judgement = judged(scaled(1 + 1e-3, "float32"), dtype="float32")
    assert judgement.resolution < 1e-3
    assert judgement.verdict is Verdict.WRONG


def test_an_approximation_is_imprecise_or_unresolved_but_never_wrong():
    assert judged(scaled(1 + 1e-7), exact=False).verdict is Verdict.IMPRECISE
    assert judged(scaled(2.0), exact=False).verdict is Verdict.UNRESOLVED


def test_a_wrong_rule_of_the_engine_is_doubted_even_without_an_oracle(monkeypatch):
    from reference_ad import core

    primitive = core.PRIMITIVES["tanh"]
    jvp, vjps = primitive.jvp, primitive.vjps
    monkeypatch.setattr(
        primitive, "vjps", tuple(lambda g, *a, rule=rule, **k: 1.001 * rule(g, *a, **k) for rule in vjps)
    )
    monkeypatch.setattr(primitive, "jvp", lambda *a: None if (t := jvp(*a)) is None else 1.001 * t)
    _, truth = truth_of(MODELS["mlp"].model, Operator.GRADIENT, 1)
    assert truth.doubt.startswith("The reference engine and differences of function values differ by")


def test_a_question_about_a_function_that_is_not_finite_is_unresolved():
    model = Model(
        name="pole", function=lambda xp, x: xp.sum(1 / x), make=lambda size, rng: (np.zeros(2),), sizes={"2": {}}
    )
    with np.errstate(all="ignore"):
        inputs, truth = truth_of(model, Operator.GRADIENT, 1)
        answer = Answer(("",), (np.full(2, -np.inf),))
        judgement = judge(answer, truth, inputs, Operator.GRADIENT, 1, "float64", exact=True, name="x")
    assert judgement.verdict is Verdict.UNRESOLVED
