"""A loop in a program that is being traced: one application for all of its steps.

A program of a thousand steps would be a graph of a thousand copies. Here the step is traced once
(`body.py`), and the loop is a primitive of what the step starts with, goes through and finds around
it. It runs as a loop of Python over the compiled step. Its rules are loops again, made when they
are asked for:

- the tangent of a loop is a loop that carries the tangents along;
- its cotangents are a loop over the steps from the last to the first, which carries the cotangents
  of the carry and gathers those of what the step finds around it. It needs the carry before every
  step, and runs the loop once more for them; within a step everything is computed again;
- a stack of loops is a loop over stacks.

A primitive gives one array: the final carry and the ys, each laid flat, one after another. Those of
another dtype are given by another application.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import numpy as np

from ..compiler.compile import peeled
from ..compiler.trace import TraceTracer
from ..engine.arguments import fill
from ..engine.core import Array, Tracer, UnlistedPrimitive
from ..engine.declaring import reshape
from ..engine.nodes import ArrayType
from ..engine.numpy_source import Memory, Work, write_as
from ..rules.batching import Application
from ..rules.structural import concat, getitem, permute_dims
from ..transformations.batching import Batch, BatchTracer
from ..transformations.forward import jvp as forward
from ..transformations.reverse import vjp as reverse
from .body import Body, Function, closed


@dataclass(frozen=True, eq=False)
class Loop:
    """A closed step, and how often it is taken.

    The inputs of the body are the carry, what the step gets of each array, and what it finds around
    it. It returns the carry and its ys.
    """

    body: Body
    carries: int
    """How many arrays are carried from step to step."""
    slices: int
    """How many arrays the loop goes through."""
    length: int
    """The number of steps."""
    backwards: bool = False
    """Whether the last step is the first."""

    @property
    def types(self) -> list[ArrayType]:
        """The types of the results: the final carry, and the ys of all steps."""
        outputs = self.body.outputs
        ys = [ArrayType((self.length, *y.shape), y.dtype) for y in outputs[self.carries :]]
        return [*outputs[: self.carries], *ys]

    def take_apart(self, inputs: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
        """The carry, the arrays to go through, and what the step finds around it."""
        last = self.carries + self.slices
        return list(inputs[: self.carries]), list(inputs[self.carries : last]), list(inputs[last:])

    def run(self, *inputs: Any) -> list[Any]:
        """Take the steps on plain arrays."""
        carry, xs, constants = self.take_apart([np.asarray(x) for x in inputs])
        ys = [np.empty(y.shape, y.dtype) for y in self.types[self.carries :]]
        step = self.body.run
        positions = range(self.length)
        for k in reversed(positions) if self.backwards else positions:
            returned = step([*carry, *[x[k] for x in xs], *constants])
            carry = returned[: self.carries]
            for y, part in zip(ys, returned[self.carries :], strict=True):
                y[k] = part
        return [*carry, *ys]

    def apply(self, inputs: Sequence[Array]) -> list[Array]:
        """Take the steps on arrays or tracers. The results are the final carry, and the ys."""
        results: list[Array] = [None] * len(self.types)
        for dtype in dict.fromkeys(result.dtype for result in self.types):
            places = [k for k, result in enumerate(self.types) if result.dtype == dtype]
            flat = LoopPrimitive(self, tuple(places))(*inputs)
            for place, part in zip(places, self.parts(flat, places), strict=True):
                results[place] = part
        return results

    def parts(self, flat: Array, places: Sequence[int]) -> list[Array]:
        """The results at some places, of which `flat` has the elements."""
        arrays = []
        start = 0
        for place in places:
            shape = self.types[place].shape
            stop = start + prod(shape)
            part = getitem(flat, index=(slice(start, stop),))
            arrays.append(reshape(part, shape=shape))
            start = stop
        return arrays


def looped(
    step: Function,
    carry: Sequence[Array],
    xs: Sequence[Array],
    length: int,
    *,
    backwards: bool = False,
) -> tuple[list[Array], list[Array]]:
    """Take a step again and again, on arrays or tracers: the final carry, and the ys.

    step: takes the arrays of the carry and a slice of each of xs, and returns the arrays of the
    carry and its ys
    """
    slices = [np.asarray(peeled(x))[0] for x in xs]
    body, outer = closed(step, [*carry, *slices])
    loop = Loop(body, len(carry), len(xs), length, backwards)
    results = loop.apply([*carry, *xs, *outer])
    return results[: len(carry)], results[len(carry) :]


class LoopPrimitive(UnlistedPrimitive):
    """Some results of a loop, all of one dtype, laid flat one after another.

    Which arguments are differentiated is seen when it is applied, so that every application has a
    primitive of its own.
    """

    __slots__ = ("active", "latest", "loop", "places")

    def __init__(
        self, loop: Loop, places: tuple[int, ...], active: frozenset[int] = frozenset()
    ) -> None:
        super().__init__("scan", self._run)
        self.loop = loop
        self.places = places
        self.active = active
        self.latest: tuple[Any, Any] = (None, None)
        self.batching = self._on_stacks
        write_as(self, memory=Memory.NEW, work=Work.OF_STEPS)
        if loop.types[places[0]].dtype.kind in "fc":
            self.jvp = self._push
            self.vjps = [partial(self._pull, place) for place in range(len(loop.body.examples))]

    def __call__(self, *args: Array, **params: Any) -> Array:
        active = frozenset([place for place, arg in enumerate(args) if _is_active(arg)])
        primitive = LoopPrimitive(self.loop, self.places, active) if active else self
        return UnlistedPrimitive.__call__(primitive, *args)

    @property
    def flops(self) -> int:
        """The floating-point operations of all steps."""
        return self.loop.length * self.loop.body.graph.flops

    def _run(self, *args: Any) -> Any:
        results = self.loop.run(*args)
        return np.concatenate([np.ravel(results[place]) for place in self.places])

    def _push(
        self, tangents: Sequence[Any], ans: Array, args: Sequence[Array], params: dict[str, Any]
    ) -> Array:
        pushed = _tangents(self.loop, args, tangents)
        return concat(*[reshape(pushed[place], shape=(-1,)) for place in self.places], axis=0)

    def _pull(self, place: int, g: Array, ans: Array, *args: Array) -> Array | None:
        seen, cotangents = self.latest
        if seen is not g:  # the rules share one computation of all the cotangents
            parts = dict(zip(self.places, self.loop.parts(g, self.places), strict=True))
            cotangents = _cotangents(self.loop, args, parts, self.active)
            self.latest = (g, cotangents)
        return cotangents.get(place)

    def _on_stacks(self, application: Application) -> Array:
        stacked = _stacks(self.loop, application)
        rows = [
            reshape(stacked[place], shape=(stacked[place].shape[0], -1)) for place in self.places
        ]
        return concat(*rows, axis=1)


def _is_active(arg: Any) -> bool:
    """Whether an argument may be differentiated: that it is only traced does not make it so."""
    return isinstance(arg, Tracer) and not isinstance(arg, TraceTracer)


def _is_floating(array: Any) -> bool:
    return array.dtype.kind in "fc"


def _picked(values: Sequence[Any] | dict[int, Any], places: Sequence[int]) -> list[Any]:
    return [values[place] for place in places]


def _replaced(
    values: Sequence[Any], places: Sequence[int], replacements: Sequence[Any]
) -> list[Any]:
    """The values, with others at some places."""
    whole = list(values)
    for place, replacement in zip(places, replacements, strict=True):
        whole[place] = replacement
    return whole


# ---- rules


def _tangents(
    loop: Loop, inputs: Sequence[Array], tangents: Sequence[Array | None]
) -> dict[int, Array]:
    """The tangents of the floating results, by their places."""
    first, last = loop.carries, loop.carries + loop.slices
    init, xs, constants = loop.take_apart(inputs)
    floating = [k for k, example in enumerate(loop.body.examples) if _is_floating(example)]
    moving = [k for k in floating if k < first or tangents[k] is not None]
    directions = {k: fill(tangents[k], inputs[k]) for k in moving}
    carried = [k for k in moving if k < first]
    passed = [k for k in moving if first <= k < last]
    around = [directions[k] for k in moving if k >= last]
    results = [k for k, y in enumerate(loop.body.outputs) if _is_floating(y)]
    ys = [k for k in results if k >= first]

    def step(*values: Array) -> list[Array]:
        carry, values = values[:first], values[first:]
        carry_tangents, values = values[: len(carried)], values[len(carried) :]
        slices, slice_tangents = values[: loop.slices], values[loop.slices :]
        primals = [*carry, *slices, *constants]

        def function(*moved: Array) -> list[Array]:
            return loop.body.evaluate(_replaced(primals, moving, moved))

        along = [*carry_tangents, *slice_tangents, *around]
        outputs, pushed = forward(function, _picked(primals, moving), along)
        return [*outputs[:first], *_picked(pushed, carried), *_picked(pushed, ys)]

    final, stacked = looped(
        step,
        [*init, *_picked(directions, carried)],
        [*xs, *_picked(directions, passed)],
        loop.length,
        backwards=loop.backwards,
    )
    return dict(zip([*carried, *ys], [*final[first:], *stacked], strict=True))


def _cotangents(
    loop: Loop, inputs: Sequence[Array], parts: dict[int, Array], active: frozenset[int]
) -> dict[int, Array]:
    """The cotangents of the active inputs by their places, from those of some results."""
    first, last = loop.carries, loop.carries + loop.slices
    init, xs, constants = loop.take_apart(inputs)
    floating = [k for k, example in enumerate(loop.body.examples) if _is_floating(example)]
    carried = [k for k in floating if k < first]
    passed = [k for k in floating if first <= k < last and k in active]
    around = [k for k in floating if k >= last and k in active]
    moving = [*carried, *passed, *around]
    types = loop.types
    results = [k for k, result in enumerate(types) if _is_floating(result)]
    given = {k: parts[k] if k in parts else np.zeros(*types[k][:2]) for k in results}
    ys = [k for k in results if k >= first]

    def step(*values: Array) -> list[Array]:
        cotangents, values = values[: len(carried)], values[len(carried) :]
        gathered, values = values[: len(around)], values[len(around) :]
        slices, values = values[: loop.slices], values[loop.slices :]
        carry, y_cotangents = values[:first], values[first:]
        primals = [*carry, *slices, *constants]

        def function(*moved: Array) -> list[Array]:
            return _picked(loop.body.evaluate(_replaced(primals, moving, moved)), results)

        _, pullback = reverse(function, *_picked(primals, moving))
        pulled = list(pullback([*cotangents, *y_cotangents]))
        split = len(carried) + len(passed)
        sums = [total + part for total, part in zip(gathered, pulled[split:], strict=True)]
        return [*pulled[: len(carried)], *sums, *pulled[len(carried) : split]]

    zeros = [np.zeros(np.shape(inputs[k]), inputs[k].dtype) for k in around]
    final, stacked = looped(
        step,
        [*_picked(given, carried), *zeros],
        [*xs, *_histories(loop, init, xs, constants), *_picked(given, ys)],
        loop.length,
        backwards=not loop.backwards,
    )
    return dict(zip([*carried, *around, *passed], [*final, *stacked], strict=True))


def _histories(
    loop: Loop, init: Sequence[Array], xs: Sequence[Array], constants: Sequence[Array]
) -> list[Array]:
    """The carry before every step, stacked."""

    def step(*values: Array) -> list[Array]:
        outputs = loop.body.evaluate([*values, *constants])
        return [*outputs[: loop.carries], *values[: loop.carries]]

    return looped(step, init, xs, loop.length, backwards=loop.backwards)[1]


def _stacks(loop: Loop, application: Application) -> list[Array]:
    """The results for stacks of inputs, as stacks."""
    members = application.members
    init, xs, constants = loop.take_apart(application.args)
    held = [members.holds(x) for x in xs]

    def step(*values: Array) -> list[Array]:
        with Batch(members.size) as level:
            carry = [BatchTracer(level, value) for value in values[: loop.carries]]
            slices = [
                BatchTracer(level, value) if is_stack else value
                for value, is_stack in zip(values[loop.carries :], held, strict=True)
            ]
            around = [
                BatchTracer(level, value.primal) if members.holds(value) else value
                for value in constants
            ]
            outputs = loop.body.evaluate([*carry, *slices, *around])
            return [level.whole(output) for output in outputs]

    arrays = [_swapped(x.primal) if is_stack else x for x, is_stack in zip(xs, held, strict=True)]
    final, stacked = looped(
        step,
        [members.whole(value) for value in init],
        arrays,
        loop.length,
        backwards=loop.backwards,
    )
    return [*final, *map(_swapped, stacked)]


def _swapped(stack: Array) -> Array:
    """A stack of arrays with its first two axes exchanged."""
    return permute_dims(stack, axes=(1, 0, *range(2, stack.ndim)))
