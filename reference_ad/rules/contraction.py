"""Sums of products."""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

from math import prod

import numpy as np

from ..engine.core import Array
from ..engine.declaring import linear, reshape
from .batching import Application, batch, deepen, reshape_if_needed
from .structural import getitem, matrix_transpose

_COLUMN = (..., None)
_FIRST_COLUMN = (..., 0)


def _matmul_transpose_x(g: Array, ans: Array, x: Array, y: Array) -> Array:
    if y.ndim == 1:
        return getitem(g, index=_COLUMN) * y
    if x.ndim == 1:
        return getitem(matmul(y, getitem(g, index=_COLUMN)), index=_FIRST_COLUMN)
    return g @ y.mT


def _matmul_transpose_y(g: Array, ans: Array, x: Array, y: Array) -> Array:
    if x.ndim == 1:
        if y.ndim == 1:
            return g * x
        return getitem(x, index=_COLUMN) * getitem(g, index=(..., None, slice(None)))
    if y.ndim == 1:
        return getitem(matmul(x.mT, getitem(g, index=_COLUMN)), index=_FIRST_COLUMN)
    return x.mT @ g


# as NumPy's: a vector on the left is a row, on the right a column, and leading axes broadcast
# (`unbroadcast` undoes that)
matmul = linear("matmul", np.matmul, _matmul_transpose_x, _matmul_transpose_y)


# --- on stacks of arrays --------------------------------------------------------------------------


def _batched_matmul(application: Application) -> Array:
    x_is_stack, y_is_stack = [application.members.holds(arg) for arg in application.args]
    x_ndim, y_ndim = [arg.ndim for arg in application.args]
    x, y = application.args
    x = x.primal if x_is_stack else x
    y = y.primal if y_is_stack else y
    if not y_is_stack and y_ndim <= 2:
        return _all_rows_at_once(x, y)
    if not x_is_stack and x_ndim == 2 and y_ndim == 1:
        return matmul(y, matrix_transpose(x))
    if not x_is_stack and x_ndim == y_ndim == 2 and y.shape[-1] == 1:
        return _all_columns_at_once(x, y)
    # the general case: vectors as matrices, then as many axes for both
    if x_ndim == 1:
        x = reshape(x, shape=(*x.shape[:-1], 1, x.shape[-1]))
    if y_ndim == 1:
        y = reshape(y, shape=(*y.shape, 1))
    ndim = max(x_ndim, y_ndim, 2)
    x = deepen(x, ndim) if x_is_stack else x
    y = deepen(y, ndim) if y_is_stack else y
    product = matmul(x, y)
    *outer, rows, columns = product.shape
    if x_ndim > 1:
        outer.append(rows)
    if y_ndim > 1:
        outer.append(columns)
    return reshape_if_needed(product, *outer)


def _all_rows_at_once(x: Array, y: Array) -> Array:
    """A stack times one matrix or vector: all rows of all members in one product."""
    rows = reshape_if_needed(x, prod(x.shape[:-1]), x.shape[-1])
    return reshape_if_needed(matmul(rows, y), *x.shape[:-1], *y.shape[1:])


def _all_columns_at_once(x: Array, y: Array) -> Array:
    """One matrix times a stack of columns: all columns of all members in one product."""
    columns = reshape(y, shape=y.shape[:2])
    return reshape(matmul(columns, matrix_transpose(x)), shape=(len(y), len(x), 1))


batch(_batched_matmul, matmul)
