"""TensorFlow with the whole operator as one graph.

Traced by `tf.function`, compiled by XLA, or built ahead of time and run in a session as TensorFlow
1 did it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from adbench.backends.base import Call, Unsupported
from adbench.backends.flat_call import FlatCall
from adbench.backends.tensorflow import Eager

import tensorflow as tf  # isort: skip

ConcreteFunction = Callable[..., list[Any]]

NO_KERNEL = re.compile(r"No registered '(\w+)' OpKernel for XLA")
"""How XLA says that it has no kernel for an operation."""

NOT_COMPILED = ("XLA", "tf2xla", "compile-time constant", "HLO")
"""What stands in an error of the compiler, and in none of a kernel."""


class Traced(Eager):
    """TensorFlow with the whole operator as a graph, which is built before the first call."""

    def modes_of_calls(self, native_dtype: str = "") -> AbstractContextManager[Any]:
        return nullcontext()  # no function of a user's runs again


class Function(Traced):
    """TensorFlow with the whole operator traced to one graph before the first call."""

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        # A concrete function checks a nested signature on every call.
        flat = FlatCall(call, active, constants, direction)
        return flat.unflatten(_traced(flat, compiled_by_xla=False))


class Xla(Traced):
    """TensorFlow with the whole operator traced, and compiled by XLA, before the first call."""

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        """Trace and compile `call`. Raises Unsupported where XLA cannot compile it."""
        flat = FlatCall(call, active, constants, direction)
        compiled = _traced(flat, compiled_by_xla=True)
        try:
            compiled(*flat.arrays)
        except tf.errors.OpError as error:
            reason = _why_not_compiled(str(error))
            if not reason:
                raise
            raise Unsupported(reason) from error
        return flat.unflatten(compiled)


class GraphAndSession(Traced):
    """TensorFlow 1: the graph is built ahead of time with placeholders, and run in a session.

    A session takes and gives NumPy arrays, so those are its arrays.
    """

    def asarray(self, array: np.ndarray[Any, Any]) -> Any:
        return np.array(array)

    def overwrite(self, array: Any, values: np.ndarray[Any, Any]) -> bool:
        array[...] = values
        return True

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        flat = FlatCall(call, active, constants, direction)
        graph = tf.Graph()
        with graph.as_default():
            placeholders = [
                tf.compat.v1.placeholder(array.dtype, array.shape) for array in flat.arrays
            ]
            outputs = [tf.convert_to_tensor(output) for output in flat.function(*placeholders)]
        session = tf.compat.v1.Session(graph=graph)
        return flat.unflatten(session.make_callable(outputs, feed_list=placeholders))


def _traced(flat: FlatCall, *, compiled_by_xla: bool) -> ConcreteFunction:
    """Trace a call to a graph."""

    def graph(*tensors: Any) -> list[Any]:
        return [tf.convert_to_tensor(output) for output in flat.function(*tensors)]

    function = tf.function(graph, autograph=False, jit_compile=compiled_by_xla or None)
    concrete: ConcreteFunction = function.get_concrete_function(*flat.arrays)
    return concrete


def _why_not_compiled(message: str) -> str:
    """Return in a sentence what XLA lacks, or "" for an error that is not the compiler's."""
    operations = sorted(set(NO_KERNEL.findall(message)))
    if operations:
        return f"XLA has no kernel on the processor for {', '.join(operations)}."
    if any(word in message for word in NOT_COMPILED):
        first_line = message.strip().splitlines()[0]
        return f"XLA cannot compile this: {first_line}"
    return ""
