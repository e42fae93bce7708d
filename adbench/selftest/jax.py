"""A subject as a `jax.custom_vjp`, and what `jax.test_util.check_grads` says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.test_util

from adbench.backends.base import Unsupported
from adbench.backends.jax import Eager
from adbench.namespaces.namespace import Namespace
from adbench.selftest.bugs import Subject

xp = Namespace(Eager.xp, Eager.xp.special, stop=jax.lax.stop_gradient)


def custom(subject: Subject) -> Callable[..., Any]:
    """Return the subject's function with its hand-written rule.

    Raises Unsupported where it has two of them.
    """
    if subject.push is not None:
        raise Unsupported(
            "JAX derives reverse mode from a forward rule, so the two cannot be written "
            "independently."
        )
    pull: Any = subject.pull() if subject.stateful else subject.pull

    def plain(*inputs: Any) -> Any:
        return subject.function(xp, *inputs)

    function_with_rule = jax.custom_vjp(plain)
    function_with_rule.defvjp(
        lambda *inputs: (plain(*inputs), inputs), lambda inputs, u: tuple(pull(xp, u, *inputs))
    )
    function: Callable[..., Any] = function_with_rule
    return function


def alarms(subject: Subject, point: tuple[Any, ...]) -> dict[str, bool]:
    """Return whether check_grads finds anything wrong.

    None where the subject cannot be written in JAX.
    """
    try:
        function = custom(subject)
    except Unsupported:
        return {}
    inputs = tuple(jnp.asarray(array) for array in point)
    try:
        jax.test_util.check_grads(function, inputs, order=2 if subject.second else 1, modes=["rev"])
        return {"check_grads": False}
    except AssertionError:
        return {"check_grads": True}
