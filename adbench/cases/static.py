"""Static arguments: integers, flags, strings and None, which stay Python values on every backend.

They choose what a function computes (an order, an axis, the name of a variant), so a function may
branch on them and take them for lengths, in whatever staging. They are never differentiated. Floats
are no such values: they become arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_ad.engine import tree

STATIC = (bool, int, str, type(None))
"""The types of static values. NumPy's integers and truth values are arrays."""


def is_static(leaf: Any) -> bool:
    """Whether a leaf of an argument stays a Python value."""
    return isinstance(leaf, STATIC)


def map_arrays(function: Callable[[Any], Any], argument: Any) -> Any:
    """Apply a function to the arrays of a tree, and leave its static values as they are."""
    return tree.map(lambda leaf: leaf if is_static(leaf) else function(leaf), argument)


def arrays_of(argument: Any) -> list[Any]:
    """The leaves of a tree that are not static."""
    return [leaf for leaf in tree.leaves(argument) if not is_static(leaf)]


def without_static(
    argument: Any, stays: Callable[[Any], bool] = is_static
) -> tuple[Any, Callable[[Any], Any]]:
    """An argument without its static values, and what makes the whole of such a tree again.

    In place of each static value stands an empty tuple, so that arrays keep their paths. Tracers of
    frameworks take such a tree: of static values they would make arrays.

    stays: which leaves stay Python values.
    """
    leaves, structure = tree.flatten(argument)
    if not any(map(stays, leaves)):
        return argument, lambda arrays: arrays

    def whole(arrays: Any) -> Any:
        remaining = iter(tree.leaves(arrays))
        return tree.unflatten(
            structure, [leaf if stays(leaf) else next(remaining) for leaf in leaves]
        )

    return tree.map(lambda leaf: () if stays(leaf) else leaf, argument), whole
