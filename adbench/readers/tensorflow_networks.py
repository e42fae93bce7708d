"""TensorFlow's raw operations of neural networks: convolutions, pooling, norms and losses."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adbench.readers.tensorflow_operation import Operation, ints
from adbench.readers.tensorflow_shapes import channels_back, channels_last, padded

Pairs = list[tuple[int, int]]

# ---- windows


@dataclass(frozen=True)
class Windows:
    """Where the windows of a convolution or a pool lie, along the axes between batch and channels.

    All numbers are per axis.
    """

    lengths: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    padding: bytes
    """SAME, VALID or EXPLICIT."""
    explicit: Sequence[tuple[int, int]] = ()

    @property
    def extents(self) -> tuple[int, ...]:
        """From the first to the last place of a window."""
        pairs = zip(self.lengths, self.dilations, strict=True)
        return tuple((length - 1) * dilation + 1 for length, dilation in pairs)

    def paddings(self, sizes: Sequence[int]) -> Pairs:
        """Return how many zeros stand before and after arrays of these sizes."""
        if self.padding == b"VALID":
            return [(0, 0)] * len(self.lengths)
        if self.padding == b"EXPLICIT":
            return list(self.explicit)
        pairs = []
        for size, extent, stride in zip(sizes, self.extents, self.strides, strict=True):
            total = max((-(-size // stride) - 1) * stride + extent - size, 0)
            pairs.append((total // 2, total - total // 2))
        return pairs

    def counts(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """Return how many windows there are."""
        rows = zip(sizes, self.paddings(sizes), self.extents, self.strides, strict=True)
        return tuple((n + sum(pair) - extent) // step + 1 for n, pair, extent, step in rows)


def _between(numbers: Sequence[int], data_format: bytes) -> tuple[int, ...]:
    """The numbers of the axes between batch and channels, of those of all axes."""
    inner = numbers[2:] if data_format[:2] == b"NC" else numbers[1:-1]
    return tuple(int(number) for number in inner)


def _explicit(numbers: Sequence[int], data_format: bytes) -> Pairs:
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    return pairs[2:] if data_format[:2] == b"NC" else pairs[1:-1]


def _patches(xp: Any, x: Any, windows: Windows) -> Any:
    """The elements of each window: shape (batch, *positions, size of the window, channels)."""
    sizes = x.shape[1:-1]
    counts = windows.counts(sizes)
    x = padded(xp, x, [(0, 0), *windows.paddings(sizes), (0, 0)])
    parts = []
    for offset in itertools.product(*map(range, windows.lengths)):
        rows = zip(offset, windows.dilations, windows.strides, counts, strict=True)
        spans = [slice(k * d, k * d + (n - 1) * s + 1, s) for k, d, s, n in rows]
        parts.append(x[(slice(None), *spans)])
    return xp.stack(parts, axis=-2)


# ---- convolutions


def _convolution(xp: Any, x: Any, kernel: Any, windows: Windows) -> Any:
    """The cross-correlation, in as many groups of channels as the kernel's channels are fewer.

    x: shape (batch, *sizes, channels). kernel: shape (*window, channels / groups, features).
    """
    channels, features = kernel.shape[-2:]
    groups = x.shape[-1] // channels
    patches = _patches(xp, x, windows)
    positions = tuple(patches.shape[:-2])
    size = patches.shape[-2]
    count = math.prod(positions)
    left = xp.reshape(patches, (count, size, groups, channels))
    right = xp.reshape(kernel, (size, channels, groups, features // groups))
    left = xp.reshape(xp.permute_dims(left, (2, 0, 1, 3)), (groups, count, size * channels))
    right = xp.reshape(xp.permute_dims(right, (2, 0, 1, 3)), (groups, size * channels, -1))
    product = xp.permute_dims(xp.matmul(left, right), (1, 0, 2))
    return xp.reshape(product, (*positions, features))


def _transposed_convolution(
    xp: Any, sizes: Sequence[int], kernel: Any, g: Any, windows: Windows
) -> Any:
    """The transpose of the convolution of arrays of these sizes, applied to g."""
    spread = g
    widths: Pairs = []
    rows = zip(sizes, windows.paddings(sizes), windows.extents, windows.strides, strict=True)
    for axis, (size, (before, _), extent, stride) in enumerate(rows, 1):
        spread = _spread(xp, spread, axis, stride)
        first = extent - 1 - before
        widths.append((first, size + extent - 1 - first - spread.shape[axis]))
    spread = padded(xp, spread, [(0, 0), *widths, (0, 0)])
    plain = Windows(windows.lengths, (1,) * len(sizes), windows.dilations, b"VALID")
    return spread, plain


def _spread(xp: Any, x: Any, axis: int, stride: int) -> Any:
    """x with zeros between its elements along an axis."""
    if stride == 1:
        return x
    shape = tuple(x.shape)
    column = xp.expand_dims(x, axis=axis + 1)
    column = padded(
        xp, column, [(0, 0)] * (axis + 1) + [(0, stride - 1)] + [(0, 0)] * (len(shape) - axis - 1)
    )
    flat = xp.reshape(column, (*shape[:axis], shape[axis] * stride, *shape[axis + 1 :]))
    return flat[(*[slice(None)] * axis, slice(0, (shape[axis] - 1) * stride + 1))]


def _input_slope(xp: Any, shape: Sequence[int], kernel: Any, g: Any, windows: Windows) -> Any:
    """The gradient of a convolution in its images, which are of a shape."""
    channels, features = kernel.shape[-2:]
    groups = shape[-1] // channels
    lengths = windows.lengths
    spread, plain = _transposed_convolution(xp, shape[1:-1], kernel, g, windows)
    flipped = xp.flip(kernel, axis=tuple(range(len(lengths))))
    parts = xp.reshape(flipped, (*lengths, channels, groups, features // groups))
    axes = tuple(range(len(lengths)))
    n = len(lengths)
    turned = xp.permute_dims(parts, (*axes, n + 2, n + 1, n))
    turned = xp.reshape(turned, (*lengths, features // groups, groups * channels))
    return _convolution(xp, spread, turned, plain)


def _kernel_slope(xp: Any, x: Any, shape: Sequence[int], g: Any, windows: Windows) -> Any:
    """The gradient of a convolution in its kernel, which is of a shape."""
    channels, features = shape[-2:]
    groups = x.shape[-1] // channels
    patches = _patches(xp, x, windows)
    size = patches.shape[-2]
    count = math.prod(patches.shape[:-2])
    left = xp.reshape(patches, (count, size, groups, channels))
    left = xp.reshape(xp.permute_dims(left, (2, 1, 3, 0)), (groups, size * channels, count))
    right = xp.reshape(g, (count, groups, features // groups))
    product = xp.matmul(left, xp.permute_dims(right, (1, 0, 2)))
    product = xp.reshape(product, (groups, size, channels, features // groups))
    return xp.reshape(xp.permute_dims(product, (1, 2, 0, 3)), tuple(shape))


def _windows_of(
    kernel_shape: Sequence[int],
    strides: Sequence[int],
    padding: bytes,
    data_format: bytes,
    dilations: Sequence[int],
    explicit_paddings: Sequence[int] = (),
) -> Windows:
    return Windows(
        tuple(kernel_shape[:-2]),
        _between(strides, data_format),
        _between(dilations, data_format),
        padding,
        _explicit(explicit_paddings, data_format),
    )


def _conv2d(
    xp: Any,
    x: Any,
    kernel: Any,
    *,
    strides: Sequence[int],
    padding: bytes,
    explicit_paddings: Sequence[int],
    data_format: bytes,
    dilations: Sequence[int],
) -> Any:
    windows = _windows_of(kernel.shape, strides, padding, data_format, dilations, explicit_paddings)
    answer = _convolution(xp, channels_last(xp, x, data_format), kernel, windows)
    return channels_back(xp, answer, data_format)


def _conv3d(
    xp: Any,
    x: Any,
    kernel: Any,
    *,
    strides: Sequence[int],
    padding: bytes,
    data_format: bytes,
    dilations: Sequence[int],
) -> Any:
    windows = _windows_of(kernel.shape, strides, padding, data_format, dilations)
    answer = _convolution(xp, channels_last(xp, x, data_format), kernel, windows)
    return channels_back(xp, answer, data_format)


def _grouped(xp: Any, kernel: Any) -> Any:
    """A depthwise kernel as one of a convolution in as many groups as there are channels."""
    *window, channels, multiplier = kernel.shape
    return xp.reshape(kernel, (*window, 1, channels * multiplier))


def _depthwise(
    xp: Any,
    x: Any,
    kernel: Any,
    *,
    strides: Sequence[int],
    padding: bytes,
    explicit_paddings: Sequence[int],
    data_format: bytes,
    dilations: Sequence[int],
) -> Any:
    return _conv2d(
        xp,
        x,
        _grouped(xp, kernel),
        strides=strides,
        padding=padding,
        explicit_paddings=explicit_paddings,
        data_format=data_format,
        dilations=dilations,
    )


def _channels_last_shape(shape: Any, data_format: bytes) -> tuple[int, ...]:
    lengths = ints(shape)
    if data_format[:2] == b"NC":
        return (lengths[0], *lengths[2:], lengths[1])
    return lengths


def _conv_input_slope(
    xp: Any,
    shape: Any,
    kernel: Any,
    g: Any,
    *,
    strides: Sequence[int],
    padding: bytes,
    explicit_paddings: Sequence[int],
    data_format: bytes,
    dilations: Sequence[int],
) -> Any:
    windows = _windows_of(kernel.shape, strides, padding, data_format, dilations, explicit_paddings)
    lengths = _channels_last_shape(shape, data_format)
    answer = _input_slope(xp, lengths, kernel, channels_last(xp, g, data_format), windows)
    return channels_back(xp, answer, data_format)


def _conv3d_input_slope(
    xp: Any,
    shape: Any,
    kernel: Any,
    g: Any,
    *,
    strides: Sequence[int],
    padding: bytes,
    data_format: bytes,
    dilations: Sequence[int],
) -> Any:
    windows = _windows_of(kernel.shape, strides, padding, data_format, dilations)
    lengths = _channels_last_shape(shape, data_format)
    answer = _input_slope(xp, lengths, kernel, channels_last(xp, g, data_format), windows)
    return channels_back(xp, answer, data_format)


def _conv_kernel_slope(
    xp: Any,
    x: Any,
    shape: Any,
    g: Any,
    *,
    strides: Sequence[int],
    padding: bytes,
    explicit_paddings: Sequence[int],
    data_format: bytes,
    dilations: Sequence[int],
) -> Any:
    windows = _windows_of(ints(shape), strides, padding, data_format, dilations, explicit_paddings)
    images, slope = [channels_last(xp, array, data_format) for array in (x, g)]
    return _kernel_slope(xp, images, ints(shape), slope, windows)


def _depthwise_input_slope(
    xp: Any,
    shape: Any,
    kernel: Any,
    g: Any,
    *,
    strides: Sequence[int],
    padding: bytes,
    explicit_paddings: Sequence[int],
    data_format: bytes,
    dilations: Sequence[int],
) -> Any:
    return _conv_input_slope(
        xp,
        shape,
        _grouped(xp, kernel),
        g,
        strides=strides,
        padding=padding,
        explicit_paddings=explicit_paddings,
        data_format=data_format,
        dilations=dilations,
    )


def _depthwise_kernel_slope(
    xp: Any,
    x: Any,
    shape: Any,
    g: Any,
    *,
    strides: Sequence[int],
    padding: bytes,
    explicit_paddings: Sequence[int],
    data_format: bytes,
    dilations: Sequence[int],
) -> Any:
    *window, channels, multiplier = ints(shape)
    slope = _conv_kernel_slope(
        xp,
        x,
        np.array([*window, 1, channels * multiplier]),
        g,
        strides=strides,
        padding=padding,
        explicit_paddings=explicit_paddings,
        data_format=data_format,
        dilations=dilations,
    )
    return xp.reshape(slope, ints(shape))


# ---- pools


def _pooled(xp: Any, reduction: str, x: Any, windows: Windows) -> Any:
    """The reduction over each window, along one axis after the other; padding takes no part."""
    sizes = tuple(x.shape[1:-1])
    rows = zip(sizes, windows.counts(sizes), windows.paddings(sizes), strict=True)
    for k, (size, count, (before, _)) in enumerate(rows):
        axis = k + 1
        parts = []
        for position in range(count):
            start = position * windows.strides[k] - before
            span = slice(max(start, 0), min(start + windows.lengths[k], size))
            part = x[(*[slice(None)] * axis, span)]
            parts.append(getattr(xp, reduction)(part, axis=axis))
        x = xp.stack(parts, axis=axis)
    return x


def _pool_windows(
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: bytes,
    data_format: bytes,
    explicit_paddings: Sequence[int] = (),
) -> Windows:
    lengths = _between(ksize, data_format)
    return Windows(
        lengths,
        _between(strides, data_format),
        (1,) * len(lengths),
        padding,
        _explicit(explicit_paddings, data_format),
    )


def _max_pool(
    xp: Any,
    x: Any,
    *,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: bytes,
    explicit_paddings: Sequence[int],
    data_format: bytes,
) -> Any:
    windows = _pool_windows(ksize, strides, padding, data_format, explicit_paddings)
    answer = _pooled(xp, "max", channels_last(xp, x, data_format), windows)
    return channels_back(xp, answer, data_format)


def _max_pool_by_operands(
    xp: Any, x: Any, ksize: Any, strides: Any, *, padding: bytes, data_format: bytes
) -> Any:
    windows = _pool_windows(ints(ksize), ints(strides), padding, data_format)
    answer = _pooled(xp, "max", channels_last(xp, x, data_format), windows)
    return channels_back(xp, answer, data_format)


def _pool(reduction: str) -> Operation:
    def pool(
        xp: Any,
        x: Any,
        *,
        ksize: Sequence[int],
        strides: Sequence[int],
        padding: bytes,
        data_format: bytes,
    ) -> Any:
        windows = _pool_windows(ksize, strides, padding, data_format)
        answer = _pooled(xp, reduction, channels_last(xp, x, data_format), windows)
        return channels_back(xp, answer, data_format)

    return Operation(pool)


def _mean_pool_slope(
    xp: Any,
    shape: Any,
    g: Any,
    *,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: bytes,
    data_format: bytes,
) -> Any:
    """The gradient of a mean pool: along each axis the transpose of a matrix of means."""
    windows = _pool_windows(ksize, strides, padding, data_format)
    sizes = _channels_last_shape(shape, data_format)[1:-1]
    g = channels_last(xp, g, data_format)
    rows = zip(sizes, windows.counts(sizes), windows.paddings(sizes), strict=True)
    for k, (size, count, (before, _)) in enumerate(rows):
        means = np.zeros((count, size))
        for position in range(count):
            start = position * windows.strides[k] - before
            span = slice(max(start, 0), min(start + windows.lengths[k], size))
            means[position, span] = 1 / (span.stop - span.start)
        g = _along(xp, g, k + 1, xp.asarray(means, dtype=g.dtype))
    return channels_back(xp, g, data_format)


def _along(xp: Any, x: Any, axis: int, matrix: Any) -> Any:
    """The product of the lines of x along an axis with a matrix."""
    order = [k for k in range(len(x.shape)) if k != axis]
    product = xp.matmul(xp.permute_dims(x, (*order, axis)), matrix)
    back = [*range(axis), len(order), *range(axis, len(order))]
    return xp.permute_dims(product, tuple(back))


# ---- norms


def _bias_add(xp: Any, x: Any, bias: Any, *, data_format: bytes) -> Any:
    if data_format[:2] == b"NC":
        bias = xp.reshape(bias, (-1, *[1] * (len(x.shape) - 2)))
    return x + bias


def _bias_slope(xp: Any, g: Any, *, data_format: bytes) -> Any:
    channels = 1 if data_format[:2] == b"NC" else len(g.shape) - 1
    return xp.sum(g, axis=tuple(k for k in range(len(g.shape)) if k != channels))


def _batch_norm(count: int) -> Operation:
    """Return the batch norm that has so many outputs, of which the first three have a meaning."""

    def normalize(
        xp: Any,
        x: Any,
        scale: Any,
        offset: Any,
        mean: Any,
        variance: Any,
        *,
        epsilon: float,
        data_format: bytes,
        is_training: bool,
        exponential_avg_factor: float,
    ) -> Any:
        images = channels_last(xp, x, data_format)
        if is_training:
            if exponential_avg_factor != 1:
                raise NotImplementedError("A running average of batches is kept by this operation.")
            axes = tuple(range(len(images.shape) - 1))
            n = math.prod(images.shape[:-1])
            mean, variance = xp.mean(images, axis=axes), xp.var(images, axis=axes)
        answer = (images - mean) / xp.sqrt(variance + epsilon) * scale + offset
        if is_training:
            variance = variance * (n / max(n - 1, 1))
        rest = [xp.zeros((0,), dtype=x.dtype)] * (count - 3)
        return (channels_back(xp, answer, data_format), mean, variance, *rest)

    return Operation(normalize)


def _local_norm(
    xp: Any, x: Any, *, depth_radius: int, bias: float, alpha: float, beta: float
) -> Any:
    squares = padded(xp, xp.square(x), [(0, 0)] * 3 + [(depth_radius, depth_radius)])
    channels = x.shape[-1]
    spans = [squares[..., k : k + channels] for k in range(2 * depth_radius + 1)]
    return x / xp.pow(bias + alpha * xp.sum(xp.stack(spans), axis=0), beta)


# ---- losses


def _cross_entropy(xp: Any, scores: Any, labels: Any) -> Any:
    """The loss of each row, and its gradient in the scores."""
    scores, labels = xp.broadcast_arrays(scores, labels)
    loss = -xp.sum(labels * xp.special.log_softmax(scores, axis=-1), axis=-1)
    return loss, xp.special.softmax(scores, axis=-1) - labels


def _sparse_cross_entropy(xp: Any, scores: Any, labels: Any) -> Any:
    """The loss of each row whose label is an integer, and its gradient in the scores."""
    classes = xp.astype(xp.asarray(np.arange(scores.shape[-1])), labels.dtype)
    hits = xp.astype(labels[:, None] == classes, scores.dtype)
    places = xp.astype(labels, xp.int64)[:, None]
    chosen = xp.take_along_axis(xp.special.log_softmax(scores, axis=-1), places, axis=-1)
    return -chosen[:, 0], xp.special.softmax(scores, axis=-1) - hits


def _softmax(name: str) -> Operation:
    return Operation(lambda xp, x: getattr(xp.special, name)(x, axis=-1))


# ---- images


def _positions(count: int, size: int, align_corners: bool, half_pixel_centers: bool) -> Any:
    """Where the new pixels lie among the old ones, in single precision as TensorFlow's kernels."""
    single = np.float32
    if align_corners and count > 1:
        scale = single(size - 1) / single(count - 1)
    else:
        scale = single(size) / single(count)
    places = np.arange(count, dtype=single)
    if half_pixel_centers:
        return (places + single(0.5)) * scale - single(0.5)
    return places * scale


