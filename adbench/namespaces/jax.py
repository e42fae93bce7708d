"""The namespace of JAX: `jax.numpy`, and what differs there from the array API.

An index may be a list here (`list_indices`). What a model cannot write for JAX's arrays: under
`jit`, shapes that depend on arrays, such as `xp.repeat` by an array of counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special
import numpy as np

from adbench.namespaces.namespace import Namespace, missing
from reference_ad.loops import python as loops


def as_index(index: Any) -> Any:
    """An index with arrays for its lists, which JAX refuses."""
    if isinstance(index, tuple):
        return tuple(as_index(part) for part in index)
    if not isinstance(index, list):
        return index
    return np.asarray(index, None if index else int)  # [] would be of floats


@cache
def _array_classes() -> tuple[type[Any], ...]:
    """The classes of arrays and of traced ones; that of arrays is known by an array, in 60 us."""
    return (type(jnp.zeros(())), jax.core.Tracer)


@contextmanager
def list_indices() -> Iterator[None]:
    """Let arrays be indexed by lists of integers, as NumPy's are, for the whole process."""
    classes = _array_classes()
    originals = [cls.__getitem__ for cls in classes]
    try:
        for cls, original in zip(classes, originals, strict=True):
            cls.__getitem__ = _taking_lists(original)
        yield
    finally:
        for cls, original in zip(classes, originals, strict=True):
            cls.__getitem__ = original


@contextmanager
def own_indices() -> Iterator[None]:
    """Let arrays be indexed as JAX has it, inside of `list_indices`, for code that is JAX's own."""
    classes = _array_classes()
    present = [cls.__getitem__ for cls in classes]
    try:
        for cls, method in zip(classes, present, strict=True):
            cls.__getitem__ = getattr(method, "__wrapped__", method)
        yield
    finally:
        for cls, method in zip(classes, present, strict=True):
            cls.__getitem__ = method


def _taking_lists(original: Any) -> Any:
    def taking_lists(array: Any, index: Any) -> Any:
        return original(array, as_index(index))

    taking_lists.__wrapped__ = original  # type: ignore[attr-defined]
    return taking_lists


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


def _scan(step: Any, init: Any, xs: Any = None, length: int | None = None) -> Any:
    count = loops.number_of_steps(xs, length)
    return jax.lax.scan(step, init, xs, count)


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
    add_at=lambda x, index, value: x.at[as_index(index)].add(value),
    can_cast=_can_cast,
    checkpoint=jax.checkpoint,
    grad=jax.grad,
    linalg=Namespace(jnp.linalg, None, matrix_rank=_matrix_rank),
    permute_dims=_permute_dims,
    scan=_scan,
    set_at=lambda x, index, value: x.at[as_index(index)].set(value),
    stop_gradient=jax.lax.stop_gradient,
)


@contextmanager
def wide_types() -> Iterator[None]:
    """Let JAX keep float64, for the whole process."""
    if jax.config.jax_enable_x64:
        yield
        return
    jax.config.update("jax_enable_x64", True)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", False)
