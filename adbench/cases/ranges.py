"""Numbers that have a meaning in a range alone: shares, probabilities, unit vectors."""

from __future__ import annotations

import numpy as np

from adbench.cases.inputs import Array


def has_a_range(leaf: Array) -> bool:
    """Return whether numbers lie in [0, 1], or rows of them add up to 1 or have the length 1."""
    if not leaf.size or np.all((leaf >= 0) & (leaf <= 1)):
        return True
    rows = np.atleast_1d(leaf)
    sums, squares = np.sum(rows, axis=-1), np.sum(rows * rows, axis=-1)
    return bool(np.allclose(sums, 1, atol=1e-3) or np.allclose(squares, 1, atol=1e-3))
