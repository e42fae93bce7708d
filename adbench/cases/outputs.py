"""Several outputs: a function's tree of arrays as one vector, and what its parts are called.

What is judged is one array. A function that returns a list, tuple or dict of arrays is taken for
the function that returns their numbers in a row, at the border of the model: every operator, bound
and certificate holds for it, and a cotangent is a row as well. Messages name the array and the
place in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from reference_ad.engine import tree


@dataclass(frozen=True)
class Part:
    """One array among several that a function returns."""

    path: str
    """Where it stands in the tree, such as `['loss']`."""
    shape: tuple[int, ...]


def is_tree(output: Any) -> bool:
    """Whether an output is a container of arrays."""
    return isinstance(output, (tuple, list, dict))  # a union would be made anew by every call


def as_one_array(xp: Any, output: Any) -> Any:
    """An output as one array: the numbers of a tree of arrays in a row, anything else as it is."""
    if not is_tree(output):
        return output
    return xp.concat([xp.reshape(leaf, (-1,)) for leaf in tree.leaves(output)])


def parts_of(output: Any) -> tuple[Part, ...]:
    """The arrays of an output, none where it is one array itself."""
    if not is_tree(output):
        return ()
    pairs = zip(tree.paths(output), tree.leaves(output), strict=True)
    return tuple(Part(path, tuple(np.shape(leaf))) for path, leaf in pairs)


def place_in(parts: Sequence[Part], position: int) -> str:
    """What to call an entry of the row, such as `['loss'][0, 2]`."""
    start = 0
    for part in parts:
        stop = start + prod(part.shape)
        if position < stop:
            index = np.unravel_index(position - start, part.shape) if part.shape else ()
            return part.path + bracketed(index)
        start = stop
    raise IndexError(f"There are {start} numbers in the output, and number {position} was named.")


def bracketed(index: Sequence[Any]) -> str:
    """An index as Python writes it, "" where it is empty."""
    return f"[{', '.join(str(int(i)) for i in index)}]" if len(index) else ""
