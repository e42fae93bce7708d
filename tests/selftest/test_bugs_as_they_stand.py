"""The seeded bugs as plain functions of each framework, judged without any specification."""

import numpy as np
import pytest

import adbench
from adbench.selftest.bugs import BUGS
from adbench.selftest.subjects import custom

FRAMEWORKS = ("torch", "jax", "tensorflow")


NEED_OPERATORS_OF_NUMPY = {"transposed Jacobian", "a complex conjugate forgotten"}
"""Bugs whose rules are in operators that TensorFlow has where it is told to be like NumPy alone."""

TELLING = {"labels kept from the first call", "every entry of a tie counted in full"}
"""Bugs that show at other points or constants alone."""

QUICK = 5
"""Of the bugs in JAX and TensorFlow every so many-th is tried with the quick tests."""


def every_case():
    """Every bug in each framework that it can be written in."""
    for framework in FRAMEWORKS:
        for number, bug in enumerate(BUGS):
            is_of_memory = "jax" not in bug.wrong.frameworks
            has_two_rules = bug.wrong.push is not None
            if framework != "torch" and (is_of_memory or has_two_rules):
                continue
            if framework == "tensorflow" and bug.name in NEED_OPERATORS_OF_NUMPY:
                continue
            is_quick = framework == "torch" or number % QUICK == 0 or bug.name in TELLING
            marks = [] if is_quick else [pytest.mark.slow]
            yield pytest.param(framework, bug, id=f"{framework}-{bug.name}", marks=marks)


CASES = list(every_case())


def checked(framework, subject):
    """The report of a subject, at the point of a seed; skip what is not installed."""
    pytest.importorskip(framework, reason=f"{framework} is not installed")
    rng = np.random.default_rng(0)
    point = [np.asarray(x) for x in subject.point(rng)]
    constants = subject.constants(rng) if subject.constants else ()
    with modes_of(framework):
        arrays = [
            array_of(framework, array, is_active=number < len(point))
            for number, array in enumerate([*point, *map(np.asarray, constants)])
        ]
        return adbench.check(
            custom(framework, subject.name),
            *arrays,
            order=subject.order,
            backend=f"{framework}:eager",  # traced once, a rule that remembers does not show it
            argnums=tuple(range(len(point))),
        )


def modes_of(framework):
    from adbench.functions.framework import framework_called

    return framework_called(framework).modes("float64")


def array_of(framework, array, is_active):
    if framework == "torch":
        import torch

        return torch.tensor(array, requires_grad=is_active)
    if framework == "jax":
        import jax

        return jax.numpy.asarray(array)
    import tensorflow as tf

    return tf.constant(array)


@pytest.mark.parametrize(("framework", "bug"), CASES)
def test_a_bug_is_caught_without_a_specification(framework, bug):
    report = checked(framework, bug.wrong)
    assert report.exit_status == 1, str(report)


@pytest.mark.parametrize(("framework", "bug"), CASES)
def test_its_control_raises_no_alarm(framework, bug):
    report = checked(framework, bug.control)
    assert report.exit_status != 1, str(report)
