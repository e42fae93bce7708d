"""A loop of Python, one step after another, on the arrays of any namespace.

Every transformation follows it like any other program, for as many primitives as there are steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine import tree

Step = Callable[[Any, Any], tuple[Any, Any]]
"""``step(carry, x) -> (carry, y)``, on trees of arrays."""

Stack = Callable[[Sequence[Any]], Any]
"""Stacks arrays of one shape along a new first axis."""


def number_of_steps(xs: Any, length: int | None) -> int:
    """How many steps a scan takes. Raises ValueError or TypeError where that is not told."""
    if length is not None and type(length) is not int:
        raise TypeError(
            f"xp.scan was given length={length!r}: give a Python int, from a shape or a static "
            "argument."
        )
    counts = {int(x.shape[0]) for x in tree.leaves(xs) if x is not None}
    if length is not None:
        counts.add(length)
    if not counts:
        raise ValueError(
            "xp.scan was given neither arrays to go through nor a length: give xs or length."
        )
    if len(counts) > 1:
        raise ValueError(
            f"xp.scan was given arrays and a length of {', '.join(map(str, sorted(counts)))} "
            "steps: the first axes of all of them must be of one length."
        )
    return counts.pop()


def is_number(leaf: Any) -> bool:
    """Whether a leaf is a number of Python's."""
    return isinstance(leaf, (bool, int, float, complex))


def slice_of(xs: Any, position: Any) -> Any:
    """The tree of what a step gets from xs."""
    return tree.map(lambda x: None if x is None else x[position, ...], xs)


def checked(returned: Any, carry: Any) -> tuple[Any, Any]:
    """What a step has returned: its carry and its y.

    Raises TypeError unless that is a pair, whose carry is like the one that the step was given in
    structure, shapes and dtypes.
    """
    if not isinstance(returned, tuple) or len(returned) != 2:
        raise TypeError(
            f"The step of xp.scan returned {type(returned).__name__}: return the pair (carry, y)."
        )
    leaves, structure = tree.flatten(carry)
    returned_leaves, returned_structure = tree.flatten(returned[0])
    if returned_structure != structure:
        raise TypeError(
            f"The step of xp.scan returned a carry {tree.as_written(returned_structure)} for "
            f"{tree.as_written(structure)}: return one of the same structure."
        )
    for path, after, before in zip(tree.paths(carry), returned_leaves, leaves, strict=True):
        if _described(after) != _described(before):
            raise TypeError(
                f"The step of xp.scan returned a carry{path} of {_described(after)} for one of "
                f"{_described(before)}: it must stay the same, so begin with one of that kind."
            )
    return returned


def _described(leaf: Any) -> str:
    if not hasattr(leaf, "dtype"):
        return type(leaf).__name__
    dtype = str(leaf.dtype).rpartition(".")[2]
    return f"shape {tuple(leaf.shape)} and dtype {dtype}"


def scan(
    step: Step,
    init: Any,
    xs: Any = None,
    length: int | None = None,
    *,
    asarray: Callable[[Any], Any],
    stack: Stack,
) -> tuple[Any, Any]:
    """Take one step after another: see `reference_ad.numpy.scan`.

    asarray, stack: those of the namespace
    """
    count = number_of_steps(xs, length)
    init = tree.map(lambda leaf: asarray(leaf) if is_number(leaf) else leaf, init)
    if not count:
        _, y = checked(step(init, tree.map(_zeros, xs)), init)
        return init, tree.map(lambda part: None if part is None else stack([part])[:0], y)
    carry, ys = init, []
    for position in range(count):
        returned = step(carry, slice_of(xs, position))
        carry, y = checked(returned, carry) if position == 0 else returned
        ys.append(y)
    return carry, tree.map(lambda *parts: _stacked(parts, stack), *ys)


def _zeros(x: Any) -> Any:
    """What a step gets of an array without entries, for the sake of its shapes."""
    return None if x is None else np.zeros(x.shape[1:], x.dtype)


def _stacked(parts: Sequence[Any], stack: Stack) -> Any:
    return None if parts[0] is None else stack(list(parts))


def check_bounds(lower: Any, upper: Any) -> None:
    """Raise TypeError unless the bounds of a loop are Python's integers."""
    for bound in (lower, upper):
        if type(bound) is not int:
            raise TypeError(
                f"xp.fori_loop was given the bound {bound!r}: give a Python int, from a shape or a "
                "static argument, for the number of steps must not depend on numbers."
            )


def fori_loop(
    lower: int, upper: int, body: Callable[[Any, Any], Any], init: Any, *, scan: Any, arange: Any
) -> Any:
    """The loop as a scan over its indices: see `reference_ad.numpy.fori_loop`.

    scan, arange: those of the namespace.
    """
    check_bounds(lower, upper)
    indices = arange(lower, max(lower, upper))
    return scan(lambda carry, index: (body(index, carry), None), init, indices)[0]
