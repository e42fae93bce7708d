"""The tape: a program's primitives in the order of execution, which is all that its linearisation needs.

Walked backwards it pulls cotangents from outputs to inputs (reverse mode); walked forwards it pushes tangents from
inputs to outputs. Both are loops over a list: no recursion, no sorting, a cost that grows with its length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .core import Array, Level, Primitive, Tracer
from .rules import fit

Entry = tuple[Primitive, Sequence[Array], Array, dict[str, Any], Sequence[int]]
"""A primitive, its arguments, its answer, its parameters, and for each argument the index of the entry that made it
(-1 for a constant)."""


class TapeTracer(Tracer):
    """An array that depends on the tape's inputs: the answer of the entry at `index`."""

    __slots__ = ("index",)

    def __init__(self, level: Tape, primal: Array, index: int) -> None:
        self.level = level
        self.primal = primal
        self.index = index


class Tape(Level):
    """The level of reverse mode. `entries` holds None for an input."""

    __slots__ = ("entries", "nested")

    def __init__(self) -> None:
        Level.__init__(self)
        self.entries: list[Entry | None] = []
        self.nested = False  # whether tracers of outer levels have come in: if not, NumPy is called without a detour

    def variable(self, primal: Array) -> TapeTracer:
        """A new input."""
        if isinstance(primal, Tracer):
            self.nested = True
        self.entries.append(None)
        return TapeTracer(self, primal, len(self.entries) - 1)

    def process(self, primitive: Primitive, args: tuple[Array, ...], params: dict[str, Any]) -> Array:
        primals = []
        parents = []
        for arg in args:
            if isinstance(arg, Tracer):
                if arg.level is self:
                    primals.append(arg.primal)
                    parents.append(arg.index)  # type: ignore[attr-defined]
                    continue
                self.nested = True
            primals.append(arg)
            parents.append(-1)
        apply = primitive if self.nested else primitive.implementation
        ans = apply(*primals, **params) if params else apply(*primals)
        if primitive.jvp is None:
            return ans
        entries = self.entries
        index = len(entries)
        entries.append((primitive, primals, ans, params, parents))
        return TapeTracer(self, ans, index)

    def index_of(self, value: Array) -> int:
        """The entry that made `value`, or -1 if it is a constant to this tape."""
        return value.index if isinstance(value, TapeTracer) and value.level is self else -1


def pull_back(entries: Sequence[Entry | None], cotangents: list[Array | None]) -> None:
    """Fill in `cotangents`, one per entry, given those of the outputs. None stands for zero.

    On return only the cotangents of inputs are left: an entry's own is dropped as soon as it has been passed on.
    """
    for index in range(len(entries) - 1, -1, -1):
        g = cotangents[index]
        if g is None:
            continue
        entry = entries[index]
        if entry is None:
            continue
        cotangents[index] = None
        primitive, args, ans, params, parents = entry
        vjps = primitive.vjps
        for position, parent in enumerate(parents):
            if parent < 0:
                continue
            rule = vjps[position]
            if rule is None:
                continue
            part = rule(g, ans, *args, **params) if params else rule(g, ans, *args)
            if part is None:
                continue
            part = fit(part, args[position])
            present = cotangents[parent]
            # never in place: the array may be held by another entry, or by the caller
            cotangents[parent] = part if present is None else present + part


def push_forward(entries: Sequence[Entry | None], tangents: list[Array | None]) -> None:
    """Fill in `tangents`, one per entry, given those of the inputs. None stands for zero."""
    for index, entry in enumerate(entries):
        if entry is None:
            continue
        primitive, args, ans, params, parents = entry
        incoming = [None if parent < 0 else tangents[parent] for parent in parents]
        for tangent in incoming:
            if tangent is not None:
                assert primitive.jvp is not None
                tangents[index] = primitive.jvp(incoming, ans, args, params)
                break
