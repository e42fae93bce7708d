"""The reader of TensorFlow's functions: of the graph of raw operations that `tf.function` makes.

The forward function is read, of a `tf.custom_gradient` too. Where an operation looks at one
triangle of a symmetric matrix, the reading follows TensorFlow's derivative: a Cholesky factor is
that of the symmetric part of a matrix, eigenvalues are those of its lower triangle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from adbench.readers.reading import Reading, Unreadable
from adbench.readers.tensorflow_graph import FOLLOWED, GraphReader, Handle
from adbench.readers.tensorflow_program import Program, Recorder, Value
from adbench.readers.tensorflow_tables import OPERATIONS as ON_ARRAYS
from reference_ad.engine import tree

import tensorflow as tf  # isort: skip

OPERATIONS: Mapping[str, Any] = {**ON_ARRAYS, **FOLLOWED}
"""The raw operations that are read, by name."""

LOOKS_AT_VALUES = (
    tf.errors.OperatorNotAllowedInGraphError,
    NotImplementedError,
    AttributeError,
    TypeError,
)
"""What a function raises in a graph where it asks for the value of a tensor."""

WORDS_OF_THAT = ("symbolic", "has no attribute 'numpy'", "SymbolicTensor", "Tensor as a Python")


def read(function: Callable[..., Any], arguments: Sequence[Any]) -> Reading:
    """Return a function of TensorFlow as a model's function, of the shapes of the arguments.

    function: function(*arguments) -> a tensor, or a tree of tensors.
    arguments: tensors, variables and NumPy arrays in trees; Python values stay what they are.

    Raises Unreadable where the graph cannot be read.
    """
    leaves, structure = tree.flatten(list(arguments))
    places = [k for k, leaf in enumerate(leaves) if _is_array(leaf)]
    tensors = [tf.convert_to_tensor(leaves[k]) for k in places]
    output_structure: Any = None

    def flat(*traced: Any) -> list[Any]:
        nonlocal output_structure
        filled = list(leaves)
        for place, tensor in zip(places, traced, strict=True):
            filled[place] = tensor
        outputs, output_structure = tree.flatten(function(*tree.unflatten(structure, filled)))
        return [_as_output(output) for output in outputs]

    concrete = _traced(flat, tensors)
    recorder = Recorder()
    inputs = [recorder.argument(tensor.numpy()) for tensor in tensors]
    captured = [_captured(recorder, tensor) for tensor in concrete.captured_inputs]
    reader = GraphReader(recorder)
    outputs = reader.read(concrete.graph, [*inputs, *captured])
    types = [tensor.dtype.name for tensor in tensors]
    program = recorder.program(inputs, types, _only_tensors(outputs))
    count = len(leaves)
    return Reading(_function(program, places, count, output_structure), tuple(reader.operations))


def _function(
    program: Program, places: Sequence[int], count: int, output_structure: Any
) -> Callable[..., Any]:
    """Return the model's function: the program between the trees of arguments and outputs."""

    def function(xp: Any, *arguments: Any) -> Any:
        leaves = tree.leaves(list(arguments))
        if len(leaves) != count:
            raise ValueError(
                f"A function that was read at {count} argument leaves was given {len(leaves)}: "
                "give trees of the structure that it was read at."
            )
        outputs = program.run(xp, [leaves[place] for place in places])
        return tree.unflatten(output_structure, outputs)

    return function


def _is_array(leaf: Any) -> bool:
    return tf.is_tensor(leaf) or isinstance(leaf, np.ndarray | np.generic)


def _as_output(output: Any) -> Any:
    if output is None:
        raise Unreadable(
            "The function returns None, or a tree with None in it: return tensors, or trees of "
            "them."
        )
    return tf.convert_to_tensor(output)


def _traced(function: Callable[..., Any], tensors: Sequence[Any]) -> Any:
    specs = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors]
    try:
        return tf.function(function, autograph=False).get_concrete_function(*specs)
    except LOOKS_AT_VALUES as error:
        if not any(words in str(error) for words in WORDS_OF_THAT):
            raise
        raise Unreadable(
            "The function looks at the values of tensors, in an if, a loop, or a call of Python or "
            "NumPy: choose between results with tf.where, or decorate it with tf.function where "
            "the values do not depend on the arguments."
        ) from error


def _captured(recorder: Recorder, tensor: Any) -> Any:
    """A tensor or variable that the function closes over, which is a constant."""
    if tensor.dtype == tf.resource:
        return Handle(tensor)
    return recorder.constant(tensor.numpy())


def _only_tensors(outputs: Sequence[Any]) -> list[Value]:
    values = [output for output in outputs if isinstance(output, Value)]
    if len(values) != len(outputs):
        raise Unreadable("The function returns a list of tensors or a variable: return tensors.")
    return values
