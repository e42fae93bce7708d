"""Read a PyTorch function: its graph of ATen operations becomes a function of `xp`.

What each operation means is in the tables beside this file; here the graph becomes steps, each an
operation with the places of its operands.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any

import numpy as np
import torch

from adbench.readers import (
    torch_alignments,
    torch_contractions,
    torch_elementwise,
    torch_fourier,
    torch_indexing,
    torch_layers,
    torch_linalg,
    torch_ordering,
    torch_reductions,
    torch_sampling,
    torch_structural,
    torch_windows,
)
from adbench.readers.reading import Reading, Unreadable, registered
from adbench.readers.torch_graph import Graph, Kind, Node, fills_memory, is_random
from adbench.readers.torch_trace import trace
from reference_ad import numpy
from reference_ad.engine import tree

OPERATIONS: Mapping[str, Any] = {
    **torch_elementwise.OPERATIONS,
    **torch_reductions.OPERATIONS,
    **torch_structural.OPERATIONS,
    **torch_indexing.OPERATIONS,
    **torch_ordering.OPERATIONS,
    **torch_contractions.OPERATIONS,
    **torch_windows.OPERATIONS,
    **torch_sampling.OPERATIONS,
    **torch_alignments.OPERATIONS,
    **torch_layers.OPERATIONS,
    **torch_linalg.OPERATIONS,
    **torch_fourier.OPERATIONS,
}
"""What every ATen operation means, by its name, or by name and overload where those differ.

An operation with several outputs is a tuple, with a function for each of them.
"""

PROMOTING = frozenset([*torch_elementwise.OPERATIONS, "aten::cat", "aten::stack"])
"""Operations whose operands PyTorch brings to one dtype first."""

IGNORED_PARAMETERS = frozenset(
    {"device", "generator", "layout", "memory_format", "non_blocking", "pin_memory"}
)
"""Parameters that say where and how a tensor lies, which no value depends on."""

CHOOSING_BY_VALUE = frozenset({"aten::masked_select", "aten::nonzero"})
"""Operations whose answer is as long as the numbers say."""

CLEARLY_DIFFERENT = 1e-2
"""The relative difference between two runs of the same operations that their order never makes."""

ADVICE_ON_UNKNOWN = (
    "give its meaning with adbench.readers.register('torch', {name!r}, function), where function "
    "is written as function(xp, *operands)"
)


def read(function: Callable[..., Any], arguments: Sequence[Any]) -> Reading:
    """Return what a PyTorch function of these arguments is, as a function of an array namespace.

    function: any callable, an `nn.Module` among them; what tensors it has captured, such as the
        parameters of a module, are constants.
    arguments: trees (lists, tuples, dicts) of tensors, and Python values, which stay what they are.

    The reading is of the shapes, the integer dtypes and the Python values of these arguments.
    Raises Unreadable where an operation is not known or random, looks at values, or writes to what
    it was given or has captured.
    """
    leaves, structure = tree.flatten(list(arguments))
    tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
    outputs: list[Any] = []
    computed: list[Any] = []

    def of_tensors(*traced: Any) -> Any:
        remaining = iter(traced)
        filled = [next(remaining) if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
        answer = _as_plain_tree(function(*tree.unflatten(structure, filled)))
        results, output_structure = tree.flatten(answer)
        outputs[:] = [output_structure, [not isinstance(x, torch.Tensor) for x in results]]
        outputs.append([x for x in results if not isinstance(x, torch.Tensor)])
        computed[:] = [x for x in results if isinstance(x, torch.Tensor)]
        return tuple(computed)

    graph, places = trace(of_tensors, tensors)
    program = _Builder(graph, places).program()
    _check_that_operations_say_all(graph, program, tensors, computed)
    border = _Border(structure, leaves, *outputs)
    return Reading(_function_of(program, border), program.operations)


def _check_that_operations_say_all(
    graph: Graph, program: _Program, tensors: Sequence[Any], computed: Sequence[Any]
) -> None:
    """Raise Unreadable where something beside the operations of the graph wrote to a tensor.

    A kernel that is called by the address of its tensors leaves no trace: the operations then give
    another value than the function gave, or what they left uninitialized is part of the output.
    """
    arguments = [tensor.detach() for tensor in tensors]
    with torch.no_grad():
        again = graph.evaluate(*[argument.clone() for argument in arguments])
    is_same = all(
        torch.allclose(x.detach(), y.detach(), rtol=CLEARLY_DIFFERENT, equal_nan=True)
        for x, y in zip(computed, again, strict=True)
        if _is_number(x.dtype)
    )
    swapped = {
        function: torch_structural.OTHERWISE_UNINITIALIZED[name]
        for name, function in torch_structural.UNINITIALIZED.items()
    }
    if any(step.operation in swapped for step in program.steps):
        points = [_as_numpy(argument) for argument in arguments]
        steps = [
            replace(step, operation=swapped.get(step.operation, step.operation))
            for step in program.steps
        ]
        other = replace(program, steps=steps).run(numpy, points)
        is_same = all(
            np.array_equal(x, y) for x, y in zip(program.run(numpy, points), other, strict=True)
        )
    if not is_same:
        raise Unreadable(
            "The function writes to a tensor beside PyTorch's operations, as a kernel does that "
            "is called by the address of its tensors: make it an operation of torch.library, and "
            "give its meaning with adbench.readers.register."
        )


def _as_plain_tree(answer: Any) -> Any:
    """A tree of outputs in which PyTorch's named tuples are plain ones."""
    if isinstance(answer, (tuple, list)):
        children = [_as_plain_tree(child) for child in answer]
        if type(answer).__module__ == "torch.return_types" or type(answer) is tuple:
            return tuple(children)
        return children if type(answer) is list else answer
    if type(answer) is dict:
        return {key: _as_plain_tree(child) for key, child in answer.items()}
    return answer


