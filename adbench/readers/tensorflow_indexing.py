"""TensorFlow's raw operations that pick elements by their places, and put them there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from adbench.namespaces.numpy import numpy
from adbench.readers.tensorflow_operation import Operation, ints
from adbench.readers.tensorflow_shapes import padded

# ---- slices


def _slice(xp: Any, x: Any, begin: Any, size: Any) -> Any:
    spans = []
    for start, length, n in zip(ints(begin), ints(size), x.shape, strict=True):
        stop = n if length == -1 else start + length
        spans.append(slice(start, stop))
    return x[tuple(spans)]


def _strided_slice(
    xp: Any,
    x: Any,
    begin: Any,
    end: Any,
    strides: Any,
    *,
    begin_mask: int,
    end_mask: int,
    ellipsis_mask: int,
    new_axis_mask: int,
    shrink_axis_mask: int,
) -> Any:
    index = _index(
        list(zip(ints(begin), ints(end), ints(strides), strict=True)),
        begin_mask=begin_mask,
        end_mask=end_mask,
        ellipsis_mask=ellipsis_mask,
        new_axis_mask=new_axis_mask,
        shrink_axis_mask=shrink_axis_mask,
    )
    return picked(xp, x, index)


def _strided_slice_slope(
    xp: Any,
    shape: Any,
    begin: Any,
    end: Any,
    strides: Any,
    g: Any,
    *,
    begin_mask: int,
    end_mask: int,
    ellipsis_mask: int,
    new_axis_mask: int,
    shrink_axis_mask: int,
) -> Any:
    """g in the places that the slice picks from an array of a shape, and 0 in the others."""
    index = _index(
        list(zip(ints(begin), ints(end), ints(strides), strict=True)),
        begin_mask=begin_mask,
        end_mask=end_mask,
        ellipsis_mask=ellipsis_mask,
        new_axis_mask=new_axis_mask,
        shrink_axis_mask=shrink_axis_mask,
    )
    places = np.arange(math.prod(ints(shape))).reshape(ints(shape))
    chosen = picked(numpy, places, index)
    rows = summed_into(xp, chosen.reshape(-1), xp.reshape(g, (-1, 1)), places.size)
    return xp.reshape(rows, ints(shape))


def _index(
    triples: Sequence[tuple[int, int, int]],
    *,
    begin_mask: int,
    end_mask: int,
    ellipsis_mask: int,
    new_axis_mask: int,
    shrink_axis_mask: int,
) -> tuple[Any, ...]:
    """Return Python's index for the begins, ends and strides of a slice.

    The bits of the masks say, of each: that it starts at the edge, ends at the edge, is an
    ellipsis, a new axis, or an integer.
    """
    index: list[Any] = []
    for k, (begin, end, stride) in enumerate(triples):
        bit = 1 << k
        if ellipsis_mask & bit:
            index.append(Ellipsis)
        elif new_axis_mask & bit:
            index.append(None)
        elif shrink_axis_mask & bit:
            index.append(begin)
        else:
            start = None if begin_mask & bit else begin
            stop = None if end_mask & bit else end
            index.append(slice(start, stop, stride))
    return tuple(index)


def picked(xp: Any, x: Any, index: Sequence[Any]) -> Any:
    """Return x[index], with slices of any step; some namespaces take none that is negative."""
    count = sum(part is not None and part is not Ellipsis for part in index)
    filled = list(index) if Ellipsis in index else [*index, Ellipsis]
    place = filled.index(Ellipsis)
    filled[place : place + 1] = [slice(None)] * (len(x.shape) - count)
    forward: list[Any] = []
    backwards = []
    axis = kept = 0
    for part in filled:
        if isinstance(part, slice):
            span = range(*part.indices(x.shape[axis]))
            if span.step < 0:
                backwards.append(kept)
                span = span[::-1]
            part = slice(span.start, span.stop, span.step) if len(span) else slice(0, 0)
        elif part is not None and part < 0:
            part += x.shape[axis]
        forward.append(part)
        axis += part is not None
        kept += part is None or isinstance(part, slice)
    answer = x[tuple(forward)] if forward else x
    return xp.flip(answer, axis=tuple(backwards)) if backwards else answer


# ---- gathering


def rows_at(xp: Any, x: Any, places: Any, axis: int = 0) -> Any:
    """Return the slices of x along an axis at places, an array of integers of any shape."""
    flat = xp.take(x, xp.reshape(places, (-1,)), axis=axis)
    return xp.reshape(flat, (*x.shape[:axis], *places.shape, *x.shape[axis + 1 :]))


def _gather(xp: Any, x: Any, indices: Any, axis: Any, *, batch_dims: int) -> Any:
    place = ints(axis)[0] % len(x.shape)
    if batch_dims == 0:
        return rows_at(xp, x, indices, place)
    batch_dims += len(indices.shape) if batch_dims < 0 else 0
    # The batch becomes one axis, and joins the axis from which is gathered.
    others = [k for k in range(batch_dims, len(x.shape)) if k != place]
    lines = xp.permute_dims(x, (*range(batch_dims), place, *others))
    batch = tuple(x.shape[:batch_dims])
    length = x.shape[place]
    rest = tuple(x.shape[k] for k in others)
    lines = xp.reshape(lines, (math.prod(batch) * length, *rest))
    starts = np.arange(math.prod(batch)).reshape(*batch, *[1] * (len(indices.shape) - batch_dims))
    places = indices + xp.astype(xp.asarray(starts * length), indices.dtype)
    gathered = rows_at(xp, lines, places)
    # What was before the axis goes before it again.
    first = range(batch_dims)
    chosen = range(batch_dims, len(indices.shape))
    before = range(len(indices.shape), len(indices.shape) + place - batch_dims)
    after = range(len(indices.shape) + place - batch_dims, len(gathered.shape))
    return xp.permute_dims(gathered, (*first, *before, *chosen, *after))


def _gather_rows(xp: Any, x: Any, indices: Any) -> Any:
    return rows_at(xp, x, indices)


def linear_places(xp: Any, indices: Any, shape: Sequence[int]) -> Any:
    """Return the places, counted along the first axes, of indices along each of them.

    indices: shape (..., count), the indices along the first `count` axes of an array of `shape`.
    """
    count = indices.shape[-1]
    places = None
    for k in range(count):
        step = math.prod(shape[k + 1 : count])
        part = indices[..., k] * step
        places = part if places is None else places + part
    return places


def _gather_elements(xp: Any, x: Any, indices: Any) -> Any:
    """The slices of x at indices along its first axes, which stand along the last axis."""
    count = indices.shape[-1]
    if count == 0:
        return xp.broadcast_to(x, (*indices.shape[:-1], *x.shape))
    rows = xp.reshape(x, (math.prod(x.shape[:count]), *x.shape[count:]))
    return rows_at(xp, rows, linear_places(xp, indices, x.shape))


# ---- scattering


def summed_into(xp: Any, places: Any, rows: Any, count: int) -> Any:
    """Return an array of `count` rows, each the sum of the rows that belong to its place.

    places: shape (n,). rows: shape (n, width). What has a place outside belongs nowhere.
    """
    if isinstance(places, np.ndarray):
        return _summed_at_known_places(xp, places, rows, count)
    hits = _hits(xp, places, count)
    if xp.isdtype(hits.dtype, "bool"):
        hits = xp.astype(hits, rows.dtype)
    return hits @ rows


def _summed_at_known_places(xp: Any, places: Any, rows: Any, count: int) -> Any:
    """The sums of rows that are gathered, with a row of zeros where there are none."""
    members = [np.flatnonzero(places == row) for row in range(count)]
    longest = max((len(chosen) for chosen in members), default=0)
    zero = len(places)
    table = np.full((count, max(longest, 1)), zero)
    for row, chosen in enumerate(members):
        table[row, : len(chosen)] = chosen
    with_zero = padded(xp, rows, [(0, 1), (0, 0)])
    gathered = rows_at(xp, with_zero, xp.asarray(table))
    return gathered[:, 0, :] if longest < 2 else xp.sum(gathered, axis=1, dtype=rows.dtype)


def _hits(xp: Any, places: Any, count: int) -> Any:
    """Whether a row belongs to a place: shape (count, n)."""
    rows = xp.astype(xp.asarray(np.arange(count)), places.dtype)
    return rows[:, None] == places[None, :]


def _rows(xp: Any, updates: Any, indices: Any) -> Any:
    """The slices that are put in places, one a row."""
    count = math.prod(indices.shape[:-1])
    return xp.reshape(updates, (count, math.prod(updates.shape[len(indices.shape) - 1 :])))


def _scatter(xp: Any, indices: Any, updates: Any, shape: Any) -> Any:
    lengths = ints(shape)
    places, count = _flat_places(xp, indices, lengths)
    rows = summed_into(xp, places, _rows(xp, updates, indices), count)
    return xp.reshape(rows, lengths)


def _flat_places(xp: Any, indices: Any, shape: Sequence[int]) -> tuple[Any, int]:
    """The places along the first axes, as one row, and how many there are."""
    count = math.prod(shape[: indices.shape[-1]])
    places = linear_places(xp, indices, shape)
    if isinstance(places, np.ndarray | np.generic):
        return np.asarray(places).reshape(-1), count
    return xp.reshape(places, (-1,)), count


def _scatter_add(xp: Any, x: Any, indices: Any, updates: Any) -> Any:
    return x + _scatter(xp, indices, updates, np.array(x.shape))


def _scatter_subtract(xp: Any, x: Any, indices: Any, updates: Any) -> Any:
    return x - _scatter(xp, indices, updates, np.array(x.shape))


def _scatter_update(xp: Any, x: Any, indices: Any, updates: Any) -> Any:
    """x with slices in the place of its own; where several go to one place, the last stays."""
    places, count = _flat_places(xp, indices, x.shape)
    rows = _rows(xp, updates, indices)
    hits = _hits(xp, xp.asarray(places), count)
    order = xp.asarray(np.arange(1, rows.shape[0] + 1))
    last = xp.max(xp.where(hits, order, xp.zeros_like(order)), axis=1)
    # The row before the first is that of places to which nothing goes.
    chosen = rows_at(xp, padded(xp, rows, [(1, 0), (0, 0)]), last)
    own = xp.reshape(x, (count, rows.shape[1]))
    return xp.reshape(xp.where((last > 0)[:, None], chosen, own), tuple(x.shape))


def _scatter_extreme(name: str, choose: str) -> Operation:
    """Return a scatter after which the larger, or smaller, of all slices at a place stays."""

    def scatter(xp: Any, x: Any, indices: Any, updates: Any) -> Any:
        places, count = _flat_places(xp, indices, x.shape)
        rows = _rows(xp, updates, indices)
        own = xp.reshape(x, (count, rows.shape[1]))
        hits = _hits(xp, xp.asarray(places), count)[:, :, None]
        candidates = xp.where(hits, rows[None, :, :], own[:, None, :])
        best = getattr(xp, name)(candidates, axis=1)
        return xp.reshape(getattr(xp, choose)(best, own), tuple(x.shape))

    return Operation(scatter, preferred=(1,))


# ---- segments


def _segment_rows(xp: Any, x: Any, segments: Any) -> tuple[Any, Any]:
    """One row a slice, and the segment of each."""
    leading = len(segments.shape)
    rows = xp.reshape(x, (math.prod(segments.shape), math.prod(x.shape[leading:])))
    if isinstance(segments, np.ndarray):
        return rows, segments.reshape(-1)
    return rows, xp.reshape(segments, (-1,))


def _segment_sum(xp: Any, x: Any, segments: Any, count: Any) -> Any:
    rows, places = _segment_rows(xp, x, segments)
    sums = summed_into(xp, places, rows, ints(count)[0])
    return xp.reshape(sums, (ints(count)[0], *x.shape[len(segments.shape) :]))


def _segment_reduction(name: str, empty: Callable[[Any, Any], Any]) -> Operation:
    """Return the reduction of each segment's slices.

    empty: what an empty segment gives: a function of (xp, dtype).
    """

    def reduce(xp: Any, x: Any, segments: Any, count: Any) -> Any:
        rows, places = _segment_rows(xp, x, segments)
        answers = []
        for segment in range(ints(count)[0]):
            chosen = np.flatnonzero(places == segment)
            if len(chosen) == 0:
                answers.append(xp.full((rows.shape[1],), empty(xp, x.dtype), dtype=x.dtype))
            else:
                members = xp.take(rows, xp.asarray(chosen), axis=0)
                answers.append(getattr(xp, name)(members, axis=0))
        return xp.reshape(xp.stack(answers), (-1, *x.shape[len(segments.shape) :]))

    return Operation(reduce, known=(1, 2))


def _zero(xp: Any, dtype: Any) -> Any:
    return 0


def _one(xp: Any, dtype: Any) -> Any:
    return 1


def _lowest(xp: Any, dtype: Any) -> Any:
    return _limits(xp, dtype)[0]


def _highest(xp: Any, dtype: Any) -> Any:
    return _limits(xp, dtype)[1]


def _limits(xp: Any, dtype: Any) -> tuple[Any, Any]:
    if xp.isdtype(dtype, "integral"):
        return int(xp.iinfo(dtype).min), int(xp.iinfo(dtype).max)
    limit = float(np.finfo(np.float32 if dtype == xp.float32 else np.float64).max)
    return -limit, limit


def _sorted_segments(reduction: Operation) -> Operation:
    """Return the operation whose segments are sorted, so that they say how many there are."""

    def reduce(xp: Any, x: Any, segments: Any) -> Any:
        count = np.array(int(segments[-1]) + 1 if segments.size else 0)
        return reduction.function(xp, x, segments, count)

    return Operation(reduce, known=(1,))


# ---- by known indices


def _partitioned(xp: Any, x: Any, partitions: Any, *, num_partitions: int) -> Any:
    rows, places = _segment_rows(xp, x, partitions)
    rest = x.shape[len(partitions.shape) :]
    chosen = [np.flatnonzero(places == k) for k in range(num_partitions)]
    parts = [xp.take(rows, xp.asarray(rows_of_part), axis=0) for rows_of_part in chosen]
    return tuple(xp.reshape(part, (part.shape[0], *rest)) for part in parts)


OPERATIONS: Mapping[str, Operation] = {
    "DynamicPartition": Operation(_partitioned, known=(1,)),
    "Gather": Operation(_gather_rows),
    "GatherNd": Operation(_gather_elements),
    "GatherV2": Operation(_gather, known=(2,)),
    "ScatterNd": Operation(_scatter, known=(2,), preferred=(0,)),
    "SegmentMax": _sorted_segments(_segment_reduction("max", _zero)),
    "SegmentMean": _sorted_segments(_segment_reduction("mean", _zero)),
    "SegmentMin": _sorted_segments(_segment_reduction("min", _zero)),
    "SegmentProd": _sorted_segments(_segment_reduction("prod", _one)),
    "SegmentSum": _sorted_segments(Operation(_segment_sum)),
    "Slice": Operation(_slice, known=(1, 2)),
    "StridedSlice": Operation(_strided_slice, known=(1, 2, 3)),
    "StridedSliceGrad": Operation(_strided_slice_slope, known=(0, 1, 2, 3)),
    "TensorScatterAdd": Operation(_scatter_add, preferred=(1,)),
    "TensorScatterMax": _scatter_extreme("max", "maximum"),
    "TensorScatterMin": _scatter_extreme("min", "minimum"),
    "TensorScatterSub": Operation(_scatter_subtract, preferred=(1,)),
    "TensorScatterUpdate": Operation(_scatter_update, preferred=(1,)),
    "UnsortedSegmentMax": _segment_reduction("max", _lowest),
    "UnsortedSegmentMin": _segment_reduction("min", _highest),
    "UnsortedSegmentProd": _segment_reduction("prod", _one),
    "UnsortedSegmentSum": Operation(_segment_sum, known=(2,), preferred=(1,)),
    "Where": Operation(lambda xp, x: xp.asarray(np.argwhere(x)), known=(0,)),
}
