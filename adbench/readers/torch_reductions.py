"""PyTorch's operations that act along axes: sums, extremes, moments, running ones, softmax."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adbench.readers.reading import Operation
from adbench.readers.torch_pieces import (
    Axes,
    as_line,
    at,
    axes_of,
    canonical,
    cast,
    size,
)


def _sum(xp: Any, x: Any, dim: Axes = None, keepdim: bool = False, dtype: Any = None) -> Any:
    x = cast(xp, x, dtype)
    if x.ndim == 0:
        return x
    return cast(xp, xp.sum(x, axis=axes_of(x, dim), keepdims=keepdim), dtype)


def _mean(xp: Any, x: Any, dim: Axes = None, keepdim: bool = False, dtype: Any = None) -> Any:
    x = cast(xp, x, dtype)
    axes = axes_of(x, dim)
    return _sum(xp, x, axes, keepdim) / size([x.shape[k] for k in axes])


def _prod(xp: Any, x: Any, dim: int | None = None, keepdim: bool = False, dtype: Any = None) -> Any:
    x = cast(xp, x, dtype)
    if x.ndim == 0:
        return x
    axis = None if dim is None else canonical(dim, x.ndim)
    return xp.prod(x, axis=axis, keepdims=keepdim)


def _extreme(name: str) -> Operation:
    """The largest or smallest element along some axes."""

    def extreme(xp: Any, x: Any, dim: Axes = None, keepdim: bool = False) -> Any:
        if x.ndim == 0:
            return x
        return getattr(xp, name)(x, axis=axes_of(x, dim), keepdims=keepdim)

    return extreme


def _position(name: str) -> Operation:
    """The place of the largest or smallest element."""

    def position(xp: Any, x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
        line = as_line(xp, x)
        if dim is None:
            places = getattr(xp, name)(xp.reshape(line, (-1,)))
            return xp.reshape(places, (1,) * x.ndim) if keepdim else places
        places = getattr(xp, name)(line, axis=canonical(dim, x.ndim), keepdims=keepdim)
        return xp.reshape(places, ()) if x.ndim == 0 else places

    return position


def _extreme_and_place(name: str) -> tuple[Operation, Operation]:
    return _extreme(name), _position(f"arg{name}")


def _truth(name: str) -> Operation:
    """Whether all elements are true, or any."""

    def truth(xp: Any, x: Any, dim: Axes = None, keepdim: bool = False) -> Any:
        if not xp.isdtype(x.dtype, "bool"):
            x = x != 0
        if x.ndim == 0:
            return x
        return getattr(xp, name)(x, axis=axes_of(x, dim), keepdims=keepdim)

    return truth


def _variance(
    xp: Any, x: Any, dim: Axes = None, correction: float | None = None, keepdim: bool = False
) -> Any:
    # Of complex numbers it is the mean square of the size of the deviation.
    axes = axes_of(x, dim)
    deviation = x - _mean(xp, x, axes, True)
    squares = deviation * deviation
    if not xp.isdtype(x.dtype, "real floating"):
        squares = xp.real(deviation * xp.conj(deviation))
    count = size([x.shape[k] for k in axes]) - (1 if correction is None else correction)
    return _sum(xp, squares, axes, keepdim) / max(count, 0)


def _mean_beside_variance(
    xp: Any, x: Any, dim: Axes = None, correction: float | None = None, keepdim: bool = False
) -> Any:
    return _mean(xp, x, dim, keepdim)


def _vector_norm(
    xp: Any, x: Any, ord: Any = 2, dim: Axes = None, keepdim: bool = False, dtype: Any = None
) -> Any:
    x = cast(xp, x, dtype)
    if x.ndim == 0:
        return xp.abs(x) if ord else cast(xp, x != 0, x.dtype)
    axes = axes_of(x, dim)
    return xp.linalg.vector_norm(x, axis=axes, keepdims=keepdim, ord=ord)


def _logsumexp(xp: Any, x: Any, dim: Axes = None, keepdim: bool = False) -> Any:
    if x.ndim == 0:
        return x
    return xp.special.logsumexp(x, axis=axes_of(x, dim), keepdims=keepdim)


# ---- softmax


def _normalized(name: str) -> Operation:
    def normalized(xp: Any, x: Any, dim: int, half_to_float: Any = None, dtype: Any = None) -> Any:
        line = as_line(xp, cast(xp, x, dtype))
        answer = getattr(xp.special, name)(line, axis=canonical(dim, x.ndim))
        return xp.reshape(answer, tuple(x.shape))

    return normalized


_softmax = _normalized("softmax")


def _safe_softmax(xp: Any, x: Any, dim: int, dtype: Any = None) -> Any:
    """softmax, and 0 where everything along the axis is masked by minus infinity."""
    axis = canonical(dim, x.ndim)
    masked = xp.all(x == -float("inf"), axis=axis, keepdims=True)
    zero = xp.zeros_like(x)
    return xp.where(masked, zero, _softmax(xp, xp.where(masked, zero, x), dim, dtype=dtype))


# ---- running ones


def _running(name: str) -> Operation:
    def running(xp: Any, x: Any, dim: int, dtype: Any = None) -> Any:
        x = cast(xp, x, dtype)
        if x.ndim == 0:
            return x
        return cast(xp, getattr(xp, name)(x, axis=canonical(dim, x.ndim)), dtype)

    return running


def scan(xp: Any, combine: Callable[[Any, Any], Any], parts: tuple[Any, ...], axis: int) -> Any:
    """The running combination of arrays along an axis, in steps that double.

    combine: an associative function of two tuples of arrays, of the earlier and the later ones.
    """
    step = 1
    while step < parts[0].shape[axis]:
        before = tuple([part[at(slice(None, -step), axis)] for part in parts])
        after = tuple([part[at(slice(step, None), axis)] for part in parts])
        combined = combine(before, after)
        parts = tuple(
            [
                xp.concat([part[at(slice(None, step), axis)], further], axis=axis)
                for part, further in zip(parts, combined, strict=True)
            ]
        )
        step *= 2
    return parts


def _running_logsumexp(xp: Any, x: Any, dim: int) -> Any:
    def combine(before: Any, after: Any) -> Any:
        return (xp.logaddexp(before[0], after[0]),)

    if x.ndim == 0:
        return x
    return scan(xp, combine, (x,), canonical(dim, x.ndim))[0]


def _running_extreme(name: str) -> tuple[Operation, Operation]:
    """The running maximum or minimum, and where it stands: the last of equal ones."""

    def values(xp: Any, x: Any, dim: int) -> Any:
        def combine(before: Any, after: Any) -> Any:
            return (getattr(xp, name)(before[0], after[0]),)

        if x.ndim == 0:
            return x
        return scan(xp, combine, (x,), canonical(dim, x.ndim))[0]

    def places(xp: Any, x: Any, dim: int) -> Any:
        def combine(before: Any, after: Any) -> Any:
            is_later = after[0] >= before[0] if name == "maximum" else after[0] <= before[0]
            return tuple(
                [xp.where(is_later, new, old) for old, new in zip(before, after, strict=True)]
            )

        line = as_line(xp, x)
        axis = canonical(dim, x.ndim)
        shape = [-1 if k == axis else 1 for k in range(line.ndim)]
        counted = xp.reshape(xp.arange(line.shape[axis], dtype=xp.int64), tuple(shape))
        counted = xp.broadcast_to(counted, tuple(line.shape))
        return xp.reshape(scan(xp, combine, (line, counted), axis)[1], tuple(x.shape))

    return values, places


OPERATIONS: Mapping[str, Any] = {
    "aten::_log_softmax": _normalized("log_softmax"),
    "aten::_safe_softmax": _safe_softmax,
    "aten::_softmax": _softmax,
    "aten::all": _truth("all"),
    "aten::amax": _extreme("max"),
    "aten::amin": _extreme("min"),
    "aten::any": _truth("any"),
    "aten::argmax": _position("argmax"),
    "aten::argmin": _position("argmin"),
    "aten::cummax": _running_extreme("maximum"),
    "aten::cummin": _running_extreme("minimum"),
    "aten::cumprod": _running("cumulative_prod"),
    "aten::cumsum": _running("cumulative_sum"),
    "aten::linalg_vector_norm": _vector_norm,
    "aten::logcumsumexp": _running_logsumexp,
    "aten::logsumexp": _logsumexp,
    "aten::max": _extreme("max"),
    "aten::max.dim": _extreme_and_place("max"),
    "aten::mean": _mean,
    "aten::min": _extreme("min"),
    "aten::min.dim": _extreme_and_place("min"),
    "aten::prod": _prod,
    "aten::sum": _sum,
    "aten::var": _variance,
    "aten::var_mean": (_variance, _mean_beside_variance),
}
