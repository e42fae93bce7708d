"""The graph of ATen operations that a PyTorch function is.

It is what `make_fx` shows with the core decompositions: without autograd, so the forward of an
`autograd.Function` stands there too. What the values do not show, that an intermediate result is
detached or made under `no_grad`, is marked by an operation `detach`. Writes in place are made
functional.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest.mock import patch

import torch
from torch._decomp import core_aten_decompositions, get_decompositions
from torch.fx.experimental import proxy_tensor
from torch.fx.experimental.proxy_tensor import (
    disable_proxy_modes_tracing,
    get_proxy_mode,
    get_proxy_slot,
    make_fx,
)
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from adbench.readers.reading import Unreadable, registered

ATEN = torch.ops.aten

KEPT = (
    ATEN.detach,
    ATEN.elu,
    ATEN.hardtanh,
    ATEN.leaky_relu,
    ATEN._safe_softmax,
    ATEN._scaled_dot_product_flash_attention_for_cpu,
    ATEN.index_copy,
    ATEN.index_fill,
    ATEN.linalg_cross,
    ATEN.log_sigmoid_forward,
    ATEN.logsumexp,
    ATEN.median,
    ATEN.multilabel_margin_loss_forward,
    ATEN.polygamma,
    ATEN.tril,
    ATEN.triu,
    ATEN.xlogy,
)
"""Operations with an entry of their own, which is exacter or simpler than the decomposition."""

DECOMPOSED = (
    ATEN.dist,
    ATEN.ldexp,
    ATEN.upsample_bicubic2d,
    ATEN.upsample_bilinear2d,
    ATEN.upsample_trilinear3d,
)
"""Operations beyond the core ones that PyTorch itself can write in others."""

DETACHING = frozenset(
    {
        torch.Tensor.detach,
        torch.Tensor.detach_,
        torch.Tensor.data.__get__,
        torch.detach,
    }
)
"""What a user calls to leave the derivative behind."""

LEAVING = frozenset({torch.Tensor.numpy, torch.Tensor.tolist, torch.Tensor.__array__})
"""What takes a tensor out of PyTorch."""

SAME_MEMORY = frozenset(
    {"aten::alias", "aten::detach", "aten::squeeze", "aten::unsqueeze", "aten::view"}
)
"""Views that have all elements of their operand, in the same order."""

HERE = os.path.dirname(os.path.abspath(__file__))
TORCH = os.path.dirname(os.path.abspath(torch.__file__))

ADVICE_ON_VALUES = (
    "what it does then depends on the numbers, which a reading cannot follow; write it with "
    "torch.where, or give what is found as an argument"
)


def operation_name(target: Any) -> str:
    """The name of an operation, such as "aten::add"."""
    return str(target._schema.name)


def decompositions() -> dict[Any, Any]:
    """How operations are written in others, but for those that have a meaning of their own."""
    return _decompositions_without(frozenset(registered("torch")))


@functools.lru_cache(maxsize=4)
def _decompositions_without(names: frozenset[str]) -> dict[Any, Any]:
    return {
        target: rule
        for target, rule in _decompositions().items()
        if operation_name(target) not in names
    }


@functools.cache  # making the table takes PyTorch 0.2 s
def _decompositions() -> dict[Any, Any]:
    table = dict(core_aten_decompositions())
    table |= get_decompositions(DECOMPOSED)
    for packet in KEPT:
        for overload in packet.overloads():
            table.pop(getattr(packet, overload), None)
    return table


def place_of_user() -> str:
    """The line of the user's code that runs now, as " in line 3 of model.py"; "" if none does."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((HERE, TORCH, "<")):
            return f" in line {frame.f_lineno} of {os.path.basename(file)}"
        frame = frame.f_back
    return ""


# ---- what the values do not show


