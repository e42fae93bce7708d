"""Whether the answer to a question can be enclosed as a whole, or in part, or not at all.

Balls take microseconds where doubles take nanoseconds, and some hundred bytes each. What an
enclosure takes is estimated beforehand, from the numbers that go in and come out and from the
operations of one evaluation. The figures were measured on one core of an AMD EPYC (Python 3.11,
python-flint 0.9): a gradient of 10^6 parameters takes 8 s and 0.5 GB, one projection of it 5 s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import psutil

from adbench.cases.operators import Operator, passes
from adbench.cases.question import Question
from adbench.cases.static import arrays_of
from adbench.counting.operations import FunctionWork, work_of_function
from adbench.truth.evaluation import cheapest_mode
from adbench.truth.sample import MATRICES, SAMPLED, Sample, sample_of

NUMBER_S, ENTRY_S = 4.5e-6, 3e-6
"""Seconds that a number of the arguments, and an entry of the answer, take in all: enclosed,
certified and bounded."""

ELEMENT_S, TERM_S = 8e-6, 1e-8
"""Seconds that an operation on an element, and one in a matrix product, take in all."""

FURTHER_SWEEP = 0.2
"""The part of the cost of the operations that each sweep after the first takes."""

NUMBER_BYTES, ENTRY_BYTES, ELEMENT_BYTES = 400, 200, 300
"""What a number of the arguments, an entry and the result of an operation take at the peak."""

CONTRACTED_S, CONTRACTED_BYTES = 2e-7, 100
"""What an entry of a matrix takes for each projection (s), and an entry of any answer at the peak,
where the answer is computed in doubles and contracted."""

DIRECTIONAL = 0.3
"""The part of the cost of a number that a directional derivative takes."""

CERTIFICATE = 0.8
"""The part of the cost of a number that a certificate takes, which all projections share."""

PROJECTIONS = 4
"""How many projections are judged where time allows."""

MOST_DRAWN = 256
"""How many columns of a matrix are judged entry by entry, at most."""

MOST_IN_BLOCK = 1 << 14
"""How many entries of a matrix are judged by themselves, unless one column has more."""

SIDE_OF_HESSIAN = 32
"""How many rows, and columns, of a Hessian are judged entry by entry."""

TANGENT = 0.5
"""The part of the cost of a number that its tangent takes, for each column that is drawn."""

SHARE_OF_MEMORY = 0.6
"""The part of the memory that is available which a truth may take."""


@dataclass(frozen=True)
class SizeLimits:
    """What a truth may take."""

    seconds: float = 60.0
    """As estimated for one core (s)."""
    bytes: float | None = None
    """At the peak; None for a part of the memory that is available."""

    surely_small: int = 1 << 17
    """Where fewer numbers go in and come out, nothing is estimated, and everything is enclosed."""

    @property
    def most_bytes(self) -> float:
        """How many bytes a truth may take at the peak."""
        if self.bytes is not None:
            return self.bytes
        return SHARE_OF_MEMORY * psutil.virtual_memory().available


@dataclass(frozen=True)
class Cost:
    """What something is estimated to take."""

    seconds: float
    bytes: float

    def fits(self, limits: SizeLimits) -> bool:
        """Whether it is within the limits."""
        return self.seconds <= limits.seconds and self.bytes <= limits.most_bytes

    def excess(self, limits: SizeLimits) -> float:
        """How many times the limits it takes, of time or of memory."""
        return max(self.seconds / limits.seconds, self.bytes / max(limits.most_bytes, 1.0))


@dataclass(frozen=True)
class Extent:
    """How much of an answer is enclosed."""

    sample: Sample | None = None
    """What of it where it is not all; None where it is all or nothing."""
    refusal: str = ""
    """Why nothing is, in a sentence, or ""."""


def extent(question: Question, limits: SizeLimits) -> Extent:
    """Decide how much of the answer to a question is enclosed within the limits."""
    numbers, entries = _numbers(question), _entries(question)
    if numbers + entries < limits.surely_small:
        return Extent()
    work = work_of_function(question.model, question.inputs) or FunctionWork(2 * numbers, numbers)
    whole = cost_of_whole(question, work)
    if whole.fits(limits):
        return Extent()
    evaluation = cost_of_projections(question, work)
    if question.operator not in SAMPLED or not evaluation.fits(limits):
        smallest = evaluation if question.operator in SAMPLED else whole
        return Extent(refusal=_refusal(question, smallest, limits))
    return Extent(_largest_sample(question, work, limits))


def cost_of_whole(question: Question, work: FunctionWork) -> Cost:
    """Estimate what the whole answer takes: enclosed, certified and bounded."""
    return _cost(_numbers(question), _entries(question), work, _passes(question))


def cost_of_projections(question: Question, work: FunctionWork, projections: int = 1) -> Cost:
    """Estimate what some certified projections take, and their bounds in doubles."""
    numbers = _numbers(question)
    one = _cost(numbers, 1, work, 1)
    seconds = one.seconds * (CERTIFICATE + DIRECTIONAL * projections)
    if question.operator in MATRICES:
        seconds += one.seconds * CERTIFICATE * (projections - 1)  # each has one of its own
        seconds += CONTRACTED_S * _entries(question) * projections
    return Cost(seconds, one.bytes + CONTRACTED_BYTES * _entries(question))


def cost_of_block(question: Question, work: FunctionWork, drawn: int) -> Cost:
    """Estimate what the entries of some columns of a matrix take."""
    entries = sample_of(question, 0, drawn).entries
    numbers = int(_numbers(question) * (2 + TANGENT * drawn))
    return _cost(numbers, entries, work, sweeps=drawn)


def _largest_sample(question: Question, work: FunctionWork, limits: SizeLimits) -> Sample:
    """As many projections as fit, up to `PROJECTIONS`, and then a block if it fits too."""
    projections = 1
    for count in range(2, PROJECTIONS + 1):
        if cost_of_projections(question, work, count).fits(limits):
            projections = count
    spent = cost_of_projections(question, work, projections).seconds
    left = replace(limits, seconds=max(limits.seconds - spent, 1e-9))
    drawn = _drawn(question)
    while drawn and not cost_of_block(question, work, drawn).fits(left):
        drawn //= 2
    return sample_of(question, projections, drawn)


def _drawn(question: Question) -> int:
    """How many active numbers are drawn for a block."""
    n, m = question.inputs.n, question.inputs.m
    if question.operator is Operator.HESSIAN:
        return min(n, SIDE_OF_HESSIAN)
    if question.operator is Operator.JACOBIAN:
        return max(1, min(n, MOST_DRAWN, MOST_IN_BLOCK // m))
    return 0


def _cost(numbers: int, entries: int, work: FunctionWork, sweeps: int) -> Cost:
    times = 1 + FURTHER_SWEEP * (sweeps - 1)
    in_operations = TERM_S * work.in_products + ELEMENT_S * work.of_elements
    return Cost(
        NUMBER_S * numbers + ENTRY_S * entries + in_operations * times,
        NUMBER_BYTES * numbers + ENTRY_BYTES * entries + ELEMENT_BYTES * work.of_elements * times,
    )


def _passes(question: Question) -> int:
    inputs, operator = question.inputs, question.operator
    return passes(operator, cheapest_mode(question), inputs.n, inputs.m)


def _numbers(question: Question) -> int:
    """How many real numbers the arguments have."""
    leaves = arrays_of(question.inputs.arguments)
    return sum(leaf.size for leaf in leaves if np.issubdtype(leaf.dtype, np.floating))


def _entries(question: Question) -> int:
    """How many entries the answer has."""
    n, m = question.inputs.n, question.inputs.m
    sizes = {Operator.JACOBIAN: n * m, Operator.HESSIAN: n * n}
    if question.operator in SAMPLED:
        return sizes.get(question.operator, n)
    return 1 if question.operator is Operator.DERIVATIVE else m


def _refusal(question: Question, cost: Cost, limits: SizeLimits) -> str:
    """Say that nothing can be enclosed, what it would take, and what to do."""
    numbers = _numbers(question)
    largest = int(numbers / cost.excess(limits))
    return (
        f"The {question.describe()} of {numbers:,} numbers is too large to be enclosed, even along "
        f"one direction: that takes an estimated {cost.seconds:,.0f} s and "
        f"{cost.bytes / 2**30:,.1f} GiB, of {limits.seconds:,.0f} s and "
        f"{limits.most_bytes / 2**30:,.1f} GiB. About {largest:,} numbers would fit: check the "
        "same function at a smaller size, or where more memory is free."
    )