@dataclass(frozen=True)
class _Border:
    """The trees that the user's function takes and gives."""

    structure: tree.Structure
    leaves: Sequence[Any]
    """Those of the arguments that it was read at."""
    output_structure: tree.Structure
    output_is_static: Sequence[bool]
    output_statics: Sequence[Any]

    def tensors_of(self, arguments: Sequence[Any]) -> list[Any]:
        """The arrays among the arguments. Raises Unreadable where they are of another form."""
        leaves, structure = tree.flatten(list(arguments))
        if len(leaves) != len(self.leaves):
            raise Unreadable(
                f"The reading was given arguments {tree.as_written(structure)}; it was made for "
                f"{tree.as_written(self.structure)}: read the function again."
            )
        pairs = [
            (leaf, example)
            for leaf, example in zip(leaves, self.leaves, strict=True)
            if isinstance(example, torch.Tensor)
        ]
        for leaf, example in pairs:
            if tuple(leaf.shape) != tuple(example.shape):
                raise Unreadable(
                    f"The reading was given an array of shape {tuple(leaf.shape)}; it was made for "
                    f"{tuple(example.shape)}: read the function again."
                )
        return [leaf for leaf, _ in pairs]

    def output(self, results: Sequence[Any]) -> Any:
        """The tree of outputs."""
        arrays, statics = iter(results), iter(self.output_statics)
        leaves = [next(statics) if static else next(arrays) for static in self.output_is_static]
        return tree.unflatten(self.output_structure, leaves)


# ---- a graph as steps


@dataclass(frozen=True)
class _Slot:
    """The place of a value that is computed."""

    number: int
    is_promoted: bool = False
    """Whether integers are to become numbers of the working dtype."""


@dataclass(frozen=True)
class _Dtype:
    """A dtype by the name that namespaces have for it; the working one where it is floating."""

    name: str

    def of(self, xp: Any, working: Any) -> Any:
        if self.name == "working":
            return working
        if self.name == "complex":
            return xp.result_type(working, xp.complex64)
        return getattr(xp, self.name)


@dataclass(frozen=True)
class _Step:
    """One operation of the graph."""

    operation: Callable[..., Any]
    operands: tuple[Any, ...]
    parameters: Mapping[str, Any]
    result: int
    part: int | None = None
    """Which of several outputs is taken."""


