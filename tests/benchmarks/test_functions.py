"""The sweep over the public functions of a framework tells what is right from what is not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from adbench.functions.framework import framework_called

BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")

torch: Any = pytest.importorskip("torch")


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    yield pytest.importorskip("functions")
    sys.modules.pop("functions", None)


def outcome(functions: Any, function: Any) -> Any:
    return functions.outcome_of("function", function, framework_called("torch"))


class HalfSlope(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        return cotangent * ctx.saved_tensors[0]


def test_a_function_that_takes_some_example_and_is_right_is_correct(functions: Any) -> None:
    assert outcome(functions, torch.nn.functional.cross_entropy).outcome == functions.CORRECT


def test_a_wrong_derivative_is_a_finding_with_a_sentence(functions: Any) -> None:
    finding = outcome(functions, HalfSlope.apply)
    assert finding.outcome == functions.FINDING
    assert "off" in finding.message


def test_a_parameter_without_a_derivative_leaves_the_last_argument(functions: Any) -> None:
    by_last = outcome(functions, torch.special.gammainc)
    assert by_last.outcome == functions.CORRECT
    assert by_last.is_by_last


def test_a_random_function_is_unreadable(functions: Any) -> None:
    unreadable = outcome(functions, torch.nn.functional.dropout)
    assert unreadable.outcome == functions.UNREADABLE
    assert "random" in unreadable.message


def test_what_gives_no_numbers_with_a_derivative_has_no_example(functions: Any) -> None:
    assert outcome(functions, torch.argmax).outcome == functions.NO_EXAMPLE
