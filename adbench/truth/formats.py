"""The floating-point formats that answers are judged in, and how far arithmetic in them is off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Format:
    """A floating-point format."""

    digits: int
    """Bits of the significand, the hidden one included."""
    exponent: int
    """Numbers are below 2^exponent."""
    smallest: float
    """The smallest normal number."""
    arithmetic: float
    """How many units of roundoff a primitive of arithmetic may be off."""
    functions: float
    """How many units of roundoff another function may be off."""
    accumulator: int
    """The bits in which sums are accumulated."""

    @property
    def largest(self) -> Any:
        """The largest number, as longdouble."""
        return (2 - np.longdouble(self.spacing)) * np.longdouble(2) ** (self.exponent - 1)

    @property
    def unit(self) -> float:
        """The unit roundoff u: half the spacing of numbers just above 1."""
        return float(2.0**-self.digits)

    @property
    def spacing(self) -> float:
        """The spacing of numbers just above 1, the machine epsilon."""
        return 2 * self.unit

    def ulp(self, true: Any) -> Any:
        """The unit in the last place of each number, as longdouble.

        The spacing of the format at its size.
        """
        _, exponents = np.frexp(np.maximum(np.abs(true), np.longdouble(self.smallest)))
        return np.ldexp(np.longdouble(1), exponents - self.digits)


FORMATS = {
    "float64": Format(53, 1024, 2.0**-1022, 4.0, 16.0, 53),
    "float32": Format(24, 128, 2.0**-126, 4.0, 16.0, 24),
    "float16": Format(11, 16, 2.0**-24, 2.0, 3.0, 24),
    "bfloat16": Format(8, 128, 2.0**-126, 2.0, 3.0, 24),
}
"""float16 counts its smallest subnormal number: no CPU flushes those of 16 bits, which are computed
in float32."""