@dataclass(frozen=True)
class _Program:
    """A function of arrays, as steps one after another."""

    inputs: Sequence[int]
    """The slots of the arguments."""
    is_floating: Sequence[bool]
    """Which arguments have the working dtype."""
    constants: Mapping[int, Any]
    """By slot, arrays of NumPy's."""
    steps: Sequence[_Step]
    outputs: Sequence[int]
    operations: tuple[str, ...]
    count: int
    """How many slots there are."""
    default: str
    """The working dtype where no argument has one."""

    def run(self, xp: Any, arguments: Sequence[Any]) -> list[Any]:
        """The outputs for these arguments."""
        working = self._working_dtype(xp, arguments)
        values: list[Any] = [None] * self.count
        for slot, argument in zip(self.inputs, arguments, strict=True):
            values[slot] = argument
        for slot, array in self.constants.items():
            values[slot] = _as_constant(xp, array, working)

        def resolve(operand: Any) -> Any:
            if type(operand) is _Slot:
                value = values[operand.number]
                return xp.astype(value, working) if operand.is_promoted else value
            if type(operand) is list:
                return [resolve(item) for item in operand]
            return operand.of(xp, working) if type(operand) is _Dtype else operand

        for step in self.steps:
            operands = [resolve(operand) for operand in step.operands]
            parameters = {name: resolve(value) for name, value in step.parameters.items()}
            answer = step.operation(xp, *operands, **parameters)
            values[step.result] = answer if step.part is None else answer[step.part]
        return [values[slot] for slot in self.outputs]

    def _working_dtype(self, xp: Any, arguments: Sequence[Any]) -> Any:
        """That of the floating arguments together."""
        numbers = [x for x, floating in zip(arguments, self.is_floating, strict=True) if floating]
        if not numbers:
            return getattr(xp, self.default)
        dtypes = [_real_dtype(xp, x) for x in numbers]
        if all(dtype == dtypes[0] for dtype in dtypes):
            return dtypes[0]
        return xp.result_type(*dtypes)


def _real_dtype(xp: Any, x: Any) -> Any:
    return xp.real(x).dtype if xp.isdtype(x.dtype, "complex floating") else x.dtype


def _as_constant(xp: Any, array: Any, working: Any) -> Any:
    if array.dtype.kind == "f":
        return xp.asarray(array, dtype=working)
    return xp.asarray(array)


def _function_of(program: _Program, border: _Border) -> Callable[..., Any]:
    def function(xp: Any, *arguments: Any) -> Any:
        return border.output(program.run(xp, border.tensors_of(arguments)))

    return function


# ---- from nodes to steps


def _is_number(dtype: Any) -> bool:
    return dtype is not None and (dtype.is_floating_point or dtype.is_complex)


