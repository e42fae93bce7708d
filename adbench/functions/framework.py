"""What is to be known of a framework to take a call of its functions apart.

Nothing of a framework is imported here: its own file is, when its arrays are met.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import numpy as np

from adbench.cases.foreign import framework_of_type
from reference_ad.engine import tree

FRAMEWORKS = ("torch", "jax", "tensorflow")
"""The frameworks whose functions are read as they stand."""


@dataclass(frozen=True)
class OpenArray:
    """An array among the arguments of a call."""

    owner: int | str
    """The argument that it is in: its position, or its keyword; "" where it is a parameter of the
    function itself."""
    path: str
    """Where it is in that argument, such as `['weights'][0]`."""
    name: str
    """What messages call it, such as `x['weights'][0]`."""
    array: Any
    is_watched: bool = False
    """Whether the framework was told to record derivatives by it."""

    @property
    def place(self) -> tuple[int | str, str]:
        """Where it is, whatever the argument is called."""
        return self.owner, self.path


@dataclass(frozen=True)
class OpenCall:
    """A call of a function whose arrays were taken out of its arguments."""

    function: Callable[..., Any]
    arrays: tuple[OpenArray, ...]
    rebuild: Callable[[Sequence[Any]], tuple[tuple[Any, ...], dict[str, Any]]]
    """`rebuild(arrays)` gives the positional and the keyword arguments with these arrays in."""
    call: Callable[[Sequence[Any]], Any]
    """`call(arrays)` calls the function with these arrays in place of its own."""


class Framework:
    """How a framework's arrays and functions are handled."""

    name: ClassVar[str]

    imports: ClassVar[tuple[str, ...]] = ()
    """The lines that code with arrays of the framework begins with."""

    def code_of(self, array: Any) -> str:
        """Return code that makes an array with the same numbers."""
        raise NotImplementedError

    def as_watched(self, array: Any) -> Any:
        """Return an array that the framework records derivatives by, where it has such."""
        return array

    def assignment(self, place: str, array: Any) -> str:
        """Return code that gives a parameter its numbers."""
        return f"{place} = {self.code_of(array)}"

    def open_call(
        self, function: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any]
    ) -> OpenCall:
        """Take the arrays out of the arguments of a call."""
        raise NotImplementedError

    def modes(self, dtype: str) -> AbstractContextManager[Any]:
        """Return a context in which arrays of a dtype are made, and functions of them read."""
        return nullcontext()

    def is_array(self, value: Any) -> bool:
        raise NotImplementedError

    def kind(self, array: Any) -> str:
        """Return the kind of an array's numbers as NumPy calls it: f, c, i, u or b."""
        raise NotImplementedError

    def to_numpy(self, array: Any) -> np.ndarray[Any, Any]:
        """Return the numbers of an array; those of formats that NumPy lacks as float64."""
        raise NotImplementedError

    def dtype_name(self, array: Any) -> str:
        """Return the name of an array's dtype, such as "float32"."""
        return str(array.dtype).rpartition(".")[2]

    def from_numpy(self, array: np.ndarray[Any, Any], dtype: str) -> Any:
        """Return an array of the framework with the numbers of one of NumPy's."""
        raise NotImplementedError

    def outputs(self, output: Any) -> list[tuple[str, Any]]:
        """Return the arrays of an output by their paths."""
        pairs = zip(tree.paths(output), tree.leaves(output), strict=True)
        return [(path, leaf) for path, leaf in pairs if self.is_array(leaf)]

    def flat(self, array: Any) -> Any:
        """Return an array with one axis."""
        raise NotImplementedError

    def concat(self, arrays: Sequence[Any]) -> Any:
        """Join arrays of one axis."""
        raise NotImplementedError

    def permuted(self, array: Any, axes: Sequence[int]) -> Any:
        """Return an array with its axes in another order."""
        raise NotImplementedError

    def parts(self, array: Any) -> tuple[Any, Any]:
        """Return the real and the imaginary part of an array."""
        raise NotImplementedError

    def complex_of(self, real: Any, imaginary: Any) -> Any:
        """Join a real and an imaginary part."""
        raise NotImplementedError


def framework_called(name: str) -> Framework:
    """Import a framework's own file."""
    framework: Framework = import_module(f"adbench.functions.{name}_functions").FRAMEWORK
    return framework


def framework_of(function: Any, arguments: Any) -> str:
    """Return the framework whose arrays are among arguments, or whose module a function is.

    It is "" where there is none, as for NumPy's.
    """
    for value in (*_values(arguments), function):
        name = framework_of_type(value)
        if name in FRAMEWORKS and not inspect.isfunction(value):
            return name
    return ""


def _values(arguments: Any) -> Iterator[Any]:
    """The leaves of arguments; of what is no tree of ours, the values of its attributes."""
    for leaf in tree.leaves(arguments):
        yield leaf
        if framework_of_type(leaf) == "" and hasattr(leaf, "__dataclass_fields__"):
            yield from _values(list(vars(leaf).values()))


def names_of_arguments(function: Callable[..., Any], count: int) -> list[str]:
    """Return what a function calls its first positional arguments."""
    names = parameter_names(function)
    return [*names, *(f"argument {place}" for place in range(len(names), count))][:count]


def parameter_names(function: Callable[..., Any]) -> list[str]:
    """Return the names of a function's positional parameters; of an autograd function, its own."""
    function = inspect.unwrap(function)
    target: Any = function
    owner = getattr(function, "__self__", None)
    skipped = 0
    if inspect.isclass(owner) and getattr(function, "__name__", "") == "apply":
        target = getattr(owner, "forward", function)  # an autograd function
        skipped = int(_has_context(target))
    try:
        parameters = list(inspect.signature(target).parameters.values())[skipped:]
    except (ValueError, TypeError):
        parameters = []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter.name for parameter in parameters if parameter.kind in kinds]


def _has_context(forward: Callable[..., Any]) -> bool:
    try:
        first = next(iter(inspect.signature(forward).parameters), "")
    except (ValueError, TypeError):
        return False
    return first in ("ctx", "context")


def name_of(function: Any) -> str:
    """Return what to call a function."""
    owner = getattr(function, "__self__", None)
    if inspect.isclass(owner):
        return owner.__name__
    inner = getattr(function, "func", function)  # of functools.partial
    return str(getattr(inner, "__name__", type(inner).__name__)).strip("<>")
