"""A framework's function as a function of a model's arguments, and the reading of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np

from adbench.cases.messages import SentenceError, as_sentence, describe_exception
from adbench.cases.model import SpecError
from adbench.cases.outputs import Part, place_in
from adbench.functions.framework import Framework, OpenCall, framework_called
from adbench.functions.packing import Packing


@dataclass(eq=False)
class AsItStands:
    """A function of a framework as one of the active argument and the constants.

    Several outputs, or complex ones, are joined into one vector of real numbers; those of integers
    and truth values are left out.
    """

    framework: Framework
    opened: OpenCall
    packing: Packing
    __wrapped__: Any = None
    """The function, for those who look for where it is defined."""
    output_parts: list[Part] = field(default_factory=list)
    """The outputs, once it was called; empty where there is one."""

    def __call__(self, active: Any, *constants: Any) -> Any:
        """Call the function on its framework's arrays."""
        return self.of_parts(*self.packing.unpacked(active, constants))

    def of_parts(self, *parts: Any) -> Any:
        """Call the function on the arrays of the parts."""
        output = self.opened.call(self.packing.joined(parts, self.framework))
        return self.joined_output(output)

    def joined_output(self, output: Any) -> Any:
        """Return the one array that is judged of an output; what is no array as it is."""
        named = [
            (path, array)
            for path, array in self.framework.outputs(output)
            if self.framework.kind(array) in "fc"
        ]
        if not named:
            return output
        if len(named) == 1 and self.framework.kind(named[0][1]) == "f":
            return named[0][1]
        parts = []
        for path, array in named:
            if self.framework.kind(array) == "f":
                parts.append((f"output{path}", array))
            else:
                real, imaginary = self.framework.parts(array)
                parts += [(f"output{path}.real", real), (f"output{path}.imag", imaginary)]
        self.output_parts[:] = [Part(name, tuple(array.shape)) for name, array in parts]
        return self.framework.concat([self.framework.flat(array) for _, array in parts])


@dataclass(eq=False)
class ReadFunction:
    """A function as a model's, read at the shapes that it is called with.

    The first call with arrays of some shapes must be NumPy's.
    """

    as_it_stands: AsItStands
    name: str
    is_read = True
    takes_other_shapes = True
    """Whether arrays of other shapes than those of the example may be tried."""
    _readings: dict[Any, Callable[..., Any]] = field(default_factory=dict)

    @property
    def __wrapped__(self) -> Any:
        return self.as_it_stands.__wrapped__

    @property
    def argument_names(self) -> tuple[str, ...]:
        """What the arguments are called."""
        return self.as_it_stands.packing.names

    def output_name(self, index: tuple[int, ...]) -> str:
        """Return what to call an entry of the output, "" where there is one output alone."""
        return name_of_output(self.as_it_stands.output_parts, index)

    def __call__(self, xp: Any, active: Any, *constants: Any) -> Any:
        """Evaluate the reading."""
        values = self.as_it_stands.packing.unpacked(active, constants)
        shapes = tuple(tuple(value.shape) for value in values)
        if shapes not in self._readings:
            self._readings[shapes] = self._read(values, shapes)
        return self._readings[shapes](xp, *values)

    def _read(self, values: Sequence[Any], shapes: Sequence[Any]) -> Callable[..., Any]:
        """Read the function at the point that was given, or at another of other shapes."""
        packing, framework = self.as_it_stands.packing, self.as_it_stands.framework
        examples = packing.examples()
        if any(tuple(x.shape) != shape for x, shape in zip(examples, shapes, strict=True)):
            pairs = zip(values, examples, strict=True)
            examples = [
                framework.from_numpy(np.array(value), framework.dtype_name(example))
                for value, example in pairs
            ]
        function = self.as_it_stands.of_parts
        return read(framework.name, function, examples, self.name, packing.dtype)


def name_of_output(parts: Sequence[Part], index: tuple[int, ...]) -> str:
    """Return what to call an entry of the vector of several outputs; "" where there is one."""
    return place_in(parts, index[0]) if len(index) == 1 and parts else ""


def read(
    framework: str, function: Callable[..., Any], examples: Sequence[Any], name: str, dtype: str
) -> Callable[..., Any]:
    """Read a function of a framework's arrays.

    dtype: that of the examples' floating-point numbers. Raises SpecError, with the reader's own
    sentence where it has one.
    """
    try:
        reader = import_module(f"adbench.readers.{framework}")
    except ModuleNotFoundError as error:
        raise SpecError(
            f"There is no reader of {framework}; give a function of xp as spec=."
        ) from error
    try:
        with framework_called(framework).modes(dtype):
            reading = reader.read(function, examples)
    except SentenceError as error:
        raise SpecError(f"{name} cannot be read. {error}") from error
    except Exception as error:
        description = as_sentence(describe_exception(error))
        raise SpecError(f"{name} cannot be read: it raised {description}") from error
    read_function: Callable[..., Any] = reading.function
    return read_function
