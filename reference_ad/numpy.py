"""The array namespace: the Python array API standard 2024.12, on arrays and tracers alike.

Elementwise functions are the primitives themselves. The others bring their arguments into the form in which the
primitives take them (axes as tuples of non-negative integers, say), or are compositions. `special` has SciPy's names.
Where a function has no derivative (comparisons, argmax, ...) it acts on the values.
"""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import bool_ as bool  # noqa: F401
from numpy import complex64 as complex64
from numpy import complex128 as complex128
from numpy import e as e
from numpy import finfo as finfo
from numpy import float32 as float32
from numpy import float64 as float64
from numpy import iinfo as iinfo
from numpy import inf as inf
from numpy import int8 as int8
from numpy import int16 as int16
from numpy import int32 as int32
from numpy import int64 as int64
from numpy import isdtype as isdtype
from numpy import nan as nan
from numpy import newaxis as newaxis
from numpy import pi as pi
from numpy import uint8 as uint8
from numpy import uint16 as uint16
from numpy import uint32 as uint32
from numpy import uint64 as uint64

from . import rules_linalg, rules_reductions, rules_structural, scalars
from . import special as special
from .core import Array, Observation, Tracer
from .operators import pow as pow
from .rules_contraction import matmul as matmul
from .rules_elementwise import abs as abs
from .rules_elementwise import acos as acos
from .rules_elementwise import acosh as acosh
from .rules_elementwise import add as add
from .rules_elementwise import asin as asin
from .rules_elementwise import asinh as asinh
from .rules_elementwise import atan as atan
from .rules_elementwise import atan2 as atan2
from .rules_elementwise import atanh as atanh
from .rules_elementwise import ceil as ceil
from .rules_elementwise import conj as conj
from .rules_elementwise import copysign as copysign
from .rules_elementwise import cos as cos
from .rules_elementwise import cosh as cosh
from .rules_elementwise import discretize as _discretize
from .rules_elementwise import divide as divide
from .rules_elementwise import equal as equal
from .rules_elementwise import exp as exp
from .rules_elementwise import expm1 as expm1
from .rules_elementwise import floor as floor
from .rules_elementwise import floor_divide as floor_divide
from .rules_elementwise import greater as greater
from .rules_elementwise import greater_equal as greater_equal
from .rules_elementwise import hypot as hypot
from .rules_elementwise import imag as imag
from .rules_elementwise import isfinite as isfinite
from .rules_elementwise import isinf as isinf
from .rules_elementwise import isnan as isnan
from .rules_elementwise import less as less
from .rules_elementwise import less_equal as less_equal
from .rules_elementwise import log as log
from .rules_elementwise import log1p as log1p
from .rules_elementwise import log2 as log2
from .rules_elementwise import log10 as log10
from .rules_elementwise import logaddexp as logaddexp
from .rules_elementwise import logical_and as logical_and
from .rules_elementwise import logical_not as logical_not
from .rules_elementwise import logical_or as logical_or
from .rules_elementwise import logical_xor as logical_xor
from .rules_elementwise import maximum as maximum
from .rules_elementwise import minimum as minimum
from .rules_elementwise import multiply as multiply
from .rules_elementwise import negative as negative
from .rules_elementwise import not_equal as not_equal
from .rules_elementwise import positive as positive
from .rules_elementwise import real as real
from .rules_elementwise import reciprocal as reciprocal
from .rules_elementwise import remainder as remainder
from .rules_elementwise import round as round
from .rules_elementwise import sign as _sign
from .rules_elementwise import signbit as signbit
from .rules_elementwise import sin as sin
from .rules_elementwise import sinh as sinh
from .rules_elementwise import sqrt as sqrt
from .rules_elementwise import square as square
from .rules_elementwise import stop_gradient as _stop_gradient
from .rules_elementwise import subtract as subtract
from .rules_elementwise import tan as tan
from .rules_elementwise import tanh as tanh
from .rules_elementwise import trunc as trunc
from .rules_elementwise import where as where
from .rules_linalg import diagonal as diagonal
from .rules_structural import matrix_transpose as matrix_transpose

