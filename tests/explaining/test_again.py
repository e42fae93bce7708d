"""A cell that is computed again shows where it is wrong, from numbers and not from its verdict."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from adbench import Model
from adbench.backends.reference import Tape
from adbench.cases import Case, Mode, Operator
from adbench.cases.operators import order_of
from adbench.explaining.again import cell_evidence
from adbench.planning.settings import Settings
from adbench.registry import find_backends, load_backend, models
from reference_ad.engine.core import PRIMITIVES, other_rules

POINTS = Settings().points


class WrongSigmoid(Tape):
    """Takes the sigmoid for its own slope."""

    def vjp(self, function, active):
        sigmoid = PRIMITIVES["expit"]
        wrong = sigmoid.with_rules(jvp=sigmoid.jvp, vjps=[lambda g, ans, x: g * ans])
        with other_rules({sigmoid: wrong}):
            return super().vjp(function, active)

    def grad(self, function):
        def gradient(active):
            output, pullback = self.vjp(function, active)
            return pullback(np.ones(output.shape))

        return gradient


class WrongSum(Tape):
    """Loses the last array of a gradient."""

    def gradient_reverse(self, function, active, direction):
        *arrays, (w, b) = self.grad(function)(active)
        return [*arrays, (w, 0.0 * b)]


def evidence_of(backend, model, operator, mode, size="", order=None, name="reference:tape"):
    size = size or next(iter(model.sizes))
    order = order_of(operator) if order is None else order
    case = Case(model.name, size, "float64", operator, order, mode)
    with backend.modes():
        return cell_evidence(backend, model, case, POINTS.first(model, size), name, "")


CHAIN = models()["chain"].model
REVERSE_GRADIENT = (CHAIN, Operator.GRADIENT, Mode.REVERSE)


def test_the_first_primitive_with_a_wrong_rule_is_named():
    evidence = evidence_of(WrongSigmoid(), *REVERSE_GRADIENT)
    assert evidence.relative_error > 0.01
    sentence = evidence.primitives.deviating
    assert sentence.startswith("expit of an array of shape (1,)") or "expit of 0.2" in sentence
    assert "came back as" in sentence


def test_every_primitive_of_a_right_backend_is_right():
    evidence = evidence_of(Tape(), *REVERSE_GRADIENT)
    assert evidence.primitives.deviating == ""
    assert evidence.primitives.checked == 12
    assert evidence.primitives.unseen == ()
    assert all(array.beyond == 0 for array in evidence.arrays)


def test_a_fault_beside_the_primitives_is_in_no_primitive_and_its_array_is_dead():
    evidence = evidence_of(WrongSum(), *REVERSE_GRADIENT)
    assert evidence.primitives.deviating == ""
    dead = [array.title for array in evidence.arrays if array.is_dead]
    assert dead == ["params[2][1]"]
    assert evidence.ladder_entry == "params[2][1]"
    assert evidence.pattern == "1 of 6 entries is off, in params[2][1]: zero was returned."


def test_what_a_backend_raises_is_told():
    class Raising(Tape):
        def gradient_reverse(self, function, active, direction):
            raise RuntimeError("no rule")

    assert evidence_of(Raising(), *REVERSE_GRADIENT).failure == "RuntimeError: no rule."


def vector_function(xp, x, y):
    return xp.tanh(x * y) + xp.sum(x)


def scalar_function(xp, x, y):
    return xp.sum(xp.exp(x * y) * xp.sin(x[1:2]))


def cube(xp, x):
    return xp.exp(x) * x**3


def drawn(size, rng):
    return rng.uniform(0.5, 1.5, 3), rng.uniform(0.5, 1.5, 3)


VECTOR = Model(name="vector", function=vector_function, make=drawn, sizes={"n=3": {}})
SCALAR = Model(name="scalar", function=scalar_function, make=drawn, sizes={"n=3": {}})
CUBE = Model(name="cube", function=cube, make=lambda size, rng: (0.7,), sizes={"one": {}}, orders=4)

QUESTIONS = [
    (SCALAR, Operator.GRADIENT, Mode.REVERSE, None),
    (SCALAR, Operator.VALUE_AND_GRADIENT, Mode.FORWARD, None),
    (VECTOR, Operator.VJP, Mode.REVERSE, None),
    (VECTOR, Operator.JVP, Mode.FORWARD, None),
    (VECTOR, Operator.JACOBIAN, Mode.FORWARD, None),
    (VECTOR, Operator.JACOBIAN, Mode.REVERSE, None),
    (VECTOR, Operator.HVP, Mode.FORWARD_OVER_REVERSE, None),
    (SCALAR, Operator.HVP, Mode.REVERSE_OVER_REVERSE, None),
    (SCALAR, Operator.HESSIAN, Mode.REVERSE_OVER_FORWARD, None),
    (CUBE, Operator.DERIVATIVE, Mode.REVERSE, 3),
]


def title_of(value):
    return getattr(value, "name", str(value))


@pytest.mark.parametrize(("model", "operator", "mode", "order"), QUESTIONS, ids=title_of)
def test_the_difference_quotients_are_those_of_the_entry(model, operator, mode, order):
    evidence = evidence_of(Tape(), model, operator, mode, order=order)
    (true,) = [array.true for array in evidence.arrays if array.worst == evidence.ladder_entry]
    nearest = min(abs(step.quotient - true) for step in evidence.ladder)
    assert nearest <= 1e-7 * max(1.0, abs(true))


def printed(tmp_path, script):
    path = tmp_path / "shows.py"
    path.write_text(script)
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def check_printed(lines, backend):
    returned, true, *quotients = lines
    assert returned.startswith(f"{backend} returns ")
    assert true.startswith("true is ")
    value = float(true.rpartition(" ")[2])
    assert float(returned.rpartition(" ")[2]) == pytest.approx(value, rel=1e-10)
    nearest = min(abs(float(line.rpartition(" ")[2]) - value) for line in quotients)
    assert len(quotients) == 3
    assert nearest <= 1e-5 * max(1.0, abs(value))


@pytest.mark.parametrize(("model", "operator", "mode", "order"), QUESTIONS, ids=title_of)
def test_a_script_shows_what_the_backend_returns(tmp_path, model, operator, mode, order):
    evidence = evidence_of(Tape(), model, operator, mode, order=order)
    assert evidence.script.reason == ""
    check_printed(printed(tmp_path, evidence.script.text), "reference:tape")


@pytest.mark.parametrize(
    ("backend", "place"),
    [
        *[("torch:eager", place) for place in (0, 1, 3, 5, 6, 7, 8, 9)],
        *[("jax:jit", place) for place in (0, 4, 6, 7, 8)],
        *[("tensorflow:function", place) for place in (0, 3, 6)],
        ("reference:compiled", 0),
    ],
)
def test_a_script_is_written_for_each_framework(tmp_path, backend, place):
    framework = backend.partition(":")[0]
    if framework != "reference" and importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    model, operator, mode, order = QUESTIONS[place]
    (entry,) = find_backends([backend])
    evidence = evidence_of(
        load_backend(entry.load), model, operator, mode, order=order, name=backend
    )
    assert evidence.script.reason == ""
    check_printed(printed(tmp_path, evidence.script.text), backend)


def test_a_script_that_is_not_written_is_said():
    evidence = evidence_of(Tape(), *REVERSE_GRADIENT, name="mine:file")
    assert evidence.script.text == ""
    assert evidence.script.reason == "No plain code is known for mine, whose adapter is a user's."


def test_a_script_of_too_many_numbers_is_not_written():
    evidence = evidence_of(Tape(), models()["mlp"].model, *REVERSE_GRADIENT[1:], "32-64-64-1x32")
    assert evidence.script.reason.startswith("The arguments hold 7,393 numbers, ")
