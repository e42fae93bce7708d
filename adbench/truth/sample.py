"""A sample of an answer that is too large to be enclosed as a whole: projections, and entries.

A projection contracts the answer with random directions: d'g for a row of derivatives g, u'Jd for a
matrix J. The block is whole columns of a Jacobian, drawn without replacement, and of a Hessian the
entries whose row and column are both among those drawn. A row has no block: reverse mode would
compute all of its entries for a few of them. Directions and draws depend on the seed alone, so
whoever judges an answer makes them again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from adbench.cases.answer import Answer
from adbench.cases.inputs import Array
from adbench.cases.operators import Operator
from adbench.cases.question import Question
from adbench.truth.detection import MISSED, share_seen, smallest_error_seen

SEED = 20280
"""The seed of the directions and of the entries that are drawn."""

GRID = 2.0**-20
"""Directions are multiples of this, so that sums of some of them are exact."""

SUMMED_AT_ONCE = 64
"""So many numbers are summed at a time, so that the rounding of a sum grows with the logarithm of
its length."""

UNIT = float(np.finfo(np.longdouble).eps) / 2
"""The unit roundoff of longdouble, in which an answer is contracted."""

MATRICES = frozenset({Operator.JACOBIAN, Operator.HESSIAN})
"""Operators whose answers are matrices of derivatives."""

SAMPLED = frozenset({Operator.GRADIENT, Operator.VJP, Operator.HVP}) | MATRICES
"""Operators whose answers may be sampled."""

PROJECTIONS_PATH, ENTRIES_PATH = "projections", "entries"
"""What stands in the answer that is judged in place of the paths of the whole."""

Direction = list[Array]
"""An array for each leaf of the active argument (float64)."""


@dataclass(frozen=True)
class Sample:
    """What of an answer is judged."""

    operator: Operator
    """What was asked."""
    shapes: tuple[tuple[int, ...], ...]
    """The shapes of the leaves of the active argument."""
    output_shape: tuple[int, ...]
    """The shape of the output."""
    projections: int
    """How many projections are judged."""
    drawn: int
    """How many active numbers are drawn for the block of a matrix."""
    leading: int = 0
    """How many arrays of the answer come before those that are sampled, and are judged whole."""

    @property
    def n(self) -> int:
        """The number of active scalars."""
        return sum(map(math.prod, self.shapes))

    @property
    def is_matrix(self) -> bool:
        """Whether a projection contracts the answer from both sides."""
        return self.operator in MATRICES

    @property
    def entries(self) -> int:
        """How many entries are judged by themselves."""
        if self.operator is Operator.HESSIAN:
            return self.drawn**2
        return self.drawn * math.prod(self.output_shape)

    def direction(self, number: int) -> Direction:
        """Return the direction d of a projection."""
        return self._gaussian(self.shapes, number, 0)

    def left(self, number: int) -> Direction:
        """Return the direction u of a projection of a matrix, one array for each leaf of it."""
        is_square = self.operator is Operator.HESSIAN
        return self._gaussian(self.shapes if is_square else (self.output_shape,), number, 1)

    def positions(self) -> list[Array]:
        """Return for each leaf which of its entries, in C order, are drawn."""
        rng = np.random.default_rng([SEED, self.n])
        chosen = np.sort(rng.choice(self.n, self.drawn, replace=False))
        ends = np.cumsum([0, *map(math.prod, self.shapes)])
        pairs = zip(ends[:-1], ends[1:], strict=True)
        return [chosen[(chosen >= low) & (chosen < high)] - low for low, high in pairs]

    def place_of(self, number: int) -> tuple[int, int]:
        """Return of which leaf a drawn active number is, and which of its entries, in C order."""
        for leaf, chosen in enumerate(self.positions()):
            if number < len(chosen):
                return leaf, int(chosen[number])
            number -= len(chosen)
        raise IndexError("A sample was asked for an active number that it has not drawn.")

    def of(self, answer: Answer) -> tuple[Answer, tuple[Array, ...]]:
        """Return the part of a backend's answer that is judged.

        Beside it, for each of its arrays, how far rounding may have put it off (float64).
        """
        arrays = answer.arrays[self.leading :]
        leading = answer.arrays[: self.leading]
        paths = list(answer.paths[: self.leading])
        parts, errors = list(leading), [np.zeros(array.shape) for array in leading]
        if self.projections:
            pairs = [self._project(arrays, number) for number in range(self.projections)]
            paths.append(PROJECTIONS_PATH)
            parts.append(np.asarray([value for value, _ in pairs], np.longdouble))
            errors.append(np.asarray([error for _, error in pairs], np.float64))
        if self.drawn:
            block = self._block(arrays)
            paths.append(ENTRIES_PATH)
            parts.append(block)
            errors.append(np.zeros(block.shape))
        return Answer(tuple(paths), tuple(parts)), tuple(errors)

    def mismatch_of(self, answer: Answer) -> str:
        """Return what is wrong with the shapes of an answer, in a sentence, or ""."""
        shapes = [array.shape for array in answer.arrays[self.leading :]]
        expected = self._answer_shapes()
        if shapes == expected:
            return ""
        return f"The answer has arrays of the shapes {shapes} where {expected} were expected."

    def smallest_error(self, bounds: Array, missed: float = MISSED) -> float:
        """Return the norm of the smallest error that all projections miss with this probability.

        bounds: of the projections.
        """
        widths = [2 * float(bound) for bound in bounds]
        return smallest_error_seen(widths, missed, is_matrix=self.is_matrix)

    def smallest_share(self, missed: float = MISSED) -> float:
        """Return the smallest share of wrong entries that the block misses with this probability.

        Of a Jacobian it is the share of the columns, of a Hessian of the active numbers, whose
        rows and columns are wrong.
        """
        return share_seen(self.n, self.drawn, missed)

    def _gaussian(self, shapes: Sequence[tuple[int, ...]], number: int, side: int) -> Direction:
        rng = np.random.default_rng([SEED, number, side])
        return [np.round(rng.standard_normal(shape) / GRID) * GRID for shape in shapes]

    def _answer_shapes(self) -> list[tuple[int, ...]]:
        if self.operator is Operator.HESSIAN:
            return [(*left, *right) for left in self.shapes for right in self.shapes]
        rows = self.output_shape if self.is_matrix else ()
        return [(*rows, *shape) for shape in self.shapes]

    def _project(self, arrays: Sequence[Array], number: int) -> tuple[np.longdouble, float]:
        terms = [exact_enough_sum(term) for term in self._terms(arrays, number)]
        value = np.longdouble(0)
        error = 0.0
        for term, lost in terms:
            value += term
            error += lost
        sizes = sum(abs(float(term)) for term, _ in terms)
        return value, error + len(terms) * UNIT * sizes

    def _terms(self, arrays: Sequence[Array], number: int) -> Iterator[Array]:
        """The products whose sum is a projection, in longdouble, some at a time."""
        direction = self.direction(number)
        if not self.is_matrix:
            for array, v in zip(arrays, direction, strict=True):
                yield array.astype(np.longdouble) * v
            return
        left = self.left(number)
        pairs = [(u, v) for u in left for v in direction]
        for array, (u, v) in zip(arrays, pairs, strict=True):
            rows = array.reshape(u.size, v.size)
            for row, weight in zip(rows, u.ravel(), strict=True):
                yield row.astype(np.longdouble) * (v.ravel() * np.longdouble(weight))

    def _block(self, arrays: Sequence[Array]) -> Array:
        positions = self.positions()
        if self.operator is Operator.HESSIAN:
            return self._principal_block(arrays, positions)
        columns = [
            array.reshape(*self.output_shape, -1)[..., chosen]
            for array, chosen in zip(arrays, positions, strict=True)
        ]
        return np.concatenate(columns, axis=-1)

    def _principal_block(self, arrays: Sequence[Array], positions: Sequence[Array]) -> Array:
        sizes = list(map(math.prod, self.shapes))
        count = len(sizes)
        rows = [
            np.concatenate(
                [
                    arrays[i * count + j].reshape(sizes[i], sizes[j])[np.ix_(chosen, others)]
                    for j, others in enumerate(positions)
                ],
                axis=1,
            )
            for i, chosen in enumerate(positions)
        ]
        return np.concatenate(rows, axis=0)


def exact_enough_sum(terms: Array) -> tuple[np.longdouble, float]:
    """Return the sum of products in longdouble, and how far it is off at most.

    Each product is off by u of itself. Sums of 64 numbers at a time are off by at most 64 u times
    the sum of the absolute values, in whatever order they are taken (N. J. Higham, Accuracy and
    Stability of Numerical Algorithms, 2nd ed., section 4.2).
    """
    sums = terms.ravel()
    absolute = float(np.sum(np.abs(sums))) * 1.001
    stages = 1
    while sums.size > SUMMED_AT_ONCE:
        padded = np.zeros(-(-sums.size // SUMMED_AT_ONCE) * SUMMED_AT_ONCE, np.longdouble)
        padded[: sums.size] = sums
        sums = padded.reshape(-1, SUMMED_AT_ONCE).sum(axis=1)
        stages += 1
    return np.sum(sums, dtype=np.longdouble), (2 + stages * SUMMED_AT_ONCE) * UNIT * absolute


def sample_of(question: Question, projections: int, drawn: int) -> Sample:
    """Return a sample of the answer to a question."""
    return Sample(
        operator=question.operator,
        shapes=tuple(leaf.shape for leaf in question.active_leaves),
        output_shape=question.inputs.cotangent.shape,
        projections=projections,
        drawn=drawn,
    )
