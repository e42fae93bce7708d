"""Derivatives of high order: certified, and bounded so that correct answers are told from wrong."""

from dataclasses import replace

import numpy as np
import pytest
from frameworks import load
from truths import model_at, question_of, truth_of

from adbench.backends.base import prepare, to_backend
from adbench.cases import Mode, Operator
from adbench.cases.answer import Answer, collect
from adbench.judging.verdict import Verdict, judge
from adbench.truth import certificate
from adbench.truth.certificate import CertificateError, certify
from adbench.truth.enclosure import enclose
from adbench.truth.evaluation import evaluate
from adbench.truth.truth import establish
from ball_arithmetic import precision
from reference_ad.engine import core, tree
from reference_ad.rules import series as recurrences

FUNCTIONS = {
    "tanh by exp": lambda xp, x: (1 - xp.exp(-2 * x)) / (1 + xp.exp(-2 * x)),
    "tanh": lambda xp, x: xp.tanh(x),
    "expit": lambda xp, x: xp.special.expit(x),
    "quotient": lambda xp, x: 1 / (1 + x * x),
    "gaussian": lambda xp, x: xp.exp(-x * x),
    "sine": lambda xp, x: xp.sin(x * x),
    "logarithm": lambda xp, x: xp.log1p(x * x),
    "power": lambda xp, x: (1 + x * x) ** 0.3,
}
"""Functions whose Taylor coefficients take a recurrence each; tails lose digits of the slope."""

POINTS = (0.5, -1.25, 3.0)


def taylor_answer(backend, question, dtype):
    """What a backend answers in Taylor mode."""
    inputs = question.inputs.astype(dtype)
    problem = to_backend(backend, question.model.function, inputs, Operator.DERIVATIVE)
    _, call = prepare(backend, problem, Operator.DERIVATIVE, Mode.TAYLOR, question.order)
    output = call(problem.active, problem.constants, problem.direction)
    return collect(tree.map(backend.to_numpy, output))


@pytest.mark.parametrize("name", ["reference:tape", "reference:compiled", "jax:eager"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_correct_backends_are_never_wrong_at_high_orders(function, name):
    backend = load(name)
    for point in POINTS:
        for order in (9, 16):
            question, truth = truth_of(
                model_at(FUNCTIONS[function], point), "derivative", order, ["float64", "float32"]
            )
            assert truth.doubt == ""
            for dtype in ("float64", "float32"):
                answer = taylor_answer(backend, question, dtype)
                verdict = judge(answer, truth, question, dtype, exact=True).verdict
                assert verdict is not Verdict.WRONG, (point, order, dtype)
                if dtype == "float64":
                    assert verdict is Verdict.CORRECT, (point, order)


@pytest.mark.parametrize("point", POINTS)
def test_an_error_of_1e_9_is_wrong_at_order_16(point):
    question, truth = truth_of(model_at(FUNCTIONS["tanh by exp"], point), "derivative", 16)
    answer = taylor_answer(load("reference:tape"), question, "float64")
    assert judge(answer, truth, question, "float64", exact=True).verdict is Verdict.CORRECT
    spoilt = Answer(answer.paths, tuple(array * (1 + 1e-9) for array in answer.arrays))
    assert judge(spoilt, truth, question, "float64", exact=True).verdict is Verdict.WRONG


def test_nested_modes_and_series_enclose_the_same_number():
    question = question_of(model_at(FUNCTIONS["quotient"], 0.5), "derivative", 6)
    with precision(128):
        (nested,) = evaluate(question, mode=Mode.FORWARD).arrays
        (series,) = evaluate(question, mode=Mode.TAYLOR).arrays
    assert nested.primal[()].overlaps(series.primal[()])
    assert series.primal[()].rel_accuracy_bits() > 100


def moved(enclosure):
    """An enclosure that is off by 1e-12 of itself."""
    with precision(enclosure.bits):
        return replace(enclosure, balls=(enclosure.balls[0] * (1 + 2.0**-40),))


def test_an_enclosure_that_is_off_in_its_twelfth_digit_is_not_certified():
    question = question_of(model_at(FUNCTIONS["tanh by exp"], 0.5), "derivative", 16)
    enclosure = enclose(question)
    assert certify(question, enclosure) == ""
    with pytest.raises(CertificateError, match="differences of the function give"):
        certify(question, moved(enclosure))


def test_power_series_contradict_what_differences_would_let_pass(monkeypatch):
    question = question_of(model_at(FUNCTIONS["tanh by exp"], 0.5), "derivative", 16)
    enclosure = enclose(question)
    wrong = moved(enclosure)
    (ball,) = wrong.balls
    agreeing = certificate.Contraction(ball, ball, 0.0)
    monkeypatch.setattr(certificate, "_contraction", lambda question, enclosure: agreeing)
    assert certify(question, enclosure) == ""
    with pytest.raises(CertificateError, match="power series of the function give"):
        certify(question, wrong)


def test_a_broken_recurrence_fails_the_certificate(monkeypatch):
    primitive = core.PRIMITIVES["exp"]
    right = primitive.series

    def broken(application):
        coefficients = right(application)
        return [*coefficients[:-1], coefficients[-1] * 1.000001]

    assert recurrences.exp is primitive
    monkeypatch.setattr(primitive, "series", broken)
    with pytest.raises(CertificateError, match="differences of the function give"):
        establish(question_of(model_at(FUNCTIONS["tanh by exp"], 0.5), "derivative", 9), [])


def test_what_stops_gradients_is_held_in_series_too():
    _, truth = truth_of(
        model_at(lambda xp, x: xp.stop_gradient(x) * xp.sin(x), 0.75), "derivative", 9
    )
    assert truth.doubt == ""
    np.testing.assert_allclose(
        truth.answer.arrays[0].astype(float), 0.75 * np.cos(0.75), rtol=1e-15
    )
