"""Certificates: what shows that an enclosure is right without any derivative rule of the engine that computed it.

The model's spec alone is evaluated on power series x + t v (FLINT's `arb_series`), along seeded random directions v.
The coefficients of f(x + t v) are derivatives of f along v; they must overlap the enclosure contracted with v. Both
contain the exact number, so a separation proves a rule wrong. A wrong entry moves the contraction unless v is
orthogonal to the error, and both sides agree to dozens of digits, so that no error of interest hides.

One series gives a first derivative; two give a second one by polarisation: with c(w) the coefficient of t^2 of
f(x + t w), which is w'Hw / 2, and directions d and e, d'H e = (c(d + e) - c(d - e)) / 2. The cost does not grow with n.

What is shared with the engine is the forward spec and the values of primitives on series; matrix products are taken
coefficient by coefficient (the Cauchy product), the functions by FLINT's own series.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adbench.spec.inputs import Inputs
from adbench.spec.model import Model
from adbench.spec.operators import Operator
from adbench.truth.enclosure import Balls, Enclosure
from reference_ad import numpy as xp
from reference_ad import scalars, tree

SHARED_DIGITS = 2.0**-40
"""A certificate counts when both sides are known to this part of the sum of the contraction's terms, or better."""

SEED = 20250


class CertificateError(Exception):
    """An enclosure is contradicted by the spec it encloses a derivative of: a derivative rule of ours is wrong."""


def certify(model: Model, inputs: Inputs, operator: Operator, order: int, enclosure: Enclosure) -> str:
    """Check an enclosure along random directions. Return "" where it is certified, else why it could not be.

    Raises CertificateError where the series contradict it, with the model, the operator and what did not overlap.
    """
    if operator is Operator.VALUE:
        return ""  # the enclosure is the forward spec itself
    with scalars.precision(enclosure.bits):
        try:
            enclosed, series = _both_sides(model, inputs, operator, order, enclosure)
        except scalars.UndecidedError as error:
            return f"No certificate: {error}"
        except (AttributeError, TypeError, NotImplementedError, ValueError) as error:
            return f"No certificate: the spec could not be evaluated on power series ({type(error).__name__}: {error})."
        names = enclosure.paths if len(enclosed) == len(enclosure.paths) else [""] * len(enclosed)
        for path, claimed, shown in zip(names, enclosed, series, strict=True):
            claimed, shown = np.broadcast_arrays(claimed.primal, shown.primal)
            for index, (ball, other) in enumerate(zip(claimed.flat, shown.flat, strict=True)):
                if not ball.overlaps(other):
                    place = f"{path}{list(np.unravel_index(index, claimed.shape))}" if claimed.shape else path
                    raise CertificateError(
                        f"The {operator.value}{f' of order {order}' if operator is Operator.DERIVATIVE else ''} of the "
                        f"model {model.name!r} is not certified: along a random direction the engine gives "
                        f"{_shown(ball)}{' at ' + place if place else ''}, power series of the function give "
                        f"{_shown(other)}, and the two do not overlap. A derivative rule of reference_ad is wrong."
                    )
        if not all(_is_sharp(a) for a in (*enclosed, *series)):
            return "No certificate: the function's power series is not known sharply here."
    return ""


def _both_sides(
    model: Model, inputs: Inputs, operator: Operator, order: int, enclosure: Enclosure
) -> tuple[list[Any], list[Any]]:
    """Return the enclosure contracted with the directions, and the same numbers from series."""
    rng = np.random.default_rng(SEED)
    leaves = tree.leaves(inputs.arguments[inputs.active])
    first = [rng.standard_normal(leaf.shape) for leaf in leaves]
    if operator is Operator.DERIVATIVE:
        coefficient = _coefficient(model, inputs, [np.ones(leaf.shape) for leaf in leaves], order)
        return list(enclosure.balls), [coefficient * math.factorial(order)]
    if operator is Operator.JVP:
        return list(enclosure.balls), [_coefficient(model, inputs, tree.leaves(inputs.tangent), 1)]
    if operator in (Operator.GRADIENT, Operator.VJP):
        slope = _coefficient(model, inputs, first, 1)
        if operator is Operator.VJP:
            slope = xp.sum(slope * scalars.numbers(inputs.cotangent))
        return [_dot(enclosure.balls, first)], [slope]
    if operator is Operator.JACOBIAN:
        shape = inputs.cotangent.shape
        columns = [
            xp.matmul(xp.reshape(block, (inputs.m, v.size)), scalars.numbers(v.ravel()))
            for block, v in zip(enclosure.balls, first, strict=True)
        ]
        return [xp.reshape(_total(columns), shape)], [_coefficient(model, inputs, first, 1)]
    if operator is Operator.HVP:
        second = tree.leaves(inputs.tangent)
        product = _dot(enclosure.balls, first)
    else:
        second = [rng.standard_normal(leaf.shape) for leaf in leaves]
        count = len(leaves)
        rows = []
        for i, d in enumerate(first):
            for j, e in enumerate(second):
                block = xp.reshape(enclosure.balls[i * count + j], (d.size, e.size))
                rows.append(xp.matmul(scalars.numbers(d.ravel()), xp.matmul(block, scalars.numbers(e.ravel()))))
        product = _total(rows)
    forth = _coefficient(model, inputs, _added(first, second, 1), 2)
    back = _coefficient(model, inputs, _added(first, second, -1), 2)
    return [product], [(forth - back) / 2]


def _coefficient(model: Model, inputs: Inputs, direction: list[Any], order: int) -> Any:
    """The coefficient of t^order of f(x + t direction), in balls."""
    arguments = [tree.map(Balls().asarray, argument) for argument in inputs.arguments]
    leaves, structure = tree.flatten(arguments[inputs.active])
    with scalars.series_length(order + 1):
        moved = [scalars.series(x, v) for x, v in zip(leaves, direction, strict=True)]
        arguments[inputs.active] = tree.unflatten(structure, moved)
        return scalars.coefficients(scalars.numbers(model.function(xp, *arguments)), order)


def _added(first: list[Any], second: list[Any], sign: int) -> list[Any]:
    """Exactly: sums of doubles need not be doubles."""
    return [scalars.numbers(d) + sign * scalars.numbers(e) if d.size else d for d, e in zip(first, second, strict=True)]


def _dot(blocks: Any, direction: list[Any]) -> Any:
    return _total([xp.sum(block * scalars.numbers(v)) for block, v in zip(blocks, direction, strict=True)])


def _total(parts: list[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _is_sharp(array: Any) -> bool:
    """Whether each ball is finite, and narrow beside the largest of them or absolutely."""
    balls = array.primal.ravel().tolist()
    if not all(ball.is_finite() for ball in balls):
        return False
    largest = max((abs(float(ball.mid())) for ball in balls), default=0.0)
    return all(float(ball.rad()) <= SHARED_DIGITS * max(largest, 1e-30) for ball in balls)


def _shown(ball: Any) -> str:
    return str(ball.str(20))
