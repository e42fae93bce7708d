"""Recording a PyTorch function as the graph of ATen operations that it is.

The function runs once on copies of its arguments, and every operation that reaches PyTorch's
dispatcher below autograd is noted: so the forward of an `autograd.Function` stands in the graph.
Operations are taken apart by PyTorch's own decompositions into the core ones. What the values do
not show, that an intermediate result is detached or made under `no_grad`, is marked by an operation
`detach`. Writes in place are made functional.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from adbench.readers import torch_graph
from adbench.readers.reading import Unreadable, registered
from adbench.readers.torch_decompositions import (
    ATEN,
    Rule,
    compiler_left_out,
    composition,
    decompositions,
    operation_name,
    without_write,
)
from adbench.readers.torch_graph import Graph, Kind, Node

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

PLAIN = frozenset({torch.Tensor, torch.nn.Parameter})
"""The types of tensors whose operations are noted as they are."""

HERE = os.path.dirname(os.path.abspath(__file__))
TORCH = os.path.dirname(os.path.abspath(torch.__file__))

ADVICE_ON_VALUES = (
    "what it does then depends on the numbers, which a reading cannot follow; write it with "
    "torch.where, or give what is found as an argument"
)


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

    def __init__(self, depends: Callable[[Any], bool]) -> None:
        super().__init__()
        self._depends = depends
        """Whether a tensor depends on the arguments of the function."""
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
        if function in LEAVING and self._depends(args[0]):
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


class _Recorder(TorchDispatchMode):
    """Notes every operation with its operands, taken apart where there is a rule for it."""

    # For these PyTorch would raise an exception about this very class.
    supports_higher_order_operators = True

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Whether PyTorch is to load its compiler, so that it leaves this class as it is."""
        return False

    def __init__(self, table: Mapping[Any, Rule]) -> None:
        super().__init__()
        self.nodes: list[Node] = []
        self.places: dict[str, str] = {}
        """By operation, the line of the user's code where it is called first."""
        self._table = table
        self._registered = frozenset(registered("torch"))
        self._switches = _GradientSwitches(self.depends)
        self._node_by_id: dict[int, Node] = {}
        """By the `id` of a tensor, which lives as long as its node."""
        self._handles: list[torch.Tensor] = []
        """Tensors that are others under another `id`."""
        self._is_of_user = False
        """Whether operations are called by the user, and not by what one is taken apart into."""
        self._called: Any = None
        """The operation of the user's that runs now."""
        self._place = ""
        """The line of the user's code that called it, or one like it, first."""
        self._place_by_call: dict[Any, str] = {}
        self._has_written = False
        """Whether what depends on an argument was written to a tensor, which may have views."""

    def record(self, function: Callable[..., Any], tensors: Sequence[torch.Tensor]) -> Graph:
        """Return the graph of a user's function of tensors."""
        self._is_of_user = True
        with self._switches:
            return self.record_again(function, tensors)

    def record_again(self, function: Callable[..., Any], tensors: Sequence[torch.Tensor]) -> Graph:
        """Return the graph of a function of tensors, made of operations that were noted before."""
        inputs = [self._noted(torch_graph.argument(tensor)) for tensor in tensors]
        with self:
            results = function(*tensors)
        return Graph(self.nodes, inputs, [self._node_of(result) for result in results])

    def depends(self, value: Any) -> bool:
        """Whether a value is a tensor that depends on the arguments of the function."""
        node = self._node_by_id.get(id(value))
        if node is None:
            return False
        return node.depends or (self._has_written and node.kind is not Kind.CAPTURED)

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if not PLAIN.issuperset(types):
            return NotImplemented  # a subclass that writes itself in other tensors
        if isinstance(function, torch._ops.HigherOrderOperator):
            raise Unreadable(
                f"The function calls torch.{function.name()}{place_of_user()}, which is no "
                "operation of tensors alone: write it with torch.where, or with Python's own loops."
            )
        if torch.Tag.data_dependent_output in function.tags:
            return self._value(function, args, kwargs)
        if not self._is_of_user:
            if function is ATEN.detach.default and types:
                return self._second_handle(args[0])
            return self._applied(function, args, kwargs)
        if function is ATEN.detach.default:
            return self._detached(args[0])
        self._called = function
        if function not in self._place_by_call:
            self._place_by_call[function] = place_of_user()
        self._place = self._place_by_call[function]
        answer = self._applied(function, args, kwargs)
        if self._switches.leaves_derivative:
            return self._without_derivative(function, answer)
        return answer

    def _value(self, function: Any, args: Any, kwargs: Any) -> Any:
        """What Python is told of tensors, which must not depend on the arguments."""
        if any(self.depends(value) for value in tree_leaves((args, kwargs))):
            raise Unreadable(
                f"The function asks for the value of a tensor ({operation_name(function)}"
                f"{place_of_user()}), and {ADVICE_ON_VALUES}."
            )
        return function(*args, **kwargs)

    def _detached(self, x: Any) -> Any:
        # What autograd itself detaches, to keep it for a backward pass, is the tensor as it is.
        operation = ATEN.detach if self._switches.is_detaching else ATEN.alias
        return self._applied(operation.default, (x,), {})

    def _second_handle(self, x: torch.Tensor) -> torch.Tensor:
        """The tensor that PyTorch itself makes of another, outside of any operation."""
        handle = ATEN.detach.default(x)
        self._handles.append(handle)
        self._node_by_id[id(handle)] = self._node_of(x)
        return handle

    def _without_derivative(self, function: Any, answer: Any) -> Any:
        if function._schema.is_mutable:
            raise Unreadable(
                f"The function writes in place under no_grad ({operation_name(function)}"
                f"{place_of_user()}), which is a constant in the values alone: use the operation "
                "that makes a new tensor."
            )
        return tree_map_only(
            torch.Tensor, lambda x: self._applied(ATEN.detach.default, (x,), {}), answer
        )

    # ---- one operation

    def _applied(self, function: Any, args: Any, kwargs: Any) -> Any:
        """The answer of an operation, which is noted, or taken apart."""
        if function._schema.is_mutable:
            self._check_write(function, args, kwargs)
        functional = without_write(function)
        if functional is not None:
            answer = self._applied(functional, args, kwargs)
            return self._applied(ATEN.copy_.default, (args[0], answer), {})
        rule = self._rule_of(function, args)
        if rule is not None:
            return self._decomposed(rule, args, kwargs)
        # The operand of `lift_fresh` is a constant, which a write must not reach.
        if function is ATEN.lift_fresh.default:
            function = ATEN.lift_fresh_copy.default
        answer = function(*args, **kwargs)
        self._note(function, args, kwargs, answer)
        return answer

    def _check_write(self, function: Any, args: Any, kwargs: Any) -> None:
        """Raise Unreadable for a write to an argument or to a tensor that the function captured.

        So it does for one by an operation of the user's.
        """
        name = operation_name(function)
        if not name.startswith("aten::"):
            raise Unreadable(
                f"The operation {name}{place_of_user()} writes to its operands in place, which is "
                "known of PyTorch's own operations alone: give a version of it that makes new "
                "tensors."
            )
        tensors = tree_leaves(torch_graph.written(function, args, kwargs))
        for tensor in tensors:
            if not isinstance(tensor, torch.Tensor):
                continue
            kind = torch_graph.base_of(self._node_of(tensor)).kind
            if kind in (Kind.OPERATION, Kind.PART):
                continue
            name = operation_name(self._called)
            owner = "its argument" if kind is Kind.ARGUMENT else "a tensor that it has captured"
            raise Unreadable(
                f"The function writes to {owner} in place ({name}{place_of_user()}), which a "
                "function of its arguments alone does not do: use the operation that makes a new "
                "tensor, and layers in evaluation (module.eval())."
            )

    def _rule_of(self, function: Any, args: Any) -> Rule | None:
        """How an operation is taken apart; None where it is noted as it is."""
        if function in self._table:
            return self._table[function]
        if operation_name(function) in self._registered:
            return None
        device = next((x.device.type for x in args if isinstance(x, torch.Tensor)), "cpu")
        return composition(function, device)

    def _decomposed(self, rule: Rule, args: Any, kwargs: Any) -> Any:
        is_of_user = self._is_of_user
        self._is_of_user = False
        try:
            with compiler_left_out(rule), self:
                return rule(*args, **kwargs)
        finally:
            self._is_of_user = is_of_user

    def _note(self, function: Any, args: Any, kwargs: Any, answer: Any) -> None:
        """Add a node for an operation, and one for each of several tensors that it gave."""
        node = torch_graph.operation(function, args, kwargs, answer, self._node_of)
        self._noted(node)
        self.places.setdefault(node.name, self._place)
        if node.writes:
            self._has_written |= node.depends
        if isinstance(answer, tuple | list):
            for place, item in enumerate(answer):
                if isinstance(item, torch.Tensor):
                    self._noted(torch_graph.part(node, place))

    def _noted(self, node: Node) -> Node:
        self.nodes.append(node)
        if isinstance(node.value, torch.Tensor):
            self._node_by_id[id(node.value)] = node
        return node

    def _node_of(self, tensor: torch.Tensor) -> Node:
        node = self._node_by_id.get(id(tensor))
        return self._noted(torch_graph.captured(tensor)) if node is None else node


