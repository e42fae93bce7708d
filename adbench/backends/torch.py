"""PyTorch, define-by-run.

`torch.autograd` for plain reverse mode and `torch.func` for what nests or batches, or `torch.func`
for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import accumulate
from math import prod
from typing import Any

import numpy as np
import torch
from torch.func import grad, jacfwd, jacrev, jvp, vjp, vmap
from torch.profiler import ProfilerActivity, profile

from adbench.backends.base import Answer, Backend, Call, Function, Layout, Memory, routed
from adbench.backends.torch_autograd import Autograd, pull, pull_rows, watched
from adbench.cases.case import numpy_dtype
from adbench.namespaces.torch import namespace, negative_steps
from reference_ad.engine import tree

LACKS_RULE = (
    "must override the setup_context staticmethod",
    "does not have vmap support",
    "inside of a function being transformed by a functorch transform",
    "vmap: we do not yet support",
    "marked with @once_differentiable",
    "derivative for aten::",
    "not differentiable",
    "Can't call numpy() on Tensor that requires grad",
)
"""What PyTorch says where a function, a hand-written one or its own, cannot be differentiated in
this mode."""

WRITES_IN_PLACE = "a leaf Variable that requires grad is being used in an in-place operation"
"""What PyTorch says where a function writes into its argument, or into a view of it."""


class DefaultDtype(AbstractContextManager[None]):
    """Makes arrays that are made without a dtype arrays of this one.

    Every prepared call enters one: a class takes less time than a generator.
    """

    __slots__ = ("_before", "_dtype")

    def __init__(self, dtype: torch.dtype) -> None:
        self._dtype = dtype

    def __enter__(self) -> None:
        self._before = torch.get_default_dtype()
        if self._before is not self._dtype:
            torch.set_default_dtype(self._dtype)

    def __exit__(self, *error: object) -> None:
        if self._before is not self._dtype:
            torch.set_default_dtype(self._before)


def _default_dtype(dtype: str) -> torch.dtype:
    """The default dtype for hand-written code of a dtype.

    PyTorch's own functions mix an array of the default dtype with float32, and raise.
    """
    return torch.float64 if dtype == "float64" else torch.float32


@contextmanager
def _modes() -> Iterator[None]:
    """What the other namespaces have: float64 by default, and slices with negative steps."""
    with DefaultDtype(torch.float64), negative_steps():
        yield


@contextmanager
def _native_modes(dtype: torch.dtype) -> Iterator[None]:
    with DefaultDtype(dtype), negative_steps(allowed=False):
        yield


class Functional(Backend):
    """PyTorch through `torch.func` alone, one operation at a time, on the CPU."""

    framework = "torch"
    conjugates = True
    dtypes = ("float64", "float32", "float16", "bfloat16")
    xp = namespace
    array_type = torch.Tensor
    array_name = "torch.Tensor"
    plain = Autograd()

    def modes(self) -> AbstractContextManager[Any]:
        return _modes()

    def modes_of_calls(self, native_dtype: str = "") -> AbstractContextManager[Any]:
        # A negative step that is not allowed raises, and allowing it changes a method of all
        # tensors, which takes 15 us with what PyTorch looks up anew.
        return DefaultDtype(_default_dtype(native_dtype or "float64"))

    def native_modes(self, dtype: str) -> AbstractContextManager[Any]:
        return _native_modes(_default_dtype(dtype))

    def set_up_timing(self) -> None:
        # torch.func imports it at its first call, which takes a second.
        pass

    # ---- arrays

    def asarray(self, array: np.ndarray[Any, Any]) -> torch.Tensor:
        if (
            array.dtype.name == "bfloat16"
        ):  # PyTorch and NumPy share no such type; float32 holds all of its numbers
            return torch.tensor(array.astype(np.float32)).to(torch.bfloat16)
        return torch.tensor(array)

    def to_numpy(self, array: torch.Tensor) -> np.ndarray[Any, Any]:
        plain = array.detach().cpu()
        if plain.layout is not torch.strided:  # as the gradient of an embedding may be
            plain = plain.to_dense()
        if plain._is_zerotensor():
            # A derivative known to be zero has no memory, and a part of one points behind none.
            plain = plain.clone()
        if plain.dtype is torch.bfloat16:
            return np.array(plain.to(torch.float32).numpy(force=True)).astype(
                numpy_dtype("bfloat16")
            )
        # Forced, because an answer may be a view that is not computed yet: a negative or a
        # conjugate.
        return np.array(plain.numpy(force=True))

    def laid_out(self, array: torch.Tensor, layout: Layout) -> torch.Tensor:
        between = torch.nan if array.is_floating_point() else 0
        if layout in (Layout.EXPANDED, Layout.REPEATED):
            shape = (1,) * array.ndim if layout is Layout.EXPANDED else (1, *array.shape[1:])
            part = array.reshape(-1)[: prod(shape)]
            memory = array.new_full((array.numel(),), between)
            memory[: part.numel()] = part
            return memory[: part.numel()].view(shape).expand(array.shape)
        if layout is Layout.GAPS:
            with_gaps = array.new_full((*array.shape, 2), between)
            view = with_gaps[..., 0]
        else:
            memory = array.new_full((array.numel() + 1,), between)
            view = memory[1:].view(array.shape[::-1]).permute(tuple(reversed(range(array.ndim))))
        view.copy_(array)
        return view

    def overwrite(self, array: torch.Tensor, values: np.ndarray[Any, Any]) -> bool:
        array.copy_(self.asarray(values))
        return True

    def peak_memory(self, call: Call, run: Callable[[], Any]) -> Memory:
        # The profiler notes each allocation and each release of PyTorch's allocator, to the byte.
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
            run()
        events = profiler.profiler.kineto_results.events()
        changes = [event for event in events if event.name() == "[memory]"]
        changes.sort(key=lambda event: event.start_ns())
        held = accumulate(event.nbytes() for event in changes)
        return Memory(max(held, default=0), "torch.profiler")

    def is_out_of_memory(self, error: BaseException) -> bool:
        allocator = isinstance(error, RuntimeError) and "allocate memory" in str(error)
        return allocator or isinstance(error, MemoryError | torch.OutOfMemoryError)

    def writes_in_place(self, error: BaseException) -> bool:
        return isinstance(error, RuntimeError) and WRITES_IN_PLACE in str(error)

    def lacks_rule(self, error: BaseException) -> bool:
        # A torch.autograd.Function without setup_context, without a vmap rule, or marked
        # @once_differentiable.
        return isinstance(error, RuntimeError) and any(words in str(error) for words in LACKS_RULE)

    def unreached(self, function: Function, active: Any) -> list[str]:
        leaves, structure = watched(active)
        output = function(tree.unflatten(structure, leaves))
        if not output.requires_grad:
            return tree.paths(active)
        gradients = torch.autograd.grad(output, leaves, torch.ones_like(output), allow_unused=True)
        pairs = zip(tree.paths(active), gradients, strict=True)
        return [path for path, gradient in pairs if gradient is None]

    # ---- transformations

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        return jvp(function, (active,), (tangent,))

    def vjp(self, function: Function, active: Any) -> tuple[Any, Any]:
        output, pullback = vjp(function, active)
        return output, lambda cotangent: pullback(cotangent)[0]

    def grad(self, function: Function) -> Function:
        return grad(function)

    def jacfwd(self, function: Function) -> Function:
        return jacfwd(function)

    def jacrev(self, function: Function) -> Function:
        return jacrev(function)

    def vmap(self, function: Function) -> Function:
        return vmap(function)


class Eager(Functional):
    """PyTorch as it runs by default: plain reverse mode is that of `torch.autograd`."""

    # ---- plain reverse mode, which torch.autograd does without torch.func

    @routed("autograd.grad, nested")
    def derivative_reverse(self, function: Function, active: Any, order: int) -> Answer:
        leaf = active.detach().requires_grad_()
        answer = function(leaf)
        for remaining in reversed(range(order)):
            (answer,) = pull([answer], [leaf], [None], create_graph=remaining > 0)
        return answer

    @routed("autograd.grad")
    def gradient_reverse(self, function: Function, active: Any, direction: None) -> Answer:
        return self.vjp_reverse(function, active, None)

    @routed("autograd.grad")
    def value_and_gradient_reverse(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        leaves, structure = watched(active)
        output = function(tree.unflatten(structure, leaves))
        gradient = pull([output], leaves, [None])
        return output.detach(), tree.unflatten(structure, gradient)

    @routed("autograd.grad")
    def vjp_reverse(self, function: Function, active: Any, cotangent: Any) -> Answer:
        leaves, structure = watched(active)
        output = function(tree.unflatten(structure, leaves))
        return tree.unflatten(structure, pull([output], leaves, [cotangent]))

    @routed("autograd.grad, batched", batches=True)
    def jacobian_reverse(self, function: Function, active: Any, direction: None) -> Answer:
        leaves, structure = watched(active)
        output = function(tree.unflatten(structure, leaves))
        rows = pull_rows(output, leaves)
        return tree.unflatten(structure, rows)

    @routed("autograd.grad(autograd.grad)")
    def hvp_reverse_over_reverse(self, function: Function, active: Any, tangent: Any) -> Answer:
        leaves, structure = watched(active)
        output = function(tree.unflatten(structure, leaves))
        gradient = pull([output], leaves, [None], create_graph=True)
        return tree.unflatten(structure, pull(gradient, leaves, tree.leaves(tangent)))
