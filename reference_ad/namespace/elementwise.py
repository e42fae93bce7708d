"""Elementwise functions that need more than one primitive."""

from __future__ import annotations

from ..engine.core import Array
from ..engine.elements import is_complex
from ..rules.elementwise import (
    abs,
    constant_power,
    greater_equal,
    maximum,
    minimum,
    normalized,
    power,
)
from ..rules.elementwise import sign as _sign_of_real
from ..rules.elementwise import where as _where


def pow(x1: Array, x2: Array, /) -> Array:
    """``x1 ** x2``; exact, and safe at 0, where the exponent is a Python number."""
    if type(x2) is int or type(x2) is float:
        return constant_power(x1, exponent=x2)
    if (type(x1) is int or type(x1) is float) and x2.dtype.kind in "fc":
        x1 = x2.dtype.type(x1)  # its logarithm is needed in the precision of the exponent
    return power(x1, x2)


def sign(x: Array, /) -> Array:
    """-1, 0 or 1; of a complex number the number of size 1 in its direction, or 0."""
    if hasattr(x, "dtype") and is_complex(x):
        return normalized(x, abs(x))
    return _sign_of_real(x)


def where(condition: Array, x1: Array, x2: Array, /) -> Array:
    """x1 where a condition holds, x2 elsewhere."""
    return _where(condition, x1, x2)


def clip(x: Array, /, min: Array = None, max: Array = None) -> Array:
    """x kept between two bounds; at a bound, half of the derivative is x's.

    `max` where the bounds leave no room.
    """
    if min is not None:
        x = maximum(x, min)
    if max is not None:
        x = minimum(x, max)
    if min is None or max is None:
        return x
    return _where(greater_equal(min, max), max, x)
