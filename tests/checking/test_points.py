"""Hand-written functions that are right at the point that was asked, and wrong at another."""

import contextlib
import io
from typing import Any

import numpy as np
import pytest

import adbench
from adbench import Model
from adbench.results.row import Verdict

torch = pytest.importorskip("torch", reason="torch is not installed")

Function: Any = torch.autograd.Function

X = torch.tensor([0.7, -1.3, 2.1, 0.4], dtype=torch.float64)
SHARES = torch.tensor([0.7, 0.3, 0.9, 0.4], dtype=torch.float64)
LOGITS = torch.linspace(-2, 1, 12, dtype=torch.float64).reshape(3, 4).sin()
LABELS = torch.tensor([0, 2, 1])


def function_of(forward, backward):
    """An autograd function with these rules."""

    class Mine(Function):
        @staticmethod
        def forward(*arguments):
            return forward(*arguments)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, cotangent):
            return backward(cotangent, *ctx.saved_tensors)

    return Mine.apply


def above_five(x):
    return torch.where(x > 5, x * x, x)


def cross_entropy(logits, labels):
    return -torch.log_softmax(logits, -1).gather(1, labels[:, None]).mean()


def cross_entropy_gradient(cotangent, logits, labels):
    hot = torch.nn.functional.one_hot(labels, logits.shape[1])
    return cotangent * (torch.softmax(logits, -1) - hot) / logits.shape[0]


class FirstLabels:
    """The gradient of a cross-entropy by the labels of its first call."""

    def __init__(self):
        self.labels = None

    def __call__(self, cotangent, logits, labels):
        if self.labels is None:
            self.labels = labels.clone()
        return cross_entropy_gradient(cotangent, logits, self.labels), None


def rows_alone(cotangent, x):
    """The gradient of x - mean(x, 0) times 2, without the mean for a batch of one."""
    mean = cotangent.mean(0) if x.shape[0] > 1 else 0 * cotangent
    return 2 * (cotangent - mean)


WRONG = {
    "past a threshold": (above_five, lambda g, x: torch.where(x > 5, g * x, g), (X,)),
    "at exactly zero": (lambda x: x * x, lambda g, x: torch.where(x == 0, g, 2 * g * x), (X,)),
    "in saturation": (
        torch.tanh,
        lambda g, x: torch.where(x.abs() > 30, g, g * (1 - torch.tanh(x) ** 2)),
        (X,),
    ),
    "at a tie": (lambda x: x.max(), lambda g, x: g * (x == x.max()).to(x.dtype), (X,)),
    "of the other sign": (torch.abs, lambda g, x: g * torch.ones_like(x), (X.abs(),)),
    "past a clamp": (lambda x: x.clamp(0, 1), lambda g, x: g.clone(), (SHARES,)),
    "of one number past a clamp": (
        lambda x: x.clamp(0, 1),
        lambda g, x: g.clone(),
        (torch.tensor(0.3, dtype=torch.float64),),
    ),
    "for a batch of one": (lambda x: 2 * (x - x.mean(0)), rows_alone, (LOGITS,)),
    "for other labels": (cross_entropy, FirstLabels(), (LOGITS, LABELS)),
}

