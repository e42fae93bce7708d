"""PyTorch's linear algebra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from adbench.readers import elimination, matrix_exponential
from adbench.readers.signs import SignChoice
from adbench.readers.torch_pieces import move_axis


def _solve(xp: Any, a: Any, b: Any, left: bool = True, check_errors: bool = False) -> Any:
    """The solution of a @ x = b, or of x @ a = b."""
    if b.ndim == a.ndim - 1:
        return xp.linalg.solve(a, b[..., None])[..., 0]
    if left:
        return xp.linalg.solve(a, b)
    transposed = xp.linalg.solve(xp.matrix_transpose(a), xp.matrix_transpose(b))
    return xp.matrix_transpose(transposed)


def _solve_triangular(
    xp: Any, a: Any, b: Any, upper: bool, left: bool = True, unitriangular: bool = False
) -> Any:
    triangle = xp.triu(a) if upper else xp.tril(a)
    if unitriangular:
        ones = xp.eye(a.shape[-1], dtype=a.dtype)
        triangle = (xp.triu(a, k=1) if upper else xp.tril(a, k=-1)) + ones
    return _solve(xp, triangle, b, left)


def _triangular_solve(
    xp: Any,
    b: Any,
    a: Any,
    upper: bool = True,
    transpose: bool = False,
    unitriangular: bool = False,
) -> Any:
    if transpose:
        a, upper = xp.matrix_transpose(a), not upper
    return _solve_triangular(xp, a, b, upper, True, unitriangular)


def _inverse(xp: Any, x: Any, check_errors: bool = False) -> Any:
    return xp.linalg.inv(x)


def _cholesky(xp: Any, x: Any, upper: bool = False, check_errors: bool = False) -> Any:
    """The triangular factor of the symmetric part.

    PyTorch reads one triangle of x, and takes it for symmetric in the derivative, as is said here.
    """
    factor = xp.linalg.cholesky(x)
    return xp.conj(xp.matrix_transpose(factor)) if upper else factor


def _cholesky_solve(xp: Any, b: Any, factor: Any, upper: bool = False) -> Any:
    triangle = xp.matrix_transpose(xp.triu(factor)) if upper else xp.tril(factor)
    half = xp.linalg.solve(triangle, b)
    return xp.linalg.solve(xp.matrix_transpose(triangle), half)


def _cholesky_inverse(xp: Any, factor: Any, upper: bool = False) -> Any:
    return _cholesky_solve(xp, xp.eye(factor.shape[-1], dtype=factor.dtype), factor, upper)


def _eigenvalues(xp: Any, x: Any, UPLO: str = "L", compute_v: bool = True) -> Any:
    return xp.linalg.eigh(x)[0]


def _applied(factorize: Any, matrices: Any, dtype: str) -> Any:
    return factorize(torch.tensor(matrices, dtype=getattr(torch, dtype))).numpy(force=True)


SIGNS = SignChoice("PyTorch", torch.is_tensor, _applied)


def _eigenvectors(
    xp: Any, x: Any, UPLO: str = "L", compute_v: bool = True, *, read_dtype: str
) -> Any:
    vectors = xp.linalg.eigh(x)[1]

    def factorize(matrices: Any) -> Any:
        return torch.linalg.eigh(matrices, UPLO=UPLO)[1]

    return vectors * SIGNS.signs(xp, x, vectors, factorize, read_dtype)


def _singular(part: int) -> Any:
    """One of the three factors of the singular value decomposition."""

    def factor(
        xp: Any,
        x: Any,
        full_matrices: bool = False,
        compute_uv: bool = True,
        driver: str | None = None,
        *,
        read_dtype: str,
    ) -> Any:
        factors = xp.linalg.svd(x, full_matrices=full_matrices)
        if part == 1 or factors[0].shape[-1] != factors[2].shape[-2]:
            return factors[part]  # there, further vectors that no derivative depends on

        def factorize(matrices: Any) -> Any:
            return torch.linalg.svd(matrices, full_matrices=False, driver=driver)[0]

        signs = SIGNS.signs(xp, x, factors[0], factorize, read_dtype)
        return factors[0] * signs if part == 0 else factors[2] * xp.matrix_transpose(signs)

    return factor


def _orthogonal(part: int) -> Any:
    """Q or R."""

    def factor(xp: Any, x: Any, mode: str = "reduced") -> Any:
        return xp.linalg.qr(x)[part]

    return factor


def _pinv(xp: Any, x: Any, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Any:
    """The pseudoinverse of a matrix of full rank, whatever the tolerances."""
    return xp.linalg.pinv(x)


def _least_squares(xp: Any, a: Any, b: Any, rcond: Any = None, *, driver: str | None = None) -> Any:
    """The solution of least squares for a matrix of full rank, whatever the tolerance."""
    if b.ndim == a.ndim - 1:
        return (xp.linalg.pinv(a) @ b[..., None])[..., 0]
    return xp.linalg.pinv(a) @ b


def _both_factors(xp: Any, x: Any, pivot: bool = True, check_errors: bool = False) -> Any:
    _check_pivots(pivot)
    return elimination.lu(xp, x)[0]


def _factor(part: int) -> Any:
    """The permutation matrix, the lower or the upper factor."""

    def factor(xp: Any, x: Any, pivot: bool = True) -> Any:
        _check_pivots(pivot)
        both, _, order = elimination.lu(xp, x)
        if part == 0:
            return elimination.permutation_matrix(xp, order, x.dtype)
        return elimination.triangular_factors(xp, both)[part - 1]

    return factor


def _check_pivots(pivot: bool) -> None:
    if not pivot:
        raise NotImplementedError("LU factors are read with pivots: leave pivot=False out.")


def _cross(xp: Any, x: Any, y: Any, dim: int = -1) -> Any:
    axis = dim % x.ndim
    last = [move_axis(xp, array, axis, x.ndim - 1) for array in (x, y)]
    return move_axis(xp, xp.linalg.cross(*last), x.ndim - 1, axis)


OPERATIONS: Mapping[str, Any] = {
    "aten::_linalg_det": (lambda xp, x: xp.linalg.det(x), None, None),
    "aten::_linalg_eigh": (_eigenvalues, _eigenvectors),
    "aten::_linalg_slogdet": (
        lambda xp, x: xp.linalg.slogdet(x)[0],
        lambda xp, x: xp.linalg.slogdet(x)[1],
        None,
        None,
    ),
    "aten::_linalg_solve_ex": (_solve, None, None, None),
    "aten::_linalg_svd": (_singular(0), _singular(1), _singular(2)),
    "aten::cholesky_inverse": _cholesky_inverse,
    "aten::cholesky_solve": _cholesky_solve,
    "aten::linalg_cholesky_ex": (_cholesky, None),
    "aten::linalg_cross": _cross,
    "aten::linalg_inv_ex": (_inverse, None),
    "aten::linalg_lstsq": (_least_squares, None, None, None),
    "aten::linalg_lu": (_factor(0), _factor(1), _factor(2)),
    "aten::linalg_lu_factor_ex": (_both_factors, None, None),
    "aten::linalg_matrix_exp": matrix_exponential.exponential,
    "aten::linalg_pinv": _pinv,
    "aten::linalg_qr": (_orthogonal(0), _orthogonal(1)),
    "aten::linalg_solve_triangular": _solve_triangular,
    "aten::triangular_solve": (_triangular_solve, None),
}
"""None stands for an output that no derivative depends on: pivots, error codes."""
