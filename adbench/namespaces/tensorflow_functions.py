"""The functions of the array API that `tensorflow.experimental.numpy` lacks or means otherwise.

What differs from NumPy all the same: `hypot` squares its arguments, so it overflows from 1e154 on;
`floor_divide` and `//` round the quotient before they take its floor, so that 0.5 // 0.1 is 5, not
4.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

# Read when the library is loaded: errors only, no notes on the processor.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
import tensorflow.experimental.numpy as tnp

tf.get_logger().setLevel("ERROR")

Function = Callable[[Any], Any]


def alike(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Both as tensors.

    A Python number takes the dtype of the other, which the module's own forget here and there.
    """
    if not tf.is_tensor(x1):
        return number(x1, x2.dtype), x2
    return x1, x2 if tf.is_tensor(x2) else number(x2, x1.dtype)


def number(value: Any, dtype: Any) -> Any:
    # By way of NumPy, since TensorFlow keeps the constants it has made and takes 0.0 for -0.0. It
    # raises, where NumPy would round, when an integer dtype is given a fraction.
    return tf.constant(np.asarray(value, numpy_dtype(dtype)) if dtype.is_floating else value, dtype)


def add_at(x: Any, index: Any, value: Any) -> Any:
    return _scattered(tf.tensor_scatter_nd_add, x, index, value)


def set_at(x: Any, index: Any, value: Any) -> Any:
    return _scattered(tf.tensor_scatter_nd_update, x, index, value)


def _scattered(scatter: Any, x: Any, index: Any, value: Any) -> Any:
    """x with values put at an index: into the row of its entries, where each has one place."""
    positions = tf.reshape(tf.range(prod(x.shape)), x.shape)[index]
    values = tf.broadcast_to(tf.cast(value, x.dtype), tf.shape(positions))
    places = tf.reshape(positions, (-1, 1))
    row = scatter(tf.reshape(x, (-1,)), places, tf.reshape(values, (-1,)))
    return tf.reshape(row, x.shape)


def arange(start: Any, stop: Any = None, step: Any = 1, *, dtype: Any = None) -> Any:
    # By NumPy: the module's own computes in float32 and casts.
    first, last = (0, start) if stop is None else (start, stop)
    options: dict[str, Any] = {} if dtype is None else {"dtype": numpy_dtype(dtype)}
    return tf.constant(np.arange(first, last, step, **options))


