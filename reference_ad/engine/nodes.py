"""The values of a graph.

Which primitive is applied to what, with shapes and dtypes, without numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .core import Primitive


class ArrayType(NamedTuple):
    """What is known of a value before it is computed."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    weak: bool = False
    """Whether it is a Python number, which takes the dtype that it meets."""

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    @staticmethod
    def of(value: Any) -> ArrayType:
        """The type of an array or number."""
        if type(value) in (bool, int, float, complex):
            return ArrayType((), np.asarray(value).dtype, True)
        return ArrayType(value.shape, value.dtype)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value in a graph.

    An application of `primitive`, or without one a constant, or with neither an input.
    """

    array_type: ArrayType
    primitive: Primitive | None = None
    args: tuple[Node, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    value: Any = None
    """The value of a constant."""

    @property
    def is_input(self) -> bool:
        """Whether it is an input of the graph."""
        return self.primitive is None and self.value is None

    @property
    def name(self) -> str:
        """What the graph is printed with: the primitive's name, "constant" or "input"."""
        if self.primitive is not None:
            return self.primitive.name
        return "input" if self.value is None else "constant"
