"""Identities that derivatives satisfy, whatever their true values.

No truth is needed to see them fail.

<u, J v> = <J'u, v>, whoever computes either side; and the Hessian is symmetric. Both sides of an
equation may err by their bounds, so their difference may be the sum of these, carried through the
same sums: nothing is to be guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, nan

import numpy as np

from adbench.cases.inputs import Array
from adbench.cases.operators import Mode, Operator
from adbench.cases.question import Question
from adbench.judging.finding import Finding
from reference_ad.engine import tree

FIRST_ORDER = (
    Operator.GRADIENT,
    Operator.VALUE_AND_GRADIENT,
    Operator.JVP,
    Operator.VJP,
    Operator.JACOBIAN,
)
"""Operators of which u'J v is a contraction."""

SECOND_ORDER = (Operator.HVP, Operator.HESSIAN)
"""Operators of which v'H v is a contraction."""


@dataclass(frozen=True)
class Projection:
    """u'J v or v'H v as one answer gives it.

    The answer contracted with the tangent v and the cotangent u that are still free.
    """

    operator: Operator

    mode: Mode

    value: float

    tolerance: float
    """By how much correct arithmetic may put `value` off."""

    @property
    def is_second_order(self) -> bool:
        """Whether it is v'H v."""
        return self.operator in SECOND_ORDER

    def distance(self, other: Projection) -> float:
        """Return how far two of them are apart, in units of what both may be off together."""
        deviation = abs(self.value - other.value)
        tolerance = self.tolerance + other.tolerance
        if not isfinite(deviation):
            return inf
        if deviation == 0:
            return 0.0
        if not isfinite(tolerance):
            return nan
        return deviation / tolerance if tolerance > 0 else inf


@dataclass(frozen=True)
class Check:
    """What holding an answer against an identity has shown."""

    over_bound: float
    """The largest deviation, in units of what both sides may err together."""

    finding: Finding | None
    """Where the identity fails."""


def project(
    question: Question, mode: Mode, arrays: Sequence[Array], bounds: Sequence[Array]
) -> Projection | None:
    """Contract an answer with the directions that are still free; None where it has no such use.

    arrays, bounds: the leaves of the answer, and by how much each entry may be off.
    """
    operator = question.operator
    if operator not in (*FIRST_ORDER, *SECOND_ORDER):
        return None
    tangent = tree.leaves(question.inputs.tangent)
    cotangent = question.inputs.cotangent
    value = _contract(operator, arrays, tangent, cotangent)
    tolerance = _contract(operator, bounds, [np.abs(v) for v in tangent], np.abs(cotangent))
    return Projection(operator, mode, value, tolerance)


def _contract(
    operator: Operator, arrays: Sequence[Array], tangent: Sequence[Array], cotangent: Array
) -> float:
    arrays = [array.astype(np.longdouble) for array in arrays]
    v = [leaf.astype(np.longdouble) for leaf in tangent]
    u = cotangent.astype(np.longdouble)
    if operator is Operator.VALUE_AND_GRADIENT:
        arrays = arrays[1:]
    with np.errstate(all="ignore"):
        if operator is Operator.JVP:
            return float(np.sum(arrays[0] * u))
        if operator in (Operator.GRADIENT, Operator.VALUE_AND_GRADIENT):
            return float(u * _inner_product(arrays, v))
        if operator is Operator.JACOBIAN:
            products = [np.tensordot(a, b, axes=b.ndim) for a, b in zip(arrays, v, strict=True)]
            return float(np.sum(sum(products[1:], products[0]) * u))
        if operator is Operator.HESSIAN:
            return float(_quadratic_form(arrays, v))
        return float(_inner_product(arrays, v))


def _inner_product(arrays: Sequence[Array], v: Sequence[Array]) -> np.longdouble:
    products = [np.sum(a * b) for a, b in zip(arrays, v, strict=True)]
    return sum(products, np.longdouble(0))


def _quadratic_form(blocks: Sequence[Array], v: Sequence[Array]) -> np.longdouble:
    """v'H v, where the blocks of H stand row by row."""
    pairs = [(left, right) for left in v for right in v]
    products = [
        np.sum(left * np.tensordot(block, right, axes=right.ndim))
        for block, (left, right) in zip(blocks, pairs, strict=True)
    ]
    return sum(products, np.longdouble(0))


def check_projections(projection: Projection, witnesses: Sequence[Projection]) -> Check:
    """Hold a projection against those of other answers about the same function and directions.

    The first contradiction is enough to say.
    """
    comparable = [
        witness for witness in witnesses if witness.is_second_order is projection.is_second_order
    ]
    distances = [projection.distance(witness) for witness in comparable]
    over_bound = max([0.0, *distances])  # a nan after the 0 is never the largest
    for witness, distance in zip(comparable, distances, strict=True):
        if distance > 1:
            identity = "v'Hv" if projection.is_second_order else "<u, Jv> = <J'u, v>"
            message = (
                f"{identity} fails: {witness.operator} {witness.mode} gives {witness.value:.9g}, "
                f"this {projection.value:.9g}."
            )
            return Check(over_bound, Finding("identity", message))
    return Check(over_bound, None)


def check_symmetry(arrays: Sequence[Array], bounds: Sequence[Array]) -> Check:
    """Hold a Hessian against its transpose. Arguments as of `asymmetry`."""
    over_bound = asymmetry(arrays, bounds)
    if over_bound > 1:
        return Check(over_bound, Finding("symmetry", "The Hessian is not symmetric."))
    return Check(over_bound, None)


def asymmetry(arrays: Sequence[Array], bounds: Sequence[Array]) -> float:
    """Return the largest |H_ij - H_ji| of a Hessian.

    The unit is what both entries may be off together.

    arrays: the blocks, row by row, one for each pair of leaves of the active argument; `bounds`
    likewise.
    """
    count = round(len(arrays) ** 0.5)
    largest = 0.0
    for i in range(count):
        # The block of a leaf with itself has each of the leaf's axes twice.
        leaf_ndim = arrays[i * count + i].ndim // 2
        for j in range(i + 1):
            block, block_bounds = arrays[i * count + j], bounds[i * count + j]
            opposite, opposite_bounds = arrays[j * count + i], bounds[j * count + i]
            split = opposite.ndim - leaf_ndim
            axes = (*range(split, opposite.ndim), *range(split))
            difference = np.abs(block.astype(np.longdouble) - np.transpose(opposite, axes))
            tolerance = block_bounds + np.transpose(opposite_bounds, axes)
            if not np.isfinite(difference).all():
                return inf
            with np.errstate(all="ignore"):
                quotients = np.where(difference == 0, 0.0, difference / tolerance)
            largest = max(largest, float(np.max(np.nan_to_num(quotients, nan=0.0), initial=0.0)))
    return largest