def argmax(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    return position(tf.argmax, x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    return position(tf.argmin, x, axis, keepdims)


def position(find: Any, x: Any, axis: int | None, keepdims: bool) -> Any:
    if axis is None:
        place = find(tf.reshape(x, [-1]))
        return tf.reshape(place, [1] * x.ndim) if keepdims else place
    place = find(x, axis)
    return tf.expand_dims(place, axis) if keepdims else place


def argsort(x: Any, axis: int = -1, *, descending: bool = False, stable: bool = True) -> Any:
    order = tf.argsort(x, axis, "DESCENDING" if descending else "ASCENDING", stable=stable)
    return tf.cast(order, tf.int64)


def asarray(obj: Any, dtype: Any = None, *, copy: bool | None = None) -> Any:
    return tnp.array(obj, dtype) if copy else tnp.asarray(obj, dtype)


def clip(x: Any, min: Any = None, max: Any = None) -> Any:
    return x if min is None and max is None else tnp.clip(x, min, max)


def concat(arrays: Any, axis: int | None = 0) -> Any:
    if axis is None:
        arrays, axis = [tf.reshape(x, [-1]) for x in arrays], 0
    return tnp.concatenate(list(arrays), axis)


def copysign(x1: Any, x2: Any) -> Any:
    x1, x2 = alike(x1, x2)
    return tf.where(signbit(x1) == signbit(x2), x1, -x1)


def count_nonzero(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return tf.math.count_nonzero(x, axis, keepdims)


def cumulative_sum(
    x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    return cumulative(tf.cumsum, 0, x, axis, dtype, include_initial)


def cumulative_prod(
    x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    return cumulative(tf.math.cumprod, 1, x, axis, dtype, include_initial)


def cumulative(
    accumulate: Any, initial: int, x: Any, axis: int | None, dtype: Any, include_initial: bool
) -> Any:
    if axis is None:
        x, axis = tf.reshape(x, [-1]), 0
    if dtype is None and x.dtype.is_integer and x.dtype.size < 8:
        dtype = tf.uint64 if x.dtype.is_unsigned else tf.int64
    x = x if dtype is None else tf.cast(x, dtype)
    answer = accumulate(x, axis)
    if include_initial:
        shape = [1 if i == axis % x.ndim else length for i, length in enumerate(x.shape)]
        answer = tf.concat([tf.fill(shape, tf.cast(initial, x.dtype)), answer], axis)
    return answer


def diff(x: Any, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Any:
    parts = [part for part in (prepend, x, append) if part is not None]
    return tnp.diff(tf.concat(parts, axis) if len(parts) > 1 else x, n, axis)


def eye(n_rows: int, n_cols: int | None = None, *, k: int = 0, dtype: Any = None) -> Any:
    return tnp.eye(n_rows, n_cols, k, dtype or tf.float64)


def finfo(type: Any) -> Any:
    return np.finfo(numpy_dtype(type))


def flip(x: Any, *, axis: Any = None) -> Any:
    if axis is None:
        axis = range(x.ndim)
    elif isinstance(axis, int):
        axis = [axis]
    return tf.reverse(x, list(axis))


def hypot(x1: Any, x2: Any) -> Any:
    return tnp.hypot(*alike(x1, x2))


def iinfo(type: Any) -> Any:
    return np.iinfo(numpy_dtype(type))


def isdtype(dtype: Any, kind: Any) -> bool:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return bool(
        np.isdtype(
            numpy_dtype(dtype), tuple(k if isinstance(k, str) else numpy_dtype(k) for k in kinds)
        )
    )


def linspace(start: Any, stop: Any, num: int, *, dtype: Any = None, endpoint: bool = True) -> Any:
    # The module's own has no regard to `dtype`.
    steps = tnp.linspace(start, stop, num, endpoint=endpoint)
    return steps if dtype is None else tf.cast(steps, dtype)


def numpy_dtype(of: Any) -> Any:
    """The NumPy dtype of a tensor or of a dtype, TensorFlow's or NumPy's."""
    return np.dtype(tf.as_dtype(of.dtype if tf.is_tensor(of) else of).as_numpy_dtype)


def permute_dims(x: Any, axes: tuple[int, ...]) -> Any:
    return tf.transpose(
        x, [axis % x.ndim for axis in axes]
    )  # the derivative of a transpose takes no negative axis


def repeat(x: Any, repeats: Any, *, axis: int | None = None) -> Any:
    return tf.repeat(x, repeats, axis)


def roll(x: Any, shift: Any, *, axis: Any = None) -> Any:
    if axis is None:
        return tf.reshape(tf.roll(tf.reshape(x, [-1]), shift, 0), x.shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    shifts = shift if isinstance(shift, tuple) else (shift,) * len(axes)
    # Not negative, because tf.vectorized_map, which forward mode uses, would count those from the
    # axis of its batch.
    return tf.roll(x, shifts, [axis % x.ndim for axis in axes])


def rounding(function: Function) -> Function:
    """The function, which gives integers back as they are."""
    return lambda x: x if x.dtype.is_integer else function(x)


def searchsorted(x1: Any, x2: Any, *, side: str = "left", sorter: Any = None) -> Any:
    ordered = x1 if sorter is None else tf.gather(x1, sorter)
    flat = tf.searchsorted(ordered, tf.reshape(x2, [-1]), side, tf.int64)
    return tf.reshape(flat, x2.shape)


def signbit(x: Any) -> Any:
    # The sign is the highest bit, of minus zero and of NaN too; the module's own asks whether x <
    # 0.
    return tf.bitcast(x, {2: tf.int16, 4: tf.int32, 8: tf.int64}[x.dtype.size]) < 0


def sort(x: Any, axis: int = -1, *, descending: bool = False, stable: bool = True) -> Any:
    return tf.sort(x, axis, "DESCENDING" if descending else "ASCENDING")


def std(x: Any, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    return tf.sqrt(var(x, axis=axis, correction=correction, keepdims=keepdims))


def var(x: Any, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    centred = x - tf.reduce_mean(x, axis, keepdims=True)
    squares = tf.reduce_sum(centred * centred, axis, keepdims=keepdims)
    count = prod(x.shape) // max(prod(squares.shape), 1)
    return squares / (count - correction)


def take(x: Any, indices: Any, *, axis: int | None = None) -> Any:
    axis = 0 if axis is None else axis
    length = x.shape[axis]
    indices = tf.convert_to_tensor(indices)
    return tf.gather(
        x, tf.where(indices < 0, indices + tf.cast(length, indices.dtype), indices), axis=axis
    )


def take_along_axis(x: Any, indices: Any, *, axis: int = -1) -> Any:
    # The module's own decides by the values of shapes how it broadcasts, which tf.vectorized_map
    # refuses.
    last = [tnp.moveaxis(array, axis, -1) for array in (x, indices)]
    stack = tf.broadcast_static_shape(*[array.shape[:-1] for array in last])
    arrays, places = [tf.broadcast_to(array, [*stack, array.shape[-1]]) for array in last]
    places = tf.where(places < 0, places + tf.cast(x.shape[axis], places.dtype), places)
    return tnp.moveaxis(tf.gather(arrays, places, batch_dims=len(stack)), -1, axis)


def trunc(x: Any) -> Any:
    return tf.where(x < 0, tf.math.ceil(x), tf.math.floor(x))


def vecdot(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    return tnp.sum(tnp.conj(x1) * x2, axis=axis)


def softmax(x: Any, axis: Any = None) -> Any:
    return tf.nn.softmax(x, axis) if isinstance(axis, int) else tf.exp(log_softmax(x, axis))


def log_softmax(x: Any, axis: Any = None) -> Any:
    if isinstance(axis, int):
        return tf.nn.log_softmax(x, axis)
    return x - tf.reduce_logsumexp(x, axis, keepdims=True)


def logsumexp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return tf.reduce_logsumexp(a, axis, keepdims)
