"""What can go wrong with the derivative of hand-written code is said in a sentence."""

import numpy as np
import pytest

import adbench
from adbench.results.row import Outcome, Verdict

torch = pytest.importorskip("torch", reason="torch is not installed")

POINT = np.asarray([[0.5, -1.5, 2.0]])
DETACHED = (
    "None came back for it, as where a result is detached from its argument, or where a backward "
    "pass returns None."
)


def square(xp, x):
    return x * x


def scaled(xp, p):
    return p["a"] * p["b"]


PAIR = {"a": POINT, "b": np.asarray([[1.0, 2.0, 3.0]])}


def checked(native, specification=square, *arguments, **options):
    arguments = arguments or (POINT,)
    return adbench.check(specification, *arguments, backend="torch", native=native, **options)


def cell(report, operator, mode):
    return next(row for row in report.rows if (row.operator, row.mode) == (operator, mode))


class NoneReturned(torch.autograd.Function):  # type: ignore[name-defined]
    @staticmethod
    def forward(ctx, x):
        return x * x

    @staticmethod
    def backward(ctx, g):
        return None


class HalfReturned(torch.autograd.Function):  # type: ignore[name-defined]
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(b)
        return a * b

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0], None


@pytest.mark.parametrize(
    "native", [NoneReturned.apply, lambda x: (x * x).detach()], ids=["None", "detached"]
)
def test_where_no_gradient_arrives_that_is_said(native):
    report = checked(native)
    assert report.exit_status == 1
    row = cell(report, "vjp", "reverse")
    assert row.verdict is Verdict.WRONG
    assert f"No gradient reached x: {DETACHED}" in row.message


def test_the_array_that_no_gradient_reaches_is_named():
    report = checked(lambda p: HalfReturned.apply(p["a"], p["b"]), scaled, PAIR)
    row = cell(report, "vjp", "reverse")
    assert f"No gradient reached p['b']: {DETACHED}" in row.message


def test_no_gradient_is_right_where_the_derivative_is_zero():
    def constant_in_b(xp, p):
        return 2.0 * p["a"] + xp.floor(p["b"])

    point = {"a": POINT, "b": PAIR["b"] + 0.25}
    report = checked(lambda p: 2.0 * p["a"] + p["b"].detach().floor(), constant_in_b, point)
    assert report, report


def test_zeros_that_were_computed_are_not_called_none():
    report = checked(lambda x: x * x - 2.0 * x * (x.detach()) + x * 0.0)
    assert "No gradient reached" not in str(report)


def test_sparse_gradients_are_judged():
    embedding = torch.nn.functional.embedding
    table, index = np.arange(12.0).reshape(4, 3), np.asarray([1, 0, 1])

    def look_up(xp, table, index):
        return xp.take(table, index, axis=0) ** 2

    right = checked(lambda t, i: embedding(i, t, sparse=True) ** 2, look_up, table, index, order=2)
    assert right and cell(right, "jacobian", "reverse").verdict is Verdict.CORRECT, right

    class Once(torch.autograd.Function):  # type: ignore[name-defined]
        """Counts a row that is looked up twice once."""

        @staticmethod
        def forward(ctx, t, i):
            ctx.save_for_backward(i)
            ctx.shape = t.shape
            return t[i]

        @staticmethod
        def backward(ctx, g):
            rows, first = np.unique(ctx.saved_tensors[0].numpy(), return_index=True)
            return torch.sparse_coo_tensor(rows[None], g[first], ctx.shape), None

    report = checked(lambda t, i: Once.apply(t, i) ** 2, look_up, table, index)
    assert cell(report, "vjp", "reverse").verdict is Verdict.WRONG


def test_integer_and_boolean_arguments_arrive_as_they_are():
    dtypes = []

    def native(x, index, mask, label):
        dtypes.append((index.dtype, mask.dtype, label.dtype))
        return torch.where(mask, x[index], 0.0) * label

    def specification(xp, x, index, mask, label):
        return xp.where(mask, xp.take(x, index, axis=0), 0.0) * xp.astype(label, x.dtype)

    arguments = np.asarray([0.5, 2.0]), np.asarray([1, 0]), np.asarray([True, False]), np.int32(3)
    report = checked(native, specification, *arguments, dtypes="float32")
    assert report, report
    assert set(dtypes) == {(torch.int64, torch.bool, torch.int32)}


def test_complex_arguments_are_judged_by_their_parts():
    def function(xp, x, z):
        return xp.sum(x * xp.real(z * z))

    report = adbench.check(function, np.ones(1), np.asarray([1.0 + 2.0j]))
    assert report, report


def test_text_among_the_arguments_stays_what_it_is():
    report = adbench.check(
        lambda xp, x, how: x * x if how == "square" else None, np.ones(2), "square"
    )
    assert report, str(report)


def test_a_random_function_is_told_to_take_its_mask_as_an_argument():
    report = checked(lambda x: torch.nn.functional.dropout(x * x, 0.5, True))
    assert report.exit_status == 1
    assert any(
        "Two calls at the same point gave different answers: where the function is random, make "
        "the mask, the seed or the key an argument" in row.message
        for row in report.failures
    )
    masked = checked(
        lambda x, mask: x * x * mask * 2.0,
        lambda xp, x, mask: x * x * mask * 2.0,
        POINT,
        np.asarray([[1.0, 0.0, 1.0]]),
    )
    assert masked, masked


def test_a_function_that_keeps_something_is_told_so_where_it_is_wrong():
    kept = []

    def counts(x):
        kept.append(x)
        return x * x * (1 + 1e-6 * len(kept))

    report = checked(counts)
    assert report.exit_status == 1
    assert all("let it keep nothing" in row.message for row in report.failures)


def test_a_wrong_function_that_repeats_itself_is_not_called_random():
    assert "Two calls" not in str(checked(lambda x: 3.0 * x * x))


def test_the_forward_mode_of_what_is_detached_is_wrong_too():
    report = checked(lambda x: (x * x).detach())
    assert {row.mode for row in report.failures} == {"forward", "reverse"}
    assert not any(row.outcome is Outcome.UNSUPPORTED for row in report.rows)
