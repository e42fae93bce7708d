"""Sums of products, composed from moves and matmul."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.core import Array
from ..engine.elements import is_complex
from ..rules.elementwise import conj
from ..rules.linalg import diagonal
from ..rules.reductions import canonical_axes, canonical_axis
from .manipulation import broadcast_to, permute_dims, reshape
from .reductions import sum


def einsum(subscripts: str, /, *arrays: Array) -> Array:
    """Einstein's summation, in NumPy's notation.

    ``einsum("ij,jk->ik", x, y)``; ``...`` stands for leading axes.

    Two arrays at a time, from left to right, each pair by matmul.
    Raises ValueError where the subscripts do not fit the arrays.
    """
    inputs, result = _parsed(subscripts.replace(" ", ""), [x.ndim for x in arrays])
    labels, current = _without_repeats(inputs[0], arrays[0])
    for k, array in enumerate(arrays[1:], 1):
        later = set(result).union(*inputs[k + 1 :])
        other, array = _without_repeats(inputs[k], array)
        labels, current = _pair(labels, current, other, array, later)
    labels, current = _summed(labels, current, set(result))
    return permute_dims(current, tuple([labels.index(label) for label in result]))


def _parsed(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """One label per axis for each array and for the result.

    Greek letters stand for what the ellipsis hides.
    """
    left, arrow, right = subscripts.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(ndims):
        raise ValueError(
            f"einsum was given {len(ndims)} array(s) for {subscripts!r}: give one per term."
        )
    hidden = [
        ndim + 3 - len(term) if "..." in term else 0
        for term, ndim in zip(inputs, ndims, strict=True)
    ]
    dots = "".join([chr(0x3B1 + k) for k in range(max(hidden))])
    inputs = [
        term.replace("...", dots[len(dots) - n :]) for term, n in zip(inputs, hidden, strict=True)
    ]
    for term, ndim in zip(inputs, ndims, strict=True):
        if len(term) != ndim:
            raise ValueError(
                f"einsum was given {subscripts!r} and an array of {ndim} dimension(s) for {term!r}."
            )
    everything = "".join(inputs)
    once = [label for label in sorted(set(everything) - set(dots)) if everything.count(label) == 1]
    result = right.replace("...", dots) if arrow else dots + "".join(once)
    if set(result) - set(everything) or len(set(result)) != len(result):
        raise ValueError(
            f"einsum was given {subscripts!r}: the result must name axes of the arrays, each once."
        )
    return inputs, result


def _without_repeats(labels: str, x: Array) -> tuple[str, Array]:
    """The diagonal along axes that share a label."""
    while repeated := [label for label in labels if labels.count(label) > 1]:
        first, second = [k for k, label in enumerate(labels) if label == repeated[0]][:2]
        if x.shape[first] != x.shape[second]:
            raise ValueError(
                f"einsum was given shape {x.shape} for {labels!r}: axes that share a letter are "
                "equally long."
            )
        rest = [k for k in range(x.ndim) if k not in (first, second)]
        x = diagonal(permute_dims(x, (*rest, first, second)))
        labels = "".join([labels[k] for k in rest]) + repeated[0]
    return labels, x


def _summed(labels: str, x: Array, keep: set[str]) -> tuple[str, Array]:
    """The sum over axes that are not needed any more."""
    gone = tuple([k for k, label in enumerate(labels) if label not in keep])
    left = "".join([label for label in labels if label in keep])
    return left, sum(x, axis=gone, dtype=x.dtype) if gone else x


def _pair(labels: str, x: Array, y_labels: str, y: Array, later: set[str]) -> tuple[str, Array]:
    """The product of two arrays, summed over what they share and nobody needs later."""
    labels, x = _summed(labels, x, later | set(y_labels))
    y_labels, y = _summed(y_labels, y, later | set(labels))
    batch = "".join([k for k in labels if k in y_labels and k in later])
    inner = "".join([k for k in labels if k in y_labels and k not in later])
    rows = "".join([k for k in labels if k not in y_labels])
    columns = "".join([k for k in y_labels if k not in labels])
    x = permute_dims(x, tuple([labels.index(k) for k in batch + rows + inner]))
    y = permute_dims(y, tuple([y_labels.index(k) for k in batch + inner + columns]))
    before, after = len(batch) + len(rows), len(batch) + len(inner)
    if x.shape[before:] != y.shape[len(batch) : after]:  # matmul stretches those of the batch alone
        summed = np.broadcast_shapes(x.shape[before:], y.shape[len(batch) : after])
        x = broadcast_to(x, (*x.shape[:before], *summed))
        y = broadcast_to(y, (*y.shape[: len(batch)], *summed, *y.shape[after:]))
    return batch + rows + columns, _product(x, y, len(batch), len(inner))


def _product(x: Array, y: Array, batch: int, inner: int) -> Array:
    """Sums of products of arrays with axes (batch, rows, inner) and (batch, inner, columns).

    There are so many axes of each kind.
    """
    rows, columns = x.shape[batch : x.ndim - inner], y.shape[batch + inner :]
    length = math.prod(x.shape[x.ndim - inner :])
    left = reshape(x, (*x.shape[:batch], math.prod(rows), length))
    right = reshape(y, (*y.shape[:batch], length, math.prod(columns)))
    product = left @ right
    return reshape(product, (*product.shape[:batch], *rows, *columns))


def tensordot(x1: Array, x2: Array, /, *, axes: Any = 2) -> Array:
    """The sum of products over pairs of axes.

    The last ones of x1 and the first of x2, or those named.
    """
    if isinstance(axes, int):
        axes = (tuple(range(-axes, 0)), tuple(range(axes)))
    first, second = canonical_axes(axes[0], x1.ndim), canonical_axes(axes[1], x2.ndim)
    lengths = [tuple([x.shape[k] for k in chosen]) for x, chosen in ((x1, first), (x2, second))]
    if lengths[0] != lengths[1]:
        raise ValueError(
            f"tensordot was given arrays of shapes {x1.shape} and {x2.shape} to sum over axes of "
            f"lengths {lengths[0]} and {lengths[1]}: they must be the same."
        )
    left = permute_dims(x1, (*[k for k in range(x1.ndim) if k not in first], *first))
    right = permute_dims(x2, (*second, *[k for k in range(x2.ndim) if k not in second]))
    return _product(left, right, 0, len(first))


def vecdot(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    """The inner product along an axis; the first vector is conjugated.

    The other axes broadcast, and the dtype is that of a product.
    Raises ValueError where that axis is not as long in both.
    """
    ndim = max(x1.ndim, x2.ndim)
    place = canonical_axis(axis, ndim) - ndim  # from the end, where broadcasting counts from
    lengths = [x.shape[place] if x.ndim >= -place else None for x in (x1, x2)]
    if lengths[0] != lengths[1] or None in lengths:
        raise ValueError(
            f"vecdot was given arrays of shapes {x1.shape} and {x2.shape}: axis {axis} must have "
            "the same length in both."
        )
    products = (conj(x1) if is_complex(x1) else x1) * x2
    return sum(products, axis=place, dtype=products.dtype)


def outer(x1: Array, x2: Array, /) -> Array:
    """All products of an element of one array with an element of another.

    Both are taken for vectors.
    """
    return reshape(x1, (-1, 1)) * reshape(x2, (1, -1))
