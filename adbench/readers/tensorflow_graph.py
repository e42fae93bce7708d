"""The walk over a graph of TensorFlow: calls, branches, loops and lists of tensors are followed.

Whatever else stands in the graph has an entry in the tables.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adbench.readers.loops import LONGEST_LOOP, run_while
from adbench.readers.reading import Unreadable, registered
from adbench.readers.tensorflow_operation import Operation
from adbench.readers.tensorflow_program import (
    DataType,
    Program,
    Recorder,
    Value,
    known_positions,
)
from adbench.readers.tensorflow_tables import OPERATIONS

import tensorflow as tf  # isort: skip

NEITHER_READ_NOR_NAMED = ("Placeholder", "Const")
"""What stands in every graph and is no operation on arrays."""

WITHOUT_OUTPUT = ("Assert", "NoOp", "PrintV2")
"""What has an effect beside the function, and none on its value."""

WRITES = ("Assign", "ResourceScatter", "ResourceApply", "ResourceStridedSliceAssign")
"""How the names of operations begin that write to variables."""

CALLED = ("f", "then_branch", "else_branch", "body")
"""The attributes that hold a function which an operation calls."""

RANDOM = ("Random", "StatelessRandom", "Multinomial", "ParameterizedTruncatedNormal", "Stateful")
"""How the names of operations begin that draw random numbers."""

CALLS_PYTHON = ("PyFunc", "PyFuncStateless", "EagerPyFunc", "NumpyFunction")


@dataclass(frozen=True)
class Handle:
    """A variable."""

    resource: Any


@dataclass(frozen=True)
class TensorList:
    """A list of tensors, such as a `tf.TensorArray` is made of; None where none was set."""

    items: tuple[Value | None, ...]
    shape: tuple[int, ...] | None = None
    """The shape of an item, where it is known."""


Quantity = Value | Handle | TensorList


class GraphReader:
    """Follows graphs, and has a recorder keep the operations on arrays."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.operations: dict[str, None] = {}
        """The names of the operations met, in the order of first use."""

    def read(self, graph: Any, operands: Sequence[Quantity]) -> list[Quantity]:
        """Return the outputs of a graph for its inputs."""
        values = dict(zip((tensor.name for tensor in graph.inputs), operands, strict=True))
        needed = _reachable(graph.outputs)
        for node in graph.get_operations():
            _refuse_writes(node)
            if node.name not in needed or (node.outputs and node.outputs[0].name in values):
                continue
            outputs = self._evaluate(node, [values[tensor.name] for tensor in node.inputs])
            values.update(zip((tensor.name for tensor in node.outputs), outputs, strict=False))
        return [values[tensor.name] for tensor in graph.outputs]

    def _evaluate(self, node: Any, operands: list[Quantity]) -> Sequence[Quantity]:
        if node.type not in NEITHER_READ_NOR_NAMED:
            self.operations[node.type] = None
        is_registered = node.type in registered("tensorflow")
        if node.type in FOLLOWED and not is_registered:
            return FOLLOWED[node.type](self, node, operands)
        if node.type in PASSED_ON and not isinstance(operands[0], Value):
            return operands
        return self._apply(node, _operation(node), _only_values(node, operands))

    def _apply(
        self, node: Any, operation: Operation, operands: Sequence[Value]
    ) -> Sequence[Quantity]:
        for position in sorted(known_positions(operation, len(operands))):
            if not operands[position].is_known:
                raise Unreadable(_reads_value(node, f"its operand {position}"))
        attributes = {name: _attribute(node, name) for name in operation.attributes}
        types = [DataType(tensor.dtype.name) for tensor in node.outputs]
        try:
            return self.recorder.apply(operation, operands, attributes, types)
        except NotImplementedError as error:
            raise Unreadable(f"{_named(node)} cannot be read: {error}") from error


def _reachable(tensors: Sequence[Any]) -> set[str]:
    """The names of the nodes that tensors are made of."""
    names: set[str] = set()
    remaining = [tensor.op for tensor in tensors]
    while remaining:
        node = remaining.pop()
        if node.name not in names:
            names.add(node.name)
            remaining.extend(tensor.op for tensor in node.inputs)
    return names


