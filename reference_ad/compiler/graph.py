"""The graph of a program: its nodes, how much work they are, and how it is evaluated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..engine.core import Array
from ..engine.nodes import Node
from ..engine.numpy_source import Work, source_of


class Graph:
    """A finished graph.

    inputs, outputs: in the order of the flattened arguments and results
    nodes:           the applications and constants that the outputs need, each after its arguments
    """

    def __init__(
        self, inputs: Sequence[Node], outputs: Sequence[Node], nodes: Sequence[Node]
    ) -> None:
        needed = {id(node) for node in outputs}
        for node in reversed(nodes):
            if id(node) in needed:
                needed.update(id(arg) for arg in node.args)
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.nodes = tuple(node for node in nodes if id(node) in needed and not node.is_input)

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
        """The outputs for these inputs, primitive by primitive.

        This can itself be differentiated.
        """
        value_of: dict[int, Array] = {
            id(node): value for node, value in zip(self.inputs, values, strict=True)
        }
        for node in self.nodes:
            args = [value_of[id(arg)] for arg in node.args]
            value_of[id(node)] = (
                node.primitive(*args, **node.params) if node.primitive else node.value
            )
        return [value_of[id(node)] for node in self.outputs]

    def __str__(self) -> str:
        names = {id(node): f"x{k}" for k, node in enumerate(self.inputs)}
        names |= {id(node): f"v{k}" for k, node in enumerate(self.nodes)}
        lines = []
        for node in (*self.inputs, *self.nodes):
            dtype, shape = node.array_type.dtype, list(node.array_type.shape)
            lines.append(f"{names[id(node)]} = {_expression(node, names)}  # {dtype}{shape}")
        results = ", ".join(names[id(node)] for node in self.outputs)
        return "\n".join([*lines, f"return {results}"])


def _expression(node: Node, names: dict[int, str]) -> str:
    """What a node is, as a line of the printed graph has it."""
    if node.primitive is not None:
        arguments = [names[id(arg)] for arg in node.args]
        arguments += [f"{key}={param!r}" for key, param in node.params.items()]
        return f"{node.name}({', '.join(arguments)})"
    if node.value is not None and node.array_type.size == 1:
        return f"{node.name} {node.value!r}"
    return node.name


def _flops(node: Node) -> int:
    if node.primitive is None or node.array_type.dtype.kind not in "fcO":
        return 0
    match source_of(node.primitive).work:
        case Work.NOTHING:
            return 0
        case Work.PER_RESULT:
            return node.array_type.size
        case Work.PER_ARGUMENT:
            return node.args[0].array_type.size
        case Work.PER_TERM:
            terms = node.args[0].array_type.shape[-1]
            return 2 * node.array_type.size * terms
        case Work.OF_STEPS:
            flops: int = node.primitive.flops  # type: ignore[attr-defined]
            return flops
