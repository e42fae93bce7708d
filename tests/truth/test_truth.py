"""The truth: enclosed, certified, bounded, and kept."""

from dataclasses import replace

import numpy as np
import pytest
from truths import MODELS, model_at, truth_of

from adbench.cases import Model, Operator
from adbench.cases.answer import relative_error
from adbench.cases.inputs import make_inputs
from adbench.cases.model import SpecError
from adbench.cases.operators import DENSE
from adbench.planning.questions import questions
from adbench.truth import storage
from adbench.truth.certificate import CertificateError
from reference_ad.engine import core

CASES = [
    (name, operator, order)
    for name, source in MODELS.items()
    for operator, order in questions(
        source.model, make_inputs(source.model, next(iter(source.model.sizes)), seed=0)
    )
    if operator not in DENSE  # judged by the truth of the whole matrix
]


@pytest.mark.parametrize(("name", "operator", "order"), CASES)
def test_every_question_of_every_model_is_certified(name, operator, order):
    _, truth = truth_of(MODELS[name].model, operator, order)
    assert truth.doubt == ""
    for array, radius in zip(truth.answer.arrays, truth.radii, strict=True):
        negligible = 2.0**-100 * np.max(np.abs(array), initial=0.0)  # of an entry that is 0
        assert np.all(radius <= np.maximum(2.0**-63 * np.abs(array), negligible))
    if operator in MODELS[name].model.oracle:
        assert relative_error(truth.oracle, truth.answer) < 1e-15


def test_a_truth_comes_back_from_its_file_as_it_went(tmp_path):
    _, truth = truth_of(MODELS["chain"].model, Operator.GRADIENT)
    storage.save(tmp_path / "truth", truth, {})
    loaded, _ = storage.load(tmp_path / "truth")
    assert loaded.answer.paths == truth.answer.paths and loaded.oracle.paths == truth.oracle.paths
    for before, after in [
        *zip(truth.answer.arrays, loaded.answer.arrays, strict=True),
        *zip(truth.radii, loaded.radii, strict=True),
        *zip(truth.bounds["float32"], loaded.bounds["float32"], strict=True),
    ]:
        assert after.dtype == before.dtype and np.array_equal(before, after)
    arrays = {name: getattr(truth, name) for name in ("answer", "radii", "bounds", "oracle")}
    assert replace(loaded, **arrays) == truth


def test_entries_picked_by_an_integer_are_enclosed():
    _, truth = truth_of(model_at(lambda xp, x: x[0] * x[1] * x[1], [2.0, 3.0]), Operator.GRADIENT)
    assert truth.doubt == "" and truth.answer.arrays[0].tolist() == [9, 12]


@pytest.mark.parametrize(
    ("function", "point"),
    [
        (lambda xp, x: xp.sum(xp.sort(x) * xp.asarray([1.0, 2.0])), [1.0, 1.0]),
        (lambda xp, x: x[0] if x[0] > 0 else -x[0], [0.0, 1.0]),
        (lambda xp, x: xp.sum(1 / x), [0.0, 1.0]),
        (lambda xp, x: xp.sum(xp.log(x)), [0.0, 1.0]),
    ],
    ids=["sort", "if", "pole", "log"],
)
def test_where_there_is_no_derivative_nothing_is_judged(function, point):
    with np.errstate(all="ignore"):
        _, truth = truth_of(model_at(function, point), Operator.GRADIENT)
    assert truth.doubt or not np.isfinite(truth.radii[0][0])


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
    model = model_at(lambda xp, x: xp.sum(x * xp.exp(xp.asarray(0.3))), [1.0, 2.0])
    _, truth = truth_of(model, Operator.HESSIAN)
    assert truth.doubt == "" and not np.any(truth.answer.arrays[0])


# ---- a value and its gradient


def cube(xp, x):
    return xp.sum(x * x * x)


