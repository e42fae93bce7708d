"""The questions that can be asked of a model, and the cases that a question is made of."""

from __future__ import annotations

from adbench.cases.case import NATIVE, SPECIFICATION, Case
from adbench.cases.inputs import Inputs
from adbench.cases.model import Model
from adbench.cases.operators import NEEDS_SCALAR_OUTPUT, Operator, modes_of, order_of, passes


def questions(
    model: Model, inputs: Inputs, highest_order: int | None = None
) -> list[tuple[Operator, int]]:
    """Return the operators that apply to a model, each with its order.

    highest_order: what is asked for; None for all that apply.
    """
    if inputs.is_scalar_to_scalar:
        orders = range(1, 1 + (highest_order or model.orders))
        derivatives = [(Operator.DERIVATIVE, order) for order in orders]
        return [(Operator.VALUE, 0), *derivatives, (Operator.VJP, 1)]
    excluded = {Operator.DERIVATIVE}
    if inputs.cotangent.shape == ():
        # Its Jacobian is its gradient; its VJP is that times a cotangent, which a backward pass may
        # forget.
        excluded |= {Operator.JACOBIAN, Operator.SPARSE_JACOBIAN}
    else:
        excluded |= NEEDS_SCALAR_OUTPUT
    if not model.samples:
        excluded.add(Operator.PER_SAMPLE_GRADIENT)
    applicable = [operator for operator in Operator if operator not in excluded]
    if highest_order is not None:
        applicable = [operator for operator in applicable if order_of(operator) <= highest_order]
    return [(operator, order_of(operator)) for operator in applicable]


def cases_of(
    model: Model,
    size: str,
    dtype: str,
    operator: Operator,
    order: int,
    inputs: Inputs,
    most_passes: int | None,
) -> tuple[Case, ...]:
    """Return a question in every mode that takes few enough passes, for each implementation.

    most_passes: None where their number does not matter.
    """
    implementations = [SPECIFICATION, NATIVE] if model.native else [SPECIFICATION]
    return tuple(
        Case(model.name, size, dtype, operator, order, mode, implementation)
        for implementation in implementations
        for mode in modes_of(operator, order)
        if most_passes is None or passes(operator, mode, inputs.n, inputs.m) <= most_passes
    )
