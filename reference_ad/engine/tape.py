"""The tape.

A program's primitives in the order of execution, which is all that its linearisation needs.

Walked backwards it pulls cotangents from outputs to inputs (reverse mode); walked forwards it
pushes tangents from inputs to outputs. Both are loops over a list: no recursion, no sorting, a cost
that grows with its length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import tree
from .arguments import output_leaves
from .core import Array, Level, Primitive, Tracer
from .declaring import unbroadcast

_NO_PARAMS: dict[str, Any] = {}


class TapeTracer(Tracer):
    """An array that depends on the tape's inputs: the answer of the entry at `index`."""

    __slots__ = ("index",)

    def __init__(self, level: Tape, primal: Array, index: int) -> None:
        self.level = level
        self.primal = primal
        self.index = index


class Tape(Level):
    """The level of reverse mode.

    primitives, answers, params: one per entry; the primitive is None for an input
    args, parents:               all entries' arguments one after another, and for each the index of
    the entry that
                                 made it (-1 for a constant)
    ends:                        where each entry's arguments end in these

    Flat lists rather than a record per entry: those would keep Python's garbage collector busy, so
    that the cost of an operation grew with the length of the tape.
    """

    __slots__ = ("answers", "args", "ends", "nested", "params", "parents", "primitives")

    def __init__(self) -> None:
        Level.__init__(self)
        self.primitives: list[Primitive | None] = []
        self.answers: list[Array] = []
        self.params: list[dict[str, Any]] = []
        self.args: list[Array] = []
        self.parents: list[int] = []
        self.ends: list[int] = []
        # whether tracers of outer levels have come in: if not, NumPy is called without a detour
        self.nested = False

    def variable(self, primal: Array) -> TapeTracer:
        """A new input."""
        if isinstance(primal, Tracer):
            self.nested = True
        self.primitives.append(None)
        self.answers.append(primal)
        self.params.append(_NO_PARAMS)
        self.ends.append(len(self.args))
        return TapeTracer(self, primal, len(self.ends) - 1)

    def process(
        self, primitive: Primitive, args: tuple[Array, ...], params: dict[str, Any]
    ) -> Array:
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
        if self.other_rules:
            primitive = self.other_rules.get(primitive, primitive)
        self.args.extend(primals)
        self.parents.extend(parents)
        self.primitives.append(primitive)
        self.answers.append(ans)
        self.params.append(params or _NO_PARAMS)
        ends = self.ends
        ends.append(len(self.args))
        return TapeTracer(self, ans, len(ends) - 1)

    def index_of(self, value: Array) -> int:
        """The entry that made `value`, or -1 if it is a constant to this tape."""
        return value.index if isinstance(value, TapeTracer) and value.level is self else -1

    def pull_back(self, cotangents: list[Array | None]) -> None:
        """Fill in `cotangents`, one per entry, given those of the outputs. None stands for zero.

        On return only the cotangents of inputs are left: an entry's own is dropped as soon as it
        has been passed on.
        """
        answers, all_args, all_parents, all_params, ends = (
            self.answers,
            self.args,
            self.parents,
            self.params,
            self.ends,
        )
        for index, primitive in zip(
            range(len(ends) - 1, -1, -1), reversed(self.primitives), strict=True
        ):
            g = cotangents[index]
            if g is None or primitive is None:
                continue
            cotangents[index] = None
            stop = ends[index]
            start = ends[index - 1] if index else 0
            args = all_args[start:stop]
            params = all_params[index]
            vjps = primitive.vjps
            for position, parent in enumerate(all_parents[start:stop]):
                rule = vjps[position] if parent >= 0 else None
                if rule is None:
                    continue
                part = (
                    rule(g, answers[index], *args, **params)
                    if params
                    else rule(g, answers[index], *args)
                )
                if part is None:
                    continue
                part = unbroadcast(part, args[position])
                present = cotangents[parent]
                # never in place: the array may be held by another entry, or by the caller
                cotangents[parent] = part if present is None else present + part

    def push_forward(self, tangents: list[Array | None]) -> None:
        """Fill in `tangents`, one per entry, given those of the inputs. None stands for zero."""
        start = 0
        for index, (primitive, stop) in enumerate(zip(self.primitives, self.ends, strict=True)):
            if primitive is not None:
                incoming = [
                    None if parent < 0 else tangents[parent] for parent in self.parents[start:stop]
                ]
                if any(tangent is not None for tangent in incoming):
                    assert primitive.jvp is not None
                    args: Sequence[Array] = self.args[start:stop]
                    tangents[index] = primitive.jvp(
                        incoming, self.answers[index], args, self.params[index]
                    )
            start = stop


def record(
    f: Callable[..., Any], leaves: list[Array], structure: tree.Structure, caller: str
) -> tuple[Tape, list[Array], list[int], tree.Structure]:
    """Run f on a tape.

    f: a function of one argument, which has these leaves and this structure

    Returns the tape, the leaves of the output, for each the entry that made it (-1: none), and the
    output's structure.
    """
    with Tape() as tape:
        traced = [tape.variable(x) for x in leaves]
        outputs, output_structure = output_leaves(f(tree.unflatten(structure, traced)), caller)
    indices = [tape.index_of(output) for output in outputs]
    outputs = [
        output if k < 0 else output.primal for output, k in zip(outputs, indices, strict=True)
    ]
    return tape, outputs, indices, output_structure
