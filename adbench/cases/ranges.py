"""What numbers mean: shares, probabilities, unit vectors, symmetric matrices, sorted knots."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from adbench.cases.inputs import Array

FEWEST_SHARES = 3
"""Fewer numbers than this may well lie in [0, 1] by chance, and mean nothing by it."""

TOLERANCE = 1e-3
"""How far a sum or a length may be from 1, and a matrix from its transpose, relatively."""


def has_a_range(leaf: Array) -> bool:
    """Return whether numbers lie in [0, 1], or rows of them add up to 1 or have the length 1."""
    return not leaf.size or any(MEANINGS[name](leaf) for name in OF_RANGES)


def meanings(leaf: Array) -> frozenset[str]:
    """Return what the numbers of an array may mean, none where they look like any others."""
    return frozenset(name for name, has_meaning in MEANINGS.items() if has_meaning(leaf))


def lost_meanings(before: Array, after: Array) -> frozenset[str]:
    """Return what numbers may have meant, and cannot mean any more, be there fewer of them."""
    lost = meanings(before) - meanings(after)
    return lost - {BETWEEN_0_AND_1} if _lie_between_0_and_1(after) else lost


def _are_shares(leaf: Array) -> bool:
    return leaf.size >= FEWEST_SHARES and _lie_between_0_and_1(leaf)


def _lie_between_0_and_1(leaf: Array) -> bool:
    return bool(np.all((leaf >= 0) & (leaf <= 1)))


def _add_up_to_1(leaf: Array) -> bool:
    return _has_rows(leaf) and bool(np.allclose(np.sum(leaf, axis=-1), 1, atol=TOLERANCE))


def _have_the_length_1(leaf: Array) -> bool:
    return _has_rows(leaf) and bool(np.allclose(np.sum(leaf * leaf, axis=-1), 1, atol=TOLERANCE))


def _has_rows(leaf: Array) -> bool:
    """Whether there are rows, of more than one number: a 1 alone says nothing."""
    return leaf.ndim > 0 and leaf.shape[-1] > 1


def _are_symmetric(leaf: Array) -> bool:
    if leaf.ndim < 2 or leaf.shape[-1] != leaf.shape[-2] or leaf.shape[-1] < 2:
        return False
    return bool(np.allclose(leaf, np.swapaxes(leaf, -1, -2), rtol=TOLERANCE))


def _are_sorted(leaf: Array) -> bool:
    if leaf.ndim == 0 or leaf.shape[-1] < 3:
        return False
    return bool(np.all(np.diff(leaf, axis=-1) > 0))


BETWEEN_0_AND_1 = "between 0 and 1"
"""What numbers mean that may be shares or probabilities."""

MEANINGS: dict[str, Callable[[Array], bool]] = {
    BETWEEN_0_AND_1: _are_shares,
    "adding up to 1": _add_up_to_1,
    "of the length 1": _have_the_length_1,
    "symmetric": _are_symmetric,
    "sorted": _are_sorted,
}
"""What tells each meaning."""

OF_RANGES = (BETWEEN_0_AND_1, "adding up to 1", "of the length 1")
"""The meanings that numbers lose where they are large."""