class _GradientSwitches(TorchFunctionMode):
    """Watches where the user leaves derivatives behind.

    The forward of an `autograd.Function` runs with gradients switched off as well, but not by the
    user: its own backward says what its derivative is.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_off = False
        """Whether the user switched gradients off."""
        self.is_detaching = False
        """Whether the user's call to leave the derivative of a tensor behind runs now."""
        self._is_inside_forward = False

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if function is torch._C._set_grad_enabled:
            self._switched(bool(args[0]))
            return function(*args)
        if function in LEAVING and _depends_on_arguments(args[0]):
            raise Unreadable(
                f"The function takes the numbers of a tensor out of PyTorch ({function.__name__}"
                f"{place_of_user()}), where no operation can be followed: write it in PyTorch's "
                "operations, or as one of your own (torch.library) and give its meaning with "
                "adbench.readers.register."
            )
        if function not in DETACHING:
            return function(*args, **(kwargs or {}))
        # Inside of a forward its own backward says what the derivative is.
        self.is_detaching = torch.is_grad_enabled()
        try:
            return function(*args, **(kwargs or {}))
        finally:
            self.is_detaching = False

    def _switched(self, on: bool) -> None:
        is_enabled = torch.is_grad_enabled()
        if on and not is_enabled and not self.is_off:
            self._is_inside_forward = True
        elif not on and self._is_inside_forward:
            self._is_inside_forward = False
        elif not on and is_enabled:
            self.is_off = True
        elif on:
            self.is_off = False

    @property
    def leaves_derivative(self) -> bool:
        """Whether what is computed now has no derivative."""
        return self.is_off and not torch.is_grad_enabled()


class _Watch(TorchDispatchMode):
    """Sees every operation of the user's before it is decomposed."""

    # For these PyTorch would raise an exception about this very class.
    supports_higher_order_operators = True

    def __init__(self, switches: _GradientSwitches, places: dict[Any, str]) -> None:
        super().__init__()
        self.switches = switches
        self.places = places
        """By node of the graph, the line of the user's code that it comes from."""

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if function is ATEN.detach.default:
            return self._detached(args[0])
        place = place_of_user()
        if isinstance(function, torch._ops.HigherOrderOperator):
            raise Unreadable(
                f"The function calls torch.{function.name()}{place}, which is no operation of "
                "tensors alone: write it with torch.where, or with Python's own loops."
            )
        if torch.Tag.data_dependent_output in function.tags:
            return self._value(function, args, kwargs or {}, place)
        answer = function(*args, **(kwargs or {}))
        self._note(place)
        if self.switches.leaves_derivative:
            return self._without_derivative(function, answer, place)
        return answer

    def _value(self, function: Any, args: Any, kwargs: Any, place: str) -> Any:
        """What Python is told of tensors, which must not depend on the arguments."""
        if any(_depends_on_arguments(x) for x in tree_leaves((args, kwargs))):
            raise Unreadable(
                f"The function asks for the value of a tensor ({operation_name(function)}"
                f"{place}), and {ADVICE_ON_VALUES}."
            )
        with disable_proxy_modes_tracing():
            return function(*args, **kwargs)

    def _detached(self, x: Any) -> Any:
        # What autograd itself detaches, to keep it for a backward pass, is the tensor as it is.
        return ATEN.detach.default(x) if self.switches.is_detaching else ATEN.alias.default(x)

    def _without_derivative(self, function: Any, answer: Any, place: str) -> Any:
        if function._schema.is_mutable:
            raise Unreadable(
                f"The function writes in place under no_grad ({operation_name(function)}{place}), "
                "which is a constant in the values alone: use the operation that makes a new "
                "tensor."
            )
        return tree_map_only(torch.Tensor, ATEN.detach.default, answer)

    def _note(self, place: str) -> None:
        """Say of the nodes that are new in the graph where they come from."""
        mode = get_proxy_mode()
        if mode is None:
            return
        for node in reversed(mode.tracer.graph.nodes):
            if node in self.places:
                break
            self.places[node] = place


def _depends_on_arguments(x: Any) -> bool:
    """Whether a tensor depends on the arguments of the function that is traced."""
    mode = get_proxy_mode()
    if not isinstance(x, torch.Tensor) or mode is None:
        return False
    slot = get_proxy_slot(x, mode.tracer, None)
    if slot is None:
        return False
    nodes = mode.tracer.graph.nodes
    dependent = {node for node in nodes if node.op == "placeholder"}
    for node in nodes:
        if any(operand in dependent for operand in node.all_input_nodes):
            dependent.add(node)
            if _writes(node):
                return True  # to a tensor of which there may be views
    return slot.proxy.node in dependent


def _compiled_functions_as_they_were() -> Any:
    """Let functions of `torch.compile` be what they were compiled from.

    Where the compiler is not loaded there are none.
    """
    if "torch._dynamo" not in sys.modules:
        return nullcontext()
    return torch._dynamo.config.patch(error_on_nested_fx_trace=False)


def _noted(value: Any, include_real: bool = False) -> Any:
    """What a node keeps of its value: tensors without numbers, in the same layout."""
    if isinstance(value, torch.Tensor):
        strides = value.stride() if value.layout is torch.strided else None
        return _without_numbers(value, strides)
    return tree_map_only(torch.Tensor, _noted, value)


