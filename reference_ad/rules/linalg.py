"""Linear algebra, on stacks of matrices (the last two axes), in the dtypes that LAPACK has.

A decomposition is one array, its factors beside or above one another; `linalg.py` takes them apart.
It has a derivative
where its factors are unique up to signs: of real matrices, for the vectors of eigh and svd where no
value is repeated (inf or nan otherwise). Its JVP is written down, and its VJP is the transpose of
that, found by reverse mode. Sources: Giles (2008), "Collected matrix derivative results"; Walter
and Lehmann (2010) for QR; Townsend (2016) for the singular value decomposition.
"""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.core import Array, Primitive, Rule, Tracer, UnlistedPrimitive
from ..engine.declaring import define, sum
from ..engine.elements import is_complex
from ..engine.numpy_source import Memory, Work, write_as
from ..engine.rounding import Rounding, rounds
from ..engine.transposition import transpose_of
from .batching import align, along_axis, batch
from .elementwise import (
    conj,
    divide_or_zero,
    equal,
    imag,
    lower_part_of_size,
    part_of_size,
    real,
    where,
)
from .reductions import from_the_end, reduction, total_along, total_from_the_end
from .structural import concat, one_by_one, tril


def _define(name: str, implementation: Callable[..., Any], jvp: Rule) -> Primitive:
    return define(name, implementation, jvps=[jvp], vjps=[transpose_of(jvp)])


def _of_real(jvp: Rule) -> Rule:
    """A JVP rule for real matrices alone.

    Of complex ones the factors have phases, and transposes are conjugated.
    """

    def rule(t: Array, ans: Array, x: Array) -> Array:
        if is_complex(x):
            raise TypeError(
                "qr, eigh, svd and pinv have derivatives for real matrices only, and one is "
                "complex."
            )
        return jvp(t, ans, x)

    return rule


def matrix_shape(x: Array) -> tuple[int, int]:
    """The shape of each matrix in a stack. Raises ValueError where x is none."""
    if x.ndim < 2:
        raise ValueError(
            f"A matrix was expected, and an array of shape {x.shape} was given: it needs two "
            "dimensions."
        )
    return x.shape[-2], x.shape[-1]


def diagonal(x: Array, /, *, offset: int = 0) -> Array:
    """The diagonals of a stack of matrices, shape ``(..., length)``."""
    rows, columns = matrix_shape(x)
    row, column = max(-offset, 0), max(offset, 0)
    steps = np.arange(max(min(rows - row, columns - column), 0))
    return x[..., row + steps, column + steps]


def _trace(x: Array) -> Array:
    return sum(diagonal(x), axis=(x.ndim - 2,), keepdims=False)


def _symmetric(x: Array) -> Array:
    return (x + conj(x.mT)) / 2


def _gaps(values: Array) -> Array:
    """values[j] - values[i] at [i, j], and infinity on the diagonal.

    What is divided by that has no part in it.
    """
    return where(
        np.eye(values.shape[-1], dtype=bool), np.inf, values[..., None, :] - values[..., None]
    )


# --- systems and determinants ---------------------------------------------------------------------

solve = define(  # the right-hand side is a matrix
    "solve",
    np.linalg.solve,
    jvps=[lambda t, ans, a, b: -solve(a, t @ ans), lambda t, ans, a, b: solve(a, t)],
    vjps=[lambda g, ans, a, b: -(solve(a.mT, g) @ ans.mT), lambda g, ans, a, b: solve(a.mT, g)],
)


def inv(x: Array, /) -> Array:
    """The inverse."""
    return solve(x, np.eye(matrix_shape(x)[1], dtype=x.dtype))


def _cofactors(x: Array, det_of_x: Array) -> Array:
    """The derivative of the determinant.

    Det(x) inv(x)' or, where x is nearly singular, a polynomial in x.

    The polynomial is Faddeev and LeVerrier's; it divides by small integers only, so it has
    derivatives of every order.
    """
    n = x.shape[-1]
    eye = np.eye(n, dtype=bool)
    singular = nearly_singular(x)[..., None, None]
    by_inverse = det_of_x[..., None, None] * inv(where(singular, eye, x))
    only_singular = where(singular, x, eye)  # each branch has the matrices of the other replaced
    adjugate = where(eye, 1, 0 * only_singular)
    for k in range(1, n):
        product = only_singular @ adjugate
        adjugate = product - where(eye, (_trace(product) / k)[..., None, None], 0)
    return where(singular, adjugate if n % 2 else -adjugate, by_inverse).mT


