"""The array namespace: the Python array API standard 2024.12, on arrays and tracers alike.

Elementwise functions are the primitives themselves. The others bring their arguments into the form in which the
primitives take them (axes as tuples of non-negative integers, say), or are compositions. `special` has SciPy's names.
Where a function has no derivative (comparisons, argmax, ...) it acts on the values.
"""

from __future__ import annotations

import builtins
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import rules_linalg, rules_reductions, rules_structural, scalars, tree
from .arguments import one
from .core import Array, Observation, Tracer
from .rules import axis_lengths
from .rules_reductions import Axis, canonical_axes, canonical_axis

# fmt: off
from numpy import (
    bool_ as bool, complex64, complex128, e, finfo, float32, float64, iinfo, inf, int8, int16, int32, int64, isdtype,
    nan, newaxis, pi, uint8, uint16, uint32, uint64,
)
from . import special
from .operators import pow
from .rules_contraction import matmul
from .rules_elementwise import (
    abs, acos, acosh, add, asin, asinh, atan, atan2, atanh, bitwise_and, bitwise_invert, bitwise_left_shift,
    bitwise_or, bitwise_right_shift, bitwise_xor, ceil, conj, copysign, cos, cosh, divide, equal, exp, expm1, floor,
    floor_divide, greater, greater_equal, hypot, imag, isfinite, isinf, isnan, less, less_equal, log, log1p, log2,
    log10, logaddexp, logical_and, logical_not, logical_or, logical_xor, maximum, minimum, multiply, negative,
    not_equal, positive, real, reciprocal, remainder, round, signbit, sin, sinh, sqrt, square, subtract, tan, tanh,
    trunc, where,
)
from .rules_elementwise import discretize as _discretize, sign as _sign, stop_gradient as _stop_gradient, unit as _unit
from .rules_linalg import diagonal
from .rules_structural import matrix_transpose
# fmt: on

Shape = int | tuple[int, ...]


# --- creation and dtypes ----------------------------------------------------------------------------------------------


def asarray(obj: Any, /, *, dtype: Any = None, copy: Any = None) -> Array:
    """An array of `obj`: a number, an array, a tracer, or nested sequences of them."""
    if isinstance(obj, Tracer):
        return obj if dtype is None else astype(obj, dtype)
    if isinstance(obj, (list, tuple)) and builtins.any(isinstance(leaf, Tracer) for leaf in tree.leaves(obj)):
        return stack([asarray(item, dtype=dtype) for item in obj])
    return _own(np.asarray(obj, dtype=dtype, copy=copy))


def _own(x: Any) -> Array:
    """An array of the namespace: one of objects becomes one of balls."""
    return scalars.numbers(x) if x.dtype == scalars.OBJECT else x


def zeros(shape: Shape, *, dtype: Any = None) -> Array:
    """Zeros, float64 unless told otherwise."""
    return _own(np.zeros(shape, dtype))


def ones(shape: Shape, *, dtype: Any = None) -> Array:
    """Ones, float64 unless told otherwise."""
    return _own(np.ones(shape, dtype))


def full(shape: Shape, fill_value: Array, *, dtype: Any = None) -> Array:
    """An array filled with one number, which may be a tracer."""
    if isinstance(fill_value, Tracer):
        return broadcast_to(asarray(fill_value, dtype=dtype), (shape,) if isinstance(shape, int) else shape)
    return _own(np.full(shape, fill_value, dtype))


def eye(n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None) -> Array:
    """Ones on the k-th diagonal."""
    return _own(np.eye(n_rows, n_cols, k, dtype))


def arange(start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None) -> Array:
    """Evenly spaced numbers, the end excluded."""
    first, last = (0, start) if stop is None else (start, stop)
    return _own(np.arange(first, last, step, dtype=dtype))


def linspace(start: Any, stop: Any, /, num: int, *, dtype: Any = None, endpoint: Any = True) -> Array:
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


