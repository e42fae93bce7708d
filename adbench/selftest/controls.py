"""The controls: rules that differ from what a framework would compute, and are right.

None of them may alarm.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adbench.selftest.subject import Subject, six


def thousand(rng: np.random.Generator) -> tuple[Any, ...]:
    """A thousand numbers of either sign, whose sum depends on its order in the last digits."""
    return (rng.standard_normal(1000),)


def near_zero(rng: np.random.Generator) -> tuple[Any, ...]:
    """Points at which 1 - cos(x) has lost half of its digits."""
    return (rng.uniform(1e-4, 2e-4, 4),)


def at_the_kink(rng: np.random.Generator) -> tuple[Any, ...]:
    """Zeros among other numbers."""
    return (np.array([-1.5, 0.0, 0.75, 0.0]),)


def fused_multiply_add(a: Any, b: Any, c: Any) -> Any:
    """Return a b + c rounded nearly once: the product's rounding error is added back.

    Dekker's product with Veltkamp's splitting, for float64 (Handbook of Floating-Point Arithmetic,
    2nd ed., 4.4).
    """
    product = a * b
    (high_a, low_a), (high_b, low_b) = _split(a), _split(b)
    error = ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b
    return (product + c) + error


def _split(a: Any) -> tuple[Any, Any]:
    scaled = 134217729.0 * a  # 2^27 + 1
    high = scaled - (scaled - a)
    return high, a - high


def _square_of_sum(xp: Any, x: Any) -> Any:
    return xp.sum(xp.exp(x)) ** 2


def _pairwise(xp: Any, x: Any) -> Any:
    return sum(xp.sum(xp.exp(x[start::7])) for start in range(7))


def _relu(xp: Any, x: Any) -> Any:
    return xp.sum(xp.where(x > 0, x, 0 * x))


def _abs_slope(at_zero: float) -> Any:
    return lambda xp, u, x: (
        u * xp.where(x > 0, 0 * x + 1, xp.where(x < 0, 0 * x - 1, 0 * x + at_zero)),
    )


def _relu_slope(at_zero: float) -> Any:
    return lambda xp, u, x: (
        u * xp.where(x > 0, 0 * x + 1, xp.where(x < 0, 0 * x, 0 * x + at_zero)),
    )


CONTROLS = (
    Subject(
        "sums in another order",
        _square_of_sum,
        thousand,
        lambda xp, u, x: (2 * u * xp.sum(xp.flip(xp.exp(x))) * xp.exp(x),),
    ),
    Subject(
        "sums in pieces",
        _square_of_sum,
        thousand,
        lambda xp, u, x: (2 * u * _pairwise(xp, x) * xp.exp(x),),
    ),
    Subject(
        "fused multiply-add",
        lambda xp, x: xp.sum(0.7 * x**3 + 0.3 * x**2 - 1.9 * x),
        six,
        lambda xp, u, x: (
            u * fused_multiply_add(fused_multiply_add(2.1 + 0 * x, x, 0.6), x, -1.9),
        ),
    ),
    Subject(
        "another formula: 1 / cosh^2 for 1 - tanh^2",
        lambda xp, x: xp.sum(xp.tanh(x)),
        six,
        lambda xp, u, x: (4 * u / (xp.exp(x) + xp.exp(-x)) ** 2,),
    ),
    Subject(
        "another formula: exp(-x) / (1 + exp(-x))^2",
        lambda xp, x: xp.sum(xp.special.expit(x)),
        six,
        lambda xp, u, x: (u * xp.exp(-x) / (1 + xp.exp(-x)) ** 2,),
    ),
    Subject(
        "an ill-conditioned point: (1 - cos x) / x^2 near 0",
        lambda xp, x: xp.sum((1 - xp.cos(x)) / (x * x)),
        near_zero,
        lambda xp, u, x: (u * (xp.sin(x) / (x * x) - 2 * (1 - xp.cos(x)) / (x * x * x)),),
    ),
    *(
        Subject(
            f"subgradient {slope:g} of |x| at 0",
            lambda xp, x: xp.sum(xp.abs(x)),
            at_the_kink,
            _abs_slope(slope),
        )
        for slope in (-1.0, -0.5, 0.0, 0.5, 1.0)
    ),
    *(
        Subject(f"subgradient {slope:g} of max(x, 0) at 0", _relu, at_the_kink, _relu_slope(slope))
        for slope in (0.0, 0.5, 1.0)
    ),
)
