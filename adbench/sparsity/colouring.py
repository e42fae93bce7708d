"""Colours: which columns of a sparse matrix one pass can compute together.

Both colourings are greedy, in the order of the most entries first, and direct: every entry can be
read off a compressed matrix. For Jacobians, columns of one colour have no row in common (Curtis,
Powell and Reid, 1974). For Hessians, which are symmetric, it is enough that every path of four
vertices has three colours (star colouring: Coleman and Moré, 1984; Gebremedhin, Manne and Pothen,
"What color is your Jacobian?", SIAM Review 47, 2005): then the matrix of an arrow takes two colours
in place of n.

Colours that are taken are bits of one integer for each row, so that the graph in which columns
with a common row are joined is never made: that of one dense row has n^2 / 2 edges, which the
general colourings of networkx would need.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adbench.sparsity.dependence import Matrix

Colours = np.ndarray[Any, np.dtype[np.int64]]
"""A colour for each column or vertex, counted from 0."""


def column_colours(pattern: Matrix) -> Colours:
    """Return colours of the columns of a matrix, of which no two in one row are the same."""
    columns = pattern.tocsc()
    taken = [0] * pattern.shape[0]
    colours = np.zeros(pattern.shape[1], dtype=np.int64)
    for column in _largest_first(columns):
        rows = _indices(columns, column)
        forbidden = 0
        for row in rows:
            forbidden |= taken[row]
        colours[column] = _lowest_free(forbidden)
        bit = 1 << int(colours[column])
        for row in rows:
            taken[row] |= bit
    return colours


def star_colours(pattern: Matrix) -> Colours:
    """Return colours of the vertices of a symmetric matrix, of which every path of four has three.

    Neighbours have different colours. Entries on the diagonal join nothing.
    """
    colouring = _StarColouring(pattern.tocsr())
    for vertex in _largest_first(pattern):
        colouring.add(vertex)
    return np.array(colouring.colours, dtype=np.int64)


class _StarColouring:
    """A star colouring in which vertices get their colours one after another."""

    def __init__(self, pattern: Matrix) -> None:
        size = pattern.shape[0]
        self._neighbours = [
            [other for other in _indices(pattern, vertex) if other != vertex]
            for vertex in range(size)
        ]
        self.colours = [-1] * size
        self._around: list[int] = [0] * size
        """The colours of a vertex' neighbours, as bits."""
        self._beyond: list[int] = [0] * size
        """Of a vertex with a colour: those of neighbours that have another neighbour of it."""
        self._same_colour: list[dict[int, list[int]]] = [{} for _ in range(size)]
        """The neighbours of a vertex by their colours."""

    def add(self, vertex: int) -> None:
        """Give a vertex the lowest colour with which no path of four has two colours."""
        colour = _lowest_free(self._forbidden(vertex))
        self.colours[vertex] = colour
        for neighbour in self._neighbours[vertex]:
            self._around[neighbour] |= 1 << colour
            same = self._same_colour[neighbour].setdefault(colour, [])
            same.append(vertex)
            if self.colours[neighbour] >= 0 and len(same) >= 2:
                self._note(same if len(same) == 2 else [vertex], self.colours[neighbour])
        for same in self._same_colour[vertex].values():
            if len(same) >= 2:
                self._note(same, colour)

    def _note(self, vertices: list[int], colour: int) -> None:
        """Vertices share a neighbour of a colour, so that no other one of theirs may have it."""
        for vertex in vertices:
            self._beyond[vertex] |= 1 << colour

    def _forbidden(self, vertex: int) -> int:
        forbidden = 0
        for neighbour in self._neighbours[vertex]:
            colour = self.colours[neighbour]
            if colour < 0:
                # The vertex would have the colour of another neighbour of it, which is as yet free.
                forbidden |= self._around[neighbour]
            else:
                forbidden |= (1 << colour) | self._beyond[neighbour]
        for same in self._same_colour[vertex].values():
            if len(same) >= 2:
                for neighbour in same:
                    forbidden |= self._around[neighbour]
        return forbidden


def _indices(matrix: Matrix, place: int) -> list[int]:
    """The positions of the entries of a row of a CSR matrix, or of a column of a CSC matrix."""
    indices: list[int] = matrix.indices[matrix.indptr[place] : matrix.indptr[place + 1]].tolist()
    return indices


def _largest_first(matrix: Matrix) -> list[int]:
    """The rows of a CSR or the columns of a CSC matrix: those with most entries first."""
    order: list[int] = np.argsort(-np.diff(matrix.indptr), kind="stable").tolist()
    return order


def _lowest_free(taken: int) -> int:
    """The number of the lowest bit that is not set."""
    return (~taken & (taken + 1)).bit_length() - 1
