"""MLX: lazy arrays, transformations that nest, and a compiler; on the processor."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import mlx.core as mx
import numpy as np

from adbench.backends.base import Answer, Backend, Call, Function, Unsupported
from adbench.backends.flat_call import FlatCall
from adbench.namespaces.mlx import namespace
from reference_ad.engine import tree

LACKS_RULE = ("not implemented for", "not yet implemented", "cannot index mlx array")
"""What MLX says, in lower case, where it has no rule, or no such index."""

LOST_ARRAY = "_Map_base::at"
"""What the standard library of C++ says where MLX's compiler looks for an array that it dropped."""


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
        message = str(error).lower()
        return isinstance(error, ValueError | RuntimeError) and any(
            words in message for words in LACKS_RULE
        )

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
        try:
            mx.eval(compiled(*flat.arrays))
        except IndexError as error:
            if LOST_ARRAY not in str(error):
                raise
            raise Unsupported(
                f"MLX's compiler loses an array of this program ({error}); mlx:eager computes it."
            ) from error
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
