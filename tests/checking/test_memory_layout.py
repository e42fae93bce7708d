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


class Centred(torch.autograd.Function):  # type: ignore[name-defined]
    """Numbers less their mean, the gradient of whose sum is 0, but for rounding."""

    @staticmethod
    def forward(ctx, x):
        return x - x.mean()

    @staticmethod
    def backward(ctx, g):
        rest = 1e-17 if g.is_contiguous() else 3e-17
        return g - g.mean() + rest


def test_rounding_alone_is_no_difference_between_layouts():
    point = np.arange(6.0).reshape(2, 3)
    report = adbench.check(
        lambda xp, x: x - xp.mean(x), point, backend="torch", native=Centred.apply
    )
    assert report, report