def _compiled_functions_as_they_were() -> Any:
    """Let functions of `torch.compile` be what they were compiled from.

    Where the compiler is not loaded there are none.
    """
    if "torch._dynamo" not in sys.modules:
        return nullcontext()
    return torch.compiler.set_stance("force_eager")


@contextmanager
def _made_of_operations() -> Iterator[None]:
    """Let layers and compiled functions be made of operations; their fused forms say nothing."""
    was_enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with _compiled_functions_as_they_were():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was_enabled)


# ---- the graph


def trace(
    function: Callable[..., Any],
    tensors: Sequence[torch.Tensor],
    table: Mapping[Any, Rule] | None = None,
) -> tuple[Graph, Mapping[str, str]]:
    """Return the graph of a function of tensors, and by operation where the user first calls it.

    function: returns a tuple of tensors. table: how operations are written in others; by default
    `decompositions()`.

    Raises Unreadable where the function looks at values, and where it writes to what it was given
    or has captured.
    """
    table = decompositions() if table is None else table
    recorder = _Recorder(table)
    with _made_of_operations(), torch.enable_grad():
        graph = recorder.record(function, _copies(tensors))
        if any(node.writes for node in graph.nodes):
            functional = torch.func.functionalize(graph.evaluate, remove="mutations")
            with torch.no_grad():
                graph = _Recorder(table).record_again(functional, _copies(tensors))
    return graph, recorder.places


def _copies(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The tensors apart from the user's, whose graph of gradients they are not part of."""
    return [x.detach().clone().requires_grad_(x.requires_grad) for x in tensors]
