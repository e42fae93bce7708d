"""Functions of one element that are integrals, or the inverse of one; and the zeta function."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import flint

from .elements import SERIES, constant_term, element


def _parameter(v: Any) -> Any:
    """A parameter by which nothing is differentiated."""
    if isinstance(v, SERIES):
        raise NotImplementedError("A parameter of a special function has no derivative here.")
    return element(v)


def erfinv(v: Any) -> Any:
    """The inverse of erf, of a series by its own differential equation, one order after another."""
    v = element(v)
    if not isinstance(v, SERIES):
        return v.erfinv()
    ans = flint.arb_series([v[0].erfinv()])
    for _ in range(flint.ctx.cap):
        slope = (ans * ans).exp() * (flint.arb.const_sqrt_pi() / 2)
        ans = ans[0] + (slope * v.derivative()).integral()
    return ans


def density(a: Any, v: Any) -> Any:
    """x^(a - 1) exp(-x) / Gamma(a)."""
    a, v = _parameter(a), element(v)
    exponent = a - 1
    whole = exponent.unique_fmpz() if exponent.is_exact() else None
    if whole is not None:
        return v ** int(whole) * (-v).exp() * a.rgamma()
    return (exponent * v.log() - v).exp() * a.rgamma()


def gammainc(a: Any, v: Any) -> Any:
    """The regularized lower incomplete gamma function."""
    return _integral_of_density(a, v, lambda a, x: x.gamma_lower(a, regularized=1), 1)


def gammaincc(a: Any, v: Any) -> Any:
    """The regularized upper incomplete gamma function."""
    return _integral_of_density(a, v, lambda a, x: x.gamma_upper(a, regularized=1), -1)


def _integral_of_density(
    a: Any, v: Any, function: Callable[[Any, Any], Any], direction: int
) -> Any:
    a, v = _parameter(a), element(v)
    value = function(a, element(constant_term(v)))
    if not isinstance(v, SERIES):
        return value
    return value + direction * (density(a, v) * v.derivative()).integral()


def zeta(s: Any, v: Any) -> Any:
    """The Hurwitz zeta function, of a series by its Taylor coefficients (DLMF 25.11.17)."""
    s, v = _parameter(s), element(v)
    if not isinstance(v, SERIES):
        return s.zeta(v)
    step = v - v[0]
    total = flint.arb_series([])
    for k in range(flint.ctx.cap - 1, -1, -1):
        coefficient = (-1) ** k * s.rising(k) / math.factorial(k) * (s + k).zeta(v[0])
        total = total * step + coefficient
    return total
