"""The JAX primitives that sum products: `dot_general` and `conv_general_dilated`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from adbench.readers.jax_reductions import windows_along
from adbench.readers.jax_structural import pad

Operation = Callable[..., Any]


def _lengths(x: Any, axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(x.shape[axis]) for axis in axes)


def _remaining(x: Any, *used: Sequence[int]) -> list[int]:
    return [axis for axis in range(x.ndim) if not any(axis in axes for axes in used)]


def _dot_general(xp: Any, left: Any, right: Any, *, dimension_numbers: Any) -> Any:
    """Products summed over pairs of axes, for each index along other pairs."""
    (left_summed, right_summed), (left_batch, right_batch) = dimension_numbers
    rows = _remaining(left, left_summed, left_batch)
    columns = _remaining(right, right_summed, right_batch)
    batch, n_summed = _lengths(left, left_batch), math.prod(_lengths(left, left_summed))
    n_rows, n_columns = math.prod(_lengths(left, rows)), math.prod(_lengths(right, columns))
    shape = (*batch, *_lengths(left, rows), *_lengths(right, columns))
    left = xp.permute_dims(left, _as_ints(left_batch, rows, left_summed))
    right = xp.permute_dims(right, _as_ints(right_batch, right_summed, columns))
    left = xp.reshape(left, (*batch, n_rows, n_summed))
    right = xp.reshape(right, (*batch, n_summed, n_columns))
    return xp.reshape(xp.matmul(left, right), shape)


def _as_ints(*axes: Sequence[Any]) -> tuple[int, ...]:
    return tuple(int(axis) for part in axes for axis in part)


def _conv_general_dilated(
    xp: Any,
    images: Any,
    kernels: Any,
    *,
    window_strides: Sequence[int],
    padding: Sequence[Sequence[int]],
    lhs_dilation: Sequence[int],
    rhs_dilation: Sequence[int],
    dimension_numbers: Any,
    feature_group_count: int,
    batch_group_count: int,
) -> Any:
    """The cross-correlation of images with kernels, as layers of neural networks have it.

    In groups, of channels or of images, each of which has kernels of its own.
    """
    images = xp.permute_dims(images, _as_ints(dimension_numbers.lhs_spec))
    kernels = xp.permute_dims(kernels, _as_ints(dimension_numbers.rhs_spec))
    widths = [
        (before, after, dilation - 1)
        for (before, after), dilation in zip(padding, lhs_dilation, strict=True)
    ]
    zero = xp.zeros((), dtype=images.dtype)
    images = pad(xp, images, zero, padding_config=[(0, 0, 0), (0, 0, 0), *widths])
    n_features, n_channels, *window = _lengths(kernels, range(kernels.ndim))
    for k, (length, stride) in enumerate(zip(window, window_strides, strict=True)):
        images = windows_along(xp, images, 2 + 2 * k, length, stride, rhs_dilation[k])
    positions = _lengths(images, range(2, images.ndim, 2))
    n_positions, n_summed = math.prod(positions), n_channels * math.prod(window)

    n_groups = feature_group_count * batch_group_count  # one of them is 1
    n_images = int(images.shape[0]) // batch_group_count
    grouped = (batch_group_count, n_images, feature_group_count, n_channels, *images.shape[2:])
    images = xp.reshape(images, tuple(map(int, grouped)))
    of_positions = range(4, images.ndim, 2)
    of_windows = range(5, images.ndim, 2)
    images = xp.permute_dims(images, (0, 2, 1, *of_positions, 3, *of_windows))
    rows = xp.reshape(images, (n_groups, n_images * n_positions, n_summed))
    columns = xp.reshape(kernels, (n_groups, n_features // n_groups, n_summed))
    product = xp.matmul(rows, xp.permute_dims(columns, (0, 2, 1)))
    product = xp.reshape(product, (n_groups, n_images, n_positions, n_features // n_groups))
    result = xp.reshape(xp.permute_dims(product, (1, 0, 3, 2)), (n_images, n_features, *positions))
    order = _as_ints(dimension_numbers.out_spec)
    return xp.permute_dims(result, tuple(order.index(axis) for axis in range(len(order))))


OPERATIONS: dict[str, Operation] = {
    "conv_general_dilated": _conv_general_dilated,
    "dot_general": _dot_general,
}
"""What each primitive is in the array namespace."""
