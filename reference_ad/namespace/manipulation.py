"""Functions that give an array another shape, or move its elements about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.core import Array
from ..engine.declaring import axis_lengths
from ..rules import structural as rules_structural
from ..rules.elementwise import where
from ..rules.reductions import Axis, canonical_axes, canonical_axis, only_axis
from .data_types import result_type

Shape = int | tuple[int, ...]


def as_shape(shape: Shape) -> tuple[int, ...]:
    """A shape as a tuple; one length stands for an array of one dimension."""
    if isinstance(shape, int):
        return (shape,)
    return tuple(shape)


def reshape(x: Array, /, shape: Shape, *, copy: Any = None) -> Array:
    """x in another shape, in C order; one length may be -1."""
    return rules_structural.reshape(x, shape=as_shape(shape))


def permute_dims(x: Array, /, axes: tuple[int, ...]) -> Array:
    """x with its axes in the given order."""
    return rules_structural.permute_dims(x, axes=canonical_axes(tuple(axes), x.ndim))


def moveaxis(x: Array, source: Any, destination: Any, /) -> Array:
    """x with some axes moved to new positions."""
    sources, destinations = canonical_axes(source, x.ndim), canonical_axes(destination, x.ndim)
    if len(sources) != len(destinations):
        raise ValueError(
            f"moveaxis was given axes {source} to move to {destination}: give a new place for each."
        )
    order = [k for k in range(x.ndim) if k not in sources]
    for position, axis in sorted(zip(destinations, sources, strict=True)):
        order.insert(position, axis)
    return permute_dims(x, tuple(order))


def broadcast_to(x: Array, /, shape: tuple[int, ...]) -> Array:
    """x repeated to a larger shape."""
    if x.shape == tuple(shape):
        return x
    return rules_structural.broadcast_to(x, shape=tuple(shape))


def broadcast_arrays(*arrays: Array) -> list[Array]:
    """The arrays repeated to their common shape."""
    shape = np.broadcast_shapes(*[x.shape for x in arrays])
    return [broadcast_to(x, shape) for x in arrays]


def meshgrid(*arrays: Array, indexing: str = "xy") -> list[Array]:
    """Coordinate matrices from coordinate vectors."""
    n = len(arrays)
    places = list(range(n))
    if indexing == "xy" and n > 1:
        places[:2] = [1, 0]
    shapes = [(1,) * place + (-1,) + (1,) * (n - place - 1) for place in places]
    return broadcast_arrays(*[reshape(x, shape) for x, shape in zip(arrays, shapes, strict=True)])


def expand_dims(x: Array, /, axis: int = 0) -> Array:
    """x with a new axis of length 1."""
    position = canonical_axis(axis, x.ndim + 1)
    return rules_structural.reshape(x, shape=(*x.shape[:position], 1, *x.shape[position:]))


def squeeze(x: Array, /, axis: int | tuple[int, ...]) -> Array:
    """x without some axes of length 1. Raises ValueError where they are longer."""
    axes = canonical_axes(axis, x.ndim)
    if any(x.shape[k] != 1 for k in axes):
        raise ValueError(
            f"squeeze was given axis {axis} of an array of shape {x.shape}: name axes of length 1."
        )
    return rules_structural.reshape(
        x, shape=tuple([n for k, n in enumerate(x.shape) if k not in axes])
    )


def flip(x: Array, /, *, axis: Axis = None) -> Array:
    """x backwards along some axes."""
    return rules_structural.flip(x, axis=canonical_axes(axis, x.ndim))


def roll(x: Array, /, shift: int | tuple[int, ...], *, axis: Axis = None) -> Array:
    """x moved along some axes, coming in again at the other end."""
    if axis is None:
        return reshape(roll(reshape(x, (-1,)), shift, axis=0), x.shape)
    axes = canonical_axes(axis, x.ndim)
    if not isinstance(shift, tuple):
        shift = (shift,) * len(axes)
    return rules_structural.roll(x, shift=shift, axis=axes)


def _with_arrays_for_numbers(parts: Sequence[Array]) -> Sequence[Array]:
    """Python's numbers take the dtype that they have beside the arrays."""
    if len(parts) == 0:
        raise ValueError("No arrays were given to join: give at least one.")
    if all(hasattr(x, "dtype") for x in parts):
        return parts
    arrays = [stack(x) if isinstance(x, (list, tuple)) else x for x in parts]
    dtype = result_type(*arrays)
    return [x if hasattr(x, "dtype") else np.asarray(x, dtype) for x in arrays]


