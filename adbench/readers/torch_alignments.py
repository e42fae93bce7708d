"""PyTorch's connectionist temporal classification: a loss of all alignments with some labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def _loss(
    xp: Any,
    log_probabilities: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    zero_infinity: bool = False,
) -> Any:
    """The negative logarithm of the probability of all paths that stand for the labels.

    log_probabilities: shape (steps, batch, classes). targets: labels, shape (batch, labels), or
    those of all sequences one after another. The lengths are integers, one for each sequence. The
    result has the shape (batch,).

    A. Graves et al., Connectionist Temporal Classification, ICML 2006, equations 5 to 8, with the
    weights of each step divided by their sum.
    """
    n_steps, batch, _ = log_probabilities.shape
    dtype = log_probabilities.dtype
    steps_of, labels_of = _lengths(xp, input_lengths), _lengths(xp, target_lengths)
    states, may_skip = _states(xp, _labels(xp, targets, labels_of), blank, dtype)
    n_states = states.shape[-1]
    at_steps = xp.broadcast_to(states, (n_steps, batch, n_states))
    probabilities = xp.exp(xp.take_along_axis(log_probabilities, at_steps, axis=2))
    number = xp.arange(n_states)[None, :]
    nothing = xp.zeros_like(probabilities[0, ...])
    weights = xp.where(number < 2, probabilities[0, ...], nothing)
    loss = xp.zeros((batch, 1), dtype=dtype)
    for step in range(1, n_steps):
        goes_on = steps_of > step
        total = xp.sum(weights, axis=1, keepdims=True)
        loss = xp.where(goes_on, loss - xp.log(total), loss)
        shares = weights / total
        arriving = shares + _moved(xp, shares, 1) + may_skip * _moved(xp, shares, 2)
        weights = xp.where(goes_on, arriving * probabilities[step, ...], weights)
    last = 2 * labels_of
    is_final = xp.logical_and(number >= last - 1, number <= last)
    final = xp.sum(xp.where(is_final, weights, nothing), axis=1)
    return loss[:, 0] - xp.log(final)


def _lengths(xp: Any, lengths: Any) -> Any:
    """Lengths as a column, shape (batch, 1)."""
    array = xp.asarray(np.asarray(lengths)) if isinstance(lengths, (list, tuple)) else lengths
    return xp.reshape(array, (-1, 1))


def _labels(xp: Any, targets: Any, lengths: Any) -> Any:
    """The labels of each sequence in a row; behind its own there may be any."""
    if targets.ndim == 2:
        return targets
    starts = xp.cumulative_sum(lengths, axis=0) - lengths
    places = starts + xp.arange(targets.shape[0], dtype=lengths.dtype)[None, :]
    within = xp.minimum(places, xp.full_like(places, max(targets.shape[0] - 1, 0)))
    taken = xp.take(targets, xp.reshape(within, (-1,)), axis=0)
    return xp.reshape(taken, within.shape)


def _states(xp: Any, labels: Any, blank: int, dtype: Any) -> tuple[Any, Any]:
    """The labels with a blank before, between and behind them, and 1 where a blank may be skipped.

    It may where the label is another one than that before the blank.
    """
    batch, n_labels = labels.shape
    labels = xp.maximum(labels, xp.zeros_like(labels))  # behind the last there may be -1
    blanks = xp.full_like(labels, blank)
    pairs = xp.reshape(xp.stack([blanks, labels], axis=2), (batch, 2 * n_labels))
    last = xp.full((batch, 1), blank, dtype=labels.dtype)
    is_other = xp.astype(labels[:, 1:] != labels[:, : max(n_labels - 1, 0)], dtype)
    first = xp.zeros((batch, min(n_labels, 1)), dtype=dtype)
    skips = xp.concat([first, is_other], axis=1)
    may_skip = xp.stack([xp.zeros_like(skips), skips], axis=2)
    may_skip = xp.reshape(may_skip, (batch, 2 * n_labels))
    ends = xp.zeros((batch, 1), dtype=dtype)
    return xp.concat([pairs, last], axis=1), xp.concat([may_skip, ends], axis=1)


def _moved(xp: Any, weights: Any, count: int) -> Any:
    """The weights of the states so many places before, and 0 where there is none."""
    kept = weights[:, : max(weights.shape[1] - count, 0)]
    return xp.concat([xp.zeros_like(weights[:, :count]), kept], axis=1)


OPERATIONS: Mapping[str, Any] = {"aten::_ctc_loss": (_loss, None)}
"""None stands for the weights of all steps, which only PyTorch's own backward pass uses."""
