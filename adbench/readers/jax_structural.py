"""The JAX primitives that move elements, or make arrays of a shape, in the array namespace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Operation = Callable[..., Any]


def _broadcast_in_dim(
    xp: Any, x: Any, *, shape: Sequence[int], broadcast_dimensions: Sequence[int]
) -> Any:
    """x with its axes at some places of a larger shape, repeated along the others."""
    lengths = [1] * len(shape)
    for axis, place in enumerate(broadcast_dimensions):
        lengths[place] = int(x.shape[axis])
    return xp.broadcast_to(xp.reshape(x, tuple(lengths)), tuple(map(int, shape)))


def _iota(xp: Any, *, dtype: Any, shape: Sequence[int], dimension: int) -> Any:
    counted = xp.astype(xp.arange(int(shape[dimension])), dtype)
    return _broadcast_in_dim(xp, counted, shape=shape, broadcast_dimensions=(dimension,))


def _reshape(xp: Any, x: Any, *, new_sizes: Sequence[int], dimensions: Any) -> Any:
    if dimensions is not None:
        x = xp.permute_dims(x, tuple(dimensions))
    return xp.reshape(x, tuple(map(int, new_sizes)))


def _squeeze(xp: Any, x: Any, *, dimensions: Sequence[int]) -> Any:
    gone = {axis % x.ndim for axis in dimensions}
    return xp.reshape(x, tuple(int(x.shape[k]) for k in range(x.ndim) if k not in gone))


def _rev(xp: Any, x: Any, *, dimensions: Sequence[int]) -> Any:
    for axis in dimensions:
        x = xp.flip(x, axis=int(axis))
    return x


def _slice(
    xp: Any,
    x: Any,
    *,
    start_indices: Sequence[int],
    limit_indices: Sequence[int],
    strides: Sequence[int] | None,
) -> Any:
    steps = strides or (1,) * len(start_indices)
    bounds = zip(start_indices, limit_indices, steps, strict=True)
    index = tuple(slice(int(start), int(limit), int(step)) for start, limit, step in bounds)
    return x[index] if index else x


def _split(xp: Any, x: Any, *, sizes: Sequence[int], axis: int) -> list[Any]:
    ends = np.cumsum(sizes).tolist()
    starts = [0, *ends[:-1]]
    return [x[along(slice(*ends), axis, x.ndim)] for ends in zip(starts, ends, strict=True)]


def along(part: Any, axis: int, ndim: int) -> tuple[Any, ...]:
    """Return the index that takes a part along an axis, and all along the others."""
    return tuple(part if k == axis else slice(None) for k in range(ndim))


def pad(xp: Any, x: Any, value: Any, *, padding_config: Sequence[Sequence[int]]) -> Any:
    """x with a value before, after and between its elements; negative widths take some away.

    padding_config: for each axis how many before, after, and between two.
    """
    for axis, (before, after, between) in enumerate(padding_config):
        if (before, after, between) == (0, 0, 0):
            continue
        n = int(x.shape[axis])
        length = before + after + n + max(n - 1, 0) * between
        sources = np.full(max(length, 0), n)  # where the value stands
        places = before + np.arange(n) * (between + 1)
        is_inside = (places >= 0) & (places < length)
        sources[places[is_inside]] = np.arange(n)[is_inside]
        edge = tuple(1 if k == axis else int(x.shape[k]) for k in range(x.ndim))
        extended = xp.concat([x, xp.broadcast_to(value, edge)], axis=axis)
        x = xp.take(extended, xp.asarray(sources), axis=axis)
    return x


def _tile(xp: Any, x: Any, *, reps: Sequence[int]) -> Any:
    return xp.tile(x, tuple(map(int, reps)))


OPERATIONS: dict[str, Operation] = {
    "broadcast_in_dim": _broadcast_in_dim,
    "concatenate": lambda xp, *parts, dimension: xp.concat(list(parts), axis=dimension),
    "iota": _iota,
    "pad": pad,
    "reshape": _reshape,
    "rev": _rev,
    "slice": _slice,
    "split": _split,
    "squeeze": _squeeze,
    "stack": lambda xp, *parts, axis: xp.stack(list(parts), axis=axis),
    "tile": _tile,
    "transpose": lambda xp, x, *, permutation: xp.permute_dims(x, tuple(map(int, permutation))),
}
"""What each primitive is in the array namespace."""