def concat(arrays: Sequence[Array], /, *, axis: int | None = 0) -> Array:
    """The arrays (and Python numbers) joined along an axis; None: flattened first."""
    arrays = _with_arrays_for_numbers(arrays)
    if axis is None:
        arrays, axis = [reshape(x, (-1,)) for x in arrays], 0
    return rules_structural.concat(*arrays, axis=canonical_axis(axis, arrays[0].ndim))


def stack(arrays: Sequence[Array], /, *, axis: int = 0) -> Array:
    """The arrays (and Python numbers) joined along a new axis."""
    arrays = _with_arrays_for_numbers(arrays)
    return rules_structural.stack(*arrays, axis=canonical_axis(axis, arrays[0].ndim + 1))


def unstack(x: Array, /, *, axis: int = 0) -> tuple[Array, ...]:
    """The slices of x along an axis."""
    place = canonical_axis(axis, x.ndim)
    return tuple([x[at(position, place)] for position in range(x.shape[place])])


def at(part: Any, axis: int) -> tuple[Any, ...]:
    """The index that picks `part` along an axis."""
    return (*(slice(None),) * axis, part)


def repeat(x: Array, repeats: int, /, *, axis: int | None = None) -> Array:
    """Each element of x repeated along an axis."""
    if axis is None:
        return repeat(reshape(x, (-1,)), repeats, axis=0)
    return take(x, np.repeat(np.arange(x.shape[canonical_axis(axis, x.ndim)]), repeats), axis=axis)


def tile(x: Array, repetitions: Shape, /) -> Array:
    """x repeated as a block."""
    repetitions = as_shape(repetitions)
    ndim = max(x.ndim, len(repetitions))
    shape = (1,) * (ndim - x.ndim) + tuple(x.shape)
    counts = (1,) * (ndim - len(repetitions)) + repetitions
    pairs = list(zip(counts, shape, strict=True))
    spaced = reshape(x, tuple([length for n in shape for length in (1, n)]))
    repeated = broadcast_to(spaced, tuple([length for pair in pairs for length in pair]))
    return reshape(repeated, tuple([count * n for count, n in pairs]))


def tril(x: Array, /, *, k: int = 0) -> Array:
    """The lower triangles of a stack of matrices."""
    return rules_structural.tril(x, k=k)


def triu(x: Array, /, *, k: int = 0) -> Array:
    """The upper triangles of a stack of matrices."""
    return rules_structural.triu(x, k=k)


def take(x: Array, indices: Array, /, *, axis: int | None = None) -> Array:
    """Slices of x along an axis, by their indices."""
    return rules_structural.indexed(x, at(indices, only_axis(axis, x.ndim)))


def take_along_axis(x: Array, indices: Array, /, *, axis: int = -1) -> Array:
    """``result[i, j] = x[i, indices[i, j]]`` (for the last axis of two)."""
    place = canonical_axis(axis, x.ndim)
    shape = np.broadcast_shapes(*[axis_lengths(array.shape, (place,)) for array in (x, indices)])
    x = broadcast_to(x, (*shape[:place], x.shape[place], *shape[place + 1 :]))
    mesh: list[Any] = list(np.ogrid[tuple([slice(n) for n in x.shape])])
    mesh[place] = indices
    return rules_structural.indexed(x, tuple(mesh))


def pad(x: Array, widths: Any, /, value: float = 0) -> Array:
    """x with `value` around it; ``widths[k] = (before, after)`` for each axis."""
    pairs = [np.shape(pair) for pair in widths] if np.iterable(widths) else None
    if pairs != [(2,)] * x.ndim or np.min(widths, initial=0) < 0:
        raise ValueError(
            f"pad was given widths {widths!r} for an array of {x.ndim} dimension(s): give a pair "
            "(before, after), not negative, for each."
        )
    index = tuple(
        [slice(before, before + n) for (before, _), n in zip(widths, x.shape, strict=True)]
    )
    shape = tuple([before + n + after for (before, after), n in zip(widths, x.shape, strict=True)])
    padded = rules_structural.scatter_add(x, index=index, shape=shape)
    if isinstance(value, (int, float)) and value == 0:
        return padded
    inside = np.zeros(shape, bool)
    inside[index] = True
    return where(inside, padded, value)
