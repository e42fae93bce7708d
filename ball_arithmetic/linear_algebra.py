"""Linear algebra on stacks of matrices of elements, by FLINT where it has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint
import numpy as np

from reference_ad.engine.elements import as_array
from reference_ad.rules.elementwise import conj, sqrt

from .arrays import matrix, matrix_product
from .elements import (
    COMPLEX,
    SERIES,
    coefficient,
    compute,
    constant_term,
    element,
    elements,
    filled,
    joined,
    kinds,
    on_elements,
)
from .functions import absolute, square_element


def stacked(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of matrices as one of stacks of them, with broadcasting."""

    def apply(*stacks: Any) -> Any:
        batch = np.broadcast_shapes(*[x.shape[:-2] for x in stacks])
        stacks = tuple([np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in stacks])
        if (
            0 in batch
        ):  # no matrix: the shape is that for any other, none of whose eigenvalues agree
            any_other = [
                elements(np.eye(*x.shape[-2:]) * np.arange(1.0, x.shape[-1] + 1)) for x in stacks
            ]
            return filled([], (*batch, *as_array(function(*any_other)).shape))
        parts = [as_array(function(*[x[place] for x in stacks])) for place in np.ndindex(batch)]
        return filled([v for part in parts for v in part.ravel()], (*batch, *parts[0].shape))

    return apply


class SingularMatrixError(ValueError):
    """A matrix is singular, or its balls leave that open."""


class EigenvaluesMeetError(ValueError):
    """Eigenvalues of a matrix are equal, or their balls overlap."""


def _adjoint(x: Any) -> Any:
    return compute(conj, x.T) if COMPLEX in kinds(x) else x.T


def _doubles(x: Any) -> Any:
    if COMPLEX in kinds(x):
        raise TypeError("qr, eigh and svd of balls are those of real matrices, and one is complex.")
    return np.asarray([float(constant_term(v).mid()) for v in x.ravel()]).reshape(x.shape)


def _signs(x: Any) -> Any:
    return filled([1 if v > 0 else -1 for v in x], x.shape)


def solve(a: Any, b: Any) -> Any:
    if SERIES not in kinds(a) | kinds(b):
        try:
            return filled(matrix(a).solve(matrix(b)).entries(), (a.shape[1], b.shape[1]))
        except ZeroDivisionError:
            raise SingularMatrixError(
                "A matrix of balls is singular, or too near to it to tell: raise the precision, or "
                "give narrower balls."
            ) from None
    first = coefficient(a, 0)
    solution: list[Any] = []
    for k in range(flint.ctx.cap):  # coefficient by coefficient: the rest of the product is known
        rest = [matrix_product(coefficient(a, k - j), solution[j]) for j in range(k)]
        solution.append(solve(first, np.subtract.reduce([coefficient(b, k), *rest])))
    return joined([x.ravel().tolist() for x in solution], solution[0].shape)


def det(x: Any) -> Any:
    if SERIES not in kinds(x):
        return matrix(x).det()
    n, identity = len(x), elements(np.eye(len(x)))
    adjugate, trace = identity, identity[0, 0]
    for k in range(1, n + 1):  # Faddeev and LeVerrier's method divides by no series
        product = matrix_product(x, adjugate)
        trace = np.add.reduce(np.diagonal(product)) / k
        adjugate = product - identity * as_array(trace)
    return trace if n % 2 else -trace


def cholesky(x: Any) -> Any:
    """The lower triangular factor of the symmetric (or Hermitian) part of x."""
    x = (x + _adjoint(x)) / 2
    factor = x * 0
    for j in range(len(x)):
        column = x[j:, j] - np.add.reduce(factor[j:, :j] * _adjoint(factor[j, :j]), axis=-1)
        factor[j:, j] = column / np.sqrt(column[:1])
    return factor


def qr(x: Any) -> Any:
    """Q above the transpose of R, by Gram and Schmidt's method.

    The signs of R's diagonal are LAPACK's at the midpoint: those that it chooses elsewhere in the
    ball may be others.
    """
    signs = _signs(np.diagonal(np.linalg.qr(_doubles(x))[1]))
    q, r = x.copy(), x[: x.shape[1]] * 0
    for j in range(x.shape[1]):
        for i in range(j):
            r[i, j] = np.add.reduce(q[:, i] * q[:, j])
            q[:, j] = (
                q[:, j] - q[:, i] * r[i : i + 1, j]
            )  # an array: NumPy takes a series for a sequence
        r[j, j] = np.add.reduce(q[:, j] * q[:, j]).sqrt() * signs[j]
        q[:, j] = q[:, j] / r[j : j + 1, j]
    return np.concatenate([q, r.T])


def eigh(x: Any) -> Any:
    """By FLINT's enclosures of simple eigenvalues.

    The vectors have the signs of LAPACK at the midpoint: those that it chooses elsewhere in the
    ball may be others.
    """
    x = (x + x.T) / 2
    n = len(x)
    try:
        values, right = flint.acb_mat(matrix(x)).eig(right=True)
    except ValueError:
        raise EigenvaluesMeetError(
            "Eigenvalues of a matrix of balls are not separated: raise the precision, or move the "
            "point away from where they meet."
        ) from None
    near = np.linalg.eigh(_doubles(x))[1]
    columns = []
    for place, k in enumerate(sorted(range(n), key=lambda k: float(values[k].real.mid()))):
        vector = [right[j, k] for j in range(n)]
        largest = max(vector, key=lambda v: float(v.abs_lower()))
        direction = filled([(v / largest).real for v in vector], (n,))
        size = (direction * direction).sum().sqrt()
        side = 1 if _doubles(direction) @ near[:, place] > 0 else -1
        columns.append([values[k].real, *(direction * side / size)])
    vectors = filled([v for column in columns for v in column], (n, n + 1))
    return np.concatenate([vectors[:, :1], vectors[:, 1:].T], axis=1)


def svd(x: Any) -> Any:
    """By `eigh`, with the signs of LAPACK at the midpoint, as there."""
    v = eigh(matrix_product(x.T, x))[:, :0:-1]
    near = np.linalg.svd(_doubles(x), full_matrices=False)[2].T
    v = v * _signs(np.sum(_doubles(v) * near, axis=0))
    image = matrix_product(x, v)
    s = compute(sqrt, np.add.reduce(image * image, axis=0, keepdims=True))
    return np.concatenate([image / s, s, v])


def pinv(x: Any) -> Any:
    tall = x if x.shape[0] >= x.shape[1] else _adjoint(x)
    ans = solve(matrix_product(_adjoint(tall), tall), _adjoint(tall))
    return ans if tall is x else _adjoint(ans)


def norm(x: Any, axis: Any, keepdims: Any) -> Any:
    squares = on_elements(lambda v: square_element(absolute(element(v))))(x)
    return compute(sqrt, as_array(np.add.reduce(squares, axis=axis, keepdims=keepdims)))
