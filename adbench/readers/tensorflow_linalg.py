"""TensorFlow's raw operations of linear algebra: products, factorizations, solvers, diagonals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from adbench.readers import elimination
from adbench.readers.reading import Deferred
from adbench.readers.signs import SignChoice
from adbench.readers.tensorflow_indexing import rows_at
from adbench.readers.tensorflow_operation import Operation, plain
from adbench.readers.tensorflow_shapes import padded

import tensorflow as tf  # isort: skip

# ---- products


def adjoint(xp: Any, x: Any) -> Any:
    """Return the conjugate transposes of matrices."""
    transposed = xp.matrix_transpose(x)
    return xp.conj(transposed) if _is_complex(xp, x) else transposed


def _is_complex(xp: Any, x: Any) -> bool:
    return bool(xp.isdtype(x.dtype, "complex floating"))


def _matmul(xp: Any, x: Any, y: Any, *, transpose_a: bool, transpose_b: bool) -> Any:
    x = xp.matrix_transpose(x) if transpose_a else x
    y = xp.matrix_transpose(y) if transpose_b else y
    return xp.matmul(x, y)


def _batch_matmul(xp: Any, x: Any, y: Any, *, adj_x: bool, adj_y: bool) -> Any:
    x = adjoint(xp, x) if adj_x else x
    y = adjoint(xp, y) if adj_y else y
    return xp.matmul(x, y)


def _einsum(xp: Any, *arrays: Any, equation: bytes) -> Any:
    """Einstein's summation of one array or two, by moves and one product of matrices."""
    left, _, result = equation.decode().replace(" ", "").partition("->")
    terms = [_labels(term, x) for term, x in zip(left.split(","), arrays, strict=True)]
    hidden = max((label for term in terms for label in term if label.isdigit()), default="")
    dots = "".join(str(k) for k in range(int(hidden), -1, -1)) if hidden else ""
    wanted = result.replace("...", dots)
    if len(arrays) == 1:
        labels, x = _without_repeats(xp, terms[0], arrays[0])
        labels, x = _summed(xp, labels, x, wanted)
    else:
        labels, x = _pair(xp, terms, arrays, wanted)
    return xp.permute_dims(x, tuple(labels.index(label) for label in wanted))


def _labels(term: str, x: Any) -> str:
    """One label an axis; digits stand for what the ellipsis hides, counted from its end."""
    count = len(x.shape) - len(term.replace("...", ""))
    return term.replace("...", "".join(str(k) for k in range(count - 1, -1, -1)))


def _without_repeats(xp: Any, labels: str, x: Any) -> tuple[str, Any]:
    """The diagonals along axes that share a label."""
    while repeated := [label for label in labels if labels.count(label) > 1]:
        first, second = [k for k, label in enumerate(labels) if label == repeated[0]][:2]
        rest = [k for k in range(len(labels)) if k not in (first, second)]
        x = xp.permute_dims(x, (*rest, first, second))
        n = x.shape[-1]
        x = xp.reshape(x, (*x.shape[:-2], n * n))
        x = xp.take(x, xp.asarray(np.arange(n) * (n + 1)), axis=len(rest))
        labels = "".join([labels[k] for k in rest]) + repeated[0]
    return labels, x


def _summed(xp: Any, labels: str, x: Any, kept: str) -> tuple[str, Any]:
    """The sum along axes whose labels are not kept."""
    gone = tuple(k for k, label in enumerate(labels) if label not in kept)
    if gone:
        x = xp.sum(x, axis=gone, dtype=x.dtype)
    return "".join(label for label in labels if label in kept), x


