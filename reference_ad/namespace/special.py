"""Special functions, under SciPy's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.core import Array
from ..rules import reductions as rules_reductions
from ..rules.incomplete_gamma import gammainc, gammaincc
from ..rules.reductions import Axis, canonical_axes
from ..rules.special import digamma, erf, erfc, erfinv, expit, gammaln, log_expit, softplus, xlogy
from ..rules.special import polygamma as _polygamma
from ..rules.zeta import zeta
from .bessel import i0, i0e, i1, i1e, j0, j1
from .data_types import astype


def _floating(x: Array) -> Array:
    """x in float64 if it is of integers, whose differences could wrap around."""
    if x.dtype.kind in "biu":
        return astype(x, np.float64)
    return x


def logsumexp(x: Array, /, axis: Axis = None, *, keepdims: Any = False) -> Array:
    """The logarithm of the sum of exponentials over some axes, without overflow."""
    return rules_reductions.logsumexp(
        _floating(x), axis=canonical_axes(axis, x.ndim), keepdims=keepdims
    )


def softmax(x: Array, /, axis: Axis = None) -> Array:
    """Exponentials, divided by their sum over some axes."""
    return rules_reductions.softmax(_floating(x), axis=canonical_axes(axis, x.ndim))


def log_softmax(x: Array, /, axis: Axis = None) -> Array:
    """The logarithm of `softmax`, without overflow."""
    return rules_reductions.log_softmax(_floating(x), axis=canonical_axes(axis, x.ndim))


def polygamma(n: int, x: Array, /) -> Array:
    """The n-th derivative of `digamma`, for an integer n >= 0."""
    if n < 0 or n != int(n):
        raise ValueError(f"polygamma was given n={n!r}: give an integer that is not negative.")
    if n == 0:
        return digamma(x)
    return _polygamma(x, order=n)
