"""Item assignment as functions: arrays do not change, so what is assigned gives another array."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.core import Array, Tracer
from ..engine.declaring import astype, broadcast_to
from ..engine.elements import OBJECT, numbers
from ..rules.elementwise import where
from ..rules.structural import indexed, scatter_add, split_index


def set_at(x: Array, index: Any, value: Any, /) -> Array:
    """x with other entries: what ``y = copy(x); y[index] = value`` makes of y.

    index: any that ``x[index]`` takes; each entry is named once
    value: a number, or an array that broadcasts to the shape of ``x[index]``

    Raises ValueError where an index of plain integers names an entry twice.
    """
    counts = _scattered(np.ones(_shape_at(x, index)), index, x)
    if isinstance(counts, np.ndarray) and np.any(counts > 1):
        raise ValueError(
            "xp.set_at was given an index that names an entry more than once, which leaves open "
            "what is assigned: name each once, or add with xp.add_at."
        )
    return where(counts > 0, _scattered(_as_part(x, index, value), index, x), x)


def add_at(x: Array, index: Any, value: Any, /) -> Array:
    """x with a value added to some entries, as often as each is named.

    index: any that ``x[index]`` takes
    value: a number, or an array that broadcasts to the shape of ``x[index]``
    """
    return x + _scattered(_as_part(x, index, value), index, x)


def _shape_at(x: Array, index: Any) -> tuple[int, ...]:
    """The shape of ``x[index]``."""
    return indexed(np.zeros(x.shape, bool), index).shape


def _as_part(x: Array, index: Any, value: Any) -> Array:
    """A value with the shape of ``x[index]``, in the dtype of x."""
    if not isinstance(value, Tracer):
        value = numbers(value) if x.dtype == OBJECT else np.asarray(value, x.dtype)
    elif value.dtype != x.dtype:
        value = astype(value, dtype=x.dtype)
    return broadcast_to(value, shape=_shape_at(x, index))


def _scattered(part: Array, index: Any, x: Array) -> Array:
    parts, arrays = split_index(index)
    return scatter_add(part, *arrays, index=parts, shape=tuple(x.shape))
