"""Corners where a function has several derivatives, one on each side, and every mean is right.

F. H. Clarke, Optimization and Nonsmooth Analysis, SIAM 1990, chapter 2, which the claims without
another source are derived from.
"""

from __future__ import annotations

import math

import numpy as np

from adbench.atlas.claims import Ball, Hull, Sides, Smooth
from adbench.atlas.corner import Corner

CLARKE = "Clarke 1990, theorem 2.5.1"

SHARED, FIRST, LAST, EACH = "shared equally", "the first", "the last", "all of it to each"
"""How a slope is given to entries that are tied."""


def _shares(ties: list[bool], slope: float = 1.0) -> dict[str, list[float]]:
    """The conventions for a slope that belongs to one of several tied entries."""
    tied = np.asarray(ties, float)
    places = np.flatnonzero(tied)
    first, last = np.zeros(len(ties)), np.zeros(len(ties))
    first[places[0]], last[places[-1]] = 1.0, 1.0
    shares = {SHARED: tied / tied.sum(), FIRST: first, LAST: last, EACH: tied}
    return {name: [slope * float(v) for v in share] for name, share in shares.items()}


def _tips(ties: list[bool], slope: float = 1.0) -> Hull:
    """The hull of what each tied entry gets where it alone is the largest."""
    rows = np.eye(len(ties))[np.flatnonzero(ties)]
    return Hull(tuple([slope * float(v) for v in row] for row in rows))


TWO, THREE = [True, True], [True, True, True]

