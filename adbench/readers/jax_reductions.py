"""The JAX primitives that reduce along axes, run along one, or order elements."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adbench.readers.jax_structural import along, pad

Operation = Callable[..., Any]
Axes = Sequence[int]


def _axes(axes: Axes) -> tuple[int, ...]:
    return tuple(map(int, axes))


def _total(xp: Any, x: Any, *, axes: Axes) -> Any:
    return xp.sum(x, axis=_axes(axes), dtype=x.dtype) if len(axes) else x


def _product(xp: Any, x: Any, *, axes: Axes) -> Any:
    for axis in sorted(_axes(axes), reverse=True):
        x = xp.prod(x, axis=axis, dtype=x.dtype)
    return x


def _largest(xp: Any, x: Any, *, axes: Axes) -> Any:
    return xp.max(x, axis=_axes(axes)) if len(axes) else x


def _smallest(xp: Any, x: Any, *, axes: Axes) -> Any:
    return xp.min(x, axis=_axes(axes)) if len(axes) else x


def _all(xp: Any, x: Any, *, axes: Axes) -> Any:
    return xp.all(x, axis=_axes(axes)) if len(axes) else x


def _any(xp: Any, x: Any, *, axes: Axes) -> Any:
    return xp.any(x, axis=_axes(axes)) if len(axes) else x


def _argmax(xp: Any, x: Any, *, axes: Axes, index_dtype: Any) -> Any:
    return xp.astype(xp.argmax(x, axis=int(axes[0])), index_dtype)


def _argmin(xp: Any, x: Any, *, axes: Axes, index_dtype: Any) -> Any:
    return xp.astype(xp.argmin(x, axis=int(axes[0])), index_dtype)


# ---- running along an axis


def _running(accumulate: Callable[[Any, Any, int], Any]) -> Operation:
    """Return what runs along an axis, from its end if it is reversed."""

    def run(xp: Any, x: Any, *, axis: int, reverse: bool) -> Any:
        if not reverse:
            return accumulate(xp, x, axis)
        return xp.flip(accumulate(xp, xp.flip(x, axis=axis), axis), axis=axis)

    return run


def _doubling(join: Callable[[Any, Any, Any], Any]) -> Operation:
    """Return what runs along an axis and joins two elements, in steps of 1, 2, 4, ... elements."""

    def accumulate(xp: Any, x: Any, axis: int) -> Any:
        step, length = 1, int(x.shape[axis])
        while step < length:
            first = x[along(slice(None, step), axis, x.ndim)]
            later = x[along(slice(step, None), axis, x.ndim)]
            earlier = x[along(slice(None, length - step), axis, x.ndim)]
            x = xp.concat([first, join(xp, earlier, later)], axis=axis)
            step *= 2
        return x

    return _running(accumulate)


# ---- windows


def windows_along(xp: Any, x: Any, axis: int, length: int, stride: int, dilation: int) -> Any:
    """Windows along an axis, in whose place stand two: the windows, and the elements of each."""
    reach = (length - 1) * dilation + 1
    starts = np.arange(0, int(x.shape[axis]) - reach + 1, stride)
    places = starts[:, None] + dilation * np.arange(length)[None, :]
    taken = xp.take(x, xp.asarray(places.reshape(-1)), axis=axis)
    shape = tuple(map(int, x.shape))
    return xp.reshape(taken, (*shape[:axis], len(starts), length, *shape[axis + 1 :]))


def _over_windows(reduce: Callable[[Any, Any, int], Any], padding_value: float) -> Operation:
    """Return what reduces each window of an array to one element.

    padding_value: what lies around the array, and between its elements where it is dilated.
    """

    def reduce_window(
        xp: Any,
        x: Any,
        *,
        window_dimensions: Sequence[int],
        window_strides: Sequence[int],
        padding: Sequence[Sequence[int]],
        base_dilation: Sequence[int],
        window_dilation: Sequence[int],
        kind: str,
    ) -> Any:
        widths = [
            (before, after, dilation - 1)
            for (before, after), dilation in zip(padding, base_dilation, strict=True)
        ]
        if any(map(any, widths)):
            around = xp.full((), _padding_number(xp, x, padding_value, kind), dtype=x.dtype)
            x = pad(xp, x, around, padding_config=widths)
        for axis, length in enumerate(window_dimensions):
            stride, dilation = window_strides[axis], window_dilation[axis]
            if (length, stride) != (1, 1):
                x = reduce(xp, windows_along(xp, x, axis, length, stride, dilation), axis + 1)
        return x

    return reduce_window


def _padding_number(xp: Any, x: Any, value: float, kind: str) -> Any:
    """The value, or the integer that is as far out."""
    if kind != "integer":
        return value
    if not math.isinf(value):
        return int(value)
    limits = xp.iinfo(x.dtype)
    return limits.max if value > 0 else limits.min


# ---- order


def _sort(xp: Any, *operands: Any, dimension: int, is_stable: bool, num_keys: int) -> list[Any]:
    """The operands in the order of the first, and among equals of the second, and so on."""
    arrays = list(operands)
    for key in reversed(range(num_keys)):
        order = xp.argsort(arrays[key], axis=dimension, stable=True)
        arrays = [xp.take_along_axis(array, order, axis=dimension) for array in arrays]
    return arrays


def _top_k(xp: Any, x: Any, *, k: int, axis: int = -1) -> list[Any]:
    order = xp.argsort(x, axis=axis, descending=True, stable=True)
    order = order[along(slice(None, k), axis % x.ndim, x.ndim)]
    return [xp.take_along_axis(x, order, axis=axis), xp.astype(order, xp.int32)]


OPERATIONS: dict[str, Operation] = {
    "argmax": _argmax,
    "argmin": _argmin,
    "cumlogsumexp": _doubling(lambda xp, x, y: xp.logaddexp(x, y)),
    "cummax": _doubling(lambda xp, x, y: xp.maximum(x, y)),
    "cummin": _doubling(lambda xp, x, y: xp.minimum(x, y)),
    "cumprod": _running(lambda xp, x, axis: xp.cumulative_prod(x, axis=axis, dtype=x.dtype)),
    "cumsum": _running(lambda xp, x, axis: xp.cumulative_sum(x, axis=axis, dtype=x.dtype)),
    "reduce_and": _all,
    "reduce_max": _largest,
    "reduce_min": _smallest,
    "reduce_or": _any,
    "reduce_prod": _product,
    "reduce_sum": _total,
    "reduce_window_max": _over_windows(lambda xp, x, axis: xp.max(x, axis=axis), -math.inf),
    "reduce_window_min": _over_windows(lambda xp, x, axis: xp.min(x, axis=axis), math.inf),
    "reduce_window_sum": _over_windows(
        lambda xp, x, axis: xp.sum(x, axis=axis, dtype=x.dtype), 0.0
    ),
    "sort": _sort,
    "top_k": _top_k,
}
"""What each primitive is in the array namespace."""
