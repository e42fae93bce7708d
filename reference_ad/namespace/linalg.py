"""Linear algebra under the standard's names, on stacks of matrices.

It is what the standard calls its `linalg` extension.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from ..engine.arguments import scalar_one
from ..engine.core import Array
from ..engine.elements import is_complex
from ..rules import linalg as rules
from ..rules.contraction import matmul
from ..rules.elementwise import abs, conj, real
from ..rules.linalg import det, diagonal, inv, matrix_shape
from ..rules.linalg import pinv as _pinv
from ..rules.reductions import canonical_axes
from ..rules.structural import matrix_transpose
from . import reductions as xp
from .contractions import outer, tensordot, vecdot
from .creation import eye, zeros_like
from .data_types import astype
from .manipulation import concat, roll, tril, triu
from .searching import value

Slogdet = namedtuple("Slogdet", ["sign", "logabsdet"])
"""The sign of a determinant, and the logarithm of its size."""

Eigh = namedtuple("Eigh", ["eigenvalues", "eigenvectors"])
"""Eigenvalues in ascending order, and the eigenvectors as columns."""

QR = namedtuple("QR", ["Q", "R"])
"""An orthogonal and an upper triangular factor."""

SVD = namedtuple("SVD", ["U", "S", "Vh"])
"""Left singular vectors as columns, singular values in descending order, right singular vectors as
rows."""


def solve(x1: Array, x2: Array, /) -> Array:
    """The solution of x1 @ x = x2, for a vector or a stack of matrices x2."""
    if x2.ndim == 1:
        return rules.solve(x1, x2[:, None])[..., 0]
    return rules.solve(x1, x2)


def solve_triangular(x1: Array, x2: Array, /, *, lower: Any = True) -> Array:
    """The solution of x1 @ x = x2 with one triangle of x1, the rest of which is not looked at.

    Not in the standard.
    """
    triangle = tril(x1) if lower else triu(x1)
    return solve(triangle, x2)


def slogdet(x: Array, /) -> Slogdet:
    """The sign of the determinant, and the logarithm of its size, without overflow."""
    return Slogdet(rules.sign_of_det(x), rules.logabsdet(x))


def cholesky(x: Array, /, *, upper: Any = False) -> Array:
    """The triangular factor of the symmetric part of x, which must be positive definite."""
    factor = rules.cholesky(x)
    return conj(factor).mT if upper else factor


def qr(x: Array, /, *, mode: Any = "reduced") -> QR:
    """Q and R, with x = Q @ R."""
    rows, columns = matrix_shape(x)
    if mode != "reduced":
        raise ValueError(f"qr was given mode={mode!r}: only 'reduced' has a derivative.")
    both = rules.qr(x if rows >= columns else x[..., :rows])
    q, r = both[..., :rows, :], both[..., rows:, :].mT
    return QR(q, r if rows >= columns else concat([r, q.mT @ x[..., rows:]], axis=-1))


def _real(values: Array) -> Array:
    """Eigenvalues and singular values as real numbers.

    They share one array with vectors that may not be real.
    """
    return real(values) if is_complex(values) else values


def eigh(x: Array, /) -> Eigh:
    """Eigenvalues and eigenvectors of the symmetric part of x."""
    both = rules.eigh(x)
    return Eigh(_real(both[..., 0]), both[..., 1:])


def eigvalsh(x: Array, /) -> Array:
    """The eigenvalues of the symmetric part of x, in ascending order."""
    return eigh(x).eigenvalues


def svd(x: Array, /, *, full_matrices: Any = True) -> SVD:
    """The singular value decomposition.

    The reduced one (`full_matrices=False`) only, for that alone is unique.
    """
    rows, columns = matrix_shape(x)
    if full_matrices and rows != columns:
        raise ValueError(
            "svd of a matrix that is not square has a derivative with full_matrices=False only."
        )
    if rows < columns:
        u, s, vh = svd(x.mT, full_matrices=False)
        return SVD(vh.mT, s, u.mT)
    all_three = rules.svd(x)
    return SVD(
        all_three[..., :rows, :], _real(all_three[..., rows, :]), all_three[..., rows + 1 :, :].mT
    )


def svdvals(x: Array, /) -> Array:
    """The singular values, in descending order."""
    return svd(x, full_matrices=False).S


def pinv(x: Array, /, *, rtol: Any = None) -> Array:
    """The pseudoinverse of a matrix of full rank."""
    if rtol is not None:
        raise ValueError(
            "pinv takes matrices of full rank, so rtol has no meaning here: leave it out."
        )
    return _pinv(x)


def matrix_power(x: Array, n: int, /) -> Array:
    """The n-th power, for an integer n."""
    if n != int(n):
        raise TypeError(f"matrix_power was given n={n!r}: give an integer.")
    if n < 0:
        return matrix_power(inv(x), -n)
    if n == 0:
        return zeros_like(x) + eye(x.shape[-1], dtype=x.dtype)
    half = matrix_power(x, n // 2)
    if n % 2:
        return half @ half @ x
    return half @ half


def matrix_rank(x: Array, /, *, rtol: Any = None) -> Any:
    """The numerical rank."""
    return np.linalg.matrix_rank(value(x), rtol=rtol)


def trace(x: Array, /, *, offset: int = 0, dtype: Any = None) -> Array:
    """The sums of the diagonals."""
    return xp.sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def cross(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    """The cross product of vectors of length 3."""
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError(
            f"cross was given shapes {x1.shape} and {x2.shape}: axis {axis} of both must have "
            "length 3."
        )
    turned = [roll(x, -1, axis=axis) for x in (x1, x2)]
    return roll(x1 * turned[1] - turned[0] * x2, -1, axis=axis)


def vector_norm(x: Array, /, *, axis: Any = None, keepdims: Any = False, ord: Any = 2) -> Array:
    """The norm over some axes.

    At 0 the derivative of the Euclidean norm is 0, its subgradient of least norm; a second one
    there is not.
    """
    if ord == 2:
        return xp.euclidean_norm(x, canonical_axes(axis, x.ndim), keepdims)
    size = abs(x)
    if ord == 0:
        return xp.sum(astype(size > 0, x.dtype), axis=axis, keepdims=keepdims)
    if ord == 1:
        return xp.sum(size, axis=axis, keepdims=keepdims)
    if ord == np.inf:
        return xp.max(size, axis=axis, keepdims=keepdims)
    if ord == -np.inf:
        return xp.min(size, axis=axis, keepdims=keepdims)
    return xp.sum(size**ord, axis=axis, keepdims=keepdims) ** (scalar_one(x) / ord)


def matrix_norm(x: Array, /, *, keepdims: Any = False, ord: Any = "fro") -> Array:
    """The norm of matrices: 'fro', 'nuc', 2, -2, 1, -1, inf or -inf."""
    if ord == "fro":
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    combine: dict[Any, Any] = {"nuc": xp.sum, **dict.fromkeys((1, 2, np.inf), xp.max)}
    combine |= dict.fromkeys((-1, -2, -np.inf), xp.min)
    if ord not in combine:
        raise ValueError(
            f"matrix_norm was given ord={ord!r}: give 'fro', 'nuc', 2, -2, 1, -1, inf or -inf."
        )
    if ord in ("nuc", 2, -2):
        parts = svdvals(x)
    elif ord in (1, -1):
        parts = xp.sum(abs(x), axis=-2)
    else:
        parts = xp.sum(abs(x), axis=-1)
    norm = combine[ord](parts, axis=-1)
    return norm[..., None, None] if keepdims else norm
