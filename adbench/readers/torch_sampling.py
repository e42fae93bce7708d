"""PyTorch's sampling of images at points of a grid.

Its decomposition adds 1 to a rounded coordinate before it makes an integer of it, which no
enclosure can follow; here integers are made first.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from adbench.readers.reading import Operation
from adbench.readers.torch_pieces import as_array, size

BILINEAR, NEAREST, BICUBIC = 0, 1, 2
ZEROS, BORDER, REFLECTION = 0, 1, 2
SHARPNESS = -0.75
"""The parameter of PyTorch's cubic convolution."""

Neighbour = tuple[Any, Any]
"""The places along an axis, as integers, and their weights."""


def _coordinate(points: Any, length: int, align_corners: bool) -> Any:
    """Places in the axis of points between -1 and 1."""
    if align_corners:
        return (points + 1) / 2 * (length - 1)
    return ((points + 1) * length - 1) / 2


def _reflected(xp: Any, u: Any, length: int, align_corners: bool) -> Any:
    """Places outside of an axis brought back inside of it, as by mirrors at its ends."""
    low, span = (0.0, length - 1) if align_corners else (-0.5, length)
    if span == 0:
        return xp.zeros_like(u)
    distance = xp.abs(u - low)
    turns = xp.floor(distance / span)
    rest = distance - turns * span
    is_even = xp.remainder(xp.astype(xp.stop_gradient(turns), xp.int64), _two(xp)) == 0
    return xp.where(is_even, rest, span - rest) + low


def _two(xp: Any) -> Any:
    return xp.asarray(2, dtype=xp.int64)


def _clipped(xp: Any, u: Any, length: int) -> Any:
    return xp.minimum(xp.maximum(u, as_array(xp, 0, u)), as_array(xp, length - 1, u))


def _reflected_place(xp: Any, places: Any, length: int, align_corners: bool) -> Any:
    """As `_reflected`, of integers."""
    period = 2 * (length - 1) if align_corners else 2 * length
    if period == 0:
        return xp.zeros_like(places)
    rest = xp.remainder(places, xp.asarray(period, dtype=places.dtype))
    mirrored = period - rest if align_corners else period - 1 - rest
    return xp.minimum(rest, mirrored)


def _cubic_weights(t: Any) -> list[Any]:
    """Those of the four neighbours of a point, which lies t after the second one."""
    a = SHARPNESS
    near = [((a + 2) * s - (a + 3)) * s * s + 1 for s in (t, 1 - t)]
    far = [((a * s - 5 * a) * s + 8 * a) * s - 4 * a for s in (t + 1, 2 - t)]
    return [far[0], near[0], near[1], far[1]]


def _neighbours(
    xp: Any, u: Any, length: int, mode: int, padding: int, align_corners: bool
) -> list[Neighbour]:
    """The places along one axis that a value is made of, and their weights."""
    if mode != BICUBIC:
        if padding == REFLECTION:
            u = _reflected(xp, u, length, align_corners)
        if padding != ZEROS:
            u = _clipped(xp, u, length)
    if mode == NEAREST:
        return [(xp.astype(xp.round(xp.stop_gradient(u)), xp.int64), None)]
    floor = xp.floor(xp.stop_gradient(u))
    first, t = xp.astype(floor, xp.int64), u - floor
    if mode == BILINEAR:
        return [(first, 1 - t), (first + 1, t)]
    places = [first + k for k in (-1, 0, 1, 2)]
    if padding == REFLECTION:
        places = [_reflected_place(xp, place, length, align_corners) for place in places]
    if padding != ZEROS:
        places = [_clipped(xp, place, length) for place in places]
    return list(zip(places, _cubic_weights(t), strict=True))


def _picked(xp: Any, x: Any, places: Sequence[Any]) -> Any:
    """The elements of images at places, one for each axis; 0 outside.

    x: shape (batch, channels, *lengths)
    places: each of shape (batch, *positions)

    Returns shape (batch, channels, positions).
    """
    lengths = tuple(x.shape[2:])
    batch, channels = x.shape[0], x.shape[1]
    linear: Any = 0
    is_inside: Any = True
    for place, length in zip(places, lengths, strict=True):
        is_inside = (place >= 0) & (place < length) & is_inside
        linear = linear * length + _clipped(xp, place, length)
    row = (batch, 1, size(linear.shape[1:]))
    indices = xp.broadcast_to(xp.reshape(linear, row), (batch, channels, row[2]))
    flat = xp.reshape(x, (batch, channels, size(lengths)))
    values = xp.take_along_axis(flat, indices, axis=2)
    return xp.where(xp.reshape(is_inside, row), values, xp.zeros_like(values))


def _grid_sample(xp: Any, x: Any, grid: Any, mode: int, padding: int, align_corners: bool) -> Any:
    """Values of images between their elements, at the points of a grid.

    x: shape (batch, channels, *lengths)
    grid: shape (batch, *positions, n); the last of n numbers is for the first axis.
    """
    lengths = tuple(x.shape[2:])
    n = len(lengths)
    axes = []
    for k, length in enumerate(lengths):
        u = _coordinate(grid[..., n - 1 - k], length, align_corners)
        axes.append(_neighbours(xp, u, length, mode, padding, align_corners))
    positions = tuple(grid.shape[1:-1])
    total: Any = 0
    for corner in itertools.product(*axes):
        values = _picked(xp, x, [place for place, _ in corner])
        for _, weight in corner:
            if weight is not None:
                values = values * xp.reshape(weight, (x.shape[0], 1, size(positions)))
        total = total + values
    return xp.reshape(total, (x.shape[0], x.shape[1], *positions))


OPERATIONS: Mapping[str, Operation] = {
    "aten::grid_sampler_2d": _grid_sample,
    "aten::grid_sampler_3d": _grid_sample,
}
