"""Loops of a program: as Python, or as one application where the program is being traced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..compiler.trace import is_tracing
from ..engine import tree
from ..engine.arguments import ARRAYS
from ..engine.core import Array
from ..namespace.creation import arange
from ..rules.structural import stack
from . import python
from .python import Step
from .traced import looped


def scan(step: Step, init: Any, xs: Any = None, length: int | None = None) -> tuple[Any, Any]:
    """Take one step after another, and gather what they give.

    step:   ``step(carry, x)`` returns the pair ``(carry, y)``: a carry like the one that it was
            given in structure, shapes and dtypes, and a tree of arrays (or None)
    init:   the first carry, a tree of arrays
    xs:     a tree of arrays of one length; a step gets the slices of their first axes in turn
    length: the number of steps, where there are no xs

    Returns the last carry, and the ys of all steps, stacked along a new first axis. What is
    differentiated may stand in the carry, in xs, and in what the step finds around it. Where a
    program is compiled the step is compiled once, and run in a loop.
    Raises TypeError or ValueError where lengths or carries do not fit.
    """
    count = python.number_of_steps(xs, length)
    if count and is_tracing():
        return _traced(step, init, xs, count)
    return python.scan(step, init, xs, length, asarray=np.asarray, stack=_stack)


def fori_loop(lower: int, upper: int, body: Callable[[Any, Any], Any], init: Any) -> Any:
    """Take the steps from lower to upper - 1, each with what the one before has left.

    body: ``body(index, carry)`` returns the next carry; the index is an array of shape ()
    init: the first carry, a tree of arrays

    Returns the last carry: see `scan`. Raises TypeError unless the bounds are Python's integers.
    """
    return python.fori_loop(lower, upper, body, init, scan=scan, arange=arange)


def _stack(arrays: Sequence[Array]) -> Array:
    return stack(*arrays, axis=0)


class _Arrays:
    """A tree, of which the arrays are taken out and put in again; what is none stays."""

    def __init__(self, container: Any) -> None:
        leaves, self.structure = tree.flatten(container)
        self.leaves = [np.asarray(leaf) if python.is_number(leaf) else leaf for leaf in leaves]
        self.arrays = [leaf for leaf in self.leaves if isinstance(leaf, ARRAYS)]

    def with_arrays(self, arrays: Sequence[Array]) -> Any:
        """The tree with other arrays."""
        remaining = iter(arrays)
        leaves = [next(remaining) if isinstance(x, ARRAYS) else x for x in self.leaves]
        return tree.unflatten(self.structure, leaves)


def _traced(step: Step, init: Any, xs: Any, length: int) -> tuple[Any, Any]:
    carries, slices = _Arrays(init), _Arrays(xs)
    returned_ys: list[_Arrays] = []

    def flat_step(*values: Array) -> list[Array]:
        carry = carries.with_arrays(values[: len(carries.arrays)])
        x = slices.with_arrays(values[len(carries.arrays) :])
        next_carry, y = python.checked(step(carry, x), carry)
        returned_ys[:] = [_Arrays(y)]
        return [*_Arrays(next_carry).arrays, *returned_ys[0].arrays]

    final, ys = looped(flat_step, carries.arrays, slices.arrays, length)
    return carries.with_arrays(final), returned_ys[0].with_arrays(ys)
