"""The truth at a point where a program has none, and its function goes on.

f(A) = V f(L) V' is a smooth function of A where eigenvalues repeat, although no eigenvectors are
its own there, so that neither balls nor the program's derivative get through; sin(x) / x is smooth
at 0. The answer to a
question is continuous where the function is smooth: it is the limit of the answers beside the
point, which are enclosed and certified as any others are (`enclosure.py`, `certificate.py`).

Beside the point means: displaced in random directions and in the opposite ones, so far that the
working precision separates what falls together, and so little that a smooth function's answer is
the same to twenty-four digits. Where the answers agree so far, their hull is taken for the limit.
Where all of them shrink with the distance the limit is 0. They do not agree at a kink or a branch,
whose sides lie in opposite directions, for single eigenvectors, which turn with the direction, nor
at a singular matrix.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adbench.cases.answer import Answer
from adbench.cases.inputs import Array
from adbench.cases.question import Question
from adbench.truth.certificate import Direction, certify
from adbench.truth.enclosure import Enclosure, enclose
from adbench.truth.evaluation import UNDECIDED
from ball_arithmetic import precision, radii
from reference_ad.engine import tree

DISPLACEMENT = 2.0**-110
"""How far the points beside it are, in units of the active numbers' size."""

AGREEMENT = 2.0**-80
"""Answers agree where they differ by this part of their largest entry at most."""

NEARER = 2.0**-150
"""How far points are at which answers must be smaller in proportion, where their limit is 0."""

WIDER = 16.0
"""By how much the limit may be farther from the answers than these are from each other."""

DIRECTIONS = 2
"""In how many directions, and the opposite ones."""

SEED = 20270
"""The seed of the random directions."""


@dataclass(frozen=True)
class Limit:
    """What the answers beside a point tend to."""

    answer: Answer
    """longdouble."""

    radii: tuple[Array, ...]
    """How far the limit may be from `answer` (float64)."""

    bits: int
    """The working precision."""

    doubt: str
    """Why an answer beside the point is not certified, or ""."""


def directions(question: Question) -> list[Direction]:
    """Return random directions in the space of the active argument, and their opposites."""
    rng = np.random.default_rng(SEED)
    chosen = []
    for _ in range(DIRECTIONS):
        direction = [
            rng.uniform(-1, 1, leaf.shape) * np.where(leaf == 0, 1.0, np.abs(leaf))
            for leaf in question.active_leaves
        ]
        chosen += [direction, [-v for v in direction]]
    return chosen


def beside(question: Question, direction: Direction, size: float) -> Question:
    """Return the question about a point that is displaced, however little, in a direction."""
    function, position = question.model.function, question.inputs.active

    def displaced(xp: Any, *arguments: Any) -> Any:
        leaves, structure = tree.flatten(arguments[position])
        moved = [x + xp.asarray(size * v) for x, v in zip(leaves, direction, strict=True)]
        active = tree.unflatten(structure, moved)
        return function(xp, *arguments[:position], active, *arguments[position + 1 :])

    return replace(question, model=replace(question.model, function=displaced))


def limit(question: Question) -> Limit | None:
    """Return what the answers beside a point tend to, None where they do not agree.

    Raises CertificateError where an answer beside the point is contradicted by the function.
    """
    questions = [beside(question, v, DISPLACEMENT) for v in directions(question)]
    try:
        enclosures = [enclose(displaced) for displaced in questions]
        hull = _hull(enclosures) or _vanishing(question, enclosures)
    except UNDECIDED:
        return None
    if hull is None:
        return None
    answer, reaches = hull
    pairs = zip(questions, enclosures, strict=True)
    doubts = [certify(displaced, enclosure) for displaced, enclosure in pairs]
    doubt = next((doubt for doubt in doubts if doubt), "")
    return Limit(answer, reaches, max(enclosure.bits for enclosure in enclosures), doubt)


def _vanishing(
    question: Question, enclosures: list[Enclosure]
) -> tuple[Answer, tuple[Array, ...]] | None:
    """The answer 0, where all answers beside the point shrink at least as fast as their distance.

    None where one does not.
    """
    ratio = 2.0 * NEARER / DISPLACEMENT
    for direction, enclosure in zip(directions(question), enclosures, strict=True):
        nearer = enclose(beside(question, direction, NEARER))
        for size, nearer_size in zip(_sizes(enclosure), _sizes(nearer), strict=True):
            if not np.all(np.isfinite(size) & (nearer_size <= ratio * size)):
                return None
    answer, _ = enclosures[0].rounded()
    zeros = tuple(np.zeros(array.shape, np.longdouble) for array in answer.arrays)
    exact = tuple(np.zeros(array.shape) for array in zeros)
    return Answer(answer.paths, zeros), exact


def _sizes(enclosure: Enclosure) -> list[Array]:
    """How large the entries of an answer may be at most; infinite where that is not known."""
    answer, radii = enclosure.rounded()
    pairs = zip(answer.arrays, radii, strict=True)
    sizes = [np.abs(centres) + radius for centres, radius in pairs]
    return [np.where(np.isnan(size), np.inf, size) for size in sizes]


def _hull(enclosures: list[Enclosure]) -> tuple[Answer, tuple[Array, ...]] | None:
    """What contains all answers, and more; None where they do not agree."""
    first, *others = enclosures
    answer, widths = first.rounded()
    reaches = []
    for position, (centres, width) in enumerate(zip(answer.arrays, widths, strict=True)):
        with precision(max(enclosure.bits for enclosure in enclosures)):
            differences = [first.balls[position] - other.balls[position] for other in others]
        distance = np.max([radii(ball, np.zeros(ball.shape)) for ball in differences], axis=0)
        size = np.max(np.abs(centres), initial=0.0)
        if not np.all(distance <= AGREEMENT * size):
            return None
        reaches.append(np.asarray(WIDER * distance + width, np.float64))
    return answer, tuple(reaches)
