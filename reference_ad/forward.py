"""Forward mode: tangents travel with the values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import tree
from .arguments import Argnums, active_leaves, basis, fill, matching_leaves, output_leaves, select
from .core import Array, Level, Primitive, Tracer
from .numpy import stack
from .rules import reshape
from .rules_structural import getitem
from .tape import Tape


class DualTracer(Tracer):
    """A primal with its tangent: a dual number."""

    __slots__ = ("tangent",)

    def __init__(self, level: Level, primal: Array, tangent: Array) -> None:
        self.level = level
        self.primal = primal
        self.tangent = tangent


class Dual(Level):
    """The level of forward mode."""

    __slots__ = ()

    def process(self, primitive: Primitive, args: tuple[Array, ...], params: dict[str, Any]) -> Array:
        primals = []
        tangents = []
        for arg in args:
            if isinstance(arg, DualTracer) and arg.level is self:
                primals.append(arg.primal)
                tangents.append(arg.tangent)
            else:
                primals.append(arg)
                tangents.append(None)
        ans = primitive(*primals, **params)
        if primitive.jvp is None:
            return ans
        tangent = primitive.jvp(tangents, ans, primals, params)
        return ans if tangent is None else DualTracer(self, ans, tangent)


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Value and directional derivative of f, in one pass.

    primals:  a tuple or list with f's arguments: pytrees of floating-point arrays of any shapes
    tangents: the direction; the same structure, shapes and (real or complex) floating dtypes

    Returns ``(f(*primals), tangent of the output)``, two pytrees of the same structure and shapes.
    Raises TypeError for leaves without derivatives (integers, say), ValueError where tangents do not fit the primals.
    """
    leaves, structure = active_leaves(tuple(primals), "jvp")
    directions = matching_leaves(tuple(tangents), structure, leaves, "jvp", "tangents", "primals")
    with Dual() as level:
        traced = [DualTracer(level, x, t) for x, t in zip(leaves, directions, strict=True)]
        outputs, output_structure = output_leaves(f(*tree.unflatten(structure, traced)), "jvp")
    values = []
    derivatives = []
    for output in outputs:
        if isinstance(output, DualTracer) and output.level is level:
            values.append(output.primal)
            derivatives.append(output.tangent)
        else:
            values.append(output)
            derivatives.append(fill(None, output))
    return tree.unflatten(output_structure, values), tree.unflatten(output_structure, derivatives)


def jacfwd(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The Jacobian of f by forward mode: one tangent per active scalar.

    f is traced once; its linearisation is pushed forward n times. The Jacobian has the structure of the output, and
    in place of each of its leaves the structure of the active argument (a tuple of them if `argnums` is a tuple), with
    leaves of shape ``output.shape + input.shape``.
    Raises TypeError for leaves without derivatives, ValueError for argnums out of range.
    """

    def jacobian(*args: Any, **kwargs: Any) -> Any:
        active, call = select(f, argnums, args, kwargs, "jacfwd")
        leaves, structure = active_leaves(active, "jacfwd")
        with Tape() as tape:
            traced = [tape.variable(x) for x in leaves]
            outputs, output_structure = output_leaves(call(tree.unflatten(structure, traced)), "jacfwd")
        indices = [tape.index_of(output) for output in outputs]
        outputs = [output if k < 0 else output.primal for output, k in zip(outputs, indices, strict=True)]
        blocks: list[list[Array]] = [[] for _ in outputs]
        for position, leaf in enumerate(leaves):
            columns: list[list[Array]] = [[] for _ in outputs]
            for direction in basis(leaf):
                tangents: list[Array | None] = [None] * len(tape.ends)
                tangents[position] = direction
                tape.push_forward(tangents)
                for column, output, k in zip(columns, outputs, indices, strict=True):
                    column.append(fill(None if k < 0 else tangents[k], output))
            for block, column, output in zip(blocks, columns, outputs, strict=True):
                block.append(_assemble(column, output, leaf))
        return tree.unflatten(output_structure, [tree.unflatten(structure, block) for block in blocks])

    return jacobian


def _assemble(columns: list[Array], output: Array, leaf: Array) -> Array:
    """The columns of a Jacobian as one array of shape ``output.shape + leaf.shape``."""
    if not columns:
        return fill(None, getitem(output, index=(..., None)) * reshape(leaf, shape=(-1,)))
    return reshape(stack(columns, axis=output.ndim), shape=output.shape + leaf.shape)
