"""Certificates: what shows that an enclosure is right without any derivative rule of the engine
that computed it.

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
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from adbench.cases.inputs import Inputs
from adbench.cases.model import Model
from adbench.cases.operators import Operator
from adbench.truth.answers import Array
from adbench.truth.enclosure import NEGLIGIBLE, UNDECIDED, Balls, Enclosure, evaluate
from ball_arithmetic import numbers, precision, xp
from reference_ad.engine import tree

AGREEMENT = 2.0**-60
"""A certificate counts when both sides are known to this part of the largest of them, or better."""

GUARD_BITS = 64
"""Bits by which the differences are sharper than the box, for what the function itself loses."""

SEED = 20250

JUMPS = "The function, or a derivative of a lower order, jumps here."
"""Where the mean value theorem does not hold, and nothing can be certified."""


class CertificateError(Exception):
    """An enclosure is contradicted by the spec it encloses a derivative of: a derivative rule of
    ours is wrong."""


def certify(
    model: Model, inputs: Inputs, operator: Operator, order: int, enclosure: Enclosure
) -> str:
    """Check an enclosure along random directions. Return "" where it is certified, else why it
    could not be.

    Raises CertificateError where differences of the function contradict it, with the model, the
    operator and what did not overlap. Entries of a gradient, a VJP or an HVP that are not unique or
    not finite are left out of the check.
    """
    if operator is Operator.VALUE:
        return ""  # the enclosure is the forward spec itself
    try:
        claimed, shown, scale = _both_sides(model, inputs, operator, order, enclosure)
        with precision(enclosure.bits):
            jumps, known = _jumps(model, inputs, operator, order, enclosure.bits)
    except UNDECIDED as error:
        return f"The true answer is not certified: {error}"
    if jumps:  # differences may well see one side alone, and agree
        return JUMPS
    with precision(enclosure.bits):
        names = enclosure.paths if len(claimed) == len(enclosure.paths) else ("",) * len(claimed)
        for path, left, right in zip(names, claimed, shown, strict=True):
            for index, (ball, other) in enumerate(
                zip(left.primal.flat, right.primal.flat, strict=True)
            ):
                if not ball.overlaps(other):
                    if not known:
                        return JUMPS
                    at = [int(i) for i in np.unravel_index(index, left.shape)] if left.shape else ""
                    raise CertificateError(
                        _contradiction(model, operator, order, f"{path}{at}", ball, other)
                    )
    if not all(_unique(side, scale).all() for side in (*claimed, *shown)):
        return "The true answer is not finite here, or not unique."
    return ""


def _jumps(
    model: Model, inputs: Inputs, operator: Operator, order: int, bits: int
) -> tuple[bool, bool]:
    """Whether the function or a derivative below the one in question jumps in the box, and whether
    all are finite."""
    balls = Balls(2.0**-bits, inputs.arguments[inputs.active])
    arguments = [tree.map(balls.asarray, argument) for argument in inputs.arguments]
    found = [numbers(model.function(xp, *arguments))]
    if operator in (Operator.HVP, Operator.HESSIAN):
        first = Operator.VJP if inputs.cotangent.shape else Operator.GRADIENT
        found += evaluate(model, inputs, first, 1, widened_by=2.0**-bits)[1]
    for k in range(1, order if operator is Operator.DERIVATIVE else 1):
        found += evaluate(model, inputs, operator, k, widened_by=2.0**-bits)[1]
    entries = [v for each in found for v in each.primal.flat]
    finite = [v for v in entries if v.is_finite()]
    wide = any(float(v.rad()) > 2.0 ** (-bits / 2) * max(1.0, float(v.abs_upper())) for v in finite)
    return wide, len(finite) == len(entries)


def _contradiction(
    model: Model, operator: Operator, order: int, place: str, ball: Any, other: Any
) -> str:
    what = f"derivative of order {order}" if operator is Operator.DERIVATIVE else operator.value
    return (
        f"The {what} of the model {model.name!r} is not certified: along a random direction the "
        "reference engine gives "
        f"{ball.str(20)}{' at ' + place if place else ''}, differences of the function give "
        f"{other.str(20)}, and the "
        "two do not overlap. A derivative rule of reference_ad is wrong; nothing can be judged by "
        "it."
    )


def _both_sides(
    model: Model, inputs: Inputs, operator: Operator, order: int, enclosure: Enclosure
) -> tuple[list[Any], list[Any], float]:
    """Return the enclosure contracted with directions, the same numbers from differences, and the
    scale of these."""
    rng = np.random.default_rng(SEED)
    leaves = tree.leaves(inputs.arguments[inputs.active])
    sizes = [np.where(leaf == 0, 1.0, np.abs(leaf)) for leaf in leaves]
    tangent = tree.leaves(inputs.tangent)

    def random() -> list[Array]:
        return [rng.uniform(-1, 1, size.shape) * size for size in sizes]

    def differences(*directions: list[Array]) -> tuple[Any, float]:
        return _differences(model, inputs, sizes, directions, enclosure.bits)

    balls = enclosure.balls
    if operator is Operator.DERIVATIVE:
        ones = [np.ones(leaf.shape) for leaf in leaves]
        slope, scale = differences(*[ones] * order)
        return list(balls), [slope], scale
    if operator is Operator.JVP:
        slope, scale = differences(tangent)
        return list(balls), [slope], scale
    first = random()
    with precision(enclosure.bits):
        if operator in (Operator.GRADIENT, Operator.VJP, Operator.HVP):
            unique = [_unique(block) for block in balls]
            first = [np.where(known, v, 0.0) for known, v in zip(unique, first, strict=True)]
            along = _total([_dot(block, v) for block, v in zip(balls, first, strict=True)])
        elif operator is Operator.JACOBIAN:
            along = _total([_columns(block, v) for block, v in zip(balls, first, strict=True)])
            along = xp.reshape(along, inputs.cotangent.shape)
        else:
            second = random()
            pairs = product(first, second)
            along = _total(
                [
                    _dot(_columns(block, e), d.ravel())
                    for block, (d, e) in zip(balls, pairs, strict=True)
                ]
            )
    if operator is Operator.HVP:
        slope, scale = differences(first, tangent)
    elif operator is Operator.HESSIAN:
        slope, scale = differences(first, second)
    else:
        slope, scale = differences(first)
    if operator is Operator.VJP or (operator is Operator.HVP and inputs.cotangent.shape):
        with precision(enclosure.bits):
            slope = xp.sum(slope * numbers(inputs.cotangent))
        scale *= float(np.sum(np.abs(inputs.cotangent)))
    return [along], [slope], scale


def _differences(
    model: Model, inputs: Inputs, sizes: list[Array], directions: tuple[list[Array], ...], bits: int
) -> tuple[Any, float]:
    """The quotient of differences along the directions, one after the other, within the box of the
    enclosure.

    Returned with its scale: what a function as large as this one has for a quotient if it changes
    by its own size where its inputs do. A quotient that is 0 is known to be so beside this.
    """
    order = len(directions)
    lengths = [
        max(
            float(np.max(np.abs(v) / size, initial=0.0))
            for v, size in zip(direction, sizes, strict=True)
        )
        for direction in directions
    ]
    halvings = bits + math.ceil(math.log2(order * max(*lengths, 2.0**-60))) + 1
    arguments = [tree.map(Balls().asarray, argument) for argument in inputs.arguments]
    leaves, structure = tree.flatten(arguments[inputs.active])
    with precision(bits + order * halvings + GUARD_BITS):
        step = numbers(2.0**-60) ** (halvings // 60) * 2.0 ** -(halvings % 60)
        moves = [[numbers(v) * step for v in direction] for direction in directions]

        def value(taken: tuple[int, ...]) -> Any:
            moved = leaves
            for move, times in zip(moves, taken, strict=True):
                moved = [x + v if times else x for x, v in zip(moved, move, strict=True)]
            arguments[inputs.active] = tree.unflatten(structure, moved)
            return model.function(xp, *arguments)

        if all(
            direction is directions[0] for direction in directions
        ):  # k equal steps need k + 1 values, not 2^k
            corners = [
                ((1,) * j + (0,) * (order - j), math.comb(order, j)) for j in range(order + 1)
            ]
        else:
            corners = [(taken, 1) for taken in product((0, 1), repeat=order)]
        values = [numbers(value(taken)) for taken, _ in corners]
        total = _total(
            [
                v * ((-1) ** (order - sum(t)) * count)
                for v, (t, count) in zip(values, corners, strict=True)
            ]
        )
        largest = max((float(ball.abs_upper()) for ball in values[0].primal.flat), default=0.0)
        return numbers(total / step**order), largest * math.prod(lengths)


def _columns(block: Any, v: Array) -> Any:
    """A block of a Jacobian times the part of the direction that belongs to its last axes; its
    other axes flat."""
    rows = math.prod(block.shape[: block.ndim - v.ndim])
    return xp.matmul(xp.reshape(block, (rows, v.size)), numbers(v.ravel()))


def _dot(block: Any, v: Array) -> Any:
    """The sum over the entries where v is not 0, so that an unbounded ball elsewhere does no
    harm."""
    chosen = np.flatnonzero(v)
    return xp.sum(xp.reshape(block, (-1,))[chosen] * numbers(v.ravel()[chosen]))


def _total(parts: list[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _unique(block: Any, scale: float = 0.0) -> Array:
    """Which balls are finite, and narrow by themselves or beside the others: away from kinks and
    poles.

    scale: what is nothing beside this is narrow too.
    """
    balls = block.primal.ravel().tolist()
    finite = np.array([ball.is_finite() for ball in balls], bool)
    radii = np.array([float(ball.rad()) if ball.is_finite() else np.inf for ball in balls])
    sizes = np.array([abs(float(ball.mid())) if ball.is_finite() else 0.0 for ball in balls])
    widest = AGREEMENT * np.maximum(sizes, np.max(sizes, initial=1e-300))
    if math.isfinite(scale):
        widest = np.maximum(widest, NEGLIGIBLE * scale)
    return np.asarray(finite & (radii <= widest)).reshape(block.shape)
