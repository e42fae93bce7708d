"""The operators that can be asked of a model, and the modes in which each can be computed."""

from __future__ import annotations

from enum import StrEnum


class Operator(StrEnum):
    """What is asked of a function of n active scalars with m output scalars."""

    VALUE = "value"
    """f(x), shape of the output."""
    DERIVATIVE = "derivative"
    """The k-th derivative of a scalar function of one scalar, shape ()."""
    GRADIENT = "gradient"
    """The gradient of a scalar function (m = 1), a tree like the active argument."""
    VALUE_AND_GRADIENT = "value_and_gradient"
    """The tuple (f(x), the gradient) of a scalar function (m = 1), from one call, as an optimiser
    asks for it. A run asks for it where it is named, and a full run always."""
    JVP = "jvp"
    """J v, the Jacobian times a tangent v; shape of the output."""
    VJP = "vjp"
    """u' J, a cotangent u times the Jacobian; a tree like the active argument."""
    JACOBIAN = "jacobian"
    """J; for each leaf of the active argument an array of shape output shape + leaf shape."""
    HVP = "hvp"
    """H v, the Hessian of a scalar function, or of u' f for an f with other outputs, times a
    tangent; a tree like the active argument."""
    HESSIAN = "hessian"
    """H; for each pair of leaves (i, j) an array of shape leaf i shape + leaf j shape, row by
    row."""
    SPARSE_JACOBIAN = "sparse_jacobian"
    """The entries of J that may be other than zero, row by row, from as many passes as its pattern
    has colours. Judged as the whole of J."""
    SPARSE_HESSIAN = "sparse_hessian"
    """The entries of H that may be other than zero, row by row, from as many passes as its pattern
    has colours. Judged as the whole of H."""
    PER_SAMPLE_GRADIENT = "per_sample_gradient"
    """The gradients of a scalar function by the active argument, one for each sample of a batch: a
    tree like that argument, with the samples along a first axis."""
    BATCHED_JVP = "batched_jvp"
    """J v for `DIRECTIONS` tangents at once, stacked along a first axis."""
    BATCHED_VJP = "batched_vjp"
    """u' J for `DIRECTIONS` cotangents at once, stacked along a first axis of every leaf."""


class Mode(StrEnum):
    """The direction in which the chain rule is applied.

    For second order the outer one over the inner one.
    """

    NONE = "none"
    FORWARD = "forward"
    REVERSE = "reverse"
    FORWARD_OVER_REVERSE = "forward-over-reverse"
    REVERSE_OVER_FORWARD = "reverse-over-forward"
    REVERSE_OVER_REVERSE = "reverse-over-reverse"
    FORWARD_OVER_FORWARD = "forward-over-forward"
    TAYLOR = "taylor"
    """All derivatives along a path in one pass, as a truncated power series."""


FIRST_ORDER = (Mode.FORWARD, Mode.REVERSE)
SECOND_ORDER = (
    Mode.FORWARD_OVER_REVERSE,
    Mode.REVERSE_OVER_FORWARD,
    Mode.REVERSE_OVER_REVERSE,
    Mode.FORWARD_OVER_FORWARD,
)

HIGHEST_NESTED_ORDER = 8
"""Derivatives of higher order are asked in Taylor mode alone: modes of first order that are nested
so often take minutes, and bounds on their rounding as long."""

MODES: dict[Operator, tuple[Mode, ...]] = {
    Operator.VALUE: (Mode.NONE,),
    Operator.DERIVATIVE: (*FIRST_ORDER, Mode.TAYLOR),
    Operator.GRADIENT: FIRST_ORDER,
    Operator.VALUE_AND_GRADIENT: FIRST_ORDER,
    Operator.JVP: FIRST_ORDER,
    Operator.VJP: FIRST_ORDER,
    Operator.JACOBIAN: FIRST_ORDER,
    Operator.HVP: SECOND_ORDER,
    Operator.HESSIAN: SECOND_ORDER,
    Operator.SPARSE_JACOBIAN: FIRST_ORDER,
    Operator.SPARSE_HESSIAN: SECOND_ORDER[:3],
    Operator.PER_SAMPLE_GRADIENT: FIRST_ORDER,
    Operator.BATCHED_JVP: (Mode.FORWARD,),
    Operator.BATCHED_VJP: (Mode.REVERSE,),
}

DENSE = {
    Operator.SPARSE_JACOBIAN: Operator.JACOBIAN,
    Operator.SPARSE_HESSIAN: Operator.HESSIAN,
}
"""The operators of which some compute the entries that may be other than zero alone."""

SINGLE = {
    Operator.PER_SAMPLE_GRADIENT: Operator.GRADIENT,
    Operator.BATCHED_JVP: Operator.JVP,
    Operator.BATCHED_VJP: Operator.VJP,
}
"""The operators of which some compute several at once, by a framework's vmap."""

DIRECTIONS = 4
"""How many tangents or cotangents are carried at once."""

NEEDS_SCALAR_OUTPUT = frozenset(
    {
        Operator.GRADIENT,
        Operator.VALUE_AND_GRADIENT,
        Operator.HESSIAN,
        Operator.SPARSE_HESSIAN,
        Operator.PER_SAMPLE_GRADIENT,
        Operator.DERIVATIVE,
    }
)
"""Operators defined only where m = 1 and the output has shape ()."""

ONE_SWEEP_IN_REVERSE = frozenset({Operator.GRADIENT, Operator.VALUE_AND_GRADIENT, Operator.VJP})
"""Operators of first order whose answer is one row of a Jacobian, or a combination of its rows."""


def order_of(operator: Operator) -> int:
    """Return the order of differentiation of `operator`.

    A `derivative` is of order 1 unless the case says more.
    """
    if operator is Operator.VALUE:
        return 0
    return 2 if operator in (Operator.HVP, Operator.HESSIAN, Operator.SPARSE_HESSIAN) else 1


def modes_of(operator: Operator, order: int) -> tuple[Mode, ...]:
    """Return the modes in which an operator is asked at an order.

    Taylor mode of order 1 is forward mode, so it begins with order 2.
    """
    if operator is not Operator.DERIVATIVE:
        return MODES[operator]
    if order > HIGHEST_NESTED_ORDER:
        return (Mode.TAYLOR,)
    return FIRST_ORDER if order == 1 else MODES[operator]


def passes(operator: Operator, mode: Mode, n: int, m: int) -> int:
    """Return how many sweeps through the function `mode` needs for `operator`.

    n, m: the numbers of inputs and outputs.

    Forward mode yields one column of a Jacobian a sweep and reverse mode one row, so a full
    Jacobian takes n or m sweeps (Griewank and Walther, Evaluating Derivatives, 2nd ed., chapter 3).
    A sparse one takes as many as it has colours, one at least, which nobody knows before its
    pattern is found.
    """
    if operator is Operator.HESSIAN:
        return n * n if mode is Mode.FORWARD_OVER_FORWARD else n
    if operator is Operator.HVP:
        return n if mode is Mode.FORWARD_OVER_FORWARD else 1
    if operator is Operator.JACOBIAN:
        return n if mode is Mode.FORWARD else m
    if operator in ONE_SWEEP_IN_REVERSE:
        return n if mode is Mode.FORWARD else 1
    return 1
