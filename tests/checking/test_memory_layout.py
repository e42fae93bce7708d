"""Code that takes memory for contiguous is caught, and code that makes it so passes."""

import numpy as np
import pytest

import adbench

torch = pytest.importorskip("torch", reason="torch is not installed")


def raw(array):
    """What a kernel sees that ignores strides."""
    return torch.as_strided(array, array.shape, torch.empty(array.shape).stride())


class Square(torch.autograd.Function):  # type: ignore[name-defined]
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * raw(g.contiguous())


class StridesIgnoredBackward(Square):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * raw(g)


class StridesIgnored(Square):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return raw(x) ** 2


class Refusing(Square):
    @staticmethod
    def forward(ctx, x):
        if not x.is_contiguous():
            raise ValueError("give a contiguous array")
        return Square.forward(ctx, x)


def checked(function):
    point = np.arange(6.0).reshape(2, 3)
    return adbench.check(lambda xp, x: x * x, point, backend="torch", native=function.apply)


@pytest.mark.parametrize("function", [Square, Refusing])
def test_code_that_minds_or_refuses_other_layouts_passes(function):
    report = checked(function)
    assert report, report


@pytest.mark.parametrize("function", [StridesIgnoredBackward, StridesIgnored])
def test_code_that_ignores_strides_is_wrong(function):
    report = checked(function)
    assert report.exit_status == 1
    assert {row.failed_checks for row in report.failures} == {"memory layout"}
    assert "With arrays that are not contiguous in memory" in str(report)
