"""PyTorch's fused layers: normalizations, attention, and what else is one operation there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adbench.readers.torch_pieces import constant, size


def _moments(xp: Any, x: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """The mean and the mean square deviation along axes, which are kept."""
    mean = xp.mean(x, axis=axes, keepdims=True)
    deviation = x - mean
    return mean, xp.mean(deviation * deviation, axis=axes, keepdims=True)


def _scaled(x: Any, weight: Any, bias: Any) -> Any:
    if weight is not None:
        x = x * weight
    if bias is not None:
        x = x + bias
    return x


# ---- over the last axes


def _layer_norm(xp: Any, x: Any, shape: Sequence[int], weight: Any, bias: Any, eps: float) -> Any:
    mean, variance = _moments(xp, x, tuple(range(x.ndim - len(shape), x.ndim)))
    return _scaled((x - mean) / xp.sqrt(variance + eps), weight, bias)


def _layer_mean(xp: Any, x: Any, shape: Sequence[int], weight: Any, bias: Any, eps: float) -> Any:
    return _moments(xp, x, tuple(range(x.ndim - len(shape), x.ndim)))[0]


def _layer_rstd(xp: Any, x: Any, shape: Sequence[int], weight: Any, bias: Any, eps: float) -> Any:
    variance = _moments(xp, x, tuple(range(x.ndim - len(shape), x.ndim)))[1]
    return 1 / xp.sqrt(variance + eps)


# ---- over groups of channels


def _group_moments(xp: Any, x: Any, batch: int, groups: int) -> tuple[Any, Any, Any]:
    grouped = xp.reshape(x, (batch, groups, size(x.shape) // max(batch * groups, 1)))
    return grouped, *_moments(xp, grouped, (2,))


def _group_norm(
    xp: Any,
    x: Any,
    weight: Any,
    bias: Any,
    batch: int,
    channels: int,
    inner: int,
    groups: int,
    eps: float,
) -> Any:
    grouped, mean, variance = _group_moments(xp, x, batch, groups)
    normalized = xp.reshape((grouped - mean) / xp.sqrt(variance + eps), tuple(x.shape))
    columns = [_as_channels(xp, values, x) for values in (weight, bias)]
    return _scaled(normalized, *columns)


def _group_mean(
    xp: Any,
    x: Any,
    weight: Any,
    bias: Any,
    batch: int,
    channels: int,
    inner: int,
    groups: int,
    eps: float,
) -> Any:
    return _group_moments(xp, x, batch, groups)[1][..., 0]


def _group_rstd(
    xp: Any,
    x: Any,
    weight: Any,
    bias: Any,
    batch: int,
    channels: int,
    inner: int,
    groups: int,
    eps: float,
) -> Any:
    return 1 / xp.sqrt(_group_moments(xp, x, batch, groups)[2][..., 0] + eps)


def _as_channels(xp: Any, values: Any, x: Any) -> Any:
    """Values of channels, to stand beside x, whose second axis they are."""
    if values is None:
        return None
    return xp.reshape(values, (-1, *(1,) * (x.ndim - 2)))


# ---- over a batch


def _batch_norm(
    xp: Any,
    x: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_variance: Any,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    if training:
        mean, variance = _moments(xp, x, (0, *range(2, x.ndim)))
    else:
        mean, variance = [_as_channels(xp, v, x) for v in (running_mean, running_variance)]
    columns = [_as_channels(xp, values, x) for values in (weight, bias)]
    return _scaled((x - mean) / xp.sqrt(variance + eps), *columns)


def _batch_norm_without_training(
    xp: Any,
    x: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_variance: Any,
    momentum: float,
    eps: float,
) -> Any:
    return _batch_norm(xp, x, weight, bias, running_mean, running_variance, False, momentum, eps)


def _batch_norm_without_statistics(
    xp: Any, x: Any, weight: Any, bias: Any, training: bool, momentum: float, eps: float
) -> Any:
    return _batch_norm(xp, x, weight, bias, None, None, True, momentum, eps)


# ---- losses and activations


def _multilabel_margin_loss(xp: Any, x: Any, target: Any, reduction: int) -> Any:
    """The mean of ``max(0, 1 - x[target] + x[other])`` over targets and others.

    The targets of a row end before the first -1. PyTorch's decomposition of it (2.13) counts what
    comes after that as well.
    """
    x, target = [xp.reshape(array, (-1, array.shape[-1])) for array in (x, target)]
    is_listed = xp.cumulative_sum(xp.astype(target < 0, xp.int64), axis=1) == 0
    places = xp.where(is_listed, target, xp.zeros_like(target))
    classes = constant(xp, np.arange(x.shape[1]))
    is_target = xp.any(is_listed[:, :, None] & (target[:, :, None] == classes), axis=1)
    margins = 1 - xp.take_along_axis(x, places, axis=1)[:, :, None] + x[:, None, :]
    counts = is_listed[:, :, None] & ~is_target[:, None, :]
    zeros = xp.zeros_like(margins)
    losses = xp.sum(xp.where(counts, xp.maximum(margins, zeros), zeros), axis=(1, 2)) / x.shape[1]
    return (losses, xp.mean(losses), xp.sum(losses))[reduction]


def _randomized_relu(
    xp: Any,
    x: Any,
    noise: Any,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
) -> Any:
    """Without training the slope below 0 is the mean one."""
    return xp.where(x > 0, x, (lower + upper) / 2 * x)


# ---- attention


def _attention(
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    attn_mask: Any = None,
    scale: float | None = None,
) -> Any:
    """softmax of scaled scores, times the values; masked scores are minus infinity."""
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = xp.matmul(query * scale, xp.matrix_transpose(key))
    if attn_mask is not None and xp.isdtype(attn_mask.dtype, "bool"):
        scores = xp.where(attn_mask, scores, xp.asarray(-float("inf"), dtype=scores.dtype))
    elif attn_mask is not None:
        scores = scores + attn_mask
    if is_causal:
        is_seen = constant(xp, np.tri(scores.shape[-2], scores.shape[-1], dtype=bool))
        scores = xp.where(is_seen, scores, xp.asarray(-float("inf"), dtype=scores.dtype))
    return xp.matmul(xp.special.softmax(scores, axis=-1), value)


OPERATIONS: Mapping[str, Any] = {
    "aten::_native_batch_norm_legit": (_batch_norm, None, None),
    "aten::_native_batch_norm_legit_functional": (_batch_norm, None, None, None, None),
    "aten::_native_batch_norm_legit.no_stats": (_batch_norm_without_statistics, None, None),
    "aten::_native_batch_norm_legit_no_training": (_batch_norm_without_training, None, None),
    "aten::_scaled_dot_product_flash_attention_for_cpu": (_attention, None),
    "aten::multilabel_margin_loss_forward": (_multilabel_margin_loss, None),
    "aten::native_batch_norm": (_batch_norm, None, None),
    "aten::native_group_norm": (_group_norm, _group_mean, _group_rstd),
    "aten::native_layer_norm": (_layer_norm, _layer_mean, _layer_rstd),
    "aten::rrelu_with_noise_functional": (_randomized_relu, None),
}
"""None stands for an output that only PyTorch's own backward pass uses."""

SWITCHES_OF_CHANCE = {
    "aten::_scaled_dot_product_flash_attention_for_cpu": 3,
    "aten::rrelu_with_noise_functional": 4,
}
"""Operations that are random only where an operand, at this place, is more than 0 or true."""