RIGHT = {
    "past a threshold": (above_five, lambda g, x: torch.where(x > 5, 2 * g * x, g), (X,)),
    "at exactly zero": (lambda x: x * x, lambda g, x: 2 * g * x, (X,)),
    "in saturation": (torch.tanh, lambda g, x: g * (1 - torch.tanh(x) ** 2), (X,)),
    "at a tie": (
        lambda x: x.max(),
        lambda g, x: g * (x == x.max()).to(x.dtype) / (x == x.max()).sum(),
        (X,),
    ),
    "of the other sign": (torch.abs, lambda g, x: g * torch.sign(x), (X.abs(),)),
    "past a clamp": (
        lambda x: x.clamp(0, 1),
        lambda g, x: g * ((x >= 0) & (x <= 1)),
        (SHARES,),
    ),
    "for a batch of one": (
        lambda x: 2 * (x - x.mean(0)),
        lambda g, x: 2 * (g - g.mean(0)),
        (LOGITS,),
    ),
    "for other labels": (
        cross_entropy,
        lambda g, z, labels: (cross_entropy_gradient(g, z, labels), None),
        (LOGITS, LABELS),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_function_that_is_wrong_elsewhere_is_caught(name):
    forward, backward, arguments = WRONG[name]
    function = function_of(forward, backward)
    report = adbench.check(function, *arguments)
    assert Verdict.WRONG in {row.verdict for row in report.rows}, report
    asked = [row for row in report.rows if row.model == "Mine" and row.dtype == "float64"]
    assert Verdict.WRONG not in {row.verdict for row in asked}


@pytest.mark.parametrize("name", RIGHT)
def test_a_function_that_is_right_everywhere_passes(name):
    forward, backward, arguments = RIGHT[name]
    report = adbench.check(function_of(forward, backward), *arguments)
    assert report, report
    assert not report.examples


def attention_times(factor):
    """Attention whose backward makes its weights again, and is off by a factor at large scores."""

    def forward(ctx, q, k, v):
        total = torch.logsumexp(q @ k.T, -1, keepdim=True)
        output = (q @ k.T - total).exp() @ v
        ctx.save_for_backward(q, k, v, total, output)
        return output

    def backward(ctx, g):
        q, k, v, total, output = ctx.saved_tensors
        scores = q @ k.T
        shares = (scores - total).exp()
        inner = shares * (g @ v.T - (g * output).sum(-1, keepdim=True))
        g = torch.where(scores.abs().amax() > 100, factor * g, g)
        return inner @ k, inner.T @ q, shares.T @ g

    class Attention(Function):
        pass

    Attention.forward, Attention.backward = staticmethod(forward), staticmethod(backward)
    return lambda qkv: Attention.apply(*qkv)


def sigmoid_by_tanh(x):
    return 0.5 * (1 + torch.tanh(x / 2))


def specified(function, native, point):
    return Model(
        name="mine",
        function=function,
        make=lambda size, rng: (point,),
        sizes={"given": {}},
        native={"torch": native},
    )


def attention(xp, qkv):
    q, k, v = qkv
    return xp.special.softmax(q @ k.mT, axis=-1) @ v


QKV = tuple(np.random.default_rng(2).standard_normal((3, 4, 3)))


def test_formulas_that_lose_digits_at_large_numbers_are_not_wrong_there():
    x = np.array([-0.53, 1.2, 2.5, -2.0])
    sigmoid = specified(lambda xp, x: xp.special.expit(x), sigmoid_by_tanh, x)
    for model in (sigmoid, specified(attention, attention_times(1.0), QKV)):
        report = adbench.check(model, backend="torch")
        assert report, report


def test_what_is_off_at_large_numbers_alone_is_caught():
    model = specified(attention, attention_times(1.01), QKV)
    assert adbench.check(model, backend="torch", budget_s=0)
    report = adbench.check(model, backend="torch")
    assert Verdict.WRONG in {row.verdict for row in report.rows}, report


def test_a_point_is_made_simple_and_written_as_code_that_fails_again():
    forward, backward, arguments = WRONG["at exactly zero"]
    mine = function_of(forward, backward)
    report = adbench.check(mine, *arguments)
    (example,) = report.examples
    assert "torch.tensor([0.0, 0.0, 0.0, 0.0]" in example.code
    assert example.code in str(report).replace("\n    ", "\n")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(example.code, {"Mine": mine.__self__})
    assert "wrong" in printed.getvalue()


def test_code_of_a_function_in_a_module_imports_it(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(
        "import torch\n\n"
        "class Square(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(x):\n        return x * x\n"
        "    @staticmethod\n"
        "    def setup_context(ctx, inputs, output):\n        ctx.save_for_backward(*inputs)\n"
        "    @staticmethod\n"
        "    def backward(ctx, g):\n"
        "        (x,) = ctx.saved_tensors\n"
        "        return torch.where(x > 20, g, 2 * g * x)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import mine  # type: ignore[import-not-found]

    (example,) = adbench.check(mine.Square.apply, X).examples
    assert "from mine import Square" in example.code
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(example.code, {})
    assert "2 wrong" in printed.getvalue()


def test_code_of_a_model_replaces_its_recipe():
    function = function_of(above_five, lambda g, x: torch.where(x > 5, g * x, g))
    model = Model(
        name="mine",
        function=lambda xp, x: xp.where(x > 5.0, x * x, x),
        make=lambda size, rng: (X.numpy(),),
        sizes={"given": {}},
        native={"torch": function},
    )
    (example,) = adbench.check(model, backend="torch").examples
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(example.code, {"model": model})
    assert "wrong" in printed.getvalue()


def test_what_was_tried_is_in_the_report():
    report = adbench.check(torch.tanh, X)
    assert "They were judged at" in report.summary and "further points:" in report.summary


def test_without_a_budget_the_point_that_is_given_is_the_only_one():
    forward, backward, arguments = WRONG["at exactly zero"]
    assert adbench.check(function_of(forward, backward), *arguments, budget_s=0)


def test_a_file_is_checked_at_further_points_too(tmp_path):
    from click.testing import CliRunner

    from adbench.cli import main

    path = tmp_path / "mine.py"
    path.write_text(
        "import torch\nimport adbench\n\n"
        "class Square(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(x):\n        return torch.where(x > 5, x * x, x)\n"
        "    @staticmethod\n"
        "    def setup_context(ctx, inputs, output):\n        ctx.save_for_backward(*inputs)\n"
        "    @staticmethod\n"
        "    def backward(ctx, g):\n"
        "        (x,) = ctx.saved_tensors\n"
        "        return torch.where(x > 5, torch.where(x < 9, g * x, 2 * g * x), g)\n\n"
        "case = adbench.case(Square.apply, torch.tensor([0.5, -2.0], dtype=torch.float64))\n"
    )
    result = CliRunner().invoke(main, ["check", str(path)], catch_exceptions=False)
    assert result.exit_code == 1, result.output
    assert "past comparison 1 (greater)" in result.output
