"""A graph as a list of steps: recorded at the example, and run on the arrays of any namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adbench.namespaces.numpy import numpy
from adbench.readers.reading import taken
from adbench.readers.tensorflow_operation import Operation

FLOATING = ("bfloat16", "float16", "float32", "float64")
COMPLEX = ("complex64", "complex128")


@dataclass(frozen=True)
class DataType:
    """A dtype in the graph.

    When the steps run, a floating one is that of the arguments, whatever its precision is here.
    """

    name: str

    def resolve(self, xp: Any, floating: Any) -> Any:
        """Return the dtype of a namespace where the arguments have the dtype `floating`."""
        if self.name in FLOATING:
            return floating
        if self.name in COMPLEX:
            return xp.result_type(floating, xp.complex64)
        return getattr(xp, self.name)


@dataclass(frozen=True)
class Value:
    """A tensor of the graph."""

    slot: int
    """Its place among the arrays while the steps run."""

    example: np.ndarray[Any, Any]
    """What it is at the example arguments; of float64 where it is floating."""

    is_known: bool
    """Whether it depends on no argument, or only on the shapes of arguments."""


@dataclass(frozen=True)
class Step:
    """The application of an operation."""

    operation: Operation
    operands: tuple[int | np.ndarray[Any, Any], ...]
    """The slots of the operands, or what an operand is."""
    attributes: Mapping[str, Any]
    outputs: tuple[int, ...]
    """The slots of the outputs."""
    types: tuple[DataType, ...]
    """The dtypes of the outputs."""


@dataclass(frozen=True)
class Program:
    """Steps from the arrays among the arguments to the outputs."""

    inputs: tuple[int, ...]
    """The slots of the arrays among the arguments."""
    input_types: tuple[str, ...]
    """Their dtypes in the graph."""
    constants: Mapping[int, np.ndarray[Any, Any]]
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]

    def run(self, xp: Any, arrays: Sequence[Any]) -> list[Any]:
        """Return the outputs for other arrays, of any namespace."""
        floating = self._floating(xp, arrays)
        slots: dict[int, Any] = dict(zip(self.inputs, arrays, strict=True))
        for slot, constant in self.constants.items():
            slots[slot] = _as_constant(xp, constant, floating)
        for step in self.steps:
            operands = [
                taken(slots, part) if isinstance(part, int) else part for part in step.operands
            ]
            attributes = _resolved(step.attributes, xp, floating)
            outputs = _applied(step.operation, xp, operands, attributes, step.types)
            slots.update(zip(step.outputs, outputs, strict=True))
        return [taken(slots, slot) for slot in self.outputs]

    def _floating(self, xp: Any, arrays: Sequence[Any]) -> Any:
        """Return the floating dtype of the arguments, or float32 where they have none."""
        pairs = list(zip(arrays, self.input_types, strict=True))
        dtypes = [array.dtype for array, name in pairs if name in FLOATING]
        dtypes += [xp.real(array).dtype for array, name in pairs if name in COMPLEX]
        if not dtypes:
            return xp.float32  # what TensorFlow makes of a number
        widest = dtypes[0]
        for dtype in dtypes[1:]:
            widest = widest if dtype == widest else xp.result_type(widest, dtype)
        return widest


class Recorder:
    """Applies operations to the example, and keeps what was applied as steps."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._constants: dict[int, np.ndarray[Any, Any]] = {}
        self._slots = 0

    def argument(self, array: np.ndarray[Any, Any]) -> Value:
        """Return the value of an argument."""
        return Value(self._new_slot(), as_example(array), is_known=False)

    def constant(self, array: Any) -> Value:
        """Return the value of a constant."""
        value = Value(self._new_slot(), as_example(array), is_known=True)
        self._constants[value.slot] = value.example
        return value

    def apply(
        self,
        operation: Operation,
        operands: Sequence[Value],
        attributes: Mapping[str, Any],
        types: Sequence[DataType],
    ) -> list[Value]:
        """Return the outputs of an operation.

        What is known of integers and truth values becomes a constant. Floating numbers are computed
        anew in the dtype of the arguments, from the constants of the graph.
        """
        examples = [operand.example for operand in operands]
        resolved = _resolved(attributes, numpy, np.dtype(np.float64))
        with np.errstate(all="ignore"):
            results = dict(enumerate(_applied(operation, numpy, examples, resolved, types)))
        outputs = [taken(results, place) for place in results]
        is_known = operation.of_shape or all(operand.is_known for operand in operands)
        if is_known and not any(np.asarray(output).dtype.kind in "fc" for output in outputs):
            return [self.constant(output) for output in outputs]
        values = [Value(self._new_slot(), as_example(output), is_known) for output in outputs]
        self._steps.append(
            Step(
                operation,
                tuple(_placed(operation, operands)),
                attributes,
                tuple(value.slot for value in values),
                tuple(types),
            )
        )
        return values

    def program(
        self, arguments: Sequence[Value], input_types: Sequence[str], outputs: Sequence[Value]
    ) -> Program:
        """Return the steps and constants that the outputs are made of."""
        needed = {value.slot for value in outputs}
        steps = []
        for step in reversed(self._steps):
            if needed.intersection(step.outputs):
                needed.update(part for part in step.operands if isinstance(part, int))
                steps.append(step)
        return Program(
            tuple(value.slot for value in arguments),
            tuple(input_types),
            {slot: array for slot, array in self._constants.items() if slot in needed},
            tuple(reversed(steps)),
            tuple(value.slot for value in outputs),
        )

    def _new_slot(self) -> int:
        self._slots += 1
        return self._slots - 1


