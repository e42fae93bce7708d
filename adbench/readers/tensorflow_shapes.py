"""TensorFlow's raw operations that make arrays, and give them another shape or order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adbench.readers.tensorflow_operation import Operation, ints

# ---- shapes, which are known


def _shape(xp: Any, x: Any, *, out_type: Any) -> Any:
    return xp.asarray(np.array(x.shape, np.int64), dtype=out_type)


def _shapes(xp: Any, *arrays: Any, out_type: Any) -> Any:
    return tuple(_shape(xp, x, out_type=out_type) for x in arrays)


def _broadcast_shape(xp: Any, first: Any, second: Any) -> Any:
    shape = np.broadcast_shapes(ints(first), ints(second))
    return xp.asarray(np.array(shape, first.dtype))


def _summed_axes(xp: Any, first: Any, second: Any) -> Any:
    """Along which axes the gradients of two operands of a broadcast are to be summed."""
    shapes = [ints(first), ints(second)]
    result = np.broadcast_shapes(*shapes)
    padded = [(1,) * (len(result) - len(shape)) + shape for shape in shapes]
    axes = [[k for k, n in enumerate(shape) if n == 1] for shape in padded]
    return tuple(xp.asarray(np.array(chosen, first.dtype)) for chosen in axes)


def _offsets(xp: Any, axis: Any, *shapes: Any) -> Any:
    """Where each of some arrays begins in what they are joined to."""
    place = ints(axis)[0] % shapes[0].size
    starts = np.cumsum([0, *[shape[place] for shape in shapes]])
    rows = np.zeros((len(shapes), shapes[0].size), shapes[0].dtype)
    rows[:, place] = starts[:-1]
    return tuple(xp.asarray(row) for row in rows)


# ---- new arrays


def _fill(xp: Any, shape: Any, value: Any) -> Any:
    return xp.broadcast_to(value, ints(shape))


def _range(xp: Any, start: Any, limit: Any, step: Any, *, Tidx: Any) -> Any:
    """Evenly spaced numbers; a floating one is the start and a multiple of the step."""
    count = len(np.arange(start, limit, step))
    places = xp.asarray(np.arange(count))
    first, distance = [xp.asarray(np.asarray(number), dtype=Tidx) for number in (start, step)]
    return first + xp.astype(places, Tidx) * distance


def _linspace(xp: Any, start: Any, stop: Any, count: Any) -> Any:
    n = ints(count)[0]
    if n == 1:
        return xp.reshape(start, (1,))
    places = xp.astype(xp.asarray(np.arange(n)), start.dtype)
    return start + places * ((stop - start) / (n - 1))


def _one_hot(xp: Any, indices: Any, depth: Any, on: Any, off: Any, *, axis: int) -> Any:
    place = axis % (len(indices.shape) + 1)
    shape = [1] * (len(indices.shape) + 1)
    shape[place] = ints(depth)[0]
    classes = xp.asarray(np.arange(shape[place]).reshape(shape))
    hits = xp.expand_dims(indices, axis=place) == xp.astype(classes, indices.dtype)
    return xp.where(hits, on, off)


def _constant_like(value: int) -> Operation:
    return Operation(lambda xp, x: xp.full_like(x, value))


# ---- another shape


def _reshape(xp: Any, x: Any, shape: Any) -> Any:
    return xp.reshape(x, ints(shape))


def _squeeze(xp: Any, x: Any, *, squeeze_dims: Sequence[int]) -> Any:
    axes = [axis % len(x.shape) for axis in squeeze_dims]
    axes = axes or [k for k, n in enumerate(x.shape) if n == 1]
    return xp.reshape(x, tuple(n for k, n in enumerate(x.shape) if k not in axes))


def _expand_dims(xp: Any, x: Any, axis: Any) -> Any:
    place = ints(axis)[0] % (len(x.shape) + 1)
    return xp.reshape(x, (*x.shape[:place], 1, *x.shape[place:]))


def _transpose(xp: Any, x: Any, axes: Any) -> Any:
    return xp.permute_dims(x, tuple(axis % len(x.shape) for axis in ints(axes)))


def _broadcast_to(xp: Any, x: Any, shape: Any) -> Any:
    return xp.broadcast_to(x, ints(shape))


def _tile(xp: Any, x: Any, counts: Any) -> Any:
    """x repeated as a block: a copy along a new axis before each, which is joined to it."""
    spaced = xp.reshape(x, tuple(length for n in x.shape for length in (1, n)))
    pairs = list(zip(ints(counts), x.shape, strict=True))
    repeated = xp.broadcast_to(spaced, tuple(length for pair in pairs for length in pair))
    return xp.reshape(repeated, tuple(count * n for count, n in pairs))


# ---- joining and splitting


def _concat(xp: Any, *operands: Any) -> Any:
    *arrays, axis = operands
    return xp.concat(arrays, axis=ints(axis)[0] % len(arrays[0].shape))


def _concat_axis_first(xp: Any, axis: Any, *arrays: Any) -> Any:
    return _concat(xp, *arrays, axis)


def _pack(xp: Any, *arrays: Any, axis: int) -> Any:
    return xp.stack(arrays, axis=axis % (len(arrays[0].shape) + 1))


def _unpack(xp: Any, x: Any, *, axis: int) -> Any:
    return tuple(xp.unstack(x, axis=axis % len(x.shape)))


def _split(xp: Any, axis: Any, x: Any, *, num_split: int) -> Any:
    place = ints(axis)[0] % len(x.shape)
    return _parts(x, [x.shape[place] // num_split] * num_split, place)


def _split_by_sizes(xp: Any, x: Any, sizes: Any, axis: Any) -> Any:
    place = ints(axis)[0] % len(x.shape)
    lengths = list(ints(sizes))
    if -1 in lengths:
        lengths[lengths.index(-1)] = x.shape[place] - sum(lengths) - 1
    return _parts(x, lengths, place)


def _parts(x: Any, lengths: Sequence[int], axis: int) -> Any:
    stops = np.cumsum(lengths).tolist()
    spans = [slice(stop - n, stop) for stop, n in zip(stops, lengths, strict=True)]
    return tuple(x[(*[slice(None)] * axis, span)] for span in spans)


# ---- padding


def padded(xp: Any, x: Any, widths: Sequence[tuple[int, int]], value: Any = 0) -> Any:
    """Return x with a number around it: so many times before and after it along each axis.

    value: a Python number, or an array of no dimensions.
    """
    for axis, (before, after) in enumerate(widths):
        if before < 0 or after < 0:
            inside = slice(max(-before, 0), x.shape[axis] - max(-after, 0))
            x = x[(*[slice(None)] * axis, inside)]
        shape = list(x.shape)
        parts = [x]
        if before > 0:
            shape[axis] = before
            parts.insert(0, _filled(xp, tuple(shape), value, x))
        if after > 0:
            shape[axis] = after
            parts.append(_filled(xp, tuple(shape), value, x))
        x = xp.concat(parts, axis=axis) if len(parts) > 1 else x
    return x


def _filled(xp: Any, shape: tuple[int, ...], value: Any, like: Any) -> Any:
    if isinstance(value, (int, float)):
        return xp.full(shape, value, dtype=like.dtype)
    return xp.broadcast_to(value, shape)


def pairs(widths: Any) -> list[tuple[int, int]]:
    """Return a known operand of shape (n, 2) as pairs."""
    return [(int(before), int(after)) for before, after in widths.reshape(-1, 2)]


def _pad(xp: Any, x: Any, widths: Any) -> Any:
    return padded(xp, x, pairs(widths))


def _pad_with(xp: Any, x: Any, widths: Any, value: Any) -> Any:
    return padded(xp, x, pairs(widths), value)


def _mirror_pad(xp: Any, x: Any, widths: Any, *, mode: bytes) -> Any:
    kind = {b"REFLECT": "reflect", b"SYMMETRIC": "symmetric"}[mode]
    for axis, width in enumerate(pairs(widths)):
        if width != (0, 0):
            places = np.pad(np.arange(x.shape[axis]), width, mode=kind)  # type: ignore[call-overload]
            x = xp.take(x, xp.asarray(places), axis=axis)
    return x


# ---- another order


def _reverse(xp: Any, x: Any, axes: Any) -> Any:
    chosen = tuple(axis % len(x.shape) for axis in ints(axes))
    return xp.flip(x, axis=chosen) if chosen else x


def _reverse_where(xp: Any, x: Any, chosen: Any) -> Any:
    return _reverse(xp, x, np.flatnonzero(chosen))


def _reverse_sequence(xp: Any, x: Any, lengths: Any, *, seq_dim: int, batch_dim: int) -> Any:
    """The first entries of each row backwards: so many as its length says."""
    rows = xp.unstack(x, axis=batch_dim)
    axis = seq_dim - (batch_dim < seq_dim)
    turned = []
    for row, length in zip(rows, ints(lengths), strict=True):
        places = np.arange(row.shape[axis])
        places[:length] = places[:length][::-1]
        turned.append(xp.take(row, xp.asarray(places), axis=axis))
    return xp.stack(turned, axis=batch_dim)


def _roll(xp: Any, x: Any, shifts: Any, axes: Any) -> Any:
    for shift, axis in zip(ints(shifts), ints(axes), strict=True):
        x = xp.roll(x, shift, axis=axis % len(x.shape))
    return x


# ---- space, batch and depth


def _space_to_batch(xp: Any, x: Any, block: Any, paddings: Any) -> Any:
    blocks = ints(block)
    count = len(blocks)
    rest = len(x.shape) - 1 - count
    x = padded(xp, x, [(0, 0), *pairs(paddings), *[(0, 0)] * rest])
    lengths = [x.shape[1 + k] // blocks[k] for k in range(count)]
    inner = [length for pair in zip(lengths, blocks, strict=True) for length in pair]
    x = xp.reshape(x, (x.shape[0], *inner, *x.shape[1 + count :]))
    first = [2 + 2 * k for k in range(count)]
    second = [1 + 2 * k for k in range(count)]
    last = range(1 + 2 * count, len(x.shape))
    x = xp.permute_dims(x, (*first, 0, *second, *last))
    return xp.reshape(x, (-1, *lengths, *x.shape[1 + 2 * count :]))


def _batch_to_space(xp: Any, x: Any, block: Any, crops: Any) -> Any:
    blocks = ints(block)
    count = len(blocks)
    batch = x.shape[0] // math.prod(blocks)
    lengths = x.shape[1 : 1 + count]
    rest = x.shape[1 + count :]
    x = xp.reshape(x, (*blocks, batch, *x.shape[1:]))
    pairs_of_axes = [axis for k in range(count) for axis in (count + 1 + k, k)]
    last = range(2 * count + 1, len(x.shape))
    x = xp.permute_dims(x, (count, *pairs_of_axes, *last))
    spread = [n * b for n, b in zip(lengths, blocks, strict=True)]
    x = xp.reshape(x, (batch, *spread, *rest))
    cropped = [(-before, -after) for before, after in pairs(crops)]
    return padded(xp, x, [(0, 0), *cropped, *[(0, 0)] * len(rest)])


def _space_to_depth(xp: Any, x: Any, *, block_size: int, data_format: bytes) -> Any:
    x = channels_last(xp, x, data_format)
    n, height, width, depth = x.shape
    rows, columns = height // block_size, width // block_size
    x = xp.reshape(x, (n, rows, block_size, columns, block_size, depth))
    x = xp.permute_dims(x, (0, 1, 3, 2, 4, 5))
    x = xp.reshape(x, (n, rows, columns, block_size * block_size * depth))
    return channels_back(xp, x, data_format)


def _depth_to_space(xp: Any, x: Any, *, block_size: int, data_format: bytes) -> Any:
    x = channels_last(xp, x, data_format)
    n, rows, columns, channels = x.shape
    depth = channels // block_size**2
    x = xp.reshape(x, (n, rows, columns, block_size, block_size, depth))
    x = xp.permute_dims(x, (0, 1, 3, 2, 4, 5))
    x = xp.reshape(x, (n, rows * block_size, columns * block_size, depth))
    return channels_back(xp, x, data_format)


def channels_last(xp: Any, x: Any, data_format: bytes) -> Any:
    """Return x with its channels on the last axis, from whichever format it has."""
    if data_format[:2] != b"NC":
        return x
    return xp.permute_dims(x, (0, *range(2, len(x.shape)), 1))


def channels_back(xp: Any, x: Any, data_format: bytes) -> Any:
    """Return x, whose channels are on the last axis, in a format."""
    if data_format[:2] != b"NC":
        return x
    return xp.permute_dims(x, (0, len(x.shape) - 1, *range(1, len(x.shape) - 1)))


OPERATIONS: Mapping[str, Operation] = {
    # shapes
    "BroadcastArgs": Operation(_broadcast_shape, known=(0, 1)),
    "BroadcastGradientArgs": Operation(_summed_axes, known=(0, 1)),
    "ConcatOffset": Operation(_offsets, known=(0,)),
    "Rank": Operation(lambda xp, x: xp.asarray(np.int32(len(x.shape))), of_shape=True),
    "Shape": Operation(_shape, of_shape=True),
    "ShapeN": Operation(_shapes, of_shape=True),
    "Size": Operation(
        lambda xp, x, *, out_type: xp.asarray(np.array(math.prod(x.shape)), dtype=out_type),
        of_shape=True,
    ),
    # new arrays
    "Fill": Operation(_fill, known=(0,)),
    "InvertPermutation": Operation(
        lambda xp, x: xp.asarray(np.argsort(x).astype(x.dtype)), known=(0,)
    ),
    "LinSpace": Operation(_linspace, known=(2,)),
    "OneHot": Operation(_one_hot, known=(1,)),
    "OnesLike": _constant_like(1),
    "Range": Operation(_range, known=(0, 1, 2)),
    "ZerosLike": _constant_like(0),
    # another shape
    "BroadcastTo": Operation(_broadcast_to, known=(1,)),
    "ExpandDims": Operation(_expand_dims, known=(1,)),
    "Reshape": Operation(_reshape, known=(1,)),
    "Squeeze": Operation(_squeeze),
    "Tile": Operation(_tile, known=(1,)),
    "Transpose": Operation(_transpose, known=(1,)),
    "ConjugateTranspose": Operation(lambda xp, x, axes: xp.conj(_transpose(xp, x, axes)), (1,)),
    # joining and splitting
    "Concat": Operation(_concat_axis_first, known=(0,)),
    "ConcatV2": Operation(_concat, known=(-1,)),
    "Pack": Operation(_pack),
    "Split": Operation(_split, known=(0,)),
    "SplitV": Operation(_split_by_sizes, known=(1, 2)),
    "Unpack": Operation(_unpack),
    # padding
    "MirrorPad": Operation(_mirror_pad, known=(1,)),
    "Pad": Operation(_pad, known=(1,)),
    "PadV2": Operation(_pad_with, known=(1,)),
    # another order
    "Reverse": Operation(_reverse_where, known=(1,)),
    "ReverseSequence": Operation(_reverse_sequence, known=(1,)),
    "ReverseV2": Operation(_reverse, known=(1,)),
    "Roll": Operation(_roll, known=(1, 2)),
    # space, batch and depth
    "BatchToSpaceND": Operation(_batch_to_space, known=(1, 2)),
    "DepthToSpace": Operation(_depth_to_space),
    "SpaceToBatchND": Operation(_space_to_batch, known=(1, 2)),
    "SpaceToDepth": Operation(_space_to_depth),
}