nearly_singular = Primitive(  # whether the inverse would lose more than half of the digits
    "nearly_singular", lambda x: np.linalg.cond(x) > np.finfo(x.dtype).eps ** -0.5
)


def _relative_change(t: Array, x: Array, singular: Array) -> Array:
    """The trace of inv(x) t, by which a determinant changes in proportion.

    nan where x is singular.
    """
    eye = np.eye(x.shape[-1], dtype=bool)
    trace = _trace(solve(where(singular[..., None, None], eye, x), t))
    return trace * where(singular, np.nan, 1)


def _logabsdet_jvp(t: Array, ans: Array, x: Array) -> Array:
    change = _relative_change(t, x, equal(ans, -np.inf))
    return real(change) if is_complex(x) else change


def _sign_of_det_jvp(t: Array, ans: Array, x: Array) -> Array:
    if not is_complex(x):
        return None  # locally constant
    return ans * 1j * imag(_relative_change(t, x, equal(ans, 0)))


sign_of_det = _define("sign_of_det", lambda x: np.linalg.slogdet(x)[0], _sign_of_det_jvp)
det = _define(
    "det",
    np.linalg.det,
    lambda t, ans, x: sum(t * _cofactors(x, ans), axis=(x.ndim - 2, x.ndim - 1), keepdims=False),
)
logabsdet = _define("logabsdet", lambda x: np.linalg.slogdet(x)[1], _logabsdet_jvp)

# --- decompositions -------------------------------------------------------------------------------


def _cholesky_jvp(t: Array, ans: Array, x: Array) -> Array:
    inner = solve(ans, conj(solve(ans, _symmetric(t)).mT))
    return ans @ ((tril(inner, k=0) + tril(inner, k=-1)) / 2)


def _qr(x: Any) -> Any:
    q, r = np.linalg.qr(x)
    return np.concatenate([q, r.mT], axis=-2)


def _qr_jvp(t: Array, ans: Array, x: Array) -> Array:
    rows = x.shape[-2]
    q, r = ans[..., :rows, :], ans[..., rows:, :].mT
    relative = solve(r.mT, t.mT).mT  # t inv(r)
    inner = q.mT @ relative
    lower = tril(inner, k=-1)
    turn = lower - lower.mT
    return concat(relative - q @ (inner - turn), ((inner - turn) @ r).mT, axis=x.ndim - 2)


def _eigh(x: Any) -> Any:
    values, vectors = np.linalg.eigh(_symmetric(x))
    return np.concatenate([values[..., None], vectors], axis=-1)


def _eigh_jvp(t: Array, ans: Array, x: Array) -> Array:
    values, vectors = ans[..., 0], ans[..., 1:]
    inner = vectors.mT @ _symmetric(t) @ vectors
    return concat(
        diagonal(inner)[..., None], vectors @ divide_or_zero(inner, _gaps(values)), axis=x.ndim - 1
    )


def _svd(x: Any) -> Any:
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return np.concatenate([u, s[..., None, :], vh.mT], axis=-2)


def _svd_jvp(t: Array, ans: Array, x: Array) -> Array:
    rows = x.shape[-2]
    u, s, v = ans[..., :rows, :], ans[..., rows, :], ans[..., rows + 1 :, :]
    image = t @ v
    inner = u.mT @ image
    gaps = _gaps(s * s)
    row = s[..., None, :]
    of_u, of_v = inner * row, s[..., None] * inner
    u_turn, v_turn = [divide_or_zero(part + part.mT, gaps) for part in (of_u, of_v)]
    u_part = u @ u_turn + divide_or_zero(image - u @ inner, row)
    return concat(u_part, diagonal(inner)[..., None, :], v @ v_turn, axis=x.ndim - 2)


def _pinv_jvp(t: Array, ans: Array, x: Array) -> Array:
    left = ans @ ans.mT @ (t.mT - t.mT @ x @ ans)
    right = (t.mT - ans @ x @ t.mT) @ ans.mT @ ans
    return left + right - ans @ t @ ans


