"""Sums of products."""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

import numpy as np

from ..engine.core import Array
from ..engine.declaring import linear
from .structural import getitem

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
