"""What is masked by -inf or a huge number has no part in values, derivatives and bounds."""

import numpy as np
import pytest

import adbench
from adbench.results.row import Outcome, Verdict

X = np.asarray([0.3, -1.2, 2.0, 0.7])
MASK = np.asarray([True, True, False, True])
FILLS = [-np.inf, -3.4e38, -1e30, -1e9, -1e4]


def softmax(fill):
    return lambda xp, x, mask: xp.special.softmax(xp.where(mask, x, fill), axis=-1)


def added(fill):
    def function(xp, x, mask):
        zeros = xp.zeros_like(x)
        return xp.special.softmax(x + xp.where(mask, zeros, fill + zeros), axis=-1)

    return function


def log_sum(fill):
    return lambda xp, x, mask: xp.special.logsumexp(xp.where(mask, x, fill))


def unreachable(xp, x, mask):
    """A state of a recursion that no path leads to."""
    nothing = xp.asarray(-xp.inf, dtype=x.dtype)
    none = xp.special.logsumexp(xp.stack([nothing, nothing]))
    return xp.logaddexp(x[0], xp.logaddexp(none, nothing)) + xp.exp(none)


FUNCTIONS = {
    **{f"softmax {fill:.0e}": softmax(fill) for fill in FILLS},
    **{f"added {fill:.0e}": added(fill) for fill in FILLS},
    **{f"log-sum-exp {fill:.0e}": log_sum(fill) for fill in FILLS},
    "an unreachable state": unreachable,
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_masked_functions_are_judged_and_right(function):
    report = adbench.check(function, X, MASK, backend="reference")
    assert report, report
    assert {row.outcome for row in report.rows} == {Outcome.OK}
    first_order = [row for row in report.rows if row.order <= 1]
    assert all(row.verdict is Verdict.CORRECT for row in first_order), report


@pytest.mark.parametrize("fill", FILLS)
def test_an_error_of_one_in_a_billion_beside_a_mask_is_wrong(fill):
    torch = pytest.importorskip("torch", reason="torch is not installed")

    def spoilt(x, mask):
        right = torch.softmax(torch.where(mask, x, fill), dim=-1)
        return right * torch.where(torch.arange(4) == 0, 1 + 1e-9, 1.0)

    options = {"backend": "torch", "native": spoilt, "dtypes": "float64"}
    report = adbench.check(softmax(fill), X, MASK, **options)
    assert report.exit_status == 1
    assert {row.verdict for row in report.rows if row.outcome is Outcome.OK} == {Verdict.WRONG}


@pytest.mark.parametrize("offset", [0.0, 1e4])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_frameworks_are_within_the_bounds_of_softmax_at_any_offset(dtype, offset):
    installed = ["reference"]
    for framework in ("torch", "jax"):
        try:
            __import__(framework)
        except ImportError:
            continue
        installed.append(framework)
    point = np.asarray([[3.0, -40.0, 0.5], [200.0, 199.0, -300.0]]) + offset
    report = adbench.check(
        lambda xp, x: xp.special.softmax(x, axis=-1) ** 2, point, backend=installed, dtypes=dtype
    )
    assert Verdict.WRONG not in {row.verdict for row in report.rows}, report
    assert max(row.max_error_over_bound for row in report.rows) <= 1
