"""TensorFlow's raw operations that reduce along axes, run along them, sort and count."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from adbench.readers.tensorflow_operation import Operation, ints


def _reduction(name: str) -> Operation:
    """Return the reduction that is the namespace's function of that name."""

    def reduce(xp: Any, x: Any, axes: Any, *, keep_dims: bool) -> Any:
        return getattr(xp, name)(x, axis=_axes(axes, x), keepdims=keep_dims)

    return Operation(reduce, known=(1,))


def _axes(axes: Any, x: Any) -> tuple[int, ...]:
    return tuple(axis % len(x.shape) for axis in ints(axes))


def _mean(xp: Any, x: Any, axes: Any, *, keep_dims: bool) -> Any:
    chosen = _axes(axes, x)
    if not xp.isdtype(x.dtype, "integral"):
        return xp.mean(x, axis=chosen, keepdims=keep_dims)
    total = xp.sum(x, axis=chosen, keepdims=keep_dims)
    count = math.prod(x.shape[axis] for axis in chosen)
    size = xp.floor_divide(xp.abs(total), count)  # TensorFlow's rounds towards zero
    return xp.where(total < 0, -size, size)


def _prod(xp: Any, x: Any, axes: Any, *, keep_dims: bool) -> Any:
    """The product along one axis after the other, for some namespaces take one at a time."""
    for axis in _axes(axes, x):
        x = xp.prod(x, axis=axis, keepdims=True)
    return x if keep_dims else xp.squeeze(x, axis=_axes(axes, x))


def _euclidean_norm(xp: Any, x: Any, axes: Any, *, keep_dims: bool) -> Any:
    chosen = _axes(axes, x)
    if not chosen:
        return xp.abs(x)
    return xp.linalg.vector_norm(x, axis=chosen, keepdims=keep_dims)


def _position(name: str) -> Operation:
    def find(xp: Any, x: Any, axis: Any) -> Any:
        return getattr(xp, name)(x, axis=ints(axis)[0])

    return Operation(find, known=(1,))


# ---- running along an axis


def _running(name: str) -> Operation:
    def run(xp: Any, x: Any, axis: Any, *, exclusive: bool, reverse: bool) -> Any:
        place = ints(axis)[0] % len(x.shape)
        x = xp.flip(x, axis=place) if reverse else x
        answer = getattr(xp, name)(x, axis=place, include_initial=exclusive)
        if exclusive:
            answer = answer[(*[slice(None)] * place, slice(0, -1))]
        return xp.flip(answer, axis=place) if reverse else answer

    return Operation(run, known=(1,))


def _running_logsumexp(xp: Any, x: Any, axis: Any, *, exclusive: bool, reverse: bool) -> Any:
    """The logarithms of running sums of exponentials, one after the other."""
    place = ints(axis)[0] % len(x.shape)
    parts = list(xp.unstack(x, axis=place))
    if reverse:
        parts.reverse()
    totals = parts[:1]
    for part in parts[1:]:
        totals.append(xp.logaddexp(totals[-1], part))
    if exclusive:
        totals = [xp.full_like(parts[0], -math.inf), *totals[:-1]]
    if reverse:
        totals.reverse()
    return xp.stack(totals, axis=place)


# ---- sorting


def _largest(xp: Any, x: Any, count: Any) -> Any:
    """The largest elements along the last axis, and where they are; equal ones in their order."""
    order = xp.argsort(x, axis=-1, descending=True, stable=True)[..., : ints(count)[0]]
    return xp.take_along_axis(x, order, axis=-1), order


def _in_largest(xp: Any, predictions: Any, targets: Any, count: Any) -> Any:
    """Whether the prediction of the target is among the largest of its row."""
    rows = xp.astype(targets, xp.int64)[:, None]
    chosen = xp.take_along_axis(predictions, rows, axis=1)
    larger = xp.sum(xp.astype(predictions > chosen, xp.int64), axis=1)
    return larger < ints(count)[0]


def _nth(xp: Any, x: Any, position: Any, *, reverse: bool) -> Any:
    return xp.sort(x, axis=-1, descending=reverse)[..., ints(position)[0]]


def _bound(strict: bool) -> Operation:
    """Return how many of each row's sorted elements lie below a value: strictly, or not."""

    def count(xp: Any, rows: Any, values: Any) -> Any:
        left, right = rows[:, None, :], values[:, :, None]
        below = (left < right) if strict else (left <= right)
        return xp.sum(xp.astype(below, xp.int64), axis=-1)

    return Operation(count)


def _bincount(xp: Any, x: Any, size: Any, weights: Any) -> Any:
    places = xp.asarray(np.arange(ints(size)[0]))
    hits = xp.reshape(x, (1, -1)) == xp.astype(places, x.dtype)[:, None]
    if 0 in weights.shape:
        return xp.sum(xp.astype(hits, weights.dtype), axis=1)
    return xp.astype(hits, weights.dtype) @ xp.reshape(weights, (-1,))


OPERATIONS: Mapping[str, Operation] = {
    "All": _reduction("all"),
    "Any": _reduction("any"),
    "ArgMax": _position("argmax"),
    "ArgMin": _position("argmin"),
    "Bincount": Operation(_bincount, known=(1,)),
    "Cumprod": _running("cumulative_prod"),
    "Cumsum": _running("cumulative_sum"),
    "CumulativeLogsumexp": Operation(_running_logsumexp, known=(1,)),
    "EuclideanNorm": Operation(_euclidean_norm, known=(1,)),
    "InTopKV2": Operation(_in_largest, known=(2,)),
    "L2Loss": Operation(lambda xp, x: xp.sum(xp.square(x)) / 2),
    "LowerBound": _bound(strict=True),
    "Max": _reduction("max"),
    "Mean": Operation(_mean, known=(1,)),
    "Min": _reduction("min"),
    "NthElement": Operation(_nth, known=(1,)),
    "Prod": Operation(_prod, known=(1,)),
    "Sum": _reduction("sum"),
    "TopKV2": Operation(_largest, known=(1,)),
    "UpperBound": _bound(strict=False),
}