def _operation(node: Any) -> Operation:
    """Return what a node computes. Raises Unreadable where nothing says so."""
    meaning = registered("tensorflow").get(node.type)
    if meaning is not None:
        return Operation(meaning)
    if node.type in OPERATIONS:
        return OPERATIONS[node.type]
    if node.type.startswith(RANDOM):
        raise Unreadable(
            f"{_named(node)} draws random numbers, so that the function is another one at every "
            "call: draw them outside, and give them as an argument."
        )
    if node.type in CALLS_PYTHON:
        raise Unreadable(
            f"{_named(node)} calls Python, which a graph does not show: write it with TensorFlow's "
            "operations, or give the function as a composition of them."
        )
    raise Unreadable(
        f"{_named(node)} is not among the operations that are read from TensorFlow: write the "
        "function with others, or give its meaning with "
        f"adbench.readers.reading.register('tensorflow', '{node.type}', function)."
    )


def _only_values(node: Any, operands: Sequence[Quantity]) -> list[Value]:
    values = [operand for operand in operands if isinstance(operand, Value)]
    if len(values) != len(operands):
        raise Unreadable(
            f"{_named(node)} takes a variable or a list of tensors, which is read only where "
            "tensors are taken from it: take them, and compute with those."
        )
    return values


def _attribute(node: Any, name: str) -> Any:
    if name.endswith("_name"):
        return node.get_attr(name.removesuffix("_name")).name
    value = node.get_attr(name)
    return DataType(value.name) if isinstance(value, tf.DType) else value


def _refuse_writes(node: Any) -> None:
    """Raise Unreadable where a node, or a function that it calls, writes to a variable."""
    for attribute in set(node.node_def.attr).intersection(CALLED):
        for inner in _graph_of(node, attribute).get_operations():
            _refuse_writes(inner)
    if node.type.startswith(WRITES):
        raise Unreadable(
            f"{_named(node)} writes to a variable, and a function of its arguments alone is "
            "needed: leave the update out, as training=False does for a batch normalization."
        )


# ---- sentences


def _named(node: Any) -> str:
    """A node for a sentence: its operation, and the line of the user's code that made it."""
    place = _user_line(node)
    return f"The operation {node.type}" + (f" ({place})" if place else "")


def _reads_value(node: Any, what: str) -> str:
    return (
        f"{_named(node)} needs {what} when the function is read, and that depends on the values of "
        "the arguments: give it as a Python value, or choose between results with tf.where."
    )


PACKAGES = os.path.dirname(os.path.dirname(tf.__file__))
OWN_FOLDERS = (
    os.path.join(PACKAGES, "tensorflow") + os.sep,
    os.path.join(PACKAGES, "keras") + os.sep,
    os.path.dirname(__file__) + os.sep,
)
"""Folders of the framework and of the readers: code in them is not the user's."""


def _user_line(node: Any) -> str:
    """Return the place of the innermost line of the user's code that made a node, or ""."""
    for frame in reversed(list(node.traceback or ())):
        if not frame.filename.startswith(OWN_FOLDERS):
            return f"line {frame.lineno} of {os.path.basename(frame.filename)}"
    return ""


# ---- constants and variables


def _constant(reader: GraphReader, node: Any, operands: Sequence[Quantity]) -> list[Quantity]:
    return [reader.recorder.constant(tf.make_ndarray(node.get_attr("value")))]


def _read_variable(reader: GraphReader, node: Any, operands: Sequence[Any]) -> list[Quantity]:
    """A variable is a constant, with the value that it has when it is read."""
    return [reader.recorder.constant(_variable_value(node, operands[0]))]


def _variable_value(node: Any, handle: Handle) -> Any:
    dtype = node.get_attr("dtype")
    return tf.raw_ops.ReadVariableOp(resource=handle.resource, dtype=dtype).numpy()


def _gather_variable(reader: GraphReader, node: Any, operands: Sequence[Any]) -> Sequence[Quantity]:
    handle, indices = operands
    variable = reader.recorder.constant(_variable_value(node, handle))
    axis = reader.recorder.constant(np.array(node.get_attr("batch_dims")))
    attributes = {"batch_dims": node.get_attr("batch_dims")}
    types = [DataType(node.outputs[0].dtype.name)]
    operands = [variable, indices, axis]
    return reader.recorder.apply(OPERATIONS["GatherV2"], operands, attributes, types)


# ---- calls, branches, loops


def _graph_of(node: Any, attribute: str) -> Any:
    return node.graph._get_function(node.get_attr(attribute).name).graph


def _call(reader: GraphReader, node: Any, operands: Sequence[Quantity]) -> list[Quantity]:
    return reader.read(_graph_of(node, "f"), operands)


