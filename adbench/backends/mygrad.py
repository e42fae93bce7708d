"""MyGrad, define-by-run on NumPy arrays: reverse mode of first order alone."""

from __future__ import annotations

from typing import Any

import mygrad
import numpy as np

from adbench.backends.base import Function, Unsupported
from adbench.backends.numpy_arrays import NumPyBackend
from adbench.namespaces.mygrad import namespace
from reference_ad.engine import tree

ONE_ORDER = "MyGrad's gradients are arrays, so it differentiates once."


class Eager(NumPyBackend):
    """MyGrad as it runs by default."""

    framework = "mygrad"
    xp = namespace
    _is_recording = False
    """Whether a function runs whose derivative is asked: a pullback in it is of second order."""

    def to_numpy(self, array: Any) -> np.ndarray[Any, Any]:
        return super().to_numpy(mygrad.asarray(array))

    def overwrite(self, array: Any, values: np.ndarray[Any, Any]) -> bool:
        # MyGrad locks the arrays of a graph for as long as its output lives.
        was_writeable = array.flags.writeable
        array.flags.writeable = True
        try:
            return super().overwrite(array, values)
        finally:
            array.flags.writeable = was_writeable

    # ---- transformations

    def vjp(self, function: Function, active: Any) -> tuple[Any, Function]:
        _refuse_second_order(active)
        recorded = [self._record(function, active)]

        def pullback(cotangent: Any) -> Any:
            if self._is_recording:
                raise Unsupported(ONE_ORDER)
            # `backward` clears the graph, so a second pullback records another.
            tensors, output = recorded.pop() if recorded else self._record(function, active)
            output.backward(mygrad.asarray(cotangent))
            return tree.map(_gradient_of, tensors)

        return recorded[0][1].data, pullback

    def _record(self, function: Function, active: Any) -> tuple[Any, Any]:
        """The active argument as tensors, and the function's output at them."""
        tensors = tree.map(mygrad.tensor, active)
        self._is_recording = True
        try:
            return tensors, mygrad.astensor(function(tensors))
        finally:
            self._is_recording = False


def _gradient_of(tensor: Any) -> np.ndarray[Any, Any]:
    return np.zeros_like(tensor.data) if tensor.grad is None else tensor.grad


def _refuse_second_order(arguments: Any) -> None:
    for leaf in tree.leaves(arguments):
        if isinstance(leaf, mygrad.Tensor) and not leaf.constant:
            raise Unsupported(ONE_ORDER)
