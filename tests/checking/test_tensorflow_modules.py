"""Variables of TensorFlow's modules and Keras' layers are parameters by their names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import adbench

tf: Any = pytest.importorskip("tensorflow")
keras: Any = pytest.importorskip("keras")

Module: Any = tf.Module


def numbers(*shape: int) -> Any:
    return tf.constant(np.random.default_rng([*shape]).normal(size=shape), tf.float32)


def checked(function: Any, *arguments: Any, **options: Any) -> Any:
    return adbench.check(function, *arguments, operators="vjp", budget_s=0, **options)


@tf.custom_gradient
def squared_with_half_the_slope(x: Any) -> Any:
    return x * x, lambda cotangent: cotangent * x


class Scaled(Module):
    """Multiplies by the square of a variable, whose slope is wrong, and adds another."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = tf.Variable([1.5, 2.0])
        self.shift = tf.Variable([0.5, 0.25])

    def __call__(self, x: Any) -> Any:
        return squared_with_half_the_slope(self.scale) * x + self.shift


class Compiled(Module):
    """A layer within a module whose method was traced before it is checked."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = tf.Variable(numbers(4, 2))
        self.layers = [keras.layers.Dense(3)]
        self.layers[0].build((2, 2))

    @tf.function
    def __call__(self, x: Any) -> Any:
        return self.layers[0](tf.sin(x @ self.weights))


def test_a_wrong_derivative_by_a_variable_is_found_by_its_name() -> None:
    report = checked(Scaled(), tf.constant([1.0, 3.0]))
    assert not report
    assert all(row.worst_entry.startswith("scale[") for row in report.failures)


def test_the_variable_of_a_module_among_the_arguments_has_the_name_of_the_argument() -> None:
    report = checked(lambda model, x: model(x), Scaled(), tf.constant([1.0, 3.0]))
    assert not report
    assert all(row.worst_entry.startswith("model.scale[") for row in report.failures)


def test_a_variable_can_be_left_constant() -> None:
    assert checked(Scaled(), tf.constant([1.0, 3.0]), argnums=("shift", "x"))


@pytest.mark.parametrize(
    "layer",
    [
        lambda: keras.layers.Dense(3, activation="tanh"),
        lambda: keras.Sequential([keras.layers.Dense(3), keras.layers.BatchNormalization()]),
    ],
)
def test_a_layer_of_keras_is_checked_by_its_weights_and_its_input(layer: Any) -> None:
    built = layer()
    assert checked(built, numbers(2, 4))
    assert len(built.trainable_variables) >= 2
    weights = [variable.path.partition("/")[2].replace("/", ".") for variable in built.variables]
    assert checked(built, numbers(2, 4), argnums=weights)


def test_rows_that_an_embedding_takes_are_differentiated() -> None:
    embedding = keras.layers.Embedding(5, 3)
    assert checked(lambda layer, i: tf.tanh(layer(i)), embedding, tf.constant([0, 1, 1]))


def test_a_compiled_method_is_checked_by_the_variables_that_it_reads() -> None:
    module = Compiled()
    x = numbers(2, 4)
    before = module(x).numpy()
    assert checked(module, x)
    np.testing.assert_array_equal(module(x).numpy(), before)
    assert not tf.config.functions_run_eagerly()
