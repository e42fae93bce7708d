"""The bound.

The largest deviation from the true answer that correct arithmetic in a dtype may show, entry by
entry.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from adbench.cases.answer import Answer, norm
from adbench.cases.inputs import Array
from adbench.cases.operators import Mode
from adbench.cases.question import Question
from adbench.truth.enclosure import enclose
from adbench.truth.evaluation import UNDECIDED, evaluate, rounded, rounding_modes
from adbench.truth.formats import FORMATS, Format
from adbench.truth.limit import Limit, beside, directions
from adbench.truth.propagation import first_order_bounds
from adbench.truth.rounding import arithmetic

WIDE = 2.0**16
"""Bounds of more units of roundoff than this, beside the whole array, are wide."""

FINE = 2.0**-20
"""Bounds of at most this part of the whole array, 1e-6, are narrow enough where an answer is only
asked whether it is wrong, and is not measured by them."""

BESIDE = 0.25
"""The bounds of a limit are those at a point that is displaced by the unit roundoff to this power,
in units of its own size: far enough for the rounding of the program, near enough for its size."""

LEAST_DIGITS = 24
"""Formats of fewer digits have no bounds of first order, for rounding moves nothing in proportion
there."""


BOX = 2.0**-128
"""How wide the box is, in units of the active numbers' size, in which both sides of a kink are."""


def bound(
    question: Question,
    dtype: str,
    truth: Answer,
    radii: tuple[Array, ...],
    at_kinks: tuple[Array, ...] = (),
    *,
    fine: float = 0.0,
) -> tuple[Array, ...]:
    """Return for each array of an answer how far each entry may be from `truth` (float64).

    fine: bounds of at most this part of the whole array are not made narrower, which takes long.

    The same evaluation as the enclosure's, from the inputs as they are, in balls that every
    primitive widens by the rounding of the dtype (`rounding.py`). By induction over the primitives
    such a ball contains both the exact number and any that a backend computes; so a computed entry
    is at most midpoint difference + radius away from the truth. The `radii` of the truth itself are
    added. Where the balls are wide, for they forget what depends on what, the bound is that of
    first order, twice as wide (`propagation.py`), if that is narrower. Infinite where the program
    branches on what rounding may change, or where a matrix may be singular, or its eigenvalues
    repeated, for all that is known of it in this dtype.
    Where Taylor mode computes by other formulas than modes that nest, the bound is the larger one.

    at_kinks: which entries lie at a kink, where the evaluation from the inputs as they are would
    see one side alone: theirs is from the box that holds the sides, and ends with their hull.
    """
    form, modes = FORMATS[dtype], rounding_modes(question)
    bounds_by_mode = [_bounds_in_mode(question, form, truth, radii, mode, fine) for mode in modes]
    bounds = tuple(np.maximum.reduce(bounds) for bounds in zip(*bounds_by_mode, strict=True))
    if not any(mask.any() for mask in at_kinks):
        return bounds
    bounds_in_box = [_bounds_by_balls(question, form, truth, None, mode) for mode in modes]
    hulls = [np.maximum.reduce(hull) for hull in zip(*bounds_in_box, strict=True)]
    triples = zip(at_kinks, bounds, hulls, strict=True)
    return tuple(np.where(mask, np.minimum(wide, hull), wide) for mask, wide, hull in triples)


def _bounds_in_mode(
    question: Question,
    form: Format,
    truth: Answer,
    radii: tuple[Array, ...],
    mode: Mode,
    fine: float,
) -> tuple[Array, ...]:
    bounds = _bounds_by_balls(question, form, truth, radii, mode)
    is_wide = _is_wide(max(WIDE * form.unit, fine))
    if form.digits < LEAST_DIGITS or not any(map(is_wide, bounds, truth.arrays)):
        return bounds
    reaches = first_order_bounds(question, form, truth, mode)
    if reaches is None:
        return bounds
    return tuple(
        np.minimum(bounds_by_balls, _bound_of(form, centre, reach, centre, radius))
        for bounds_by_balls, reach, centre, radius in zip(
            bounds, reaches, truth.arrays, radii, strict=True
        )
    )


def bound_beside(question: Question, dtype: str, at: Limit) -> tuple[Array, ...]:
    """Return for each array how far each entry may be from a limit (float64).

    They are those of first order at a point beside, so far off that rounding does not take it back:
    at the point itself the program has no answer that could be bounded. An algorithm that does
    without eigenvectors, say, may be more accurate there; none has to be. Infinite where there are
    no bounds of first order.
    """
    form = FORMATS[dtype]
    nowhere = tuple(np.full(array.shape, np.inf) for array in at.answer.arrays)
    if form.digits < LEAST_DIGITS:
        return nowhere
    direction = directions(question)[0]
    displaced = beside(question, direction, form.unit**BESIDE)
    try:
        centres, _ = enclose(displaced).rounded()
    except UNDECIDED:
        return nowhere
    reaches = first_order_bounds(displaced, form, centres)
    if reaches is None:
        return nowhere
    return tuple(
        _bound_of(form, centre, reach, centre, radius)
        for reach, centre, radius in zip(reaches, at.answer.arrays, at.radii, strict=True)
    )


def _bounds_by_balls(
    question: Question,
    form: Format,
    truth: Answer,
    radii: tuple[Array, ...] | None,
    mode: Mode,
) -> tuple[Array, ...]:
    """The bounds by widened balls, from the inputs as they are.

    radii: those of the truth; where None, they are from the box that holds both sides of a kink,
    which has them in it.
    """
    widened_by = BOX if radii is None else 0.0
    try:
        with arithmetic(form) as xp:
            answer = evaluate(question, widened_by=widened_by, mode=mode, xp=xp)
            widened = [rounded(balls.primal) for balls in answer.arrays]
    except UNDECIDED:
        return tuple(np.full(array.shape, np.inf) for array in truth.arrays)
    if radii is None:
        radii = tuple(np.zeros(array.shape) for array in truth.arrays)
    return tuple(
        _bound_of(form, middle, reach, centre, radius)
        for (middle, reach), centre, radius in zip(widened, truth.arrays, radii, strict=True)
    )


def _is_wide(share: float) -> Callable[[Array, Array], bool]:
    """Whether the bounds of an array are more than a share of it."""

    def is_wide(bounds: Array, centres: Array) -> bool:
        finite = np.where(np.isfinite(centres), centres, 0.0)
        return not norm([bounds]) <= share * norm([finite])

    return is_wide


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
