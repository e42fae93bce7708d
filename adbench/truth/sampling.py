"""The truth of a sample of an answer: certified projections, and a block of entries.

Each is enclosed and certified as a whole answer is (`enclosure.py`, `certificate.py`). A projection
is a directional derivative, in forward mode. Their certificate is shared: differences along the sum
of the directions, with random signs, must overlap the sum of the enclosures. The bound of a
projection is that of first order, of the program that computes the whole answer and contracts it
(`propagation.py`); that of an entry is its own (`bound.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adbench.cases.inputs import Array
from adbench.cases.operators import Operator
from adbench.cases.question import Question
from adbench.truth.bound import bound
from adbench.truth.certificate import certify
from adbench.truth.enclosure import Enclosure, enclose
from adbench.truth.formats import FORMATS
from adbench.truth.propagation import Contract, first_order_bound_of_contraction
from adbench.truth.restricted import along, along_both, on_entries, sum_of
from adbench.truth.sample import ENTRIES_PATH, PROJECTIONS_PATH, SEED, Direction, Sample
from ball_arithmetic import precision
from reference_ad import numpy as engine
from reference_ad.engine import tree

OF_ONE_STEP = frozenset({Operator.GRADIENT, Operator.VJP, Operator.JACOBIAN})
"""Operators of first order, whose projections are directional derivatives."""


@dataclass(frozen=True)
class SampledPart:
    """What is known of one kind of sample; fields as of `Truth`."""

    path: str
    answer: Array
    radii: Array
    bounds: dict[str, Array]
    bits: int
    doubt: str


def sampled_parts(
    question: Question, sample: Sample, dtypes: Sequence[str]
) -> tuple[SampledPart, ...]:
    """Compute the truth of a sample.

    Raises CertificateError where the function contradicts an enclosure, and ValueError or
    ZeroDivisionError where balls leave open how the program goes on.
    """
    parts = []
    if sample.projections:
        parts.append(_projections(question, sample, dtypes))
    if sample.drawn:
        parts.append(_block(question, sample, dtypes))
    return tuple(parts)


def _block(question: Question, sample: Sample, dtypes: Sequence[str]) -> SampledPart:
    restricted = on_entries(question, sample)
    enclosure = enclose(restricted)
    answer, radii = enclosure.rounded()
    doubt = certify(restricted, enclosure)
    bounds = {dtype: bound(restricted, dtype, answer, radii)[0] for dtype in dtypes}
    return SampledPart(ENTRIES_PATH, answer.arrays[0], radii[0], bounds, enclosure.bits, doubt)


def _projections(question: Question, sample: Sample, dtypes: Sequence[str]) -> SampledPart:
    numbers = range(sample.projections)
    if question.operator in OF_ONE_STEP and not sample.is_matrix:
        enclosures, doubt = _rows_along(question, [sample.direction(k) for k in numbers])
    else:
        pairs = [_enclosed_alone(question, sample, number) for number in numbers]
        enclosures = [enclosure for enclosure, _ in pairs]
        doubt = next((doubt for _, doubt in pairs if doubt), "")
    rounded = [enclosure.rounded() for enclosure in enclosures]
    values = [_last(answer.arrays[0]) for answer, _ in rounded]
    reaches = [_last(radii[0]) for _, radii in rounded]
    bounds = {
        dtype: np.asarray(
            [
                _bound(question, sample, dtype, number, values[number]) + reaches[number]
                for number in numbers
            ]
        )
        for dtype in dtypes
    }
    return SampledPart(
        PROJECTIONS_PATH,
        np.asarray(values, np.longdouble),
        np.asarray(reaches, np.float64),
        bounds,
        max(enclosure.bits for enclosure in enclosures),
        doubt,
    )


def _rows_along(question: Question, directions: Sequence[Direction]) -> tuple[list[Enclosure], str]:
    """The directional derivatives of a row, and why they are in doubt, or ""."""
    left = None if question.operator is Operator.GRADIENT else question.inputs.cotangent
    enclosures = [enclose(along(question, direction, left)) for direction in directions]
    rng = np.random.default_rng(SEED)
    signs = rng.choice([-1.0, 1.0], len(directions))
    bits = max(enclosure.bits for enclosure in enclosures)
    with precision(bits):
        terms = [
            enclosure.balls[0] * sign for enclosure, sign in zip(enclosures, signs, strict=True)
        ]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
    together = along(question, sum_of(directions, signs), left)
    return enclosures, certify(together, Enclosure(enclosures[0].paths, (total,), bits))


def _enclosed_alone(question: Question, sample: Sample, number: int) -> tuple[Enclosure, str]:
    """One projection, and why it is in doubt, or ""."""
    direction, left = sample.direction(number), sample.left(number)
    if question.operator is Operator.JACOBIAN:
        restricted = along(question, direction, left[0])
    elif question.operator is Operator.HESSIAN:
        restricted = along_both(question, left, direction)
    else:
        tangent: Direction = tree.leaves(question.inputs.tangent)
        restricted = along_both(question, direction, tangent)
    enclosure = enclose(restricted)
    return enclosure, certify(restricted, enclosure)


def _last(array: Array) -> Any:
    """The projection in an answer about it: the whole, or the mixed entry of a Hessian of two."""
    return array[0, 1] if array.shape == (2, 2) else array[()]


def _bound(
    question: Question, sample: Sample, dtype: str, number: int, value: np.longdouble
) -> float:
    """How far correct arithmetic in a dtype may be off in a projection; infinite where unknown."""
    form = FORMATS[dtype]
    contract = _contract(sample, number)
    answer = np.asarray(value, np.longdouble)
    found = first_order_bound_of_contraction(question, form, answer, contract)
    return np.inf if found is None else float(found)


def _contract(sample: Sample, number: int) -> Contract:
    """What makes a projection of the leaves of an answer."""
    direction = sample.direction(number)
    left = sample.left(number) if sample.is_matrix else [np.ones(())]
    weights = [(u, v) for u in left for v in direction]

    def contract(leaves: list[Any]) -> Any:
        total: Any = 0.0
        for leaf, (u, v) in zip(leaves, weights, strict=True):
            rows = engine.reshape(leaf, (u.size, v.size))
            total = total + engine.sum((rows @ v.ravel()) * u.ravel())
        return total

    return contract
