"""Bessel functions of order 0 and 1, under SciPy's names."""

from __future__ import annotations

from ..engine.core import Array
from ..rules.bessel import bessel_i, bessel_i_scaled, bessel_j


def j0(x: Array, /) -> Array:
    """The Bessel function of the first kind of order 0."""
    return bessel_j(x, order=0)


def j1(x: Array, /) -> Array:
    """The Bessel function of the first kind of order 1."""
    return bessel_j(x, order=1)


def i0(x: Array, /) -> Array:
    """The modified Bessel function of the first kind of order 0."""
    return bessel_i(x, order=0)


def i1(x: Array, /) -> Array:
    """The modified Bessel function of the first kind of order 1."""
    return bessel_i(x, order=1)


def i0e(x: Array, /) -> Array:
    """exp(-|x|) times `i0`, which does not overflow."""
    return bessel_i_scaled(x, order=0)


def i1e(x: Array, /) -> Array:
    """exp(-|x|) times `i1`, which does not overflow."""
    return bessel_i_scaled(x, order=1)
