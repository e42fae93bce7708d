"""PyTorch's operations that pick elements by integers, or put them in their places.

What is put in a place is found by comparing all indices with all places: that is exact, asks for
nothing that the standard lacks, and is of the size (indices x places).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adbench.readers.reading import Operation
from adbench.readers.torch_pieces import (
    as_array,
    as_line,
    at,
    broadcast,
    canonical,
    cast,
    size,
    take,
    wrapped,
)

# ---- by several arrays of integers


def _linear_places(xp: Any, shape: Sequence[int], indices: Sequence[Any]) -> Any:
    """The places in C order that arrays of integers, one for each axis, name together."""
    places: Any = 0
    for length, index in zip(shape, broadcast(xp, *indices), strict=True):
        places = places * length + wrapped(xp, index, length)
    return places


def _layout(x: Any, indices: Sequence[Any]) -> tuple[list[int], list[int], int]:
    """The axes that are indexed, the others, and where the indexed ones stand in the result."""
    axes = [k for k, index in enumerate(indices) if index is not None]
    others = [k for k in range(x.ndim) if k not in axes]
    are_adjacent = axes[-1] - axes[0] + 1 == len(axes)
    return axes, others, axes[0] if are_adjacent else 0


def _as_rows(xp: Any, x: Any, axes: Sequence[int], others: Sequence[int]) -> Any:
    """x with the indexed axes as one, which is the first."""
    rest = [x.shape[k] for k in others]
    moved = xp.permute_dims(x, (*axes, *others))
    return xp.reshape(moved, (size([x.shape[k] for k in axes]), *rest))


def _index(xp: Any, x: Any, indices: Sequence[Any]) -> Any:
    """``x[indices]``, where None stands for all of an axis."""
    axes, others, place = _layout(x, indices)
    chosen = [index for index in indices if index is not None]
    places = _linear_places(xp, [x.shape[k] for k in axes], chosen)
    picked = take(xp, _as_rows(xp, x, axes, others), places, 0)
    order = list(range(places.ndim, picked.ndim))
    order[place:place] = range(places.ndim)
    return xp.permute_dims(picked, tuple(order))


def _is_mask(xp: Any, indices: Sequence[Any]) -> bool:
    return len(indices) == 1 and xp.isdtype(indices[0].dtype, "bool")


def _index_put(
    xp: Any, x: Any, indices: Sequence[Any], values: Any, accumulate: bool = False
) -> Any:
    """x with values put to places, or added there."""
    if _is_mask(xp, indices):
        # One value for all places that are chosen.
        mask = xp.reshape(indices[0], (*indices[0].shape, *(1,) * (x.ndim - indices[0].ndim)))
        return xp.where(mask, x + values if accumulate else values, x)
    axes, others, place = _layout(x, indices)
    chosen = [index for index in indices if index is not None]
    places = _linear_places(xp, [x.shape[k] for k in axes], chosen)
    rest = [x.shape[k] for k in others]
    shape = [*rest[:place], *places.shape, *rest[place:]]
    values = xp.broadcast_to(values, tuple(shape))
    order = list(range(len(shape)))
    order = order[place : place + places.ndim] + order[:place] + order[place + places.ndim :]
    values = xp.reshape(xp.permute_dims(values, tuple(order)), (size(places.shape), *rest))
    rows = _as_rows(xp, x, axes, others)
    put = _add_rows if accumulate else _put_rows
    rows = put(xp, rows, xp.reshape(places, (-1,)), values)
    moved = xp.reshape(rows, (*[x.shape[k] for k in axes], *rest))
    return xp.permute_dims(moved, tuple(np.argsort([*axes, *others]).tolist()))


# ---- rows put in their places


def _hits(xp: Any, count: int, places: Any) -> Any:
    """Which of the places (columns) is which of `count` rows: shape (places, count)."""
    return places[:, None] == xp.asarray(np.arange(count), dtype=places.dtype)[None, :]


def _add_rows(xp: Any, rows: Any, places: Any, values: Any) -> Any:
    """Rows with values added to those at some places."""
    count = rows.shape[0]
    hits = cast(xp, _hits(xp, count, places), rows.dtype)
    flat = xp.reshape(values, (values.shape[0], size(values.shape[1:])))
    return rows + xp.reshape(xp.matrix_transpose(hits) @ flat, tuple(rows.shape))


def _put_rows(xp: Any, rows: Any, places: Any, values: Any) -> Any:
    """Rows with those at some places replaced; the last value counts where several are put."""
    sources, is_hit = _last_sources(xp, rows.shape[0], places)
    is_hit = xp.reshape(is_hit, (-1, *(1,) * (rows.ndim - 1)))
    return xp.where(is_hit, take(xp, values, sources, 0), rows)


def _last_sources(xp: Any, count: int, places: Any) -> tuple[Any, Any]:
    """For each of `count` rows the last that is put there, and whether any is."""
    hits = _hits(xp, count, places)
    numbers = xp.asarray(np.arange(places.shape[0]), dtype=places.dtype)[:, None]
    sources = xp.max(xp.where(hits, numbers, xp.asarray(-1, dtype=places.dtype)), axis=0)
    return xp.maximum(sources, xp.zeros_like(sources)), sources >= 0


# ---- along an axis


def _embedding(
    xp: Any,
    weight: Any,
    indices: Any,
    padding: int = -1,
    scales_gradient: bool = False,
    sparse: bool = False,
) -> Any:
    """Rows by their numbers; that of the padding has no derivative."""
    rows = take(xp, weight, indices, 0)
    if padding < 0:
        return rows
    is_padding = xp.reshape(indices == padding, (*indices.shape, 1))
    return xp.where(is_padding, xp.stop_gradient(rows), rows)


def _embedding_bag(
    xp: Any,
    weight: Any,
    indices: Any,
    offsets: Any,
    scales_gradient: bool = False,
    mode: int = 0,
    sparse: bool = False,
    weights_of_samples: Any = None,
    include_last_offset: bool = False,
    padding: int = -1,
) -> Any:
    """Sums, means or maxima (mode 0, 1, 2) of rows, in bags that begin at some offsets."""
    starts = offsets[:-1] if include_last_offset else offsets
    numbers = xp.asarray(np.arange(indices.shape[0]), dtype=starts.dtype)
    has_begun = starts[:, None] <= numbers[None, :]
    is_over = xp.concat([has_begun[1:], xp.zeros_like(has_begun[:1])], axis=0)
    is_in = has_begun & ~is_over & (indices != padding)[None, :]
    rows = take(xp, weight, indices, 0)
    if weights_of_samples is not None:
        rows = rows * weights_of_samples[:, None]
    if mode == 2:
        lowest = xp.asarray(-float("inf"), dtype=rows.dtype)
        largest = xp.max(xp.where(is_in[:, :, None], rows[None, :, :], lowest), axis=1)
        return xp.where(xp.any(is_in, axis=1)[:, None], largest, xp.zeros_like(largest))
    members = cast(xp, is_in, rows.dtype)
    sums = members @ rows
    if mode == 0:
        return sums
    counts = xp.sum(members, axis=1, keepdims=True)
    return sums / xp.maximum(counts, xp.ones_like(counts))


def _index_select(xp: Any, x: Any, axis: int, index: Any) -> Any:
    line = as_line(xp, x)
    picked = take(xp, line, as_line(xp, index), canonical(axis, x.ndim))
    return xp.reshape(picked, ()) if x.ndim == 0 else picked


def _gather(xp: Any, x: Any, axis: int, index: Any, sparse_grad: bool = False) -> Any:
    line, places = as_line(xp, x), as_line(xp, index)
    axis = canonical(axis, line.ndim)
    for k, n in enumerate(places.shape):
        if k != axis and n != line.shape[k]:
            line = line[at(slice(0, n), k)]
    picked = xp.take_along_axis(line, wrapped(xp, places, line.shape[axis]), axis=axis)
    return xp.reshape(picked, tuple(index.shape))


def _take(xp: Any, x: Any, index: Any) -> Any:
    flat = xp.reshape(x, (-1,))
    return take(xp, flat, wrapped(xp, index, flat.shape[0]), 0)


def _places_along(xp: Any, shape: Sequence[int], axis: int, index: Any) -> Any:
    """The places in C order of a shape that `scatter` means, one for each element of the index."""
    strides = [size(shape[k + 1 :]) for k in range(len(shape))]
    fixed = np.zeros(tuple(index.shape), np.int64)
    for k, grid in enumerate(np.ogrid[tuple([slice(n) for n in index.shape])]):
        if k != axis:
            fixed = fixed + grid * strides[k]
    return xp.asarray(fixed) + wrapped(xp, index, shape[axis]) * strides[axis]


def _scattered(put: Any) -> Operation:
    """`scatter` with a way to put rows in their places."""

    def scatter(xp: Any, x: Any, axis: int, index: Any, source: Any) -> Any:
        line, indices = as_line(xp, x), as_line(xp, index)
        source = as_array(xp, source, x)
        source = xp.broadcast_to(source, tuple(indices.shape)) if source.ndim == 0 else source
        for k, n in enumerate(indices.shape):
            source = source[at(slice(0, n), k)]
        places = _places_along(xp, line.shape, canonical(axis, line.ndim), indices)
        rows = put(
            xp, xp.reshape(line, (-1,)), xp.reshape(places, (-1,)), xp.reshape(source, (-1,))
        )
        return xp.reshape(rows, tuple(x.shape))

    return scatter


_scatter = _scattered(_put_rows)
_scatter_add = _scattered(_add_rows)


def _reduced_rows(xp: Any, rows: Any, places: Any, values: Any, how: str, with_own: bool) -> Any:
    """Rows (numbers) combined with the values put at their places."""
    hits = _hits(xp, rows.shape[0], places)
    neutral = {"prod": 1.0, "amax": -float("inf"), "amin": float("inf")}.get(how, 0.0)
    blank = xp.asarray(neutral, dtype=rows.dtype)
    columns = xp.where(hits, values[:, None], blank)
    is_hit = xp.any(hits, axis=0)
    own = rows if with_own else xp.where(is_hit, blank, rows)
    table = xp.concat([own[None, :], columns], axis=0)
    name = {"prod": "prod", "amax": "max", "amin": "min"}.get(how, "sum")
    combined = getattr(xp, name)(table, axis=0)
    if how != "mean":
        return combined
    counts = xp.sum(cast(xp, hits, rows.dtype), axis=0) + (1 if with_own else 0)
    return combined / xp.where(is_hit, counts, xp.ones_like(counts))


def _scatter_reduce(
    xp: Any, x: Any, axis: int, index: Any, source: Any, how: str, include_self: bool = True
) -> Any:
    if how == "sum" and include_self:
        return _scatter_add(xp, x, axis, index, source)

    def put(xp: Any, rows: Any, places: Any, values: Any) -> Any:
        return _reduced_rows(xp, rows, places, values, how, include_self)

    return _scattered(put)(xp, x, axis, index, source)


def _along_rows(put: Any) -> Operation:
    """A way to put rows in their places, along an axis."""

    def along(xp: Any, x: Any, axis: int, index: Any, source: Any, alpha: Any = 1) -> Any:
        line = as_line(xp, x)
        place = canonical(axis, line.ndim)
        order = (place, *[k for k in range(line.ndim) if k != place])
        count = as_line(xp, index).shape[0]
        shape = [count if k == place else n for k, n in enumerate(line.shape)]
        values = as_array(xp, source, x)
        values = (
            xp.reshape(values, tuple(shape))
            if values.ndim
            else xp.broadcast_to(values, tuple(shape))
        )
        values = values if alpha == 1 else alpha * values
        rows = put(
            xp,
            xp.permute_dims(line, order),
            wrapped(xp, as_line(xp, index), line.shape[place]),
            xp.permute_dims(values, order),
        )
        return xp.reshape(xp.permute_dims(rows, tuple(np.argsort(order).tolist())), tuple(x.shape))

    return along


def _put(xp: Any, x: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    flat = xp.reshape(x, (-1,))
    places = wrapped(xp, xp.reshape(index, (-1,)), flat.shape[0])
    rows = (_add_rows if accumulate else _put_rows)(xp, flat, places, xp.reshape(source, (-1,)))
    return xp.reshape(rows, tuple(x.shape))


OPERATIONS: Mapping[str, Any] = {
    "aten::_embedding_bag": (_embedding_bag, None, None, None),
    "aten::_embedding_bag_forward_only": (_embedding_bag, None, None, None),
    "aten::_unsafe_index": _index,
    "aten::_unsafe_index_put": _index_put,
    "aten::embedding": _embedding,
    "aten::gather": _gather,
    "aten::index": _index,
    "aten::index_add": _along_rows(_add_rows),
    "aten::index_copy": _along_rows(_put_rows),
    "aten::index_fill": _along_rows(_put_rows),
    "aten::index_put": _index_put,
    "aten::index_select": _index_select,
    "aten::put": _put,
    "aten::scatter": _scatter,
    "aten::scatter_add": _scatter_add,
    "aten::scatter_reduce": _scatter_reduce,
    "aten::take": _take,
}
