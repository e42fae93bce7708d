"""The graph of a program: which primitive is applied to what, with shapes and dtypes, without numbers.

A graph grows one node at a time. What has been computed before is found again (common subexpressions), what is the same
by an exact identity of algebra is replaced (`simplify.py`), and what no output needs is left out when it is finished.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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


class Node:
    """A value in a graph: an application of `primitive`, or without one a constant, or with neither an input."""

    __slots__ = ("args", "kind", "params", "primitive", "value")

    def __init__(
        self,
        kind: Kind,
        primitive: Primitive | None = None,
        args: tuple[Node, ...] = (),
        params: dict[str, Any] | None = None,
        value: Any = None,
    ) -> None:
        self.kind = kind
        self.primitive = primitive
        self.args = args
        self.params = params or {}
        self.value = value

    @property
    def name(self) -> str:
        """The primitive's name, 'custom' for a user's with a name from the table; else 'constant' or 'input'."""
        if self.primitive is not None:
            name = self.primitive.name
            return name if PRIMITIVES.get(name, self.primitive) is self.primitive else "custom"
        return "input" if self.value is None else "constant"

    def is_(self, name: str) -> bool:
        """Whether this is an application of the primitive called `name`."""
        return self.primitive is not None and self.name == name


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
        for k, node in enumerate(self.nodes):
            names[id(node)] = f"v{k}"
        lines = [f"{names[id(node)]} = input" + _described(node) for node in self.inputs]
        for node in self.nodes:
            parts = [names[id(arg)] for arg in node.args] + [f"{key}={param!r}" for key, param in node.params.items()]
            if node.primitive is None:
                text = f" {node.value!r}" if node.kind.size == 1 else ""
                lines.append(f"{names[id(node)]} = constant{text}" + _described(node))
            else:
                lines.append(f"{names[id(node)]} = {node.name}({', '.join(parts)})" + _described(node))
        return "\n".join([*lines, "return " + ", ".join(names[id(node)] for node in self.outputs)])


def _described(node: Node) -> str:
    return f"  # {node.kind.dtype}{list(node.kind.shape)}"


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
        if isinstance(value, np.ndarray):
            number = _repeated_number(value)
            if number is not None:  # as such it can be moved about
                kind = Kind(value.shape, value.dtype)
                return self.apply(PRIMITIVES["broadcast_to"], (self.constant(number),), {"shape": value.shape}, kind)
            value = value.copy()
        return self._find((None, _frozen(value)), lambda: Node(Kind.of(value), value=value))

    def apply(self, primitive: Primitive, args: tuple[Node, ...], params: dict[str, Any], kind: Kind) -> Node:
        """The node of an application: a new one, a known one, or one that is equal to it."""
        from .simplify import simplified  # it builds the nodes that it puts in place

        if all(arg.value is not None for arg in args) and primitive.name != "broadcast_to":
            return self.constant(primitive(*[arg.value for arg in args], **params))
        simpler = simplified(self, primitive, args, params, kind)
        if simpler is not None:
            return simpler
        names: Any = [id(arg) for arg in args]
        if primitive.name in ("add", "multiply"):
            names.sort()
        key = (id(primitive), tuple(names), _frozen(params))
        return self._find(key, lambda: Node(kind, primitive, args, params))

    def _find(self, key: Any, make: Any) -> Node:
        node = self._known.get(key)
        if node is None:
            node = self._known[key] = make()
            self.made.append(node)
        return node


def _repeated_number(array: np.ndarray[Any, Any]) -> Any:
    """The number of which an array of one dimension or more consists, if it is a single one."""
    if array.ndim == 0 or array.size == 0 or array.dtype.kind != "f":
        return None
    first = array.flat[0]
    return first if np.all(array == first) and not np.any(np.signbit(array) != np.signbit(first)) else None


def _frozen(value: Any) -> Any:
    """A hashable stand-in for a constant or parameter, equal for equal ones alone."""
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        return ("array", value.shape, value.dtype.str, value.tobytes())
    if isinstance(value, (np.generic, float, complex, int)):
        return (type(value), repr(value))  # repr: tells -0.0 from 0.0
    if isinstance(value, slice):
        return ("slice", _frozen((value.start, value.stop, value.step)))
    if isinstance(value, dict):
        return ("dict", *[(key, _frozen(value[key])) for key in sorted(value)])
    if isinstance(value, (tuple, list)):
        return (type(value), *[_frozen(part) for part in value])
    try:
        hash(value)
    except TypeError:
        return ("object", id(value))  # kept alive by its node
    return value
