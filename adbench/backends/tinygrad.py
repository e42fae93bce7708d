"""tinygrad: lazy tensors, whose kernels are compiled when a value is asked for; reverse mode alone.

It computes on the processor, by way of clang; where there is none, its interpreter in Python does,
which is slow, and right.
"""

from __future__ import annotations

import os
import shutil
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from tinygrad import Context, Device, Tensor

from adbench.backends.base import Answer, Backend, Function
from adbench.namespaces.tinygrad import namespace
from reference_ad.engine import tree


class Eager(Backend):
    """tinygrad as it runs by default."""

    framework = "tinygrad"
    xp = namespace
    array_type = Tensor
    array_name = "Tensor"

    def modes(self) -> AbstractContextManager[Any]:
        """Compute on the processor."""
        compiler = os.environ.get("CC", "clang")
        return Context(DEV="CPU" if shutil.which(compiler) else "PYTHON")

    # ---- arrays

    def asarray(self, array: np.ndarray[Any, Any]) -> Tensor:
        # An array without axes would become a constant of the kernels.
        return Tensor(np.array(array).reshape(-1)).realize().reshape(array.shape)

    def to_numpy(self, array: Any) -> np.ndarray[Any, Any]:
        # A constant is on no device, and would be made by clang.
        placed = array.clone(Device.DEFAULT) if array.uop.device is None else array
        return np.array(placed.numpy())

    def synchronize(self, answer: Answer) -> None:
        placed = [leaf for leaf in tree.leaves(answer) if leaf.uop.device is not None]
        if placed:
            Tensor.realize(*placed)

    # ---- transformations

    def vjp(self, function: Function, active: Any) -> tuple[Any, Function]:
        # Copies, of which nothing else knows.
        copies = tree.map(lambda leaf: leaf + 0.0, active)
        leaves, structure = tree.flatten(copies)
        output = function(copies)
        outputs = tree.leaves(output)

        def pullback(cotangent: Any) -> Any:
            pairs = zip(outputs, tree.leaves(cotangent), strict=True)
            total = sum((y * u).sum() for y, u in pairs)
            return tree.unflatten(structure, total.gradient(*leaves))

        return output, pullback
