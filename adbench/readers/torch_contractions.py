"""PyTorch's sums of products: of matrices, convolutions, distances."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from adbench.readers.reading import Operation
from adbench.readers.torch_pieces import at, axes_of, join, move_axis, pad, size

# ---- products of matrices


def _matmul(xp: Any, x: Any, y: Any) -> Any:
    return xp.matmul(x, y)


def _added(xp: Any, base: Any, x: Any, y: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    """``beta * base + alpha * (x @ y)``; a beta of 0 leaves the base out."""
    product = xp.matmul(x, y)
    scaled = product if alpha == 1 else alpha * product
    if beta == 0:
        return scaled
    return (base if beta == 1 else beta * base) + scaled


def _added_sum(xp: Any, base: Any, x: Any, y: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    return beta * base + alpha * xp.sum(xp.matmul(x, y), axis=0)


def _dot(xp: Any, x: Any, y: Any) -> Any:
    return xp.sum(x * y)


def _conjugate_dot(xp: Any, x: Any, y: Any) -> Any:
    return xp.sum(xp.conj(x) * y)


def _added_outer(xp: Any, base: Any, x: Any, y: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    return beta * base + alpha * (x[:, None] * y[None, :])


def _trilinear(
    xp: Any,
    x: Any,
    y: Any,
    z: Any,
    new_axes_of_x: Sequence[int],
    new_axes_of_y: Sequence[int],
    new_axes_of_z: Sequence[int],
    summed: Sequence[int],
    unroll_dim: int = 1,
) -> Any:
    """The sum over some axes of a product of three arrays with new axes."""
    pairs = ((x, new_axes_of_x), (y, new_axes_of_y), (z, new_axes_of_z))
    factors = []
    for array, axes in pairs:
        for axis in sorted(axes):
            array = xp.expand_dims(array, axis=axis)
        factors.append(array)
    first, second, third = factors
    product = first * second * third
    return xp.sum(product, axis=axes_of(product, summed)) if summed else product


# ---- convolutions


def _each(values: Sequence[int], n: int) -> list[int]:
    """One number for each of n axes; one alone stands for all."""
    return list(values) * n if len(values) == 1 else list(values)


def _correlate(
    xp: Any, x: Any, weight: Any, stride: Sequence[int], dilation: Sequence[int], groups: int
) -> Any:
    """The cross-correlation of images with kernels.

    x:      shape (batch, groups * channels, *lengths)
    weight: shape (features, channels, *window)

    Returns shape (batch, features, *positions).
    """
    window = tuple(weight.shape[2:])
    spans = [d * (n - 1) + 1 for n, d in zip(window, dilation, strict=True)]
    positions = [
        (length - span) // step + 1
        for length, span, step in zip(x.shape[2:], spans, stride, strict=True)
    ]
    shifted = []
    for offsets in itertools.product(*[range(n) for n in window]):
        part = x
        for k, offset in enumerate(offsets):
            start = offset * dilation[k]
            end = start + (positions[k] - 1) * stride[k] + 1
            part = part[at(slice(start, end, stride[k]), k + 2)]
        shifted.append(part)
    batch, features, channels = x.shape[0], weight.shape[0], weight.shape[1]
    patches = xp.stack(shifted, axis=2)  # (batch, groups * channels, window, *positions)
    inner = channels * size(window)
    patches = xp.reshape(patches, (batch, groups, inner, size(positions)))
    kernels = xp.reshape(weight, (groups, features // groups, inner))
    return xp.reshape(xp.matmul(kernels[None, ...], patches), (batch, features, *positions))


def _spaced(xp: Any, x: Any, steps: Sequence[int]) -> Any:
    """x with zeros between its elements along the last axes, so that they lie `step` apart."""
    first = x.ndim - len(steps)
    for k, step in enumerate(steps):
        axis = first + k
        length = x.shape[axis]
        if step == 1 or length == 0:
            continue
        column = xp.reshape(x, (*x.shape[: axis + 1], 1, *x.shape[axis + 1 :]))
        zeros = xp.zeros_like(column)
        spaced = join(xp, [column] + [zeros] * (step - 1), axis + 1)
        flat = xp.reshape(spaced, (*x.shape[:axis], length * step, *x.shape[axis + 1 :]))
        x = flat[at(slice(0, (length - 1) * step + 1), axis)]
    return x


def _transposed_kernels(xp: Any, weight: Any, groups: int) -> Any:
    """The kernels by which the transpose of a convolution is one."""
    channels, features = weight.shape[0] // groups, weight.shape[1]
    window = tuple(weight.shape[2:])
    grouped = xp.reshape(weight, (groups, channels, features, *window))
    swapped = xp.reshape(move_axis(xp, grouped, 2, 1), (groups * features, channels, *window))
    return xp.flip(swapped, axis=tuple(range(2, weight.ndim)))


def _convolution(
    xp: Any,
    x: Any,
    weight: Any,
    bias: Any,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Any:
    n = weight.ndim - 2
    is_single = x.ndim == n + 1
    x = x[None, ...] if is_single else x
    stride, padding, dilation = [_each(values, n) for values in (stride, padding, dilation)]
    if transposed:
        spans = [d * (length - 1) for d, length in zip(dilation, weight.shape[2:], strict=True)]
        further = _each(output_padding, n)
        widths = [
            (span - width, span - width + more)
            for span, width, more in zip(spans, padding, further, strict=True)
        ]
        x = pad(xp, _spaced(xp, x, stride), widths)
        answer = _correlate(
            xp, x, _transposed_kernels(xp, weight, groups), [1] * n, dilation, groups
        )
    else:
        x = pad(xp, x, [(width, width) for width in padding])
        answer = _correlate(xp, x, weight, stride, dilation, groups)
    if bias is not None:
        answer = answer + xp.reshape(bias, (-1, *(1,) * n))
    return answer[0] if is_single else answer


# ---- distances


def _distances(xp: Any, x: Any, y: Any, p: float, compute_mode: int | None = None) -> Any:
    """The p-norm between each row of x and each row of y."""
    differences = x[..., :, None, :] - y[..., None, :, :]
    return xp.linalg.vector_norm(differences, axis=-1, ord=p)


def _distances_of_pairs(xp: Any, x: Any, p: float = 2) -> Any:
    pairs = list(itertools.combinations(range(x.shape[0]), 2))
    first, second = [xp.stack([x[pair[k]] for pair in pairs], axis=0) for k in range(2)]
    return xp.linalg.vector_norm(first - second, axis=-1, ord=p)


OPERATIONS: Mapping[str, Operation] = {
    "aten::_cdist_forward": _distances,
    "aten::_euclidean_dist": lambda xp, x, y: _distances(xp, x, y, 2),
    "aten::_pdist_forward": _distances_of_pairs,
    "aten::_trilinear": _trilinear,
    "aten::addbmm": _added_sum,
    "aten::addmm": _added,
    "aten::addmv": _added,
    "aten::addr": _added_outer,
    "aten::baddbmm": _added,
    "aten::bmm": _matmul,
    "aten::convolution": _convolution,
    "aten::dot": _dot,
    "aten::mm": _matmul,
    "aten::mv": _matmul,
    "aten::vdot": _conjugate_dot,
}
