"""TensorFlow's forward mode is not asked in a graph for a gradient that it would ignore."""

import numpy as np
import pytest

import adbench
from adbench.results.row import Outcome

tf = pytest.importorskip("tensorflow", reason="tensorflow is not installed")


def checked(backend, slope):
    @tf.custom_gradient
    def function(x):
        return x * tf.abs(x), lambda g: g * slope(x)

    return adbench.check(
        lambda xp, x: x * xp.abs(x), np.asarray([0.5, -2.0]), backend=backend, native=function
    )


def test_a_right_gradient_passes_and_forward_mode_is_unsupported_in_a_graph():
    report = checked("tensorflow:function", lambda x: 2 * tf.abs(x))
    assert report, report
    forward = [row for row in report.rows if row.mode == "forward"]
    assert {row.outcome for row in forward} == {Outcome.UNSUPPORTED}
    assert all("ignores tf.custom_gradient" in row.message for row in forward)


def test_a_wrong_gradient_is_wrong():
    report = checked("tensorflow:function", lambda x: 3 * tf.abs(x))
    assert report.exit_status == 1
