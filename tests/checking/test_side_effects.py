"""A check leaves the process as it was: what others set, and what others see."""

import os
import random
import warnings
from importlib.util import find_spec

import numpy as np
import pytest

import adbench

pytest_plugins = ["pytester"]

X = np.asarray([0.5, 2.0])


def square(xp, x):
    return x * x


def general_state():
    return (
        np.random.get_state()[1].tobytes(),  # noqa: NPY002
        random.getstate(),
        list(warnings.filters),
        np.geterr(),
        dict(os.environ),
    )


def torch_state():
    import torch

    return (
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.get_num_interop_threads(),
        torch.is_grad_enabled(),
        torch.random.get_rng_state().numpy().tobytes(),
        torch.are_deterministic_algorithms_enabled(),
    )


def jax_state():
    import jax

    return jax.config.jax_enable_x64, jax.config.jax_default_matmul_precision


def tensorflow_state():
    import tensorflow as tf

    threads = tf.config.threading
    return (
        tf.constant(1.0).dtype,
        (tf.constant(1) + tf.constant(2)).dtype,
        threads.get_intra_op_parallelism_threads(),
        threads.get_inter_op_parallelism_threads(),
    )


STATES = {
    "reference": tuple,
    "torch": torch_state,
    "jax": jax_state,
    "tensorflow": tensorflow_state,
}


@pytest.mark.parametrize("backend", STATES)
def test_a_check_leaves_the_process_as_it_was(backend):
    if backend != "reference":
        pytest.importorskip(backend, reason=f"{backend} is not installed")
        adbench.check(square, X, backend=backend)  # importing a framework may set things once
    before = STATES[backend](), general_state()
    adbench.check(square, X, backend=backend, native=None)
    adbench.check(lambda xp, x: xp.sum(square(xp, x)), X, backend=backend, dtypes="float32")
    assert (STATES[backend](), general_state()) == before


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
def test_tests_beside_one_that_checks_gradients_see_their_own_defaults(pytester):
    pytester.makepyfile(
        """
        import torch

        def square(xp, x):
            return x * x

        def test_before():
            assert torch.zeros(2).dtype is torch.float32

        def test_gradcheck(gradcheck):
            x = torch.ones(2, dtype=torch.float64)
            gradcheck(square, x, backend="torch", native=lambda x: x * x)

        def test_after():
            assert torch.zeros(2).dtype is torch.float32
            torch.nn.Linear(2, 2)(torch.tensor([[1.0, 2.0]], dtype=torch.float32))
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=3)
