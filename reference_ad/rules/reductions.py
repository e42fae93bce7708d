"""Functions that combine the elements along axes.

`axis` is a tuple of non-negative integers throughout.
"""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.core import Array, Primitive, Rule
from ..engine.declaring import astype, axis_lengths, define, elementwise, linear, reshape
from ..engine.declaring import sum as sum
from ..engine.nodes import ArrayType, Node
from ..engine.numpy_source import Memory, Work, write_as
from ..engine.rounding import Rounding, rounds
from .batching import along_axis, batch
from .elementwise import exp, maximum
from .identities import Make, simplify
from .structural import flip

Axis = int | tuple[int, ...] | None
"""Axes as users give them; None means all."""


def canonical_axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    """`axis` as a tuple of non-negative integers."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(
        [canonical_axis(k, ndim) for k in (axis if isinstance(axis, (tuple, list)) else (axis,))]
    )


def canonical_axis(axis: int, ndim: int) -> int:
    """`axis` as a non-negative integer. Raises ValueError where there is no such axis."""
    if ndim == 0:
        raise ValueError(f"axis {axis} was given for an array of no dimensions, which has no axes.")
    if not -ndim <= axis < ndim:
        raise ValueError(
            f"axis {axis} was given for an array of {ndim} dimension(s): give one from {-ndim} to "
            f"{ndim - 1}."
        )
    return axis % ndim


def only_axis(axis: int | None, ndim: int) -> int:
    """`axis` as a non-negative integer; None for the only one.

    Raises ValueError where there are several.
    """
    if axis is None and ndim > 1:
        raise ValueError(f"No axis was given for an array of {ndim} dimensions: name one of them.")
    return canonical_axis(0 if axis is None else axis, ndim)


def restored(x: Array, like: Array, axis: tuple[int, ...]) -> Array:
    """`x`, reduced from `like` over `axis`, with those axes put back as axes of length 1."""
    return reshape(x, shape=axis_lengths(like.shape, axis))


def _total(x: Array, axis: tuple[int, ...], keepdims: bool = True) -> Array:
    return sum(x, axis=axis, keepdims=keepdims)


def reduction(name: str, implementation: Callable[..., Any], gradient: Rule) -> Primitive:
    """A reduction, with ``gradient(ans, x, axis)`` of its answer.

    `ans` is given with axes of length 1 where x is reduced.
    """
    return define(
        name,
        implementation,
        jvps=[
            lambda t, ans, x, axis, keepdims: _total(
                t * gradient(restored(ans, x, axis), x, axis), axis, keepdims
            )
        ],
        vjps=[
            lambda g, ans, x, axis, keepdims: (
                restored(g, x, axis) * gradient(restored(ans, x, axis), x, axis)
            )
        ],
    )


# --- extremes: where several elements attain the extreme, they share the derivative equally -------

attains = elementwise("attains", lambda x, ans: np.equal(x, ans) | np.not_equal(x, x))


def _shares(ans: Array, x: Array, axis: tuple[int, ...]) -> Array:
    """For each element the part of the derivative that it gets.

    If there are NaNs, they are the extreme.
    """
    attained = astype(attains(x, ans), dtype=x.dtype)
    return attained / maximum(
        _total(attained, axis), 1
    )  # 0 only as the end of a ball, or where nothing is reduced


max = reduction("max", np.maximum.reduce, _shares)
min = reduction("min", np.minimum.reduce, _shares)

# --- running sums ---------------------------------------------------------------------------------

cumulative_sum = linear(  # params: axis, one non-negative integer
    "cumulative_sum",
    lambda x, axis: np.add.accumulate(x, axis=axis),
    lambda g, ans, x, axis: flip(cumulative_sum(flip(g, axis=(axis,)), axis=axis), axis=(axis,)),
)

# --- the family of logsumexp ----------------------------------------------------------------------


def _logsumexp(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    largest = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    largest = np.where(np.isfinite(largest), largest, 0)
    with np.errstate(divide="ignore"):  # the logarithm of an empty sum is -inf
        ans = np.log(np.add.reduce(np.exp(x - largest), axis=axis, keepdims=True)) + largest
    return ans if keepdims else ans.squeeze(axis)[()]


def _softmax(x: Any, axis: tuple[int, ...]) -> Any:
    y = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf))
    return y / np.add.reduce(y, axis=axis, keepdims=True)


def _log_softmax(x: Any, axis: tuple[int, ...]) -> Any:
    y = x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    return y - np.log(np.add.reduce(np.exp(y), axis=axis, keepdims=True))


def _softmax_derivative(g: Array, ans: Array, x: Array, axis: tuple[int, ...]) -> Array:
    return ans * (g - _total(ans * g, axis))  # a symmetric matrix: one rule for both modes


# exp(x - ans) would lose as many digits as ans has before its point
logsumexp = reduction("logsumexp", _logsumexp, lambda ans, x, axis: softmax(x, axis=axis))
softmax = define("softmax", _softmax, jvps=[_softmax_derivative], vjps=[_softmax_derivative])
log_softmax = define(
    "log_softmax",
    _log_softmax,
    jvps=[lambda t, ans, x, axis: t - _total(exp(ans) * t, axis)],
    vjps=[lambda g, ans, x, axis: g - exp(ans) * _total(g, axis)],
)


# --- on stacks of arrays --------------------------------------------------------------------------

batch(along_axis, sum, max, min, logsumexp, softmax, log_softmax, cumulative_sum)


# --- in graphs: identities that hold exactly ------------------------------------------------------


def _sum(
    make: Make, array_type: ArrayType, x: Node, axis: tuple[int, ...], keepdims: bool
) -> Node | None:
    shape = x.array_type.shape
    if all(shape[k] == 1 for k in axis):
        return make(array_type, reshape, x, shape=array_type.shape)
    if keepdims:
        left = tuple([length for k, length in enumerate(shape) if k not in axis])
        total = make(ArrayType(left, array_type.dtype), sum, x, axis=axis, keepdims=False)
        return make(array_type, reshape, total, shape=array_type.shape)
    if len(axis) == len(shape) and x.primitive is reshape:
        all_axes = tuple(range(len(x.args[0].array_type.shape)))
        return make(array_type, sum, *x.args, axis=all_axes, keepdims=False)
    return None


simplify(sum, _sum)


# --- in compiled source ---------------------------------------------------------------------------

write_as(sum, max, min, cumulative_sum, number="{}", memory=Memory.NEW)
write_as(softmax, log_softmax, memory=Memory.NEW)
write_as(sum, max, min, logsumexp, work=Work.PER_ARGUMENT)

rounds(Rounding.EXACT, max, min, attains)
rounds(Rounding.FUNCTION, logsumexp, softmax, log_softmax)
rounds(Rounding.SUM, sum, cumulative_sum)
