"""Whether an error beyond the bound may be the rounding of another algorithm.

The bound holds for the algorithm of the specification. Another one, such as softplus as
log(1 + exp x), may round larger numbers than that, and lose some digits beside it. Its error is
explained where it is nothing beside the largest number that enters, or where a change of the inputs
in their last places would change the answer as much: the answer is then exactly right for inputs
that nobody could tell from those given (N. J. Higham, Accuracy and Stability of Numerical
Algorithms, 2nd ed., section 1.5).

At points that are suggested for their large numbers, products of two of these enter, and cancel in
what saturates: attention whose weights are made again from the logarithm of their sum has no digit
of a slope of 1e-9 there, where the scores are in the thousands.
"""

from __future__ import annotations

import numpy as np

from adbench.cases.answer import Answer
from adbench.cases.inputs import Array
from adbench.cases.question import Question
from adbench.cases.static import arrays_of
from adbench.judging.comparison import Entries
from adbench.truth.evaluation import UNDECIDED, evaluate, rounded
from adbench.truth.formats import FORMATS
from adbench.truth.propagation import first_order_reach
from adbench.truth.truth import Truth
from ball_arithmetic import precision

LARGEST_ULP = 1024.0
"""An error of so many units of roundoff of the largest number that enters may be rounding: one part
in 10^13 in float64."""

HIDDEN = {"float64": 1e-10, "float32": 9e-4, "float16": 0.0, "bfloat16": 0.0}
"""The relative error of an entry above which the size of other numbers explains nothing: a constant
of nine digits is an error in float64, a thousandth in float32. In 16 bits the bounds are wide
enough."""

LARGE_ULP = 128.0
"""At points of large numbers an error of so many units of roundoff of their largest square may be
rounding, unless it is a part of `FAR_OFF` of 1, or of the largest entry."""

INPUT_ULP = 16.0
"""Inputs that differ by so many units of roundoff are taken for the same."""

BITS = 128
"""The precision in which the reach of the inputs is computed."""

FAR_OFF = 1e-3
"""Errors above this part of an array are not looked at for what other numbers explain."""


def is_rounding(answer: Answer, truth: Truth, question: Question, dtype: str) -> bool:
    """Return whether all errors beyond the bounds are explained by another algorithm's rounding.

    The answer has the shape and dtype of the truth.
    """
    triples = zip(answer.arrays, truth.answer.arrays, truth.bounds[dtype], strict=True)
    largest_input, square = _largest_input(question), _largest_square(question)
    unexplained = [
        _unexplained(returned, true, bound, largest_input, square, dtype)
        for returned, true, bound in triples
    ]
    if not any(errors.any() for errors in unexplained):
        return True
    pairs = zip(unexplained, truth.answer.arrays, strict=True)
    if any(_is_far_off(errors, true) for errors, true in pairs):
        return False
    reach = _reach_of_inputs(question, INPUT_ULP * FORMATS[dtype].unit, truth.answer)
    return reach is not None and all(
        (errors <= possible).all() for errors, possible in zip(unexplained, reach, strict=True)
    )


def _largest_input(question: Question) -> float:
    """The largest number among the arguments and their reciprocals, and at least 1."""
    sizes = _sizes_of_inputs(question)
    with np.errstate(over="ignore"):
        reciprocals = 1 / sizes
    return float(np.max(np.concatenate([sizes, reciprocals]), initial=1.0))


def _largest_square(question: Question) -> float:
    """That of a number among the arguments at a point of large numbers; 0 at any other."""
    if not getattr(question.model.make, "is_far", False):
        return 0.0
    largest = np.max(_sizes_of_inputs(question), initial=0.0)
    with np.errstate(over="ignore"):
        return float(largest * largest)


def _sizes_of_inputs(question: Question) -> Array:
    """The sizes of the numbers among the arguments that are finite and not 0."""
    leaves = [leaf for leaf in arrays_of(question.inputs.arguments) if leaf.dtype.kind not in "biu"]
    numbers = np.concatenate([leaf.ravel().astype(np.longdouble) for leaf in leaves])
    return np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])


def _unexplained(
    returned: Array, true: Array, bound: Array, largest_input: float, square: float, dtype: str
) -> Array:
    """The errors of an array that neither the bounds nor the largest numbers explain, else 0.

    square: that of the largest number, where products of two enter; 0 elsewhere.
    """
    form = FORMATS[dtype]
    in_bounds = Entries.of(returned, true, bound, dtype).in_bounds
    with np.errstate(invalid="ignore", over="ignore"):
        errors = np.abs(returned.astype(np.longdouble) - true)
    errors = np.where(np.isnan(errors), np.inf, errors)
    sizes = np.where(np.isfinite(true), np.abs(true), 0.0)
    largest = np.max(sizes, initial=0.0)
    rounding = LARGEST_ULP * form.unit * max(largest_input, float(largest))
    possible = np.minimum(rounding, HIDDEN[dtype] * sizes)
    of_products = min(LARGE_ULP * form.unit * square, FAR_OFF * max(1.0, float(largest)))
    possible = np.maximum(possible, of_products)
    if largest == 0.0:  # where all is 0, what cancels may leave the last places of ordinary numbers
        possible = possible + INPUT_ULP * form.unit
    unexplained: Array = np.where((in_bounds > 1) & (errors > possible), errors, 0.0)
    return unexplained


def _is_far_off(errors: Array, true: Array) -> bool:
    largest = np.max(np.abs(true), initial=0.0, where=np.isfinite(true))
    return bool(np.max(errors, initial=0.0) > FAR_OFF * largest)


def _reach_of_inputs(
    question: Question, widened_by: float, truth: Answer
) -> tuple[Array, ...] | None:
    """How far each entry may move where the active numbers move by this part of their size.

    To first order where that is a bound, for balls may be far wider. None where the function may
    branch in between.
    """
    reach = first_order_reach(question, widened_by, truth)
    if reach is not None:
        return reach
    try:
        with precision(BITS):
            balls = evaluate(question, widened_by=widened_by, widens_values=True)
            radii = [rounded(array.primal)[1] for array in balls.arrays]
    except UNDECIDED:
        return None
    return tuple(np.where(np.isfinite(radius), radius, 0.0) for radius in radii)
