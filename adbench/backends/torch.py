"""PyTorch, define-by-run: `torch.autograd` for plain reverse mode, `torch.func` for what nests or
batches.

What a model cannot write for PyTorch's arrays: a slice with a negative step (`xp.flip` does it);
`x.size`, which is a method of theirs (`math.prod(x.shape)` counts the elements); and where x is
differentiated, `x // y` and `2.0 % x`, which have no derivative (`xp.floor_divide` and
`xp.remainder` have).
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from array_api_compat import torch as array_module
from torch.func import grad, jacfwd, jacrev, jvp, vjp

from adbench.backends.base import Answer, Backend, Function, Unsupported
from adbench.cases.case import numpy_dtype
from adbench.namespaces.numpy import Namespace
from reference_ad.engine import tree

# Arrays that a model makes without a dtype are float64, as in the other namespaces.
torch.set_default_dtype(torch.float64)

# ---- namespace


def _can_cast(from_: Any, to: Any) -> bool:
    # The module's own follows the rule for in-place operations, by which float64 goes into float32.
    held = from_.dtype if isinstance(from_, torch.Tensor) else from_
    return torch.promote_types(held, to) is to


def _alike(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Both as tensors: with a Python number on the left, division has no rounding and the remainder
    no derivative."""
    x1 = x1 if isinstance(x1, torch.Tensor) else torch.asarray(x1, dtype=torch.result_type(x1, x2))
    return x1, x2 if isinstance(x2, torch.Tensor) else torch.asarray(
        x2, dtype=torch.result_type(x1, x2)
    )


def _floor_divide(x1: Any, x2: Any) -> torch.Tensor:
    # torch.floor_divide computes the same and has no derivative.
    return torch.div(*_alike(x1, x2), rounding_mode="floor")


def _remainder(x1: Any, x2: Any) -> torch.Tensor:
    return torch.remainder(*_alike(x1, x2))


def _roll(x: Any, shift: Any, *, axis: Any = None) -> Any:
    shifts = (shift,) * len(axis) if isinstance(shift, int) and isinstance(axis, tuple) else shift
    return array_module.roll(x, shifts, axis=axis)