KINKS = (
    Corner("abs(x) at 0", lambda xp, x: xp.abs(x), 0.0, Sides(-1, 1), "jax-ml/jax#37820"),
    Corner("abs(x) at -0", lambda xp, x: xp.abs(x), -0.0, Sides(-1, 1), "jax-ml/jax#37820"),
    Corner("max(x, -x) at 0", lambda xp, x: xp.maximum(x, -x), 0.0, Sides(-1, 1), CLARKE),
    Corner("sqrt(x^2) at 0", lambda xp, x: xp.sqrt(x * x), 0.0, Sides(-1, 1), "jax-ml/jax#3058"),
    Corner("x sign(x) at 0", lambda xp, x: x * xp.sign(x), 0.0, Sides(-1, 1), CLARKE),
    Corner(
        "maximum(x, 0) at 0",
        lambda xp, x: xp.maximum(x, xp.zeros_like(x)),
        0.0,
        Sides(0, 1),
        "jax-ml/jax#37821",
    ),
    Corner(
        "where(x > 0, x, 0) at 0",
        lambda xp, x: xp.where(x > 0, x, xp.zeros_like(x)),
        0.0,
        Sides(0, 1),
        CLARKE,
    ),
    Corner("(x + abs(x)) / 2 at 0", lambda xp, x: (x + xp.abs(x)) / 2.0, 0.0, Sides(0, 1), CLARKE),
    Corner(
        "clip(x, 0, 1) at 0",
        lambda xp, x: xp.clip(x, 0.0, 1.0),
        0.0,
        Sides(0, 1),
        "pytorch/pytorch#184574",
    ),
    Corner(
        "clip(x, 0, 1) at 1",
        lambda xp, x: xp.clip(x, 0.0, 1.0),
        1.0,
        Sides(1, 0),
        "pytorch/pytorch#184574",
    ),
    Corner(
        "relu6(x) at 6",
        lambda xp, x: xp.minimum(xp.maximum(x, 0.0 * x), 0.0 * x + 6.0),
        6.0,
        Sides(1, 0),
        CLARKE,
    ),
    Corner(
        "hard sigmoid at 3",
        lambda xp, x: xp.clip(x / 6.0 + 0.5, 0.0, 1.0),
        3.0,
        Sides(1 / 6, 0),
        CLARKE,
    ),
    Corner(
        "leaky relu at 0",
        lambda xp, x: xp.where(x >= 0, x, 0.125 * x),
        0.0,
        Sides(0.125, 1),
        CLARKE,
    ),
    Corner(
        "leaky relu at -0",
        lambda xp, x: xp.where(x >= 0, x, 0.125 * x),
        -0.0,
        Sides(0.125, 1),
        CLARKE,
    ),
    Corner(
        "elu(x, 2) at 0",
        lambda xp, x: xp.where(x > 0, x, 2.0 * xp.expm1(x)),
        0.0,
        Sides(2, 1),
        CLARKE,
    ),
    Corner(
        "soft threshold at 1/2",
        lambda xp, x: xp.sign(x) * xp.maximum(xp.abs(x) - 0.5, 0.0 * x),
        0.5,
        Sides(0, 1),
        CLARKE,
    ),
    Corner("hinge at 1", lambda xp, x: xp.maximum(1.0 - x, 0.0 * x), 1.0, Sides(-1, 0), CLARKE),
    Corner(
        "pinball at 0",
        lambda xp, x: xp.maximum(0.75 * x, -0.25 * x),
        0.0,
        Sides(-0.25, 0.75),
        CLARKE,
    ),
    Corner(
        "i0e(x) at 0",
        lambda xp, x: xp.special.i0e(x),
        0.0,
        Sides(1, -1),
        "exp(-abs(x)) I0(x), DLMF 10.25.2",
    ),
    Corner(
        "maximum(a, b) at a tie",
        lambda xp, x: xp.maximum(x[0], x[1]),
        [2.0, 2.0],
        _tips(TWO),
        "pytorch/pytorch#56734",
        conventions=_shares(TWO),
    ),
    Corner(
        "minimum(a, b) at a tie",
        lambda xp, x: xp.minimum(x[0], x[1]),
        [2.0, 2.0],
        _tips(TWO),
        "pytorch/pytorch#56734",
        conventions=_shares(TWO),
    ),
    Corner(
        "max with two ties",
        lambda xp, x: xp.max(x),
        [1.0, 3.0, 3.0],
        _tips([False, True, True]),
        "tensorflow/tensorflow#51681",
        conventions=_shares([False, True, True]),
    ),
    Corner(
        "max of equal numbers",
        lambda xp, x: xp.max(x),
        [1.0, 1.0, 1.0],
        _tips(THREE),
        "pytorch/pytorch#146667",
        conventions=_shares(THREE),
    ),
    Corner(
        "min with two ties",
        lambda xp, x: xp.min(x),
        [1.0, 3.0, 1.0],
        _tips([True, False, True]),
        "tensorflow/tensorflow#51681",
        conventions=_shares([True, False, True]),
    ),
    Corner(
        "sort at a tie",
        lambda xp, x, w: xp.sum(w * xp.sort(x)),
        [3.0, 1.0, 3.0],
        Hull(([2, 1, 4], [4, 1, 2])),
        "pytorch/pytorch#185543",
        constants=(np.asarray([1.0, 2.0, 4.0]),),
        conventions={"in order": [2, 1, 4], "in reverse": [4, 1, 2], SHARED: [3, 1, 3]},
    ),
    Corner(
        "median at a tie",
        lambda xp, x: xp.sort(x)[1],
        [2.0, 1.0, 2.0],
        _tips([True, False, True]),
        "pytorch/pytorch#185543",
        conventions=_shares([True, False, True]),
    ),
    Corner(
        "quantile at a tie",
        lambda xp, x: 0.25 * xp.sort(x)[1] + 0.75 * xp.sort(x)[2],
        [2.0, 1.0, 2.0],
        Hull(([0.25, 0, 0.75], [0.75, 0, 0.25])),
        "pytorch/pytorch#185543",
        conventions={"in order": [0.25, 0, 0.75], "in reverse": [0.75, 0, 0.25]},
    ),
    Corner(
        "norm(x) at 0",
        lambda xp, x: xp.linalg.vector_norm(x),
        [0.0, 0.0],
        Ball(1),
        "pytorch/pytorch#2421, jax-ml/jax#3058, tensorflow/tensorflow#12071",
        conventions={"0, of the least length": [0, 0]},
    ),
    Corner(
        "Frobenius norm at 0",
        lambda xp, x: xp.linalg.matrix_norm(x),
        [[0.0, 0.0], [0.0, 0.0]],
        Ball(1),
        "pytorch/pytorch#2421",
        conventions={"0, of the least length": [0, 0, 0, 0]},
    ),
    Corner(
        "hypot(a, b) at 0",
        lambda xp, x: xp.hypot(x[0], x[1]),
        [0.0, 0.0],
        Ball(1),
        "jax-ml/jax#3058",
        conventions={"0, of the least length": [0, 0]},
    ),
    Corner(
        "sum of abs at 0",
        lambda xp, x: xp.sum(xp.abs(x)),
        [0.0, 0.0],
        Hull(([1, 1], [1, -1], [-1, 1], [-1, -1])),
        "jax-ml/jax#37820",
        conventions={"0, of the least length": [0, 0], "right": [1, 1]},
    ),
    Corner(
        "largest abs at a tie",
        lambda xp, x: xp.max(xp.abs(x)),
        [1.0, -1.0],
        Hull(([1, 0], [0, -1])),
        "pytorch/pytorch#146667",
        conventions={SHARED: [0.5, -0.5], FIRST: [1, 0], LAST: [0, -1], EACH: [1, -1]},
    ),
    Corner(
        "std of equal numbers",
        lambda xp, x: xp.std(x),
        [1.0, 1.0, 1.0],
        Ball(1 / math.sqrt(3), is_centred=True),
        "pytorch/pytorch#4320, jax-ml/jax#11716",
        conventions={"0, of the least length": [0, 0, 0]},
    ),
    Corner(
        "maximum(x, 0)^2 at 0",
        lambda xp, x: xp.maximum(x, xp.zeros_like(x)) ** 2,
        0.0,
        Smooth(0.0),
        CLARKE,
        second=Sides(0, 2),
    ),
    Corner(
        "x abs(x) at 0", lambda xp, x: x * xp.abs(x), 0.0, Smooth(0.0), CLARKE, second=Sides(-2, 2)
    ),
    Corner(
        "huber at 1",
        lambda xp, x: xp.where(xp.abs(x) <= 1.0, 0.5 * x * x, xp.abs(x) - 0.5),
        1.0,
        Smooth(1.0),
        CLARKE,
        second=Sides(1, 0),
    ),
    Corner(
        "elu(x, 1) at 0",
        lambda xp, x: xp.where(x > 0, x, xp.expm1(x)),
        0.0,
        Smooth(1.0),
        CLARKE,
        second=Sides(1, 0),
    ),
)
