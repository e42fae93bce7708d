"""A subject as a `tf.custom_gradient`, and what `tf.test.compute_gradient` says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from adbench.backends.base import Unsupported
from adbench.backends.tensorflow import Eager as Eager
from adbench.selftest.subject import Subject

import tensorflow as tf  # isort: skip

xp = Eager.xp

TOLERANCES = {"float64": 1e-4, "float32": 1e-3}
"""The largest difference between the two Jacobians that is usual in TensorFlow's own tests."""


def custom(subject: Subject) -> Callable[..., Any]:
    """Return the subject's function with its hand-written rule.

    Raises Unsupported where it has two of them, or cannot be written in TensorFlow.
    """
    if "tensorflow" not in subject.frameworks:
        raise Unsupported("TensorFlow does not show how an array lies in memory.")
    if subject.push is not None:
        raise Unsupported("TensorFlow has no hand-written rules of forward mode.")
    function, pull = subject.rules()

    def with_rule(*inputs: Any) -> Any:
        def backward(u: Any) -> tuple[Any, ...]:
            cotangents = pull(xp, u, *inputs)
            return *cotangents, *[None] * (len(inputs) - len(cotangents))

        return function(xp, *inputs), backward

    return cast(Callable[..., Any], tf.custom_gradient(with_rule))


def alarms(subject: Subject, point: tuple[Any, ...], constants: tuple[Any, ...]) -> dict[str, bool]:
    """Return whether compute_gradient finds anything wrong, in every order that is in question.

    None where the subject cannot be written in TensorFlow.
    """
    try:
        function = custom(subject)
    except Unsupported:
        return {}
    inputs = [tf.constant(array) for array in point]
    fixed = [tf.constant(array) for array in constants]

    def derivative(*inputs: Any) -> Any:
        return function(*inputs, *fixed)

    alarmed = _differs(derivative, inputs)
    for _ in range(1, subject.order):
        derivative = _gradient(derivative)
        alarmed = alarmed or _differs(derivative, inputs)
    return {"compute_gradient": alarmed}


def _gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the gradient of a function by its first input."""

    def gradient(*inputs: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs[0])
            output = function(*inputs)
        return tape.gradient(output, inputs[0])

    return gradient


def _differs(function: Callable[..., Any], inputs: list[Any]) -> bool:
    """Whether the Jacobian and that of differences are further apart than is usual.

    A gradient of another dtype than its input makes compute_gradient raise, which is an alarm too.
    """
    tolerance = TOLERANCES[inputs[0].dtype.name]
    try:
        pairs = zip(*tf.test.compute_gradient(function, inputs), strict=True)
    except ValueError:
        return True
    return not all(
        np.allclose(jacobian, differences, rtol=0.0, atol=tolerance)
        for jacobian, differences in pairs
    )