def _pair(xp: Any, terms: Sequence[str], arrays: Sequence[Any], wanted: str) -> tuple[str, Any]:
    (x_labels, x), (y_labels, y) = [
        _without_repeats(xp, term, array) for term, array in zip(terms, arrays, strict=True)
    ]
    x_labels, x = _summed(xp, x_labels, x, wanted + y_labels)
    y_labels, y = _summed(xp, y_labels, y, wanted + x_labels)
    shared = [label for label in x_labels if label in y_labels]
    batch = "".join(label for label in shared if label in wanted)
    inner = "".join(label for label in shared if label not in wanted)
    rows = "".join(label for label in x_labels if label not in y_labels)
    columns = "".join(label for label in y_labels if label not in x_labels)
    x = xp.permute_dims(x, tuple(x_labels.index(label) for label in batch + rows + inner))
    y = xp.permute_dims(y, tuple(y_labels.index(label) for label in batch + inner + columns))
    cut = len(batch)
    row_lengths = tuple(x.shape[cut : cut + len(rows)])
    column_lengths = tuple(y.shape[cut + len(inner) :])
    inner_length = math.prod(y.shape[cut : cut + len(inner)])
    left = xp.reshape(x, (*x.shape[:cut], math.prod(row_lengths), inner_length))
    right = xp.reshape(y, (*y.shape[:cut], inner_length, math.prod(column_lengths)))
    product = xp.matmul(left, right)
    shape = (*product.shape[:-2], *row_lengths, *column_lengths)
    return batch + rows + columns, xp.reshape(product, shape)


# ---- factorizations and solvers


def lower_triangle_mirrored(xp: Any, x: Any) -> Any:
    """Return the Hermitian matrices that have the lower triangles of x."""
    return xp.tril(x) + adjoint(xp, xp.tril(x, k=-1))


def _applied(factorize: Any, matrices: Any, dtype: str) -> Any:
    with tf.init_scope():  # in whatever graph this is
        return factorize(tf.constant(matrices, dtype)).numpy()


SIGNS = SignChoice("TensorFlow", tf.is_tensor, _applied)


def _eigh(xp: Any, x: Any, *, compute_v: bool, T_name: str) -> Any:
    """Eigenvalues and eigenvectors; TensorFlow looks at the lower triangle alone."""
    values, vectors = xp.linalg.eigh(lower_triangle_mirrored(xp, x))
    if not compute_v:
        return values, xp.zeros((0,), dtype=x.dtype)

    def with_signs() -> Any:
        return vectors * SIGNS.signs(
            xp, x, vectors, lambda matrix: tf.linalg.eigh(matrix)[1], T_name
        )

    return values, Deferred(with_signs)


def _svd(xp: Any, x: Any, *, compute_uv: bool, full_matrices: bool, T_name: str) -> Any:
    if not compute_uv:
        empty = xp.zeros((0,), dtype=x.dtype)
        return xp.linalg.svdvals(x), empty, empty
    u, s, vh = xp.linalg.svd(x, full_matrices=full_matrices)
    v = adjoint(xp, vh)
    if u.shape[-1] != v.shape[-1]:  # further vectors that no derivative depends on
        return s, u, v

    @cache
    def signs() -> Any:
        return SIGNS.signs(xp, x, u, lambda matrices: tf.linalg.svd(matrices)[1], T_name)

    return s, Deferred(lambda: u * signs()), Deferred(lambda: v * signs())


def _qr(xp: Any, x: Any, *, full_matrices: bool) -> Any:
    q, r = xp.linalg.qr(x, mode="complete" if full_matrices else "reduced")
    return q, r


def _inverse(xp: Any, x: Any, *, adjoint: bool) -> Any:
    return xp.linalg.inv(_turned(xp, x, adjoint))


def _solve(xp: Any, matrix: Any, right: Any, *, adjoint: bool) -> Any:
    return xp.linalg.solve(_turned(xp, matrix, adjoint), right)


def _triangular_solve(xp: Any, matrix: Any, right: Any, *, lower: bool, adjoint: bool) -> Any:
    triangle = xp.tril(matrix) if lower else xp.triu(matrix)
    batch = np.broadcast_shapes(tuple(matrix.shape[:-2]), tuple(right.shape[:-2]))
    right = xp.broadcast_to(right, (*batch, *right.shape[-2:]))
    triangle = xp.broadcast_to(triangle, (*batch, *triangle.shape[-2:]))
    return xp.linalg.solve(_turned(xp, triangle, adjoint), right)


