"""A sparse matrix from few products with it: the seeds, and where each entry is read off.

The products of a pass are a row of the *compressed* matrix: J s for forward mode, s' J for reverse
mode, H s for a Hessian, with a seed s that is 1 for everything of the pass' colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from adbench.cases.operators import Mode, Operator
from adbench.sparsity.colouring import Colours, column_colours, star_colours
from adbench.sparsity.dependence import Matrix
from adbench.sparsity.pattern import positions_of

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Compression:
    """How a matrix of a known pattern is computed in as many passes as there are colours."""

    pattern: Matrix
    """Which entries may be other than zero (CSR, boolean)."""
    seeds: Array
    """The seeds of the passes, a boolean array of shape (colours, n) or (colours, m)."""
    places: Array
    """Where each entry of the pattern is in the compressed matrix, whose numbers are in a row."""

    @property
    def colours(self) -> int:
        """How many passes it takes."""
        return len(self.seeds)

    def matrix(self, entries: Array) -> Matrix:
        """Return the matrix with these entries, in the order of the pattern's (CSR)."""
        pattern = self.pattern
        return sparse.csr_array((entries, pattern.indices, pattern.indptr), shape=pattern.shape)


def compression_of(pattern: Matrix, operator: Operator, mode: Mode) -> Compression:
    """Return how the matrix of an operator is computed in a mode."""
    if operator is Operator.SPARSE_HESSIAN:
        return of_symmetric(pattern)
    return by_columns(pattern) if mode is Mode.FORWARD else by_rows(pattern)


def by_columns(pattern: Matrix, colours: Colours | None = None) -> Compression:
    """Return how a Jacobian is computed in forward mode, by columns of one colour at once.

    colours: of the columns; by default those of `column_colours`.
    """
    colours = column_colours(pattern) if colours is None else colours
    rows, columns = positions_of(pattern)
    places = colours[columns] * pattern.shape[0] + rows
    return Compression(pattern, _seeds(colours), places)


def by_rows(pattern: Matrix) -> Compression:
    """Return how a Jacobian is computed in reverse mode, by rows of one colour at once."""
    colours = column_colours(sparse.csr_array(pattern.T))
    rows, columns = positions_of(pattern)
    places = colours[rows] * pattern.shape[1] + columns
    return Compression(pattern, _seeds(colours), places)


def of_symmetric(pattern: Matrix) -> Compression:
    """Return how a Hessian is computed, by columns of one colour at once.

    An entry (i, j) is read off row i in the colour of j where no other column of that colour has an
    entry there, and else off row j in the colour of i, which a star colouring makes sure of.
    """
    colours = star_colours(pattern)
    rows, columns = positions_of(pattern)
    size = pattern.shape[0]
    seeds = _seeds(colours)
    of_colours = sparse.csr_array(seeds.T.astype(np.int64))
    shared = sparse.csr_array(pattern.astype(np.int64) @ of_colours).toarray()
    is_alone = shared[rows, colours[columns]] == 1
    direct = colours[columns] * size + rows
    mirrored = colours[rows] * size + columns
    return Compression(pattern, seeds, np.where(is_alone, direct, mirrored))


def _seeds(colours: Colours) -> Array:
    """A row for each colour, true for everything that has it."""
    count = int(colours.max(initial=-1)) + 1
    return np.arange(count)[:, None] == colours[None, :]
