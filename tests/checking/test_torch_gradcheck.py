"""`adbench.torch.gradcheck` and `gradgradcheck`: those of PyTorch, with certified verdicts."""

import inspect
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from adbench.torch import (  # noqa: E402 -- where torch is installed
    GradcheckError,
    NumericalCheck,
    gradcheck,
    gradgradcheck,
)

Function: Any = torch.autograd.Function


class Cube(Function):
    """x ** 3 with a backward pass that is `factor` times the right one."""

    factor = 1.0

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @classmethod
    def backward(cls, ctx, cotangent):
        (x,) = ctx.saved_tensors
        return cls.factor * 3 * x * x * cotangent


class SlightlyWrong(Cube):
    factor = 1.0001  # within the tolerance of finite differences


class NeedsItsGradient(Function):
    """Two outputs, the gradients of which it expects both."""

    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    @staticmethod
    def backward(ctx, first, second):
        return 2 * first + 3 * second


class AddsOne(Function):
    """A backward pass that forgets to be linear in the cotangent."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, cotangent):
        return 2 * cotangent + 1


@pytest.fixture
def x():
    return torch.linspace(0.4, 2.0, 5, dtype=torch.float64).requires_grad_()


@pytest.mark.parametrize(
    ("drop_in", "original"),
    [
        (gradcheck, torch.autograd.gradcheck),
        (gradgradcheck, torch.autograd.gradgradcheck),
    ],
)
def test_the_signature_is_that_of_the_original(drop_in, original):
    ours, theirs = inspect.signature(drop_in), inspect.signature(original)
    assert [(p.name, p.kind, p.default) for p in ours.parameters.values()] == [
        (p.name, p.kind, p.default) for p in theirs.parameters.values()
    ]


def test_right_derivatives_pass(x):
    assert gradcheck(Cube.apply, x) is True
    assert gradcheck(Cube.apply, (x,), check_grad_dtypes=True, fast_mode=True) is True
    assert gradgradcheck(Cube.apply, (x,)) is True
    assert gradcheck(lambda x: x.sin().sum(), (x,), check_forward_ad=True, check_batched_grad=True)
    assert gradgradcheck(lambda x: x.sin(), (x,), check_fwd_over_rev=True)


def test_an_error_that_the_original_does_not_see_is_raised_with_the_table(x):
    assert torch.autograd.gradcheck(SlightlyWrong.apply, (x,))
    with pytest.raises(GradcheckError, match="returned = true × "):
        gradcheck(SlightlyWrong.apply, (x,))
    assert gradcheck(SlightlyWrong.apply, (x,), raise_exception=False) is False
    with pytest.raises(GradcheckError):
        gradgradcheck(SlightlyWrong.apply, (x,))


def test_float32_and_bfloat16_are_judged_and_not_warned_of(x):
    for dtype in (torch.float32, torch.bfloat16):
        low = x.detach().to(dtype).requires_grad_()
        assert gradcheck(Cube.apply, (low,))
    with pytest.raises(GradcheckError):
        gradcheck(SlightlyWrong.apply, (x.detach().float().requires_grad_(),))


def test_other_inputs_and_outputs_are_taken(x):
    def function(x, count, flag, y):
        ordered = torch.argsort(x.detach())
        return x * count + y, ordered, y.detach(), (x * y).sum() if flag else x

    y = torch.ones_like(x)
    assert gradcheck(function, [x, 3, True, y])


def test_no_input_that_requires_a_gradient_is_a_value_error(x):
    with pytest.raises(ValueError, match="no input that requires a gradient"):
        gradcheck(Cube.apply, (x.detach(),))


def test_flags_that_ask_for_nothing_are_an_assertion_error(x):
    with pytest.raises(AssertionError):
        gradcheck(Cube.apply, (x,), check_backward_ad=False)
    with pytest.raises(AssertionError):
        gradgradcheck(Cube.apply, (x,), check_rev_over_rev=False)


def test_a_backward_pass_that_needs_every_gradient_is_told(x):
    with pytest.raises((GradcheckError, TypeError)):
        gradcheck(NeedsItsGradient.apply, (x,))


def test_a_backward_pass_that_is_not_linear_is_told(x):
    with pytest.raises(GradcheckError):
        gradcheck(AddsOne.apply, (x,))
    assert gradcheck(AddsOne.apply, (x,), raise_exception=False) is False


def test_one_that_is_not_repeatable_is_told_beyond_its_tolerance(x):
    class Noisy(Cube):
        @classmethod
        def backward(cls, ctx, cotangent):
            exact = Cube.backward(ctx, cotangent)
            return exact * (1 + 1e-15 * torch.rand_like(exact))

    with pytest.raises(GradcheckError, match="nondet_tol"):
        gradcheck(Noisy.apply, (x,))
    assert gradcheck(Noisy.apply, (x,), nondet_tol=1e-12)


def test_what_is_not_read_is_left_to_the_original_with_a_warning(x):
    def reflected(x):
        return torch.linalg.householder_product(x[:4].reshape(2, 2), x[:2])

    with pytest.warns(NumericalCheck, match="cannot be read"):
        assert gradcheck(reflected, (x,))
    with pytest.warns(NumericalCheck), pytest.raises(NotImplementedError):
        gradcheck(Cube.apply, (x,), check_forward_ad=True)


@pytest.mark.filterwarnings("ignore::adbench.checking.numerical.NumericalCheck")
def test_complex_inputs_are_checked_whether_the_reader_knows_them_or_not():
    z = torch.tensor([0.5 + 0.25j, -1.0 + 2j], dtype=torch.complex128, requires_grad=True)
    assert gradcheck(lambda z: z * z, (z,))

    class Unconjugated(Function):
        @staticmethod
        def forward(ctx, z):
            ctx.save_for_backward(z)
            return z * z

        @staticmethod
        def backward(ctx, cotangent):
            return 2 * ctx.saved_tensors[0] * cotangent

    with pytest.raises(GradcheckError):
        gradcheck(Unconjugated.apply, (z,))


def test_a_constant_made_without_a_dtype_is_read_as_it_is_run():
    def scaled(x):
        return x * torch.tensor([2 / 3, 1.0]).to(x.dtype)

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        assert gradcheck(scaled, torch.rand(2, dtype=torch.float64, requires_grad=True))
    finally:
        torch.set_default_dtype(before)