def _turned(xp: Any, x: Any, is_adjoint: bool) -> Any:
    return adjoint(xp, x) if is_adjoint else x


def _cross(xp: Any, x: Any, y: Any) -> Any:
    return xp.linalg.cross(x, y, axis=-1)


# ---- bands and diagonals


def _band_part(xp: Any, x: Any, lower: Any, upper: Any) -> Any:
    """The matrices with zeros outside of a band; a negative width keeps the whole triangle."""
    below, above = int(lower), int(upper)
    x = x if below < 0 else xp.triu(x, k=-below)
    return x if above < 0 else xp.tril(x, k=above)


def _band(k: Any) -> list[int]:
    """The diagonals of a band, from the highest to the lowest."""
    limits = [int(number) for number in k.reshape(-1)]
    return list(range(limits[-1], limits[0] - 1, -1))


def _length(diagonal: int, rows: int, columns: int) -> int:
    return min(rows + min(diagonal, 0), columns - max(diagonal, 0))


def _shift(length: int, longest: int, diagonal: int, align: bytes) -> int:
    """How many numbers of padding stand before a diagonal."""
    superdiagonals, _, subdiagonals = align.decode().partition("_")
    side = superdiagonals if diagonal >= 0 else subdiagonals
    return longest - length if side == "RIGHT" else 0


def _places(diagonals: Sequence[int], rows: int, columns: int, align: bytes) -> Any:
    """Where in the flattened matrix each number of the packed diagonals is, or -1 for padding."""
    lengths = [_length(diagonal, rows, columns) for diagonal in diagonals]
    longest = max(lengths)
    table = np.full((len(diagonals), longest), -1)
    for line, (diagonal, length) in enumerate(zip(diagonals, lengths, strict=True)):
        steps = np.arange(length)
        start = _shift(length, longest, diagonal, align)
        row, column = steps - min(diagonal, 0), steps + max(diagonal, 0)
        table[line, start : start + length] = row * columns + column
    return table


def _diagonal_part(xp: Any, x: Any, k: Any, padding: Any, *, align: bytes) -> Any:
    rows, columns = x.shape[-2:]
    diagonals = _band(k)
    table = _places(diagonals, rows, columns, align)
    batch = tuple(x.shape[:-2])
    flat = xp.reshape(x, (*batch, rows * columns))
    filler = xp.broadcast_to(padding, (*batch, 1))
    with_padding = xp.concat([flat, filler], axis=-1)
    answer = rows_at(xp, with_padding, xp.asarray(table % (rows * columns + 1)), len(batch))
    return answer[..., 0, :] if len(diagonals) == 1 else answer


def _matrix_shape(known_rows: Any, known_columns: Any, k: Any, longest: int) -> tuple[int, int]:
    """The shape that a matrix has: what is -1 is the smallest that holds its diagonals."""
    rows, columns = int(known_rows), int(known_columns)
    diagonals = _band(k)
    below, above = min(diagonals[-1], 0), max(diagonals[0], 0)
    least_rows, least_columns = longest - min(diagonals[0], 0), longest + max(diagonals[-1], 0)
    if rows == -1 and columns == -1:
        size = longest + max(abs(below), abs(above)) if len(diagonals) == 1 else 0
        size = size or max(least_rows, least_columns)
        return size, size
    return (least_rows if rows == -1 else rows), (least_columns if columns == -1 else columns)


def _diagonal_matrix(
    xp: Any, diagonal: Any, k: Any, rows: Any, columns: Any, padding: Any, *, align: bytes
) -> Any:
    diagonals = _band(k)
    packed = diagonal if len(diagonals) > 1 else xp.expand_dims(diagonal, axis=-2)
    shape = _matrix_shape(rows, columns, k, packed.shape[-1])
    whole = xp.broadcast_to(padding, (*packed.shape[:-2], *shape))
    return _with_diagonals(xp, whole, packed, diagonals, align)


