"""Sums, products, extremes and moments along axes, running ones too."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.arguments import scalar_one
from ..engine.core import Array
from ..engine.declaring import axis_lengths
from ..engine.elements import OBJECT, is_complex, numbers
from ..rules import linalg as rules_linalg
from ..rules import reductions as rules_reductions
from ..rules.elementwise import equal, imag, real, sqrt, stop_gradient, where
from ..rules.reductions import Axis, canonical_axes, canonical_axis, only_axis
from .creation import full, ones
from .data_types import astype, cast_if_asked
from .manipulation import at, concat, permute_dims, reshape, stack


def _cast(x: Array, dtype: Any) -> Array:
    """x in the dtype that its sums and products have.

    Integers in the widest, unless told otherwise.
    """
    if dtype is None and x.dtype.kind in "biu":
        dtype = np.uint64 if x.dtype.kind == "u" else np.int64
    return cast_if_asked(x, dtype)


def _narrowed(total: Array, like: Array) -> Array:
    """A sum in the dtype of what was added up: NumPy's has the widest integers.

    Sums wrap around in both alike.
    """
    if total.dtype == like.dtype or like.dtype.kind not in "biu":
        return total
    return astype(total, like.dtype)


def sum(x: Array, /, *, axis: Axis = None, dtype: Any = None, keepdims: Any = False) -> Array:
    """The sum over some axes.

    dtype: that of the result, in which is added up. None: that of x; of small integers the widest
    integers of their kind, as in `prod` and the running sums and products.
    """
    x = _cast(x, dtype)
    total = rules_reductions.sum(x, axis=canonical_axes(axis, x.ndim), keepdims=keepdims)
    return _narrowed(total, x)


def _count(x: Array, axes: tuple[int, ...]) -> int:
    return math.prod([x.shape[k] for k in axes])


def _freedom(x: Array, axes: tuple[int, ...], correction: float) -> Any:
    """The count less the correction, in balls if x is of such, for a double would be rounded."""
    count: Any = _count(x, axes)
    if count < correction:
        return 0
    if x.dtype == OBJECT:
        count = numbers(count)
    return count - correction


def mean(x: Array, /, *, axis: Axis = None, keepdims: Any = False) -> Array:
    """The arithmetic mean over some axes."""
    axes = canonical_axes(axis, x.ndim)
    return rules_reductions.sum(x, axis=axes, keepdims=keepdims) / _count(x, axes)


def real_parts(x: Array, axes: tuple[int, ...]) -> tuple[Array, tuple[int, ...]]:
    """Real numbers whose squares add up, along axes, to those of the sizes of x.

    x itself, or the real and imaginary parts of complex numbers along one more axis at the end;
    and the axes along which to add up.
    """
    if not is_complex(x):
        return x, axes
    return stack([real(x), imag(x)], axis=-1), (*axes, x.ndim)


def euclidean_norm(x: Array, axes: tuple[int, ...], keepdims: Any) -> Array:
    """The root of the sum of the squares of sizes along axes."""
    parts, summed = real_parts(x, axes)
    if summed == axes:
        return rules_linalg.norm(x, axis=axes, keepdims=keepdims)
    size = rules_linalg.norm(parts, axis=summed, keepdims=False)
    return reshape(size, axis_lengths(x.shape, axes)) if keepdims else size


def _deviation(x: Array, axes: tuple[int, ...]) -> Array:
    """How far x is from its mean."""
    return x - mean(x, axis=axes, keepdims=True)


def _without_rounding(deviation: Array, x: Array, axes: tuple[int, ...]) -> Array:
    """The deviation of x, 0 where all numbers are equal, though their mean may be rounded.

    Its derivative stays.
    """
    if x.dtype == OBJECT or _count(x, axes) == 0:
        return deviation
    values = stop_gradient(x)
    largest, smallest = [
        extreme(values, axis=axes, keepdims=True)
        for extreme in (rules_reductions.max, rules_reductions.min)
    ]
    return deviation - where(equal(largest, smallest), stop_gradient(deviation), 0)


def var(x: Array, /, *, axis: Axis = None, correction: float = 0, keepdims: Any = False) -> Array:
    """The mean square deviation from the mean; of complex numbers, of its size.

    `correction` is subtracted from the count (nan or inf if it is more).
    """
    axes = canonical_axes(axis, x.ndim)
    parts, summed = real_parts(_deviation(x, axes), axes)
    total = rules_reductions.sum(parts * parts, axis=summed, keepdims=keepdims)
    if keepdims and summed != axes:
        total = total[..., 0]
    return total / _freedom(x, axes, correction)


def std(x: Array, /, *, axis: Axis = None, correction: float = 0, keepdims: Any = False) -> Array:
    """The square root of `var`.

    Where that is 0 so is its derivative, the subgradient of least norm; a second one there is not.
    """
    axes = canonical_axes(axis, x.ndim)
    deviation = _without_rounding(_deviation(x, axes), x, axes)
    size = euclidean_norm(deviation, axes, keepdims)
    return size / sqrt(
        scalar_one(size) * _freedom(x, axes, correction)
    )  # a double would be no ball


def prod(x: Array, /, *, axis: Axis = None, dtype: Any = None, keepdims: Any = False) -> Array:
    """The product over some axes.

    A tree of multiplications, so that derivatives of every order are right where factors are zero.
    """
    x = _cast(x, dtype)
    axes = canonical_axes(axis, x.ndim)
    kept = tuple([k for k in range(x.ndim) if k not in axes])
    factors = reshape(
        permute_dims(x, (*axes, *kept)), (_count(x, axes), *[x.shape[k] for k in kept])
    )
    if factors.shape[0] == 0:
        factors = ones((1, *factors.shape[1:]), dtype=x.dtype)
    while (n := factors.shape[0]) > 1:
        product = factors[: n // 2] * factors[n // 2 : n - n % 2]
        if n % 2:
            product = concat([product, factors[n - 1 :]])
        factors = product
    if keepdims:
        return reshape(factors, axis_lengths(x.shape, axes))
    return reshape(factors, tuple([x.shape[k] for k in kept]))


def max(x: Array, /, *, axis: Axis = None, keepdims: Any = False) -> Array:
    """The largest element; where several are, they share the derivative equally."""
    return rules_reductions.max(x, axis=canonical_axes(axis, x.ndim), keepdims=keepdims)


def min(x: Array, /, *, axis: Axis = None, keepdims: Any = False) -> Array:
    """The smallest element; where several are, they share the derivative equally."""
    return rules_reductions.min(x, axis=canonical_axes(axis, x.ndim), keepdims=keepdims)


def _running(x: Array, axis: int | None, dtype: Any, initial: int | None) -> tuple[Array, int]:
    """What a running sum or product takes.

    X, cast, behind an initial element if there is one; and the axis.
    """
    x = _cast(x, dtype)
    place = only_axis(axis, x.ndim)
    if initial is None:
        return x, place
    return concat(
        [full(axis_lengths(x.shape, (place,)), initial, dtype=x.dtype), x], axis=place
    ), place


def cumulative_sum(
    x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: Any = False
) -> Array:
    """The running sum along an axis."""
    x, place = _running(x, axis, dtype, 0 if include_initial else None)
    return _narrowed(rules_reductions.cumulative_sum(x, axis=place), x)


def cumulative_prod(
    x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: Any = False
) -> Array:
    """The running product along an axis, in a tree of multiplications as in `prod`."""
    x, place = _running(x, axis, dtype, 1 if include_initial else None)
    step = 1
    while step < x.shape[place]:
        further = x[at(slice(step, None), place)] * x[at(slice(None, -step), place)]
        x = concat([x[at(slice(None, step), place)], further], axis=place)
        step *= 2
    return x


def diff(
    x: Array, /, *, axis: int = -1, n: int = 1, prepend: Array = None, append: Array = None
) -> Array:
    """The n-th difference along an axis, after joining `prepend` and `append` to it."""
    if n < 0:
        raise ValueError(f"diff was given n={n}: give how often to take the difference, 0 or more.")
    x = concat([part for part in (prepend, x, append) if part is not None], axis=axis)
    place = canonical_axis(axis, x.ndim)
    for _ in range(n):
        x = x[at(slice(1, None), place)] - x[at(slice(None, -1), place)]
    return x
