"""Certificates.

What shows that an enclosure is right without any derivative rule of the engine that computed it.

An enclosure holds for a whole box: its active inputs are balls, wider than the working precision by
design. For a step h so small that x + h v stays within them, the mean value theorem gives, for each
component of f,

    (f(x + h v) - f(x)) / h = f'(xi) v,    xi in the box,

and the enclosure contains f'(xi); so its contraction with v must overlap the quotient, which is
evaluated from the model's spec alone in balls of a precision that the subtraction cannot exhaust.
The remainder is not estimated: it is in the box. Applied twice, and k times, the theorem gives the
same for second and k-th derivatives:

    (f(x + h d + h e) - f(x + h d) - f(x + h e) + f(x)) / h^2 = d' H(xi) e,
    sum_j (-1)^(k-j) binomial(k, j) f(x + j h) / h^k          = f^(k)(xi).

Both sides contain the exact number where the rules are right, so a separation proves one wrong. The
directions are random (the tangent itself for a JVP), so a wrong entry moves the contraction; and
both sides agree to some thirty digits, so no error of interest hides. A certificate takes 2
evaluations of f, 4 for a second derivative and k + 1 for a k-th, whatever the number of inputs.

A k-th derivative is certified a second time, at the point itself: by the k-th coefficient of f of a
power series, in the arithmetic of series that FLINT has of its own and the engine knows nothing of.

Of a function that stops gradients, f has the values that pass frozen at those of x: that is the
function whose derivative is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from adbench.cases.inputs import Array
from adbench.cases.operators import Operator
from adbench.cases.question import Question
from adbench.cases.static import map_arrays
from adbench.namespaces.frozen import frozen_function
from adbench.truth.enclosure import Enclosure
from adbench.truth.evaluation import NEGLIGIBLE, UNDECIDED, Balls, evaluate, radii_and_sizes
from adbench.truth.reasons import why_unknown
from ball_arithmetic import coefficients, numbers, precision, series, series_length, xp
from reference_ad.engine import tree

AGREEMENT = 2.0**-60
"""A certificate counts when both sides are known to this part of the largest of them, or better."""

GUARD_BITS = 64
"""Bits by which the differences are sharper than the box, for what the function itself loses."""

SEED = 20250
"""The seed of the random directions."""

JUMPS = "The function, or a derivative of a lower order, jumps here."
"""Where the mean value theorem does not hold, and nothing can be certified."""

NOT_UNIQUE = "The true answer is not finite here, or not unique."
"""Where one of both sides is unbounded or wide, so that their overlap shows nothing."""

Direction = list[Array]
"""A direction in the space of the active argument: one array for each of its leaves."""


class CertificateError(Exception):
    """An enclosure is contradicted by the spec it encloses a derivative of.

    A derivative rule of ours is wrong.
    """


@dataclass(frozen=True)
class Contraction:
    """A derivative contracted with directions, computed in both ways.

    Arrays of balls of one shape.
    """

    enclosed: Any
    """From the enclosure."""

    quotient: Any
    """From the function alone."""

    scale: float
    """What a function as large as this one has for a quotient if it changes by its own size where
    its inputs do. A quotient that is 0 is known to be so beside this."""

    source: str = "differences"
    """What of the function the quotient is."""


def certify(question: Question, enclosure: Enclosure) -> str:
    """Check an enclosure along random directions.

    Return "" where it is certified, else why it could not be.

    A value needs no certificate: its enclosure is the forward spec itself. Raises CertificateError
    where differences of the function contradict the enclosure, with the model, the operator and
    what did not overlap. Entries of a gradient, a VJP or an HVP that are not unique or not finite
    are left out of the check.
    """
    if question.operator is Operator.VALUE:
        return ""
    with precision(enclosure.bits):
        try:
            contraction = _contraction(question, enclosure)
            lower_orders = _lower_orders(question, enclosure.bits)
        except UNDECIDED as error:
            return why_unknown(question.model, error)
        if _has_jump(lower_orders, enclosure.bits):
            return JUMPS  # differences may well see one side alone, and agree
        contradiction = _contradiction(question, enclosure, contraction)
        if not contradiction and question.operator is Operator.DERIVATIVE:
            contradiction = _contradiction_by_series(question, enclosure)
        if contradiction:
            if not all(ball.is_finite() for ball in lower_orders):
                return JUMPS
            raise CertificateError(contradiction)
        sides = (contraction.enclosed, contraction.quotient)
        if not all(_is_unique(side, contraction.scale).all() for side in sides):
            return NOT_UNIQUE
    return ""


def _lower_orders(question: Question, bits: int) -> list[Any]:
    """The entries of the function and of its derivatives below the one in question, in the box."""
    inputs, operator = question.inputs, question.operator
    widened_by = 2.0**-bits
    backend = Balls(widened_by, inputs.arguments[inputs.active])
    arguments = [map_arrays(backend.asarray, argument) for argument in inputs.arguments]
    arrays = [numbers(question.model.output(xp, *arguments))]
    lower_questions: list[Question] = []
    if operator in (Operator.HVP, Operator.HESSIAN):
        first = Operator.GRADIENT if inputs.has_scalar_output else Operator.VJP
        lower_questions.append(question.asking(first))
    if operator is Operator.DERIVATIVE:
        lower_questions += [question.asking(operator, k) for k in range(1, question.order)]
    for lower_question in lower_questions:
        arrays += evaluate(lower_question, widened_by=widened_by).arrays
    return [ball for array in arrays for ball in array.primal.flat]


def _has_jump(balls: list[Any], bits: int) -> bool:
    """Whether one of these is wide, where a continuous function has narrow ones."""
    return any(
        float(ball.rad()) > 2.0 ** (-bits / 2) * max(1.0, float(ball.abs_upper()))
        for ball in balls
        if ball.is_finite()
    )


def _contradiction(question: Question, enclosure: Enclosure, contraction: Contraction) -> str:
    """Return the first place where both sides do not overlap, in a sentence, or ""."""
    enclosed, quotient = contraction.enclosed, contraction.quotient
    pairs = zip(enclosed.primal.flat, quotient.primal.flat, strict=True)
    for position, (left, right) in enumerate(pairs):
        if left.overlaps(right):
            continue
        place = enclosure.paths[0] if len(enclosure.paths) == 1 else ""
        if enclosed.shape:
            place += str([int(i) for i in np.unravel_index(position, enclosed.shape)])
        at_place = f" at {place}" if place else ""
        return (
            f"The {question.describe()} of the model {question.model.name!r} is not certified: "
            f"along a random direction the reference engine gives {left.str(20)}{at_place}, "
            f"{contraction.source} of the function give {right.str(20)}, and the two do not "
            "overlap. A derivative rule of reference_ad is wrong; nothing can be judged by it."
        )
    return ""


def _contradiction_by_series(question: Question, enclosure: Enclosure) -> str:
    """The same for a derivative from power series; "" where the function takes none."""
    derivative = _derivative_by_series(question)
    if derivative is None or derivative.shape != enclosure.balls[0].shape:
        return ""
    contraction = Contraction(enclosure.balls[0], derivative, 0.0, "power series")
    return _contradiction(question, enclosure, contraction)


def _derivative_by_series(question: Question) -> Any | None:
    """A k-th derivative as k! times a Taylor coefficient; None where the function takes no series.

    What passes `stop_gradient` is what it is at the point itself.
    """
    inputs, order = question.inputs, question.order
    arguments = [map_arrays(Balls().asarray, argument) for argument in inputs.arguments]
    function = frozen_function(question.model.output, xp, tuple(arguments))
    with series_length(order + 1):
        arguments[inputs.active] = tree.map(
            lambda x: series(x, np.ones(x.shape)), arguments[inputs.active]
        )
        try:
            output = numbers(function(*arguments))
        except (*UNDECIDED, TypeError, AttributeError):  # FLINT lacks a function, or its value
            return None
        return coefficients(output, order) * math.factorial(order)


# ---- both sides, operator by operator


def _contraction(question: Question, enclosure: Enclosure) -> Contraction:
    operator, bits = question.operator, enclosure.bits
    if operator is Operator.DERIVATIVE:
        ones = [np.ones(leaf.shape) for leaf in question.active_leaves]
        return Contraction(
            enclosure.balls[0], *_differences(question, [ones] * question.order, bits)
        )
    if operator is Operator.JVP:
        tangent = tree.leaves(question.inputs.tangent)
        return Contraction(enclosure.balls[0], *_differences(question, [tangent], bits))
    if operator is Operator.JACOBIAN:
        return _contraction_of_jacobian(question, enclosure)
    if operator is Operator.HESSIAN:
        return _contraction_of_hessian(question, enclosure)
    return _contraction_of_row(question, enclosure)


def _contraction_of_jacobian(question: Question, enclosure: Enclosure) -> Contraction:
    (direction,) = _random_directions(question, 1)
    blocks = zip(enclosure.balls, direction, strict=True)
    columns = _total([_columns(block, v) for block, v in blocks])
    enclosed = xp.reshape(columns, question.inputs.cotangent.shape)
    return Contraction(enclosed, *_differences(question, [direction], enclosure.bits))


def _contraction_of_hessian(question: Question, enclosure: Enclosure) -> Contraction:
    left, right = _random_directions(question, 2)
    blocks = zip(enclosure.balls, product(left, right), strict=True)
    enclosed = _total([_dot(_columns(block, e), d.ravel()) for block, (d, e) in blocks])
    return Contraction(enclosed, *_differences(question, [left, right], enclosure.bits))


def _contraction_of_row(question: Question, enclosure: Enclosure) -> Contraction:
    """That of a gradient, a VJP or an HVP: a tree like the active argument.

    Entries that are not unique are left out.
    """
    inputs = question.inputs
    (random_direction,) = _random_directions(question, 1)
    direction = [
        np.where(_is_unique(block), v, 0.0)
        for block, v in zip(enclosure.balls, random_direction, strict=True)
    ]
    blocks = zip(enclosure.balls, direction, strict=True)
    enclosed = _total([_dot(block, v) for block, v in blocks])
    directions = [direction]
    if question.operator is Operator.HVP:
        directions.append(tree.leaves(inputs.tangent))
    quotient, scale = _differences(question, directions, enclosure.bits)
    if question.operator is Operator.VJP or not inputs.has_scalar_output:
        quotient = xp.sum(quotient * numbers(inputs.cotangent))
        scale *= float(np.sum(np.abs(inputs.cotangent)))
    return Contraction(enclosed, quotient, scale)


def _random_directions(question: Question, count: int) -> list[Direction]:
    rng = np.random.default_rng(SEED)
    sizes = _sizes(question)
    return [[rng.uniform(-1, 1, size.shape) * size for size in sizes] for _ in range(count)]


def _sizes(question: Question) -> list[Array]:
    """The sizes of the active numbers, 1 for a 0: that in which the box of an enclosure is wide."""
    return [np.where(leaf == 0, 1.0, np.abs(leaf)) for leaf in question.active_leaves]


# ---- differences


def _differences(
    question: Question, directions: Sequence[Direction], bits: int
) -> tuple[Any, float]:
    """The quotient of differences along the directions, and its scale (see `Contraction`).

    The differences are taken one after the other, within the box of the enclosure.
    """
    order = len(directions)
    lengths = [_length(direction, _sizes(question)) for direction in directions]
    halvings = bits + math.ceil(math.log2(order * max(*lengths, 2.0**-60))) + 1
    with precision(bits + order * halvings + GUARD_BITS):
        step = numbers(2.0**-60) ** (halvings // 60) * 2.0 ** -(halvings % 60)
        moves = [[numbers(v) * step for v in direction] for direction in directions]
        corners = _corners(directions)
        values = _values_at(question, moves, [steps for steps, _ in corners])
        terms = [
            value * ((-1) ** (order - sum(steps)) * count)
            for value, (steps, count) in zip(values, corners, strict=True)
        ]
        quotient = numbers(_total(terms) / step**order)
        largest = max((float(ball.abs_upper()) for ball in values[0].primal.flat), default=0.0)
    return quotient, largest * math.prod(lengths)


def _length(direction: Direction, sizes: list[Array]) -> float:
    """The largest component of a direction, in units of the sizes."""
    return max(
        float(np.max(np.abs(v) / size, initial=0.0))
        for v, size in zip(direction, sizes, strict=True)
    )


def _corners(directions: Sequence[Direction]) -> list[tuple[tuple[int, ...], int]]:
    """The points that differences take values at, and how often each counts.

    Each is given as the number of steps along every direction. k equal directions need k + 1
    points, not 2^k.
    """
    order = len(directions)
    if all(direction is directions[0] for direction in directions):
        return [((1,) * j + (0,) * (order - j), math.comb(order, j)) for j in range(order + 1)]
    return [(steps, 1) for steps in product((0, 1), repeat=order)]


def _values_at(
    question: Question, moves: Sequence[Sequence[Any]], corners: Sequence[tuple[int, ...]]
) -> list[Any]:
    """The values of the function at the corners of the parallelepiped that the moves span.

    What passes `stop_gradient` is everywhere what it is at the unmoved point.
    """
    inputs = question.inputs
    arguments = [map_arrays(Balls().asarray, argument) for argument in inputs.arguments]
    leaves, structure = tree.flatten(arguments[inputs.active])
    function = frozen_function(question.model.output, xp, tuple(arguments))
    values = []
    for corner in corners:
        moved = leaves
        for move, steps in zip(moves, corner, strict=True):
            if steps:
                moved = [x + v for x, v in zip(moved, move, strict=True)]
        arguments[inputs.active] = tree.unflatten(structure, moved)
        values.append(numbers(function(*arguments)))
    return values


# ---- pieces


def _columns(block: Any, v: Array) -> Any:
    """A block of a Jacobian times the part of the direction that belongs to its last axes.

    Its other axes flat.
    """
    rows = math.prod(block.shape[: block.ndim - v.ndim])
    return xp.matmul(xp.reshape(block, (rows, v.size)), numbers(v.ravel()))


def _dot(block: Any, v: Array) -> Any:
    """The sum over the entries where v is not 0.

    An unbounded ball elsewhere does no harm to it.
    """
    chosen = np.flatnonzero(v)
    return xp.sum(xp.reshape(block, (-1,))[chosen] * numbers(v.ravel()[chosen]))


def _total(parts: Sequence[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _is_unique(block: Any, scale: float = 0.0) -> Array:
    """Which balls are finite, and narrow by themselves or beside the others.

    Away from kinks and poles.

    scale: what is nothing beside this is narrow too.
    """
    radii, sizes = radii_and_sizes(block)
    widest = AGREEMENT * np.maximum(sizes, np.max(sizes, initial=1e-300))
    if math.isfinite(scale):
        widest = np.maximum(widest, NEGLIGIBLE * scale)
    return np.asarray(np.isfinite(radii) & (radii <= widest)).reshape(block.shape)
