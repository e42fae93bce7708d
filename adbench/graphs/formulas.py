"""Formulas: the nodes of a traced graph, gathered into what a person would write in one go.

A neuron is `w * a + b`, and not a product and a sum: arithmetic whose result is used once stands in
the formula that uses it, up to two operations a formula. What only gives numbers another shape is
no operation, and a number that the program holds stands in the formula itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reference_ad.compiler.graph import Graph
from reference_ad.engine.core import Array, Primitive
from reference_ad.engine.declaring import broadcast_to, reshape
from reference_ad.engine.nodes import Node
from reference_ad.engine.numpy_source import source_of
from reference_ad.rules.contraction import matmul
from reference_ad.rules.elementwise import square

MOST_OPERATIONS = 2
"""So many operations a formula has at most."""

FURTHER_OPERATORS: Mapping[Primitive, str] = {matmul: "{} @ {}", square: "{}**2"}
"""How operations are written beside those that compiled source writes with an operator."""

RESHAPING = frozenset({reshape, broadcast_to})
"""What gives numbers another shape, and leaves their order."""

TOLD_BY_THE_SHAPE = frozenset({"shape", "keepdims", "dtype"})
"""Parameters that the shape and the dtype of the result tell already."""

LONGEST_PARAMETER = 24
"""A parameter that takes more characters than this is written as dots."""

SUM, PRODUCT, POWER, ATOM = range(4)
"""How strongly a formula holds together."""

_STRENGTHS = ((" + ", SUM), (" - ", SUM), ("**", POWER))


class Notation:
    """How a formula is written: here for those who read it on a picture."""

    tells_shapes = False
    """Whether it is written where numbers get another shape."""

    def number(self, node: Node) -> str:
        """Return a number that the program holds, to three digits where it is no integer."""
        value = node.value.item() if hasattr(node.value, "item") else node.value
        return f"{value:.3g}" if isinstance(value, float) else str(value)

    def call(self, node: Node, arguments: Sequence[str]) -> str:
        """Return the application of a primitive to arguments."""
        parameters = [_parameter(*item) for item in node.params.items() if _is_told(item[0])]
        return f"{node.name}({', '.join([*arguments, *parameters])})"


PICTURE = Notation()
"""The notation of pictures."""


@dataclass(frozen=True)
class Formula:
    """A vertex of the graph that is drawn: nodes that are computed as one."""

    root: Node
    """The node whose value it has."""
    inner: tuple[Node, ...]
    """The nodes that it is computed by, the root last; none where the root comes from outside."""
    operands: tuple[Node, ...]
    """The roots of the formulas that it is computed from, each once."""

    def evaluate(self, values: Sequence[Array]) -> Array:
        """Return its value for these values of its operands."""
        value_of = {id(node): value for node, value in zip(self.operands, values, strict=True)}
        for node in self.inner:
            if node.primitive is None:
                value_of[id(node)] = node.value
                continue
            arguments = [value_of[id(argument)] for argument in node.args]
            value_of[id(node)] = node.primitive(*arguments, **node.params)
        return value_of[id(self.root)]

    def text(self, names: Mapping[int, str], notation: Notation = PICTURE) -> str:
        """Return the formula in Python's notation; "" for what comes from outside.

        names: what its operands are called, by the identity of their nodes
        """
        if not self.inner:
            return ""
        return self._written(self.root, names, notation)[0]

    def _written(self, node: Node, names: Mapping[int, str], notation: Notation) -> tuple[str, int]:
        """A node as text, and how strongly that holds together."""
        if any(node is operand for operand in self.operands):
            return names[id(node)], ATOM
        if node.primitive is None:
            return _negative_in_brackets(notation.number(node))
        arguments = [self._written(argument, names, notation) for argument in node.args]
        if node.primitive in RESHAPING and not notation.tells_shapes:
            return arguments[0]
        operator = operator_of(node.primitive)
        if operator:
            return _with_operator(operator, arguments)
        return notation.call(node, [text for text, _ in arguments]), ATOM


def operator_of(primitive: Primitive) -> str:
    """Return the template of an operation that Python has an operator for, else ""."""
    return FURTHER_OPERATORS.get(primitive) or source_of(primitive).operator


def formulas_of(graph: Graph) -> list[Formula]:
    """Return the formulas of a graph, each after those that it is computed from."""
    absorbed = _absorbed(graph)
    outer = [node for node in (*graph.inputs, *graph.nodes) if id(node) not in absorbed]
    return [_formula(node, absorbed) for node in outer]


def _absorbed(graph: Graph) -> set[int]:
    """The identities of the nodes that stand in the formula of another."""
    uses = Counter(id(argument) for node in graph.nodes for argument in node.args)
    outputs = {id(node) for node in graph.outputs}
    absorbed = {id(node) for node in graph.nodes if _is_number(node)} - outputs
    operations: dict[int, int] = {}
    for node in graph.nodes:
        if node.primitive is None or _is_number(node):
            continue
        count = _operations(node.primitive)
        for argument in filter(_is_arithmetic, node.args if _is_arithmetic(node) else ()):
            is_free = uses[id(argument)] == 1 and id(argument) not in outputs | absorbed
            if is_free and count + operations[id(argument)] <= MOST_OPERATIONS:
                count += operations[id(argument)]
                absorbed.add(id(argument))
        operations[id(node)] = count
    return absorbed


def _formula(root: Node, absorbed: Collection[int]) -> Formula:
    if root.primitive is None:
        return Formula(root, (root,) if _is_number(root) else (), ())
    inner: dict[int, Node] = {}
    operands: dict[int, Node] = {}
    for node in _walk(root, absorbed):
        is_inner = node is root or id(node) in absorbed
        (inner if is_inner else operands)[id(node)] = node
    return Formula(root, tuple(inner.values()), tuple(operands.values()))


def _walk(node: Node, absorbed: Collection[int]) -> Iterator[Node]:
    """The nodes that a formula reaches, each after its arguments."""
    for argument in node.args:
        if id(argument) in absorbed:
            yield from _walk(argument, absorbed)
        else:
            yield argument
    yield node


def _is_number(node: Node) -> bool:
    """Whether a node is a single number that the program holds, be it spread over an array."""
    if node.primitive is broadcast_to:
        return _is_number(node.args[0])
    return node.value is not None and node.array_type.size == 1


def _is_arithmetic(node: Node) -> bool:
    if node.primitive is None:
        return False
    return node.primitive in RESHAPING or bool(operator_of(node.primitive))


def _operations(primitive: Primitive) -> int:
    return 0 if primitive in RESHAPING else 1


def _with_operator(operator: str, arguments: Sequence[tuple[str, int]]) -> tuple[str, int]:
    """An operation between formulas, in brackets where they hold together less than it does."""
    strength = next((level for sign, level in _STRENGTHS if sign in operator), PRODUCT)
    needed = [strength, *[strength + 1] * (len(arguments) - 1)]
    if strength == POWER or len(arguments) == 1:
        needed = [ATOM]
    texts = [
        text if level >= least else f"({text})"
        for (text, level), least in zip(arguments, needed, strict=True)
    ]
    return operator.format(*texts), strength


def _negative_in_brackets(number: str) -> tuple[str, int]:
    """A number, and how strongly it holds together: a sign binds as a product does."""
    return number, PRODUCT if number.startswith("-") else ATOM


def _is_told(parameter: str) -> bool:
    return parameter not in TOLD_BY_THE_SHAPE


def _parameter(name: str, value: Any) -> str:
    text = re.sub(r"\s+", " ", repr(value))
    if len(text) > LONGEST_PARAMETER:
        text = "..."
    return f"{name}={text}"
