"""Bessel functions of one element, of integer order."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import flint

from .elements import SERIES, element
from .functions import absolute, sign


def bessel_j(v: Any, order: int) -> Any:
    if isinstance(v, SERIES):
        return _of_series(v, order, bessel_j, -1)
    return element(v).bessel_j(order)


def bessel_i(v: Any, order: int) -> Any:
    if isinstance(v, SERIES):
        return _of_series(v, order, bessel_i, 1)
    return element(v).bessel_i(order)


def bessel_i_scaled(v: Any, order: int) -> Any:
    """exp(-|v|) times `bessel_i`."""
    v = element(v)
    if isinstance(v, SERIES):
        return (-absolute(v)).exp() * bessel_i(v, order)
    value = absolute(v).bessel_i(order, scaled=True)
    return sign(v) * value if order % 2 else value


def _of_series(v: Any, order: int, function: Callable[[Any, int], Any], change: int) -> Any:
    """A function of a series by its Taylor coefficients (DLMF 10.6.7 and 10.29.5).

    The k-th derivative is the sum of change^i binomial(k, i) f_(order - k + 2i) over i, by 2^k.
    """
    step = v - v[0]
    total = flint.arb_series([])
    for k in range(flint.ctx.cap - 1, -1, -1):
        terms = [
            change**i * math.comb(k, i) * function(v[0], order - k + 2 * i) for i in range(k + 1)
        ]
        total = total * step + sum(terms) / (math.factorial(k) * 2**k)
    return total
