"""The solution of linear equations, `custom_linear_solve` in a jaxpr.

JAX's own way to a solution holds the matrix for a constant, so that only the equation tells the
derivative: here the matrix is taken out of it and given to `xp.linalg.solve`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from adbench.readers.jax_program import (
    Builder,
    Program,
    Run,
    Step,
    Value,
    arrays_that_vary,
    like,
)
from adbench.readers.reading import Unreadable

Solve = Callable[[Run, list[Any], Any], Any]
"""A function of a run, the constants of an equation, and its right hand side."""


def custom_linear_solve(
    builder: Builder, equation: Any, inputs: Sequence[Value]
) -> Sequence[Value]:
    """Add the solution of an equation, and return it."""
    lengths = equation.params["const_lengths"]
    right_hand_sides = inputs[sum(lengths) :]
    if len(right_hand_sides) != 1:
        raise Unreadable(
            f"The function solves for several arrays at once with `lax.custom_linear_solve`"
            f"{builder.place(equation)}: join them into one."
        )
    fixed_inputs = inputs[: lengths.matvec]
    constants = [like(value) for value in fixed_inputs]
    unknown = Value(right_hand_sides[0].shape, right_hand_sides[0].dtype)
    product = builder.program(equation.params["jaxprs"].matvec, [*constants, unknown])
    solve = _solving(product, unknown)

    def apply(run: Run, operands: list[Any]) -> Sequence[Any]:
        fixed = arrays_that_vary(constants, operands)
        return [solve(run, fixed, operands[-1])]

    used_inputs = [*fixed_inputs, *right_hand_sides]
    return builder.add(equation, used_inputs, apply, is_whole=False, programs=[product])


def _solving(product: Program, unknown: Value) -> Solve:
    """Return how to solve `product(constants, x) = b`."""
    depending: set[Value] = {unknown}
    steps_of_unknown = []
    for step in product.steps:
        if not depending.isdisjoint(step.inputs):
            steps_of_unknown.append(step)
            depending.update(step.outputs)
    if _is_matrix_product(steps_of_unknown, depending, unknown):
        return _solve_matrix_product(product, steps_of_unknown, unknown)
    return _solve_by_columns(product, unknown)


def _is_matrix_product(steps: list[Step], depending: set[Value], unknown: Value) -> bool:
    """Whether the unknown is multiplied by one array, and the product at most transposed."""
    if not steps or steps[0].name != "dot_general" or unknown not in steps[0].inputs:
        return False
    is_linear = not depending.issuperset(steps[0].inputs)
    return is_linear and all(step.name == "transpose" for step in steps[1:])


def _solve_matrix_product(product: Program, steps: list[Step], unknown: Value) -> Solve:
    """Solve with the matrix that the unknown is multiplied by."""
    multiplication, *transpositions = steps
    is_left = multiplication.inputs[0] is unknown
    side, other_side = (0, 1) if is_left else (1, 0)
    matrix = multiplication.inputs[other_side]
    before = tuple(step for step in product.steps if step not in steps)
    matrix_of = Program(product.inputs[:-1], before, (matrix,))

    contracted, batched = multiplication.equation.params["dimension_numbers"]
    rows = _free_axes(matrix, contracted[other_side], batched[other_side])
    columns = _free_axes(unknown, contracted[side], batched[side])
    matrix_order = _as_ints(batched[other_side], rows, contracted[other_side])
    unknown_order = _as_ints(batched[side], contracted[side], columns)
    n_batched, n_columns = len(batched[side]), len(columns)
    batch = tuple(unknown.shape[axis] for axis in batched[side])
    n = math.prod(matrix.shape[axis] for axis in rows)

    product_order = list(range(len(unknown_order)))
    for step in transpositions:
        product_order = [product_order[k] for k in step.equation.params["permutation"]]
    if is_left:  # the axes of the unknown stand before those of the matrix
        after = range(n_batched + n_columns, len(product_order))
        middle = range(n_batched, n_batched + n_columns)
        wanted = [*range(n_batched), *after, *middle]
    else:
        wanted = list(range(len(product_order)))
    right_order = [product_order.index(axis) for axis in wanted]

    def solve(run: Run, fixed: list[Any], right_hand_side: Any) -> Any:
        xp = run.xp
        square = xp.permute_dims(matrix_of(run, fixed)[0], matrix_order)
        square = xp.reshape(square, (*batch, n, n))
        right = xp.permute_dims(right_hand_side, tuple(right_order))
        solution = xp.linalg.solve(square, xp.reshape(right, (*batch, n, -1)))
        lengths = tuple(unknown.shape[axis] for axis in unknown_order)
        solution = xp.reshape(solution, lengths)
        return xp.permute_dims(solution, _inverse(unknown_order))

    return solve


def _free_axes(value: Value, *used: Sequence[int]) -> list[int]:
    """Return the axes that are neither summed over nor those of a batch."""
    return [axis for axis in range(len(value.shape)) if not any(axis in axes for axes in used)]


def _as_ints(*axes: Sequence[Any]) -> tuple[int, ...]:
    return tuple(int(axis) for part in axes for axis in part)


def _inverse(order: Sequence[int]) -> tuple[int, ...]:
    return tuple(order.index(axis) for axis in range(len(order)))


def _solve_by_columns(product: Program, unknown: Value) -> Solve:
    """Solve with the matrix whose columns are what becomes of the unit vectors."""
    n = math.prod(unknown.shape)

    def solve(run: Run, fixed: list[Any], right_hand_side: Any) -> Any:
        xp = run.xp
        units = xp.eye(n, dtype=run.dtype(unknown.dtype))
        images = [
            product(run, [*fixed, xp.reshape(units[k, :], unknown.shape)])[0] for k in range(n)
        ]
        matrix = xp.stack([xp.reshape(image, (n,)) for image in images], axis=1)
        solution = xp.linalg.solve(matrix, xp.reshape(right_hand_side, (n, 1)))
        return xp.reshape(solution, unknown.shape)

    return solve
