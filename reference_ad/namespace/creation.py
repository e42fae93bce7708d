"""Functions that make arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine import tree
from ..engine.core import Array, Tracer
from ..engine.elements import OBJECT, numbers
from .data_types import astype
from .manipulation import Shape, broadcast_to, stack


def asarray(obj: Any, /, *, dtype: Any = None, copy: Any = None) -> Array:
    """An array of `obj`: a number, an array, a tracer, or nested sequences of them."""
    if isinstance(obj, Tracer):
        return obj if dtype is None else astype(obj, dtype)
    if isinstance(obj, (list, tuple)) and any(
        isinstance(leaf, Tracer) for leaf in tree.leaves(obj)
    ):
        return stack([asarray(item, dtype=dtype) for item in obj])
    return _own(np.asarray(obj, dtype=dtype, copy=copy))


def _own(x: Any) -> Array:
    """An array of the namespace: one of objects becomes one of balls."""
    return numbers(x) if x.dtype == OBJECT else x


def zeros(shape: Shape, *, dtype: Any = None) -> Array:
    """Zeros, float64 unless told otherwise."""
    return _own(np.zeros(shape, dtype))


def ones(shape: Shape, *, dtype: Any = None) -> Array:
    """Ones, float64 unless told otherwise."""
    return _own(np.ones(shape, dtype))


def full(shape: Shape, fill_value: Array, *, dtype: Any = None) -> Array:
    """An array filled with one number, which may be a tracer."""
    if isinstance(fill_value, Tracer):
        return broadcast_to(
            asarray(fill_value, dtype=dtype), (shape,) if isinstance(shape, int) else shape
        )
    return _own(np.full(shape, fill_value, dtype))


def eye(n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None) -> Array:
    """Ones on the k-th diagonal."""
    return _own(np.eye(n_rows, n_cols, k, dtype))


def arange(start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None) -> Array:
    """Evenly spaced numbers, the end excluded."""
    first, last = (0, start) if stop is None else (start, stop)
    return _own(np.arange(first, last, step, dtype=dtype))


def linspace(
    start: Any, stop: Any, /, num: int, *, dtype: Any = None, endpoint: Any = True
) -> Array:
    """`num` evenly spaced numbers."""
    return _own(np.linspace(start, stop, num, endpoint=endpoint, dtype=dtype))


def zeros_like(x: Array, /, *, dtype: Any = None) -> Array:
    """Zeros of the shape and dtype of x."""
    return zeros(x.shape, dtype=x.dtype if dtype is None else dtype)


def ones_like(x: Array, /, *, dtype: Any = None) -> Array:
    """Ones of the shape and dtype of x."""
    return ones(x.shape, dtype=x.dtype if dtype is None else dtype)


empty, empty_like = zeros, zeros_like  # uninitialised memory would make results irreproducible


def full_like(x: Array, /, fill_value: Array, *, dtype: Any = None) -> Array:
    """An array of the shape and dtype of x, filled with one number."""
    return full(x.shape, fill_value, dtype=x.dtype if dtype is None else dtype)
