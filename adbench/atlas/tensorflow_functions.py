"""TensorFlow's own functions at corners, which are judged by the corners' formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "maximum(x, 0) at 0": tf.nn.relu,
    "relu6(x) at 6": tf.nn.relu6,
    "leaky relu at 0": lambda x: tf.nn.leaky_relu(x, 0.125),
    "leaky relu at -0": lambda x: tf.nn.leaky_relu(x, 0.125),
    "elu(x, 1) at 0": tf.nn.elu,
    "norm(x) at 0": tf.norm,
    "std of equal numbers": tf.math.reduce_std,
    "std of one number": tf.math.reduce_std,
    "max with two ties": tf.reduce_max,
    "cross-entropy with logit 0": lambda x: tf.nn.sigmoid_cross_entropy_with_logits(
        labels=tf.fill(tf.shape(x), tf.cast(0.25, x.dtype)), logits=x
    ),
    "softplus(x) at 0": tf.math.softplus,
    "softplus(x) at 100": tf.math.softplus,
    "softplus(x) at -100": tf.math.softplus,
    "softplus(x) at -1000": tf.math.softplus,
    "logsumexp with a -inf": lambda x, mask: tf.reduce_logsumexp(x + mask),
    "log_softmax of +-10000": lambda x: -tf.nn.log_softmax(x)[1],
    "prod with two zeros": tf.reduce_prod,
}
"""The functions by the corners' names."""
