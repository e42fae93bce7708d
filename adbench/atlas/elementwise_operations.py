"""Functions of numbers, with points that cover their domains."""

from __future__ import annotations

import math
from typing import Any

from adbench.atlas.operation import Domain, Operation, binary, complex_unary, unary

TINY = [1e-4, -1e-8, 1e-20]
REALS = Domain([-2.5, -1.0, -0.3, 0.7, 1.0, 3.0], [*TINY, 20.0, -20.0, 80.0, -80.0])
BOUNDED = Domain([-2.5, -1.0, -0.3, 0.7, 1.0, 3.0], [*TINY, 5.0, -5.0, 8.0])
CURVES = Domain([-2.5, -1.0, -0.3, 0.7, 1.0, 3.0], [*TINY, 1e4, -1e4, 1e10, 1e15])
ANGLES = Domain([-2.5, -1.0, -0.3, 0.7, 1.0, 3.0], [*TINY, 100.0, -1e4, 1e6, math.pi / 2, math.pi])
POSITIVE = Domain([0.2, 0.7, 1.5, 3.0, 10.0], [1e-4, 1e-10, 1e-20, 1e4, 1e10, 1.0, 0.999, 1.001])
ABOVE_MINUS_ONE = Domain([-0.5, 0.2, 0.7, 3.0], [*TINY, -0.999, -0.99999, 1e4, 1e10])
INSIDE_ONE = Domain([-0.7, -0.3, 0.2, 0.6], [*TINY, 0.99, -0.999, 0.99999])
ABOVE_ONE = Domain([1.5, 2.0, 5.0], [1.01, 1.0001, 1.00001, 1e4, 1e10])
NOT_ZERO = Domain([-2.5, -0.3, 0.7, 3.0], [1e-4, -1e-8, 1e4, -1e10])
GAMMA = Domain([0.2, 0.7, 1.5, 4.0], [1e-4, 1e-10, 1.0, 2.0, 50.0, 1e4, -0.5, -1.999, -2.001])
BESSEL = Domain([-2.5, -0.3, 0.7, 3.0], [*TINY, 2.404825, 20.0, -50.0])

UNARY: dict[str, Domain] = {
    "abs": NOT_ZERO,
    "acos": INSIDE_ONE,
    "acosh": ABOVE_ONE,
    "asin": INSIDE_ONE,
    "asinh": CURVES,
    "atan": CURVES,
    "atanh": INSIDE_ONE,
    "cos": ANGLES,
    "cosh": REALS,
    "exp": REALS,
    "expm1": REALS,
    "log": POSITIVE,
    "log10": POSITIVE,
    "log1p": ABOVE_MINUS_ONE,
    "log2": POSITIVE,
    "negative": REALS,
    "positive": REALS,
    "reciprocal": NOT_ZERO,
    "sin": ANGLES,
    "sinh": REALS,
    "sqrt": POSITIVE,
    "square": CURVES,
    "tan": ANGLES,
    "tanh": REALS,
    "special.digamma": GAMMA,
    "special.erf": BOUNDED,
    "special.erfc": BOUNDED,
    "special.erfinv": INSIDE_ONE,
    "special.expit": REALS,
    "special.gammaln": GAMMA,
    "special.i0": BESSEL,
    "special.i0e": BESSEL,
    "special.i1": BESSEL,
    "special.i1e": BESSEL,
    "special.j0": BESSEL,
    "special.j1": BESSEL,
    "special.log_expit": REALS,
    "special.softplus": REALS,
}
"""Functions of one number."""

PAIRS = Domain(
    [[-2.5, 0.7, 1.0, 3.0], [0.4, -1.5, 2.0, 0.3]],
    [[1e-8, 1e10, -1e4, 1e-20], [1.0, 1e-4, 1e4, 2.0]],
)
SUMS = Domain(
    [[-2.5, 0.7, 1.0, 3.0], [0.4, -1.5, 2.0, 0.3]],
    [[1.0, 50.0, -50.0, 1e-8], [1.0, -50.0, -51.0, 0.0]],
)
POWERS = Domain(
    [[0.5, 2.0, 3.0, 10.0], [2.0, -1.5, 0.5, 3.0]],
    [[1e-4, 0.999, 1e4, 1.0, 2.0], [1.5, 200.0, -3.0, 7.0, 1e-8]],
)

BINARY: dict[str, Domain] = {
    "add": PAIRS,
    "atan2": PAIRS,
    "copysign": PAIRS,
    "divide": PAIRS,
    "hypot": PAIRS,
    "logaddexp": SUMS,
    "maximum": PAIRS,
    "minimum": PAIRS,
    "multiply": PAIRS,
    "pow": POWERS,
    "remainder": Domain([[2.5, 0.7, -1.3], [1.0, 0.4, 0.5]], [[1e4, -1e-4], [3.0, 7.0]]),
    "subtract": PAIRS,
    "special.xlogy": Domain([[0.5, -2.0, 3.0], [2.0, 1.5, 0.3]], [[1e-8, 0.0], [1e-10, 3.0]]),
}
"""Functions of two numbers."""

PLANE = Domain(
    [[0.7, -0.4, 1.5, -2.0], [0.3, 1.1, -0.8, 0.6]],
    [[1e-8, 20.0, -1.0, 1.0], [1e-8, 0.5, 1e-4, -1e-6]],
)

COMPLEX: dict[str, Domain] = dict.fromkeys(
    (
        "conj",
        "cos",
        "cosh",
        "exp",
        "log",
        "negative",
        "reciprocal",
        "sin",
        "sinh",
        "sqrt",
        "square",
        "tan",
        "tanh",
    ),
    PLANE,
)
"""Functions of one complex number."""


def _modulus(xp: Any, x: Any) -> Any:
    return xp.abs(x[0, ...] + 1j * x[1, ...])


def _product_of_conjugates(xp: Any, x: Any) -> Any:
    number = x[0, ...] + 1j * x[1, ...]
    product = xp.conj(number) * number[::-1]
    return xp.stack([xp.real(product), xp.imag(product)])


ELEMENTWISE: tuple[Operation, ...] = (
    *(unary(name, domain) for name, domain in UNARY.items()),
    *(binary(name, domain) for name, domain in BINARY.items()),
    *(complex_unary(name, domain) for name, domain in COMPLEX.items()),
    Operation("complex abs", _modulus, PLANE),
    Operation("complex multiply", _product_of_conjugates, PLANE),
    Operation("clip", lambda xp, x: xp.clip(x, -1.0, 2.0), Domain([-2.5, -0.3, 0.7, 3.0])),
    Operation("where", lambda xp, x: xp.where(x > 0, x * x, -x), Domain([-2.5, -0.3, 0.7, 3.0])),
    Operation(
        "special.gammainc",
        lambda xp, x: xp.special.gammainc(2.5 + xp.zeros_like(x), x),
        Domain([0.2, 0.7, 2.5, 6.0], [1e-4, 1e-8, 30.0, 80.0]),
    ),
    Operation(
        "special.gammaincc",
        lambda xp, x: xp.special.gammaincc(2.5 + xp.zeros_like(x), x),
        Domain([0.2, 0.7, 2.5, 6.0], [1e-4, 1e-8, 30.0, 80.0]),
    ),
    Operation("special.polygamma", lambda xp, x: xp.special.polygamma(1, x), GAMMA),
    Operation(
        "special.zeta",
        lambda xp, x: xp.special.zeta(3.0 + xp.zeros_like(x), x),
        Domain([0.5, 1.0, 2.5], [1e-4, 1e4]),
    ),
)
"""All of them."""
