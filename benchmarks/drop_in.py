"""What the drop-ins for gradient checks take, beside the checks that they stand for.

    python benchmarks/drop_in.py [--rounds N] [--only NAME]

Each suite of checks is run by the original and by the drop-in in turn, within one warm process, so
that a drift of the machine hits both. Printed is the median time of each (ms), and the median of
the ratios of the pairs. `fresh` makes every function anew in every round, as a test suite does that
calls each check once; `again` checks the same functions. `before judging` is the part of a drop-in
that judges nothing: the function is called and read, made a model of and evaluated, and its
backward pass tried as the original tries it. `one enclosure` evaluates the gradient in balls once,
of the four evaluations that a verdict takes.
"""

from __future__ import annotations

import gc
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click
import jax
import jax.numpy as jnp
import torch
from jax.test_util import check_grads as original_check_grads
from torch.func import functional_call

import adbench.torch
from adbench.cases.case import NATIVE, Case
from adbench.cases.inputs import make_inputs
from adbench.cases.operators import Mode, Operator
from adbench.cases.question import Question
from adbench.checking.torch_gradcheck import Call
from adbench.functions.function_model import function_model
from adbench.jax import check_grads
from adbench.torch import gradcheck
from adbench.truth.evaluation import evaluate
from ball_arithmetic import precision

WARM_UP = 2
"""So many rounds are run before any is timed."""

SIZES = (4, 16, 64, 256, 1024)
"""How many numbers a function has where it is told from which on the drop-in is faster."""

Checks = Callable[[], None]


@dataclass(frozen=True)
class Contest:
    """A suite of checks, by the original and by the drop-in."""

    name: str
    original: Checks
    drop_in: Checks


# ---- thirty small checks of PyTorch


class Swish(torch.autograd.Function):
    """x sigmoid(x), with a backward pass of its own."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        share = torch.sigmoid(x)
        return g * share * (1 + x * (1 - share))


class Scaled(torch.autograd.Function):
    """A product with a backward pass of its own for each factor."""

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, y = ctx.saved_tensors
        return g * y, g * x


class LogSumExp(torch.autograd.Function):
    """log(sum(exp(x))), with a backward pass of its own."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        largest = x.max()
        answer = largest + torch.log(torch.exp(x - largest).sum())
        ctx.save_for_backward(x, answer)
        return answer

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, answer = ctx.saved_tensors
        return g * torch.exp(x - answer)


def numbers(*shape: int, shift: float = 0.0) -> Any:
    """Return fixed numbers in double precision that are differentiated by."""
    count = torch.Size(shape).numel()
    values = torch.sin(torch.arange(1, count + 1, dtype=torch.float64) * 1.7)
    return (values.reshape(shape) + shift).requires_grad_()


def small_checks() -> list[tuple[Callable[..., Any], tuple[Any, ...]]]:
    """Return thirty functions, each with its inputs of 3 to 12 numbers."""
    functional = torch.nn.functional
    return [
        (lambda x: torch.sin(x), (numbers(6),)),
        (lambda x: torch.exp(x), (numbers(6),)),
        (lambda x: torch.tanh(x), (numbers(6),)),
        (lambda x: torch.log(x), (numbers(6, shift=2.0),)),
        (lambda x: torch.sqrt(x), (numbers(6, shift=2.0),)),
        (lambda x: torch.sigmoid(x) * x, (numbers(8),)),
        (lambda x: functional.softplus(x), (numbers(6),)),
        (lambda x: functional.gelu(x), (numbers(6),)),
        (lambda x: x**3 - 2 * x, (numbers(5),)),
        (lambda x, y: x * y, (numbers(5), numbers(5, shift=1.0))),
        (lambda x, y: x / y, (numbers(5), numbers(5, shift=3.0))),
        (lambda x, y: torch.atan2(x, y), (numbers(4), numbers(4, shift=2.0))),
        (lambda x: x.sum(), (numbers(9),)),
        (lambda x: x.mean(dim=0), (numbers(3, 4),)),
        (lambda x: x.prod(), (numbers(4, shift=2.0),)),
        (lambda x: x.var(), (numbers(7),)),
        (lambda x: torch.logsumexp(x, dim=-1), (numbers(3, 3),)),
        (lambda x: x.norm(), (numbers(6),)),
        (lambda x: functional.normalize(x, dim=-1), (numbers(2, 4),)),
        (lambda x, w: x @ w, (numbers(2, 3), numbers(3, 2))),
        (lambda x, w, b: functional.linear(x, w, b), (numbers(2, 2), numbers(2, 2), numbers(2))),
        (lambda x: x @ x.T, (numbers(3, 3),)),
        (lambda x: torch.softmax(x, dim=-1), (numbers(2, 4),)),
        (lambda x: torch.log_softmax(x, dim=-1), (numbers(2, 4),)),
        (lambda x: functional.layer_norm(x, (4,)), (numbers(2, 4),)),
        (lambda x: x.reshape(4, 2).transpose(0, 1) ** 2, (numbers(8),)),
        (lambda x: torch.cat([x[1:], x[:1]]) * x, (numbers(6),)),
        (Swish.apply, (numbers(12),)),
        (Scaled.apply, (numbers(4), numbers(4, shift=1.0))),
        (LogSumExp.apply, (numbers(6),)),
    ]


def of_checks(
    check: Callable[..., Any], checks: Callable[[], Sequence[tuple[Any, tuple[Any, ...]]]]
) -> Checks:
    """Return the run of a suite by one check. Raises AssertionError where one does not pass."""

    def run() -> None:
        for function, inputs in checks():
            assert check(function, inputs) is not False

    return run


