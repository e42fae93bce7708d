"""Building a graph, one node at a time.

What has been computed before is found again (common subexpressions), and what is the same by an
exact identity of algebra is replaced (`simplify.py`). What no output needs is left out when the
graph is finished.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.core import Primitive
from ..engine.declaring import broadcast_to
from ..engine.nodes import ArrayType, Node
from .simplify import simplified


class Builder:
    """A graph that is being built."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        """Its nodes so far, each after its arguments."""
        self._interned: dict[Any, Node] = {}

    def input(self, array_type: ArrayType) -> Node:
        """A new input."""
        node = Node(array_type)
        self.nodes.append(node)
        return node

    def constant(self, value: Any) -> Node:
        """The node of a constant, which is copied: it must stay what it is now."""
        array_type = ArrayType.of(value)
        if isinstance(value, np.ndarray):
            repeated = _repeated_number(value)
            if repeated is not None:  # as a number it can be moved
                shape = {"shape": value.shape}
                number = self.constant(repeated)
                return self.apply_simplified(broadcast_to, (number,), shape, array_type)
            value = value.copy()
        key = (type(value), array_type, np.asarray(value).tobytes())
        return self.intern(key, Node(array_type, value=value))

    def make(self, array_type: ArrayType, primitive: Primitive, *args: Any, **params: Any) -> Node:
        """The node of an application, simplified; among the arguments may be numbers."""
        nodes = tuple([arg if isinstance(arg, Node) else self.constant(arg) for arg in args])
        return self.apply_simplified(primitive, nodes, params, array_type)

    def apply_simplified(
        self,
        primitive: Primitive,
        args: tuple[Node, ...],
        params: dict[str, Any],
        array_type: ArrayType,
    ) -> Node:
        """The node of an application, or one that is equal to it by an identity."""
        if primitive is not broadcast_to and all(arg.value is not None for arg in args):
            return self.constant(primitive(*[arg.value for arg in args], **params))
        simpler = simplified(self.apply_simplified, self.make, primitive, args, params, array_type)
        if simpler is not None:
            return simpler
        return self.apply_as_is(primitive, args, params, array_type)

    def apply_as_is(
        self,
        primitive: Primitive,
        args: tuple[Node, ...],
        params: dict[str, Any],
        array_type: ArrayType,
    ) -> Node:
        """The node of this very application: a new one, or the one that is there."""
        operands = [id(arg) for arg in args]
        if primitive.commutative:
            operands.sort()
        # repr tells -0.0 from 0.0, and 2 from 2.0
        key = (id(primitive), *operands, repr(sorted(params.items())))
        return self.intern(key, Node(array_type, primitive, args, params))

    def intern(self, key: Any, node: Node) -> Node:
        """The node that goes by this key: from now on this one, if there is none."""
        if key not in self._interned:
            self._interned[key] = node
            self.nodes.append(node)
        return self._interned[key]


def _repeated_number(array: np.ndarray[Any, Any]) -> Any:
    """The number that all elements of an array of floats are, to the last bit; else None."""
    if not array.ndim or not array.size or array.dtype.kind != "f":
        return None
    first = array.flat[0]
    return first if array.tobytes() == first.tobytes() * array.size else None
