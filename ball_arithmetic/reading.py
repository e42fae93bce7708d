"""Reading many real balls at once, in loops of C: their midpoints and radii as doubles."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import flint
import numpy as np

Doubles = np.ndarray[Any, np.dtype[np.float64]]


def are_finite(balls: Sequence[Any]) -> Any:
    """Whether each of some real balls (`flint.arb`) is bounded, as a flat array."""
    return np.fromiter(map(flint.arb.is_finite, balls), bool, len(balls))


def nearest_doubles(balls: Sequence[Any]) -> Doubles:
    """The midpoints of real balls, rounded to the nearest double; flat."""
    return np.fromiter(map(float, balls), np.float64, len(balls))


def radii_as_doubles(balls: Sequence[Any]) -> Doubles:
    """The radii of real balls, which FLINT keeps with fewer bits than a double has; flat."""
    return np.fromiter(map(float, map(flint.arb.rad, balls)), np.float64, len(balls))


def fewest_accurate_bits(balls: Sequence[Any]) -> int:
    """How many bits the least accurate of some real balls is known to, relatively; 0 of none."""
    return min(map(flint.arb.rel_accuracy_bits, balls), default=0)


def less(balls: Sequence[Any], values: Doubles) -> list[Any]:
    """Real balls less a double each, as balls of the present precision."""
    return list(map(operator.sub, balls, values.tolist()))


def around(values: Doubles, radii: Doubles) -> list[Any]:
    """Real balls of these midpoints and radii, taken as they are; both flat."""
    return list(map(flint.arb, values.tolist(), radii.tolist()))
