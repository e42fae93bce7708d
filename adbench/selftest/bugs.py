"""The seeded bugs.

For each a function, a derivative rule with one mistake in it, and the same rule without it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adbench.selftest.hidden_bugs import HIDDEN_BUGS
from adbench.selftest.subject import bug


def many(rng: np.random.Generator) -> tuple[Any, ...]:
    """Ten thousand numbers."""
    return (rng.uniform(0.5, 1.5, 10_000),)


def matrix_and_row(rng: np.random.Generator) -> tuple[Any, ...]:
    """A square matrix and a row, so that sums over either axis have the same shape."""
    return rng.standard_normal((3, 3)), rng.standard_normal(3)


def vector_and_matrix(rng: np.random.Generator) -> tuple[Any, ...]:
    """A vector and a square matrix."""
    return rng.standard_normal(3), rng.standard_normal((3, 3))


class Accumulated:
    """The rule of sum(x * x), each gradient added to the last."""

    def __init__(self) -> None:
        self.total: Any = 0.0

    def __call__(self, xp: Any, u: Any, x: Any) -> Any:
        self.total = self.total + 2 * u * x
        return (self.total,)


class Stale:
    """The rule of sum(x * x * x) that keeps its factor from the first call.

    It does so whatever has become of x since.
    """

    def __init__(self) -> None:
        self.factor: Any = None

    def __call__(self, xp: Any, u: Any, x: Any) -> Any:
        if self.factor is None:
            self.factor = 3 * x * x
        return (u * self.factor,)


def _broadcast(xp: Any, x: Any, b: Any) -> Any:
    return xp.sum((x * b) ** 2)


def _by_row(xp: Any, u: Any, x: Any, b: Any, reduced: Any) -> Any:
    return 2 * u * x * b * b, reduced(2 * u * x * x * b)


def _tanh_slope(xp: Any, x: Any) -> Any:
    return 1 - xp.tanh(x) ** 2


def _without_entry(xp: Any, x: Any) -> Any:
    return xp.where(xp.arange(x.shape[0]) == 1234, 0 * x, x)


def _in_float32(xp: Any, x: Any) -> Any:
    return xp.astype(xp.exp(xp.astype(x, xp.float32)), xp.float64)


BUGS = (
    bug(
        "a missing product-rule term",
        lambda xp, x: xp.sum(x * xp.sin(x)),
        wrong=lambda xp, u, x: (u * x * xp.cos(x),),
        right=lambda xp, u, x: (u * (xp.sin(x) + x * xp.cos(x)),),
    ),
    bug(
        "factor 2",
        lambda xp, x: xp.sum(x * x),
        wrong=lambda xp, u, x: (u * x,),
        right=lambda xp, u, x: (2 * u * x,),
    ),
    bug(
        "sign",
        lambda xp, x: xp.sum(xp.cos(x)),
        wrong=lambda xp, u, x: (u * xp.sin(x),),
        right=lambda xp, u, x: (-u * xp.sin(x),),
    ),
    bug(
        "sign for x < 0 only",
        lambda xp, x: xp.sum(x * x * xp.abs(x)),
        wrong=lambda xp, u, x: (3 * u * x * x,),
        right=lambda xp, u, x: (3 * u * x * xp.abs(x),),
    ),
    bug(
        "unbroadcast over the wrong axis",
        _broadcast,
        wrong=lambda xp, u, x, b: _by_row(xp, u, x, b, lambda g: xp.sum(g, axis=1)),
        right=lambda xp, u, x, b: _by_row(xp, u, x, b, lambda g: xp.sum(g, axis=0)),
        point=matrix_and_row,
    ),
    bug(
        "unbroadcast forgotten",
        _broadcast,
        wrong=lambda xp, u, x, b: _by_row(xp, u, x, b, lambda g: g[0, :]),
        right=lambda xp, u, x, b: _by_row(xp, u, x, b, lambda g: xp.sum(g, axis=0)),
        point=matrix_and_row,
    ),
    bug(
        "transposed Jacobian",
        lambda xp, x, a: a @ x,
        wrong=lambda xp, u, x, a: (a @ u, u[:, None] * x[None, :]),
        right=lambda xp, u, x, a: (u @ a, u[:, None] * x[None, :]),
        point=vector_and_matrix,
    ),
    bug(
        "mean for sum",
        lambda xp, x: xp.sum(xp.exp(x)),
        wrong=lambda xp, u, x: (u * xp.exp(x) / x.shape[0],),
        right=lambda xp, u, x: (u * xp.exp(x),),
    ),
    bug(
        "one of two paths detached",
        lambda xp, x: xp.sum(x * x + xp.tanh(x)),
        wrong=lambda xp, u, x: (2 * u * x,),
        right=lambda xp, u, x: (u * (2 * x + _tanh_slope(xp, x)),),
    ),
    bug(
        "fan-out that overwrites",
        lambda xp, x: xp.sum(xp.exp(x) ** 2 + xp.sin(xp.exp(x))),
        wrong=lambda xp, u, x: (u * xp.cos(xp.exp(x)) * xp.exp(x),),
        right=lambda xp, u, x: (u * (2 * xp.exp(x) + xp.cos(xp.exp(x))) * xp.exp(x),),
    ),
    bug(
        "a gradient accumulated over calls",
        lambda xp, x: xp.sum(x * x),
        wrong=Accumulated,
        right=lambda xp, u, x: (2 * u * x,),
        stateful=True,
    ),
    bug(
        "a stale value after an in-place change",
        lambda xp, x: xp.sum(x * x * x),
        wrong=Stale,
        right=lambda xp, u, x: (3 * u * x * x,),
        stateful=True,
    ),
    bug(
        "float32 inside float64",
        lambda xp, x: xp.sum(xp.exp(x)),
        wrong=lambda xp, u, x: (u * _in_float32(xp, x),),
        right=lambda xp, u, x: (u * xp.exp(x),),
    ),
    bug(
        "relative 1e-6",
        lambda xp, x: xp.sum(xp.sin(x)),
        wrong=lambda xp, u, x: (u * xp.cos(x) * (1 + 1e-6),),
        right=lambda xp, u, x: (u * xp.cos(x),),
    ),
    bug(
        "relative 1e-9",
        lambda xp, x: xp.sum(xp.sin(x)),
        wrong=lambda xp, u, x: (u * xp.cos(x) * (1 + 1e-9),),
        right=lambda xp, u, x: (u * xp.cos(x),),
    ),
    bug(
        "one index of 10^4",
        lambda xp, x: xp.sum(x * x),
        wrong=lambda xp, u, x: (2 * u * _without_entry(xp, x),),
        right=lambda xp, u, x: (2 * u * x,),
        point=many,
    ),
    bug(
        "first order right and second wrong",
        lambda xp, x: xp.sum(x * x * x),
        wrong=lambda xp, u, x: (3 * u * xp.stop_gradient(x) * x,),
        right=lambda xp, u, x: (3 * u * x * x,),
        order=2,
    ),
    bug(
        "forward wrong and reverse right",
        lambda xp, x: xp.sum(xp.sin(x)),
        wrong=lambda xp, u, x: (u * xp.cos(x),),
        right=lambda xp, u, x: (u * xp.cos(x),),
        push=(
            lambda xp, tangents, x: xp.sum(xp.sin(x) * tangents[0]),
            lambda xp, tangents, x: xp.sum(xp.cos(x) * tangents[0]),
        ),
    ),
    bug(
        "cotangent ignored",
        lambda xp, x: xp.tanh(x),
        wrong=lambda xp, u, x: (_tanh_slope(xp, x) + 0 * u,),
        right=lambda xp, u, x: (u * _tanh_slope(xp, x),),
    ),
    *HIDDEN_BUGS,
)
