"""Functions of JAX's users, read as they stand, have the derivatives that their reading has."""

from __future__ import annotations

import numpy as np
import pytest

import adbench

jax = pytest.importorskip("jax", reason="JAX is not installed")

from jax_functions import FUNCTIONS  # noqa: E402

from adbench.namespaces.jax import wide_types  # noqa: E402
from adbench.namespaces.numpy import numpy  # noqa: E402
from adbench.readers.jax import read  # noqa: E402
from reference_ad.engine import tree  # noqa: E402

LONG_TO_CHECK = {
    "cho_solve",
    "convolution by kernel",
    "det",
    "interp",
    "map",
    "percentile",
    "slogdet",
}
"""Those that take some seconds each."""

NAMES = [
    pytest.param(name, marks=pytest.mark.slow) if name in LONG_TO_CHECK else name
    for name in FUNCTIONS
]

pytestmark = pytest.mark.filterwarnings(
    "ignore:`torch.jit.script` is deprecated:DeprecationWarning"
)


@pytest.mark.parametrize("name", NAMES)
def test_jax_derives_a_function_as_its_reading_says(name):
    function, *arguments = FUNCTIONS[name]
    reading = read(function, arguments)
    report = adbench.check(
        reading.function,
        *arguments,
        backend="jax:jit",
        native={"jax": function},
        operators="gradient",
        dtypes=["float64", "float32"],
        budget_s=0,
    )
    assert report, str(report)
    assert {row.dtype for row in report.rows} == {"float64", "float32"}


@pytest.mark.parametrize("name", NAMES)
def test_a_function_read_from_jax_runs_on_torch(name):
    pytest.importorskip("torch", reason="torch is not installed")
    function, *arguments = FUNCTIONS[name]
    reading = read(function, arguments)
    report = adbench.check(
        reading.function, *arguments, backend="torch:eager", operators="gradient"
    )
    assert report, str(report)


def test_functions_read_have_the_values_that_jax_computes():
    for function, *arguments in FUNCTIONS.values():
        with wide_types():
            value = function(*jax.tree.map(jax.numpy.asarray, arguments))
        answer = read(function, arguments).function(numpy, *arguments)
        assert answer == pytest.approx(float(value), rel=1e-12)


def test_a_rule_of_ones_own_that_is_wrong_is_found_without_a_specification():
    @jax.custom_vjp
    def cube(x):
        return x**3

    cube.defvjp(lambda x: (x**3, x), lambda x, cotangent: (2 * cotangent * x**2,))
    point = np.asarray([0.5, -1.5])

    def total(x):
        return cube(x).sum()

    report = adbench.check(
        read(total, [point]).function, point, backend="jax:jit", native=total, budget_s=0
    )
    assert not report
    assert "wrong" in {str(row.verdict) for row in report.rows}


def test_jax_derives_a_cholesky_factor_of_one_triangle_in_symmetric_directions_alone():
    # A finding: of `cho_factor`, whose value depends on one triangle of its argument, JAX gives
    # derivatives with respect to both. In a symmetric direction the two agree.
    matrix = FUNCTIONS["cholesky"][1]

    def log_determinant(x):
        factor, _ = jax.scipy.linalg.cho_factor(x)
        return jax.numpy.sum(jax.numpy.log(jax.numpy.diagonal(factor)))

    def of_symmetric(x):
        return log_determinant((x + x.T) / 2)

    found = {}
    for function in (log_determinant, of_symmetric):
        report = adbench.check(
            read(function, [matrix]).function,
            matrix,
            backend="jax:jit",
            native=function,
            operators="gradient",
            budget_s=0,
        )
        found[function] = bool(report)
    assert found == {log_determinant: False, of_symmetric: True}


def test_a_tree_of_arguments_and_results_stays_one():
    def halves(parameters, scale):
        return {"a": parameters["a"] / 2, "b": [parameters["b"][0] * scale]}

    arguments = [{"a": np.ones(3), "b": [np.full((2, 2), 3.0)]}, np.float64(4.0)]
    answer = read(halves, arguments).function(numpy, *arguments)
    assert tree.map(lambda x: x.tolist(), answer) == {
        "a": [0.5, 0.5, 0.5],
        "b": [[[12.0, 12.0], [12.0, 12.0]]],
    }