@dataclass
class _Builder:
    """Turns the nodes of a graph into steps."""

    graph: Graph
    places: Mapping[str, str]
    slots: dict[Node, int] = field(default_factory=dict)
    constants: dict[int, Any] = field(default_factory=dict)
    steps: list[_Step] = field(default_factory=list)
    operations: dict[str, None] = field(default_factory=dict)

    def program(self) -> _Program:
        inputs = self.graph.inputs
        needed = self._needed()
        for node in inputs:
            self._slot(node)
        for node in self.graph.nodes:
            if node in needed and node.kind is not Kind.ARGUMENT:
                self._add(node)
        return _Program(
            inputs=[self.slots[node] for node in inputs],
            is_floating=[_is_number(node.dtype) for node in inputs],
            constants=self.constants,
            steps=self.steps,
            outputs=[self._slot(node) for node in self.graph.outputs],
            operations=tuple(self.operations),
            count=len(self.slots),
            default=str(torch.get_default_dtype()).removeprefix("torch."),
        )

    def _slot(self, node: Node) -> int:
        return self.slots.setdefault(node, len(self.slots))

    def _needed(self) -> set[Node]:
        """The nodes that an output depends on."""
        needed: set[Node] = set()
        remaining = list(self.graph.outputs)
        while remaining:
            node = remaining.pop()
            if node in needed:
                continue
            needed.add(node)
            if not _is_folded(node):
                remaining += node.operands
        return needed

    # ---- one node

    def _add(self, node: Node) -> None:
        if _is_folded(node):
            self.constants[self._slot(node)] = _as_numpy(node.value)
        elif node.kind is Kind.PART:
            source, position = node.args
            self._add_part(source, position, node)
        elif not _has_several(node):
            self._add_step(node, self._meaning(node), node)

    def _add_part(self, source: Node, position: int, node: Node) -> None:
        """One of several outputs."""
        meaning = self._meaning(source)
        if not isinstance(meaning, tuple):
            self._add_step(source, meaning, node, position)
            return
        function = meaning[position]
        if function is None:
            raise Unreadable(
                f"The function uses output {position} of {source.name}"
                f"{self._place(source)}, which only PyTorch's own backward pass has a use for: use "
                "the first output alone."
            )
        self._add_step(source, function, node)

    def _add_step(
        self, node: Node, function: Callable[..., Any], result: Node, part: int | None = None
    ) -> None:
        """The application of a function to the operands of a node."""
        name = node.name
        self.operations[name] = None
        if name in torch_elementwise.COMPARISONS_WITH_ITSELF and _is_with_itself(node):
            function = torch_elementwise.COMPARISONS_WITH_ITSELF[name]
        self._check_layout(node, name)
        promotes = name in PROMOTING and self._has_numbers(node)
        operands = tuple([self._operand(operand, promotes) for operand in node.args])
        if name == "aten::where":
            operands = (self._operand(node.args[0], False), *operands[1:])
        parameters = {
            key: self._operand(value, promotes)
            for key, value in node.kwargs.items()
            if key not in IGNORED_PARAMETERS and key != "dtype"
        }
        if _takes(function, "dtype"):
            parameters["dtype"] = _Dtype(_name_of_dtype(result.dtype))
        if _takes(function, "read_dtype"):
            parameters["read_dtype"] = str(result.dtype).removeprefix("torch.")
        self.steps.append(_Step(function, operands, parameters, self._slot(result), part))

    def _operand(self, operand: Any, promotes: bool) -> Any:
        if type(operand) is Node:
            return _Slot(self._slot(operand), promotes and not _is_number(operand.dtype))
        if isinstance(operand, (list, tuple)):
            return [self._operand(item, promotes) for item in operand]
        return operand

    def _has_numbers(self, node: Node) -> bool:
        """Whether the result or an operand of a node is of the working dtype."""
        return any(_is_number(x.dtype) for x in (node, *node.operands))

    def _meaning(self, node: Node) -> Any:
        """The entry of an operation. Raises Unreadable where it has none, or is random."""
        name = node.name
        own = registered("torch")
        if name in own:
            return own[name]
        if self._is_random(node, name):
            raise Unreadable(
                f"The function is random ({name}{self._place(node)}): give what is drawn, such as "
                "the mask of a dropout, as an argument, or read the module in evaluation "
                "(module.eval())."
            )
        full_name = f"{name}.{node.target._overloadname}"
        meaning = OPERATIONS.get(full_name, OPERATIONS.get(name))
        if name in CHOOSING_BY_VALUE:
            raise Unreadable(self._sentence_on_masks(node, name))
        if meaning is None:
            raise Unreadable(
                f"The operation {name}{self._place(node)} has no entry in the reader of PyTorch: "
                f"{ADVICE_ON_UNKNOWN.format(name=name)}."
            )
        return meaning

    def _is_random(self, node: Node, name: str) -> bool:
        position = torch_layers.SWITCHES_OF_CHANCE.get(name)
        if position is not None:
            return any(switch > 0 for switch in node.args[position : position + 1])
        return is_random(node.target)

    def _place(self, node: Node) -> str:
        return self.places.get(node.name, "")

    def _sentence_on_masks(self, node: Node, name: str) -> str:
        return (
            f"The function picks elements by a mask of values ({name}{self._place(node)}), and "
            "how many those are depends on the numbers: use torch.where, or give the indices as an "
            "argument."
        )

    def _check_layout(self, node: Node, name: str) -> None:
        """Raise Unreadable where a view is by places in memory that the operand does not fill."""
        if name == "aten::index" and any(_is_mask(x) for x in node.args[1] if x is not None):
            raise Unreadable(self._sentence_on_masks(node, name))
        if name != "aten::as_strided":
            return
        if fills_memory(node.args[0]):
            return
        raise Unreadable(
            f"The function takes a strided view of a tensor that is a view itself ({name}"
            f"{self._place(node)}), whose elements cannot be told: make it contiguous first."
        )


def _is_folded(node: Node) -> bool:
    """Whether a node's value is kept, which depends on no argument.

    Integers and truth values are; numbers are computed again, in the dtype of the run.
    """
    if node.depends or not isinstance(node.value, torch.Tensor):
        return False
    if node.kind is Kind.CAPTURED:
        return True
    return not (_is_number(node.value.dtype) or node.varies)


def _has_several(node: Node) -> bool:
    """Whether an operation has several outputs."""
    return isinstance(node.value, tuple | list) and len(node.value) > 1


def _is_with_itself(node: Node) -> bool:
    """Whether a comparison is of numbers with the very same ones."""
    first, second = node.args
    return first is second and _is_number(first.dtype)


def _is_mask(node: Node) -> bool:
    return node.dtype in (torch.bool, torch.uint8)


def _as_numpy(tensor: Any) -> np.ndarray[Any, Any]:
    tensor = tensor.detach().cpu().resolve_conj().resolve_neg()
    if tensor.is_floating_point():
        tensor = tensor.double()
    return tensor.numpy().copy()


@functools.cache
def _takes(function: Callable[..., Any], parameter: str) -> bool:
    return parameter in signature(function).parameters


def _name_of_dtype(dtype: Any) -> str:
    if dtype.is_floating_point:
        return "working"
    return "complex" if dtype.is_complex else str(dtype).removeprefix("torch.")
