"""The graph of operations that a PyTorch function was recorded as."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import torch

from adbench.readers.torch_decompositions import operation_name

SAME_MEMORY = frozenset(
    {"aten::alias", "aten::detach", "aten::squeeze", "aten::unsqueeze", "aten::view"}
)
"""Views that have all elements of their operand, in the same order."""


class Kind(Enum):
    """Where the value of a node comes from."""

    ARGUMENT = "argument"
    CAPTURED = "captured"
    OPERATION = "operation"
    PART = "part"


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Node:
    """A value of a graph; nodes are the same where they are the same object."""

    kind: Kind
    value: Any
    """What it was when the function was recorded: a tensor, several, or what is none."""
    target: Any = None
    """The operation, an `OpOverload`; of a part, what picks it."""
    args: tuple[Any, ...] = ()
    """The operands, in which nodes stand for tensors; of a part, the whole and its place there."""
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    operands: tuple[Node, ...] = ()
    """The nodes among the operands."""
    depends: bool = False
    """Whether it depends on an argument of the function."""
    varies: bool = False
    """Whether it depends on random numbers."""

    def __repr__(self) -> str:
        return f"Node({self.name or self.kind.value})"

    @property
    def name(self) -> str:
        """The name of the operation, "" where there is none."""
        return operation_name(self.target) if self.kind is Kind.OPERATION else ""

    @property
    def writes(self) -> bool:
        """Whether the operation writes to its operands."""
        return self.kind is Kind.OPERATION and bool(self.target._schema.is_mutable)

    @property
    def is_view(self) -> bool:
        """Whether the operation gives a tensor that shares the memory of its first operand."""
        if self.kind is not Kind.OPERATION:
            return False
        outputs = self.target._schema.returns
        return bool(outputs) and outputs[0].alias_info is not None

    @property
    def dtype(self) -> Any:
        """The dtype of the value, of the first tensor where there are several; None without one."""
        value = self.value
        if isinstance(value, tuple | list):
            value = next((x for x in value if isinstance(x, torch.Tensor)), None)
        return getattr(value, "dtype", None)


def operation(
    target: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    value: Any,
    node_of: Callable[[torch.Tensor], Node],
) -> Node:
    """Return the node of an operation. node_of: gives those of its tensors."""
    operands: list[Node] = []
    arguments = _with_nodes(args, node_of, operands)
    keywords = {key: _with_nodes(item, node_of, operands) for key, item in kwargs.items()}
    return Node(
        Kind.OPERATION,
        value,
        target,
        arguments,
        keywords,
        tuple(operands),
        depends=any(operand.depends for operand in operands),
        varies=is_random(target) or any(operand.varies for operand in operands),
    )


def _with_nodes(operand: Any, node_of: Callable[[torch.Tensor], Node], met: list[Node]) -> Any:
    """An operand with nodes in the places of its tensors. met: where these nodes are added."""
    if isinstance(operand, torch.Tensor):
        node = node_of(operand)
        met.append(node)
        return node
    if isinstance(operand, tuple | list):
        items = [_with_nodes(item, node_of, met) for item in operand]
        return tuple(items) if isinstance(operand, tuple) else items
    return operand


def argument(tensor: torch.Tensor) -> Node:
    """Return the node of an argument of the function."""
    return Node(Kind.ARGUMENT, tensor, depends=True)


def captured(tensor: torch.Tensor) -> Node:
    """Return the node of a tensor that is no argument, such as the parameter of a module."""
    return Node(Kind.CAPTURED, tensor)


def part(whole: Node, place: int) -> Node:
    """Return the node of one of several outputs."""
    return Node(
        Kind.PART,
        whole.value[place],
        operator.getitem,
        (whole, place),
        operands=(whole,),
        depends=whole.depends,
        varies=whole.varies,
    )


@dataclass(frozen=True)
class Graph:
    """A function of tensors, as operations one after another."""

    nodes: Sequence[Node]
    """Each after its operands."""
    inputs: Sequence[Node]
    outputs: Sequence[Node]

    def evaluate(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Apply the operations to other arguments."""
        values: dict[Node, Any] = dict(zip(self.inputs, tensors, strict=True))
        for node in self.nodes:
            if node.kind is Kind.CAPTURED:
                values[node] = node.value
            elif node.kind is not Kind.ARGUMENT:
                args = filled(node.args, values)
                kwargs = {key: filled(x, values) for key, x in node.kwargs.items()}
                values[node] = node.target(*args, **kwargs)
        return tuple([values[node] for node in self.outputs])


def filled(operand: Any, values: Mapping[Node, Any]) -> Any:
    """An operand with the values of its nodes in their places."""
    if type(operand) is Node:
        return values[operand]
    if type(operand) is tuple or type(operand) is list:
        return type(operand)([filled(item, values) for item in operand])
    return operand


def is_random(target: Any) -> bool:
    """Whether an operation draws random numbers."""
    return torch.Tag.nondeterministic_seeded in target.tags


def written(target: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """The operands that an operation writes to."""
    arguments = target._schema.arguments
    writes = [a.name for a in arguments if a.alias_info is not None and a.alias_info.is_write]
    by_name = dict(zip([a.name for a in arguments], args, strict=False)) | dict(kwargs)
    return [by_name[name] for name in writes if name in by_name]


def base_of(node: Node) -> Node:
    """The node whose memory a node is a view of; itself where it is none."""
    while node.is_view:
        node = node.args[0]
    return node


def fills_memory(node: Node) -> bool:
    """Whether a tensor is in C order and alone in its memory, as far as the graph can tell."""
    while node.name in SAME_MEMORY:
        node = node.args[0]
    return bool(node.value.is_contiguous()) and not node.is_view
