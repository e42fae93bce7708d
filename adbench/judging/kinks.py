"""What all sides of a kink have in common.

At a kink a function has several derivatives, one on each of its sides, and every mean of them is
right (F. H. Clarke, Optimization and Nonsmooth Analysis, SIAM 1990, theorem 2.5.1). The hull of
each entry by itself leaves much open: of max(x, y) at x = y the slopes (1, 1) lie within it, and
are no mean of the sides' (1, 0) and (0, 1). Along (1, 1), where the function is smooth, they are
wrong. In all directions along which the sides agree, a right answer agrees with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adbench.backends.base import prepare, to_backend
from adbench.backends.reference import Tape
from adbench.cases.answer import Answer
from adbench.cases.inputs import Array
from adbench.cases.operators import Mode, Operator
from adbench.cases.question import Question
from reference_ad.engine import tree

STEP = 1e-6
"""How far from the point its sides are looked at, in units of its numbers' sizes."""

MORE_SIDES = 32
"""So many sides are looked at beyond two for each entry at a kink."""

MOST_KINKS = 64
"""Points with more entries at kinks than this are not looked at."""

MOST_INPUTS = 2000
"""Nor are those with more active scalars than this."""

AGREE = 1e-3
"""The sides agree along a direction where they differ by less than this part of their size: they
are looked at so near that smooth functions differ by much less."""

OFF = 1e-2
"""An answer is off the sides where it differs from them by more than this part of their size."""

SEED = 20251
"""The seed of the directions in which the sides lie."""


def off_all_sides(answer: Answer, question: Question, kinks: int) -> str:
    """Return in a sentence how a gradient or a VJP at a kink is none that any mean of its sides is.

    "" where it may be one. kinks: how many of its entries lie at a kink.
    """
    few = kinks <= MOST_KINKS and question.inputs.n <= MOST_INPUTS
    if question.operator not in (Operator.GRADIENT, Operator.VJP) or not few:
        return ""
    returned = np.concatenate([array.ravel().astype(np.float64) for array in answer.arrays])
    sides = _derivatives_on_sides(question, 2 * kinks + MORE_SIDES)
    if len(sides) < 2 * kinks + MORE_SIDES or not np.isfinite(returned).all():
        return ""
    size = float(np.max(np.linalg.norm(sides, axis=1)))
    _, lengths, directions = np.linalg.svd(sides[1:] - sides[0], full_matrices=False)
    differing = directions[lengths > AGREE * size]
    off = returned - sides[0]
    off = off - differing.T @ (differing @ off)
    length = float(np.linalg.norm(off))
    if length <= OFF * size or size == 0.0:
        return ""
    direction = off / length
    return (
        "It is no mean of the derivatives on the sides of the kink: along a direction in which all "
        f"of them give {float(sides[0] @ direction):.6g}, it gives "
        f"{float(returned @ direction):.6g}."
    )


def _derivatives_on_sides(question: Question, count: int) -> Array:
    """The derivatives at points beside that of the question, one in a row; those that exist."""
    inputs = question.inputs.astype(np.float64)
    backend = Tape()
    problem = to_backend(backend, question.model.output, inputs, question.operator)
    _, call = prepare(backend, problem, question.operator, Mode.REVERSE, question.order)
    rng = np.random.default_rng(SEED)
    rows = [
        _flat(call, tree.map(lambda leaf: _beside(leaf, rng), problem.active), problem)
        for _ in range(count)
    ]
    finite = [row for row in rows if np.isfinite(row).all()]
    return np.array(finite)


def _beside(leaf: Array, rng: np.random.Generator) -> Array:
    sizes = np.where(leaf == 0, 1.0, np.abs(leaf))
    return np.asarray(leaf + STEP * sizes * rng.standard_normal(leaf.shape))


def _flat(call: Callable[..., Any], active: Any, problem: Any) -> Array:
    with np.errstate(all="ignore"):
        answer = call(active, problem.constants, problem.direction)
    return np.concatenate([np.asarray(leaf).ravel() for leaf in tree.leaves(answer)])
