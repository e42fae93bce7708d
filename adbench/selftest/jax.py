"""A subject as a `jax.custom_vjp`, and what `jax.test_util.check_grads` says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import jax
import jax.numpy as jnp
import jax.test_util

from adbench.backends.base import Unsupported
from adbench.backends.jax import Eager
from adbench.selftest.subject import Subject

xp = Eager.xp


def custom(subject: Subject) -> Callable[..., Any]:
    """Return the subject's function with its hand-written rule.

    Raises Unsupported where it has two of them, or cannot be written in JAX.
    """
    if "jax" not in subject.frameworks:
        raise Unsupported("JAX does not show how an array lies in memory.")
    if subject.push is not None:
        raise Unsupported(
            "JAX derives reverse mode from a forward rule, so the two cannot be written "
            "independently."
        )
    function, pull = subject.rules()

    def plain(*inputs: Any) -> Any:
        return function(xp, *inputs)

    def backward(inputs: tuple[Any, ...], u: Any) -> tuple[Any, ...]:
        cotangents = pull(xp, u, *inputs)
        return *cotangents, *[None] * (len(inputs) - len(cotangents))

    function_with_rule: Any = jax.custom_vjp(plain)
    function_with_rule.defvjp(lambda *inputs: (plain(*inputs), inputs), backward)
    return cast(Callable[..., Any], function_with_rule)


def alarms(subject: Subject, point: tuple[Any, ...], constants: tuple[Any, ...]) -> dict[str, bool]:
    """Return whether check_grads finds anything wrong.

    None where the subject cannot be written in JAX.
    """
    try:
        function = custom(subject)
    except Unsupported:
        return {}
    inputs = tuple(jnp.asarray(array) for array in point)
    fixed = tuple(jnp.asarray(array) for array in constants)
    try:
        jax.test_util.check_grads(
            lambda *inputs: function(*inputs, *fixed), inputs, order=subject.order, modes=["rev"]
        )
        return {"check_grads": False}
    except AssertionError:
        return {"check_grads": True}
