"""What goes in and out of the transformations.

Choosing arguments, checking leaves, clear errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import tree
from .core import Array, Tracer
from .declaring import real_like
from .elements import OBJECT, is_complex, numbers

Argnums = int | tuple[int, ...]
"""The position of the argument to differentiate, or several."""

ARRAYS = (Tracer, np.ndarray, np.generic)


def select(
    f: Callable[..., Any],
    argnums: Argnums,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    caller: str,
) -> tuple[Any, Callable[[Any], Any]]:
    """The active argument, and f as a function of it alone.

    It is a tuple of arguments for a tuple of argnums.
    """
    several = isinstance(argnums, tuple)
    positions: Any = argnums if several else (argnums,)
    for position in positions:
        if type(position) is not int:
            raise TypeError(
                f"{caller} was given argnums={argnums!r}: give the position of an argument, an "
                "int, or a tuple of ints."
            )
        if not -len(args) <= position < len(args):
            advice = "give the active by position."
            if args:
                advice = f"argnums must lie in the range 0 to {len(args) - 1}."
            raise ValueError(
                f"{caller} was given argnums={argnums!r} and {len(args)} positional argument(s): "
                f"{advice}"
            )

    if len({position % len(args) for position in positions}) < len(positions):
        raise ValueError(f"{caller} was given argnums={argnums!r}: name each argument once.")

    def call(active: Any) -> Any:
        complete = list(args)
        values = active if several else (active,)
        for position, value in zip(positions, values, strict=True):
            complete[position] = value
        return f(*complete, **kwargs)

    return tuple([args[position] for position in positions]) if several else args[
        positions[0]
    ], call


def as_argument_tuple(arguments: Any, caller: str, name: str) -> tuple[Any, ...]:
    """A tuple or list with an entry for each argument of a function, as a tuple."""
    if not isinstance(arguments, (tuple, list)):
        raise TypeError(
            f"{caller} was given {type(arguments).__name__} for {name}: give a tuple or list with "
            "one entry for each argument of the function."
        )
    return tuple(arguments)


def active_leaves(active: Any, caller: str) -> tuple[list[Array], tree.Structure]:
    """The leaves to differentiate, as arrays or tracers, and their structure."""
    leaves, structure = tree.flatten(active)
    for position, leaf in enumerate(leaves):
        if type(leaf) is float or type(leaf) is complex:
            leaf = leaves[position] = np.asarray(leaf)
        kind = leaf.dtype.kind if isinstance(leaf, ARRAYS) else None
        if kind == "O":
            leaves[position] = numbers(leaf)
        elif kind != "f" and kind != "c":
            description = f"dtype {leaf.dtype}" if kind else f"{type(leaf).__name__} {leaf!r}"
            raise TypeError(
                f"{caller} can differentiate floating-point arrays only, and the leaf "
                f"{tree.paths(active)[position] or 'given'} is of {description}: convert it to a "
                "float, or leave it out of the active argument."
            )
    return leaves, structure


def output_leaves(output: Any, caller: str) -> tuple[list[Array], tree.Structure]:
    """The leaves of what a differentiated function returned, and their structure.

    They are arrays or tracers.
    """
    leaves, structure = tree.flatten(output)
    for position, leaf in enumerate(leaves):
        if isinstance(leaf, ARRAYS):
            continue
        if not isinstance(leaf, (int, float, complex)):
            raise TypeError(
                f"{caller} needs a function that returns arrays, and the leaf "
                f"{tree.paths(output)[position] or 'returned'} is of {type(leaf).__name__} "
                f"{leaf!r}: return arrays, or lists, tuples and dicts of them."
            )
        leaves[position] = np.asarray(leaf)
    return leaves, structure


def matching_leaves(
    container: Any, structure: tree.Structure, like: list[Array], caller: str, name: str, other: str
) -> list[Array]:
    """The leaves of `container`, which must fit those in `like` in structure, shape and dtype."""
    leaves, own_structure = tree.flatten(container)
    if own_structure != structure:
        raise ValueError(
            f"{caller} was given {name} of structure {tree.as_written(own_structure)}, and {other} "
            f"of structure {tree.as_written(structure)}: they must be the same."
        )
    for position, (leaf, expected) in enumerate(zip(leaves, like, strict=True)):
        if leaf is None:
            path = tree.paths(container)[position]
            raise TypeError(
                f"{caller} was given None for {name}{path}: give zeros for what does not change."
            )
        if expected.dtype == OBJECT:
            leaf = leaves[position] = numbers(leaf)
        elif not isinstance(leaf, ARRAYS):
            leaf = leaves[position] = np.asarray(leaf, dtype=expected.dtype)
        if leaf.shape != expected.shape or leaf.dtype != expected.dtype:
            path = tree.paths(container)[position]
            raise ValueError(
                f"{caller} was given {name}{path} of shape {leaf.shape} and dtype {leaf.dtype}, "
                f"where {other}{path} has shape {expected.shape} and dtype {expected.dtype}: they "
                "must be the same."
            )
    return leaves


def zeros(shape: tuple[int, ...], dtype: Any) -> Array:
    """Zeros in any dtype; for balls, exact ones."""
    return numbers(np.zeros(shape)) if dtype == OBJECT else np.zeros(shape, dtype)


def fill(derivative: Array | None, like: Array) -> Array:
    """The derivative, or the zeros for which None stands."""
    if derivative is None:
        if like.dtype == OBJECT:  # which does not tell whether the numbers are complex
            return numbers(np.zeros(like.shape, complex if is_complex(like) else float))
        return np.zeros(like.shape, like.dtype)
    return derivative if type(derivative) is np.ndarray else real_like(derivative, like)


def _owner(array: Any) -> int:
    """Whose memory the array shows."""
    return id(array if getattr(array, "base", None) is None else array.base)


def copy_if_shared(arrays: list[Any], held: Sequence[Any] = ()) -> list[Any]:
    """Copy what the caller could not safely write to.

    Read-only broadcasts, memory given twice or held by him.
    """
    seen = set(map(_owner, held))
    for position, array in enumerate(arrays):
        if type(array) is np.ndarray and (_owner(array) in seen or not array.flags.writeable):
            arrays[position] = array.copy()
        seen.add(_owner(array))
    return arrays


def scalar_one(value: Array) -> Array:
    """The scalar 1 in the dtype of `value`."""
    return numbers(1) if value.dtype == OBJECT else value.dtype.type(1)