def _without_numbers(tensor: torch.Tensor, strides: tuple[int, ...] | None) -> torch.Tensor:
    if strides is None:
        return torch.empty(tensor.shape, dtype=tensor.dtype, device="meta")
    return torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype, device="meta")


@contextmanager
def _made_of_operations() -> Iterator[None]:
    """Let layers and compiled functions be made of operations; their fused forms say nothing."""
    was_enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with _compiled_functions_as_they_were(), patch.object(proxy_tensor, "extract_val", _noted):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was_enabled)


# ---- the graph


def trace(
    function: Callable[..., Any],
    tensors: Sequence[torch.Tensor],
    table: Mapping[Any, Any] | None = None,
) -> tuple[Any, Mapping[str, str]]:
    """Return the graph of a function of tensors, and by operation where the user first calls it.

    table: how operations are written in others; by default `decompositions()`.

    The graph is a `torch.fx.GraphModule`. Raises Unreadable where the function looks at values,
    and where it writes to what it was given or has captured.
    """
    places: dict[Any, str] = {}

    def watched(*arguments: Any) -> Any:
        switches = _GradientSwitches()
        with switches, _Watch(switches, places):
            return function(*arguments)

    table = decompositions() if table is None else table
    with _made_of_operations(), torch.enable_grad():
        graph = make_fx(watched, decomposition_table=table)(*_copies(tensors))
        place_by_operation: dict[str, str] = {}
        for node, place in reversed(places.items()):
            name = _name_of_node(node)
            place_by_operation.setdefault(name.removesuffix("_"), place)
        for node in graph.graph.nodes:
            _check_write(node, place_by_operation)
        if any(_writes(node) for node in graph.graph.nodes):
            functional = torch.func.functionalize(graph, remove="mutations")
            graph = make_fx(functional, decomposition_table=table)(*_copies(tensors))
    return graph, place_by_operation


def _copies(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The tensors apart from the user's, whose graph of gradients they are not part of."""
    return [x.detach().clone().requires_grad_(x.requires_grad) for x in tensors]


def _name_of_node(node: Any) -> str:
    if node.op == "call_function" and hasattr(node.target, "_schema"):
        return operation_name(node.target)
    return ""


def _writes(node: Any) -> bool:
    return bool(_name_of_node(node)) and node.target._schema.is_mutable


def _check_write(node: Any, places: Mapping[str, str]) -> None:
    """Raise Unreadable for a write to an argument or to a tensor that the function captured.

    So it does for one by an operation of the user's.
    """
    if not _writes(node):
        return
    name = _name_of_node(node)
    if not name.startswith("aten::"):
        raise Unreadable(
            f"The operation {name}{places.get(name, '')} writes to its operands in place, which "
            "is known of PyTorch's own operations alone: give a version of it that makes new "
            "tensors."
        )
    for base in _written(node):
        while base.op == "call_function" and _is_view(base):
            base = base.args[0]
        if base.op == "call_function":
            continue
        owner = "its argument" if base.op == "placeholder" else "a tensor that it has captured"
        raise Unreadable(
            f"The function writes to {owner} in place ({name}"
            f"{places.get(name.removesuffix('_'), '')}), which a function of its arguments alone "
            "does not do: use the operation that makes a new tensor, and layers in evaluation "
            "(module.eval())."
        )


def _written(node: Any) -> list[Any]:
    """The nodes whose tensors an operation writes to."""
    arguments = node.target._schema.arguments
    is_written = [a.alias_info is not None and a.alias_info.is_write for a in arguments]
    written = [x for x, writes in zip(node.args, is_written, strict=False) if writes]
    names = [a.name for a, writes in zip(arguments, is_written, strict=True) if writes]
    written += [node.kwargs[name] for name in names if name in node.kwargs]
    return [x for x in written if isinstance(x, torch.fx.Node)]


def fills_memory(node: Any) -> bool:
    """Whether a tensor is in C order and alone in its memory, as far as the graph can tell."""
    while _name_of_node(node) in SAME_MEMORY:
        node = node.args[0]
    return bool(node.meta["val"].is_contiguous()) and not _is_view(node)


def _is_view(node: Any) -> bool:
    """Whether the operation gives a tensor that shares the memory of its first operand."""
    if not _name_of_node(node):
        return False
    outputs = node.target._schema.returns
    return bool(outputs) and outputs[0].alias_info is not None
