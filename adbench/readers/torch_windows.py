"""PyTorch's pooling: sums, means and maxima over windows of the last axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adbench.readers.reading import Operation
from adbench.readers.torch_pieces import cast, constant, move_axis, size, take


@dataclass(frozen=True)
class Windows:
    """The windows along one axis."""

    places: Any
    """Shape (windows, elements): which elements each has, beyond the axis where it is padded."""
    length: int
    """That of the axis."""
    padded: tuple[int, int]
    """From where to where, the end excluded, the axis reaches with its padding."""

    @property
    def inside(self) -> Any:
        """Which elements are in the axis itself."""
        return (self.places >= 0) & (self.places < self.length)

    @property
    def counts(self) -> Any:
        """How many elements each window has, padding included."""
        first, last = self.padded
        return ((self.places >= first) & (self.places < last)).sum(axis=1)


def _axis_windows(
    length: int, window: int, step: int, width: int, dilation: int, rounds_up: bool
) -> Windows:
    """The windows of one axis, as pooling has them."""
    room = length + 2 * width - dilation * (window - 1) - 1
    count = (math.ceil(room / step) if rounds_up else room // step) + 1
    if rounds_up and (count - 1) * step >= length + width:
        count -= 1  # a window must begin in the axis or before it
    starts = np.arange(count) * step - width
    places = starts[:, None] + np.arange(window) * dilation
    return Windows(places, length, (-width, length + width))


def _each(values: int | Sequence[int], n: int) -> list[int]:
    """One number for each of n axes; one alone stands for all."""
    if isinstance(values, int):
        values = [values]
    return list(values) * n if len(values) == 1 else list(values)


def _windows(
    n: int,
    x: Any,
    window: Any,
    stride: Any = (),
    padding: Any = 0,
    dilation: Any = 1,
    rounds_up: bool = False,
) -> list[Windows]:
    """The windows of the last n axes."""
    lengths = _each(window, n)
    steps = _each(stride, n) if stride else lengths
    columns = (x.shape[-n:], lengths, steps, _each(padding, n), _each(dilation, n))
    return [_axis_windows(*row, rounds_up) for row in zip(*columns, strict=True)]


def _adaptive_windows(n: int, x: Any, output: Any) -> list[Windows]:
    """Windows that share out the last n axes; a short one names an element of its own again."""
    windows = []
    for length, count in zip(x.shape[-n:], _each(output, n), strict=True):
        numbers = np.arange(count)
        starts = numbers * length // count
        ends = -(-(numbers + 1) * length // count)
        places = starts[:, None] + np.arange((ends - starts).max(initial=1))
        places = np.where(places < ends[:, None], places, length)
        windows.append(Windows(places, length, (0, length)))
    return windows


# ---- sums and means


def _sums(xp: Any, x: Any, windows: Sequence[Windows]) -> Any:
    """The sums over windows, one axis after another, each a product with zeros and ones."""
    first = x.ndim - len(windows)
    for k, axis_windows in enumerate(windows):
        columns = np.arange(axis_windows.length)
        members = (axis_windows.places[:, :, None] == columns).any(axis=1)
        line = move_axis(xp, x, first + k, x.ndim - 1)
        x = move_axis(
            xp, line @ xp.asarray(members.T.astype(float), dtype=x.dtype), x.ndim - 1, first + k
        )
    return x


def _product_of_counts(counts: Sequence[Any]) -> Any:
    """How many elements each window over several axes has."""
    product = np.ones((), int)
    for line in counts:
        product = product[..., None] * line
    return product


def _mean_pool(n: int) -> Operation:
    def mean_pool(
        xp: Any,
        x: Any,
        window: Any,
        stride: Any = (),
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Any:
        windows = _windows(n, x, window, stride, padding, 1, ceil_mode)
        sums = _sums(xp, x, windows)
        if divisor_override is not None:
            return sums / divisor_override
        counts = [line.counts if count_include_pad else line.inside.sum(axis=1) for line in windows]
        return sums / xp.asarray(_product_of_counts(counts).astype(float), dtype=x.dtype)

    return mean_pool


def _adaptive_mean_pool(n: int) -> Operation:
    def adaptive_mean_pool(xp: Any, x: Any, output: Any) -> Any:
        windows = _adaptive_windows(n, x, output)
        counts = _product_of_counts([line.inside.sum(axis=1) for line in windows])
        return _sums(xp, x, windows) / xp.asarray(counts.astype(float), dtype=x.dtype)

    return adaptive_mean_pool


# ---- maxima


def _maxima(xp: Any, x: Any, windows: Sequence[Windows]) -> Any:
    """The maxima over windows, one axis after another."""
    lowest = xp.asarray(-float("inf"), dtype=x.dtype)
    first = x.ndim - len(windows)
    for k, line in enumerate(windows):
        axis = first + k
        places = np.clip(line.places, 0, line.length - 1)
        picked = take(xp, x, constant(xp, places), axis)
        if not line.inside.all():
            mask = line.inside.reshape((*places.shape, *(1,) * (x.ndim - axis - 1)))
            picked = xp.where(constant(xp, mask), picked, lowest)
        x = xp.max(picked, axis=axis + 1)
    return x


def _places_of_maxima(xp: Any, x: Any, windows: Sequence[Windows]) -> Any:
    """Where the maxima over windows are, counted in C order over the last axes."""
    n = len(windows)
    lengths = tuple(x.shape[x.ndim - n :])
    flat = xp.reshape(xp.stop_gradient(x), (*x.shape[: x.ndim - n], size(lengths)))
    places, inside = np.zeros((1, 1), int), np.ones((1, 1), bool)
    for line in windows:
        clipped = np.clip(line.places, 0, line.length - 1)
        places = places[:, None, :, None] * line.length + clipped[None, :, None, :]
        inside = inside[:, None, :, None] & line.inside[None, :, None, :]
        places = places.reshape(places.shape[0] * places.shape[1], -1)
        inside = inside.reshape(places.shape)
    picked = take(xp, flat, constant(xp, places), flat.ndim - 1)
    picked = xp.where(constant(xp, inside), picked, xp.asarray(-float("inf"), dtype=x.dtype))
    chosen = cast(xp, xp.argmax(picked, axis=picked.ndim - 1), xp.int64)
    base = np.arange(places.shape[0]) * places.shape[1]
    found = take(xp, constant(xp, places.reshape(-1)), chosen + constant(xp, base), 0)
    counts = [line.places.shape[0] for line in windows]
    return xp.reshape(found, (*x.shape[: x.ndim - n], *counts))


def _max_pool(n: int) -> tuple[Operation, Operation]:
    def values(
        xp: Any,
        x: Any,
        window: Any,
        stride: Any = (),
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> Any:
        return _maxima(xp, x, _windows(n, x, window, stride, padding, dilation, ceil_mode))

    def places(
        xp: Any,
        x: Any,
        window: Any,
        stride: Any = (),
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> Any:
        windows = _windows(n, x, window, stride, padding, dilation, ceil_mode)
        return _places_of_maxima(xp, x, windows)

    return values, places


def _adaptive_max_pool(n: int) -> tuple[Operation, Operation]:
    return (
        lambda xp, x, output: _maxima(xp, x, _adaptive_windows(n, x, output)),
        lambda xp, x, output: _places_of_maxima(xp, x, _adaptive_windows(n, x, output)),
    )


OPERATIONS: Mapping[str, Any] = {
    "aten::_adaptive_avg_pool2d": _adaptive_mean_pool(2),
    "aten::_adaptive_avg_pool3d": _adaptive_mean_pool(3),
    "aten::adaptive_max_pool2d": _adaptive_max_pool(2),
    "aten::adaptive_max_pool3d": _adaptive_max_pool(3),
    "aten::avg_pool2d": _mean_pool(2),
    "aten::avg_pool3d": _mean_pool(3),
    "aten::max_pool2d_with_indices": _max_pool(2),
    "aten::max_pool3d_with_indices": _max_pool(3),
}
