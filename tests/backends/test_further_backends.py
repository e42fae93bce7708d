"""The backends that a run has where they are named.

What they have of the namespace is right, its derivatives too, and what they have not they name.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
import pytest
from frameworks import answer, load
from samples import ALL_SAMPLES, TOLERANCE, difference, each, expected, found
from standard import arguments, compute

from adbench.cases import Mode, Operator
from adbench.cases.inputs import Inputs
from reference_ad.engine import tree

NAMES = ("complex:step", "casadi:mx")
"""One staging of each framework that has a namespace of its own."""

_OF_CASADI = {
    **dict.fromkeys(
        ["xp.maximum(z, 1.0)", "xp.minimum(z, 1.0)", "xp.max(z[2:])", "xp.min(z[2:])"],
        "CasADi takes the other number where one is nan.",
    ),
    "xp.special.erfinv(p / (1.0 + p))": "CasADi's erfinv is good to eleven digits.",
}

CANNOT: dict[str, dict[str, str]] = {"casadi:mx": _OF_CASADI}
"""Samples that a framework answers otherwise, and why."""

AT_A_TIE = (
    "xp.clip(x, 0.1)",
    "xp.clip(x, None, 0.1)",
    "xp.max(t, axis=(0, 2))",
    "xp.maximum(x, v)",
    "xp.minimum(x, v)",
)
"""Samples at a kink, where each framework has a derivative of its own."""

OTHER_DERIVATIVES: dict[str, dict[str, str]] = {
    "casadi:mx": _OF_CASADI,
    "complex:step": {"abs(x)": "Python's own is the modulus, which a step does not change."},
}
"""Samples that a framework differentiates otherwise, and why."""

MOVED = ("x", "y", "p", "v", "w", "a", "t")
"""The arguments of the samples that are differentiated."""


@cache
def differentiated() -> list[str]:
    """The samples whose values are arrays of floating-point numbers alone."""
    values = expected("float64")
    return [sample for sample in ALL_SAMPLES if all(map(is_real, tree.leaves(values[sample])))]


def is_real(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray) and leaf.dtype == np.float64


def computed(xp: Any, active: dict[str, Any]) -> dict[str, Any]:
    """The values of those that a namespace has."""
    arrays = {name: xp.asarray(array) for name, array in arguments("float64").items()}
    values = {}
    for sample in differentiated():
        # What a namespace lacks is asked of it in the test of the values.
        with suppress(Exception):
            values[sample] = each(lambda array: array, compute(sample, xp, arrays | active))
    return values


@cache
def moved_inputs() -> Inputs:
    active = {name: arguments("float64")[name] for name in MOVED}
    random = np.random.default_rng(0)
    tangent = {name: random.standard_normal(array.shape) for name, array in active.items()}
    return Inputs((active,), 0, tangent, np.asarray(1.0))


@cache
def reference_derivatives() -> dict[str, Any]:
    backend = load("reference:tape")
    derivatives: dict[str, Any] = answer(
        backend, computed, moved_inputs(), Operator.JVP, Mode.FORWARD
    )[1]
    return derivatives


# ---- claims


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_right_or_its_function_is_named_as_missing(name: str, dtype: str) -> None:
    if dtype not in load(name).dtypes:
        pytest.skip(f"{name} does not compute in {dtype}")
    excused = CANNOT.get(name, {})
    wrong = {}
    for sample, value in found(name, dtype).items():
        if isinstance(value, NotImplementedError):
            assert str(value).endswith("."), value
            continue
        problem = difference(value, expected(dtype)[sample], TOLERANCE[dtype])
        if problem and sample not in excused:
            wrong[sample] = problem
    assert wrong == {}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", NAMES)
def test_the_samples_have_the_derivatives_that_the_reference_has(name: str) -> None:
    derivatives = answer(load(name), computed, moved_inputs(), Operator.JVP, Mode.FORWARD)[1]
    excused = {*AT_A_TIE, *OTHER_DERIVATIVES.get(name, {})}
    wrong = {}
    shared = derivatives.keys() & reference_derivatives().keys()
    assert len(shared) > 150
    for sample in sorted(shared):
        problem = difference(derivatives[sample], reference_derivatives()[sample], 1e-10)
        if problem and sample not in excused:
            wrong[sample] = problem
    assert wrong == {}
