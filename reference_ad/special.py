"""Special functions, under SciPy's names."""

from __future__ import annotations

from typing import Any

from . import rules_reductions
from .core import Array
from .rules_special import digamma as digamma
from .rules_special import erf as erf
from .rules_special import erfc as erfc
from .rules_special import expit as expit
from .rules_special import gammaln as gammaln
from .rules_special import log_expit as log_expit
from .rules_special import polygamma as _polygamma
from .rules_special import softplus as softplus
from .rules_special import xlogy as xlogy

Axis = int | tuple[int, ...] | None


def _axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    return tuple([k % ndim for k in (axis if isinstance(axis, tuple) else (axis,))])


def logsumexp(x: Array, /, axis: Axis = None, *, keepdims: Any = False) -> Array:
    """The logarithm of the sum of exponentials over some axes, without overflow."""
    return rules_reductions.logsumexp(x, axis=_axes(axis, x.ndim), keepdims=keepdims)


def softmax(x: Array, /, axis: Axis = None) -> Array:
    """Exponentials, divided by their sum over some axes."""
    return rules_reductions.softmax(x, axis=_axes(axis, x.ndim))


def log_softmax(x: Array, /, axis: Axis = None) -> Array:
    """The logarithm of `softmax`, without overflow."""
    return rules_reductions.log_softmax(x, axis=_axes(axis, x.ndim))


def polygamma(n: int, x: Array, /) -> Array:
    """The n-th derivative of `digamma` at x > 0, for an integer n >= 0."""
    return digamma(x) if n == 0 else _polygamma(x, order=n)
