"""Identities that derivatives satisfy whatever their true values: no truth is needed to see them
fail.

<u, J v> = <J'u, v>, whoever computes either side; the Hessian is symmetric; what f(x + hv) leaves
beyond its linear part is of second order in h. Both sides of an equation may err by their bounds,
so their difference may be the sum of
these, carried through the same sums: nothing is to be guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, isfinite, log2, nan
from typing import Any

import numpy as np

from adbench.cases.operators import Mode, Operator
from adbench.truth.answers import Array

FIRST = (Operator.GRADIENT, Operator.JVP, Operator.VJP, Operator.JACOBIAN)
SECOND = (Operator.HVP, Operator.HESSIAN)

STEPS = tuple(2.0**-k for k in range(3, 31))
"""The steps h of the Taylor remainder, each half of the one before, so that their quotients are
exact."""

ABOVE_NOISE = 64.0
"""A remainder counts where it is this many times what rounding may contribute to it; the order is
then within 0.05."""


@dataclass(frozen=True)
class Along:
    """u'J v or v'H v as one answer gives it, and by how much it may be off."""

    operator: Operator
    mode: Mode
    value: float
    tolerance: float

    def apart_from(self, other: Along) -> float:
        """Return how far two of them are apart, in units of what both may be off together."""
        if not isfinite(self.value - other.value):
            return inf
        return _over(abs(self.value - other.value), self.tolerance + other.tolerance)


def along(
    operator: Operator,
    mode: Mode,
    arrays: Sequence[Array],
    bounds: Sequence[Array],
    tangent: Sequence[Array],
    cotangent: Array,
) -> Along | None:
    """Contract an answer with the tangent v and the cotangent u that are still free; None where it
    has no such use.

    arrays, bounds: the leaves of the answer and by how much each entry may be off; tangent: the
    leaves of v.
    """
    if operator not in (*FIRST, *SECOND):
        return None
    value = _contracted(operator, arrays, tangent, cotangent)
    tolerance = _contracted(operator, bounds, [np.abs(leaf) for leaf in tangent], np.abs(cotangent))
    return Along(operator, mode, value, tolerance)


def _contracted(
    operator: Operator, arrays: Sequence[Array], tangent: Sequence[Array], cotangent: Array
) -> float:
    arrays = [array.astype(np.longdouble) for array in arrays]
    v = [leaf.astype(np.longdouble) for leaf in tangent]
    u = cotangent.astype(np.longdouble)
    with np.errstate(all="ignore"):
        if operator is Operator.JVP:
            return float(np.sum(arrays[0] * u))
        if operator in (Operator.VJP, Operator.HVP):
            return float(sum(np.sum(a * b) for a, b in zip(arrays, v, strict=True)))
        if operator is Operator.GRADIENT:
            return float(u * sum(np.sum(a * b) for a, b in zip(arrays, v, strict=True)))
        if operator is Operator.JACOBIAN:
            products = [np.tensordot(a, b, axes=b.ndim) for a, b in zip(arrays, v, strict=True)]
            return float(np.sum(sum(products[1:], products[0]) * u))
        pairs = [(left, right) for left in v for right in v]
        rows = zip(arrays, pairs, strict=True)
        return float(
            sum(np.sum(left * np.tensordot(a, right, axes=right.ndim)) for a, (left, right) in rows)
        )


def asymmetry(arrays: Sequence[Array], bounds: Sequence[Array]) -> float:
    """Return the largest |H_ij - H_ji| of a Hessian, in units of what both entries may be off
    together.

    arrays: the blocks, row by row, one for each pair of leaves of the active argument; `bounds`
    likewise.
    """
    count = round(len(arrays) ** 0.5)
    largest = 0.0
    for i in range(count):
        for j in range(i + 1):
            block, mirrored = arrays[i * count + j], arrays[j * count + i]
            split = mirrored.ndim - _leaf_ndim(arrays, count, i)
            axes = (*range(split, mirrored.ndim), *range(split))
            difference = np.abs(block.astype(np.longdouble) - np.transpose(mirrored, axes))
            together = bounds[i * count + j] + np.transpose(bounds[j * count + i], axes)
            if not np.isfinite(difference).all():
                return inf
            with np.errstate(all="ignore"):
                quotients = np.where(difference == 0, 0.0, difference / together)
            largest = max(largest, float(np.max(np.nan_to_num(quotients, nan=0.0), initial=0.0)))
    return largest


def _leaf_ndim(arrays: Sequence[Array], count: int, i: int) -> int:
    # The block of a leaf with itself has each of the leaf's axes twice.
    return arrays[i * count + i].ndim // 2


def taylor_order(
    function: Callable[[float], Any], slope: float, tolerance: float, spacing: float
) -> float:
    """Return the order in h of the remainder |f(h) - f(0) - h slope|: 2 where the slope is right, 1
    where it is not.

    function: the function along the tangent, h -> u . f(x + hv), as longdouble; slope: u'J v, right
    up to `tolerance`; spacing: the relative rounding of the function's values. The order is taken
    between the two smallest steps at which rounding does not show; nan where there are none, as for
    a linear function.
    """
    start = function(0.0)
    found, previous = nan, nan
    for h in STEPS:
        value = function(h)
        remainder = abs(float(value - start - np.longdouble(h) * np.longdouble(slope)))
        noise = spacing * (abs(float(value)) + abs(float(start))) + h * tolerance
        if not isfinite(remainder) or remainder < ABOVE_NOISE * noise:
            break
        if previous == previous and remainder > 0:
            found = log2(previous / remainder)
        previous = remainder
    return found


def _over(deviation: float, tolerance: float) -> float:
    if deviation == 0:
        return 0.0
    return (
        deviation / tolerance
        if tolerance > 0 and isfinite(tolerance)
        else (inf if tolerance == 0 else nan)
    )
