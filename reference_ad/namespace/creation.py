"""Functions that make arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine import tree
from ..engine.core import Array, Tracer
from ..engine.elements import OBJECT, numbers
from .data_types import cast_if_asked, check_device
from .manipulation import Shape, as_shape, broadcast_to, stack


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: Any = None) -> Array:
    """An array of `obj`: a number, an array, a tracer, or nested sequences of them."""
    check_device(device)
    if isinstance(obj, Tracer):
        return cast_if_asked(obj, dtype)
    if isinstance(obj, (list, tuple)) and _holds_tracers(obj):
        return stack([asarray(item, dtype=dtype) for item in obj])
    return _as_element_array(np.asarray(obj, dtype=dtype, copy=copy))


def _holds_tracers(sequence: Any) -> bool:
    return any(isinstance(leaf, Tracer) for leaf in tree.leaves(sequence))


def _as_element_array(x: Any) -> Array:
    """An array of the namespace: one of objects becomes one of balls."""
    if x.dtype == OBJECT:
        return numbers(x)
    return x


def from_dlpack(x: Any, /, *, device: Any = None, copy: Any = None) -> Array:
    """An array of another library, in its memory unless it is copied; not of a traced array."""
    check_device(device)
    if isinstance(x, Tracer):
        raise TypeError(
            "from_dlpack was given a traced array, whose memory nobody has: use it as it is."
        )
    return np.from_dlpack(x, device=device, copy=copy)


def zeros(shape: Shape, *, dtype: Any = None, device: Any = None) -> Array:
    """Zeros, float64 unless told otherwise."""
    check_device(device)
    return _as_element_array(np.zeros(shape, dtype))


def ones(shape: Shape, *, dtype: Any = None, device: Any = None) -> Array:
    """Ones, float64 unless told otherwise."""
    check_device(device)
    return _as_element_array(np.ones(shape, dtype))


def full(shape: Shape, fill_value: Array, *, dtype: Any = None, device: Any = None) -> Array:
    """An array filled with one number, which may be a tracer."""
    check_device(device)
    if isinstance(fill_value, Tracer):
        return broadcast_to(asarray(fill_value, dtype=dtype), as_shape(shape))
    return _as_element_array(np.full(shape, fill_value, dtype))


def eye(
    n_rows: int,
    n_cols: int | None = None,
    /,
    *,
    k: int = 0,
    dtype: Any = None,
    device: Any = None,
) -> Array:
    """Ones on the k-th diagonal."""
    check_device(device)
    return _as_element_array(np.eye(n_rows, n_cols, k, dtype))


def arange(
    start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None
) -> Array:
    """Evenly spaced numbers, the end excluded."""
    check_device(device)
    if stop is None:
        start, stop = 0, start
    return _as_element_array(np.arange(start, stop, step, dtype=dtype))


def linspace(
    start: Any,
    stop: Any,
    /,
    num: int,
    *,
    dtype: Any = None,
    device: Any = None,
    endpoint: Any = True,
) -> Array:
    """`num` evenly spaced numbers."""
    check_device(device)
    return _as_element_array(np.linspace(start, stop, num, endpoint=endpoint, dtype=dtype))


def _dtype_like(x: Array, dtype: Any) -> Any:
    """The dtype that is asked for, or that of x where none is."""
    if dtype is None:
        return x.dtype
    return dtype


def zeros_like(x: Array, /, *, dtype: Any = None, device: Any = None) -> Array:
    """Zeros of the shape and dtype of x."""
    return zeros(x.shape, dtype=_dtype_like(x, dtype), device=device)


def ones_like(x: Array, /, *, dtype: Any = None, device: Any = None) -> Array:
    """Ones of the shape and dtype of x."""
    return ones(x.shape, dtype=_dtype_like(x, dtype), device=device)


empty, empty_like = zeros, zeros_like  # uninitialised memory would make results irreproducible


def full_like(x: Array, /, fill_value: Array, *, dtype: Any = None, device: Any = None) -> Array:
    """An array of the shape and dtype of x, filled with one number."""
    return full(x.shape, fill_value, dtype=_dtype_like(x, dtype), device=device)
