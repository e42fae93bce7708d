"""The bound: the largest deviation from the true answer that correct arithmetic in a dtype may
show, entry by entry."""

from __future__ import annotations

import numpy as np

from adbench.cases.inputs import Inputs
from adbench.cases.model import Model
from adbench.cases.operators import Operator
from adbench.truth.answers import Answer, Array
from adbench.truth.enclosure import UNDECIDED, evaluate, rounded
from adbench.truth.rounding import FORMATS, arithmetic


def bound(
    model: Model,
    inputs: Inputs,
    operator: Operator,
    order: int,
    dtype: str,
    true: Answer,
    radii: tuple[Array, ...],
) -> tuple[Array, ...]:
    """Return for each array of an answer how far each entry may be from `true` (float64).

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
            found = [
                rounded(balls.primal)
                for balls in evaluate(model, inputs, operator, order, xp=xp)[1]
            ]
    except UNDECIDED:
        return tuple(np.full(array.shape, np.inf) for array in true.arrays)
    bounds = []
    for (middle, reach), centre, radius in zip(found, true.arrays, radii, strict=True):
        with np.errstate(all="ignore"):
            # where this evaluation only moves numbers, another may compute with them
            least = form.arithmetic * form.unit * np.abs(centre)
            widest = np.maximum(np.abs(middle - centre) + reach, least) + radius + form.smallest
            widest = widest.astype(np.float64)
        bounds.append(np.where(np.isfinite(widest), widest, np.inf))
    return tuple(bounds)
