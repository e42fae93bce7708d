"""Mathematical constants in the number type of the array that they meet.

So no dtype is widened or narrowed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from . import elements
from .core import Array

DIGITS = {
    "pi": "3.14159265358979323846264338327950288419717",
    "log_2": "0.693147180559945309417232121458176568075500",
    "log_10": "2.30258509299404568401799145468436420760110",
    "two_over_sqrt_pi": "1.12837916709551257389615890312154517168810",
    "half_log_two_pi": "0.918938533204672741780329736405617639861397",
}


def constant(name: str, like: Array) -> Any:
    """The constant `name`, rounded to the dtype of `like`, or enclosed in a ball."""
    return elements.constant(name) if like.dtype == elements.OBJECT else _rounded(name, like.dtype)


@cache
def _rounded(name: str, dtype: Any) -> Any:
    # through a string: a float would carry only 53 bits into a longdouble
    return dtype.type(DIGITS[name])
