"""JAX on the CPU with 64-bit types: compiled ahead of time by `jax.jit`, or one operation at a
time.

What a model cannot write for JAX's arrays: an index that is a list (an array or a tuple is one),
and under `jit` shapes that depend on arrays, such as `xp.repeat` by an array of counts.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special
import numpy as np

from adbench.backends.base import Answer, Backend, Call, Function
from adbench.namespaces.numpy import Namespace

jax.config.update("jax_enable_x64", True)

# ---- namespace


def _can_cast(from_: Any, to: Any) -> Any:
    return jnp.can_cast(from_.dtype if isinstance(from_, jax.Array) else from_, to)


def _matrix_rank(x: Any, *, rtol: Any = None) -> Any:
    # The module's own compares the singular values with `rtol` itself.
    if rtol is None:
        return jnp.linalg.matrix_rank(x)
    sizes = jnp.linalg.svdvals(x)
    return jnp.sum(
        sizes > jnp.asarray(rtol)[..., None] * jnp.max(sizes, axis=-1, keepdims=True), axis=-1
    )


def _permute_dims(x: Any, axes: tuple[int, ...]) -> Any:
    return jnp.permute_dims(x, tuple(axis % x.ndim for axis in axes))


special = Namespace(
    jax.scipy.special,
    None,
    log_expit=jax.nn.log_sigmoid,
    log_softmax=lambda x, axis=None: jax.scipy.special.log_softmax(x, axis=axis),
    softmax=lambda x, axis=None: jax.scipy.special.softmax(x, axis=axis),
    softplus=jax.nn.softplus,
)

namespace = Namespace(
    jnp,
    special,
    can_cast=_can_cast,
    linalg=Namespace(jnp.linalg, None, matrix_rank=_matrix_rank),
    permute_dims=_permute_dims,
)


class Eager(Backend):
    """JAX without `jit`: every operation is dispatched by itself."""

    framework = "jax"
    dtypes = ("float64", "float32", "float16", "bfloat16")
    xp = namespace

    # ---- arrays

    def asarray(self, array: np.ndarray[Any, Any]) -> jax.Array:
        return jnp.array(array)

    def to_numpy(self, array: jax.Array) -> np.ndarray[Any, Any]:
        return np.array(array)

    def synchronize(self, answer: Answer) -> None:
        jax.block_until_ready(answer)

    def is_out_of_memory(self, error: BaseException) -> bool:
        exhausted = isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" in str(
            error
        )
        return exhausted or isinstance(error, MemoryError)

    def lacks_rule(self, error: BaseException) -> bool:
        return isinstance(error, TypeError) and "can't apply forward-mode" in str(error)

    # ---- primitives

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        return jax.jvp(function, (active,), (tangent,))

    def vjp(self, function: Function, active: Any) -> tuple[Any, Any]:
        output, pullback = jax.vjp(function, active)
        return output, lambda cotangent: pullback(cotangent)[0]

    # ---- first order

    def derivative_forward(self, function: Function, active: Any, order: int) -> Answer:
        one = jnp.ones_like(active)
        for _ in range(order):
            function = _pushed(function, one)
        return function(active)

    def derivative_reverse(self, function: Function, active: Any, order: int) -> Answer:
        for _ in range(order):
            function = jax.grad(function)
        return function(active)

    def gradient_forward(self, function: Function, active: Any, direction: None) -> Answer:
        return jax.jacfwd(function)(active)

    def gradient_reverse(self, function: Function, active: Any, direction: None) -> Answer:
        return jax.grad(function)(active)

    def jvp_forward(self, function: Function, active: Any, tangent: Any) -> Answer:
        return jax.jvp(function, (active,), (tangent,))[1]

    def vjp_forward(self, function: Function, active: Any, cotangent: Any) -> Answer:
        return jax.jacfwd(lambda x: jnp.sum(function(x) * cotangent))(active)

    def vjp_reverse(self, function: Function, active: Any, cotangent: Any) -> Answer:
        return jax.vjp(function, active)[1](cotangent)[0]

    def jacobian_forward(self, function: Function, active: Any, direction: None) -> Answer:
        return jax.jacfwd(function)(active)

    def jacobian_reverse(self, function: Function, active: Any, direction: None) -> Answer:
        return jax.jacrev(function)(active)

    # ---- second order

    def hvp_forward_over_reverse(self, function: Function, active: Any, tangent: Any) -> Answer:
        return jax.jvp(jax.grad(function), (active,), (tangent,))[1]

    def hvp_reverse_over_forward(self, function: Function, active: Any, tangent: Any) -> Answer:
        return jax.grad(_pushed(function, tangent))(active)

    def hvp_reverse_over_reverse(self, function: Function, active: Any, tangent: Any) -> Answer:
        # The Hessian is symmetric, so a cotangent pulled back through the gradient is the product.
        return jax.vjp(jax.grad(function), active)[1](tangent)[0]

    def hvp_forward_over_forward(self, function: Function, active: Any, tangent: Any) -> Answer:
        return jax.jacfwd(_pushed(function, tangent))(active)

    def hessian_forward_over_reverse(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        return jax.jacfwd(jax.grad(function))(active)

    def hessian_reverse_over_forward(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        return jax.jacrev(jax.jacfwd(function))(active)

    def hessian_reverse_over_reverse(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        return jax.jacrev(jax.grad(function))(active)

    def hessian_forward_over_forward(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        return jax.jacfwd(jax.jacfwd(function))(active)


class Jit(Eager):
    """JAX with the whole operator traced and compiled before the first call."""

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        compiled: Call = jax.jit(call).lower(active, constants, direction).compile()
        return compiled


def _pushed(function: Function, tangent: Any) -> Function:
    return lambda x: jax.jvp(function, (x,), (tangent,))[1]
