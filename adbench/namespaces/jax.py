"""The namespace of JAX: `jax.numpy`, and what differs there from the array API.

What a model cannot write for JAX's arrays: an index that is a list (an array or a tuple is one),
and under `jit` shapes that depend on arrays, such as `xp.repeat` by an array of counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special

from adbench.namespaces.namespace import Namespace, missing


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
    j0=missing("JAX", "Bessel function j0"),
    j1=missing("JAX", "Bessel function j1"),
    log_expit=jax.nn.log_sigmoid,
    log_softmax=lambda x, axis=None: jax.scipy.special.log_softmax(x, axis=axis),
    softmax=lambda x, axis=None: jax.scipy.special.softmax(x, axis=axis),
    softplus=jax.nn.softplus,
)

namespace = Namespace(
    jnp,
    special,
    can_cast=_can_cast,
    checkpoint=jax.checkpoint,
    linalg=Namespace(jnp.linalg, None, matrix_rank=_matrix_rank),
    permute_dims=_permute_dims,
    stop_gradient=jax.lax.stop_gradient,
)


@contextmanager
def wide_types() -> Iterator[None]:
    """Let JAX keep float64, for the whole process."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)
