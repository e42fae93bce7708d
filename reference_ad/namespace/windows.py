"""Sliding windows over the last axes, as layers of neural networks have them."""

from __future__ import annotations

import numpy as np

from ..engine.core import Array
from .contractions import tensordot
from .manipulation import moveaxis, take
from .reductions import max, mean


def sliding_windows(
    x: Array, lengths: tuple[int, ...], /, *, strides: tuple[int, ...] | None = None
) -> Array:
    """All windows over the last axes: shape ``(..., *positions, *lengths)``."""
    strides = (1,) * np.size(lengths) if strides is None else strides
    if np.ndim(lengths) != 1 or np.shape(strides) != np.shape(lengths) or x.ndim < len(lengths):
        raise ValueError(
            f"Windows of lengths {lengths!r} with strides {strides!r} were asked of an array of "
            f"{x.ndim} dimension(s): give a tuple with an int for each axis, the same number of "
            "both."
        )
    first = x.ndim - len(lengths)
    for k, (length, stride) in enumerate(zip(lengths, strides, strict=True)):
        positions = np.arange(0, x.shape[first + k] - length + 1, stride)
        x = moveaxis(
            take(x, positions[:, None] + np.arange(length)[None, :], axis=first + k),
            first + k + 1,
            -1,
        )
    return x


def convolve(x: Array, kernel: Array, /, *, strides: tuple[int, ...] | None = None) -> Array:
    """The cross-correlation of images with kernels, as layers of neural networks have it.

    `pad` first if need be.

    x:      shape (batch, channels, *lengths)
    kernel: shape (features, channels, *window)

    Returns shape (batch, features, *positions).
    """
    n = kernel.ndim - 2
    windows = sliding_windows(
        x, kernel.shape[2:], strides=strides
    )  # (batch, channels, *positions, *window)
    summed = (1, *range(n + 2, 2 * n + 2))
    return moveaxis(tensordot(windows, kernel, axes=(summed, tuple(range(1, n + 2)))), -1, 1)


def max_pool(
    x: Array, window: tuple[int, ...], /, *, strides: tuple[int, ...] | None = None
) -> Array:
    """The largest element of each window over the last axes.

    Windows lie side by side if no strides are given.
    """
    return max(
        sliding_windows(x, window, strides=strides or window), axis=tuple(range(-len(window), 0))
    )


def mean_pool(
    x: Array, window: tuple[int, ...], /, *, strides: tuple[int, ...] | None = None
) -> Array:
    """The mean of each window over the last axes.

    Windows lie side by side if no strides are given.
    """
    return mean(
        sliding_windows(x, window, strides=strides or window), axis=tuple(range(-len(window), 0))
    )
