"""What compiled source must know of a primitive.

How it is written, whose memory its answer has, and how much work it is. Declared beside each
primitive in `rules`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np

from .core import Primitive


class Memory(Enum):
    """Whose memory the answer of a primitive has."""

    NEW = "new"
    """Its own."""
    VIEW = "view"
    """That of its argument."""
    EITHER = "either"
    """One or the other."""


class Work(Enum):
    """How many floating-point operations a primitive takes."""

    NOTHING = "nothing"
    """It moves elements about, or compares them."""
    PER_RESULT = "per result"
    """One for each element of the answer."""
    PER_ARGUMENT = "per argument"
    """One for each element that goes in."""
    PER_TERM = "per term"
    """A multiplication and an addition for each term of an inner product."""
    OF_STEPS = "of steps"
    """That of the steps of a loop, which its primitive tells."""


@dataclass(frozen=True)
class NumPySource:
    """How a primitive is written in compiled source."""

    number: str = ""
    """On Python floats: a template of the arguments, by position, and the parameters, by name; ""
    where it is not computed on them. Where it raises (overflow, say), the arrays' program gives the
    answer."""
    operator: str = ""
    """On arrays, if Python has an operator for it: a template of the arguments."""
    memory: Memory = Memory.EITHER
    """Whose memory the answer has."""
    takes_out_by_name: bool = False
    """Whether its ufunc takes the array for the answer by name only; the others take it by
    position, which is faster."""
    takes_out: bool = False
    """Whether its implementation takes an array for the answer by the name `out`: one of its
    arguments, too, if it is elementwise."""
    work: Work = Work.PER_RESULT
    """How much work it is."""


def write_as(*primitives: Primitive, **fields: Any) -> None:
    """Declare how primitives are written.

    The fields of `NumPySource` that differ from what is declared already.
    """
    for primitive in primitives:
        primitive.source = replace(primitive.source or NumPySource(), **fields)


def source_of(primitive: Primitive | None) -> NumPySource:
    """How a primitive is written; a user's own, and one that needs no word, as a function call."""
    if primitive is None or primitive.source is None:
        return NumPySource()
    source: NumPySource = primitive.source
    return source


def is_ufunc(primitive: Primitive | None) -> bool:
    """Whether a primitive is NumPy's ufunc of its name, and not only called like it.

    It is computed by that ufunc, or by the operator that is the same on arrays.
    """
    if primitive is None or not primitive.elementwise:
        return False
    ufunc = getattr(np, primitive.name, None)
    if not isinstance(ufunc, np.ufunc):
        return False
    return primitive.implementation is ufunc or source_of(primitive).operator != ""


def gives_new_memory(primitive: Primitive | None) -> bool:
    """Whether the answer of a primitive is an array of its own, whatever it is applied to."""
    return is_ufunc(primitive) or source_of(primitive).memory is Memory.NEW