def before_judging(function: Callable[..., Any], inputs: tuple[Any, ...]) -> None:
    """Do what a drop-in does beside judging: read a function, and try its backward pass."""
    call = Call.of(function, inputs)
    model = function_model(call.judged, call.inputs, {}, name=call.name)
    make_inputs(model, "given", 0)
    call.check_behaviour(undefined=True, dtypes=False, batched=False, tolerance=0.0)


def enclosures() -> Checks:
    """Return the evaluation of each function's pulled cotangent in balls, all of them read."""
    questions = []
    for function, inputs in small_checks():
        call = Call.of(function, inputs)
        model = function_model(call.judged, call.inputs, {}, name=call.name)
        at = make_inputs(model, "given", 0)
        case = Case(model.name, "given", "float64", Operator.VJP, 1, Mode.REVERSE, NATIVE)
        questions.append(Question.of(case, model, at))

    def run() -> None:
        with precision(128):
            for question in questions:
                evaluate(question, widened_by=2.0**-128)

    return run


# ---- thirty small checks of JAX


def small_checks_of_jax() -> list[tuple[Callable[..., Any], tuple[Any, ...]]]:
    """Return ten functions at three points each."""
    functions = [
        lambda x: jnp.sin(x),
        lambda x: jnp.exp(x) * x,
        lambda x: jnp.log1p(x * x),
        lambda x: jax.nn.softmax(x),
        lambda x: jax.nn.gelu(x),
        lambda x: jax.nn.logsumexp(x),
        lambda x: jnp.linalg.norm(x),
        lambda x: jnp.mean(x**3),
        lambda x: jnp.outer(x, x) @ x,
        lambda x: jnp.cumsum(jnp.tanh(x)),
    ]
    points = [jnp.sin(jnp.arange(1, count + 1) * 1.7) for count in (3, 6, 9)]
    return [(function, (point,)) for function in functions for point in points]


def by_order_one(check: Callable[..., Any]) -> Callable[..., Any]:
    """Return a check of JAX's signature as one of a function and its arguments."""
    return lambda function, inputs: check(function, inputs, 1)


# ---- larger functions


def encoder() -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Return a function of the 2,224 parameters of a transformer's encoder layer, and these."""
    torch.manual_seed(0)
    layer = torch.nn.TransformerEncoderLayer(16, 2, 32, batch_first=True).double().eval()
    names = [name for name, _ in layer.named_parameters()]
    x = torch.randn(1, 3, 16, dtype=torch.float64)

    def loss(*parameters: Any) -> Any:
        return torch.sin(functional_call(layer, dict(zip(names, parameters, strict=True)), x)).sum()

    values = [parameter.detach().requires_grad_() for parameter in layer.parameters()]
    return loss, tuple(values)


def of_size(count: int) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Return a small network's loss of so many numbers, and these."""
    return lambda x: torch.tanh(x * x + torch.softmax(x, dim=-1)).sum(), (numbers(count),)


def judged_gradient(function: Callable[..., Any], inputs: tuple[Any, ...]) -> bool:
    """Judge a gradient by `adbench.check`."""
    return bool(adbench.check(function, *inputs, operators="gradient", budget_s=0))


def contests() -> list[Contest]:
    """Return what is timed."""
    once = small_checks()
    of_jax = small_checks_of_jax()
    layer = [encoder()]
    original = torch.autograd.gradcheck
    suites = [
        Contest(
            "torch, fresh", of_checks(original, small_checks), of_checks(gradcheck, small_checks)
        ),
        Contest(
            "torch, again", of_checks(original, lambda: once), of_checks(gradcheck, lambda: once)
        ),
        Contest(
            "torch, before judging",
            of_checks(original, small_checks),
            of_checks(before_judging, small_checks),
        ),
        Contest("torch, one enclosure", of_checks(original, small_checks), enclosures()),
        Contest(
            "jax, again",
            of_checks(by_order_one(original_check_grads), lambda: of_jax),
            of_checks(by_order_one(check_grads), lambda: of_jax),
        ),
        Contest(
            "encoder, gradcheck",
            of_checks(original, lambda: layer),
            of_checks(gradcheck, lambda: layer),
        ),
        Contest(
            "encoder, check",
            of_checks(original, lambda: layer),
            of_checks(judged_gradient, lambda: layer),
        ),
    ]
    for count in SIZES:
        question = [of_size(count)]
        suites.append(
            Contest(
                f"n = {count}",
                of_checks(original, lambda question=question: question),  # type: ignore[misc]
                of_checks(gradcheck, lambda question=question: question),  # type: ignore[misc]
            )
        )
    return suites


def seconds(run: Checks) -> float:
    """Return how long a run takes (s)."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


@click.command(help=__doc__)
@click.option("--rounds", default=9, show_default=True)
@click.option("--only", default="", help="What the name of a suite must hold.")
def main(rounds: int, only: str) -> None:
    jax.config.update("jax_enable_x64", True)
    torch.set_num_threads(1)
    warnings.simplefilter("error", adbench.torch.NumericalCheck)
    click.echo(f"{'suite':22} {'original ms':>12} {'drop-in ms':>12} {'ratio':>8}")
    for contest in contests():
        if only not in contest.name:
            continue
        for _ in range(WARM_UP):
            contest.original()
            contest.drop_in()
        gc.collect()
        pairs = [(seconds(contest.original), seconds(contest.drop_in)) for _ in range(rounds)]
        originals, drop_ins = zip(*pairs, strict=True)
        ratio = statistics.median(drop_in / original for original, drop_in in pairs)
        click.echo(
            f"{contest.name:22} {1e3 * statistics.median(originals):12.1f} "
            f"{1e3 * statistics.median(drop_ins):12.1f} {ratio:8.2f}"
        )


if __name__ == "__main__":
    main()