def _resize_bilinear(
    xp: Any, images: Any, size: Any, *, align_corners: bool, half_pixel_centers: bool
) -> Any:
    for axis, count in enumerate(ints(size), 1):
        n = images.shape[axis]
        places = _positions(count, n, align_corners, half_pixel_centers)
        lower = np.floor(places)
        first = np.clip(lower, 0, n - 1).astype(np.int64)
        second = np.clip(np.ceil(places), 0, n - 1).astype(np.int64)
        shape = (-1, *[1] * (3 - axis))
        weights = (places - lower).astype(np.float64).reshape(shape)
        below = xp.take(images, xp.asarray(first), axis=axis)
        above = xp.take(images, xp.asarray(second), axis=axis)
        images = below + (above - below) * xp.asarray(weights, dtype=images.dtype)
    return images


def _resize_nearest(
    xp: Any, images: Any, size: Any, *, align_corners: bool, half_pixel_centers: bool
) -> Any:
    for axis, count in enumerate(ints(size), 1):
        n = images.shape[axis]
        places = _positions(count, n, align_corners, half_pixel_centers)
        if half_pixel_centers:
            places = places + np.float32(0.5)
        nearest = np.floor(places + np.float32(0.5)) if align_corners else np.floor(places)
        chosen = np.clip(nearest, 0, n - 1).astype(np.int64)
        images = xp.take(images, xp.asarray(chosen), axis=axis)
    return images


