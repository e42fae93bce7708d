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

from ..engine.core import Primitive
from ..engine.declaring import broadcast_to
from ..engine.nodes import ArrayType, Node
from ..engine.numpy_source import is_ufunc
from ..rules.elementwise import stop_gradient
from .builder import Builder
from .graph import Graph

SPREAD_LIMIT = 1 << 15
"""Up to this many elements spreading a row costs less than adding it with broadcasting."""


def lowered(graph: Graph) -> Graph:
    """The same graph, rewritten."""
    build = Builder()
    rewritten = {id(node): build.input(node.array_type) for node in graph.inputs}
    for node in graph.nodes:
        args = tuple([rewritten[id(arg)] for arg in node.args])
        rewritten[id(node)] = _rewrite(build, node, args)
    inputs = [rewritten[id(node)] for node in graph.inputs]
    outputs = [rewritten[id(node)] for node in graph.outputs]
    return Graph(inputs, outputs, build.nodes)


def _rewrite(build: Builder, node: Node, args: tuple[Node, ...]) -> Node:
    """The node in the new graph that computes what this one does, from rewritten arguments."""
    if node.primitive is None:
        return build.constant(node.value)
    lower_node: Node | None = None
    if _is_lowered(node, args):
        lower_node = node.primitive.lowering(build, node.array_type, *args, **node.params)
    elif _may_spread(node):
        operands = _spread(build, node.array_type, *args)
        return build.apply_as_is(node.primitive, operands, node.params, node.array_type)
    if lower_node is not None:
        return lower_node
    return build.apply_simplified(node.primitive, args, node.params, node.array_type)


def _is_lowered(node: Node, args: tuple[Node, ...]) -> bool:
    primitive: Primitive | None = node.primitive
    if primitive is None or primitive.lowering is None:
        return False
    if primitive is stop_gradient:
        return True
    # one element is a Python float, on which the function itself is faster
    return node.array_type.dtype.kind == "f" and args[0].array_type.size > 1


def _may_spread(node: Node) -> bool:
    is_real = node.array_type.dtype.kind == "f"
    return is_real and len(node.args) == 2 and is_ufunc(node.primitive)


def _spread(build: Builder, array_type: ArrayType, x: Node, y: Node) -> tuple[Node, Node]:
    """The operands of a ufunc, a row or column as large as the other operand."""
    if array_type.size > SPREAD_LIMIT:
        return x, y

    def widened(small: Node, full: Node) -> Node:
        if full.array_type[:2] != array_type[:2] or small.array_type.dtype != array_type.dtype:
            return small
        if small.array_type.shape in ((), array_type.shape):
            return small
        if small.array_type.size == 1 and small.primitive is not None:
            return small  # what may be a Python float stays one
        shape = {"shape": array_type.shape}
        return build.apply_as_is(broadcast_to, (small,), shape, array_type)

    return widened(x, y), widened(y, x)