def _branch(reader: GraphReader, node: Any, operands: Sequence[Quantity]) -> list[Quantity]:
    """One branch where it is known which; else both, and a choice between their results."""
    condition, inputs = operands[0], operands[1:]
    branches = [_graph_of(node, name) for name in ("then_branch", "else_branch")]
    if _is_known(condition):
        is_true = bool(np.all(_decided(node, condition, "its condition") != 0))
        return reader.read(branches[0 if is_true else 1], inputs)
    results = [reader.read(branch, inputs) for branch in branches]
    choose = Operation(lambda xp, which, x, y: xp.where(which != 0, x, y))
    return _chosen(reader, node, choose, condition, results)


def _case(reader: GraphReader, node: Any, operands: Sequence[Quantity]) -> list[Quantity]:
    """One branch where it is known which; else all of them, and a choice between their results."""
    number, inputs = operands[0], operands[1:]
    names = node.get_attr("branches")
    branches = [node.graph._get_function(branch.name).graph for branch in names]
    if _is_known(number):
        place = int(_decided(node, number, "the number of its branch"))
        return reader.read(branches[place if 0 <= place < len(branches) else -1], inputs)
    results = [reader.read(branch, inputs) for branch in branches]
    return _chosen(reader, node, Operation(_one_of), number, results)


def _one_of(xp: Any, number: Any, *cases: Any) -> Any:
    """The case of a number; the last one where it is no number of a case."""
    chosen = cases[-1]
    for k in range(len(cases) - 1):
        chosen = xp.where(number == k, cases[k], chosen)
    return chosen


def _chosen(
    reader: GraphReader,
    node: Any,
    choose: Operation,
    which: Any,
    results: Sequence[Sequence[Quantity]],
) -> list[Quantity]:
    """The results of the branch that depends on the arguments, each chosen among those of all."""
    outputs: list[Quantity] = []
    for alternatives, tensor in zip(zip(*results, strict=True), node.outputs, strict=True):
        values = [value for value in alternatives if isinstance(value, Value)]
        shapes = {value.example.shape for value in values}
        if len(values) != len(alternatives) or len(shapes) != 1:
            raise Unreadable(
                f"{_named(node)} depends on the values of the arguments, and its branches give "
                "results of several shapes, or lists: let them give tensors of one shape."
            )
        types = [DataType(tensor.dtype.name)]
        outputs += reader.recorder.apply(choose, [which, *values], {}, types)
    return outputs


def _is_known(quantity: Quantity) -> bool:
    return isinstance(quantity, Value) and quantity.is_known


def _loop(reader: GraphReader, node: Any, operands: Sequence[Quantity]) -> Sequence[Quantity]:
    """A loop is read as often as its body is run, or as a loop where the arguments decide that."""
    condition, body = _graph_of(node, "cond"), _graph_of(node, "body")
    state = operands
    for _ in range(LONGEST_LOOP):
        goes_on = reader.read(condition, state)[0]
        if not _is_known(goes_on):
            return _loop_by_values(reader, node, state)
        if not np.all(_decided(node, goes_on, "its condition")):
            return state
        state = reader.read(body, state)
    raise Unreadable(
        f"{_named(node)} is a loop of more than {LONGEST_LOOP} rounds, and each round is read: "
        "give a shorter one."
    )


def _loop_by_values(reader: GraphReader, node: Any, state: Sequence[Quantity]) -> Sequence[Value]:
    """A loop whose rounds are counted as it runs, on tensors alone."""
    if not all(isinstance(quantity, Value) for quantity in state):
        raise Unreadable(_reads_value(node, "its condition"))
    values = _only_values(node, state)
    types = [DataType(tensor.dtype.name) for tensor in node.outputs]
    condition = _program_of(reader, node, "cond", values, types)
    body = _program_of(reader, node, "body", values, types)

    def loop(xp: Any, *carry: Any) -> Any:
        def goes_on(state: Sequence[Any]) -> Any:
            return condition.run(xp, state)[0]

        return tuple(run_while(goes_on, lambda state: body.run(xp, state), carry))

    return reader.recorder.apply(Operation(loop), values, {}, types)


def _program_of(
    reader: GraphReader,
    node: Any,
    attribute: str,
    values: Sequence[Value],
    types: Sequence[DataType],
) -> Program:
    """A graph that a node holds as a program of its own, for inputs like these values."""
    recorder = Recorder()
    inputs = [recorder.argument(value.example) for value in values]
    inner = GraphReader(recorder)
    outputs = _only_values(node, inner.read(_graph_of(node, attribute), inputs))
    reader.operations.update(inner.operations)
    return recorder.program(inputs, [type.name for type in types], outputs)


def _decided(node: Any, condition: Quantity, what: str) -> Any:
    if not isinstance(condition, Value) or not condition.is_known:
        raise Unreadable(_reads_value(node, what))
    return condition.example


