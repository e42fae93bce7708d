"""What NumPy does faster in another way, or does not have at all, rewritten for it.

This happens last, when there is nothing left to differentiate and to simplify: a function that is
taken apart into ufuncs shares their parts and needs no new arrays, but the parts have kinks where
the whole has none. Rounding included, they give the numbers of the primitives' implementations;
sums are taken in another order.

What was measured, for arrays of 8 x 16 (ns):
  a row is spread over a matrix before it is added to it    611 -> 362
  a sum along an axis of a matrix is a product with ones    711 -> 430
  a sum of products is one inner product                    840 -> 428
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..engine.core import PRIMITIVES, UnlistedPrimitive
from .builder import Builder
from .graph import ArrayType, Graph, Node

SPREAD_LIMIT = 1 << 15
"""Up to this many elements spreading a row costs less than adding it with broadcasting."""
ONES_LIMIT = 1 << 12
"""Up to this many elements in a row are summed as a product with ones; beyond, by NumPy's pairwise
sum."""

UFUNCS = {
    name
    for name in PRIMITIVES
    if PRIMITIVES[name].elementwise and isinstance(getattr(np, name, None), np.ufunc)
}
INNER_PRODUCT = UnlistedPrimitive("inner product", np.vdot)
"""The sum of the products of all elements. It has no derivative, for here nobody asks for one, and
a name that no function of a user's can have."""


def lowered(graph: Graph) -> Graph:
    """The same graph, rewritten."""
    build = Builder()
    new = {id(node): build.input(node.kind) for node in graph.inputs}
    for node in graph.nodes:
        args = tuple([new[id(arg)] for arg in node.args])
        if node.primitive is None:
            new[id(node)] = build.constant(node.value)
            continue
        if node.name == "stop_gradient":  # nobody differentiates any more
            new[id(node)] = args[0]
            continue
        found = None
        if (
            node.kind.dtype.kind == "f" and node.name in RULES and args[0].kind.size > 1
        ):  # one element is a float
            found = RULES[node.name](build, node.kind, *args, **node.params)
        elif node.kind.dtype.kind == "f" and node.name in UFUNCS and len(args) == 2:
            found = build.application(
                node.primitive, _spread(build, node.kind, *args), node.params, node.kind
            )
        new[id(node)] = found or build.apply(node.primitive, args, node.params, node.kind)
    return Graph(
        [new[id(node)] for node in graph.inputs],
        [new[id(node)] for node in graph.outputs],
        build.made,
    )


def _spread(build: Builder, kind: ArrayType, x: Node, y: Node) -> tuple[Node, Node]:
    """The operands of a ufunc, a row or column as large as the other operand."""

    def wide(small: Node, full: Node) -> Node:
        fits = (
            full.kind[:2] == kind[:2]
            and small.kind.dtype == kind.dtype
            and small.kind.shape not in ((), kind.shape)
        )
        if not fits or (
            small.kind.size == 1 and small.primitive is not None
        ):  # what may be a Python float stays one
            return small
        return build.application(PRIMITIVES["broadcast_to"], (small,), {"shape": kind.shape}, kind)

    return (wide(x, y), wide(y, x)) if kind.size <= SPREAD_LIMIT else (x, y)


def _sum(
    build: Builder, kind: ArrayType, x: Node, axis: tuple[int, ...], keepdims: bool
) -> Node | None:
    def ones(*shape: int) -> Node:
        like = ArrayType(shape, kind.dtype)
        return build.find(("ones", like), Node(like, value=np.ones(shape, kind.dtype)))

    shape = x.kind.shape
    if x.kind.dtype != kind.dtype:
        return None
    if (
        kind.shape == ()
        and x.name in ("multiply", "square")
        and all(arg.kind[:2] == x.kind[:2] for arg in x.args)
    ):
        return build.application(INNER_PRODUCT, (x.args[0], x.args[-1]), {}, kind)
    if kind.shape == () and x.kind.size <= ONES_LIMIT:
        return build.application(INNER_PRODUCT, (x, ones(*shape)), {}, kind)
    if len(shape) == 2 and axis == (0,):
        return build.application(PRIMITIVES["matmul"], (ones(shape[0]), x), {}, kind)
    if len(shape) == 2 and axis == (1,) and shape[1] <= ONES_LIMIT:
        return build.application(PRIMITIVES["matmul"], (x, ones(shape[1])), {}, kind)
    return None


def _decay(build: Builder, kind: ArrayType, x: Node) -> Node:
    """exp(-|x|), which never overflows."""
    return build.make(kind, "exp", build.make(kind, "negative", build.make(kind, "abs", x)))


def _expit(build: Builder, kind: ArrayType, x: Node) -> Node:
    above = build.make(kind, "exp", build.make(kind, "minimum", x, 0))  # 1 where x is positive
    return build.make(kind, "divide", above, build.make(kind, "add", 1, _decay(build, kind, x)))


def _log_expit(build: Builder, kind: ArrayType, x: Node) -> Node:
    least = build.make(kind, "minimum", x, 0)
    return build.make(kind, "subtract", least, build.make(kind, "log1p", _decay(build, kind, x)))


def _quotient(build: Builder, kind: ArrayType, x: Node, y: Node) -> Node:
    if x.value is not None and np.all(x.value):
        return build.make(kind, "divide", x, y)
    truths = [
        ArrayType(shape, np.dtype(bool)) for shape in (x.kind.shape, y.kind.shape, kind.shape)
    ]
    zeros = [
        build.make(truth, "equal", node, 0) for truth, node in zip(truths, (x, y), strict=False)
    ]
    both = build.make(truths[2], "logical_and", *zeros)
    return build.make(
        kind, "divide", x, build.make(ArrayType(kind.shape, y.kind.dtype), "where", both, 1, y)
    )


RULES: dict[str, Callable[..., Node | None]] = {
    **{"expit": _expit, "log_expit": _log_expit, "divide_or_zero": _quotient, "sum": _sum}
}