def _std(x: Any, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    if correction != int(correction):
        return torch.sqrt(array_module.var(x, axis=axis, correction=correction, keepdims=keepdims))
    return array_module.std(x, axis=axis, correction=correction, keepdims=keepdims)


def _softplus(x: Any) -> Any:
    # PyTorch's own is the identity from 20 on, where the difference is 2e-9 still.
    return torch.logaddexp(x, torch.zeros_like(x))


def _logsumexp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return torch.logsumexp(a, tuple(range(a.ndim)) if axis is None else axis, keepdim=keepdims)


def _log_softmax(x: Any, axis: Any = None) -> Any:
    return (
        torch.log_softmax(x, axis)
        if isinstance(axis, int)
        else x - _logsumexp(x, axis, keepdims=True)
    )


def _softmax(x: Any, axis: Any = None) -> Any:
    return torch.softmax(x, axis) if isinstance(axis, int) else torch.exp(_log_softmax(x, axis))


special = SimpleNamespace(
    digamma=torch.special.digamma,
    erf=torch.special.erf,
    erfc=torch.special.erfc,
    expit=torch.special.expit,
    gammaln=torch.special.gammaln,
    log_expit=torch.nn.functional.logsigmoid,
    log_softmax=_log_softmax,
    logsumexp=_logsumexp,
    polygamma=torch.special.polygamma,
    softmax=_softmax,
    softplus=_softplus,
    xlogy=torch.special.xlogy,
)

namespace = Namespace(
    array_module,
    special,
    can_cast=_can_cast,
    floor_divide=_floor_divide,
    remainder=_remainder,
    roll=_roll,
    std=_std,
)


LACKS_RULE = (
    "must override the setup_context staticmethod",
    "does not have vmap support",
    "marked with @once_differentiable",
    "derivative for aten::",
    "not differentiable",
    "Can't call numpy() on Tensor that requires grad",
)
"""What PyTorch says where a function, a hand-written one or its own, cannot be differentiated in
this mode."""


class Eager(Backend):
    """PyTorch as it runs by default, one operation at a time, on the CPU."""

    framework = "torch"
    dtypes = ("float64", "float32", "float16", "bfloat16")
    xp = namespace

    # ---- arrays

    def asarray(self, array: np.ndarray[Any, Any]) -> torch.Tensor:
        if (
            array.dtype.name == "bfloat16"
        ):  # PyTorch and NumPy share no such type; float32 holds all of its numbers
            return torch.tensor(array.astype(np.float32)).to(torch.bfloat16)
        return torch.tensor(array)

    def to_numpy(self, array: torch.Tensor) -> np.ndarray[Any, Any]:
        plain = array.detach().cpu()
        if plain.dtype is torch.bfloat16:
            return np.array(plain.to(torch.float32).numpy(force=True)).astype(
                numpy_dtype("bfloat16")
            )
        # Forced, because an answer may be a view that is not computed yet: a derivative known to be
        # zero (a "ZeroTensor"), a negative or a conjugate.
        return np.array(plain.numpy(force=True))

    def overwrite(self, array: torch.Tensor, values: np.ndarray[Any, Any]) -> bool:
        array.copy_(self.asarray(values))
        return True

    def is_out_of_memory(self, error: BaseException) -> bool:
        allocator = isinstance(error, RuntimeError) and "allocate memory" in str(error)
        return allocator or isinstance(error, MemoryError | torch.OutOfMemoryError)

    def lacks_rule(self, error: BaseException) -> bool:
        # A torch.autograd.Function without setup_context, without a vmap rule, or marked
        # @once_differentiable.
        return isinstance(error, RuntimeError) and any(words in str(error) for words in LACKS_RULE)

    # ---- primitives

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        return jvp(function, (active,), (tangent,))

    def vjp(self, function: Function, active: Any) -> tuple[Any, Any]:
        output, pullback = vjp(function, active)
        return output, lambda cotangent: pullback(cotangent)[0]

    # ---- first order

    def derivative_forward(self, function: Function, active: Any, order: int) -> Answer:
        one = torch.ones_like(active)
        for _ in range(order):
            function = _pushed(function, one)
        return function(active)

    def derivative_reverse(self, function: Function, active: Any, order: int) -> Answer:
        leaf = active.detach().requires_grad_()
        answer = function(leaf)
        for remaining in reversed(range(order)):
            (answer,) = _pulled([answer], [leaf], [None], create_graph=remaining > 0)
        return answer

    def gradient_forward(self, function: Function, active: Any, direction: None) -> Answer:
        return jacfwd(function)(active)

    def gradient_reverse(self, function: Function, active: Any, direction: None) -> Answer:
        return self.vjp_reverse(function, active, None)

    def jvp_forward(self, function: Function, active: Any, tangent: Any) -> Answer:
        return jvp(function, (active,), (tangent,))[1]

    def vjp_forward(self, function: Function, active: Any, cotangent: Any) -> Answer:
        return jacfwd(lambda x: torch.sum(function(x) * cotangent))(active)

    def vjp_reverse(self, function: Function, active: Any, cotangent: Any) -> Answer:
        leaves, structure = _watched(active)
        output = function(tree.unflatten(structure, leaves))
        return tree.unflatten(structure, _pulled([output], leaves, [cotangent]))

    def jacobian_forward(self, function: Function, active: Any, direction: None) -> Answer:
        return jacfwd(function)(active)

    def jacobian_reverse(self, function: Function, active: Any, direction: None) -> Answer:
        return jacrev(function)(active)

    # ---- second order

    def hvp_forward_over_reverse(self, function: Function, active: Any, tangent: Any) -> Answer:
        return jvp(grad(function), (active,), (tangent,))[1]

    def hvp_reverse_over_forward(self, function: Function, active: Any, tangent: Any) -> Answer:
        return grad(_pushed(function, tangent))(active)

    def hvp_reverse_over_reverse(self, function: Function, active: Any, tangent: Any) -> Answer:
        leaves, structure = _watched(active)
        output = function(tree.unflatten(structure, leaves))
        gradient = _pulled([output], leaves, [None], create_graph=True)
        return tree.unflatten(structure, _pulled(gradient, leaves, tree.leaves(tangent)))

    def hvp_forward_over_forward(self, function: Function, active: Any, tangent: Any) -> Answer:
        return jacfwd(_pushed(function, tangent))(active)

    def hessian_forward_over_reverse(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        return jacfwd(grad(function))(active)

    def hessian_reverse_over_forward(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        return jacrev(jacfwd(function))(active)

    def hessian_reverse_over_reverse(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        return jacrev(grad(function))(active)

    def hessian_forward_over_forward(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        return jacfwd(jacfwd(function))(active)


def _pushed(function: Function, tangent: Any) -> Function:
    return lambda x: jvp(function, (x,), (tangent,))[1]


def _watched(active: Any) -> tuple[list[torch.Tensor], Any]:
    """The leaves of `active` as fresh leaves of a graph, and the structure."""
    leaves, structure = tree.flatten(active)
    return [leaf.detach().requires_grad_() for leaf in leaves], structure


def _pulled(
    outputs: Any, leaves: Any, cotangents: Any, *, create_graph: bool = False
) -> list[torch.Tensor]:
    """Pull cotangents back to the leaves; zeros where nothing depends on them. A cotangent None
    stands for 1.

    create_graph: whether what comes back will be pulled back as well. Raises Unsupported where a
    function marked @once_differentiable forbids that.
    """
    # autograd.grad refuses an output that depends on no leaf, such as the gradient of a linear
    # function.
    connected = [(y, u) for y, u in zip(outputs, cotangents, strict=True) if y.requires_grad]
    if not connected:
        return [torch.zeros_like(leaf) for leaf in leaves]
    if create_graph:
        # The mark shows where the cotangent has a gradient; elsewhere it looks like a linear
        # function.
        connected = [
            (y, torch.ones_like(y, requires_grad=True) if u is None else u) for y, u in connected
        ]
    pulled = torch.autograd.grad(
        [y for y, _ in connected],
        leaves,
        [u for _, u in connected],
        create_graph=create_graph,
        materialize_grads=True,
    )
    if create_graph and any(type(gradient.grad_fn).__name__ == "Error" for gradient in pulled):
        raise Unsupported("It is marked @once_differentiable, so it has no second derivative.")
    return list(pulled)