Axis = int | tuple[int, ...] | None
Shape = int | tuple[int, ...]


def _axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    """`axis` as a tuple of non-negative integers; None means all."""
    if axis is None:
        return tuple(range(ndim))
    if isinstance(axis, tuple):
        return tuple([_one_axis(k, ndim) for k in axis])
    return (_one_axis(axis, ndim),)


def _one_axis(axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise ValueError(
            f"axis {axis} was given for an array of {ndim} dimension(s): give one from {-ndim} to {ndim - 1}."
        )
    return axis % ndim


# --- creation and dtypes ----------------------------------------------------------------------------------------------


def asarray(obj: Any, /, *, dtype: Any = None, copy: Any = None) -> Array:
    """An array of `obj`: a number, an array, a tracer, or nested sequences of them."""
    if isinstance(obj, Tracer):
        return obj if dtype is None else astype(obj, dtype)
    if isinstance(obj, (list, tuple)) and _holds_tracers(obj):
        return stack([asarray(item, dtype=dtype) for item in obj])
    return _own(np.asarray(obj, dtype=dtype, copy=copy))


def _own(x: Any) -> Array:
    """An array of the namespace: one of objects becomes one of balls."""
    return scalars.numbers(x) if x.dtype == scalars.OBJECT else x


def _holds_tracers(obj: Any) -> Any:
    return builtins.any(
        isinstance(item, Tracer) or (isinstance(item, (list, tuple)) and _holds_tracers(item)) for item in obj
    )


def zeros(shape: Shape, *, dtype: Any = None) -> Array:
    """Zeros, float64 unless told otherwise."""
    return _own(np.zeros(shape, np.float64 if dtype is None else dtype))


def ones(shape: Shape, *, dtype: Any = None) -> Array:
    """Ones, float64 unless told otherwise."""
    return _own(np.ones(shape, np.float64 if dtype is None else dtype))


def empty(shape: Shape, *, dtype: Any = None) -> Array:
    """Zeros: uninitialised memory would make results irreproducible."""
    return zeros(shape, dtype=dtype)


def full(shape: Shape, fill_value: Array, *, dtype: Any = None) -> Array:
    """An array filled with one number, which may be a tracer."""
    if isinstance(fill_value, Tracer):
        return broadcast_to(asarray(fill_value, dtype=dtype), (shape,) if isinstance(shape, int) else shape)
    return _own(np.full(shape, fill_value, dtype))


def eye(n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None) -> Array:
    """Ones on the k-th diagonal."""
    return _own(np.eye(n_rows, n_cols, k, np.float64 if dtype is None else dtype))


def arange(start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None) -> Array:
    """Evenly spaced numbers, the end excluded."""
    first, last = (0, start) if stop is None else (start, stop)
    return _own(np.arange(first, last, step, dtype=dtype))


def linspace(start: Any, stop: Any, /, num: int, *, dtype: Any = None, endpoint: Any = True) -> Array:
    """`num` evenly spaced numbers."""
    return _own(np.linspace(start, stop, num, endpoint=endpoint, dtype=dtype))


def zeros_like(x: Array, /, *, dtype: Any = None) -> Array:
    """Zeros of the shape and dtype of x."""
    return _own(np.zeros(x.shape, x.dtype if dtype is None else dtype))


def ones_like(x: Array, /, *, dtype: Any = None) -> Array:
    """Ones of the shape and dtype of x."""
    return _own(np.ones(x.shape, x.dtype if dtype is None else dtype))


def empty_like(x: Array, /, *, dtype: Any = None) -> Array:
    """Zeros of the shape and dtype of x."""
    return zeros_like(x, dtype=dtype)


def full_like(x: Array, /, fill_value: Array, *, dtype: Any = None) -> Array:
    """An array of the shape and dtype of x, filled with one number."""
    return full(x.shape, fill_value, dtype=x.dtype if dtype is None else dtype)


def meshgrid(*arrays: Array, indexing: str = "xy") -> list[Array]:
    """Coordinate matrices from coordinate vectors."""
    n = len(arrays)
    grids = []
    for k, array in enumerate(arrays):
        place = {0: 1, 1: 0}.get(k, k) if indexing == "xy" and n > 1 else k
        grids.append(reshape(array, tuple([-1 if position == place else 1 for position in range(n)])))
    return broadcast_arrays(*grids)


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
    return rules_structural.permute_dims(x, axes=_axes(tuple(axes), x.ndim))


def moveaxis(x: Array, source: Any, destination: Any, /) -> Array:
    """x with some axes moved to new positions."""
    sources, destinations = _axes(source, x.ndim), _axes(destination, x.ndim)
    order = [k for k in range(x.ndim) if k not in sources]
    for position, axis in sorted(zip(destinations, sources, strict=True)):
        order.insert(position, axis)
    return permute_dims(x, tuple(order))


def broadcast_to(x: Array, /, shape: tuple[int, ...]) -> Array:
    """x repeated to a larger shape."""
    return rules_structural.broadcast_to(x, shape=tuple(shape))


def broadcast_arrays(*arrays: Array) -> list[Array]:
    """The arrays repeated to their common shape."""
    shape = np.broadcast_shapes(*[x.shape for x in arrays])
    return [broadcast_to(x, shape) for x in arrays]


def expand_dims(x: Array, /, axis: int = 0) -> Array:
    """x with a new axis of length 1."""
    position = _one_axis(axis, x.ndim + 1)
    return rules_structural.reshape(x, shape=(*x.shape[:position], 1, *x.shape[position:]))


def squeeze(x: Array, /, axis: int | tuple[int, ...]) -> Array:
    """x without some axes of length 1. Raises ValueError where they are longer."""
    axes = _axes(axis, x.ndim)
    if builtins.any(x.shape[k] != 1 for k in axes):
        raise ValueError(f"squeeze was given axis {axis} of an array of shape {x.shape}: name axes of length 1.")
    return rules_structural.reshape(x, shape=tuple([n for k, n in enumerate(x.shape) if k not in axes]))


def flip(x: Array, /, *, axis: Axis = None) -> Array:
    """x backwards along some axes."""
    return rules_structural.flip(x, axis=_axes(axis, x.ndim))


def roll(x: Array, /, shift: int | tuple[int, ...], *, axis: Axis = None) -> Array:
    """x moved along some axes, coming in again at the other end."""
    if axis is None:
        return reshape(roll(reshape(x, (-1,)), shift, axis=0), x.shape)
    axes = _axes(axis, x.ndim)
    shifts = shift if isinstance(shift, tuple) else (shift,) * len(axes)
    return rules_structural.roll(x, shift=shifts, axis=axes)


def concat(arrays: Sequence[Array], /, *, axis: int | None = 0) -> Array:
    """The arrays joined along an axis; None: flattened first."""
    if axis is None:
        return rules_structural.concat(*[reshape(x, (-1,)) for x in arrays], axis=0)
    return rules_structural.concat(*arrays, axis=_one_axis(axis, arrays[0].ndim))


def stack(arrays: Sequence[Array], /, *, axis: int = 0) -> Array:
    """The arrays joined along a new axis."""
    return rules_structural.stack(*arrays, axis=_one_axis(axis, arrays[0].ndim + 1))


def unstack(x: Array, /, *, axis: int = 0) -> tuple[Array, ...]:
    """The slices of x along an axis."""
    before = (slice(None),) * _one_axis(axis, x.ndim)
    return tuple([x[(*before, position)] for position in range(x.shape[axis])])


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
    before = (slice(None),) * _one_axis(0 if axis is None else axis, x.ndim)
    index = indices if isinstance(indices, Tracer) else np.asarray(indices)
    return rules_structural.getitem(x, index=(*before, index))


def take_along_axis(x: Array, indices: Array, /, *, axis: int = -1) -> Array:
    """``result[i, j] = x[i, indices[i, j]]`` (for the last axis of two)."""
    place = _one_axis(axis, x.ndim)
    shape = np.broadcast_shapes(
        tuple([1 if k == place else n for k, n in enumerate(x.shape)]),
        tuple([1 if k == place else n for k, n in enumerate(indices.shape)]),
    )
    x = broadcast_to(x, tuple([x.shape[place] if k == place else n for k, n in enumerate(shape)]))
    mesh: list[Any] = list(np.ogrid[tuple([slice(n) for n in x.shape])])
    mesh[place] = indices
    return rules_structural.getitem(x, index=tuple(mesh))


# --- reductions -------------------------------------------------------------------------------------------------------


def sum(x: Array, /, *, axis: Axis = None, dtype: Any = None, keepdims: Any = False) -> Array:
    """The sum over some axes."""
    if dtype is not None:
        x = astype(x, dtype)
    return rules_reductions.sum(x, axis=_axes(axis, x.ndim), keepdims=keepdims)


def _count(x: Array, axes: tuple[int, ...]) -> int:
    count = 1
    for axis in axes:
        count *= x.shape[axis]
    return count


def mean(x: Array, /, *, axis: Axis = None, keepdims: Any = False) -> Array:
    """The arithmetic mean over some axes."""
    axes = _axes(axis, x.ndim)
    return rules_reductions.sum(x, axis=axes, keepdims=keepdims) / _count(x, axes)


def var(x: Array, /, *, axis: Axis = None, correction: float = 0, keepdims: Any = False) -> Array:
    """The mean square deviation from the mean; `correction` is subtracted from the count."""
    axes = _axes(axis, x.ndim)
    deviation = x - mean(x, axis=axes, keepdims=True)
    total = rules_reductions.sum(deviation * deviation, axis=axes, keepdims=keepdims)
    return total / (_count(x, axes) - correction)


def std(x: Array, /, *, axis: Axis = None, correction: float = 0, keepdims: Any = False) -> Array:
    """The square root of `var`; where that is 0 so is its derivative, the subgradient of least norm."""
    axes = _axes(axis, x.ndim)
    size = rules_linalg.norm(x - mean(x, axis=axes, keepdims=True), axis=axes, keepdims=keepdims)
    return size / builtins.max(_count(x, axes) - correction, 0) ** 0.5


def prod(x: Array, /, *, axis: Axis = None, dtype: Any = None, keepdims: Any = False) -> Array:
    """The product over some axes.

    A tree of multiplications, so that derivatives of every order are right where factors are zero.
    """
    if dtype is not None:
        x = astype(x, dtype)
    axes = _axes(axis, x.ndim)
    kept = tuple([k for k in range(x.ndim) if k not in axes])
    factors = reshape(permute_dims(x, (*axes, *kept)), (_count(x, axes), *[x.shape[k] for k in kept]))
    n = factors.shape[0]
    if n == 0:
        factors, n = ones((1, *factors.shape[1:]), dtype=x.dtype), 1
    while n > 1:
        half = n // 2
        product = factors[:half] * factors[half : 2 * half]
        factors = product if n == 2 * half else concat([product, factors[2 * half :]])
        n = factors.shape[0]
    return reshape(factors, tuple([1 if k in axes else n for k, n in enumerate(x.shape) if keepdims or k in kept]))


def max(x: Array, /, *, axis: Axis = None, keepdims: Any = False) -> Array:
    """The largest element; where several are, they share the derivative equally."""
    return rules_reductions.max(x, axis=_axes(axis, x.ndim), keepdims=keepdims)


def min(x: Array, /, *, axis: Axis = None, keepdims: Any = False) -> Array:
    """The smallest element; where several are, they share the derivative equally."""
    return rules_reductions.min(x, axis=_axes(axis, x.ndim), keepdims=keepdims)


def cumulative_sum(x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: Any = False) -> Array:
    """The running sum along an axis."""
    if dtype is not None:
        x = astype(x, dtype)
    place = _one_axis(0 if axis is None else axis, x.ndim)
    total = rules_reductions.cumulative_sum(x, axis=place)
    if include_initial:
        first = zeros(tuple([1 if k == place else n for k, n in enumerate(x.shape)]), dtype=x.dtype)
        total = concat([first, total], axis=place)
    return total


def cumulative_prod(x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: Any = False) -> Array:
    """The running product along an axis, in a tree of multiplications as in `prod`."""
    if dtype is not None:
        x = astype(x, dtype)
    place = _one_axis(0 if axis is None else axis, x.ndim)
    before = (slice(None),) * place
    step = 1
    while step < x.shape[place]:
        further = x[(*before, slice(step, None))] * x[(*before, slice(None, -step))]
        x = concat([x[(*before, slice(None, step))], further], axis=place)
        step *= 2
    if include_initial:
        first = ones(tuple([1 if k == place else n for k, n in enumerate(x.shape)]), dtype=x.dtype)
        x = concat([first, x], axis=place)
    return x


def sign(x: Array, /) -> Array:
    """-1, 0 or 1; of a complex number the number of size 1 in its direction, or 0."""
    if not hasattr(x, "dtype") or x.dtype.kind != "c":
        return _sign(x)
    size = abs(x)
    return x / where(size == 0, 1, size)


def clip(x: Array, /, min: Array = None, max: Array = None) -> Array:
    """x kept between two bounds; at a bound, half of the derivative is x's. `max` where the bounds leave no room."""
    kept = x if min is None else maximum(x, min)
    kept = kept if max is None else minimum(kept, max)
    return kept if min is None or max is None else where(less(min, max), kept, max)


def diff(
    x: Array, /, *, axis: int = -1, n: int = 1, prepend: Array | None = None, append: Array | None = None
) -> Array:
    """The n-th difference along an axis, after joining `prepend` and `append` to it."""
    x = concat([part for part in (prepend, x, append) if part is not None], axis=axis)
    before = (slice(None),) * _one_axis(axis, x.ndim)
    for _ in range(n):
        x = x[(*before, slice(1, None))] - x[(*before, slice(None, -1))]
    return x


# --- sums of products -------------------------------------------------------------------------------------------------


def vecdot(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    """The inner product along an axis; the first vector is conjugated."""
    return sum((conj(x1) if x1.dtype.kind == "c" else x1) * x2, axis=axis)


def outer(x1: Array, x2: Array, /) -> Array:
    """All products of an element of one vector with an element of another."""
    return x1[:, None] * x2[None, :]


def tensordot(x1: Array, x2: Array, /, *, axes: Any = 2) -> Array:
    """The sum of products over pairs of axes."""
    if isinstance(axes, int):
        axes = (tuple(range(x1.ndim - axes, x1.ndim)), tuple(range(axes)))
    first, second = _axes(tuple(axes[0]), x1.ndim), _axes(tuple(axes[1]), x2.ndim)
    rows = tuple([k for k in range(x1.ndim) if k not in first])
    columns = tuple([k for k in range(x2.ndim) if k not in second])
    length = _count(x1, first)
    left = reshape(permute_dims(x1, (*rows, *first)), (_count(x1, rows), length))
    right = reshape(permute_dims(x2, (*second, *columns)), (length, _count(x2, columns)))
    return reshape(left @ right, tuple([x1.shape[k] for k in rows] + [x2.shape[k] for k in columns]))


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


@_observed
def argmax(x: Array, /, *, axis: int | None = None, keepdims: Any = False) -> Any:
    """The index of the largest element."""
    return np.argmax(_order(x, axis), axis=axis, keepdims=keepdims)


@_observed
def argmin(x: Array, /, *, axis: int | None = None, keepdims: Any = False) -> Any:
    """The index of the smallest element."""
    return np.argmin(_order(x, axis), axis=axis, keepdims=keepdims)


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

from . import linalg as linalg  # noqa: E402
from .contractions import convolve as convolve  # noqa: E402
from .contractions import einsum as einsum  # noqa: E402
from .contractions import max_pool as max_pool  # noqa: E402
from .contractions import mean_pool as mean_pool  # noqa: E402
from .contractions import pad as pad  # noqa: E402
from .contractions import sliding_windows as sliding_windows  # noqa: E402
