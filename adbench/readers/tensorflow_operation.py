"""The form of the entries of the tables: what a raw operation of TensorFlow is in the array API."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Operation:
    """The meaning of a raw operation."""

    function: Callable[..., Any]
    """function(xp, *operands, **attributes) -> an array, or a tuple with each output.

    Its keyword-only parameters are the attributes that it takes. A dtype among them is one of xp;
    the name of the one in the graph is given where `_name` stands behind the attribute's."""

    known: tuple[int, ...] = ()
    """The positions of operands, such as axes, that must be known when the graph is read.

    They come as NumPy arrays; a negative position counts from the end."""

    preferred: tuple[int, ...] = ()
    """The positions of operands that come as NumPy arrays where they are known."""

    of_shape: bool = False
    """Whether it depends on the shapes of its operands alone, so that its outputs are known."""

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """The names of the attributes that the function takes."""
        parameters = inspect.signature(self.function).parameters.values()
        return tuple(p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY)


def plain(name: str) -> Operation:
    """Return the operation that is the namespace's function of that name, such as "special.erf"."""
    extension, _, function = name.rpartition(".")
    if not extension:
        return Operation(lambda xp, *operands: getattr(xp, name)(*operands))
    return Operation(lambda xp, *operands: getattr(getattr(xp, extension), function)(*operands))


def ints(array: Any) -> tuple[int, ...]:
    """Return a known operand, such as axes or a shape, as a tuple of Python's integers."""
    return tuple(int(number) for number in array.reshape(-1))