cholesky = _define(
    "cholesky", lambda x: np.linalg.cholesky(_symmetric(x)), _cholesky_jvp
)  # lower triangular
qr = _define(
    "qr", _qr, _of_real(_qr_jvp)
)  # Q above the transpose of R, of at least as many rows as columns
eigh = _define(
    "eigh", _eigh, _of_real(_eigh_jvp)
)  # of the symmetric part; eigenvalues, ascending, to the left of the vectors
svd = _define(
    "svd", _svd, _of_real(_svd_jvp)
)  # U, singular values and V above one another; at least as many rows as columns
pinv = _define("pinv", np.linalg.pinv, _of_real(_pinv_jvp))  # of full rank

# --- norms ----------------------------------------------------------------------------------------


def _norm(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    scale = np.maximum.reduce(
        np.abs(x), axis=axis, keepdims=True, initial=0
    )  # so that squares do not overflow
    scale = np.where((scale > 0) & np.isfinite(scale), scale, 1)
    ans = scale * np.sqrt(np.add.reduce(np.square(np.abs(x) / scale), axis=axis, keepdims=True))
    return ans if keepdims else ans.squeeze(axis)[()]


def _without_part_along(g: Array, unit: Array, axis: tuple[int, ...]) -> Array:
    """A projection, applied twice to floats: see `less_mean`."""
    ans = g - unit * total_along(unit * g, axis)
    if isinstance(ans, Tracer):
        return ans
    return ans - unit * total_along(unit * ans, axis)


without_part_along = define(  # what of g is orthogonal to a unit vector; params: axis, from the end
    "without_part_along",
    _without_part_along,
    jvps=[
        lambda t, ans, g, unit, axis: without_part_along(t, unit, axis=axis),
        lambda t, ans, g, unit, axis: (
            -(t * total_from_the_end(unit * g, axis) + unit * total_from_the_end(t * g, axis))
        ),
    ],
    vjps=[
        lambda c, ans, g, unit, axis: without_part_along(c, unit, axis=axis),
        lambda c, ans, g, unit, axis: (
            -(c * total_from_the_end(unit * g, axis) + g * total_from_the_end(c * unit, axis))
        ),
    ],
    kind=UnlistedPrimitive,
)


def _direction_derivative(
    g: Array, ans: Array, x: Array, size: Array, axis: tuple[int, ...]
) -> Array:
    """Of a vector that is 0, nan in all components: infinity times the direction, which is 0."""
    return without_part_along(divide_or_zero(g, size), ans, axis=from_the_end(axis, x.ndim))


direction = define(  # of a vector of a known size, which is no variable; 0 where the vector is 0
    "direction",
    lambda x, size, axis: part_of_size(x, size),
    jvps=[_direction_derivative, None],
    vjps=[_direction_derivative, None],
    kind=UnlistedPrimitive,
)
norm = reduction(
    "norm", _norm, lambda ans, x, axis: direction(x, ans, axis=axis)
)  # at 0 its subgradient of least norm, 0


# --- on stacks of arrays --------------------------------------------------------------------------

# stacks of matrices, whose first axes broadcast
batch(align, solve, det, logabsdet, sign_of_det, cholesky, qr, eigh, svd, pinv)
batch(one_by_one, nearly_singular)
batch(along_axis, norm, direction)
batch(align, without_part_along)


# --- in compiled source ---------------------------------------------------------------------------


direction.lowering = lambda build, array_type, x, size, axis: lower_part_of_size(
    build, array_type, x, size
)

write_as(norm, work=Work.PER_ARGUMENT)
write_as(direction, without_part_along, memory=Memory.NEW)
# calls of LAPACK, whose operations are not counted: as functions that give each element of a result
write_as(solve, nearly_singular, sign_of_det, det, logabsdet, cholesky, work=Work.PER_RESULT)
write_as(qr, eigh, svd, pinv, work=Work.PER_RESULT)

rounds(Rounding.EXACT, sign_of_det, nearly_singular)
rounds(Rounding.BACKWARD_STABLE, solve, det, logabsdet, cholesky, qr, eigh, svd, pinv)
rounds(Rounding.FUNCTION, norm)
