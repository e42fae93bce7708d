"""The discrete Fourier transform of arrays of elements, as a product with its matrix."""

from __future__ import annotations

from typing import Any

import flint
import numpy as np

from .arrays import matmul
from .elements import elements, filled


def dft(x: Any, inverse: bool) -> Any:
    """Along the last axis, without any factor; the roots of 1 are enclosed."""
    n = x.shape[-1]
    roots = [_root_of_one(k, n, inverse) for k in range(n)]
    powers = np.outer(np.arange(n), np.arange(n)) % n
    matrix = filled([roots[k] for k in powers.ravel()], (n, n))
    return matmul(elements(x), matrix)


def _root_of_one(k: int, n: int, inverse: bool) -> Any:
    """exp(-2 pi i k / n), or its conjugate."""
    sine, cosine = flint.arb.sin_cos_pi_fmpq(flint.fmpq(2 * k, n))
    return flint.acb(cosine, sine if inverse else -sine)
