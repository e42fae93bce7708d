"""Numbers with units, as they stand in tables and sentences."""

from __future__ import annotations

import math

ROUNDS_UP = 0.9995
"""What is at least this part of a unit has three digits that are 1 of it."""


def time(seconds: float) -> str:
    """Return a time with three digits and its unit."""
    if math.isnan(seconds):
        return "–"
    if seconds >= 1000:
        return f"{seconds:,.0f} s"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size * ROUNDS_UP:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def two_digits(ratio: float) -> str:
    """Return a ratio with two digits that mean something, never with an exponent."""
    if math.isnan(ratio):
        return "–"
    if 1e-3 <= ratio < 10:
        return f"{ratio:.2g}"
    if ratio < 10:
        return f"{ratio:.2f}"
    rounded = float(f"{ratio:.2g}")
    return f"{rounded:.0f}"


def short_time(seconds: float) -> str:
    """Return a time with two digits and its unit."""
    return time(float(f"{seconds:.2g}"))


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless there is one."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
