"""Functions of whole arrays of elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint
import numpy as np

from reference_ad.engine.elements import OBJECT, as_array
from reference_ad.rules.elementwise import exp, sqrt

from .comparisons import are_truths, as_numbers, equal, equal_element, maximum_each, truths
from .elements import (
    COMPLEX,
    SERIES,
    coefficient,
    compute,
    constant_term,
    element,
    elements,
    filled,
    joined,
    kinds,
    on_elements,
)
from .functions import integer_power, is_masked, power, truncate


def total(x: Any, axis: Any, keepdims: Any) -> Any:
    return elements(np.add.reduce(x, axis=axis, keepdims=keepdims))


def matrix(x: Any) -> Any:
    """A matrix of FLINT's, of balls."""
    make: Any = flint.acb_mat if COMPLEX in kinds(x) else flint.arb_mat
    return make(*x.shape, x.ravel().tolist())


def matrix_product(x: Any, y: Any) -> Any:
    """Two matrices of elements multiplied by FLINT.

    That is many times faster than element by element.
    """
    if SERIES in kinds(x) | kinds(y):
        # by coefficients: each is a product of matrices of balls
        xs, ys = ([coefficient(a, k) for k in range(flint.ctx.cap)] for a in (x, y))
        orders = range(flint.ctx.cap)
        sums = [
            np.add.reduce([matrix_product(xs[j], ys[k - j]) for j in range(k + 1)]) for k in orders
        ]
        return joined([s.ravel().tolist() for s in sums], sums[0].shape)
    return filled((matrix(x) * matrix(y)).entries(), (x.shape[0], y.shape[1]))


def matmul(x: Any, y: Any) -> Any:
    left = x[None, :] if x.ndim == 1 else x
    right = y[:, None] if y.ndim == 1 else y
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    if left.shape[-1] != right.shape[-2]:
        raise ValueError(
            f"matmul was given shapes {x.shape} and {y.shape}: the inner lengths must agree."
        )
    ans = np.empty((*batch, left.shape[-2], right.shape[-1]), OBJECT)
    if left.shape[-1] == 0:
        ans[...] = flint.arb(0)
    elif ans.size:
        left = np.broadcast_to(left, (*batch, *left.shape[-2:]))
        right = np.broadcast_to(right, (*batch, *right.shape[-2:]))
        for position in np.ndindex(batch):
            ans[position] = matrix_product(left[position], right[position])
    if x.ndim == 1:
        ans = ans[..., 0, :]
    return ans[..., 0] if y.ndim == 1 else ans


def reduced(pairwise: Any) -> Callable[..., Any]:
    """The reduction over several axes that an elementwise function of two arguments gives."""

    def reduce(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
        for position in sorted(axis, reverse=True):
            x = as_array(pairwise.reduce(x, axis=position, keepdims=keepdims))
        return x

    return reduce


largest = reduced(maximum_each)


def with_zeros(implementation: Callable[..., Any]) -> Callable[..., Any]:
    """What fills with zeros, and then would leave Python's integers among the elements."""
    return lambda *args, **params: elements(implementation(*args, **params))


def _largest_part(x: Any, axis: tuple[int, ...]) -> Any:
    """The largest real part along the axes, which keep their place with length 1."""
    parts = on_elements(lambda v: element(constant_term(v)).real)(x)
    return largest(parts, axis, True) if axis else parts


@on_elements
def _shift(largest_part: Any) -> Any:
    """An exact number near the largest real part, to subtract before exponentials are taken.

    Any finite one does.
    """
    return largest_part.mid() if largest_part.is_finite() else 0


@on_elements
def _log_of_sum(total: Any, largest_part: Any) -> Any:
    """The logarithm of a sum of exponentials; -inf where all of them are masked."""
    return largest_part if is_masked(largest_part) else element(total).log()


def logsumexp(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    largest_part = _largest_part(x, axis)
    shift = _shift(largest_part)
    total = np.add.reduce(compute(exp, x - shift), axis=axis, keepdims=True)
    ans = _log_of_sum(total, largest_part) + shift
    return ans if keepdims else np.reshape(ans, [n for k, n in enumerate(x.shape) if k not in axis])


def softmax(x: Any, axis: tuple[int, ...]) -> Any:
    y = compute(exp, x - _shift(_largest_part(x, axis)))
    return y / np.add.reduce(y, axis=axis, keepdims=True)


def attains(x: Any, ans: Any) -> Any:
    """Whether each element is the largest (or the smallest) along the reduced axes.

    These are the axes on which `ans`, the extreme, has length 1.

    An element that overlaps the extreme may attain it; it surely does if it is separated from all
    others there.
    """
    axis = tuple([k for k, n in enumerate(ans.shape) if n == 1])
    may = on_elements(lambda v, w: equal_element(v, w) is not False)(x, ans)
    alone = np.add.reduce(may, axis=axis, keepdims=True) == 1
    exact = equal(x, ans)
    return _decided(may, alone, exact)


@on_elements
def _decided(may: bool, alone: bool, exact: bool | None) -> bool | None:
    """False where it cannot be so, True where nothing else can, None where that is left open."""
    if not may:
        return False
    return True if alone or exact else None


def constant_power(x: Any, exponent: Any) -> Any:
    if abs(exponent) < 2**20 and exponent == int(exponent):
        return np.frompyfunc(lambda v: integer_power(v, int(exponent)), 1, 1)(x)
    if exponent == 0.5:
        return compute(sqrt, x)
    return np.frompyfunc(lambda v: power(v, exponent), 1, 1)(x)


def astype(x: Any, dtype: Any) -> Any:
    """Balls stay balls in every floating dtype; in a complex one they become complex."""
    if x.dtype != OBJECT or are_truths(x):
        x = as_numbers(x)
    return on_elements(lambda v: flint.acb(v))(x) if np.dtype(dtype).kind == "c" else x


def cast_to_integer(x: Any, dtype: Any) -> Any:
    if np.dtype(dtype).kind == "b":
        return truths(x)
    if x.dtype == OBJECT and are_truths(x):
        return as_numbers(x)
    if x.dtype != OBJECT:
        return x
    integers = as_array(on_elements(truncate)(x))  # a sum of all elements is bare
    exact = all(isinstance(v, flint.arb) and v.is_exact() for v in integers.ravel())
    return as_integers(integers, dtype) if exact else integers


def as_integers(x: Any, dtype: Any) -> Any:
    """Balls that are integers, as an array of these: what it was cast for may be an index."""
    numbers = [int(v.unique_fmpz()) for v in x.ravel()]
    return np.asarray(numbers, dtype).reshape(x.shape)
