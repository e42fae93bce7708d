"""The JAX primitives of linear algebra, and the discrete Fourier transforms.

The primitives that factorise a symmetric matrix look at one triangle of it, and so does what stands
for them here. `jnp.linalg.cholesky` and `jnp.linalg.eigh` symmetrize their arguments before; of
`jax.scipy.linalg.cho_factor`, which does not, JAX's derivatives are right in symmetric directions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.linalg
import numpy as np

from adbench.namespaces.jax import wide_types
from adbench.readers import elimination, matrix_exponential
from adbench.readers.reading import Deferred
from adbench.readers.signs import SignChoice

Operation = Callable[..., Any]


def _applied(factorize: Any, matrices: Any, dtype: str) -> Any:
    with wide_types(), jax.ensure_compile_time_eval():
        return np.asarray(factorize(jnp.asarray(matrices, dtype)))


SIGNS = SignChoice("JAX", lambda x: isinstance(x, jax.Array), _applied)


def _transposed(xp: Any, x: Any) -> Any:
    return xp.matrix_transpose(x)


def _triangular_solve(
    xp: Any,
    a: Any,
    b: Any,
    *,
    left_side: bool,
    lower: bool,
    transpose_a: bool,
    conjugate_a: bool,
    unit_diagonal: bool,
    result_dtype: Any,
) -> Any:
    """The solution x of a @ x = b, or x @ a = b, with one triangle of a."""
    a = xp.tril(a, k=-int(unit_diagonal)) if lower else xp.triu(a, k=int(unit_diagonal))
    if unit_diagonal:
        a = a + xp.eye(int(a.shape[-1]), dtype=result_dtype)
    if conjugate_a:
        a = xp.conj(a)
    if transpose_a:
        a = _transposed(xp, a)
    if left_side:
        return xp.linalg.solve(a, b)
    return _transposed(xp, xp.linalg.solve(_transposed(xp, a), _transposed(xp, b)))


def _symmetric(xp: Any, x: Any, lower: bool) -> Any:
    """The symmetric matrix that has one triangle of x."""
    triangle = xp.tril(x) if lower else xp.triu(x)
    strict = xp.tril(x, k=-1) if lower else xp.triu(x, k=1)
    return triangle + xp.conj(_transposed(xp, strict))


def _cholesky(xp: Any, x: Any) -> Any:
    return xp.linalg.cholesky(_symmetric(xp, x, lower=True))


def _qr(
    xp: Any, x: Any, *, pivoting: bool, full_matrices: bool, use_magma: Any = None
) -> tuple[Any, Any]:
    q, r = xp.linalg.qr(x, mode="complete" if full_matrices else "reduced")
    return q, r


def _eigh(
    xp: Any,
    x: Any,
    *,
    lower: bool,
    sort_eigenvalues: bool,
    subset_by_index: Any,
    read_dtype: str,
    **parameters: Any,
) -> tuple[Any, Any]:
    eigenvalues, eigenvectors = xp.linalg.eigh(_symmetric(xp, x, lower))

    def factorize(matrices: Any) -> Any:
        return jax.lax.linalg.eigh(matrices, lower=lower, symmetrize_input=False)[0]

    def with_signs() -> Any:
        return eigenvectors * SIGNS.signs(xp, x, eigenvectors, factorize, read_dtype)

    return Deferred(with_signs), eigenvalues


def _svd(
    xp: Any,
    x: Any,
    *,
    full_matrices: bool,
    compute_uv: bool,
    subset_by_index: Any,
    read_dtype: str,
    **parameters: Any,
) -> tuple[Any, ...]:
    if not compute_uv:
        return (xp.linalg.svdvals(x),)
    left, sizes, right = xp.linalg.svd(x, full_matrices=full_matrices)
    if left.shape[-1] != right.shape[-2]:  # further vectors that no derivative depends on
        return sizes, left, right

    def factorize(matrices: Any) -> Any:
        return jax.lax.linalg.svd(matrices, full_matrices=False)[0]

    @cache
    def signs() -> Any:
        return SIGNS.signs(xp, x, left, factorize, read_dtype)

    def right_with_signs() -> Any:
        return right * _transposed(xp, signs())

    return sizes, Deferred(lambda: left * signs()), Deferred(right_with_signs)


def _tridiagonal_solve(
    xp: Any, below: Any, diagonal: Any, above: Any, b: Any, *, perturb_singular: bool = False
) -> Any:
    """The solution of linear equations whose matrix has three diagonals, each as long as it."""
    n = int(diagonal.shape[-1])
    diagonals = {-1: below, 0: diagonal, 1: above}
    ones = {k: xp.eye(n, k=k, dtype=b.dtype) for k in diagonals}
    matrix = sum(ones[k] * elements[..., None] for k, elements in diagonals.items())
    return xp.linalg.solve(matrix, b)


# ---- Fourier transforms


def _fft(xp: Any, x: Any, *, fft_type: Any, fft_lengths: Sequence[int]) -> Any:
    lengths = tuple(map(int, fft_lengths))
    axes = tuple(range(x.ndim - len(lengths), x.ndim))
    transforms = {
        "FFT": xp.fft.fftn,
        "IFFT": xp.fft.ifftn,
        "RFFT": xp.fft.rfftn,
        "IRFFT": xp.fft.irfftn,
    }
    return transforms[fft_type.name](x, s=lengths, axes=axes)


OF_CALLS: dict[Operation, Operation] = {
    jnp.linalg.det: lambda xp, x: [xp.linalg.det(x)],
    jax.scipy.linalg.expm: lambda xp, x: [matrix_exponential.exponential(xp, x)],
    jnp.linalg.slogdet: lambda xp, x: [*xp.linalg.slogdet(x)],
}
"""What functions of JAX are that eliminate column by column, or choose among several formulas."""

OPERATIONS: dict[str, Operation] = {
    "cholesky": _cholesky,
    "eigh": _eigh,
    "fft": _fft,
    "lu": elimination.lu,
    "lu_pivots_to_permutation": elimination.lu_pivots_to_permutation,
    "qr": _qr,
    "svd": _svd,
    "triangular_solve": _triangular_solve,
    "tridiagonal_solve": _tridiagonal_solve,
}
"""What each primitive is in the array namespace."""
