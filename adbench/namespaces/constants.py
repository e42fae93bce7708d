"""NumPy's functions for what is constant in a model, and refusals for what is not.

The namespace of a framework that has a part of the standard stands on this: what it has replaces a
name; of the rest, a call on the framework's arrays says which function is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adbench.namespaces import numpy as plain
from adbench.namespaces.namespace import EXTENSIONS, LOOPS, Namespace, missing


class ConstantsAlone:
    """A module whose functions take no arrays of a framework."""

    def __init__(
        self, framework: str, is_array: Callable[[Any], bool], module: Any, prefix: str
    ) -> None:
        """framework: what it is called. is_array: whether a value is one of its arrays."""
        self.__name__ = framework
        self._is_array = is_array
        self._module = module
        self._prefix = prefix

    def __getattr__(self, name: str) -> Any:
        if name in LOOPS:  # a namespace has its own
            raise AttributeError(name)
        value = getattr(self._module, name)
        if name in EXTENSIONS and not self._prefix:
            return ConstantsAlone(self.__name__, self._is_array, value, f"{name}.")
        if not callable(value) or isinstance(value, type):
            return value
        return self._guarded(name, value)

    def _guarded(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        refuse = missing(self.__name__, f"{self._prefix}{name}")

        def call(*arguments: Any, **parameters: Any) -> Any:
            is_refused = self._holds_array([*arguments, *parameters.values()])
            return (refuse if is_refused else function)(*arguments, **parameters)

        return call

    def _holds_array(self, values: Any) -> bool:
        if isinstance(values, list | tuple):
            return any(self._holds_array(value) for value in values)
        return self._is_array(values)


def partial_namespace(
    framework: str,
    is_array: Callable[[Any], bool],
    functions: dict[str, Any],
    linalg: dict[str, Any],
    special: dict[str, Any],
) -> Namespace:
    """Return the namespace of a framework that has the functions given, by their names.

    What it lacks takes constants, and raises MissingFunction with its name for arrays.
    """

    def part(module: Any, prefix: str) -> ConstantsAlone:
        return ConstantsAlone(framework, is_array, module, prefix)

    return Namespace(
        part(plain.numpy, ""),
        Namespace(part(plain.numpy.special, "special."), None, **special),
        linalg=Namespace(part(plain.numpy.linalg, "linalg."), None, **linalg),
        **functions,
    )
