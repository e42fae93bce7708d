"""A subject as a `tf.custom_gradient`, and what `tf.test.compute_gradient` says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from adbench.backends.base import Unsupported
from adbench.backends.tensorflow import Eager
from adbench.selftest.subject import Subject

xp = Eager.xp

TOLERANCE = 1e-3
"""The largest difference between both Jacobians that TensorFlow's own tests customarily allow."""


def custom(subject: Subject) -> Callable[..., Any]:
    """Return the subject's function with its hand-written rule.

    Raises Unsupported where it has two of them, or cannot be written in TensorFlow.
    """
    if "jax" not in subject.frameworks:
        raise Unsupported("TensorFlow does not show how an array lies in memory.")
    if subject.push is not None:
        raise Unsupported("tf.custom_gradient has a rule of reverse mode alone.")
    function, pull = subject.rules()

    def with_rule(*inputs: Any) -> Any:
        def backward(u: Any) -> tuple[Any, ...]:
            cotangents = pull(xp, u, *inputs)
            return *cotangents, *[None] * (len(inputs) - len(cotangents))

        return function(xp, *inputs), backward

    function_with_rule: Callable[..., Any] = tf.custom_gradient(with_rule)
    return function_with_rule


def alarms(subject: Subject, point: tuple[Any, ...], constants: tuple[Any, ...]) -> dict[str, bool]:
    """Return whether the Jacobian of compute_gradient is off by more than is customary.

    None where the subject cannot be written in TensorFlow.
    """
    try:
        function = custom(subject)
    except Unsupported:
        return {}
    fixed = [tf.constant(array) for array in constants]
    inputs = [np.asarray(array) for array in point]
    theoretical, numerical = tf.test.compute_gradient(
        lambda *arrays: function(*arrays, *fixed), inputs
    )
    pairs = zip(theoretical, numerical, strict=True)
    is_off = any(not np.allclose(*pair, rtol=TOLERANCE, atol=TOLERANCE) for pair in pairs)
    return {"compute_gradient": is_off}
