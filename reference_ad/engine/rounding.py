"""How the value of a primitive is rounded by those who compute in floating point.

Declared beside each primitive in `rules`.
"""

from __future__ import annotations

from enum import Enum

from .core import Primitive


class Rounding(Enum):
    """How far a computed value may be from the exact one."""

    EXACT = "exact"
    """Nothing is rounded: elements are selected, moved, negated or compared."""
    ARITHMETIC = "arithmetic"
    """Rounded correctly, or nearly."""
    FUNCTION = "function"
    """A few units in the last place off."""
    SUM = "sum"
    """Many terms are added, in any order."""
    TRANSFORM = "transform"
    """Every result is a sum over the last axis, with factors of size 1, in any order or fast."""
    BACKWARD_STABLE = "backward stable"
    """Nearly the value at a nearby matrix."""


def rounds(rounding: Rounding, *primitives: Primitive) -> None:
    """Declare how the values of primitives are rounded."""
    for primitive in primitives:
        primitive.rounding = rounding
