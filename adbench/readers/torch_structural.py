"""PyTorch's operations that make arrays, or move their elements about."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adbench.readers.reading import Operation
from adbench.readers.torch_pieces import (
    at,
    canonical,
    cast,
    constant,
    full,
    join,
    move_axis,
    number,
    pad,
    take,
)

# ---- as they are


def _same(xp: Any, x: Any) -> Any:
    return x


def _cast(xp: Any, x: Any, dtype: Any = None) -> Any:
    return cast(xp, x, dtype)


# ---- new arrays


def _arange(xp: Any, start: Any, end: Any = None, step: Any = 1, dtype: Any = None) -> Any:
    """Evenly spaced numbers, from counts, which are exact in every dtype."""
    if end is None:
        start, end = 0, start
    count = max(math.ceil((end - start) / step), 0)
    counts = number(xp, np.arange(count), dtype)
    scaled = counts if step == 1 else counts * step
    return scaled if start == 0 else scaled + start


def _linspace(xp: Any, start: Any, end: Any, steps: int, dtype: Any = None) -> Any:
    counts = number(xp, np.arange(steps), dtype)
    return start + counts * (end - start) / max(steps - 1, 1)


def _full(xp: Any, shape: Sequence[int], value: Any, dtype: Any = None) -> Any:
    return full(xp, shape, value, dtype)


def _full_like(xp: Any, x: Any, value: Any, dtype: Any = None) -> Any:
    return full(xp, x.shape, value, dtype)


def _filled(value: int) -> tuple[Operation, Operation]:
    """An array filled with a number: of a shape, and of the shape of another one."""

    def of_shape(xp: Any, shape: Sequence[int], dtype: Any = None) -> Any:
        return full(xp, shape, value, dtype)

    def like(xp: Any, x: Any, dtype: Any = None) -> Any:
        return full(xp, x.shape, value, dtype)

    return of_shape, like


def uninitialized(value: int) -> Mapping[str, Operation]:
    """Operations that leave it open what they give, with a number for that."""
    of_shape, like = _filled(value)
    return {
        "aten::empty": of_shape,
        "aten::empty_like": like,
        "aten::empty_permuted": lambda xp, shape, layout, dtype=None: of_shape(xp, shape, dtype),
    }


UNINITIALIZED, OTHERWISE_UNINITIALIZED = uninitialized(0), uninitialized(101)
"""No output may depend on which of the two is taken."""

_zeros, _zeros_like = _filled(0)
_ones, _ones_like = _filled(1)


def _eye(xp: Any, rows: int, columns: int | None = None, dtype: Any = None) -> Any:
    return number(xp, np.eye(rows, columns), dtype)


# ---- shapes


def _reshape(xp: Any, x: Any, shape: Sequence[int]) -> Any:
    return xp.reshape(x, tuple(shape))


def _expand(xp: Any, x: Any, shape: Sequence[int], implicit: bool = False) -> Any:
    first = len(shape) - x.ndim
    lengths = [x.shape[k - first] if n == -1 else n for k, n in enumerate(shape)]
    return xp.broadcast_to(x, tuple(lengths))


def _permute(xp: Any, x: Any, axes: Sequence[int]) -> Any:
    if x.ndim < 2:
        return x
    return xp.permute_dims(x, tuple([axis % x.ndim for axis in axes]))


def _transpose(xp: Any, x: Any, first: int, second: int) -> Any:
    order = list(range(x.ndim))
    if x.ndim:
        order[first], order[second] = order[second], order[first]
    return _permute(xp, x, order)


def _unsqueeze(xp: Any, x: Any, axis: int) -> Any:
    place = axis % (x.ndim + 1)
    return xp.reshape(x, (*x.shape[:place], 1, *x.shape[place:]))


def _squeeze(xp: Any, x: Any, axes: int | Sequence[int] | None = None) -> Any:
    if axes is None:
        axes = range(x.ndim)
    chosen = [axes] if isinstance(axes, int) else axes
    places = {canonical(axis, x.ndim) for axis in chosen}
    shape = [n for k, n in enumerate(x.shape) if n != 1 or k not in places]
    return xp.reshape(x, tuple(shape))


# ---- parts


def _select(xp: Any, x: Any, axis: int, index: int) -> Any:
    place = axis % x.ndim
    return x[at(index % x.shape[place], place)]


def _slice(
    xp: Any, x: Any, axis: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Any:
    place = axis % x.ndim
    first, last, _ = slice(start, end).indices(x.shape[place])
    return x[at(slice(first, max(first, last), step), place)]


def _split_with_sizes(xp: Any, x: Any, sizes: Sequence[int], axis: int = 0) -> tuple[Any, ...]:
    ends = np.cumsum(sizes).tolist()
    return tuple([_slice(xp, x, axis, end - n, end) for n, end in zip(sizes, ends, strict=True)])


def _split(xp: Any, x: Any, length: int, axis: int = 0) -> tuple[Any, ...]:
    starts = range(0, max(x.shape[axis], 1), length)
    return tuple([_slice(xp, x, axis, start, start + length) for start in starts])


def _unbind(xp: Any, x: Any, axis: int = 0) -> tuple[Any, ...]:
    return tuple([_select(xp, x, axis, k) for k in range(x.shape[axis])])


def _diagonal(xp: Any, x: Any, offset: int = 0, first: int = 0, second: int = 1) -> Any:
    """The diagonals of two axes, along a new last axis."""
    first, second = first % x.ndim, second % x.ndim
    others = [k for k in range(x.ndim) if k not in (first, second)]
    rows, columns = x.shape[first], x.shape[second]
    lines = _permute(xp, x, (*others, first, second))
    lines = xp.reshape(lines, (*[x.shape[k] for k in others], rows * columns))
    count = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    start = max(offset, 0) - min(offset, 0) * columns
    return take(xp, lines, constant(xp, start + np.arange(count) * (columns + 1)), len(others))


def _unfold(xp: Any, x: Any, axis: int, length: int, step: int) -> Any:
    """Windows along an axis, their elements along a new last axis."""
    if x.ndim == 0:
        return xp.reshape(x, (1,))[:length]
    place = axis % x.ndim
    starts = np.arange(0, x.shape[place] - length + 1, step)
    picked = take(xp, x, constant(xp, starts[:, None] + np.arange(length)), place)
    return move_axis(xp, picked, place + 1, x.ndim)


def _as_strided(
    xp: Any, x: Any, shape: Sequence[int], strides: Sequence[int], offset: int | None = None
) -> Any:
    """Elements of an array that lies in C order, by their places in memory."""
    places = np.full((), offset or 0)
    for n, stride in zip(shape, strides, strict=True):
        places = places[..., None] + np.arange(n) * stride
    return take(xp, xp.reshape(x, (-1,)), constant(xp, places), 0)


# ---- several together


def _concat(xp: Any, arrays: Sequence[Any], axis: int = 0) -> Any:
    # PyTorch lets an empty array of one dimension stand beside all others.
    parts = [x for x in arrays if tuple(x.shape) != (0,)] or list(arrays[:1])
    return join(xp, parts, axis % parts[0].ndim)


def _stack(xp: Any, arrays: Sequence[Any], axis: int = 0) -> Any:
    return xp.stack(list(arrays), axis=axis % (arrays[0].ndim + 1))


def _repeat(xp: Any, x: Any, counts: Sequence[int]) -> Any:
    shape = (1,) * (len(counts) - x.ndim) + tuple(x.shape)
    pairs = list(zip(counts, shape, strict=True))
    spaced = xp.reshape(x, tuple([length for n in shape for length in (1, n)]))
    repeated = xp.broadcast_to(spaced, tuple([length for pair in pairs for length in pair]))
    return xp.reshape(repeated, tuple([count * n for count, n in pairs]))


# ---- order


def _flip(xp: Any, x: Any, axes: Sequence[int]) -> Any:
    if x.ndim == 0 or not axes:
        return x
    return xp.flip(x, axis=tuple([axis % x.ndim for axis in axes]))


def _roll(xp: Any, x: Any, shifts: Sequence[int], axes: Sequence[int] = ()) -> Any:
    if not axes:
        return xp.reshape(_roll(xp, xp.reshape(x, (-1,)), shifts, (0,)), tuple(x.shape))
    for shift, axis in zip(shifts, axes, strict=True):
        place = axis % x.ndim
        start = -shift % max(x.shape[place], 1)
        x = xp.concat([x[at(slice(start, None), place)], x[at(slice(0, start), place)]], axis=place)
    return x


def _triangle(is_kept: Any) -> Operation:
    """One triangle of a stack of matrices."""

    def triangle(xp: Any, x: Any, diagonal: int = 0) -> Any:
        rows, columns = x.shape[-2:]
        offsets = np.arange(columns) - np.arange(rows)[:, None]
        kept = constant(xp, is_kept(offsets, diagonal))
        return xp.where(kept, x, xp.zeros_like(x))

    return triangle


def _pad(xp: Any, x: Any, widths: Sequence[int], value: Any = 0) -> Any:
    pairs = [(widths[k], widths[k + 1]) for k in range(0, len(widths), 2)]
    return pad(xp, x, pairs[::-1], value)


# ---- parts put in


def _with_part(xp: Any, x: Any, part: Any, axis: int, places: Any) -> Any:
    """x with slices along an axis replaced by those of a part, at increasing places."""
    line = np.zeros(x.shape[axis], int)
    line[places] = 1 + np.arange(len(places))
    shape = [-1 if k == axis else 1 for k in range(x.ndim)]
    if len(places) == 0:
        return x
    spread = take(xp, part, constant(xp, np.maximum(line - 1, 0)), axis)
    return xp.where(constant(xp, (line > 0).reshape(shape)), spread, x)


def _slice_scatter(
    xp: Any, x: Any, part: Any, axis: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Any:
    place = axis % x.ndim
    first, last, _ = slice(start, end).indices(x.shape[place])
    part = xp.broadcast_to(part, _slice(xp, x, axis, start, end, step).shape)
    return _with_part(xp, x, part, place, np.arange(first, max(first, last), step))


def _select_scatter(xp: Any, x: Any, part: Any, axis: int, index: int) -> Any:
    place = axis % x.ndim
    return _with_part(
        xp, x, _unsqueeze(xp, part, place), place, np.asarray([index % x.shape[place]])
    )


def _diagonal_scatter(
    xp: Any, x: Any, part: Any, offset: int = 0, first: int = 0, second: int = 1
) -> Any:
    first, second = first % x.ndim, second % x.ndim
    rows, columns = x.shape[first], x.shape[second]
    others = [k for k in range(x.ndim) if k not in (first, second)]
    count = part.shape[-1]
    start = max(offset, 0) - min(offset, 0) * columns
    lines = _permute(xp, x, (*others, first, second))
    lines = xp.reshape(lines, (*[x.shape[k] for k in others], rows * columns))
    filled = _with_part(xp, lines, part, len(others), start + np.arange(count) * (columns + 1))
    square = xp.reshape(filled, (*[x.shape[k] for k in others], rows, columns))
    return _permute(xp, square, np.argsort((*others, first, second)).tolist())


def _view_as_real(xp: Any, x: Any) -> Any:
    return xp.stack([xp.real(x), xp.imag(x)], axis=-1)


def _view_as_complex(xp: Any, x: Any) -> Any:
    return x[..., 0] + 1j * x[..., 1]


def _glu(xp: Any, x: Any, dim: int = -1) -> Any:
    half = x.shape[dim] // 2
    return _slice(xp, x, dim, 0, half) * xp.special.expit(_slice(xp, x, dim, half, 2 * half))


def _trace(xp: Any, x: Any) -> Any:
    return xp.sum(_diagonal(xp, x))


OPERATIONS: Mapping[str, Operation] = {
    "aten::_reshape_alias": lambda xp, x, shape, strides: _reshape(xp, x, shape),
    "aten::_to_copy": _cast,
    "aten::_unsafe_view": _reshape,
    "aten::alias": _same,
    "aten::arange": _arange,
    "aten::as_strided": _as_strided,
    "aten::cat": _concat,
    "aten::clone": _same,
    "aten::constant_pad_nd": _pad,
    "aten::copy": lambda xp, x, source, dtype=None: xp.broadcast_to(
        cast(xp, source, dtype), tuple(x.shape)
    ),
    "aten::detach": lambda xp, x: xp.stop_gradient(x),
    "aten::diagonal": _diagonal,
    "aten::diagonal_scatter": _diagonal_scatter,
    **UNINITIALIZED,
    "aten::expand": _expand,
    "aten::eye": _eye,
    "aten::flip": _flip,
    "aten::full": _full,
    "aten::full_like": _full_like,
    "aten::glu": _glu,
    "aten::lift_fresh_copy": _same,
    "aten::linspace": _linspace,
    "aten::ones": _ones,
    "aten::ones_like": _ones_like,
    "aten::permute": _permute,
    "aten::repeat": _repeat,
    "aten::roll": _roll,
    "aten::scalar_tensor": lambda xp, value, dtype=None: number(xp, value, dtype),
    "aten::select": _select,
    "aten::select_scatter": _select_scatter,
    "aten::slice": _slice,
    "aten::slice_scatter": _slice_scatter,
    "aten::split": _split,
    "aten::split_with_sizes": _split_with_sizes,
    "aten::squeeze": _squeeze,
    "aten::stack": _stack,
    "aten::t": lambda xp, x: _permute(xp, x, (1, 0)),
    "aten::trace": _trace,
    "aten::transpose": _transpose,
    "aten::tril": _triangle(np.less_equal),
    "aten::triu": _triangle(np.greater_equal),
    "aten::unbind": _unbind,
    "aten::unfold": _unfold,
    "aten::unsqueeze": _unsqueeze,
    "aten::view": _reshape,
    "aten::view_as_complex": _view_as_complex,
    "aten::view_as_real": _view_as_real,
    "aten::zeros": _zeros,
    "aten::zeros_like": _zeros_like,
}
