"""Functions that NumPy does not have, taken apart into ufuncs: these share their parts, and need no new arrays.

Rounding included, the numbers are those of the primitives' implementations. This happens last, when there is nothing
left to differentiate: the parts have kinks where the whole has none.
"""

from __future__ import annotations

from .core import PRIMITIVES
from .graph import Builder, Graph, Kind, Node


def lowered(graph: Graph) -> Graph:
    """The same graph with the functions below taken apart."""
    if not LOWERED.keys() & graph.operations.keys():
        return graph
    build = Builder()
    new = {id(node): build.input(node.kind) for node in graph.inputs}
    for node in graph.nodes:
        args = tuple([new[id(arg)] for arg in node.args])
        if node.primitive is None:
            new[id(node)] = build.constant(node.value)
        elif node.name in LOWERED and node.kind.size > 1 and node.kind.dtype.kind == "f":
            new[id(node)] = LOWERED[node.name](build, args[0], node.kind)
        else:
            new[id(node)] = build.apply(node.primitive, args, node.params, node.kind)
    return Graph([new[id(node)] for node in graph.inputs], [new[id(node)] for node in graph.outputs], build.made)


def _apply(build: Builder, name: str, kind: Kind, *args: Node) -> Node:
    return build.apply(PRIMITIVES[name], args, {}, kind)


def _decay(build: Builder, x: Node, kind: Kind) -> Node:
    """exp(-|x|), which never overflows."""
    return _apply(build, "exp", kind, _apply(build, "negative", kind, _apply(build, "abs", kind, x)))


def _expit(build: Builder, x: Node, kind: Kind) -> Node:
    above = _apply(build, "exp", kind, _apply(build, "minimum", kind, x, build.constant(0)))  # 1 where x is positive
    return _apply(build, "divide", kind, above, _apply(build, "add", kind, build.constant(1), _decay(build, x, kind)))


def _log_expit(build: Builder, x: Node, kind: Kind) -> Node:
    least = _apply(build, "minimum", kind, x, build.constant(0))
    return _apply(build, "subtract", kind, least, _apply(build, "log1p", kind, _decay(build, x, kind)))


LOWERED = {"expit": _expit, "log_expit": _log_expit}
