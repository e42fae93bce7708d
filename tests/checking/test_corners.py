"""At kinks, jumps, poles and cancellation nothing right is wrong, and nothing wrong passes."""

import numpy as np
import pytest

import adbench
from adbench.results.row import Outcome, Verdict

KINKS_AND_JUMPS = {
    "abs": (lambda xp, x: xp.sum(xp.abs(x)), [0.0, 1.0, -2.0]),
    "a mask": (lambda xp, x: xp.sum(x * xp.astype(x > 0, x.dtype)), [0.0, 1.0, -2.0]),
    "ties": (lambda xp, x: xp.max(x) ** 2 + xp.min(x), [1.0, 1.0, 1.0]),
    "floor": (lambda xp, x: xp.sum(xp.floor(x) * x), [1.0, 2.0, -3.0]),
    "sign": (lambda xp, x: xp.sum(x * xp.sign(x)), [0.0, 1.0, -2.0]),
    "remainder": (lambda xp, x: xp.sum(xp.remainder(x, 1.0) ** 2), [0.5, 1.0, 2.0]),
    "overflow": (lambda xp, x: xp.sum(xp.exp(x)), [1e4]),
    "the sign of zero": (
        lambda xp, x: xp.sum(xp.copysign(xp.ones_like(x), x) * (x + 1)),
        [0.0, 2.0],
    ),
}


@pytest.mark.parametrize("name", KINKS_AND_JUMPS)
def test_at_a_kink_a_jump_or_an_overflow_nothing_is_wrong(name):
    function, point = KINKS_AND_JUMPS[name]
    report = adbench.check(function, np.asarray(point), backend="reference")
    assert {row.outcome for row in report.rows} == {Outcome.OK}, report
    assert Verdict.WRONG not in {row.verdict for row in report.rows}, report


@pytest.mark.parametrize(
    ("function", "point"),
    [
        (lambda xp, x: xp.floor(x), 1.0),
        (lambda xp, x: xp.where(x >= 0, x * 0 + 1, x * 0), 0.0),
        (lambda xp, x: xp.sum(2 * xp.floor(x)), [1.0, 0.5]),
    ],
)
def test_no_derivative_of_a_function_that_jumps_is_correct_whichever_side_differences_see(
    function, point
):
    report = adbench.check(function, np.asarray(point), backend="reference")
    assert {row.verdict for row in report.rows if row.operator != "value"} == {
        Verdict.UNRESOLVED
    }, report


@pytest.mark.parametrize("name", ["abs", "ties"])
def test_no_second_derivative_at_a_kink_is_correct_whichever_side_differences_see(name):
    function, point = KINKS_AND_JUMPS[name]
    for seed in range(3):
        report = adbench.check(
            function,
            np.asarray(point),
            backend="reference",
            operators=("hvp", "hessian"),
            seed=seed,
        )
        assert {row.verdict for row in report.rows} == {Verdict.UNRESOLVED}, report


@pytest.mark.parametrize("point", [-7.3, -20.0, 7.3, 20.0])
@pytest.mark.parametrize("name", ["expit", "expm1"])
@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_slopes_that_frameworks_compute_from_values_are_not_wrong(name, point, backend):
    pytest.importorskip(backend)

    def function(xp, x):
        return xp.sum(xp.special.expit(x) if name == "expit" else xp.expm1(x))

    report = adbench.check(function, np.asarray([point]), backend=backend)
    assert Verdict.WRONG not in {row.verdict for row in report.rows}, report


def test_sixteen_bits_are_judged():
    pytest.importorskip("torch")
    report = adbench.check(
        lambda xp, x: xp.sum(x * x), np.asarray([0.5, 0.25]), backend="torch", dtypes="bfloat16"
    )
    assert {row.outcome for row in report.rows} == {Outcome.OK} and report, report


def test_a_second_point_without_a_value_is_left_out():
    report = adbench.check(lambda xp, x: xp.sum(xp.log(x - 0.95)), np.ones(2), backend="reference")
    assert report, report


def test_a_backward_pass_that_forgets_its_cotangent_is_wrong():
    torch = pytest.importorskip("torch")

    class Forgetful(torch.autograd.Function):  # type: ignore[name-defined]
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return (x.exp() * x).sum()

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return x.exp() * x + x.exp()

    def function(xp, x):
        return xp.sum(xp.exp(x) * x)

    report = adbench.check(
        function, np.asarray([0.3, 0.5]), backend="torch", native=Forgetful.apply
    )
    assert not report and report.exit_status == 1
    assert {row.operator for row in report.failures} == {"vjp"}


def test_a_value_alone_is_no_pass():
    def ties(xp, x):
        return xp.sum(xp.sort(x) * xp.arange(3, dtype=x.dtype))

    report = adbench.check(
        ties, np.asarray([1.0, 1.0, 2.0]), backend="reference", operators=("value", "gradient")
    )
    assert [row.verdict for row in report.rows] == [
        Verdict.CORRECT,
        Verdict.UNRESOLVED,
        Verdict.UNRESOLVED,
    ]
    assert not report and report.exit_status == 3
    assert adbench.check(
        ties, np.asarray([1.0, 1.0, 2.0]), backend="reference", operators=("value",)
    )
