"""Building a graph, one node at a time.

What has been computed before is found again (common subexpressions), and what is the same by an
exact identity of algebra is replaced (`simplify.py`). What no output needs is left out when the
graph is finished.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.core import PRIMITIVES, Primitive
from .graph import ArrayType, Node
from .simplify import simplified


class Builder:
    """A graph that is being built: `made` holds its nodes, each after its arguments."""

    def __init__(self) -> None:
        self.made: list[Node] = []
        self._known: dict[Any, Node] = {}

    def input(self, kind: ArrayType) -> Node:
        """A new input."""
        self.made.append(Node(kind))
        return self.made[-1]

    def constant(self, value: Any) -> Node:
        """The node of a constant, which is copied: it must stay what it is now."""
        kind = ArrayType.of(value)
        if isinstance(value, np.ndarray):
            first = value.flat[0] if value.ndim and value.size and value.dtype.kind == "f" else None
            if (
                first is not None and value.tobytes() == first.tobytes() * value.size
            ):  # as a number it can be moved
                return self.apply(
                    PRIMITIVES["broadcast_to"],
                    (self.constant(first),),
                    {"shape": value.shape},
                    kind,
                )
            value = value.copy()
        return self.find((type(value), kind, np.asarray(value).tobytes()), Node(kind, value=value))

    def apply(
        self, primitive: Primitive, args: tuple[Node, ...], params: dict[str, Any], kind: ArrayType
    ) -> Node:
        """The node of an application, or one that is equal to it by an identity."""
        if all(arg.value is not None for arg in args) and primitive.name != "broadcast_to":
            return self.constant(primitive(*[arg.value for arg in args], **params))
        simpler = simplified(self.apply, self.make, primitive, args, params, kind)
        return self.application(primitive, args, params, kind) if simpler is None else simpler

    def make(self, kind: ArrayType, name: str, *args: Any, **params: Any) -> Node:
        """The same for a primitive of the table, by its name; among the arguments may be
        numbers."""
        nodes = tuple([arg if isinstance(arg, Node) else self.constant(arg) for arg in args])
        return self.apply(PRIMITIVES[name], nodes, params, kind)

    def application(
        self, primitive: Primitive, args: tuple[Node, ...], params: dict[str, Any], kind: ArrayType
    ) -> Node:
        """The node of this very application: a new one, or a known one."""
        operands = [id(arg) for arg in args]
        if primitive.name in ("add", "multiply"):
            operands.sort()
        key = (
            id(primitive),
            *operands,
            repr(sorted(params.items())),
        )  # repr: tells -0.0 from 0.0, and 2 from 2.0
        return self.find(key, Node(kind, primitive, args, params))

    def find(self, key: Any, node: Node) -> Node:
        """The node that is known by this key: from now on this one, if there is none."""
        if key not in self._known:
            self._known[key] = node
            self.made.append(node)
        return self._known[key]
