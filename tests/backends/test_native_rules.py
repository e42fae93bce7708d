"""Which derivatives of hand-written code JAX and TensorFlow have, and what they say of others."""

import numpy as np
import pytest

import adbench
from adbench.cases import MODES, Mode, Operator
from adbench.results.row import Outcome, Verdict

POINT = np.asarray([0.5, -1.5, 2.0])


def square(xp, x):
    return x * x


def outcomes(report, *, mode):
    return {row.outcome for row in report.rows if row.mode == mode}


# ---- JAX

jax = pytest.importorskip("jax", reason="jax is not installed")


def by_callback(x):
    return jax.pure_callback(lambda a: np.square(a), jax.ShapeDtypeStruct(x.shape, x.dtype), x)


@pytest.mark.parametrize("backend", ["jax:jit", "jax:eager"])
def test_a_callback_without_a_rule_is_unsupported_with_a_sentence(backend):
    report = adbench.check(square, POINT, backend=backend, native=by_callback)
    assert report.exit_status == 3
    for row in report.rows:
        if row.operator != Operator.VALUE:
            assert row.outcome is Outcome.UNSUPPORTED
            assert "Pure callbacks do not support JVP. Please use `jax.custom_jvp`" in row.message


def test_a_custom_vjp_is_judged_in_reverse_and_unsupported_in_forward_mode():
    @jax.custom_vjp
    def function(x):
        return x * x

    function.defvjp(lambda x: (x * x, x), lambda x, g: (2 * x * g,))
    report = adbench.check(square, POINT, backend="jax", native=function)
    assert report, report
    assert outcomes(report, mode="forward") == {Outcome.UNSUPPORTED}
    assert outcomes(report, mode="reverse") == {Outcome.OK}


@pytest.mark.parametrize("backend", ["jax:jit", "jax:eager"])
@pytest.mark.parametrize(
    ("native", "said"),
    [
        (lambda x: (x * x, x), "returned a tuple of 2, where one jax.Array is expected"),
        (lambda x: np.asarray(x) ** 2, "returned a numpy.ndarray, where one jax.Array is expected"),
    ],
    ids=["tuple", "NumPy array"],
)
def test_jax_code_that_returns_no_array_of_jax_is_unusable(backend, native, said):
    report = adbench.check(square, POINT, backend=backend, native=native)
    assert report.exit_status == 2, report
    assert all(said in row.message for row in report.rows)


def test_jax_code_that_returns_float32_is_wrong_in_float64():
    report = adbench.check(
        square,
        POINT,
        backend="jax",
        native=lambda x: (x * x).astype("float32"),
        dtypes="float64",
    )
    assert {row.failed_checks for row in report.rows} == {"output"}


# ---- TensorFlow

tf = pytest.importorskip("tensorflow", reason="tensorflow is not installed")
STAGINGS = ("tensorflow:eager", "tensorflow:function")
TABLE, INDEX = np.linspace(0.5, 2.0, 18).reshape(9, 2), np.asarray([2, 0, 2])


def look_up(xp, table, index):
    return xp.sum(xp.take(table, index, axis=0) ** 3)


def by_gather(table, index):
    return tf.reduce_sum(tf.gather(table, index) ** 3)


@pytest.mark.parametrize("native", [None, by_gather], ids=["xp.take", "tf.gather"])
@pytest.mark.parametrize("backend", STAGINGS)
def test_what_is_looked_up_has_second_derivatives_in_every_mode(backend, native):
    report = adbench.check(look_up, TABLE, INDEX, backend=backend, native=native, order=2)
    assert report, report
    modes = {row.mode for row in report.rows if row.operator == Operator.HVP}
    assert modes >= set(MODES[Operator.HVP]) - {Mode.FORWARD_OVER_FORWARD}
    assert {row.verdict for row in report.rows} == {Verdict.CORRECT}


def with_gradient(gradient):
    @tf.custom_gradient
    def function(table, index):
        return tf.gather(table, index) ** 2, lambda g: (gradient(table, index, g), None)

    return function


def sparse(factor):
    def gradient(table, index, g):
        values = factor * tf.gather(table, index) * g
        return tf.IndexedSlices(values, index, tf.shape(table))

    return gradient


@pytest.mark.parametrize("backend", STAGINGS)
def test_sparse_gradients_of_tensorflow_are_judged(backend):
    def specification(xp, table, index):
        return xp.take(table, index, axis=0) ** 2

    right, wrong, none = (
        adbench.check(
            specification,
            TABLE,
            INDEX,
            backend=backend,
            native=with_gradient(gradient),
            operators=["vjp"],
        )
        for gradient in (sparse(2.0), sparse(1.0), lambda table, index, g: None)
    )
    assert right, right
    assert wrong.exit_status == none.exit_status == 1
    assert "No gradient reached table: None came back for it" in " ".join(str(none).split())


@pytest.mark.parametrize("backend", STAGINGS)
def test_what_tensorflow_stops_is_wrong_and_said(backend):
    report = adbench.check(
        square, POINT, backend=backend, native=lambda x: tf.stop_gradient(x) ** 2
    )
    assert report.exit_status == 1
    assert "No gradient reached x" in str(report)


def test_tensorflow_code_in_float32_is_told_the_dtype_that_it_runs_in():
    matrix = tf.ones((3, 3), tf.float32)
    question = (lambda xp, x: x @ xp.ones((3, 3), dtype=x.dtype), POINT[None])
    options = {"backend": "tensorflow:eager", "native": lambda x: tf.matmul(x, matrix)}
    in_float32 = adbench.check(*question, **options)
    assert in_float32
    assert "does not run in float64" in in_float32.notes[0]
    report = adbench.check(*question, **options, dtypes="float64")
    assert report.exit_status == 3
    assert all("(--dtype float32)" in row.message for row in report.rows)
