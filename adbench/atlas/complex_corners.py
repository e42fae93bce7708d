"""Corners of functions with complex numbers inside; their real and imaginary parts are active."""

from __future__ import annotations

from typing import Any

from adbench.atlas.claims import Ball, Hull, Sides, Smooth
from adbench.atlas.corner import Corner

MODULUS = "the modulus is the norm of the two parts"
BRANCH = "Kahan, Branch cuts for complex elementary functions, 1987"


def _number(x: Any) -> Any:
    """The complex number with the parts x[0] and x[1]."""
    return x[0] + 1j * x[1]


COMPLEX = (
    Corner("abs(z) at 0", lambda xp, x: xp.abs(_number(x)), [0.0, 0.0], Ball(1), MODULUS),
    Corner(
        "abs(z) at 3 + 4i",
        lambda xp, x: xp.abs(_number(x)),
        [3.0, 4.0],
        Smooth([0.6, 0.8]),
        MODULUS,
    ),
    Corner(
        "abs(z)^2 at 0", lambda xp, x: xp.abs(_number(x)) ** 2, [0.0, 0.0], Smooth([0, 0]), MODULUS
    ),
    Corner(
        "real(z conj(z)) at 0",
        lambda xp, x: xp.real(_number(x) * xp.conj(_number(x))),
        [0.0, 0.0],
        Smooth([0, 0]),
        MODULUS,
    ),
    Corner(
        "imag(z^2) at 1 + 2i",
        lambda xp, x: xp.imag(_number(x) * _number(x)),
        [1.0, 2.0],
        Smooth([4, 2]),
        "2 x y; a conjugate forgotten turns its sign",
    ),
    Corner(
        "real(sqrt(z)) at its cut",
        lambda xp, y: xp.real(xp.sqrt(-1.0 + 1j * y)),
        0.0,
        Sides(-0.5, 0.5),
        BRANCH,
    ),
    Corner(
        "imag(log(z)) at its cut",
        lambda xp, y: xp.imag(xp.log(-1.0 + 1j * y)),
        0.0,
        Sides(-1, -1),
        BRANCH,
    ),
    Corner(
        "sum of abs(fft) at 0",
        lambda xp, x: xp.sum(xp.abs(xp.fft.fft(x + 0j))),
        [0.0, 0.0],
        Hull(([2, 0], [0, 2], [-2, 0], [0, -2])),
        "abs(a + b) + abs(a - b)",
    ),
    Corner(
        "power spectrum at 0",
        lambda xp, x: xp.sum(xp.abs(xp.fft.rfft(x)) ** 2),
        [0.0, 0.0, 0.0],
        Smooth([0, 0, 0]),
        "Parseval",
    ),
)
