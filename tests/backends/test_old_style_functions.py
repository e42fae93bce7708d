"""A `torch.autograd.Function` without `setup_context` is asked everything that it has rules for."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adbench
from adbench.backends.base import Backend
from adbench.cases import MODES, Mode, Operator
from adbench.results.row import Outcome, Verdict
from adbench.selftest.conformance import ConformanceOutcome, check_backend, passes

torch = pytest.importorskip("torch", reason="torch is not installed")

POINT = np.asarray([0.5, -1.5, 2.0])
REFUSED = "You must implement the jvp function"


class Old(torch.autograd.Function):  # type: ignore[name-defined]
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x * x * g


class WithJvp(Old):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_forward(x)
        return Old.forward(ctx, x)

    @staticmethod
    def jvp(ctx, tangent):
        (x,) = ctx.saved_tensors
        return 3 * x * x * tangent


class WrongJvp(WithJvp):
    @staticmethod
    def jvp(ctx, tangent):
        (x,) = ctx.saved_tensors
        return 2 * x * x * tangent


class New(torch.autograd.Function):  # type: ignore[name-defined]
    """Written for `torch.func`."""

    @staticmethod
    def forward(x):
        return x**3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)


class ByKernel(New):
    """A kernel is given the memory of its arrays."""

    @staticmethod
    def backward(ctx, g):
        return torch.from_numpy((3 * ctx.saved_tensors[0] ** 2 * g).numpy())


class ByEntry(New):
    """Writes into an array of its own, entry by entry."""

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        gradient = torch.zeros_like(x)
        for i in range(len(x)):
            gradient[i] += 3 * x[i] ** 2 * g[i]
        return gradient


class ByNumber(New):
    """Looks at the numbers that it is given."""

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * g if g.abs().sum().item() > 0 else torch.zeros_like(x)


def cube(xp, x):
    return x**3


def total(xp, x):
    return xp.sum(x**3)


def checked(function, specification=cube, **options):
    native = function.apply
    if specification is total:
        native = lambda x: function.apply(x).sum()  # noqa: E731
    return adbench.check(specification, POINT, backend="torch", native=native, **options)


def verdicts(report):
    return {(row.operator, row.mode): row.verdict or row.outcome for row in report.rows}


def test_reverse_mode_is_judged_and_forward_mode_has_no_rule():
    report = checked(Old)
    assert report, report
    assert verdicts(report) == {
        ("value", "none"): Verdict.CORRECT,
        ("jvp", "forward"): Outcome.UNSUPPORTED,
        ("vjp", "reverse"): Verdict.CORRECT,
        ("jacobian", "forward"): Outcome.UNSUPPORTED,
        ("jacobian", "reverse"): Verdict.CORRECT,
    }
    assert all(REFUSED in row.message for row in report.rows if row.mode == "forward")


def test_a_jvp_written_by_hand_is_judged():
    report = checked(WithJvp)
    assert report and set(verdicts(report).values()) == {Verdict.CORRECT}, report
    wrong = checked(WrongJvp)
    assert {row.mode for row in wrong.failures} >= {"forward"} and wrong.exit_status == 1


def test_the_route_says_which_way_was_taken():
    routes = {(row.operator, row.mode): row.route for row in checked(WithJvp).rows}
    assert routes["jacobian", "reverse"] == "autograd.grad, batched"
    assert routes["jacobian", "forward"] == "jacfwd via jvp"
    assert routes["vjp", "reverse"] == "autograd.grad"


@pytest.mark.parametrize("specification", [cube, total])
def test_in_second_order_all_but_forward_over_forward_is_right(specification):
    report = checked(WithJvp, specification, order=2)
    assert report, report
    of_second_order = {
        (row.operator, row.mode): row.verdict for row in report.rows if row.order == 2
    }
    modes = [mode for mode in MODES[Operator.HVP] if mode is not Mode.FORWARD_OVER_FORWARD]
    operators = [Operator.HVP] if specification is cube else [Operator.HVP, Operator.HESSIAN]
    for operator in operators:
        for mode in modes:
            assert of_second_order[operator, mode] is Verdict.CORRECT, (operator, mode)


@pytest.mark.parametrize("function", [ByKernel, ByEntry, ByNumber])
def test_what_cannot_be_batched_is_asked_row_by_row(function):
    report = checked(function, operators=["jacobian"])
    assert verdicts(report)["jacobian", "reverse"] is Verdict.CORRECT, report


def test_several_arrays_are_differentiated_together():
    class Product(torch.autograd.Function):  # type: ignore[name-defined]
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            return g * b, g * a

    point = {"a": POINT, "b": np.asarray([1.0, 2.0, 3.0])}
    report = adbench.check(
        lambda xp, p: p["a"] * p["b"],
        point,
        backend="torch",
        native=lambda p: Product.apply(p["a"], p["b"]),
        order=2,
    )
    assert report, report
    assert verdicts(report)["jacobian", "reverse"] is Verdict.CORRECT


def test_plain_autograd_answers_every_question_but_forward_mode_nested_in_itself():
    from adbench.backends.torch import Eager
    from adbench.backends.torch_autograd import Autograd

    class Plain(Eager):
        jvp, vjp = Autograd.jvp, Autograd.vjp
        grad, jacfwd, jacrev = Backend.grad, Backend.jacfwd, Backend.jacrev
        vmap: Any = None  # PyTorch's does not take what makes dual numbers

    backend = Plain()
    with backend.modes():
        findings = check_backend(backend)
    assert passes(findings), [finding for finding in findings if finding.message]
    nested = {
        finding.mode for finding in findings if finding.outcome is ConformanceOutcome.UNSUPPORTED
    }
    assert nested <= {Mode.FORWARD_OVER_FORWARD, Mode.FORWARD}


numbers = st.floats(-3.0, 3.0, width=32)
vectors = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(vectors)
def test_plain_autograd_gives_the_products_of_the_closed_form(pairs):
    from adbench.backends.torch_autograd import Autograd

    x, v = (torch.tensor(column, dtype=torch.float64) for column in zip(*pairs, strict=True))
    plain = Autograd()
    slope = 3 * x**2
    torch.testing.assert_close(plain.jvp(WithJvp.apply, x, v)[1], slope * v)
    torch.testing.assert_close(plain.vjp(Old.apply, x)[1](v), slope * v)
    torch.testing.assert_close(plain.jacrev(Old.apply)(x), torch.diag(slope))

    def gradient(x):
        return plain.grad(lambda y: Old.apply(y).sum())(x)

    torch.testing.assert_close(plain.vjp(gradient, x)[1](v), 6 * x * v)
    assert not x.requires_grad
