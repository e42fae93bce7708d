"""Functions that combine the elements along axes.

`axis` is a tuple of non-negative integers throughout.
"""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.core import Array, Primitive, Rule, Tracer, UnlistedPrimitive
from ..engine.declaring import astype, axis_lengths, define, elementwise, linear, reshape
from ..engine.declaring import sum as sum
from ..engine.nodes import ArrayType, Node
from ..engine.numpy_source import Memory, Work, write_as
from ..engine.rounding import Rounding, rounds
from .batching import align, along_axis, batch
from .elementwise import exp, maximum, multiply
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


def from_the_end(axis: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """The axes counted from the last one, as they are in stacks too."""
    return tuple([position - ndim for position in axis])


def total_from_the_end(x: Array, axis: tuple[int, ...]) -> Array:
    """The sum over axes counted from the last one, which stay as axes of length 1."""
    return _total(x, canonical_axes(axis, x.ndim))


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


def _log_of_sum(exponentials: Any, axis: tuple[int, ...]) -> Any:
    """The logarithm of a sum of exponentials, of which the largest are 1.

    Where the others add up to little, one of these is left to log1p, so that all digits are kept.
    """
    total = np.add.reduce(exponentials, axis=axis, keepdims=True)
    if np.minimum.reduce(np.abs(total), None, initial=np.inf) >= 1.5:
        return np.log(total)
    is_one = exponentials == 1
    rest = np.add.reduce(np.where(is_one, 0, exponentials), axis=axis, keepdims=True)
    ones = np.add.reduce(is_one, axis=axis, keepdims=True, dtype=exponentials.dtype)
    return np.log1p(rest + (ones - 1))


def _logsumexp(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    largest = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    largest = np.where(np.isfinite(largest), largest, 0)
    with np.errstate(divide="ignore"):  # the logarithm of an empty sum is -inf
        ans = _log_of_sum(np.exp(x - largest), axis) + largest
    return ans if keepdims else ans.squeeze(axis)[()]


def _softmax(x: Any, axis: tuple[int, ...]) -> Any:
    y = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf))
    return y / np.add.reduce(y, axis=axis, keepdims=True)


def _log_softmax(x: Any, axis: tuple[int, ...]) -> Any:
    y = x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    return y - _log_of_sum(np.exp(y), axis)


# A weight p near 1 leaves no digits in 1 - p. Both maps are projections, so that they may be
# applied twice, and the second time takes the error of the first off the entry of that weight.
# Arrays of balls have digits enough.


def total_along(x: Array, axis: tuple[int, ...]) -> Array:
    """The sum over axes counted from the last one, which stay as axes of length 1."""
    if isinstance(x, Tracer):
        return total_from_the_end(x, axis)
    return np.add.reduce(x, axis=axis, keepdims=True)


def _has_most(weights: Array) -> bool:
    """Whether some weight may be more than all others together."""
    if isinstance(weights, Tracer):
        return False
    return weights.dtype.kind == "c" or np.maximum.reduce(weights, None, initial=0) > 0.5


def _difference(x: Array, y: Array, out: Any) -> Array:
    """x - y, in the memory of `out` if that is an array."""
    if isinstance(x, Tracer) or type(out) is not np.ndarray:
        return x - y
    return np.subtract(x, y, out)


def _less_mean(g: Array, weights: Array, axis: tuple[int, ...], out: Any = None) -> Array:
    terms = multiply(weights, g) if out is None else np.multiply(weights, g, out)
    ans = _difference(g, total_along(terms, axis), terms)
    if _has_most(weights):
        ans = _difference(ans, total_along(weights * ans, axis), ans)
    return ans


def _less_share(g: Array, weights: Array, axis: tuple[int, ...], out: Any = None) -> Array:
    total = total_along(g, axis)
    shares = multiply(weights, total) if out is None else np.multiply(weights, total, out)
    ans = _difference(g, shares, shares)
    if _has_most(weights):
        ans = _difference(ans, weights * total_along(ans, axis), ans)
    return ans


less_mean = define(  # g less its mean by weights that add up to 1; params: axis, from the end
    "less_mean",
    _less_mean,
    jvps=[
        lambda t, ans, g, weights, axis: less_mean(t, weights, axis=axis),
        lambda t, ans, g, weights, axis: -total_from_the_end(t * ans, axis),
    ],
    vjps=[
        lambda c, ans, g, weights, axis: less_share(c, weights, axis=axis),
        lambda c, ans, g, weights, axis: -total_from_the_end(c, axis) * ans,
    ],
    kind=UnlistedPrimitive,
)
less_share = define(  # the transpose: g less its total, shared out by weight
    "less_share",
    _less_share,
    jvps=[
        lambda t, ans, g, weights, axis: less_share(t, weights, axis=axis),
        lambda t, ans, g, weights, axis: -t * total_from_the_end(g, axis),
    ],
    vjps=[
        lambda c, ans, g, weights, axis: less_mean(c, weights, axis=axis),
        lambda c, ans, g, weights, axis: -c * total_from_the_end(g, axis),
    ],
    kind=UnlistedPrimitive,
)


def _softmax_derivative(g: Array, ans: Array, x: Array, axis: tuple[int, ...]) -> Array:
    # a symmetric matrix: one rule for both modes
    return ans * less_mean(g, ans, axis=from_the_end(axis, x.ndim))


# exp(x - ans) would lose as many digits as ans has before its point
logsumexp = reduction("logsumexp", _logsumexp, lambda ans, x, axis: softmax(x, axis=axis))
softmax = define("softmax", _softmax, jvps=[_softmax_derivative], vjps=[_softmax_derivative])
log_softmax = define(
    "log_softmax",
    _log_softmax,
    jvps=[lambda t, ans, x, axis: less_mean(t, exp(ans), axis=from_the_end(axis, x.ndim))],
    vjps=[lambda g, ans, x, axis: less_share(g, exp(ans), axis=from_the_end(axis, x.ndim))],
)


# --- on stacks of arrays --------------------------------------------------------------------------

batch(along_axis, sum, max, min, logsumexp, softmax, log_softmax, cumulative_sum)
batch(align, less_mean, less_share)


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
write_as(softmax, log_softmax, less_mean, less_share, memory=Memory.NEW)
write_as(less_mean, less_share, takes_out=True)
write_as(sum, max, min, logsumexp, work=Work.PER_ARGUMENT)

rounds(Rounding.EXACT, max, min, attains)
rounds(Rounding.FUNCTION, logsumexp, softmax, log_softmax)
rounds(Rounding.SUM, sum, cumulative_sum)
