"""Plain `torch.autograd`, in both modes, without `torch.func`.

`torch.func` refuses a `torch.autograd.Function` that is written in the older way (`forward(ctx,
...)` without `setup_context`), and batches what has no rule for it. Such functions are
differentiated here, one pass after another: in reverse mode through the graph that PyTorch records,
in forward mode through dual numbers (`torch.autograd.forward_ad`), which call their `jvp`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.autograd import forward_ad

from adbench.backends.base import Backend, Function, Unsupported
from adbench.namespaces.torch import namespace
from reference_ad.engine import tree


def watched(active: Any) -> tuple[list[torch.Tensor], Any]:
    """Return the leaves of `active` as fresh leaves of a graph, and the structure."""
    leaves, structure = tree.flatten(active)
    return [leaf.detach().requires_grad_() for leaf in leaves], structure


def pull(
    outputs: Any,
    leaves: Any,
    cotangents: Any,
    *,
    create_graph: bool = False,
    retain_graph: bool = False,
) -> list[torch.Tensor]:
    """Pull cotangents back to the leaves; zeros where nothing depends on them.

    A cotangent None stands for 1. Sparse gradients, as of an embedding, come back dense.

    create_graph: whether what comes back will be pulled back as well. retain_graph: whether other
    cotangents will be pulled back through the same graph. Raises Unsupported where a function
    marked @once_differentiable forbids the first.
    """
    # autograd.grad refuses an output that depends on no leaf, such as the gradient of a linear
    # function.
    connected = [(y, u) for y, u in zip(outputs, cotangents, strict=True) if y.requires_grad]
    if not connected:
        return [torch.zeros_like(leaf) for leaf in leaves]
    if create_graph:
        connected = [(y, _with_a_gradient(y, u)) for y, u in connected]
    pulled = torch.autograd.grad(
        [y for y, _ in connected],
        leaves,
        [u for _, u in connected],
        create_graph=create_graph,
        retain_graph=create_graph or retain_graph,
        materialize_grads=True,
    )
    if create_graph:
        _check_differentiable(pulled)
    return [_dense(gradient) for gradient in pulled]


def pull_rows(output: torch.Tensor, leaves: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Pull the unit cotangents of every entry of an output back to the leaves, all at once.

    Return the Jacobian: for each leaf an array of the shape of the output and that of the leaf.
    """
    shapes = [(*output.shape, *leaf.shape) for leaf in leaves]
    if not output.requires_grad or not output.numel():
        return [leaf.new_zeros(shape) for leaf, shape in zip(leaves, shapes, strict=True)]
    count = output.numel()
    units = torch.eye(count, dtype=output.dtype).reshape(count, *output.shape)

    def pull_row(unit: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return torch.autograd.grad(output, leaves, unit, materialize_grads=True)

    rows = torch.vmap(pull_row)(units)
    return [row.reshape(shape) for row, shape in zip(rows, shapes, strict=True)]


def _with_a_gradient(output: torch.Tensor, cotangent: torch.Tensor | None) -> torch.Tensor:
    """The cotangent, with a gradient where it is 1.

    The mark of a function that is differentiated once shows there; elsewhere it looks linear.
    """
    return torch.ones_like(output, requires_grad=True) if cotangent is None else cotangent


def _check_differentiable(gradients: Sequence[torch.Tensor]) -> None:
    """Raise Unsupported where gradients come from a function marked @once_differentiable."""
    if any(type(gradient.grad_fn).__name__ == "Error" for gradient in gradients):
        raise Unsupported("It is marked @once_differentiable, so it has no second derivative.")


class Autograd(Backend):
    """The two primitives on plain `torch.autograd`, which nest in each other."""

    framework = "torch"
    xp = namespace

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        if any(_is_dual(leaf) for leaf in tree.leaves(active)):
            raise Unsupported(
                "PyTorch has one level of dual numbers: its forward mode does not nest in itself."
            )
        with forward_ad.dual_level():
            output = function(tree.map(forward_ad.make_dual, active, tangent))
            return tree.map(_primal, output), tree.map(_tangent, output)

    def vjp(self, function: Function, active: Any) -> tuple[Any, Callable[[Any], Any]]:
        leaves, structure = tree.flatten(active)
        is_nested = any(leaf.requires_grad or _is_dual(leaf) for leaf in leaves)
        leaves = [_of_graph(leaf) for leaf in leaves]
        output = function(tree.unflatten(structure, leaves))
        outputs = tree.leaves(output)

        def pullback(cotangent: Any) -> Any:
            cotangents = tree.leaves(cotangent)
            is_differentiated = is_nested or any(u.requires_grad for u in cotangents)
            pulled = pull(
                outputs, leaves, cotangents, create_graph=is_differentiated, retain_graph=True
            )
            return tree.unflatten(structure, pulled)

        return output, pullback


def _primal(array: torch.Tensor) -> torch.Tensor:
    return forward_ad.unpack_dual(array).primal


def _tangent(array: torch.Tensor) -> torch.Tensor:
    tangent = forward_ad.unpack_dual(array).tangent
    return torch.zeros_like(array) if tangent is None else tangent


def _is_dual(array: torch.Tensor) -> bool:
    return forward_ad.unpack_dual(array).tangent is not None


def _of_graph(leaf: torch.Tensor) -> torch.Tensor:
    """An array as part of a graph: as it is where it belongs to one, with its tangent if any."""
    if leaf.requires_grad:
        return leaf
    primal, tangent = forward_ad.unpack_dual(leaf)
    fresh = primal.detach().requires_grad_()
    return fresh if tangent is None else forward_ad.make_dual(fresh, tangent)


def _dense(gradient: torch.Tensor) -> torch.Tensor:
    return gradient if gradient.layout is torch.strided else gradient.to_dense()