def test_the_truth_of_a_value_and_gradient_is_that_of_its_parts(tmp_path):
    model = model_at(cube, [1.0, 2.0])
    _, both = truth_of(model, Operator.VALUE_AND_GRADIENT)
    _, value = truth_of(model, Operator.VALUE, 0)
    _, gradient = truth_of(model, Operator.GRADIENT)
    assert both.doubt == ""
    assert both.answer.paths == ("[0]", "[1]")
    assert [array.tolist() for array in both.answer.arrays] == [9.0, [3.0, 12.0]]
    for dtype in ("float64", "float32"):
        parts = (*value.bounds[dtype], *gradient.bounds[dtype])
        assert all(map(np.array_equal, both.bounds[dtype], parts))
    storage.save(tmp_path / "truth", both, {3: both})
    first, further = storage.load(tmp_path / "truth")
    assert first.answer.paths == further[3].answer.paths == both.answer.paths


def test_the_oracles_of_the_parts_serve_a_value_and_gradient():
    oracle = {"value": lambda x: np.sum(x**3), "gradient": lambda x: 3 * x * x}
    _, truth = truth_of(model_at(cube, [1.0, 2.0], oracle=oracle), Operator.VALUE_AND_GRADIENT)
    assert truth.doubt == "" and truth.oracle.paths == ("[0]", "[1]")
    del oracle["value"]
    _, truth = truth_of(model_at(cube, [1.0, 2.0], oracle=oracle), Operator.VALUE_AND_GRADIENT)
    assert truth.doubt == "" and truth.oracle is None


def test_an_oracle_of_a_value_and_gradient_is_held_against_the_enclosure():
    oracle = {"value_and_gradient": lambda x: (np.sum(x**3), 2 * x * x)}
    _, truth = truth_of(model_at(cube, [1.0, 2.0], oracle=oracle), Operator.VALUE_AND_GRADIENT)
    assert truth.doubt.startswith("The oracle of the model 'f' is wrong: it is")


def test_a_value_and_gradient_is_in_doubt_where_its_gradient_is():
    model = model_at(lambda xp, x: xp.sum(xp.sort(x) * xp.asarray([1.0, 2.0])), [1.0, 1.0])
    _, truth = truth_of(model, Operator.VALUE_AND_GRADIENT)
    _, gradient = truth_of(model, Operator.GRADIENT)
    assert truth.doubt == gradient.doubt != ""


# ---- our own mistakes


@pytest.mark.parametrize("rule", ["tanh", "matmul", "sum"])
@pytest.mark.parametrize(
    "operator",
    [
        Operator.GRADIENT,
        Operator.VALUE_AND_GRADIENT,
        Operator.JVP,
        Operator.HVP,
        Operator.HESSIAN,
    ],
)
def test_a_broken_rule_of_the_engine_fails_the_certificate(monkeypatch, rule, operator):
    primitive = core.PRIMITIVES[rule]
    jvp, vjps = primitive.jvp, primitive.vjps
    broken = [lambda g, *a, rule=rule, **k: rule(g, *a, **k) * 1.000001 for rule in vjps]
    monkeypatch.setattr(primitive, "vjps", tuple(broken))
    monkeypatch.setattr(
        primitive, "jvp", lambda *a: None if (t := jvp(*a)) is None else t * 1.000001
    )
    derivative = operator.removeprefix("value_and_")
    with pytest.raises(
        CertificateError,
        match=rf"The {derivative} of the model 'mlp' is not certified: .*do not overlap",
    ):
        truth_of(MODELS["mlp"].model, operator)


def test_an_oracle_that_raises_is_named_with_its_line():
    def oracle(x):
        raise ValueError("no formula")

    model = model_at(cube, [1.0, 2.0], oracle={"gradient": oracle})
    sentence = (
        r"The oracle of the model '\w+' raised ValueError in line \d+ of "
        r".*test_truth.py: no formula\."
    )
    with pytest.raises(SpecError, match=sentence):
        truth_of(model, Operator.GRADIENT)


def test_a_wrong_oracle_is_named():
    model = model_at(cube, [1.0, 2.0], oracle={"gradient": lambda x: 2 * x})
    _, truth = truth_of(model, Operator.GRADIENT)
    assert truth.doubt.startswith("The oracle of the model 'f' is wrong: it is")
