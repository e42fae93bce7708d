"""The JAX primitives of linear algebra, and the discrete Fourier transforms.

The primitives that factorise a symmetric matrix look at one triangle of it, and so does what stands
for them here. `jnp.linalg.cholesky` and `jnp.linalg.eigh` symmetrize their arguments before; of
`jax.scipy.linalg.cho_factor`, which does not, JAX's derivatives are right in symmetric directions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Operation = Callable[..., Any]


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
    **parameters: Any,
) -> tuple[Any, Any]:
    eigenvalues, eigenvectors = xp.linalg.eigh(_symmetric(xp, x, lower))
    return eigenvectors, eigenvalues


def _svd(
    xp: Any,
    x: Any,
    *,
    full_matrices: bool,
    compute_uv: bool,
    subset_by_index: Any,
    **parameters: Any,
) -> tuple[Any, ...]:
    if not compute_uv:
        return (xp.linalg.svdvals(x),)
    left, sizes, right = xp.linalg.svd(x, full_matrices=full_matrices)
    return sizes, left, right


def _tridiagonal_solve(
    xp: Any, below: Any, diagonal: Any, above: Any, b: Any, *, perturb_singular: bool = False
) -> Any:
    """The solution of linear equations whose matrix has three diagonals, each as long as it."""
    n = int(diagonal.shape[-1])
    diagonals = {-1: below, 0: diagonal, 1: above}
    ones = {k: xp.eye(n, k=k, dtype=b.dtype) for k in diagonals}
    matrix = sum(ones[k] * elements[..., None] for k, elements in diagonals.items())
    return xp.linalg.solve(matrix, b)


# ---- elimination


def _lu(xp: Any, x: Any) -> tuple[Any, Any, Any]:
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


def _lu_pivots_to_permutation(xp: Any, pivots: Any, *, permutation_size: int) -> Any:
    """The order of the rows after they are exchanged as the pivots say."""
    *batch, n_pivots = map(int, pivots.shape)
    rows = xp.arange(permutation_size)
    order = xp.broadcast_to(rows, (*batch, permutation_size))
    for k in range(n_pivots):
        pivot = xp.astype(pivots[..., k : k + 1], order.dtype)
        order = xp.take_along_axis(order, _exchanged(xp, rows, k, pivot), axis=-1)
    return xp.astype(order, xp.int32)


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


OPERATIONS: dict[str, Operation] = {
    "cholesky": _cholesky,
    "eigh": _eigh,
    "fft": _fft,
    "lu": _lu,
    "lu_pivots_to_permutation": _lu_pivots_to_permutation,
    "qr": _qr,
    "svd": _svd,
    "triangular_solve": _triangular_solve,
    "tridiagonal_solve": _tridiagonal_solve,
}
"""What each primitive is in the array namespace."""
