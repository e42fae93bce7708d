"""Corners where a function ends, jumps or is infinite, or where its derivative is."""

from __future__ import annotations

from math import inf, nan

import numpy as np

from adbench.atlas.claims import Sides, Undefined
from adbench.atlas.corner import Corner

CALCULUS = "the limit of its derivative from that side"

ONE_SIDED = (
    Corner("sqrt(x) at 0", lambda xp, x: xp.sqrt(x), 0.0, Sides(nan, inf), "jax-ml/jax#8893"),
    Corner("x^0.5 at 0", lambda xp, x: x**0.5, 0.0, Sides(nan, inf), "jax-ml/jax#8893"),
    Corner("x^1.5 at 0", lambda xp, x: x**1.5, 0.0, Sides(nan, 0), CALCULUS),
    Corner("log(x) at 0", lambda xp, x: xp.log(x), 0.0, Sides(nan, inf), CALCULUS),
    Corner("log1p(x) at -1", lambda xp, x: xp.log1p(x), -1.0, Sides(nan, inf), CALCULUS),
    Corner("1 / x at 0", lambda xp, x: 1.0 / x, 0.0, Sides(-inf, -inf), CALCULUS),
    Corner("x log(x) at 0", lambda xp, x: x * xp.log(x), 0.0, Sides(nan, -inf), CALCULUS),
    Corner(
        "xlogy(x, x) at 0", lambda xp, x: xp.special.xlogy(x, x), 0.0, Sides(nan, -inf), CALCULUS
    ),
    Corner("acos(x) at 1", lambda xp, x: xp.acos(x), 1.0, Sides(-inf, nan), CALCULUS),
    Corner("asin(x) at 1", lambda xp, x: xp.asin(x), 1.0, Sides(inf, nan), CALCULUS),
    Corner("asin(x) at -1", lambda xp, x: xp.asin(x), -1.0, Sides(nan, inf), CALCULUS),
    Corner("acosh(x) at 1", lambda xp, x: xp.acosh(x), 1.0, Sides(nan, inf), CALCULUS),
    Corner("atanh(x) at 1", lambda xp, x: xp.atanh(x), 1.0, Sides(inf, nan), CALCULUS),
    Corner("erfinv(x) at 1", lambda xp, x: xp.special.erfinv(x), 1.0, Sides(inf, nan), CALCULUS),
    Corner("sqrt(abs(x)) at 0", lambda xp, x: xp.sqrt(xp.abs(x)), 0.0, Sides(-inf, inf), CALCULUS),
    Corner("log(abs(x)) at 0", lambda xp, x: xp.log(xp.abs(x)), 0.0, Sides(-inf, inf), CALCULUS),
    Corner(
        "floor(x) at 1", lambda xp, x: xp.floor(x), 1.0, Sides(0, 0), "tensorflow/tensorflow#60556"
    ),
    Corner(
        "floor(x) at 1/2",
        lambda xp, x: xp.floor(x),
        0.5,
        Sides(0, 0),
        "tensorflow/tensorflow#60556",
    ),
    Corner(
        "round(x) at 1/2",
        lambda xp, x: xp.round(x),
        0.5,
        Sides(0, 0),
        "tensorflow/tensorflow#60556",
    ),
    Corner("sign(x) at 0", lambda xp, x: xp.sign(x), 0.0, Sides(0, 0), CALCULUS),
    Corner("remainder(x, 1) at 1", lambda xp, x: xp.remainder(x, 1.0), 1.0, Sides(1, 1), CALCULUS),
    Corner(
        "atan2(y, -1) at 0", lambda xp, y: xp.atan2(y, 0.0 * y - 1.0), 0.0, Sides(-1, -1), CALCULUS
    ),
    Corner(
        "atan2(y, x) at 0",
        lambda xp, x: xp.atan2(x[0], x[1]),
        [0.0, 0.0],
        Undefined(),
        "pytorch/pytorch#98276",
        conventions={"0": [0, 0]},
    ),
    Corner(
        "0^y at 0",
        lambda xp, y: xp.pow(xp.zeros_like(y), y),
        0.0,
        Undefined(),
        "pytorch/pytorch#95180",
    ),
    Corner(
        "(-2)^y at 2",
        lambda xp, y: xp.pow(0.0 * y - 2.0, y),
        2.0,
        Undefined(),
        "the power is real at isolated points alone",
    ),
    Corner(
        "logsumexp of -inf alone",
        lambda xp, x, mask: xp.special.logsumexp(x + mask),
        [0.0, 0.0],
        Undefined(),
        "jax-ml/jax#6811, pytorch/pytorch#31829",
        constants=(np.asarray([-inf, -inf]),),
        conventions={"0": [0, 0], "uniform": [0.5, 0.5]},
    ),
    Corner(
        "x / norm(x) at 0",
        lambda xp, x: (x / xp.linalg.vector_norm(x))[0],
        [0.0, 0.0],
        Undefined(),
        "the function is different on every ray",
        conventions={"0": [0, 0]},
    ),
)
