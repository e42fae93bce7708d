"""PyTensor: a graph of tensors, built and compiled ahead of the first call.

It is compiled by a compiler of C (`c`), by Numba (`numba`), or evaluated operation by operation by
NumPy (`numpy`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import Mode
from pytensor.gradient import NullTypeGradError, pullback

from adbench.backends.base import Call, Function, Unsupported
from adbench.backends.flat_call import FlatCall
from adbench.backends.numpy_arrays import NumPyBackend
from adbench.namespaces.pytensor import Array, as_array, namespace, variable_of
from reference_ad.engine import tree


def _naming_the_limit(compiled: Callable[..., Any]) -> Callable[..., Any]:
    """A compiled function that says why PyTensor in Python fails on a sum of many arrays."""

    def call(*arrays: Any) -> Any:
        try:
            return compiled(*arrays)
        except AttributeError as error:
            if "has no attribute 'ufunc'" not in str(error):
                raise
            raise Unsupported(
                "PyTensor without a compiler evaluates no operation on more than 31 arrays, and "
                "this graph has one; pytensor:c and pytensor:numba compile it."
            ) from error

    return call


class InNumPy(NumPyBackend):
    """PyTensor without a compiler: its graph is simplified a little, and evaluated by NumPy."""

    framework = "pytensor"
    xp = namespace
    linker: ClassVar[str] = "py"
    """What evaluates the graph, by PyTensor's name."""
    rewrites: ClassVar[str] = "fast_compile"
    """How thoroughly the graph is simplified, by PyTensor's name."""

    def set_up_process(self) -> None:
        """Let what is compiled lie in the temporary folder."""
        pytensor.config.compiledir = Path(tempfile.mkdtemp(prefix="adbench-pytensor-"))

    def lacks_rule(self, error: BaseException) -> bool:
        return isinstance(error, NullTypeGradError)

    # ---- staging

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        """Build the graph of a call, simplify it and compile it."""
        flat = FlatCall(call, active, constants, direction)
        symbols = [pt.tensor(dtype=a.dtype.name, shape=a.shape) for a in flat.arrays]
        # A Python number takes the dtype of `floatX` beside an array.
        with pytensor.config.change_flags(floatX=tree.leaves(active)[0].dtype.name):
            outputs = flat.function(*map(Array, symbols))
            variables = [as_array(output).variable for output in outputs]
            compiled = pytensor.function(
                symbols,
                variables,
                mode=Mode(self.linker, self.rewrites),
                on_unused_input="ignore",
            )
        return flat.unflatten(_naming_the_limit(compiled))

    # ---- transformations

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        # u -> J'u is linear, so pulling the tangent back through it gives J v, at whatever u. It is
        # what `pytensor.gradient.pushforward` does, which goes wrong where J'u holds u itself.
        output, pull = self.vjp(function, active)
        _, push = self.vjp(pull, tree.map(_ones_like, output))
        return output, push(tangent)

    def vjp(self, function: Function, active: Any) -> tuple[Any, Function]:
        copies, output = _traced(function, active)
        leaves, structure = tree.flatten(copies)

        def pull(cotangent: Any) -> Any:
            pulled = pullback(
                variable_of(tree.leaves(output)),
                variable_of(leaves),
                [as_array(leaf).variable for leaf in tree.leaves(cotangent)],
                disconnected_inputs="ignore",
                return_disconnected="zero",
            )
            # A cotangent that passes unchanged would be one variable with what it is made of, and
            # PyTensor does not differentiate the one by the other then.
            return tree.unflatten(structure, [Array(part.copy()) for part in pulled])

        return output, pull


class InC(InNumPy):
    """PyTensor compiled by a compiler of C."""

    linker = "cvm"
    rewrites = "fast_run"


class InNumba(InNumPy):
    """PyTensor compiled by Numba."""

    linker = "numba"
    rewrites = "fast_run"


def _traced(function: Function, active: Any) -> tuple[Any, Any]:
    """The function at copies of its argument, of which nothing else knows: copies and output."""
    copies = tree.map(lambda leaf: Array(as_array(leaf).variable.copy()), active)
    return copies, tree.map(as_array, function(copies))


def _ones_like(array: Array) -> Array:
    return Array(pt.ones_like(array.variable))
