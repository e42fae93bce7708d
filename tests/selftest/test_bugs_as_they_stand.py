"""The seeded bugs as plain `torch.autograd.Function`s, without any specification."""

import numpy as np
import pytest

import adbench
from adbench.selftest.bugs import BUGS
from adbench.selftest.subjects import custom

torch = pytest.importorskip("torch", reason="torch is not installed")

OF_TORCH = [bug for bug in BUGS if "torch" in bug.wrong.frameworks]


def checked(subject):
    """The report of a subject, at the point of a seed; skip what the reader does not know."""
    rng = np.random.default_rng(0)
    inputs = [torch.tensor(np.asarray(x), requires_grad=True) for x in subject.point(rng)]
    constants = subject.constants(rng) if subject.constants else ()
    constants = [torch.tensor(np.asarray(constant)) for constant in constants]
    return adbench.check(custom("torch", subject.name), *inputs, *constants, order=subject.order)


@pytest.mark.parametrize("bug", OF_TORCH, ids=lambda bug: bug.name)
def test_a_bug_is_caught_without_a_specification(bug):
    assert checked(bug.wrong).exit_status == 1


@pytest.mark.parametrize("bug", OF_TORCH, ids=lambda bug: bug.name)
def test_its_control_raises_no_alarm(bug):
    report = checked(bug.control)
    assert report.exit_status != 1, str(report)
