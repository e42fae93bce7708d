"""Forward mode: tangents travel with the values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine import tree
from ..engine.arguments import (
    Argnums,
    active_leaves,
    as_argument_tuple,
    copy_if_shared,
    fill,
    matching_leaves,
    output_leaves,
    select,
    zeros,
)
from ..engine.core import Array, Level, Primitive, Tracer
from ..engine.declaring import astype, reshape
from ..engine.tape import Tape, record
from ..rules.structural import permute_dims
from .batching import over_basis

Blocks = list[list[Array | None]]
"""A Jacobian: for each output and each input the elements in C order, in any shape; None for
zero."""


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

    def process(
        self, primitive: Primitive, args: tuple[Array, ...], params: dict[str, Any]
    ) -> Array:
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
        if self.other_rules:
            primitive = self.other_rules.get(primitive, primitive)
        if primitive.jvp is None:
            return ans
        tangent = primitive.jvp(tangents, ans, primals, params)
        return ans if tangent is None else DualTracer(self, ans, tangent)


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Value and directional derivative of f, in one pass.

    primals:  a tuple or list with f's arguments: pytrees of floating-point arrays of any shapes
    tangents: the direction; the same structure, shapes and (real or complex) floating dtypes

    Returns ``(f(*primals), tangent of the output)``, two pytrees of the same structure and shapes.
    Raises TypeError for leaves without derivatives (integers, say), ValueError where tangents do
    not fit the primals.
    """
    leaves, structure = active_leaves(as_argument_tuple(primals, "jvp", "primals"), "jvp")
    directions = matching_leaves(
        as_argument_tuple(tangents, "jvp", "tangents"),
        structure,
        leaves,
        "jvp",
        "tangents",
        "primals",
    )
    with Dual() as level:
        traced = [DualTracer(level, x, t) for x, t in zip(leaves, directions, strict=True)]
        outputs, output_structure = output_leaves(f(*tree.unflatten(structure, traced)), "jvp")
    derivatives = []
    for position, output in enumerate(outputs):
        if isinstance(output, DualTracer) and output.level is level:
            outputs[position] = output.primal
            derivatives.append(output.tangent)
        else:
            derivatives.append(fill(None, output))
    return tree.unflatten(output_structure, outputs), tree.unflatten(
        output_structure, copy_if_shared(derivatives, directions)
    )


def linearize(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """Value of f, and its derivative there as a linear function.

    f runs once, for any number of directions.

    primals: f's arguments, pytrees of floating-point arrays

    Returns ``(f(*primals), pushforward)``; ``pushforward(*tangents)``, one like each primal, gives
    the tangent of the output. It can be called again and again, and differentiated.
    Raises TypeError for leaves without derivatives; the pushforward, ValueError where tangents do
    not fit the primals.
    """
    leaves, structure = active_leaves(primals, "linearize")
    tape, outputs, indices, output_structure = record(
        lambda primals: f(*primals), leaves, structure, "linearize"
    )

    def pushforward(*tangents: Any) -> Any:
        directions = matching_leaves(
            tangents, structure, leaves, "The pushforward", "tangents", "primals"
        )
        derivatives = zip(_push(tape, indices, dict(enumerate(directions))), outputs, strict=True)
        return tree.unflatten(
            output_structure,
            copy_if_shared([fill(tangent, output) for tangent, output in derivatives], directions),
        )

    return tree.unflatten(output_structure, outputs), pushforward


def jacfwd(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The Jacobian of f by forward mode.

    A tangent for each active scalar, all of them in one batch.

    The Jacobian has the structure of the output, and in place of each of its leaves the structure
    of the active argument (a tuple of them if `argnums` is a tuple), with leaves of shape
    ``output.shape + input.shape``, in the dtype of both together. A function of complex numbers
    with complex results is taken for holomorphic. Raises TypeError for leaves without derivatives
    and real results of complex arguments, ValueError for argnums out of range.
    """

    def blocks(tape: Tape, leaves: list[Array], outputs: list[Array], indices: list[int]) -> Blocks:
        rows: Blocks = [[None] * len(leaves) for _ in outputs]
        for i, leaf in enumerate(leaves):

            def push(units: Array, i: int = i) -> list[Array | None]:
                return _push(tape, indices, {i: units})

            for row, columns in zip(
                rows, over_basis(leaf, tape, push), strict=False
            ):  # none of an empty leaf
                if columns is not None:
                    row[i] = permute_dims(columns, axes=(*range(1, columns.ndim), 0))
        return rows

    return jacobian(f, argnums, "jacfwd", blocks)


def jacobian(
    f: Callable[..., Any], argnums: Argnums, caller: str, blocks: Callable[..., Blocks]
) -> Callable[..., Any]:
    """What `jacfwd` and `jacrev` share.

    ``blocks(tape, leaves, outputs, indices)`` is what they do not.
    """

    def evaluate(*args: Any, **kwargs: Any) -> Any:
        active, call = select(f, argnums, args, kwargs, caller)
        leaves, structure = active_leaves(active, caller)
        tape, outputs, indices, output_structure = record(call, leaves, structure, caller)
        rows = []
        for output, row in zip(outputs, blocks(tape, leaves, outputs, indices), strict=True):
            whole = [_whole(block, output, leaf) for block, leaf in zip(row, leaves, strict=True)]
            rows.append(tree.unflatten(structure, whole))
        return tree.unflatten(output_structure, rows)

    return evaluate


def _whole(block: Array | None, output: Array, leaf: Array) -> Array:
    shape, dtype = (*output.shape, *leaf.shape), np.result_type(output.dtype, leaf.dtype)
    if block is None:
        return zeros(shape, dtype)
    return reshape(block if block.dtype == dtype else astype(block, dtype=dtype), shape=shape)


def _push(tape: Tape, indices: list[int], input_tangents: dict[int, Array]) -> list[Array | None]:
    """The tangents of the entries at `indices`, from those of some inputs. None stands for zero."""
    tangents: list[Array | None] = [None] * len(tape.ends)
    for position, tangent in input_tangents.items():
        tangents[position] = tangent
    tape.push_forward(tangents)
    return [None if k < 0 else tangents[k] for k in indices]
