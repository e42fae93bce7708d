"""Where a function is defined, and what stands for a function that lives in another process."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Definition:
    """Where a function is defined."""

    file: str = ""
    """The path of the file; "" where it is not known."""

    line: int = 1
    """The line, counted from 1."""


@dataclass(frozen=True)
class FunctionElsewhere:
    """A function of a file that another process has imported: it can be called there alone."""

    definition: Definition
    """Where it is defined."""

    is_read: bool = False
    """Whether it was read from a framework's function."""

    def __call__(self, *arguments: Any, **parameters: Any) -> Any:
        raise RuntimeError(
            f"The function in line {self.definition.line} of {self.definition.file} was called in "
            "a process that has not imported it."
        )


def definition_of(function: Any) -> Definition:
    """Return where a function is defined, as far as that is known."""
    if isinstance(function, FunctionElsewhere):
        return function.definition
    # `apply` of an autograd function is a method of its class; jit and the like keep what they
    # wrap.
    try:
        function = inspect.unwrap(function)
        owner = getattr(function, "__self__", None)
        target = owner if inspect.isclass(owner) else function
        file, line = inspect.getsourcefile(target), inspect.getsourcelines(target)[1]
    except Exception:  # a callable of the user's may do anything where it is looked at
        return Definition()
    return Definition(file or "", max(1, line))
