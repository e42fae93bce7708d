"""PyTorch: the ATen graph of a function, operation by operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch._decomp import core_aten_decompositions
from torch.fx.experimental.proxy_tensor import make_fx

from adbench.readers.reading import Reading, Unreadable, meanings
from reference_ad.engine import tree


def _reshape(xp: Any, x: Any, shape: Any) -> Any:
    return xp.reshape(x, tuple(shape))


def _sum(xp: Any, x: Any, axes: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    return xp.sum(x, axis=tuple(axes) if axes else None, keepdims=keepdim)


def _mean(xp: Any, x: Any, axes: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    return xp.mean(x, axis=tuple(axes) if axes else None, keepdims=keepdim)


def _addmm(xp: Any, c: Any, a: Any, b: Any, beta: float = 1, alpha: float = 1) -> Any:
    return beta * c + alpha * xp.matmul(a, b)


def _transposed(xp: Any, x: Any, first: int = 0, second: int = 1) -> Any:
    axes = list(range(x.ndim))
    axes[first], axes[second] = axes[second], axes[first]
    return xp.permute_dims(x, tuple(axes))


def _slice(
    xp: Any, x: Any, axis: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Any:
    axis %= x.ndim
    index = [slice(None)] * x.ndim
    index[axis] = slice(start, min(end, x.shape[axis]) if end is not None else None, step)
    return x[tuple(index)]


def _select(xp: Any, x: Any, axis: int, index: int) -> Any:
    return x[(slice(None),) * (axis % x.ndim) + (index,)]


def _cast(xp: Any, x: Any, dtype: Any = None, **layout: Any) -> Any:
    return x


def _expand(xp: Any, x: Any, shape: Any, implicit: bool = False) -> Any:
    ndim = len(shape) - x.ndim
    full = [x.shape[i - ndim] if n == -1 else n for i, n in enumerate(shape)]
    return xp.broadcast_to(x, tuple(full))


OPERATIONS: dict[str, Callable[..., Any]] = {
    "aten::abs": lambda xp, x: xp.abs(x),
    "aten::add": lambda xp, x, y, alpha=1: x + (y if alpha == 1 else alpha * y),
    "aten::addmm": _addmm,
    "aten::alias": lambda xp, x: x,
    "aten::bmm": lambda xp, x, y: xp.matmul(x, y),
    "aten::cat": lambda xp, xs, axis=0: xp.concat(xs, axis=axis),
    "aten::clamp": lambda xp, x, low=None, high=None: xp.clip(x, low, high),
    "aten::clone": lambda xp, x, memory_format=None: x,
    "aten::cos": lambda xp, x: xp.cos(x),
    "aten::detach": lambda xp, x: x,
    "aten::div": lambda xp, x, y: x / y,
    "aten::erf": lambda xp, x: xp.special.erf(x),
    "aten::exp": lambda xp, x: xp.exp(x),
    "aten::expand": _expand,
    "aten::ge": lambda xp, x, y: x >= y,
    "aten::gt": lambda xp, x, y: x > y,
    "aten::le": lambda xp, x, y: x <= y,
    "aten::log": lambda xp, x: xp.log(x),
    "aten::log1p": lambda xp, x: xp.log1p(x),
    "aten::lt": lambda xp, x, y: x < y,
    "aten::maximum": lambda xp, x, y: xp.maximum(x, y),
    "aten::mean": _mean,
    "aten::minimum": lambda xp, x, y: xp.minimum(x, y),
    "aten::mm": lambda xp, x, y: xp.matmul(x, y),
    "aten::mul": lambda xp, x, y: x * y,
    "aten::mv": lambda xp, x, y: xp.matmul(x, y),
    "aten::neg": lambda xp, x: -x,
    "aten::permute": lambda xp, x, axes: xp.permute_dims(x, tuple(axes)),
    "aten::pow": lambda xp, x, y: x**y,
    "aten::reciprocal": lambda xp, x: 1 / x,
    "aten::relu": lambda xp, x: xp.where(x > 0, x, xp.zeros_like(x)),
    "aten::rsqrt": lambda xp, x: 1 / xp.sqrt(x),
    "aten::select": _select,
    "aten::sigmoid": lambda xp, x: xp.special.expit(x),
    "aten::sin": lambda xp, x: xp.sin(x),
    "aten::slice": _slice,
    "aten::sqrt": lambda xp, x: xp.sqrt(x),
    "aten::squeeze": lambda xp, x, axis: xp.squeeze(x, axis=tuple(axis)),
    "aten::sub": lambda xp, x, y, alpha=1: x - (y if alpha == 1 else alpha * y),
    "aten::sum": _sum,
    "aten::t": _transposed,
    "aten::tanh": lambda xp, x: xp.tanh(x),
    "aten::transpose": _transposed,
    "aten::unsqueeze": lambda xp, x, axis: xp.expand_dims(x, axis=axis),
    "aten::view": _reshape,
    "aten::reshape": _reshape,
    "aten::where": lambda xp, c, x, y: xp.where(c, x, y),
    "aten::_to_copy": _cast,
    "prims::convert_element_type": _cast,
}
"""The meaning of every operation that is read: a function of xp, the operands and parameters."""


@lru_cache
def _decompositions() -> dict[Any, Any]:
    """PyTorch's decompositions into core operations, which take 0.3 s to list."""
    return dict(core_aten_decompositions())


def read(function: Callable[..., Any], arguments: Sequence[Any]) -> Reading:
    """Read a function at example arguments. Raises Unreadable."""
    leaves, structure = tree.flatten(list(arguments))
    places = [place for place, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]

    def of_tensors(*tensors: Any) -> Any:
        filled = list(leaves)
        for place, tensor in zip(places, tensors, strict=True):
            filled[place] = tensor
        return function(*tree.unflatten(structure, filled))

    examples = [leaves[place].detach().clone() for place in places]
    try:
        graph = make_fx(of_tensors, decomposition_table=_decompositions())(*examples)
    except Exception as error:
        if "data-dependent" in str(error) or "value of" in str(error):
            raise Unreadable(f"The function looks at values: {error}") from error
        raise
    graph.graph.eliminate_dead_code()
    nodes = list(graph.graph.nodes)
    names = [_name(node) for node in nodes if node.op == "call_function"]
    table = OPERATIONS | meanings("torch")
    for name in names:
        if name not in table:
            raise Unreadable(f"PyTorch's operation {name} is not known; give spec=.")

    def run(xp: Any, *given: Any) -> Any:
        values: dict[Any, Any] = {}
        tensors = iter([tree.leaves(list(given))[place] for place in places])
        like: Any = next((x for x in tree.leaves(list(given)) if hasattr(x, "dtype")), None)
        for node in nodes:
            if node.op == "placeholder":
                values[node] = next(tensors)
            elif node.op == "get_attr":
                constant = getattr(graph, node.target).detach().numpy()
                dtype = like.dtype if constant.dtype.kind == "f" else None
                values[node] = xp.asarray(constant, dtype=dtype)
            elif node.op == "output":
                return torch.fx.map_arg(node.args[0], values.__getitem__)
            else:
                operands, parameters = torch.fx.map_arg(
                    (node.args, node.kwargs), values.__getitem__
                )
                values[node] = table[_name(node)](xp, *operands, **parameters)
        return None

    return Reading(run, tuple(dict.fromkeys(names)))


def _name(node: Any) -> str:
    return str(node.target._schema.name) if hasattr(node.target, "_schema") else str(node.target)
