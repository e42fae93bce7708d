"""What a framework cannot do with its own function is unsupported, and no failure."""

import numpy as np
import pytest

import adbench
from adbench.results.row import Outcome


def outcomes(backend, function, native, x):
    report = adbench.check(function, x, backend=backend, native=native)
    assert report, report
    return {row.operator: row.outcome for row in report.rows if row.mode == "forward"}


def test_forward_mode_of_a_gradient_without_a_gradient_is_unsupported_in_tensorflow():
    tf = pytest.importorskip("tensorflow", reason="tensorflow is not installed")
    forward = outcomes(
        "tensorflow", lambda xp, x: x / (1 + xp.abs(x)), tf.nn.softsign, np.asarray([0.5, -2.0])
    )
    assert set(forward.values()) == {Outcome.UNSUPPORTED}


def test_forward_mode_of_a_loop_is_unsupported_in_tensorflow():
    tf = pytest.importorskip("tensorflow", reason="tensorflow is not installed")

    def running_sum(x):
        return tf.scan(lambda total, entry: total + entry, x)

    forward = outcomes(
        "tensorflow", lambda xp, x: xp.cumulative_sum(x), running_sum, np.asarray([0.5, -2.0, 1.0])
    )
    assert set(forward.values()) == {Outcome.UNSUPPORTED}


def test_a_jacobian_that_cannot_be_batched_is_taken_row_by_row_in_torch():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    forward = outcomes(
        "torch",
        lambda xp, x: xp.where(x > 0, x, 11 / 48 * x),
        torch.nn.functional.rrelu,
        np.asarray([0.5, -2.0]),
    )
    assert forward["jvp"] is Outcome.OK
    assert forward["jacobian"] is Outcome.OK
