"""For each primitive: arguments at which its derivatives exist to order 2, away from kinks; and how
tests use them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from ball_arithmetic import numbers, precision
from reference_ad.engine.core import PRIMITIVES, Primitive
from reference_ad.rules.structural import ARRAY


@dataclass(frozen=True)
class Sample:
    """Arguments of a primitive. Floating-point ones are differentiated, the others are
    constants."""

    args: tuple[Any, ...]
    params: dict[str, Any] = field(default_factory=dict)

    def cast(self, dtype: Any) -> Sample:
        args = tuple(
            a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a
            for a in self.args
        )
        params = (
            {**self.params, "dtype": np.dtype(dtype)} if "dtype" in self.params else self.params
        )
        return Sample(args, params)


def _random(*shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    # a seed made from the shape: every sample stays what it is when others are added
    rng = np.random.default_rng([*shape, 7])
    return np.asarray(rng.uniform(low, high, shape))


def _distinct(*shape: int) -> np.ndarray:
    """ElementArray at least 0.1 apart, so that no step of a difference exchanges them; none near 0
    or an integer."""
    n = int(np.prod(shape))
    return (np.random.default_rng([n, 11]).permutation(n).reshape(shape) - n / 2) * 0.37 + 0.113


A, B, ROW, COLUMN, SCALAR = _random(3, 4), _random(3, 4) + 0.1, _random(4), _random(3, 1), _random()
POSITIVE = _random(3, 4, low=0.3, high=3.0)
FRACTION = _random(3, 4, low=-0.9, high=0.9)
CONDITION = _random(3, 4) > 0
BITS = np.arange(12).reshape(3, 4)

unary = {
    **{
        name: [A, SCALAR, _random(0, 3)]
        for name in [
            "positive",
            "negative",
            "square",
            "exp",
            "expm1",
            "sin",
            "cos",
            "real",
            "imag",
            "conj",
        ]
    },
    **{
        name: [A]
        for name in ["atan", "sinh", "cosh", "tanh", "asinh", "expit", "log_expit", "erf", "erfc"]
    },
    **{name: [POSITIVE] for name in ["sqrt", "log", "log1p", "log2", "log10", "reciprocal"]},
    **{name: [FRACTION] for name in ["tan", "asin", "acos", "atanh"]},
    **{name: [_distinct(3, 4)] for name in ["abs", "sign", "floor", "ceil", "round", "trunc"]},
    **{name: [A] for name in ["stop_gradient", "isnan", "isinf", "isfinite", "signbit"]},
    "acosh": [POSITIVE + 1],
    "gammaln": [POSITIVE, np.asarray([-0.4, -1.3])],
    "digamma": [POSITIVE, np.asarray([-0.4, -1.3])],
    "logical_not": [CONDITION],
    "bitwise_invert": [CONDITION, BITS],
}
binary = {
    **{
        name: [(A, B), (A, ROW), (COLUMN, ROW), (SCALAR, A), (_random(2, 1, 4), COLUMN)]
        for name in ["add", "subtract", "multiply", "logaddexp", "hypot", "atan2"]
    },
    "divide": [(A, POSITIVE), (A, POSITIVE[0]), (POSITIVE[:, :1], POSITIVE[0])],
    "remainder": [(_distinct(3, 4), np.full((3, 1), 7.3))],
    "power": [(POSITIVE, A), (POSITIVE[:, :1], ROW), (POSITIVE, np.asarray(2.0))],
    "xlogy": [(A, POSITIVE), (COLUMN, POSITIVE[0])],
    **{name: [(_distinct(3, 4), B[0] * 0 - 0.05)] for name in ["maximum", "minimum"]},
    "copysign": [(_distinct(3, 4), ROW), (COLUMN, A)],
    "floor_divide": [(_distinct(3, 4), np.full((3, 1), 7.3))],
    **{
        name: [(A, B)]
        for name in ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
    },
    **{name: [(CONDITION, CONDITION[0])] for name in ["logical_and", "logical_or", "logical_xor"]},
    **{
        name: [(CONDITION, CONDITION[0]), (BITS, BITS[0])]
        for name in ["bitwise_and", "bitwise_or", "bitwise_xor"]
    },
    **{name: [(BITS, BITS[0])] for name in ["bitwise_left_shift", "bitwise_right_shift"]},
}
D = _distinct(3, 4)
reduced = [
    {"axis": axis, "keepdims": keep} for axis in [(0,), (1,), (0, 1), ()] for keep in [False, True]
]
WELL = _random(2, 3, 3) + 3 * np.eye(3)  # stacks of well-conditioned matrices
TALL = _random(2, 5, 3) + 2 * np.eye(5, 3)
SAMPLES: dict[str, list[Sample]] = {
    **{name: [Sample((x,)) for x in args] for name, args in unary.items()},
    **{name: [Sample(pair) for pair in args] for name, args in binary.items()},
    "constant_power": [Sample((A,), {"exponent": n}) for n in [-2, -1, 0, 1, 2, 3, 5, 2.0]]
    + [Sample((POSITIVE,), {"exponent": n}) for n in [0.5, -1.5]],
    "where": [
        Sample((CONDITION, A, B)),
        Sample((CONDITION, ROW, COLUMN)),
        Sample((CONDITION[0], SCALAR, A)),
    ],
    "polygamma": [Sample((POSITIVE,), {"order": n}) for n in [1, 2]],
    "sum": [Sample((A,), params) for params in reduced],
    "max": [Sample((D,), params) for params in reduced],
    "min": [Sample((D,), params) for params in reduced],
    "attains": [Sample((D, D.max(axis=1, keepdims=True)))],
    "logsumexp": [Sample((A,), params) for params in reduced],
    "softmax": [Sample((A,), {"axis": axis}) for axis in [(0,), (1,), (0, 1)]],
    "log_softmax": [Sample((A,), {"axis": axis}) for axis in [(0,), (1,), (0, 1)]],
    "cumulative_sum": [Sample((A,), {"axis": axis}) for axis in [0, 1]],
    "reshape": [Sample((A,), {"shape": shape}) for shape in [(4, 3), (12,), (2, 1, 6)]],
    "broadcast_to": [
        Sample((ROW,), {"shape": (3, 4)}),
        Sample((COLUMN,), {"shape": (2, 3, 4)}),
        Sample((SCALAR,), {"shape": (2,)}),
    ],
    "astype": [Sample((A,), {"dtype": np.dtype(np.float64)})],
    "cast_to_integer": [Sample((A,), {"dtype": np.dtype(np.int64)})],
    "permute_dims": [
        Sample((A,), {"axes": (1, 0)}),
        Sample((_random(2, 3, 4),), {"axes": (1, 2, 0)}),
    ],
    "matrix_transpose": [Sample((A,)), Sample((_random(2, 3, 4),))],
    "flip": [Sample((A,), {"axis": axis}) for axis in [(0,), (0, 1)]],
    "roll": [
        Sample((A,), {"shift": (1,), "axis": (1,)}),
        Sample((A,), {"shift": (2, -1), "axis": (0, 1)}),
    ],
    "tril": [Sample((A,), {"k": k}) for k in [-1, 0, 2]],
    "triu": [Sample((A,), {"k": k}) for k in [-1, 0, 2]],
    "getitem": [
        *[
            Sample((A,), {"index": index})
            for index in [(1,), (..., None), (slice(None, None, 2), 1)]
        ],
        Sample((A, np.asarray([0, 2, 0, 0])), {"index": (ARRAY,)}),
        Sample((A, np.asarray([[1, 1], [3, 0]])), {"index": (slice(None), ARRAY)}),
        Sample((A, np.asarray([0, 2]), np.asarray([[1], [3]])), {"index": (ARRAY, ARRAY)}),
        Sample((A, np.asarray([0, 2])), {"index": (ARRAY, None, 1)}),
        Sample((A, CONDITION), {"index": (ARRAY,)}),
    ],
    "scatter_add": [
        Sample((ROW,), {"index": (1,), "shape": (3, 4)}),
        Sample((_random(4, 4), np.asarray([0, 2, 0, 0])), {"index": (ARRAY,), "shape": (3, 4)}),
        Sample(
            (_random(2, 3), np.asarray([1, 1])), {"index": (ARRAY, slice(1, None)), "shape": (3, 4)}
        ),
    ],
    "concat": [Sample((A, _random(2, 4), B), {"axis": 0}), Sample((A, COLUMN), {"axis": 1})],
    "stack": [Sample((A, B), {"axis": axis}) for axis in [0, 1, 2]]
    + [Sample((SCALAR, _random(high=-1.5)), {"axis": 0})],
    "solve": [
        Sample((WELL, _random(2, 3, 2))),
        Sample((WELL, _random(3, 1))),
        Sample((WELL[0], _random(2, 3, 2))),
    ],
    **{
        name: [Sample((WELL[1],)), Sample((WELL,))]
        for name in ["det", "logabsdet", "eigh", "cholesky", "nearly_singular", "sign_of_det"]
    },
    **{name: [Sample((TALL,)), Sample((WELL[0],))] for name in ["qr", "svd", "pinv"]},
    "norm": [Sample((A,), params) for params in reduced[:6]],
    "matmul": [
        Sample((_random(*left), _random(*right) + 0.1))
        for left, right in [
            ((3, 4), (4, 2)),
            ((4,), (4, 2)),
            ((3, 4), (4,)),
            ((4,), (4,)),
            ((2, 3, 4), (4, 2)),
            ((3, 4), (2, 4, 2)),
            ((2, 1, 3, 4), (5, 4, 2)),
            ((4,), (2, 4, 3)),
            ((2, 3, 4), (4,)),
        ]
    ],
}

CASES = [
    pytest.param(PRIMITIVES[name], sample, id=f"{name}-{number}")
    for name, samples in SAMPLES.items()
    for number, sample in enumerate(samples)
]
"""Every primitive with each of its samples."""

DIFFERENTIABLE = [case for case in CASES if case.values[0].jvp is not None]
"""Those that are not locally constant."""


def of_active(primitive: Primitive, sample: Sample) -> tuple[Any, tuple[Any, ...]]:
    """The primitive as a function of its floating-point arguments, and these."""
    positions = [
        k for k, a in enumerate(sample.args) if isinstance(a, np.ndarray) and a.dtype.kind in "fc"
    ]

    def f(*values: Any) -> Any:
        args = list(sample.args)
        for position, value in zip(positions, values, strict=True):
            args[position] = value
        return primitive(*args, **sample.params)

    return f, tuple(sample.args[k] for k in positions)


def central_difference(f: Any, x: tuple[Any, ...], t: tuple[Any, ...]) -> Any:
    """The derivative of f at x along t from its values alone, in balls: right to some 30 digits."""
    step = 2.0**-60
    with precision(256):
        forward = f(*[numbers(a) + step * numbers(b) for a, b in zip(x, t, strict=True)])
        backward = f(*[numbers(a) - step * numbers(b) for a, b in zip(x, t, strict=True)])
        return (forward - backward) / (2 * step)
