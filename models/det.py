"""The determinant by expansion in minors.

Formula: along the first row, det A = sum_j (-1)^j A_0j M_j, where M_j is the determinant of what is
left without row 0 and column j; and so on with the minors. Here a minor that several expansions
need is computed once: those of the last r rows, for each choice of r columns, out of those of the
last r - 1. These are l 2^(l - 1) products in place of some l!.

Source: gradbench's `det`, after `det_by_minor` of cmpad (Bradley Bell).

Sizes: l rows and columns; gradbench has l from 5 to 11.

Published cost ratio: none.
"""

from adbench.cases import Model


def expansion(size, rows):
    """Return how each minor of the last `rows` rows follows from those with a row less.

    Three arrays of shape (minors, rows): the column that is taken from the minor's first row, the
    place of the minor that is left among those with a row less, and the sign.
    """
    from itertools import combinations

    import numpy as np

    smaller = {columns: place for place, columns in enumerate(combinations(range(size), rows - 1))}
    chosen = list(combinations(range(size), rows))
    left = [[smaller[c[:j] + c[j + 1 :]] for j in range(rows)] for c in chosen]
    signs = np.broadcast_to((-1.0) ** np.arange(rows), (len(chosen), rows))
    return np.array(chosen), np.array(left), signs


def determinant(xp, A):
    """Return the determinant of A, of shape ()."""
    size = A.shape[0]
    minors = A[-1, :]
    for rows in range(2, size + 1):
        columns, left, signs = expansion(size, rows)
        entries = xp.take(A[-rows, :], xp.asarray(columns.ravel()), axis=0)
        factors = xp.take(minors, xp.asarray(left.ravel()), axis=0)
        signs = xp.asarray(signs.ravel(), dtype=A.dtype)
        minors = xp.sum(xp.reshape(signs * entries * factors, columns.shape), axis=1)
    return minors[0]


def gradient(A):
    """Return the matrix of cofactors, det(A) A^-T, each entry the determinant of a minor."""
    import numpy as np

    size = len(A)
    cofactors = np.empty_like(A)
    for i in range(size):
        for j in range(size):
            minor = np.delete(np.delete(A, i, axis=0), j, axis=1)
            cofactors[i, j] = (-1) ** (i + j) * determinant(np, minor)
    return cofactors


def make(size, rng):
    """Draw a matrix with entries uniform between 0 and 1, as gradbench does."""
    return (rng.uniform(size=(size["l"], size["l"])),)


model = Model(
    name="det",
    function=determinant,
    make=make,
    sizes={f"l={size}": {"l": size} for size in (3, 5, 8, 11)},
    oracle={"gradient": gradient},
    group="gradbench",
    by_default=False,
    summary="determinant by expansion in minors",
)
