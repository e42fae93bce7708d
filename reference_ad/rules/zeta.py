"""The table of derivatives, continued: the Hurwitz zeta function.

Values are computed in extended precision and rounded once, by the Euler-Maclaurin formula (DLMF
25.11.28 with the terms of 25.11.9); the derivative by the second argument is 25.11.17. That by the
exponent has no closed form and is refused.
"""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.declaring import Refusal, elementwise
from ..engine.rounding import Rounding, rounds
from .incomplete_gamma import _of_parameter_and_argument
from .special import _BERNOULLI, _FAR


@_of_parameter_and_argument
def _zeta(s: Any, q: Any) -> Any:
    """The sum of (q + k)^-s over k: of the first terms one by one, of the rest by an integral."""
    total = 0 * q
    for k in range(_FAR):
        total = total + (q + k) ** -s
    y = q + _FAR
    total = total + y ** (1 - s) / (s - 1) + y**-s / 2
    factor = s * y ** (-s - 1)
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        numerator, denominator = (bernoulli / math.factorial(2 * k)).as_integer_ratio()
        total = total + factor * numerator / denominator
        factor = factor * (s + 2 * k - 1) * (s + 2 * k) / (y * y)
    total = np.where((s == 1) | (q == 0), np.inf, total)
    return np.where((s < 1) | (q < 0), np.nan, total)


_refused = Refusal(
    "The zeta function has a derivative by its second argument alone here, and that by the "
    "exponent was asked for: keep the exponent constant, or stop its gradient."
)

zeta = elementwise(  # the sum of (q + k)^-s over k = 0, 1, ..., for s > 1 and q > 0
    "zeta", _zeta, _refused, lambda g, ans, s, q: g * (-s * zeta(s + 1, q))
)

rounds(Rounding.FUNCTION, zeta)
