"""A hand-written derivative: what of it is judged, what is noted, and what of it counts."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import adbench
from adbench import registry
from adbench.cases import Case, Mode, Model, Operator, SpecError
from adbench.checking.notes import notes
from adbench.checking.sifting import Sifted
from adbench.cli import main
from adbench.results.row import Outcome, Row, Verdict

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")

HELPERS = Path(__file__).parents[1] / "helpers"
SOURCE = """
import torch
from adbench import Model

class Half(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.slope = x.detach().exp()
        return x.exp().sum()

    @staticmethod
    def backward(ctx, g):
        return g * ctx.slope

def exp_sum(xp, x):
    return xp.sum(xp.exp(x))

def make(size, rng):
    return (rng.standard_normal(3),)

half = Model(
    name="exp-sum", function=exp_sum, make=make, sizes={"s": {}}, native={"torch": Half.apply}
)
sixth = Model(
    name="sixth", function=exp_sum, make=make, sizes={"s": {}},
    native={"torch": lambda x: Half.apply(x) / 6},
)
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    return path


def check(*arguments):
    return CliRunner().invoke(main, ["check", *map(str, arguments)], catch_exceptions=False)


@needs_torch
def test_a_first_derivative_that_is_right_passes_and_a_wrong_second_is_noted(file):
    result = check(f"{file}:half", "--backend", "torch")
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    assert "the first derivative is right, the one after it is silently wrong" in text
    assert "@once_differentiable" in text and "--order 2 makes this count" in text
    assert check(f"{file}:half", "--backend", "torch", "--order", "1").stdout.count("Note:") == 0


@needs_torch
def test_order_2_makes_the_second_derivative_count(file):
    assert check(f"{file}:half", "--backend", "torch", "--order", "2").exit_code == 1
    named = check(f"{file}:half", "--backend", "torch", "--operator", "hvp")
    assert named.exit_code == 1


@needs_torch
def test_one_model_of_a_file_is_chosen_by_its_variable_or_its_name(file):
    for name in ("half", "exp-sum"):
        assert check(f"{file}:{name}", "--backend", "torch").exit_code == 0
    assert check(f"{file}:sixth", "--backend", "torch").exit_code == 1
    assert check(file, "--backend", "torch").exit_code == 1
    result = check(f"{file}:sicth", "--backend", "torch")
    assert result.exit_code == 2 and "did you mean 'sixth'" in result.stderr


@needs_torch
def test_a_resolution_that_is_asked_for_and_not_reached_is_unresolved(file):
    result = check(f"{file}:half", "--backend", "torch", "--resolution", "1e-18")
    assert result.exit_code == 3
    assert "1.0e-18 was asked for" in result.stdout


@needs_torch
def test_beside_a_hand_written_function_the_specification_is_asked_and_does_not_count():
    import torch

    options = {"backend": "torch", "native": lambda x: torch.sum(x**3)}

    def cube(xp, x):
        return xp.sum(x**3)

    report = adbench.check(cube, np.asarray([1.0, 2.0]), **options)
    assert report and {row.implementation for row in report.rows} == {"native"}
    everything = adbench.check(cube, np.asarray([1.0, 2.0]), specification=True, **options)
    assert everything and {row.implementation for row in everything.rows} == {"native", "spec"}


def test_a_framework_that_is_wrong_about_the_specification_is_noted():
    case = Case("f", "s", "float64", Operator.GRADIENT, 1, Mode.REVERSE)
    native = replace(case, implementation="native")
    right = replace(Row.begun(native, "torch:eager"), outcome=Outcome.OK, verdict=Verdict.CORRECT)
    wrong = replace(
        Row.begun(case, "torch:eager"),
        outcome=Outcome.OK,
        verdict=Verdict.WRONG,
        message="1 of 2 entries is nan or infinite, in x.",
    )
    (note,) = notes(Sifted((right,), (wrong,), (), ()))
    assert note == (
        "f on torch:eager: torch's own derivative of the specification is wrong here, which is no "
        "fault of the hand-written function (gradient reverse: 1 of 2 entries is nan or infinite, "
        "in x). --specification makes this count."
    )


def test_an_order_that_no_function_has_is_refused_in_one_sentence():
    with pytest.raises(SpecError, match="Order 3 was asked for: derivatives above order 2 are of"):
        adbench.check(lambda xp, x: xp.sum(x), np.ones(2), order=3)


def test_of_a_scalar_function_any_order_can_be_asked():
    model = Model(
        name="tanh",
        function=lambda xp, x: xp.tanh(x),
        make=lambda size, rng: (0.5,),
        sizes={"": {}},
    )
    report = adbench.check(model, order=4)
    orders = {row.order for row in report.rows if row.operator == Operator.DERIVATIVE}
    assert report and orders == {1, 2, 3, 4}


def test_a_kink_passes_and_is_named():
    report = adbench.check(lambda xp, x: xp.sum(xp.abs(x)), np.asarray([0.0, 2.0]))
    assert report
    assert "there is a kink, where any value between the derivatives" in str(report)


def test_where_one_mode_alone_is_wrong_its_rule_is_blamed(tmp_path):
    backend = tmp_path / "mine.py"
    backend.write_text(
        f"import sys; sys.path.insert(0, {str(HELPERS)!r})\n"
        "import fakes\n\nclass Mine(fakes.Lopsided): pass\n"
    )
    model = registry.models()["mlp"].model
    report = adbench.check(model, backend=str(backend), operators="hessian", sizes="1-1-1-1x1")
    assert report.exit_status == 1
    (note,) = report.notes
    assert "is wrong in the mode forward-over-reverse alone; the other modes agree" in note