def meshgrid(*arrays: Array, indexing: str = "xy") -> list[Array]:
    """Coordinate matrices from coordinate vectors."""
    n = len(arrays)
    places = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else range(n)
    shapes = [(1,) * place + (-1,) + (1,) * (n - place - 1) for place in places]
    return broadcast_arrays(*[reshape(x, shape) for x, shape in zip(arrays, shapes, strict=True)])


def astype(x: Array, dtype: Any, /, *, copy: Any = True) -> Array:
    """x in another dtype. The derivative is kept, except in a cast to integers or booleans."""
    dtype = np.dtype(dtype)
    if dtype == x.dtype and isinstance(x, Tracer):
        return x
    return rules_structural.astype(x, dtype=dtype) if dtype.kind in "fcO" else _discretize(x, dtype=dtype)


def result_type(*arrays_and_dtypes: Any) -> Any:
    """The dtype of a computation with all of these."""
    return np.result_type(*[a.dtype if isinstance(a, Tracer) else a for a in arrays_and_dtypes])


def can_cast(from_: Any, to: Any, /) -> Any:
    """Whether one dtype (or an array's) can be cast to another without loss."""
    return np.can_cast(from_.dtype if hasattr(from_, "dtype") and not isinstance(from_, type) else from_, to)


# --- shapes -----------------------------------------------------------------------------------------------------------


def reshape(x: Array, /, shape: Shape, *, copy: Any = None) -> Array:
    """x in another shape, in C order; one length may be -1."""
    return rules_structural.reshape(x, shape=(shape,) if isinstance(shape, int) else tuple(shape))


def permute_dims(x: Array, /, axes: tuple[int, ...]) -> Array:
    """x with its axes in the given order."""
    return rules_structural.permute_dims(x, axes=canonical_axes(tuple(axes), x.ndim))


def moveaxis(x: Array, source: Any, destination: Any, /) -> Array:
    """x with some axes moved to new positions."""
    sources, destinations = canonical_axes(source, x.ndim), canonical_axes(destination, x.ndim)
    order = [k for k in range(x.ndim) if k not in sources]
    for position, axis in sorted(zip(destinations, sources, strict=True)):
        order.insert(position, axis)
    return permute_dims(x, tuple(order))


def broadcast_to(x: Array, /, shape: tuple[int, ...]) -> Array:
    """x repeated to a larger shape."""
    return x if x.shape == tuple(shape) else rules_structural.broadcast_to(x, shape=tuple(shape))


def broadcast_arrays(*arrays: Array) -> list[Array]:
    """The arrays repeated to their common shape."""
    shape = np.broadcast_shapes(*[x.shape for x in arrays])
    return [broadcast_to(x, shape) for x in arrays]


def expand_dims(x: Array, /, axis: int = 0) -> Array:
    """x with a new axis of length 1."""
    position = canonical_axis(axis, x.ndim + 1)
    return rules_structural.reshape(x, shape=(*x.shape[:position], 1, *x.shape[position:]))


def squeeze(x: Array, /, axis: int | tuple[int, ...]) -> Array:
    """x without some axes of length 1. Raises ValueError where they are longer."""
    axes = canonical_axes(axis, x.ndim)
    if builtins.any(x.shape[k] != 1 for k in axes):
        raise ValueError(f"squeeze was given axis {axis} of an array of shape {x.shape}: name axes of length 1.")
    return rules_structural.reshape(x, shape=tuple([n for k, n in enumerate(x.shape) if k not in axes]))


def flip(x: Array, /, *, axis: Axis = None) -> Array:
    """x backwards along some axes."""
    return rules_structural.flip(x, axis=canonical_axes(axis, x.ndim))


