"""Functions of arrays: reductions, products, linear algebra, transforms, and what moves numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from adbench.atlas.operation import Domain, Operation, unary

ROW = [0.7, -1.3, 2.1, 0.4]
VECTOR = Domain(ROW, [1e-8, 1e8, -1.0, 1e-4])
LOGITS = Domain(ROW, [30.0, -30.0, 0.0, 80.0])
FACTORS = Domain(ROW, [1e-4, 0.0, 1e4, -2.0])
MATRIX = Domain([[0.7, -1.3, 2.1], [0.4, 1.9, -0.2]])
SQUARE = Domain(
    [[2.0, -0.3, 0.5], [0.4, 1.9, -0.2], [0.1, 0.6, 3.0]],
    [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.001]],
)
POSITIVE_DEFINITE = Domain(
    [[2.0, 0.3, 0.5], [0.3, 1.9, -0.2], [0.5, -0.2, 3.0]],
    [[1.0, 0.999, 0.0], [0.999, 1.0, 0.0], [0.0, 0.0, 1e-4]],
)
SERIES = Domain([0.7, -1.3, 2.1, 0.4, 1.1], [1e-8, 1e8, -1.0, 1e-4, 3.0])
B = np.asarray([[1.0, 0.5], [-0.3, 2.0], [0.7, 0.2]])


def _symmetric(x: Any) -> Any:
    return (x + x.mT) / 2.0


def _complex(xp: Any, x: Any) -> Any:
    """A complex array whose imaginary part is the real one in reverse."""
    return x + 1j * xp.flip(x)


def _in_parts(xp: Any, value: Any) -> Any:
    return xp.stack([xp.real(value), xp.imag(value)])


REDUCTIONS = (
    *(unary(name, VECTOR) for name in ("max", "mean", "min", "std", "sum", "var")),
    unary("prod", FACTORS),
    unary("cumulative_sum", VECTOR),
    unary("cumulative_prod", FACTORS),
    unary("special.logsumexp", LOGITS),
    unary("special.softmax", LOGITS),
    unary("special.log_softmax", LOGITS),
)
"""Functions of a vector."""

CONTRACTIONS = (
    Operation("matmul", lambda xp, x: x @ xp.matrix_transpose(x), MATRIX),
    Operation("vecdot", lambda xp, x: xp.vecdot(x, x * x), MATRIX),
    Operation("tensordot", lambda xp, x: xp.tensordot(x, x, axes=2), MATRIX),
    Operation("outer", lambda xp, x: xp.linalg.outer(x, x), VECTOR),
)
"""Products of arrays with themselves."""

LINEAR_ALGEBRA = (
    unary("linalg.det", SQUARE),
    unary("linalg.inv", SQUARE),
    unary("linalg.matrix_norm", MATRIX),
    unary("linalg.pinv", MATRIX),
    unary("linalg.svdvals", MATRIX),
    unary("linalg.trace", SQUARE),
    unary("linalg.vector_norm", VECTOR),
    Operation("linalg.matrix_power", lambda xp, x: xp.linalg.matrix_power(x, 3), SQUARE),
    Operation("linalg.slogdet", lambda xp, x: xp.linalg.slogdet(x).logabsdet, SQUARE),
    Operation("linalg.solve", lambda xp, x, b: xp.linalg.solve(x, b), SQUARE, (B,)),
    Operation(
        "linalg.cholesky",
        lambda xp, x: xp.linalg.cholesky(_symmetric(x)),
        POSITIVE_DEFINITE,
    ),
    Operation(
        "linalg.eigvalsh",
        lambda xp, x: xp.linalg.eigvalsh(_symmetric(x)),
        POSITIVE_DEFINITE,
    ),
    Operation(
        "linalg.eigh",
        lambda xp, x: xp.square(xp.linalg.eigh(_symmetric(x)).eigenvectors),
        POSITIVE_DEFINITE,
    ),
    Operation("linalg.qr", lambda xp, x: xp.square(xp.linalg.qr(x).R), SQUARE),
    Operation("linalg.svd", lambda xp, x: xp.square(xp.linalg.svd(x).U), SQUARE),
    Operation("linalg.cross", lambda xp, x: xp.linalg.cross(x[0], x[1]), MATRIX),
)
"""Functions of matrices."""

TRANSFORMS = (
    *(
        Operation(
            f"complex fft.{name}",
            lambda xp, x, name=name: _in_parts(xp, getattr(xp.fft, name)(_complex(xp, x))),
            SERIES,
        )
        for name in ("fft", "ifft")
    ),
    *(
        Operation(
            f"fft.{name}",
            lambda xp, x, name=name: _in_parts(xp, getattr(xp.fft, name)(x)),
            SERIES,
        )
        for name in ("rfft", "ihfft")
    ),
    *(
        Operation(
            f"complex fft.{name}",
            lambda xp, x, name=name: getattr(xp.fft, name)(_complex(xp, x)),
            SERIES,
        )
        for name in ("irfft", "hfft")
    ),
    *(
        Operation(
            f"complex fft.{name}",
            lambda xp, x, name=name: _in_parts(xp, getattr(xp.fft, name)(_complex(xp, x))),
            MATRIX,
        )
        for name in ("fftn", "ifftn")
    ),
    Operation("fft.rfftn", lambda xp, x: _in_parts(xp, xp.fft.rfftn(x)), MATRIX),
    Operation("complex fft.irfftn", lambda xp, x: xp.fft.irfftn(_complex(xp, x)), MATRIX),
    Operation("fft.fftshift", lambda xp, x: xp.fft.fftshift(x * x), SERIES),
    Operation("fft.ifftshift", lambda xp, x: xp.fft.ifftshift(x * x), SERIES),
)
"""Fourier transforms; of complex arrays their real and imaginary parts are judged."""

PLACES = np.asarray([2, 0, 2])

MOVES = (
    Operation("add_at", lambda xp, x: xp.add_at(x * x, 1, x[0]), VECTOR),
    Operation("broadcast_to", lambda xp, x: xp.broadcast_to(x * x, (2, 4)), VECTOR),
    Operation("concat", lambda xp, x: xp.concat([x * x, x]), VECTOR),
    Operation("diff", lambda xp, x: xp.diff(x * x), VECTOR),
    Operation("diagonal", lambda xp, x: xp.linalg.diagonal(x @ x), SQUARE),
    Operation("expand_dims", lambda xp, x: xp.expand_dims(x * x, axis=0), VECTOR),
    Operation("flip", lambda xp, x: xp.flip(x * x), VECTOR),
    Operation("moveaxis", lambda xp, x: xp.moveaxis(x * x, 0, 1), MATRIX),
    Operation("permute_dims", lambda xp, x: xp.permute_dims(x * x, (1, 0)), MATRIX),
    Operation("repeat", lambda xp, x: xp.repeat(x * x, 2), VECTOR),
    Operation("reshape", lambda xp, x: xp.reshape(x * x, (3, 2)), MATRIX),
    Operation("roll", lambda xp, x: xp.roll(x * x, 1), VECTOR),
    Operation("set_at", lambda xp, x: xp.set_at(x * x, 1, x[0]), VECTOR),
    Operation("sort", lambda xp, x: xp.sort(x * x), VECTOR),
    Operation("squeeze", lambda xp, x: xp.squeeze((x * x)[None, :], axis=0), VECTOR),
    Operation("stack", lambda xp, x: xp.stack([x * x, x]), VECTOR),
    Operation("take", lambda xp, x, places: xp.take(x * x, places), VECTOR, (PLACES,)),
    Operation("tile", lambda xp, x: xp.tile(x * x, (2,)), VECTOR),
    Operation("tril", lambda xp, x: xp.tril(x @ x), SQUARE),
    Operation("triu", lambda xp, x: xp.triu(x @ x), SQUARE),
    Operation("unstack", lambda xp, x: xp.unstack(x * x)[1], MATRIX),
)
"""What moves numbers, each of a square, so that there is a second derivative."""

ARRAYS = (*REDUCTIONS, *CONTRACTIONS, *LINEAR_ALGEBRA, *TRANSFORMS, *MOVES)
"""All of them."""
