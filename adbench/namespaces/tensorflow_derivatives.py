"""Derivatives inside of a model, by a tape of TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adbench.namespaces.tensorflow_loops import REVERSE, differentiated
from reference_ad.engine import tree

import tensorflow as tf  # isort: skip


def grad(function: Callable[..., Any]) -> Callable[..., Any]:
    """The gradient of a scalar function with respect to its first argument: see `Namespace`."""

    def gradient(x: Any, *constants: Any) -> Any:
        leaves, structure = tree.flatten(tree.map(tf.convert_to_tensor, x))
        with differentiated(REVERSE), tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            output = function(tree.unflatten(structure, leaves), *constants)
        pulled = tape.gradient(output, leaves, unconnected_gradients="zero")
        return tree.unflatten(structure, [tf.convert_to_tensor(g) for g in pulled])

    return gradient
