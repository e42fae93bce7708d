"""Elimination with pivots, which the array namespace has not: LU factors."""

from __future__ import annotations

from typing import Any


def lu(xp: Any, x: Any) -> tuple[Any, Any, Any]:
    """Both factors in one matrix, the row exchanged in each step, and the order of the rows.

    One column after another, with the largest element of each as its pivot.
    """
    *batch, n, m = map(int, x.shape)
    rows, columns = xp.arange(n), xp.arange(m)
    order = xp.broadcast_to(rows, (*batch, n))
    pivots = [xp.zeros((*batch, 0), dtype=order.dtype)]
    for k in range(min(n, m)):
        sizes = xp.abs(xp.stop_gradient(x[..., k:, k]))
        pivot = xp.astype(xp.argmax(sizes, axis=-1, keepdims=True), order.dtype) + k
        exchanged = _exchanged(xp, rows, k, pivot)
        order = xp.take_along_axis(order, exchanged, axis=-1)
        by_row = xp.broadcast_to(exchanged[..., None], (*batch, n, m))
        x = _with_column_eliminated(xp, xp.take_along_axis(x, by_row, axis=-2), k, rows, columns)
        pivots.append(pivot)
    return x, xp.astype(xp.concat(pivots, axis=-1), xp.int32), xp.astype(order, xp.int32)


def _exchanged(xp: Any, rows: Any, k: int, pivot: Any) -> Any:
    """The numbers of the rows, with k and that of the pivot exchanged."""
    return xp.where(rows == k, pivot, xp.where(rows == pivot, xp.full_like(pivot, k), rows))


def _with_column_eliminated(xp: Any, x: Any, k: int, rows: Any, columns: Any) -> Any:
    """x after a step of elimination: multipliers below the pivot, the rest less multiples of row k.

    A pivot of 0 has only zeros below it, and the multipliers are these.
    """
    pivot = x[..., k, k][..., None]
    divisor = xp.where(pivot == 0, xp.ones_like(pivot), pivot)
    multipliers = x[..., :, k] / divisor
    multipliers = xp.where(rows > k, multipliers, xp.zeros_like(multipliers))[..., None]
    pivot_row = x[..., k, :]
    pivot_row = xp.where(columns > k, pivot_row, xp.zeros_like(pivot_row))[..., None, :]
    is_multiplier = xp.logical_and(rows[:, None] > k, columns[None, :] == k)
    return xp.where(is_multiplier, multipliers, x - multipliers * pivot_row)


def lu_pivots_to_permutation(xp: Any, pivots: Any, *, permutation_size: int) -> Any:
    """The order of the rows after they are exchanged as the pivots say."""
    *batch, n_pivots = map(int, pivots.shape)
    rows = xp.arange(permutation_size)
    order = xp.broadcast_to(rows, (*batch, permutation_size))
    for k in range(n_pivots):
        pivot = xp.astype(pivots[..., k : k + 1], order.dtype)
        order = xp.take_along_axis(order, _exchanged(xp, rows, k, pivot), axis=-1)
    return xp.astype(order, xp.int32)


def triangular_factors(xp: Any, both: Any) -> tuple[Any, Any]:
    """The lower factor, which has ones on its diagonal, and the upper one."""
    n, m = int(both.shape[-2]), int(both.shape[-1])
    rank = min(n, m)
    ones = xp.eye(n, rank, dtype=both.dtype)
    return xp.tril(both[..., :, :rank], k=-1) + ones, xp.triu(both[..., :rank, :])


def permutation_matrix(xp: Any, order: Any, dtype: Any) -> Any:
    """The matrix that puts the rows of a product of factors back where they were."""
    rows = xp.arange(int(order.shape[-1]), dtype=order.dtype)
    return xp.astype(rows[:, None] == order[..., None, :], dtype)
