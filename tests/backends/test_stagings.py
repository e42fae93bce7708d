"""Every staging builds its call when it says so, and says what is missing where it cannot."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from frameworks import answer, load

from adbench.backends.base import Backend, Unsupported, prepare, to_backend
from adbench.cases import Mode, Operator
from adbench.cases.inputs import Inputs
from adbench.selftest.conformance import EXPECTED, question, tanh_by_exp, tanh_derivative
from reference_ad.engine import tree

# Inductor's start reads attributes that PyTorch itself has deprecated; TensorFlow's graphs do too.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(240)]

SCALAR = Inputs((np.asarray(0.3),), 0, np.asarray(1.0), np.asarray(1.0))


def prepared(backend: Backend, function: Any, inputs: Inputs) -> Any:
    problem = to_backend(backend, function, inputs, Operator.VALUE)
    _, call = prepare(backend, problem, Operator.VALUE, Mode.NONE, 1)
    return lambda: call(problem.active, problem.constants, problem.direction)


@pytest.fixture
def compiling() -> Backend:
    pytest.importorskip("torch")
    from adbench.backends.torch_compile import missing_compiler

    if missing_compiler():
        pytest.skip(missing_compiler())
    return load("torch:compile")


@pytest.mark.parametrize(
    ("operator", "mode"),
    [
        (Operator.GRADIENT, Mode.REVERSE),
        (Operator.JVP, Mode.FORWARD),
        (Operator.HESSIAN, Mode.FORWARD_OVER_REVERSE),
    ],
)
def test_inductor_compiles_a_transformation(
    compiling: Backend, operator: Operator, mode: Mode
) -> None:
    _, derivatives = answer(compiling, *question(operator), operator, mode)
    for got, want in zip(tree.leaves(derivatives), tree.leaves(EXPECTED[operator]), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


def test_inductor_compiles_a_nested_derivative(compiling: Backend) -> None:
    _, derivative = answer(
        compiling, tanh_by_exp, SCALAR, Operator.DERIVATIVE, Mode.FORWARD, order=2
    )
    np.testing.assert_allclose(derivative, tanh_derivative(0.3, 2), rtol=1e-13)


def test_inductor_computes_in_float32(compiling: Backend) -> None:
    function, inputs = question(Operator.GRADIENT)
    _, derivatives = answer(
        compiling, function, inputs.astype(np.float32), Operator.GRADIENT, Mode.REVERSE
    )
    expected = tree.leaves(EXPECTED[Operator.GRADIENT])
    for got, want in zip(tree.leaves(derivatives), expected, strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, want, rtol=1e-5)


def test_inductor_compiles_the_same_call_anew(
    compiling: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch._inductor.cpp_builder import CppBuilder

    compilations = []
    build = CppBuilder.build

    def counted(self: Any) -> Any:
        compilations.append(self)
        return build(self)

    monkeypatch.setattr(CppBuilder, "build", counted)
    counts = []
    for _ in range(2):
        prepared(compiling, tanh_by_exp, SCALAR)
        counts.append(len(compilations))
    assert counts == [1, 2]


def test_a_function_that_looks_at_values_is_not_frozen_into_a_graph(compiling: Backend) -> None:
    def absolute(xp: Any, x: Any) -> Any:
        return x if x > 0 else -x

    with pytest.raises(Exception, match="data-dependent|DataDependent|guard on"):
        prepared(compiling, absolute, SCALAR)


def test_a_missing_compiler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    import torch._inductor.config as inductor

    from adbench.backends.torch_compile import Compile

    sentence = "needs a C\\+\\+ compiler, and there is none called no-such-compiler"
    without_compiler = inductor.patch({"cpp.cxx": (None, "no-such-compiler")})
    with without_compiler, pytest.raises(Unsupported, match=sentence):
        prepared(Compile(), tanh_by_exp, SCALAR)


def test_compilation_leaves_no_folder_and_no_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    import torch._inductor.config as inductor

    from adbench.backends.torch_compile import CACHE_VARIABLE, Compile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = os.environ.get(CACHE_VARIABLE), inductor.force_disable_caches
    with inductor.patch({"cpp.cxx": (None, "no-such-compiler")}), Compile().modes():
        (folder,) = tmp_path.iterdir()
        assert os.environ[CACHE_VARIABLE] == str(folder)
        assert inductor.force_disable_caches
        assert inductor.compile_threads == 1
    assert not list(tmp_path.iterdir())
    assert (os.environ.get(CACHE_VARIABLE), inductor.force_disable_caches) == before


@pytest.mark.parametrize(("name", "traces_before_the_first_call"), [("jax:jit", 0), ("jax:aot", 1)])
def test_jax_traces_at_the_first_call_or_ahead_of_it(
    name: str, traces_before_the_first_call: int
) -> None:
    traces = []

    def counted(xp: Any, x: Any) -> Any:
        traces.append(x)
        return xp.sin(x)

    call = prepared(load(name), counted, SCALAR)
    assert len(traces) == traces_before_the_first_call
    call()
    call()
    assert len(traces) == 1


@pytest.mark.parametrize("name", ["tensorflow:function", "tensorflow:xla", "tensorflow:graph"])
def test_tensorflow_builds_one_graph_ahead_of_the_first_call(name: str) -> None:
    backend = load(name)
    traces = []

    def counted(xp: Any, x: Any) -> Any:
        traces.append(x)
        return xp.sin(x)

    call = prepared(backend, counted, SCALAR)
    assert len(traces) == 1
    np.testing.assert_allclose(backend.to_numpy(call()), np.sin(0.3), rtol=1e-15)
    call()
    assert len(traces) == 1


@pytest.mark.parametrize("name", ["tensorflow:xla", "tensorflow:graph", "torch:func", "jax:aot"])
def test_further_stagings_compute_in_float32(name: str) -> None:
    function, inputs = question(Operator.GRADIENT)
    _, derivatives = answer(
        load(name), function, inputs.astype(np.float32), Operator.GRADIENT, Mode.REVERSE
    )
    expected = tree.leaves(EXPECTED[Operator.GRADIENT])
    for got, want in zip(tree.leaves(derivatives), expected, strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, want, rtol=1e-5)


def test_xla_says_which_operation_it_has_no_kernel_for() -> None:
    backend = load("tensorflow:xla")
    import tensorflow as tf

    def in_python(xp: Any, x: Any) -> Any:
        return tf.ensure_shape(tf.py_function(lambda value: value * 2, [x], tf.float64), ())

    with pytest.raises(Unsupported, match="XLA has no kernel on the processor for EagerPyFunc."):
        prepared(backend, in_python, SCALAR)


def test_a_session_leaves_eager_execution_on() -> None:
    backend = load("tensorflow:graph")
    import tensorflow as tf

    call = prepared(backend, tanh_by_exp, SCALAR)
    assert isinstance(call(), np.ndarray | np.generic)
    assert tf.executing_eagerly()
