"""The graph of a program: which primitive is applied to what, with shapes and dtypes, without numbers.

A graph grows one node at a time. What has been computed before is found again (common subexpressions), what is the same
by an exact identity of algebra is replaced (`simplify.py`), and what no output needs is left out when it is finished.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .core import PRIMITIVES, Array, Primitive


class Kind(NamedTuple):
    """What is known of a value before it is computed; weak: a Python number, which takes the dtype that it meets."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    weak: bool = False

    @property
    def size(self) -> int:
        return prod(self.shape)

    @staticmethod
    def of(value: Any) -> Kind:
        """The kind of an array or number."""
        if type(value) in (bool, int, float, complex):
            return Kind((), np.asarray(value).dtype, True)
        return Kind(value.shape, value.dtype)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value in a graph: an application of `primitive`, or without one a constant, or with neither an input."""

    kind: Kind
    primitive: Primitive | None = None
    args: tuple[Node, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    value: Any = None

    @property
    def name(self) -> str:
        """The primitive's name, 'custom' for a user's with a name from the table; else 'constant' or 'input'."""
        if self.primitive is not None:
            name = self.primitive.name
            return name if PRIMITIVES.get(name, self.primitive) is self.primitive else "custom"
        return "input" if self.value is None else "constant"


class Graph:
    """A finished graph.

    inputs, outputs: in the order of the flattened arguments and results
    nodes:           the applications and constants that the outputs need, each after its arguments
    """

    def __init__(self, inputs: Sequence[Node], outputs: Sequence[Node], made: Sequence[Node]) -> None:
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

        An elementary function counts 1 per element, a matrix product a multiplication and an addition per term, a
        reduction 1 per element that goes in; moving elements about and comparing them counts nothing.
        """
        return sum(_flops(node) for node in self.nodes)

    def evaluate(self, values: Sequence[Array]) -> list[Array]:
        """The outputs for these inputs, primitive by primitive: this can itself be differentiated."""
        known: dict[int, Array] = {id(node): value for node, value in zip(self.inputs, values, strict=True)}
        for node in self.nodes:
            args = [known[id(arg)] for arg in node.args]
            known[id(node)] = node.primitive(*args, **node.params) if node.primitive else node.value
        return [known[id(node)] for node in self.outputs]

    def __str__(self) -> str:
        names = {id(node): f"x{k}" for k, node in enumerate(self.inputs)}
        names |= {id(node): f"v{k}" for k, node in enumerate(self.nodes)}
        lines = []
        for node in (*self.inputs, *self.nodes):
            parts = [names[id(arg)] for arg in node.args] + [f"{key}={param!r}" for key, param in node.params.items()]
            text = f"{node.name}({', '.join(parts)})" if node.primitive else node.name
            if node.value is not None and node.kind.size == 1:
                text += f" {node.value!r}"
            lines.append(f"{names[id(node)]} = {text}  # {node.kind.dtype}{list(node.kind.shape)}")
        return "\n".join([*lines, "return " + ", ".join(names[id(node)] for node in self.outputs)])


_FREE = {"reshape", "broadcast_to", "astype", "permute_dims", "matrix_transpose", "flip", "roll", "tril", "triu"} | {
    *("getitem", "concat", "stack", "where", "stop_gradient", "positive", "pad", "diagonal", "conj", "real", "imag"),
    *("discretize", "isnan", "isinf", "isfinite", "signbit"),
}
_REDUCTIONS = {"sum", "max", "min", "logsumexp", "prod", "scatter_add"}


def _flops(node: Node) -> int:
    if node.primitive is None or node.name in _FREE or node.kind.dtype.kind not in "fcO":
        return 0
    if node.name == "matmul":
        return 2 * node.kind.size * node.args[0].kind.shape[-1]
    return node.args[0].kind.size if node.name in _REDUCTIONS else node.kind.size


class Builder:
    """A graph that is being built."""

    def __init__(self) -> None:
        self.made: list[Node] = []
        self._known: dict[Any, Node] = {}

    def input(self, kind: Kind) -> Node:
        """A new input."""
        self.made.append(Node(kind))
        return self.made[-1]

    def constant(self, value: Any) -> Node:
        """The node of a constant, which is copied: it must stay what it is now."""
        kind = Kind.of(value)
        if isinstance(value, np.ndarray):
            first = value.flat[0] if value.ndim and value.size and value.dtype.kind == "f" else None
            if first is not None and value.tobytes() == first.tobytes() * value.size:  # as a number it can be moved
                return self.apply(PRIMITIVES["broadcast_to"], (self.constant(first),), {"shape": value.shape}, kind)
            value = value.copy()
        return self.find((type(value), kind, np.asarray(value).tobytes()), Node(kind, value=value))

    def apply(self, primitive: Primitive, args: tuple[Node, ...], params: dict[str, Any], kind: Kind) -> Node:
        """The node of an application, or one that is equal to it by an identity."""
        from .simplify import simplified  # it builds the nodes that it puts in place

        if all(arg.value is not None for arg in args) and primitive.name != "broadcast_to":
            return self.constant(primitive(*[arg.value for arg in args], **params))
        simpler = simplified(self, primitive, args, params, kind)
        return self.application(primitive, args, params, kind) if simpler is None else simpler

    def make(self, kind: Kind, name: str, *args: Any, **params: Any) -> Node:
        """The same for a primitive of the table, by its name; among the arguments may be numbers."""
        nodes = tuple([arg if isinstance(arg, Node) else self.constant(arg) for arg in args])
        return self.apply(PRIMITIVES[name], nodes, params, kind)

    def application(self, primitive: Primitive, args: tuple[Node, ...], params: dict[str, Any], kind: Kind) -> Node:
        """The node of this very application: a new one, or a known one."""
        operands = [id(arg) for arg in args]
        if primitive.name in ("add", "multiply"):
            operands.sort()
        key = (id(primitive), *operands, repr(sorted(params.items())))  # repr: tells -0.0 from 0.0, and 2 from 2.0
        return self.find(key, Node(kind, primitive, args, params))

    def find(self, key: Any, node: Node) -> Node:
        """The node that is known by this key: from now on this one, if there is none."""
        if key not in self._known:
            self._known[key] = node
            self.made.append(node)
        return self._known[key]
