"""The signs of the vectors of a factorization, which mathematics leaves open and frameworks choose.

An eigenvector and its negative are one as good as the other. Which of the two a framework gives
depends on its routine and on the dtype, so the framework itself is asked, for the very numbers. The
signs are constants: around a point at which they jump, the vectors have a derivative all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from adbench.backends.base import Unsupported
from adbench.readers.values import plain_values

Factorize = Callable[[Any], Any]
"""A framework's function of its matrices that returns vectors, one in a column."""


@dataclass(frozen=True)
class SignChoice:
    """How a framework is asked for the signs that it chooses."""

    framework: str
    """Its name, as messages have it."""
    is_own: Callable[[Any], bool]
    """Whether an array is one of the framework's, whose vectors have its signs."""
    apply: Callable[[Factorize, Any, str], Any]
    """`apply(factorize, matrices, dtype)` calls a function with the framework's array of NumPy's
    float64 numbers, in the dtype of that name, and returns NumPy's array of what it gives."""

    def signs(self, xp: Any, x: Any, vectors: Any, factorize: Factorize, dtype: str) -> Any:
        """Return 1 or -1 for each vector: by what it is to be multiplied to be the framework's.

        x: real matrices of the namespace `xp`, shape (..., n, m). vectors: columns that it gives
        for them, shape (..., n, k). dtype: the name of the one that the function was read in.

        The signs have the shape (..., 1, k) and the dtype of the vectors, or are 1 where the
        framework computes the vectors, and where they are complex. Raises Unsupported where x is
        traced by another framework, and has no numbers.
        """
        if self.is_own(x) or xp.isdtype(x.dtype, "complex floating"):
            return xp.ones((1, 1), dtype=vectors.dtype)
        near = self.apply(factorize, self._numbers(xp, x), dtype)
        side = np.sum(self._numbers(xp, vectors) * near, axis=-2, keepdims=True)
        return xp.asarray(np.where(side < 0, -1.0, 1.0), dtype=vectors.dtype)

    def _numbers(self, xp: Any, x: Any) -> Any:
        """The numbers of an array of any namespace, or the midpoints of balls (float64)."""
        values = plain_values(xp, x)
        if values is None:
            raise Unsupported(
                f"Eigenvectors and singular vectors have the signs that {self.framework} gives "
                "them for the numbers of a matrix, and one that is traced has none: use a backend "
                f"that computes at once, or {self.framework} itself."
            )
        return values
