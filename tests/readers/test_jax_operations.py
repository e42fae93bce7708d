"""Each JAX primitive means in the array namespace what JAX computes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from frameworks import load

jax = pytest.importorskip("jax", reason="JAX is not installed")

from jax_samples import SAMPLES, arguments_of  # noqa: E402

from adbench.namespaces.jax import wide_types  # noqa: E402
from adbench.namespaces.numpy import numpy  # noqa: E402
from adbench.readers.jax import read  # noqa: E402
from adbench.readers.jax_operations import OPERATIONS  # noqa: E402
from adbench.readers.jax_structures import STRUCTURES  # noqa: E402

LEAVES_NO_STEP = {"platform_index"}
"""What is the same in every call."""

ULPS = 2**8
"""How far two ways to compute a value may lie apart, in units of roundoff of the largest entry:
JAX's kernels and NumPy's differ in the order of a few dozen operations."""


def reading_and_values(name, k, dtype):
    """A sample read, the arguments, and what JAX computes of them."""
    function, *shapes = SAMPLES[name][k]
    arguments = arguments_of(tuple(shapes), dtype)
    with wide_types():
        values = function(*map(jax.numpy.asarray, arguments))
    return read(function, arguments), arguments, jax.tree.map(np.asarray, values)


def assert_same(answer, value, dtype):
    """The same values; floats in the dtype of the arguments, whatever JAX promotes them to."""
    assert answer.shape == value.shape
    assert answer.dtype.kind == value.dtype.kind
    if value.dtype.kind not in "fc":
        assert answer.dtype == value.dtype
        np.testing.assert_array_equal(answer, value)
        return
    assert answer.real.dtype == dtype
    is_finite = np.isfinite(value)
    np.testing.assert_array_equal(answer[~is_finite], value[~is_finite])
    size = np.max(np.abs(value[is_finite]), initial=1.0)
    deviation = np.abs(answer[is_finite] - value[is_finite])
    assert np.max(deviation, initial=0.0) <= ULPS * np.finfo(dtype).eps * size


def assert_all_same(answers, values, dtype):
    jax.tree.map(lambda answer, value: assert_same(answer, value, dtype), answers, values)


CASES = [(name, k) for name, samples in SAMPLES.items() for k in range(len(samples))]


@pytest.mark.parametrize(("name", "k"), CASES)
def test_an_operation_means_what_jax_computes(name, k):
    for dtype in ("float64", "float32") if k == 0 else ("float64",):
        reading, arguments, values = reading_and_values(name, k, dtype)
        assert name in reading.operations or name in LEAVES_NO_STEP
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # branches that are not taken
            answers = reading.function(numpy, *arguments)
        assert_all_same(jax.tree.map(np.asarray, answers), values, dtype)


def test_every_operation_of_the_table_has_a_sample():
    assert {*OPERATIONS, *STRUCTURES} == set(SAMPLES)


@pytest.mark.parametrize("backend_name", ["torch:eager", "reference:tape"])
def test_operations_mean_the_same_on_other_frameworks(backend_name):
    backend = load(backend_name)
    for name in SAMPLES:
        reading, arguments, values = reading_and_values(name, 0, "float64")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            answers = reading.function(backend.xp, *map(backend.asarray, arguments))
        assert_all_same(jax.tree.map(backend.to_numpy, answers), values, "float64")
