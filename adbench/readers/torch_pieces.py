"""What the tables of PyTorch's operations share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Axes = int | Sequence[int] | None


def as_array(xp: Any, value: Any, like: Any) -> Any:
    """A Python number as an array of another's dtype; an array as it is."""
    if isinstance(value, (bool, int, float, complex)):
        return number(xp, value, like.dtype)
    return value


def number(xp: Any, value: Any, dtype: Any) -> Any:
    """A Python number, or an array of NumPy's, in a dtype.

    Integers become floats first where they are to be such: enclosures take integers in a floating
    dtype for rounded ones.
    """
    if xp.isdtype(dtype, ("bool", "integral", "complex floating")) or isinstance(value, complex):
        return xp.asarray(value, dtype=dtype)
    if isinstance(value, np.ndarray):
        return xp.asarray(value.astype(np.float64), dtype=dtype)
    return xp.asarray(float(value), dtype=dtype)


def alike(xp: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Both as arrays; a Python number takes the dtype of the other."""
    return as_array(xp, x, y), as_array(xp, y, x)


def cast(xp: Any, x: Any, dtype: Any) -> Any:
    """x in a dtype, as it is where it has that already or where none is asked for."""
    if dtype is None or x.dtype == dtype:
        return x
    return xp.astype(x, dtype)


def canonical(axis: int, ndim: int) -> int:
    """An axis counted from the front; 0 for an array of no dimensions, as PyTorch takes it."""
    return axis % max(ndim, 1)


def axes_of(x: Any, axes: Axes) -> tuple[int, ...]:
    """Axes counted from the front; all of them for None and for an empty list."""
    if isinstance(axes, int):
        axes = (axes,)
    if not axes:
        return tuple(range(x.ndim))
    if x.ndim == 0:
        return ()
    return tuple([canonical(axis, x.ndim) for axis in axes])


def at(part: Any, axis: int) -> tuple[Any, ...]:
    """The index that picks a part along an axis."""
    return (*(slice(None),) * axis, part)


def as_line(xp: Any, x: Any) -> Any:
    """x with at least one dimension."""
    if x.ndim:
        return x
    return xp.reshape(x, (1,))


def broadcast(xp: Any, *arrays: Any) -> list[Any]:
    """The arrays repeated to their common shape."""
    shape = np.broadcast_shapes(*[tuple(x.shape) for x in arrays])
    return [xp.broadcast_to(x, shape) for x in arrays]


def full(xp: Any, shape: Sequence[int], value: Any, dtype: Any) -> Any:
    """An array filled with one number."""
    return xp.broadcast_to(number(xp, value, dtype), tuple(shape))


def join(xp: Any, arrays: Sequence[Any], axis: int) -> Any:
    """Arrays joined along an axis; one alone as it is."""
    if len(arrays) == 1:
        return arrays[0]
    return xp.concat(list(arrays), axis=axis)


def pad_axis(xp: Any, x: Any, axis: int, widths: tuple[int, int], value: Any = 0) -> Any:
    """x with `value` before and after it along an axis; a negative width cuts off."""
    before, after = widths
    length = x.shape[axis]
    x = x[at(slice(max(-before, 0), length - max(-after, 0)), axis)]
    parts = [x]
    for width, place in ((before, 0), (after, len(parts))):
        if width > 0:
            shape = [width if k == axis else n for k, n in enumerate(x.shape)]
            parts.insert(place and len(parts), full(xp, shape, value, x.dtype))
    return join(xp, parts, axis)


def pad(xp: Any, x: Any, widths: Sequence[tuple[int, int]], value: Any = 0) -> Any:
    """x with `value` around its last axes, a pair of widths for each."""
    first = x.ndim - len(widths)
    for k, pair in enumerate(widths):
        if pair != (0, 0):
            x = pad_axis(xp, x, first + k, pair, value)
    return x


def take(xp: Any, x: Any, indices: Any, axis: int) -> Any:
    """Slices of x along an axis by integers of any shape, which stands in the place of the axis."""
    flat = xp.reshape(indices, (-1,))
    picked = xp.take(x, flat, axis=axis)
    return xp.reshape(picked, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def wrapped(xp: Any, indices: Any, length: int) -> Any:
    """Indices counted from the front."""
    return xp.where(indices < 0, indices + length, indices)


def constant(xp: Any, values: Any) -> Any:
    """Integers or truth values, known when the function is read."""
    return xp.asarray(np.asarray(values))


def size(shape: Sequence[int]) -> int:
    """How many elements an array of this shape has."""
    return math.prod(shape)


def move_axis(xp: Any, x: Any, source: int, destination: int) -> Any:
    """x with one axis at another place; both are counted from the front."""
    order = [k for k in range(x.ndim) if k != source]
    order.insert(destination, source)
    return xp.permute_dims(x, tuple(order))
