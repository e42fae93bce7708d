"""Batching: a program acts on many arrays at once, stacked along a new first axis.

This is how Jacobians are made: all tangents, or all cotangents, of a basis are carried along
together. Elementwise primitives are batched by one rule, since they broadcast; the others by the
rule that is declared beside them; a user's own is applied to one array after another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from ..engine import tree
from ..engine.arguments import copy_if_shared
from ..engine.core import Array, Level, Primitive, Tracer
from ..engine.declaring import broadcast_to
from ..engine.elements import OBJECT, numbers
from ..engine.tape import Tape
from ..rules.batching import Application, align
from ..rules.structural import concat, one_by_one

MEMORY = 1 << 24
"""How many numbers a tape's worth of tangents may hold: larger bases are taken in parts."""


class BatchTracer(Tracer):
    """Arrays of one shape, stacked along the first axis of `primal`; it looks like one of them."""

    __slots__ = ()

    def __init__(self, level: Batch, primal: Array) -> None:
        self.level = level
        self.primal = primal

    shape = property(lambda self: self.primal.shape[1:])
    ndim = property(lambda self: self.primal.ndim - 1)
    size = property(lambda self: prod(self.shape))

    def __len__(self) -> int:
        return self.shape[0]


class Batch(Level):
    """The level of batching; `size` arrays are carried together."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        Level.__init__(self)
        self.size = size

    def holds(self, value: Array) -> bool:
        """Whether `value` differs from one member of the batch to the next."""
        return isinstance(value, BatchTracer) and value.level is self

    def process(
        self, primitive: Primitive, args: tuple[Array, ...], params: dict[str, Any]
    ) -> Array:
        rule = align if primitive.elementwise else primitive.batching or one_by_one
        return BatchTracer(self, rule(Application(self, primitive, args, params)))

    def whole(self, value: Array) -> Array:
        """All members of the batch, stacked along the first axis."""
        if self.holds(value):
            return value.primal
        array = value if isinstance(value, Tracer) else np.asarray(value)
        return broadcast_to(array, shape=(self.size, *array.shape))


def vmap(f: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """f over the leading axis of every array of its argument, all at once.

    f: of one tree of arrays, returns a tree of arrays. What it is mapped over may not decide what
    it does.
    """

    def mapped(stacked: Array) -> Array:
        leaves, structure = tree.flatten(stacked)
        with Batch(leaves[0].shape[0]) as batch:
            members = [BatchTracer(batch, leaf) for leaf in leaves]
            answers = f(tree.unflatten(structure, members))
            return tree.map(batch.whole, answers)

    return mapped


# --- bases ----------------------------------------------------------------------------------------


def _basis(leaf: Array, tape: Tape) -> Iterator[Array]:
    """The unit arrays like `leaf`, in C order, stacked: all of them, or parts that memory holds."""
    together = max(1, MEMORY // max(1, sum([answer.size for answer in tape.answers])))
    for start in range(0, leaf.size, together):
        count = min(together, leaf.size - start)
        units = np.eye(count, leaf.size, start, np.float64 if leaf.dtype == OBJECT else leaf.dtype)
        units = units.reshape(count, *leaf.shape)
        yield numbers(units) if leaf.dtype == OBJECT else units


def _joined(batches: tuple[Array | None, ...]) -> Array | None:
    """The results of all batches along the first axis; None where they are zero."""
    if batches[0] is None or len(batches) == 1:
        return batches[0]
    return concat(*batches, axis=0)


def over_basis(
    leaf: Array, tape: Tape, apply: Callable[[Array], Sequence[Array | None]]
) -> list[Array | None]:
    """What a linear map gives for every unit array like `leaf`; None for zero.

    The results are stacked along the first axis.

    apply: the map, which gives several arrays; it is told all unit arrays at once
    """
    parts: list[list[Array | None]] = []
    for units in _basis(leaf, tape):
        with Batch(len(units)) as batch:
            answers = apply(BatchTracer(batch, units))
            if leaf.dtype.kind == "c" and not all(
                answer is None or answer.dtype.kind == "c" for answer in answers
            ):
                raise TypeError(
                    "A Jacobian between real and complex numbers would lose one of two parts: "
                    "take jacfwd for complex results of real arguments, and jacrev for real "
                    "results of complex arguments."
                )
            parts.append([None if answer is None else batch.whole(answer) for answer in answers])
    columns = zip(*parts, strict=True)  # zero or not is a matter of the program, so all parts agree
    return copy_if_shared([_joined(column) for column in columns])
