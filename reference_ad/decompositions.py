"""Linear algebra on stacks of matrices in any real floating dtype, and on object arrays where no LAPACK is needed.

Single, double and complex go to LAPACK, through NumPy. Extended precision starts from LAPACK's answer in double and is
refined, so that signs and order are the same in every precision.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def _native(x: Any) -> bool:
    return x.dtype.kind == "c" or (x.dtype.kind == "f" and x.dtype.itemsize <= 8)


def _double(x: Any) -> Any:
    return x.astype(np.float64)


def solve(a: Any, b: Any) -> Any:
    """x with a @ x = b, for a matrix b."""
    if _native(a) and _native(b):
        return np.linalg.solve(a, b)
    x = np.linalg.solve(_double(a), _double(b)).astype(np.longdouble)
    for _ in range(4):
        x = x + np.linalg.solve(_double(a), _double(b - a @ x))
    return x


def det(x: Any) -> Any:
    """The determinant."""
    if _native(x):
        return np.linalg.det(x)
    found = np.ones(x.shape[:-2], x.dtype)
    for place in np.ndindex(x.shape[:-2]):
        matrix = x[place].copy()
        while len(matrix):
            pivot = int(np.argmax(np.abs(matrix[:, 0])))
            found[place] *= matrix[pivot, 0] if pivot == 0 else -matrix[pivot, 0]
            if matrix[pivot, 0] == 0:
                break
            matrix[[0, pivot]] = matrix[[pivot, 0]]
            matrix = matrix[1:, 1:] - matrix[1:, :1] * (matrix[:1, 1:] / matrix[0, 0])
    return found[()]


def logabsdet(x: Any) -> Any:
    """The logarithm of the determinant's size, without overflow."""
    return np.linalg.slogdet(x)[1] if _native(x) else np.log(np.abs(det(x)))


def nearly_singular(x: Any) -> Any:
    """Whether the inverse would lose more than half of the digits."""
    return np.linalg.cond(_double(x) if x.dtype.kind == "f" else x) ** 2 * np.finfo(x.dtype).eps > 1


def symmetric(x: Any) -> Any:
    """The Hermitian part."""
    return (x + x.mT.conj()) / 2


def cholesky(x: Any) -> Any:
    """The lower triangular factor of the Hermitian part of x."""
    x = symmetric(x)
    return np.linalg.cholesky(x) if _native(x) else cholesky_by_columns(x)


def cholesky_by_columns(x: Any) -> Any:
    """The same of a real symmetric x, in x's own arithmetic."""
    factor = x * 0
    for j in range(x.shape[-1]):
        column = x[..., j:, j] - np.add.reduce(factor[..., j:, :j] * factor[..., j : j + 1, :j], axis=-1)
        factor[..., j:, j] = column / np.sqrt(column[..., :1])
    return factor


def qr(x: Any) -> Any:
    """Q above the transpose of R, for x with at least as many rows as columns."""
    if _native(x):
        q, r = np.linalg.qr(x)
    else:
        signs = np.sign(np.diagonal(np.linalg.qr(_double(x))[1], 0, -2, -1))
        q, r = qr_by_columns(x, signs)
        q, more = qr_by_columns(q, np.ones_like(signs))
        r = more @ r
    return np.concatenate([q, r.mT], axis=-2)


def qr_by_columns(x: Any, signs: Any) -> tuple[Any, Any]:
    """Gram and Schmidt's method, in x's own arithmetic; `signs` are those of R's diagonal."""
    q, r = x.copy(), x[..., : x.shape[-1], :] * 0
    for j in range(x.shape[-1]):
        for i in range(j):
            r[..., i, j] = np.add.reduce(q[..., i] * q[..., j], axis=-1)
            q[..., j] = q[..., j] - q[..., i] * r[..., i, j][..., None]
        r[..., j : j + 1, j] = (
            np.sqrt(np.add.reduce(q[..., j] * q[..., j], axis=-1, keepdims=True)) * signs[..., j, None]
        )
        q[..., j] = q[..., j] / r[..., j, j][..., None]
    return q, r


def eigh(x: Any) -> Any:
    """The eigenvalues of the Hermitian part of x as a first column, in ascending order, and the vectors beside it."""
    x = symmetric(x)
    values, vectors = np.linalg.eigh(x if _native(x) else _double(x))
    if not _native(x):
        vectors = vectors.astype(x.dtype)
        for _ in range(2):  # Ogita and Aishima (2018), iterative refinement; quadratically convergent
            defect = np.eye(x.shape[-1]) - vectors.mT @ vectors
            image = vectors.mT @ x @ vectors
            spread = np.diagonal(image, 0, -2, -1) / (1 - np.diagonal(defect, 0, -2, -1))
            gaps = spread[..., None, :] - spread[..., :, None]
            diagonal = np.eye(x.shape[-1], dtype=bool)
            step = (image + spread[..., None, :] * defect) / np.where(diagonal, 1, gaps)
            vectors = vectors + vectors @ np.where(diagonal, defect / 2, step)
        values = np.diagonal(vectors.mT @ x @ vectors, 0, -2, -1)
    return np.concatenate([values[..., None], vectors], axis=-1)


def svd(x: Any) -> Any:
    """U, the singular values as one row, and V, above one another, for x with at least as many rows as columns."""
    if _native(x):
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        return np.concatenate([u, s[..., None, :], vh.mT], axis=-2)
    pairs = eigh(x.mT @ x)[..., ::-1]
    v = pairs[..., :-1]
    signs = np.sign(np.add.reduce(np.linalg.svd(_double(x), full_matrices=False)[2].mT * v, axis=-2, keepdims=True))
    image = x @ (v * signs)
    s = np.sqrt(np.add.reduce(image * image, axis=-2, keepdims=True))
    return np.concatenate([image / s, s, v * signs], axis=-2)


def pinv(x: Any) -> Any:
    """The pseudoinverse, for x of full rank."""
    if _native(x):
        return np.linalg.pinv(x)
    return solve(x.mT @ x, x.mT) if x.shape[-2] >= x.shape[-1] else solve(x @ x.mT, x).mT
