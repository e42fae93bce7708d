"""Functions of values alone, such as their order.

They have no derivative, and act below all transformations.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..engine import elements
from ..engine.core import Array, Tracer, UnlistedPrimitive
from ..rules.elementwise import stop_gradient
from ..rules.reductions import Axis
from .manipulation import reshape, take, take_along_axis


def _observed(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays and parameters that acts on values, below all transformations."""
    observation = UnlistedPrimitive(function.__name__, function)

    @functools.wraps(function)
    def call(*args: Array, **params: Any) -> Any:
        return observation(*args, **params)

    return call


def value(x: Array) -> Any:
    """The array below all transformations."""
    while isinstance(x, Tracer) and not isinstance(x, elements.ElementArray):
        inner = stop_gradient(x)
        if isinstance(inner, Tracer) and inner.level is x.level:
            raise TypeError(
                "A compiled function, or a rule in a batched Jacobian, asked for something whose "
                "shape depends on the values of a traced array: do this outside, and give what is "
                "found as an argument."
            )
        x = inner
    return x


def _truth(x: Array) -> Any:
    """Whether each element differs from 0."""
    return elements.decided(x, "Which elements differ from 0")


def _order(x: Array, axis: int | None) -> Any:
    """What NumPy can sort in place of x along an axis."""
    if axis is None:
        return elements.order(reshape(x, (-1,)), 0)
    return elements.order(x, axis)


def _place(find: Callable[..., Any], x: Array, axis: int | None, keepdims: Any) -> Any:
    place = find(_order(x, axis), axis=axis, keepdims=keepdims)
    if keepdims and axis is None:
        return place.reshape((1,) * x.ndim)
    return place


@_observed
def argmax(x: Array, /, *, axis: int | None = None, keepdims: Any = False) -> Any:
    """The index of the largest element."""
    return _place(np.argmax, x, axis, keepdims)


@_observed
def argmin(x: Array, /, *, axis: int | None = None, keepdims: Any = False) -> Any:
    """The index of the smallest element."""
    return _place(np.argmin, x, axis, keepdims)


@_observed
def argsort(x: Array, /, *, axis: int = -1, descending: Any = False, stable: Any = True) -> Any:
    """The indices that sort x along an axis; equal elements keep their order."""
    values = _order(x, axis)
    if not descending:
        return np.argsort(values, axis=axis, stable=True)
    reversed_order = np.argsort(np.flip(values, axis), axis=axis, stable=True)
    return values.shape[axis] - 1 - np.flip(reversed_order, axis)


def sort(x: Array, /, *, axis: int = -1, descending: Any = False, stable: Any = True) -> Array:
    """x sorted along an axis; the derivative travels with the elements."""
    return take_along_axis(x, argsort(x, axis=axis, descending=descending), axis=axis)


def nonzero(x: Array, /) -> Any:
    """The indices of the elements that are not zero."""
    return np.nonzero(_truth(value(x)))


@_observed
def count_nonzero(x: Array, /, *, axis: Axis = None, keepdims: Any = False) -> Any:
    """How many elements are not zero."""
    return np.count_nonzero(_truth(x), axis=axis, keepdims=keepdims)


_searchsorted = UnlistedPrimitive("searchsorted", np.searchsorted)


def searchsorted(x1: Array, x2: Array, /, *, side: Any = "left", sorter: Any = None) -> Any:
    """Where the elements of x2 would go in x1, which is sorted.

    With a `sorter`, x1 is sorted when taken in its order.
    """
    if sorter is not None:
        x1 = take(x1, sorter)
    return _searchsorted(x1, x2, side=side)


@_observed
def all(x: Array, /, *, axis: Axis = None, keepdims: Any = False) -> Any:
    """Whether all elements are true."""
    return np.all(_truth(x), axis=axis, keepdims=keepdims)


@_observed
def any(x: Array, /, *, axis: Axis = None, keepdims: Any = False) -> Any:
    """Whether any element is true."""
    return np.any(_truth(x), axis=axis, keepdims=keepdims)


@_observed
def nextafter(x1: Array, x2: Array, /) -> Any:
    """The next number of its dtype from x1 on in the direction of x2."""
    return np.nextafter(x1, x2)


# ---- distinct elements: how many there are depends on the values, so nothing here can be compiled


class UniqueAll(NamedTuple):
    """What `unique_all` gives."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCounts(NamedTuple):
    """What `unique_counts` gives."""

    values: Any
    counts: Any


class UniqueInverse(NamedTuple):
    """What `unique_inverse` gives."""

    values: Any
    inverse_indices: Any


def unique_all(x: Array, /) -> UniqueAll:
    """The distinct elements in ascending order, where each is first, and how often it is there.

    The derivative of the values travels with the elements. Every nan is distinct.
    """
    flat = reshape(x, (-1,))
    found = np.unique_all(elements.order(value(flat), 0))
    inverse = found.inverse_indices.reshape(x.shape)
    return UniqueAll(take(flat, found.indices, axis=0), found.indices, inverse, found.counts)


def unique_counts(x: Array, /) -> UniqueCounts:
    """The distinct elements, and how often each is there."""
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x: Array, /) -> UniqueInverse:
    """The distinct elements, and which of them each element is."""
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x: Array, /) -> Array:
    """The distinct elements, in ascending order."""
    return unique_all(x).values