def _set_diagonal(xp: Any, x: Any, diagonal: Any, k: Any, *, align: bytes) -> Any:
    diagonals = _band(k)
    packed = diagonal if len(diagonals) > 1 else xp.expand_dims(diagonal, axis=-2)
    return _with_diagonals(xp, x, packed, diagonals, align)


def _with_diagonals(xp: Any, x: Any, packed: Any, diagonals: Sequence[int], align: bytes) -> Any:
    """The matrices x with other numbers on some diagonals."""
    rows, columns = x.shape[-2:]
    table = _places(diagonals, rows, columns, align)
    batch = tuple(x.shape[:-2])
    source = np.arange(rows * columns)
    inside = table >= 0
    source[table[inside]] = rows * columns + np.flatnonzero(inside)
    numbers = xp.reshape(packed, (*batch, table.size))
    both = xp.concat([xp.reshape(x, (*batch, rows * columns)), numbers], axis=-1)
    return xp.reshape(xp.take(both, xp.asarray(source), axis=len(batch)), tuple(x.shape))


def _plain_diagonal_matrix(xp: Any, diagonal: Any) -> Any:
    n = diagonal.shape[-1]
    spaced = padded(
        xp, xp.expand_dims(diagonal, axis=-1), [(0, 0)] * len(diagonal.shape) + [(0, n)]
    )
    flat = xp.reshape(spaced, (*diagonal.shape[:-1], n * (n + 1)))
    return xp.reshape(flat[..., : n * n], (*diagonal.shape[:-1], n, n))


def _plain_diagonal_part(xp: Any, x: Any) -> Any:
    return xp.linalg.diagonal(x)


def _diagonal_tensor(xp: Any, x: Any) -> Any:
    matrix = _plain_diagonal_matrix(xp, xp.reshape(x, (-1,)))
    return xp.reshape(matrix, (*x.shape, *x.shape))


def _tensor_diagonal(xp: Any, x: Any) -> Any:
    shape = tuple(x.shape[: len(x.shape) // 2])
    return xp.reshape(xp.linalg.diagonal(xp.reshape(x, (math.prod(shape),) * 2)), shape)


def _lu(xp: Any, x: Any) -> tuple[Any, Any]:
    """Both factors in one matrix, and the order of the rows."""
    both, _, order = elimination.lu(xp, x)
    return both, order


OPERATIONS: Mapping[str, Operation] = {
    # products
    "BatchMatMul": Operation(_batch_matmul),
    "BatchMatMulV2": Operation(_batch_matmul),
    "BatchMatMulV3": Operation(_batch_matmul),
    "Cross": Operation(_cross),
    "Einsum": Operation(_einsum),
    "MatMul": Operation(_matmul),
    # factorizations and solvers
    "Cholesky": plain("linalg.cholesky"),
    "LogMatrixDeterminant": Operation(lambda xp, x: tuple(xp.linalg.slogdet(x))),
    "Lu": Operation(_lu),
    "MatrixDeterminant": plain("linalg.det"),
    "MatrixInverse": Operation(_inverse),
    "MatrixSolve": Operation(_solve),
    "MatrixTriangularSolve": Operation(_triangular_solve),
    "Qr": Operation(_qr),
    "SelfAdjointEigV2": Operation(_eigh),
    "Svd": Operation(_svd),
    # bands and diagonals
    "Diag": Operation(_diagonal_tensor),
    "DiagPart": Operation(_tensor_diagonal),
    "MatrixBandPart": Operation(_band_part, known=(1, 2)),
    "MatrixDiag": Operation(_plain_diagonal_matrix),
    "MatrixDiagPart": Operation(_plain_diagonal_part),
    "MatrixDiagPartV3": Operation(_diagonal_part, known=(1,)),
    "MatrixDiagV3": Operation(_diagonal_matrix, known=(1, 2, 3)),
    "MatrixSetDiagV3": Operation(_set_diagonal, known=(2,)),
}
