"""The samples of the primitives as cases of tests, and how tests use them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ball_arithmetic import numbers, precision
from reference_ad.engine.core import PRIMITIVES, Primitive
from reference_ad.rules.samples import SAMPLES as SAMPLES_OF_PRIMITIVES
from reference_ad.rules.samples import Sample as Sample

SAMPLES = {primitive.name: samples for primitive, samples in SAMPLES_OF_PRIMITIVES.items()}
"""The samples by the names of the primitives, which tests are named after."""

CASES = [
    pytest.param(primitive, sample, id=f"{primitive.name}-{number}")
    for primitive, samples in SAMPLES_OF_PRIMITIVES.items()
    for number, sample in enumerate(samples)
]
"""Every primitive with each of its samples."""

DIFFERENTIABLE = [
    case
    for case in CASES
    if case.values[0].jvp is not None and case.values[0] is not PRIMITIVES["dft"]
]
"""Those that are not locally constant, and real where their arguments are."""


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
