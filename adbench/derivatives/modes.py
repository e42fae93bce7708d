"""The mode in which a derivative is computed where none is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adbench.backends.base import Backend, Unsupported
from adbench.backends.fallbacks import shape_of
from adbench.cases.model import SpecError
from adbench.cases.operators import MODES, NEEDS_SCALAR_OUTPUT, SINGLE, Mode, Operator, modes_of
from reference_ad.engine import tree

OPERATORS = tuple(
    operator for operator in Operator if operator is not Operator.VALUE and operator not in SINGLE
)
"""Those of the interface."""

REVERSE_FIRST = (Mode.REVERSE, Mode.FORWARD)
FORWARD_FIRST = (Mode.FORWARD, Mode.REVERSE)
SECOND_ORDER = (
    Mode.FORWARD_OVER_REVERSE,
    Mode.REVERSE_OVER_REVERSE,
    Mode.REVERSE_OVER_FORWARD,
    Mode.FORWARD_OVER_FORWARD,
)

PREFERRED: dict[Operator, tuple[Mode, ...]] = {
    Operator.GRADIENT: REVERSE_FIRST,
    Operator.VALUE_AND_GRADIENT: REVERSE_FIRST,
    Operator.VJP: REVERSE_FIRST,
    Operator.JVP: FORWARD_FIRST,
    Operator.HVP: SECOND_ORDER,
    Operator.HESSIAN: SECOND_ORDER,
    Operator.SPARSE_HESSIAN: SECOND_ORDER[:3],
}
"""The modes of an operator, those that take fewest passes first."""

TAYLOR_FROM = 4
"""From this order on Taylor mode comes first: nested modes take twice as long with each order."""


def preferred_modes(operator: Operator, order: int, n: int, m: int) -> Sequence[Mode]:
    """Return the modes to try, the one with the fewest passes first.

    n, m: the numbers of inputs and outputs; of a sparse Jacobian, of the colours of its columns and
        rows.
    """
    if operator in (Operator.JACOBIAN, Operator.SPARSE_JACOBIAN):
        return FORWARD_FIRST if n <= m else REVERSE_FIRST
    if operator is not Operator.DERIVATIVE:
        return PREFERRED[operator]
    if order >= TAYLOR_FROM:
        return (Mode.TAYLOR, *FORWARD_FIRST)
    return modes_of(operator, order)


def choose_mode(backend: Backend, operator: Operator, order: int, modes: Sequence[Mode]) -> Mode:
    """Return the first of some modes that a backend has. Raises Unsupported where it has none."""
    refusal = Unsupported(f"It has no {operator}.")
    for mode in modes:
        try:
            backend.route(operator, mode, order)
        except Unsupported as error:
            refusal = error
        else:
            return mode
    raise refusal


def mode_called(name: str, operator: Operator) -> Mode:
    """Return the mode of a name. Raises SpecError where an operator has no such mode."""
    modes = MODES[operator]
    if name not in tuple(mode.value for mode in modes):
        names = ", ".join(mode.value for mode in modes)
        raise SpecError(f"A {operator} has no mode {name!r}; give one of {names}.")
    return Mode(name)


def operator_called(name: str) -> Operator:
    """Return the operator of a name. Raises SpecError where the interface has none of it."""
    if name not in tuple(operator.value for operator in OPERATORS):
        names = ", ".join(operator.value for operator in OPERATORS)
        raise SpecError(f"There is no operator {name!r} to prepare; give one of {names}.")
    return Operator(name)


def check_output(operator: Operator, shape: tuple[int, ...], active: Any) -> None:
    """Raise SpecError where an operator is not defined for an output of a shape."""
    needs_scalar = operator in NEEDS_SCALAR_OUTPUT or operator is Operator.HVP
    if needs_scalar and shape != ():
        raise SpecError(
            f"A {operator} is of a function with one output of shape (), and this one gives shape "
            f"{shape}; ask its jacobian, or sum it up."
        )
    if operator is Operator.DERIVATIVE and [shape_of(leaf) for leaf in tree.leaves(active)] != [()]:
        raise SpecError(
            "A derivative is of a function of one array of shape (); ask the gradient of this one."
        )
