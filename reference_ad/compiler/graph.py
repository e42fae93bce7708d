"""The graph of a program: which primitive is applied to what, with shapes and dtypes, without
numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..engine.core import PRIMITIVES, Array, Primitive


class ArrayType(NamedTuple):
    """What is known of a value before it is computed; weak: a Python number, which takes the dtype
    that it meets."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    weak: bool = False

    @property
    def size(self) -> int:
        return prod(self.shape)

    @staticmethod
    def of(value: Any) -> ArrayType:
        """The kind of an array or number."""
        if type(value) in (bool, int, float, complex):
            return ArrayType((), np.asarray(value).dtype, True)
        return ArrayType(value.shape, value.dtype)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value in a graph: an application of `primitive`, or without one a constant, or with neither
    an input."""

    kind: ArrayType
    primitive: Primitive | None = None
    args: tuple[Node, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    value: Any = None

    @property
    def name(self) -> str:
        """The primitive's name, 'custom' for a user's with a name from the table; else 'constant'
        or 'input'."""
        if self.primitive is not None:
            name = self.primitive.name
            return name if PRIMITIVES.get(name, self.primitive) is self.primitive else "custom"
        return "input" if self.value is None else "constant"


class Graph:
    """A finished graph.

    inputs, outputs: in the order of the flattened arguments and results
    nodes:           the applications and constants that the outputs need, each after its arguments
    """

    def __init__(
        self, inputs: Sequence[Node], outputs: Sequence[Node], made: Sequence[Node]
    ) -> None:
        needed = {id(node) for node in outputs}
        for node in reversed(made):
            if id(node) in needed:
                needed.update(id(arg) for arg in node.args)
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.nodes = tuple(node for node in made if id(node) in needed and node.name != "input")

    @property
    def operations(self) -> Counter[str]:
        """How often each primitive is applied."""
        return Counter(node.name for node in self.nodes if node.primitive is not None)

    @property
    def flops(self) -> int:
        """Floating-point operations.

        An elementary function counts 1 per element, a matrix product a multiplication and an
        addition per term, a reduction 1 per element that goes in; moving elements about and
        comparing them counts nothing.
        """
        return sum(_flops(node) for node in self.nodes)

    def evaluate(self, values: Sequence[Array]) -> list[Array]:
        """The outputs for these inputs, primitive by primitive: this can itself be
        differentiated."""
        known: dict[int, Array] = {
            id(node): value for node, value in zip(self.inputs, values, strict=True)
        }
        for node in self.nodes:
            args = [known[id(arg)] for arg in node.args]
            known[id(node)] = node.primitive(*args, **node.params) if node.primitive else node.value
        return [known[id(node)] for node in self.outputs]

    def __str__(self) -> str:
        names = {id(node): f"x{k}" for k, node in enumerate(self.inputs)}
        names |= {id(node): f"v{k}" for k, node in enumerate(self.nodes)}
        lines = []
        for node in (*self.inputs, *self.nodes):
            parts = [names[id(arg)] for arg in node.args] + [
                f"{key}={param!r}" for key, param in node.params.items()
            ]
            text = f"{node.name}({', '.join(parts)})" if node.primitive else node.name
            if node.value is not None and node.kind.size == 1:
                text += f" {node.value!r}"
            lines.append(f"{names[id(node)]} = {text}  # {node.kind.dtype}{list(node.kind.shape)}")
        return "\n".join([*lines, "return " + ", ".join(names[id(node)] for node in self.outputs)])


_FREE = {
    "reshape",
    "broadcast_to",
    "astype",
    "permute_dims",
    "matrix_transpose",
    "flip",
    "roll",
    "tril",
    "triu",
} | {
    *("getitem", "concat", "stack", "where", "stop_gradient", "positive", "conj", "real", "imag"),
    *("cast_to_integer", "isnan", "isinf", "isfinite", "signbit"),
}
_REDUCTIONS = {"sum", "max", "min", "logsumexp", "norm", "scatter_add"}


def _flops(node: Node) -> int:
    if node.primitive is None or node.name in _FREE or node.kind.dtype.kind not in "fcO":
        return 0
    if node.name == "matmul":
        return 2 * node.kind.size * node.args[0].kind.shape[-1]
    return node.args[0].kind.size if node.name in _REDUCTIONS else node.kind.size
