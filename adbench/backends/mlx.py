"""MLX: lazy arrays, transformations that nest, and a compiler; on the processor."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import mlx.core as mx
import numpy as np

from adbench.backends.base import Answer, Backend, Call, Function
from adbench.backends.flat_call import FlatCall
from adbench.namespaces.mlx import namespace
from reference_ad.engine import tree


class Eager(Backend):
    """MLX as it runs by default: an array is computed when it is asked for."""

    framework = "mlx"
    xp = namespace
    array_type = mx.array

    def modes(self) -> AbstractContextManager[Any]:
        """Compute on the processor, where alone MLX has float64."""
        return mx.stream(mx.cpu)

    # ---- arrays

    def asarray(self, array: np.ndarray[Any, Any]) -> mx.array:
        return mx.array(array, getattr(mx, array.dtype.name.replace("bool", "bool_")))

    def to_numpy(self, array: Any) -> np.ndarray[Any, Any]:
        return np.array(array)

    def synchronize(self, answer: Answer) -> None:
        mx.eval(tree.leaves(answer))

    def lacks_rule(self, error: BaseException) -> bool:
        return isinstance(error, ValueError) and "Not implemented for" in str(error)

    # ---- transformations

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        flat = _Flat(function, active)
        outputs, tangents = mx.jvp(flat.function, flat.leaves, tree.leaves(tangent))
        return flat.unflatten(outputs), flat.unflatten(tangents)

    def vjp(self, function: Function, active: Any) -> tuple[Any, Function]:
        flat = _Flat(function, active)

        def pullback(cotangent: Any) -> Any:
            cotangents = tree.leaves(cotangent)
            return tree.unflatten(flat.structure, mx.vjp(flat.function, flat.leaves, cotangents)[1])

        return function(active), pullback

    def grad(self, function: Function) -> Function:
        return mx.grad(function)


class Compile(Eager):
    """MLX with the whole operator traced and compiled at the first call."""

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        """Compile a call; it is traced here once too, so that its structure is known."""
        flat = FlatCall(call, active, constants, direction)
        compiled = mx.compile(flat.function)
        mx.eval(compiled(*flat.arrays))
        return flat.unflatten(compiled)


class _Flat:
    """A function of a tree as one of arrays, which returns a list of arrays."""

    def __init__(self, function: Function, active: Any) -> None:
        self.leaves, self.structure = tree.flatten(active)
        self._function = function
        self._output_structure: Any = None

    def function(self, *leaves: mx.array) -> list[mx.array]:
        output = self._function(tree.unflatten(self.structure, list(leaves)))
        outputs, self._output_structure = tree.flatten(output)
        return outputs

    def unflatten(self, outputs: list[mx.array]) -> Any:
        return tree.unflatten(self._output_structure, outputs)
