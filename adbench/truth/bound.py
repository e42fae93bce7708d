"""The bound.

The largest deviation from the true answer that correct arithmetic in a dtype may show, entry by
entry.
"""

from __future__ import annotations

import numpy as np

from adbench.cases.answer import Answer
from adbench.cases.inputs import Array
from adbench.cases.question import Question
from adbench.truth.evaluation import UNDECIDED, evaluate, rounded
from adbench.truth.formats import FORMATS, Format
from adbench.truth.rounding import arithmetic


def bound(
    question: Question, dtype: str, truth: Answer, radii: tuple[Array, ...]
) -> tuple[Array, ...]:
    """Return for each array of an answer how far each entry may be from `truth` (float64).

    The same evaluation as the enclosure's, from the inputs as they are, in balls that every
    primitive widens by the rounding of the dtype (`rounding.py`). By induction over the primitives
    such a ball contains both the exact number and any that a backend computes; so a computed entry
    is at most midpoint difference + radius away from the truth. The `radii` of the truth itself are
    added. Infinite where the program branches on what rounding may change, or where a matrix may be
    singular, or its eigenvalues repeated, for all that is known of it in this dtype.
    """
    form = FORMATS[dtype]
    try:
        with arithmetic(form) as xp:
            widened = [rounded(balls.primal) for balls in evaluate(question, xp=xp).arrays]
    except UNDECIDED:
        return tuple(np.full(array.shape, np.inf) for array in truth.arrays)
    return tuple(
        _bound_of(form, middle, reach, centre, radius)
        for (middle, reach), centre, radius in zip(widened, truth.arrays, radii, strict=True)
    )


def _bound_of(form: Format, middle: Array, reach: Array, centre: Array, radius: Array) -> Array:
    """The bound of one array.

    It is made of its widened balls (`middle`, `reach`) and its enclosure (`centre`, `radius`).
    """
    with np.errstate(all="ignore"):
        # where this evaluation only moves numbers, another may compute with them
        least = form.arithmetic * form.unit * np.abs(centre)
        widest = np.maximum(np.abs(middle - centre) + reach, least) + radius + form.smallest
        bounds = widest.astype(np.float64)
    return np.where(np.isfinite(bounds), bounds, np.inf)