def roll(x: Array, /, shift: int | tuple[int, ...], *, axis: Axis = None) -> Array:
    """x moved along some axes, coming in again at the other end."""
    if axis is None:
        return reshape(roll(reshape(x, (-1,)), shift, axis=0), x.shape)
    axes = canonical_axes(axis, x.ndim)
    shifts = shift if isinstance(shift, tuple) else (shift,) * len(axes)
    return rules_structural.roll(x, shift=shifts, axis=axes)


def _with_arrays_for_numbers(given: Sequence[Array]) -> Sequence[Array]:
    """Python's numbers take the dtype that they have beside the arrays."""
    if builtins.all(hasattr(x, "dtype") for x in given):
        return given
    arrays = [asarray(x) if isinstance(x, (list, tuple)) else x for x in given]
    dtype = result_type(*arrays)
    return [x if hasattr(x, "dtype") else asarray(x, dtype=dtype) for x in arrays]


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
    return tuple([x[_at(position, place)] for position in range(x.shape[place])])


def _at(part: Any, axis: int) -> tuple[Any, ...]:
    """The index that picks `part` along an axis."""
    return (*(slice(None),) * axis, part)


def repeat(x: Array, repeats: int, /, *, axis: int | None = None) -> Array:
    """Each element of x repeated along an axis."""
    if axis is None:
        return repeat(reshape(x, (-1,)), repeats, axis=0)
    return take(x, np.repeat(np.arange(x.shape[axis]), repeats), axis=axis)


def tile(x: Array, repetitions: tuple[int, ...], /) -> Array:
    """x repeated as a block."""
    ndim = builtins.max(x.ndim, len(repetitions))
    shape = (1,) * (ndim - x.ndim) + tuple(x.shape)
    counts = (1,) * (ndim - len(repetitions)) + tuple(repetitions)
    pairs = list(zip(counts, shape, strict=True))
    spaced = reshape(x, tuple([length for n in shape for length in (1, n)]))
    spread = broadcast_to(spaced, tuple([length for pair in pairs for length in pair]))
    return reshape(spread, tuple([count * n for count, n in pairs]))


def tril(x: Array, /, *, k: int = 0) -> Array:
    """The lower triangles of a stack of matrices."""
    return rules_structural.tril(x, k=k)


def triu(x: Array, /, *, k: int = 0) -> Array:
    """The upper triangles of a stack of matrices."""
    return rules_structural.triu(x, k=k)


def take(x: Array, indices: Array, /, *, axis: int | None = None) -> Array:
    """Slices of x along an axis, by their indices."""
    before = (slice(None),) * canonical_axis(0 if axis is None else axis, x.ndim)
    return rules_structural.indexed(x, (*before, indices))


def take_along_axis(x: Array, indices: Array, /, *, axis: int = -1) -> Array:
    """``result[i, j] = x[i, indices[i, j]]`` (for the last axis of two)."""
    place = canonical_axis(axis, x.ndim)
    shape = np.broadcast_shapes(*[axis_lengths(array.shape, (place,)) for array in (x, indices)])
    x = broadcast_to(x, tuple([x.shape[place] if k == place else n for k, n in enumerate(shape)]))
    mesh: list[Any] = list(np.ogrid[tuple([slice(n) for n in x.shape])])
    mesh[place] = indices
    return rules_structural.indexed(x, tuple(mesh))


# --- reductions -------------------------------------------------------------------------------------------------------


def _cast(x: Array, dtype: Any) -> Array:
    """x in the dtype that its sums and products have: integers in the widest, unless told otherwise."""
    if dtype is None and x.dtype.kind in "biu":
        dtype = np.uint64 if x.dtype.kind == "u" else np.int64
    return x if dtype is None else astype(x, dtype)


def sum(x: Array, /, *, axis: Axis = None, dtype: Any = None, keepdims: Any = False) -> Array:
    """The sum over some axes."""
    x = _cast(x, dtype)
    return rules_reductions.sum(x, axis=canonical_axes(axis, x.ndim), keepdims=keepdims)


def _count(x: Array, axes: tuple[int, ...]) -> int:
    return math.prod([x.shape[k] for k in axes])


