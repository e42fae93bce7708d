"""The extension `xp.linalg` of TensorFlow's namespace."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

from adbench.namespaces import tensorflow_functions as functions

import tensorflow as tf  # isort: skip
import tensorflow.experimental.numpy as tnp  # isort: skip


class Slogdet(NamedTuple):
    sign: Any
    logabsdet: Any


class Eigh(NamedTuple):
    eigenvalues: Any
    eigenvectors: Any


class QR(NamedTuple):
    Q: Any
    R: Any


class SVD(NamedTuple):
    U: Any
    S: Any
    Vh: Any


def _cholesky(x: Any, *, upper: bool = False) -> Any:
    factor = tf.linalg.cholesky(x)
    return tf.linalg.matrix_transpose(factor) if upper else factor


def _cross(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    # TensorFlow's own neither broadcasts nor takes an axis.
    turned = [functions.roll(x, -1, axis=axis) for x in (x1, x2)]
    return functions.roll(x1 * turned[1] - turned[0] * x2, -1, axis=axis)


def _diagonal(x: Any, *, offset: int = 0) -> Any:
    rows, columns = x.shape[-2:]
    if not -rows < offset < columns:  # outside of the matrix, where TensorFlow's own raises
        return tf.zeros((*x.shape[:-2], 0), x.dtype)
    return tf.linalg.diag_part(x, k=offset)


def _matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    if ord == "fro":
        return _vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if ord in ("nuc", 2, -2):
        combine = {"nuc": tf.reduce_sum, 2: tf.reduce_max, -2: tf.reduce_min}[ord]
        norm = combine(tf.linalg.svd(x, compute_uv=False), -1)
    elif ord in (1, -1, float("inf"), -float("inf")):
        sums = tf.reduce_sum(tf.abs(x), -2 if abs(ord) == 1 else -1)
        norm = (tf.reduce_max if ord > 0 else tf.reduce_min)(sums, -1)
    else:
        raise ValueError(
            f"matrix_norm was given ord={ord!r}: give 'fro', 'nuc', 2, -2, 1, -1, inf or -inf."
        )
    return norm[..., None, None] if keepdims else norm


def _matrix_power(x: Any, n: int) -> Any:
    if n < 0:
        return _matrix_power(tf.linalg.inv(x), -n)
    if n == 0:
        return tf.eye(x.shape[-1], batch_shape=x.shape[:-2], dtype=x.dtype)
    if n == 1:
        return x
    half = _matrix_power(x, n // 2)
    return half @ half @ x if n % 2 else half @ half


def _matrix_rank(x: Any, *, rtol: Any = None) -> Any:
    sizes = tf.linalg.svd(x, compute_uv=False)
    threshold = tf.convert_to_tensor(_cutoff(x) if rtol is None else rtol, x.dtype)[..., None]
    return tf.math.count_nonzero(sizes > threshold * tf.reduce_max(sizes, -1, keepdims=True), -1)


def _cutoff(x: Any) -> float:
    """The standard's relative tolerance, below which a singular value counts as zero."""
    return max(x.shape[-2:]) * float(functions.finfo(x).eps)


def _pinv(x: Any, *, rtol: Any = None) -> Any:
    return tf.linalg.pinv(x, rcond=_cutoff(x) if rtol is None else rtol)


def _qr(x: Any, *, mode: str = "reduced") -> QR:
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr was given mode={mode!r}: give 'reduced' or 'complete'.")
    return QR(*tf.linalg.qr(x, full_matrices=mode == "complete"))


def _solve(x1: Any, x2: Any) -> Any:
    # TensorFlow's own takes matrices alone, and as many of them on both sides.
    columns = x2[:, None] if x2.ndim == 1 else x2
    stack = tf.broadcast_static_shape(x1.shape[:-2], columns.shape[:-2])
    matrices, columns = [tf.broadcast_to(x, [*stack, *x.shape[-2:]]) for x in (x1, columns)]
    solution = tf.linalg.solve(matrices, columns)
    return solution[..., 0] if x2.ndim == 1 else solution


def _svd(x: Any, *, full_matrices: bool = True) -> SVD:
    s, u, v = tf.linalg.svd(x, full_matrices=full_matrices)
    return SVD(u, s, tf.linalg.matrix_transpose(v))


def _trace(x: Any, *, offset: int = 0, dtype: Any = None) -> Any:
    return tnp.sum(_diagonal(x, offset=offset), axis=-1, dtype=dtype)


def _vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    # tf.norm takes two axes for those of a matrix. For one axis these are its formulas.
    if ord == 2:
        return tf.sqrt(tf.reduce_sum(x * x, axis, keepdims))
    if ord == 0:
        return tf.math.count_nonzero(x, axis, keepdims, x.dtype)
    size = tf.abs(x)
    if ord == 1:
        return tf.reduce_sum(size, axis, keepdims)
    if ord in (float("inf"), -float("inf")):
        return (tf.reduce_max if ord > 0 else tf.reduce_min)(size, axis, keepdims)
    return tf.reduce_sum(size**ord, axis, keepdims) ** (1 / ord)


linalg = SimpleNamespace(
    cholesky=_cholesky,
    cross=_cross,
    det=tf.linalg.det,
    diagonal=_diagonal,
    eigh=lambda x: Eigh(*tf.linalg.eigh(x)),
    eigvalsh=tf.linalg.eigvalsh,
    inv=tf.linalg.inv,
    matmul=tnp.matmul,
    matrix_norm=_matrix_norm,
    matrix_power=_matrix_power,
    matrix_rank=_matrix_rank,
    matrix_transpose=tf.linalg.matrix_transpose,
    outer=lambda x1, x2: x1[:, None] * x2[None, :],
    pinv=_pinv,
    qr=_qr,
    slogdet=lambda x: Slogdet(*tf.linalg.slogdet(x)),
    solve=_solve,
    svd=_svd,
    svdvals=lambda x: tf.linalg.svd(x, compute_uv=False),
    tensordot=tnp.tensordot,
    trace=_trace,
    vecdot=functions.vecdot,
    vector_norm=_vector_norm,
)
