"""JAX on the CPU with 64-bit types.

Compiled by `jax.jit` at the first call, compiled ahead of it, or one operation at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.jet import jet as taylor
from jax.extend.core import Primitive

from adbench.backends.base import Answer, Backend, Call, Function, Memory, Unsupported, routed
from adbench.namespaces.jax import list_indices, namespace, own_indices, wide_types

LACKS_RULE = (
    "can't apply forward-mode",
    "allbacks do not support",
    "Reverse-mode differentiation does not work for",
)
"""What JAX says where a function, a hand-written one or its own, cannot be differentiated in this
mode: a `custom_vjp`, a callback without a rule, a loop of unknown length."""


@contextmanager
def _modes() -> Iterator[None]:
    with wide_types(), list_indices():
        yield


_gradient = jax.grad(lambda active, function: function(active))
"""The gradient of a function at a point, made once: to make one takes JAX 13 us."""


class Eager(Backend):
    """JAX without `jit`: every operation is dispatched by itself."""

    framework = "jax"
    conjugates = False
    dtypes = ("float64", "float32", "float16", "bfloat16")
    xp = namespace
    array_type = jax.Array
    array_name = "jax.Array"

    def modes(self) -> AbstractContextManager[Any]:
        return _modes()

    def modes_of_calls(self, native_dtype: str = "") -> AbstractContextManager[Any]:
        # The key of a compiled program holds the width of types; a list as an index raises where it
        # is not allowed.
        return wide_types()

    def native_modes(self, dtype: str) -> AbstractContextManager[Any]:
        return own_indices()

    def set_up_process(self) -> None:
        # Every call is waited for. JAX would hand a program of more than 1,000 operations over to a
        # thread, and waiting for that takes up to 50 us, many times what the program does.
        jax.config.update("jax_cpu_enable_async_dispatch", False)

    # ---- arrays

    def asarray(self, array: np.ndarray[Any, Any]) -> jax.Array:
        return jnp.array(array)

    def to_numpy(self, array: jax.Array) -> np.ndarray[Any, Any]:
        return np.array(array)

    def synchronize(self, answer: Answer) -> None:
        jax.block_until_ready(answer)

    def peak_memory(self, call: Call, run: Callable[[], Any]) -> Memory | None:
        # XLA lays out the memory of a program when it compiles it: that of all intermediate results
        # is one block.
        plan = call.memory_analysis() if isinstance(call, jax.stages.Compiled) else None
        if plan is None:
            return None
        results = plan.output_size_in_bytes - plan.alias_size_in_bytes
        return Memory(plan.temp_size_in_bytes + results, "XLA buffer assignment")

    def is_out_of_memory(self, error: BaseException) -> bool:
        exhausted = isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" in str(
            error
        )
        return exhausted or isinstance(error, MemoryError)

    def lacks_rule(self, error: BaseException) -> bool:
        is_of_kind = isinstance(error, TypeError | ValueError)
        return is_of_kind and any(words in str(error) for words in LACKS_RULE)

    # ---- transformations

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        return jax.jvp(function, (active,), (tangent,))

    def vjp(self, function: Function, active: Any) -> tuple[Any, Any]:
        output, pullback = jax.vjp(function, active)
        return output, lambda cotangent: pullback(cotangent)[0]

    def grad(self, function: Function) -> Function:
        return lambda active: _gradient(active, function)

    def jacfwd(self, function: Function) -> Function:
        return jax.jacfwd(function)

    def jacrev(self, function: Function) -> Function:
        return jax.jacrev(function)

    def vmap(self, function: Function) -> Function:
        return jax.vmap(function)

    def jet(self, function: Function, active: Any, series: list[Any]) -> tuple[Any, list[Any]]:
        path = [jnp.zeros_like(active) if term is None else term for term in series]
        try:
            output, derivatives = taylor(function, (active,), (path,))
        except jax.errors.UnexpectedTracerError:
            raise Unsupported(
                "jax.experimental.jet cannot follow a function that has a rule of its own, such as "
                "jnp.logaddexp."
            ) from None
        except KeyError as error:
            if not isinstance(error.args[0], Primitive):
                raise
            raise Unsupported(
                f"jax.experimental.jet has no rule for the primitive {error.args[0].name!r}."
            ) from None
        return output, derivatives

    @routed("value_and_grad")
    def value_and_gradient_reverse(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        return jax.value_and_grad(function)(active)


class Jit(Eager):
    """JAX under `jax.jit`: the whole operator is traced and compiled by the first call."""

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        jitted: Call = jax.jit(call)
        return jitted


class AheadOfTime(Eager):
    """JAX with the whole operator lowered and compiled before the first call."""

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        compiled: Call = jax.jit(call).lower(active, constants, direction).compile()
        return compiled
