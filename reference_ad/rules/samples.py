"""Samples of every primitive: arguments at which its derivatives exist to order 2, away from kinks.

Only tests import this. A primitive without samples is named by the test of the table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..engine.core import Primitive
from . import (
    bessel,
    contraction,
    elementwise,
    fourier,
    incomplete_gamma,
    linalg,
    reductions,
    special,
    structural,
    zeta,
)
from .structural import ARRAY


@dataclass(frozen=True)
class Sample:
    """Arguments of a primitive. Floating-point ones are differentiated, the others constant."""

    args: tuple[Any, ...]
    params: dict[str, Any] = field(default_factory=dict)

    def cast(self, dtype: Any) -> Sample:
        """Return the sample with its floating-point arrays in a dtype."""
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
    """Numbers at least 0.1 apart, so that no step of a difference exchanges them.

    None near 0 or an integer.
    """
    n = int(np.prod(shape))
    return (np.random.default_rng([n, 11]).permutation(n).reshape(shape) - n / 2) * 0.37 + 0.113


A, B, ROW, COLUMN, SCALAR = _random(3, 4), _random(3, 4) + 0.1, _random(4), _random(3, 1), _random()
POSITIVE = _random(3, 4, low=0.3, high=3.0)
FRACTION = _random(3, 4, low=-0.9, high=0.9)
CONDITION = _random(3, 4) > 0
BITS = np.arange(12).reshape(3, 4)

UNARY: dict[Primitive, list[Any]] = {
    **{
        primitive: [A, SCALAR, _random(0, 3)]
        for primitive in [
            elementwise.positive,
            elementwise.negative,
            elementwise.square,
            elementwise.exp,
            elementwise.expm1,
            elementwise.sin,
            elementwise.cos,
            elementwise.real,
            elementwise.imag,
            elementwise.conj,
        ]
    },
    **{
        primitive: [A]
        for primitive in [
            elementwise.atan,
            elementwise.sinh,
            elementwise.cosh,
            elementwise.tanh,
            elementwise.asinh,
            special.expit,
            special.expit_slope,
            special.log_expit,
            special.erf,
            special.gaussian,
            special.erfc,
        ]
    },
    **{
        primitive: [POSITIVE]
        for primitive in [
            elementwise.sqrt,
            elementwise.log,
            elementwise.log1p,
            elementwise.log2,
            elementwise.log10,
            elementwise.reciprocal,
        ]
    },
    **{
        primitive: [FRACTION]
        for primitive in [elementwise.tan, elementwise.asin, elementwise.acos, elementwise.atanh]
    },
    **{
        primitive: [_distinct(3, 4)]
        for primitive in [
            elementwise.abs,
            elementwise.sign,
            elementwise.floor,
            elementwise.ceil,
            elementwise.round,
            elementwise.trunc,
        ]
    },
    **{
        primitive: [A]
        for primitive in [
            elementwise.stop_gradient,
            elementwise.isnan,
            elementwise.isinf,
            elementwise.isfinite,
            elementwise.signbit,
        ]
    },
    elementwise.acosh: [POSITIVE + 1],
    special.erfinv: [FRACTION],
    special.gammaln: [POSITIVE, np.asarray([-0.4, -1.3])],
    special.digamma: [POSITIVE, np.asarray([-0.4, -1.3])],
    elementwise.logical_not: [CONDITION],
    elementwise.bitwise_invert: [CONDITION, BITS],
}
BINARY: dict[Primitive, list[Any]] = {
    **{
        primitive: [(A, B), (A, ROW), (COLUMN, ROW), (SCALAR, A), (_random(2, 1, 4), COLUMN)]
        for primitive in [
            elementwise.add,
            elementwise.subtract,
            elementwise.multiply,
            special.logaddexp,
            elementwise.hypot,
            elementwise.atan2,
        ]
    },
    elementwise.divide: [(A, POSITIVE), (A, POSITIVE[0]), (POSITIVE[:, :1], POSITIVE[0])],
    elementwise.remainder: [(_distinct(3, 4), np.full((3, 1), 7.3))],
    elementwise.power: [(POSITIVE, A), (POSITIVE[:, :1], ROW), (POSITIVE, np.asarray(2.0))],
    special.xlogy: [(A, POSITIVE), (COLUMN, POSITIVE[0])],
    **{
        primitive: [(np.asarray([1, 2, 3, 5]), POSITIVE)]
        for primitive in [
            incomplete_gamma.gamma_density,
            incomplete_gamma.gammainc,
            incomplete_gamma.gammaincc,
        ]
    },
    zeta.zeta: [(np.asarray([2, 3, 4, 7]), POSITIVE)],
    elementwise.over_cosh_squared: [(A, B), (A, ROW), (ROW, A)],
    **{
        primitive: [(_distinct(3, 4), B[0] * 0 - 0.05)]
        for primitive in [elementwise.maximum, elementwise.minimum]
    },
    elementwise.copysign: [(_distinct(3, 4), ROW), (COLUMN, A)],
    elementwise.floor_divide: [(_distinct(3, 4), np.full((3, 1), 7.3))],
    **{
        primitive: [(A, B)]
        for primitive in [
            elementwise.equal,
            elementwise.not_equal,
            elementwise.less,
            elementwise.less_equal,
            elementwise.greater,
            elementwise.greater_equal,
        ]
    },
    **{
        primitive: [(CONDITION, CONDITION[0])]
        for primitive in [elementwise.logical_and, elementwise.logical_or, elementwise.logical_xor]
    },
    **{
        primitive: [(CONDITION, CONDITION[0]), (BITS, BITS[0])]
        for primitive in [elementwise.bitwise_and, elementwise.bitwise_or, elementwise.bitwise_xor]
    },
    **{
        primitive: [(BITS, BITS[0])]
        for primitive in [elementwise.bitwise_left_shift, elementwise.bitwise_right_shift]
    },
}
D = _distinct(3, 4)
REDUCTIONS = [
    {"axis": axis, "keepdims": keep} for axis in [(0,), (1,), (0, 1), ()] for keep in [False, True]
]
WELL = _random(2, 3, 3) + 3 * np.eye(3)  # stacks of well-conditioned matrices
TALL = _random(2, 5, 3) + 2 * np.eye(5, 3)
SAMPLES: dict[Primitive, list[Sample]] = {
    **{primitive: [Sample((x,)) for x in args] for primitive, args in UNARY.items()},
    **{primitive: [Sample(pair) for pair in args] for primitive, args in BINARY.items()},
    elementwise.constant_power: [
        Sample((A,), {"exponent": n}) for n in [-2, -1, 0, 1, 2, 3, 5, 2.0]
    ]
    + [Sample((POSITIVE,), {"exponent": n}) for n in [0.5, -1.5]],
    elementwise.where: [
        Sample((CONDITION, A, B)),
        Sample((CONDITION, ROW, COLUMN)),
        Sample((CONDITION[0], SCALAR, A)),
    ],
    special.polygamma: [Sample((POSITIVE,), {"order": n}) for n in [1, 2]],
    bessel.bessel_j: [Sample((4 * A,), {"order": n}) for n in [0, 1, 2]],
    bessel.bessel_i: [Sample((A,), {"order": n}) for n in [0, 1, 2]],
    bessel.bessel_i_scaled: [Sample((D,), {"order": n}) for n in [0, 1]],
    reductions.sum: [Sample((A,), params) for params in REDUCTIONS],
    reductions.max: [Sample((D,), params) for params in REDUCTIONS],
    reductions.min: [Sample((D,), params) for params in REDUCTIONS],
    reductions.attains: [Sample((D, D.max(axis=1, keepdims=True)))],
    reductions.logsumexp: [Sample((A,), params) for params in REDUCTIONS],
    reductions.softmax: [Sample((A,), {"axis": axis}) for axis in [(0,), (1,), (0, 1)]],
    reductions.log_softmax: [Sample((A,), {"axis": axis}) for axis in [(0,), (1,), (0, 1)]],
    reductions.cumulative_sum: [Sample((A,), {"axis": axis}) for axis in [0, 1]],
    structural.reshape: [Sample((A,), {"shape": shape}) for shape in [(4, 3), (12,), (2, 1, 6)]],
    structural.broadcast_to: [
        Sample((ROW,), {"shape": (3, 4)}),
        Sample((COLUMN,), {"shape": (2, 3, 4)}),
        Sample((SCALAR,), {"shape": (2,)}),
    ],
    structural.astype: [Sample((A,), {"dtype": np.dtype(np.float64)})],
    elementwise.cast_to_integer: [Sample((A,), {"dtype": np.dtype(np.int64)})],
    structural.permute_dims: [
        Sample((A,), {"axes": (1, 0)}),
        Sample((_random(2, 3, 4),), {"axes": (1, 2, 0)}),
    ],
    structural.matrix_transpose: [Sample((A,)), Sample((_random(2, 3, 4),))],
    structural.flip: [Sample((A,), {"axis": axis}) for axis in [(0,), (0, 1)]],
    structural.roll: [
        Sample((A,), {"shift": (1,), "axis": (1,)}),
        Sample((A,), {"shift": (2, -1), "axis": (0, 1)}),
    ],
    structural.tril: [Sample((A,), {"k": k}) for k in [-1, 0, 2]],
    structural.triu: [Sample((A,), {"k": k}) for k in [-1, 0, 2]],
    structural.getitem: [
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
    structural.scatter_add: [
        Sample((ROW,), {"index": (1,), "shape": (3, 4)}),
        Sample((_random(4, 4), np.asarray([0, 2, 0, 0])), {"index": (ARRAY,), "shape": (3, 4)}),
        Sample(
            (_random(2, 3), np.asarray([1, 1])), {"index": (ARRAY, slice(1, None)), "shape": (3, 4)}
        ),
    ],
    structural.concat: [
        Sample((A, _random(2, 4), B), {"axis": 0}),
        Sample((A, COLUMN), {"axis": 1}),
    ],
    structural.stack: [Sample((A, B), {"axis": axis}) for axis in [0, 1, 2]]
    + [Sample((SCALAR, _random(high=-1.5)), {"axis": 0})],
    linalg.solve: [
        Sample((WELL, _random(2, 3, 2))),
        Sample((WELL, _random(3, 1))),
        Sample((WELL[0], _random(2, 3, 2))),
    ],
    **{
        primitive: [Sample((WELL[1],)), Sample((WELL,))]
        for primitive in [
            linalg.det,
            linalg.logabsdet,
            linalg.eigh,
            linalg.cholesky,
            linalg.nearly_singular,
            linalg.sign_of_det,
        ]
    },
    **{
        primitive: [Sample((TALL,)), Sample((WELL[0],))]
        for primitive in [linalg.qr, linalg.svd, linalg.pinv]
    },
    linalg.norm: [Sample((A,), params) for params in REDUCTIONS[:6]],
    fourier.dft: [
        Sample((x,), {"inverse": inverse})
        for x in (A, ROW, _random(2, 3, 5))
        for inverse in (False, True)
    ],
    contraction.matmul: [
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
"""For each primitive its samples."""