def as_example(array: Any) -> np.ndarray[Any, Any]:
    """Return an array of the graph with its floating numbers in float64."""
    array = np.asarray(array)
    if array.dtype.name in FLOATING:
        return array.astype(np.float64)
    if array.dtype.name in COMPLEX:
        return array.astype(np.complex128)
    return array


def known_positions(operation: Operation, count: int) -> set[int]:
    """Return which of so many operands must be known."""
    return {position % count for position in operation.known}


def _placed(operation: Operation, operands: Sequence[Value]) -> list[int | np.ndarray[Any, Any]]:
    """Return the operands of a step: those that come as NumPy arrays, and the slots of others."""
    count = len(operands)
    required = known_positions(operation, count)
    preferred = {position % count for position in operation.preferred}
    placed: list[int | np.ndarray[Any, Any]] = []
    for position, operand in enumerate(operands):
        as_it_is = position in required or (position in preferred and operand.is_known)
        placed.append(operand.example if as_it_is else operand.slot)
    return placed


def _resolved(attributes: Mapping[str, Any], xp: Any, floating: Any) -> dict[str, Any]:
    return {
        name: value.resolve(xp, floating) if isinstance(value, DataType) else value
        for name, value in attributes.items()
    }


def _as_constant(xp: Any, array: np.ndarray[Any, Any], floating: Any) -> Any:
    if array.dtype.kind == "f":
        return xp.asarray(array, dtype=floating)
    if array.dtype.kind == "c":
        return xp.asarray(array, dtype=xp.result_type(floating, xp.complex64))
    return xp.asarray(array)


def _applied(
    operation: Operation,
    xp: Any,
    operands: Sequence[Any],
    attributes: Mapping[str, Any],
    types: Sequence[DataType],
) -> list[Any]:
    """Return the outputs of an operation, integers in the dtypes that they have in the graph."""
    outputs = operation.function(xp, *operands, **attributes)
    listed = outputs if isinstance(outputs, tuple) else (outputs,)
    return [_as_output(xp, x, type) for x, type in zip(listed, types, strict=True)]


def _as_output(xp: Any, x: Any, type: DataType) -> Any:
    if isinstance(x, np.generic):  # NumPy gives bare numbers in place of arrays of no dimensions
        x = np.asarray(x)
    if "int" not in type.name:
        return x
    dtype = getattr(xp, type.name)
    return x if x.dtype == dtype else xp.astype(x, dtype)
