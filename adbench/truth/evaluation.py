"""Answers in ball arithmetic: the reference engine's operators, evaluated on FLINT's balls.

F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, IEEE Trans.
Computers 66, 2017: every result contains the exact one. The inputs are the float64 numbers that all
backends get.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import ball_arithmetic
from adbench.backends.base import prepare, to_backend
from adbench.backends.reference import Tape
from adbench.cases.inputs import Array
from adbench.cases.operators import HIGHEST_NESTED_ORDER, Mode, Operator, modes_of, passes
from adbench.cases.question import Question
from ball_arithmetic import numbers
from ball_arithmetic.reading import are_finite, less, nearest_doubles, radii_as_doubles
from reference_ad.engine import tree

LEAST = 2.0**-1074
"""The smallest positive double."""

EXTENDED = float(np.finfo(np.longdouble).eps) / 2
"""The unit roundoff of longdouble: what rounding a midpoint to it may cost, relatively."""

ROUNDOFF = float(np.finfo(np.float64).eps) / 2
"""The unit roundoff of doubles."""

NEGLIGIBLE = 2.0**-100
"""An entry is as good as zero when it and its radius are at most this part of the largest entry of
its array."""

UNDECIDED = (ValueError, ZeroDivisionError)
"""What the engine and FLINT raise where balls leave open how to go on: `UndecidedError` is a
ValueError."""


class Balls(Tape):
    """The reference engine on arrays of balls. Integer and boolean arrays stay what they are."""

    def __init__(
        self, widened_by: float = 0.0, active: Any = (), xp: Any = ball_arithmetic.xp
    ) -> None:
        """Prepare a problem: `active` is widened, and what the model brings along is balls.

        widened_by: the radius given to the arrays of the tree `active`, in units of their size, and
        absolutely at 0. xp: the namespace for the model, in which the floats that it brings along
        are balls too.
        """
        self.xp = xp
        self._widened_by = widened_by
        self._active = {id(leaf) for leaf in tree.leaves(active)} if widened_by else set()

    def asarray(self, array: Array) -> Any:
        if not np.issubdtype(array.dtype, np.floating):
            return np.array(array)
        if id(array) in self._active:
            # Never narrower than a step of a certificate, not even where the product underflows.
            radius = np.maximum(self._widened_by * np.where(array == 0, 1.0, np.abs(array)), LEAST)
            return numbers(array, radius)
        return numbers(array)


@dataclass(frozen=True)
class BallAnswer:
    """An answer whose entries are balls."""

    paths: tuple[str, ...]
    """Where each array lies in the tree of the answer."""

    arrays: tuple[Any, ...]
    """The engine's arrays with balls for elements."""


def evaluate(
    question: Question,
    *,
    widened_by: float = 0.0,
    widens_values: bool = False,
    mode: Mode | None = None,
    xp: Any = ball_arithmetic.xp,
) -> BallAnswer:
    """Evaluate the answer to a question in balls of the present precision.

    widened_by: the radius given to the active numbers of a derivative, in units of their size, and
        absolutely at 0; a value is evaluated at the point itself unless `widens_values`.
    mode: how it is computed; None for the cheapest.
    xp: the namespace for the model.
    """
    inputs, operator = question.inputs, question.operator
    mode = mode or cheapest_mode(question)
    if operator is Operator.VALUE and not widens_values:
        widened_by = 0.0
    backend = Balls(widened_by, inputs.arguments[inputs.active], xp)
    problem = to_backend(backend, question.model.output, inputs, operator)
    _, call = prepare(backend, problem, operator, mode, question.order)
    answer = call(problem.active, problem.constants, problem.direction)
    arrays = tuple(numbers(leaf) for leaf in tree.leaves(answer))
    return BallAnswer(tuple(tree.paths(answer)), arrays)


def cheapest_mode(question: Question) -> Mode:
    """Return the mode that takes the fewest passes; Taylor mode, where derivatives are nested."""
    operator, inputs = question.operator, question.inputs
    modes = modes_of(operator, question.order)
    if Mode.TAYLOR in modes:
        return Mode.TAYLOR
    return min(modes, key=lambda mode: passes(operator, mode, inputs.n, inputs.m))


def rounding_modes(question: Question) -> tuple[Mode, ...]:
    """Return the modes whose rounding differs in kind, of which a bound must hold for each.

    The order in which the chain rule is applied changes no bound, but recurrences for Taylor
    coefficients are other formulas than those of nested modes.
    """
    cheapest = cheapest_mode(question)
    if cheapest is Mode.TAYLOR and question.order <= HIGHEST_NESTED_ORDER:
        return Mode.FORWARD, Mode.TAYLOR
    return (cheapest,)


def rounded(balls: Array) -> tuple[Array, Array]:
    """Return the midpoints of balls as longdouble, and the radii around those (float64).

    The radii are rounded outwards.

    nan and inf where a ball is unbounded.
    """
    elements = balls.ravel().tolist()
    finite = are_finite(elements)
    # A longdouble as the sum of two doubles; what is left over is less than the last place of the
    # second.
    high = nearest_doubles(elements)
    remainders = less(elements, np.where(np.isfinite(high), high, 0.0))
    low = nearest_doubles(remainders)
    with np.errstate(all="ignore"):
        left = radii_as_doubles(remainders) + np.where(
            low == 0, 0.0, ROUNDOFF * np.abs(low) + LEAST
        )
        centres = high.astype(np.longdouble) + low.astype(np.longdouble)
        # What is left over, rounded to a double, and the rounding of the sum of the two doubles.
        lost = np.where(low == 0, 0.0, EXTENDED * np.abs(centres))
        outwards = np.nextafter(left, np.inf, where=left > 0, out=left.copy()) * (1 + 1e-15)
        radii = np.where(finite, outwards + lost, np.inf).astype(np.float64)
    centres = np.where(finite, centres, np.nan)
    return centres.reshape(balls.shape), radii.reshape(balls.shape)


def radii_and_sizes(balls: Any) -> tuple[Array, Array]:
    """Return the radius of each ball and the size of its midpoint; both flat.

    The radius of an unbounded ball is infinite.
    """
    elements = balls.primal.ravel().tolist()
    finite = are_finite(elements)
    radii = np.where(finite, radii_as_doubles(elements), np.inf)
    return radii, np.where(finite, np.abs(nearest_doubles(elements)), 0.0)