def mean(x: Array, /, *, axis: Axis = None, keepdims: Any = False) -> Array:
    """The arithmetic mean over some axes."""
    axes = canonical_axes(axis, x.ndim)
    return rules_reductions.sum(x, axis=axes, keepdims=keepdims) / _count(x, axes)


def var(x: Array, /, *, axis: Axis = None, correction: float = 0, keepdims: Any = False) -> Array:
    """The mean square deviation from the mean; `correction` is subtracted from the count."""
    axes = canonical_axes(axis, x.ndim)
    deviation = x - mean(x, axis=axes, keepdims=True)
    total = rules_reductions.sum(deviation * deviation, axis=axes, keepdims=keepdims)
    return total / (_count(x, axes) - correction)


def std(x: Array, /, *, axis: Axis = None, correction: float = 0, keepdims: Any = False) -> Array:
    """The square root of `var`; where that is 0 so is its derivative, the subgradient of least norm."""
    axes = canonical_axes(axis, x.ndim)
    size = rules_linalg.norm(x - mean(x, axis=axes, keepdims=True), axis=axes, keepdims=keepdims)
    return size / sqrt(one(x) * builtins.max(_count(x, axes) - correction, 0))  # a double would be no ball


def prod(x: Array, /, *, axis: Axis = None, dtype: Any = None, keepdims: Any = False) -> Array:
    """The product over some axes.

    A tree of multiplications, so that derivatives of every order are right where factors are zero.
    """
    x = _cast(x, dtype)
    axes = canonical_axes(axis, x.ndim)
    kept = tuple([k for k in range(x.ndim) if k not in axes])
    factors = reshape(permute_dims(x, (*axes, *kept)), (_count(x, axes), *[x.shape[k] for k in kept]))
    if factors.shape[0] == 0:
        factors = ones((1, *factors.shape[1:]), dtype=x.dtype)
    while (n := factors.shape[0]) > 1:
        product = factors[: n // 2] * factors[n // 2 : n - n % 2]
        factors = concat([product, factors[n - 1 :]]) if n % 2 else product
    return reshape(factors, tuple([1 if k in axes else n for k, n in enumerate(x.shape) if keepdims or k in kept]))


def max(x: Array, /, *, axis: Axis = None, keepdims: Any = False) -> Array:
    """The largest element; where several are, they share the derivative equally."""
    return rules_reductions.max(x, axis=canonical_axes(axis, x.ndim), keepdims=keepdims)


def min(x: Array, /, *, axis: Axis = None, keepdims: Any = False) -> Array:
    """The smallest element; where several are, they share the derivative equally."""
    return rules_reductions.min(x, axis=canonical_axes(axis, x.ndim), keepdims=keepdims)


def _running(x: Array, axis: int | None, dtype: Any, initial: int | None) -> tuple[Array, int]:
    """What a running sum or product takes: x, cast, behind an initial element if there is one; and the axis."""
    x = _cast(x, dtype)
    place = canonical_axis(0 if axis is None else axis, x.ndim)
    if initial is None:
        return x, place
    return concat([full(axis_lengths(x.shape, (place,)), initial, dtype=x.dtype), x], axis=place), place


def cumulative_sum(x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: Any = False) -> Array:
    """The running sum along an axis."""
    x, place = _running(x, axis, dtype, 0 if include_initial else None)
    return rules_reductions.cumulative_sum(x, axis=place)


def cumulative_prod(x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: Any = False) -> Array:
    """The running product along an axis, in a tree of multiplications as in `prod`."""
    x, place = _running(x, axis, dtype, 1 if include_initial else None)
    step = 1
    while step < x.shape[place]:
        further = x[_at(slice(step, None), place)] * x[_at(slice(None, -step), place)]
        x = concat([x[_at(slice(None, step), place)], further], axis=place)
        step *= 2
    return x


def sign(x: Array, /) -> Array:
    """-1, 0 or 1; of a complex number the number of size 1 in its direction, or 0."""
    return _unit(x, abs(x)) if hasattr(x, "dtype") and x.dtype.kind == "c" else _sign(x)


def clip(x: Array, /, min: Array = None, max: Array = None) -> Array:
    """x kept between two bounds; at a bound, half of the derivative is x's. `max` where the bounds leave no room."""
    kept = x if min is None else maximum(x, min)
    kept = kept if max is None else minimum(kept, max)
    return kept if min is None or max is None else where(less(min, max), kept, max)


def diff(x: Array, /, *, axis: int = -1, n: int = 1, prepend: Array = None, append: Array = None) -> Array:
    """The n-th difference along an axis, after joining `prepend` and `append` to it."""
    x = concat([part for part in (prepend, x, append) if part is not None], axis=axis)
    place = canonical_axis(axis, x.ndim)
    for _ in range(n):
        x = x[_at(slice(1, None), place)] - x[_at(slice(None, -1), place)]
    return x


# --- sums of products -------------------------------------------------------------------------------------------------


def vecdot(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    """The inner product along an axis; the first vector is conjugated."""
    return sum((conj(x1) if x1.dtype.kind == "c" else x1) * x2, axis=axis)


def outer(x1: Array, x2: Array, /) -> Array:
    """All products of an element of one vector with an element of another."""
    return x1[:, None] * x2[None, :]


# --- functions without derivatives ------------------------------------------------------------------------------------


def _observed(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays and parameters that acts on values, below all transformations."""
    observation = Observation(function.__name__, function)

    @functools.wraps(function)
    def call(*args: Array, **params: Any) -> Any:
        return observation(*args, **params)

    return call


def _value(x: Array) -> Any:
    """The array below all transformations."""
    while isinstance(x, Tracer) and not isinstance(x, scalars.Numbers):
        inner = _stop_gradient(x)
        if inner is x:
            raise TypeError(
                "A compiled function asked for something whose shape depends on the values of a traced array: do this "
                "outside of compile, and give what is found as an argument."
            )
        x = inner
    return x


def _truth(x: Array) -> Any:
    """Whether each element differs from 0."""
    return scalars.decided(x, "Which elements differ from 0")


def _order(x: Array, axis: int | None) -> Any:
    """What NumPy can sort in place of x along an axis."""
    return scalars.order(reshape(x, (-1,)) if axis is None else x, 0 if axis is None else axis)


def _place(find: Callable[..., Any], x: Array, axis: int | None, keepdims: Any) -> Any:
    found = find(_order(x, axis), axis=axis, keepdims=keepdims)
    return found.reshape((1,) * x.ndim) if keepdims and axis is None else found


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
    return np.nonzero(_truth(_value(x)))


@_observed
def count_nonzero(x: Array, /, *, axis: Axis = None, keepdims: Any = False) -> Any:
    """How many elements are not zero."""
    return np.count_nonzero(_truth(x), axis=axis, keepdims=keepdims)


@_observed
def searchsorted(x1: Array, x2: Array, /, *, side: Any = "left", sorter: Any = None) -> Any:
    """Where the elements of x2 would go in the sorted x1."""
    return np.searchsorted(x1, x2, side=side, sorter=sorter)


@_observed
def all(x: Array, /, *, axis: Axis = None, keepdims: Any = False) -> Any:
    """Whether all elements are true."""
    return np.all(_truth(x), axis=axis, keepdims=keepdims)


@_observed
def any(x: Array, /, *, axis: Axis = None, keepdims: Any = False) -> Any:
    """Whether any element is true."""
    return np.any(_truth(x), axis=axis, keepdims=keepdims)


# --- what is composed from the above ----------------------------------------------------------------------------------

from .contractions import convolve, einsum, max_pool, mean_pool, pad, sliding_windows, tensordot
from . import linalg  # isort: skip