# ---- lists of tensors


def _new_list(reader: GraphReader, node: Any, operands: Sequence[Any]) -> list[Quantity]:
    shape, count = operands
    length = int(_decided(node, count, "the length of its list"))
    return [TensorList((None,) * length, _item_shape(shape))]


def _empty_list(reader: GraphReader, node: Any, operands: Sequence[Any]) -> list[Quantity]:
    return [TensorList((), _item_shape(operands[0]))]


def _item_shape(shape: Value) -> tuple[int, ...] | None:
    lengths = tuple(int(n) for n in np.atleast_1d(shape.example))
    is_complete = shape.example.ndim == 1 and -1 not in lengths
    return lengths if is_complete else None


def _list_of_slices(reader: GraphReader, node: Any, operands: Sequence[Any]) -> list[Quantity]:
    tensor = operands[0]
    unstack = Operation(lambda xp, x: tuple(xp.unstack(x, axis=0)))
    types = [DataType(node.get_attr("element_dtype").name)] * tensor.example.shape[0]
    items = reader.recorder.apply(unstack, [tensor], {}, types)
    return [TensorList(tuple(items), tensor.example.shape[1:])]


def _get_item(reader: GraphReader, node: Any, operands: Sequence[Any]) -> list[Quantity]:
    tensors, position = operands[0], int(_decided(node, operands[1], "a place in a list"))
    return [_item(reader, node, tensors, position)]


def _item(reader: GraphReader, node: Any, tensors: TensorList, position: int) -> Value:
    item = tensors.items[position]
    if item is not None:
        return item
    known = next((other.example.shape for other in tensors.items if other is not None), None)
    shape = tensors.shape if tensors.shape is not None else known
    if shape is None:
        raise Unreadable(f"{_named(node)} takes an item of a list that nothing was put in.")
    dtype = node.get_attr("element_dtype").as_numpy_dtype
    return reader.recorder.constant(np.zeros(shape, dtype))


def _set_item(reader: GraphReader, node: Any, operands: Sequence[Any]) -> list[Quantity]:
    tensors, place, item = operands
    position = int(_decided(node, place, "a place in a list"))
    items = list(tensors.items) + [None] * (position + 1 - len(tensors.items))
    items[position] = item
    return [replace(tensors, items=tuple(items))]


def _push(reader: GraphReader, node: Any, operands: Sequence[Any]) -> list[Quantity]:
    tensors, item = operands
    return [replace(tensors, items=(*tensors.items, item))]


def _pop(reader: GraphReader, node: Any, operands: Sequence[Any]) -> list[Quantity]:
    tensors = operands[0]
    last = _item(reader, node, tensors, len(tensors.items) - 1)
    return [replace(tensors, items=tensors.items[:-1]), last]


def _stack(reader: GraphReader, node: Any, operands: Sequence[Any]) -> Sequence[Quantity]:
    tensors = operands[0]
    items = [_item(reader, node, tensors, k) for k in range(len(tensors.items))]
    types = [DataType(node.get_attr("element_dtype").name)]
    if not items:
        shape = (0, *(tensors.shape or ()))
        return [reader.recorder.constant(np.zeros(shape, types[0].name))]
    stack = Operation(lambda xp, *arrays: xp.stack(arrays, axis=0))
    return reader.recorder.apply(stack, items, {}, types)


def _list_length(reader: GraphReader, node: Any, operands: Sequence[Any]) -> list[Quantity]:
    return [reader.recorder.constant(np.int32(len(operands[0].items)))]


Follower = Callable[[GraphReader, Any, Sequence[Any]], Sequence[Quantity]]

FOLLOWED: Mapping[str, Follower] = {
    "Case": _case,
    "Const": _constant,
    "EmptyTensorList": _empty_list,
    "If": _branch,
    "PartitionedCall": _call,
    "ReadVariableOp": _read_variable,
    "ResourceGather": _gather_variable,
    "StatefulPartitionedCall": _call,
    "StatelessCase": _case,
    "StatelessIf": _branch,
    "StatelessWhile": _loop,
    "TensorListFromTensor": _list_of_slices,
    "TensorListGetItem": _get_item,
    "TensorListLength": _list_length,
    "TensorListPopBack": _pop,
    "TensorListPushBack": _push,
    "TensorListReserve": _new_list,
    "TensorListSetItem": _set_item,
    "TensorListStack": _stack,
    "While": _loop,
}
"""Operations that are followed into: what becomes of the operands of each."""

PASSED_ON = ("Identity", "IdentityN")
"""Operations that give variables and lists back as they are."""
