"""A sparse matrix as the trees of arrays that a dense Jacobian or Hessian is."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from reference_ad.engine import tree

Array = np.ndarray[Any, Any]


def as_jacobian(matrix: Array, output_shape: tuple[int, ...], active: Any) -> Any:
    """Return a matrix of shape (m, n) as a tree like the active argument.

    Its leaves have the shape output shape + leaf shape.
    """
    leaves, structure = tree.flatten(active)
    stops = np.cumsum([0, *(leaf.size for leaf in leaves)])
    blocks = [
        matrix[:, start:stop].reshape(output_shape + leaf.shape)
        for (start, stop), leaf in zip(pairwise(stops), leaves, strict=True)
    ]
    return tree.unflatten(structure, blocks)


def as_hessian(matrix: Array, active: Any) -> Any:
    """Return a matrix of shape (n, n) as a tree of trees like the active argument.

    For each pair of leaves it has an array of shape leaf shape + leaf shape, row by row.
    """
    leaves, structure = tree.flatten(active)
    stops = np.cumsum([0, *(leaf.size for leaf in leaves)])
    rows = [
        as_jacobian(matrix[start:stop], leaf.shape, active)
        for (start, stop), leaf in zip(pairwise(stops), leaves, strict=True)
    ]
    return tree.unflatten(structure, rows)


def split(seeds: Array, like: Any) -> Any:
    """Return seeds of shape (colours, n) as a tree like an argument, stacked along a first axis.

    like: a tree of NumPy arrays, whose dtypes the seeds get.
    """
    leaves, structure = tree.flatten(like)
    stops = np.cumsum([0, *(leaf.size for leaf in leaves)])
    parts = [
        seeds[:, start:stop].reshape(len(seeds), *leaf.shape).astype(leaf.dtype)
        for (start, stop), leaf in zip(pairwise(stops), leaves, strict=True)
    ]
    return tree.unflatten(structure, parts)
