"""Complex arrays as two real ones, so that a complex model is judged as one of real numbers.

A complex leaf of an argument is a `Parts` of its real and its imaginary part, wherever arguments
are drawn, moved, enclosed and judged: a derivative by z is that by x and y, z = x + iy. A complex
output counts as its real parts and then its imaginary parts. A function sees complex arrays: they
are joined where it is called.

A framework that has complex arrays is asked with these, and what it answers is split here. The
convention, into which every framework's own is converted: the gradient of a real function at z is
df/dx + i df/dy, and J'u is the transpose of J as a map of real numbers, <J'u, v> = Re(u* J v).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from adbench.cases.static import is_static
from reference_ad.engine import tree
from reference_ad.engine.elements import is_complex as has_complex_elements


class Parts(NamedTuple):
    """The real and the imaginary part of a complex array, of one shape."""

    real: Any
    imag: Any


PATHS_OF_PARTS = (".real", ".imag")
"""The paths of the parts of one complex array."""


def is_part(path: str) -> bool:
    """Whether a path in a tree leads to a part of a complex array."""
    return path.endswith(PATHS_OF_PARTS)


def is_complex(array: Any) -> bool:
    """Whether an array of any framework, or of balls, holds complex numbers."""
    name = str(getattr(array, "dtype", ""))
    return "complex" in name or (name == "object" and has_complex_elements(array))


def has_parts(argument: Any) -> bool:
    """Whether an argument holds complex numbers, as parts."""
    if isinstance(argument, Parts):
        return True
    if isinstance(argument, dict):
        return any(map(has_parts, argument.values()))
    return isinstance(argument, tuple | list) and any(map(has_parts, argument))


def as_parts(argument: Any) -> Any:
    """Return a tree of NumPy arrays with parts for the complex ones."""

    def split(leaf: Any) -> Any:
        if is_static(leaf) or not np.iscomplexobj(leaf):
            return leaf
        return Parts(np.array(np.real(leaf)), np.array(np.imag(leaf)))

    return tree.map(split, argument)


def joined(argument: Any) -> Any:
    """Return a tree of arrays of any framework with complex arrays for the parts."""
    if isinstance(argument, Parts):
        return argument.real + 1j * argument.imag
    if isinstance(argument, dict):
        return type(argument)((key, joined(value)) for key, value in argument.items())
    if isinstance(argument, tuple) and hasattr(argument, "_fields"):
        return type(argument)(*map(joined, argument))
    if isinstance(argument, tuple | list):
        return type(argument)(map(joined, argument))
    return argument


def split_output(xp: Any, output: Any) -> Any:
    """Return an output, one array or a tree, with parts for the complex arrays."""
    leaves, structure = tree.flatten(output)
    if not any(map(is_complex, leaves)):
        return output
    split = [Parts(xp.real(leaf), xp.imag(leaf)) if is_complex(leaf) else leaf for leaf in leaves]
    return tree.unflatten(structure, split)