def _image_patches(
    xp: Any,
    images: Any,
    *,
    ksizes: Sequence[int],
    strides: Sequence[int],
    rates: Sequence[int],
    padding: bytes,
) -> Any:
    windows = Windows(
        _between(ksizes, b"NHWC"), _between(strides, b"NHWC"), _between(rates, b"NHWC"), padding
    )
    patches = _patches(xp, images, windows)
    return xp.reshape(patches, (*patches.shape[:-2], -1))


OPERATIONS: Mapping[str, Operation] = {
    # convolutions
    "Conv2D": Operation(_conv2d),
    "Conv2DBackpropFilter": Operation(_conv_kernel_slope, known=(1,)),
    "Conv2DBackpropInput": Operation(_conv_input_slope, known=(0,)),
    "Conv3D": Operation(_conv3d),
    "Conv3DBackpropInputV2": Operation(_conv3d_input_slope, known=(0,)),
    "DepthwiseConv2dNative": Operation(_depthwise),
    "DepthwiseConv2dNativeBackpropFilter": Operation(_depthwise_kernel_slope, known=(1,)),
    "DepthwiseConv2dNativeBackpropInput": Operation(_depthwise_input_slope, known=(0,)),
    # pools
    "AvgPool": _pool("mean"),
    "AvgPool3D": _pool("mean"),
    "AvgPoolGrad": Operation(_mean_pool_slope, known=(0,)),
    "MaxPool": Operation(_max_pool),
    "MaxPool3D": _pool("max"),
    "MaxPoolV2": Operation(_max_pool_by_operands, known=(1, 2)),
    # norms
    "BiasAdd": Operation(_bias_add),
    "BiasAddGrad": Operation(_bias_slope),
    "BiasAddV1": Operation(lambda xp, x, bias: x + bias),
    "FusedBatchNorm": _batch_norm(5),
    "FusedBatchNormV2": _batch_norm(5),
    "FusedBatchNormV3": _batch_norm(6),
    "LRN": Operation(_local_norm),
    # losses
    "LogSoftmax": _softmax("log_softmax"),
    "Softmax": _softmax("softmax"),
    "SoftmaxCrossEntropyWithLogits": Operation(_cross_entropy),
    "SparseSoftmaxCrossEntropyWithLogits": Operation(_sparse_cross_entropy),
    # images
    "ExtractImagePatches": Operation(_image_patches),
    "ResizeBilinear": Operation(_resize_bilinear, known=(1,)),
    "ResizeNearestNeighbor": Operation(_resize_nearest, known=(1,)),
}
