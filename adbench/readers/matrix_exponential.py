"""The exponential of matrices, which the array namespace has not: scaling and squaring."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adbench.readers.values import plain_values

DEGREE = 20
"""That of Taylor's polynomial: of matrices of norm 1/2, it leaves out 1e-26 of the exponential."""

HALVINGS = 6
"""How often matrices are halved whose numbers are not known, as those of a trace: enough for norms
of up to 64, of which the polynomial leaves out 2e-20."""


def exponential(xp: Any, x: Any) -> Any:
    """Return the exponential of square matrices, shape (..., n, n).

    A matrix is halved until its norm is below 1/2, and Taylor's polynomial of it squared as often
    (N. J. Higham, Functions of Matrices, SIAM 2008, section 10.3).
    """
    halvings = _halvings(plain_values(xp, x))
    small = x * 0.5**halvings
    ones = xp.eye(x.shape[-1], dtype=x.dtype)
    power = ones
    for degree in range(DEGREE, 0, -1):
        power = ones + xp.matmul(small, power) / degree
    for _ in range(halvings):
        power = xp.matmul(power, power)
    return power


def _halvings(matrices: Any) -> int:
    if matrices is None:
        return HALVINGS
    norm = float(np.max(np.sum(np.abs(matrices), axis=-1), initial=0.0))
    return max(0, math.ceil(math.log2(2 * norm))) if 0.25 < norm < math.inf else 0
