"""`adbench.jax.check_grads`: that of JAX, with certified verdicts."""

import inspect

import pytest

jax = pytest.importorskip("jax", reason="jax is not installed")

from jax import numpy as jnp  # noqa: E402 -- where jax is installed
from jax.test_util import check_grads as original  # noqa: E402

from adbench.jax import NumericalCheck, check_grads  # noqa: E402


def with_rule(factor):
    @jax.custom_vjp
    def sine(x):
        return jnp.sin(x)

    sine.defvjp(lambda x: (jnp.sin(x), x), lambda x, u: (factor * u * jnp.cos(x),))
    return sine


X = jnp.asarray([0.3, 1.2, -0.4])


def test_the_signature_is_that_of_the_original():
    ours, theirs = inspect.signature(check_grads), inspect.signature(original)
    assert [(p.name, p.default) for p in ours.parameters.values()] == [
        (p.name, p.default) for p in theirs.parameters.values()
    ]


def test_right_derivatives_pass_to_second_order():
    check_grads(lambda x: jnp.sin(x) * x, (X,), order=2)
    check_grads(with_rule(1.0), (X,), 1, modes=["rev"])
    check_grads(lambda tree, y: {"u": tree["a"] * y, "v": y}, ({"a": X}, 2.0), 1)


def test_an_error_that_the_original_does_not_see_is_an_assertion_error():
    original(with_rule(1.001), (X,), 1, modes=["rev"])
    with pytest.raises(AssertionError, match=r"returned = true × 1.001"):
        check_grads(with_rule(1.001), (X,), 1, modes=["rev"])


def test_third_derivatives_are_those_of_the_second_as_they_stand():
    check_grads(lambda x: x * x * x, (0.5,), 3, modes=["fwd"])


def test_what_is_not_read_is_left_to_the_original_with_a_warning():
    def calls_back(x):
        return jax.pure_callback(lambda x: x, x, x)

    with pytest.warns(NumericalCheck, match="cannot be read"), pytest.raises(ValueError):
        check_grads(calls_back, (X,), 1)


def test_arrays_of_numpy_are_taken_as_jax_takes_them():
    import numpy as np

    check_grads(lambda x, y: jax.numpy.sin(x) * y, (np.ones(2), np.float64(0.5)), order=1)
