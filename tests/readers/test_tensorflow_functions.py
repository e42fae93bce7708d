"""Functions of TensorFlow and Keras, read as they stand.

Their gradients are judged correct, and on JAX they are the same functions.
"""

from __future__ import annotations

import pytest

pytest.importorskip("tensorflow", reason="tensorflow is not installed")

from importlib.util import find_spec

import numpy as np

import adbench
from adbench.namespaces.numpy import numpy
from adbench.readers import reading as readings
from adbench.readers import tensorflow as reader
from adbench.readers.reading import Unreadable
from reference_ad.engine import tree

import tensorflow as tf  # isort: skip

needs_jax = pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed")
needs_keras = pytest.mark.skipif(find_spec("keras") is None, reason="keras is not installed")

RNG = np.random.default_rng(3)


def normal(*shape):
    return RNG.standard_normal(shape)


def positive_definite(n):
    x = normal(n, n)
    return x @ x.T + np.eye(n)


LABELS = np.array([0, 2, 1])
IMAGES = normal(1, 6, 5, 2)


def batch_normalization(x):
    mean, variance = tf.nn.moments(x, [0])
    return tf.nn.batch_normalization(x, mean, variance, 0.5, 2.0, 1e-3)


def huber(x):
    size = tf.abs(x)
    return tf.reduce_mean(tf.where(size < 0.7, size**2 / 2, 0.7 * size - 0.245))


def attention(x):
    scores = tf.matmul(x, x, transpose_b=True) / tf.sqrt(tf.cast(tf.shape(x)[-1], x.dtype))
    return tf.matmul(tf.nn.softmax(scores), x)


def log_density(x):
    factor = tf.linalg.cholesky(tf.matmul(x, x, transpose_b=True) + tf.eye(3, dtype=x.dtype))
    whitened = tf.linalg.triangular_solve(factor, x[:, :1])
    return tf.reduce_sum(whitened**2) + 2 * tf.reduce_sum(tf.math.log(tf.linalg.diag_part(factor)))


def newton(x):
    def step(k, y):
        return k + 1, (y + x / y) / 2

    return tf.while_loop(lambda k, y: k < 4, step, [tf.constant(0), tf.ones_like(x)])[1]


def recurrence(x):
    return tf.scan(lambda state, row: tf.tanh(state + row), x)


@tf.custom_gradient
def log1pexp(x):
    e = tf.exp(x)
    return tf.math.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))


@tf.custom_gradient
def wrong_log1pexp(x):
    e = tf.exp(x)
    return tf.math.log(1 + e), lambda upstream: upstream * (1 - 1 / (2 + e))


FUNCTIONS = {
    "gelu": (tf.nn.gelu, normal(3, 4)),
    "gelu of tanh": (lambda x: tf.nn.gelu(x, approximate=True), normal(3, 4)),
    "silu": (tf.nn.silu, normal(3, 4)),
    "selu": (tf.nn.selu, normal(3, 4)),
    "softmax_cross_entropy": (
        lambda x: tf.nn.softmax_cross_entropy_with_logits(tf.one_hot(LABELS, 4, dtype=x.dtype), x),
        normal(3, 4),
    ),
    "sparse_softmax_cross_entropy": (
        lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS, x),
        normal(3, 4),
    ),
    "sigmoid_cross_entropy": (
        lambda x: tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(x), x),
        normal(3, 4),
    ),
    "huber": (huber, normal(6)),
    "conv1d": (
        lambda x: tf.nn.conv1d(x, tf.reshape(tf.range(12.0, dtype=x.dtype), (3, 2, 2)), 2, "SAME"),
        normal(1, 7, 2),
    ),
    "conv2d": (
        lambda kernel: tf.nn.conv2d(tf.constant(IMAGES, kernel.dtype), kernel, 2, "SAME"),
        normal(3, 3, 2, 2),
    ),
    "conv2d_transpose": (
        lambda x: tf.nn.conv2d_transpose(
            x, tf.ones((3, 2, 1, 2), x.dtype), (1, 12, 10, 1), 2, "SAME"
        ),
        IMAGES,
    ),
    "depthwise_conv2d": (
        lambda x: tf.nn.depthwise_conv2d(x, tf.ones((2, 2, 2, 1), x.dtype), [1] * 4, "VALID"),
        IMAGES,
    ),
    "max_pool2d": (lambda x: tf.nn.max_pool2d(x, 2, 2, "SAME"), IMAGES),
    "avg_pool2d": (lambda x: tf.nn.avg_pool2d(x, 3, 1, "SAME"), IMAGES),
    "batch_normalization": (batch_normalization, normal(5, 3)),
    "l2_normalize": (lambda x: tf.nn.l2_normalize(x, axis=-1), normal(3, 4)),
    "attention": (attention, normal(4, 3)),
    "reduce_logsumexp": (lambda x: tf.reduce_logsumexp(x, axis=1), normal(3, 4)),
    "reduce_std": (lambda x: tf.math.reduce_std(x, axis=0), normal(4, 3)),
    "gather": (lambda x: tf.gather(x, [2, 0, 0], axis=1), normal(3, 4)),
    "einsum": (lambda x: tf.einsum("bij,bkj->bik", x, x), normal(2, 3, 4)),
    "solve": (
        lambda x: tf.linalg.solve(x, tf.ones((3, 1), x.dtype)),
        positive_definite(3) + 0.1 * normal(3, 3),
    ),
    "logdet": (lambda x: tf.linalg.logdet(tf.matmul(x, x, transpose_b=True)), normal(3, 3)),
    "log_density": (log_density, normal(3, 3)),
    "rfft": (lambda x: tf.abs(tf.signal.rfft(x)), normal(8)),
    "lbeta": (tf.math.lbeta, np.exp(normal(3))),
    "segment_sum": (lambda x: tf.math.segment_sum(x**2, [0, 0, 1]), normal(3, 2)),
    "cumulative_logsumexp": (tf.math.cumulative_logsumexp, normal(4)),
    "band_part": (lambda x: tf.linalg.inv(tf.linalg.band_part(x, 0, -1)), positive_definite(3)),
    "while_loop": (newton, np.exp(normal(3))),
    "scan": (recurrence, normal(4, 2)),
    "map_fn": (lambda x: tf.map_fn(lambda row: tf.reduce_prod(row), x), normal(3, 2)),
    "custom_gradient": (log1pexp, normal(3)),
}


def operators_for(function, x):
    """A gradient where the function is scalar, else a product with its Jacobian."""
    return ["vjp"] if function(tf.constant(x)).shape.rank else ["gradient"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_gradient_of_a_function_as_it_stands_is_correct(name):
    function, x = FUNCTIONS[name]
    reading = reader.read(function, [tf.constant(x)])
    report = adbench.check(
        reading.function,
        x,
        backend="tensorflow:function",
        native={"tensorflow": function},
        operators=operators_for(function, x),
        dtypes=["float64", "float32"],
        order=1,
        budget_s=0,
    )
    assert report, str(report)


@needs_jax
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_was_read_is_the_same_on_jax(name):
    function, x = FUNCTIONS[name]
    reading = reader.read(function, [tf.constant(x)])
    report = adbench.check(
        reading.function,
        x,
        backend="jax:jit",
        operators=operators_for(function, x),
        dtypes=["float64", "float32"],
        order=1,
    )
    assert report, str(report)


def test_a_wrong_gradient_is_caught_without_a_specification():
    x = normal(3)
    reading = reader.read(wrong_log1pexp, [tf.constant(x)])
    report = adbench.check(
        reading.function, x, backend="tensorflow:eager", native={"tensorflow": wrong_log1pexp}
    )
    assert not report


@pytest.mark.parametrize("backend", ["tensorflow:function", "tensorflow:eager"])
def test_forward_mode_takes_an_output_whose_length_the_call_alone_knows(backend):
    function, x = FUNCTIONS["segment_sum"]
    report = adbench.check(
        function, tf.constant(x), backend=backend, operators=["jvp", "jacobian"], budget_s=0
    )
    assert report, str(report)


# ---- layers of Keras


def _layers():
    import keras

    return keras.layers


def dense(dtype):
    return _layers().Dense(3, activation="tanh", dtype=dtype), (2, 4)


def layer_normalization(dtype):
    return _layers().LayerNormalization(dtype=dtype), (2, 4)


def group_normalization(dtype):
    return _layers().GroupNormalization(2, dtype=dtype), (2, 3, 4)


def batch_normalization_in_inference(dtype):
    return _layers().BatchNormalization(dtype=dtype), (2, 4)


def lstm(dtype):
    return _layers().LSTM(3, dtype=dtype), (1, 4, 2)


def gru(dtype):
    return _layers().GRU(2, dtype=dtype, return_sequences=True), (1, 3, 2)


def convolution(dtype):
    return _layers().Conv2D(2, 3, activation="gelu", padding="same", dtype=dtype), (1, 4, 5, 2)


def self_attention(dtype):
    layers = _layers()
    attention = layers.MultiHeadAttention(2, 3, dtype=dtype)
    return (lambda x: attention(x, x)), (1, 3, 4)


LAYERS = (
    dense,
    layer_normalization,
    group_normalization,
    batch_normalization_in_inference,
    lstm,
    gru,
    convolution,
    self_attention,
)


@needs_keras
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("make", LAYERS)
def test_the_gradient_of_a_layer_of_keras_is_correct(make, dtype):
    layer, shape = make(dtype)
    x = normal(*shape).astype(dtype)
    layer(tf.constant(x))  # makes the weights
    reading = reader.read(layer, [tf.constant(x)])
    report = adbench.check(
        reading.function,
        x,
        backend="tensorflow:function",
        native={"tensorflow": lambda x: layer(x)},
        operators=["vjp"],
        order=1,
        budget_s=0,
    )
    assert report, str(report)


# ---- what a reading is


def test_arguments_and_outputs_may_be_trees_with_python_values():
    def function(parameters, x, times, scale):
        y = x @ parameters["w"]
        for _ in range(times):
            y = y + parameters["b"] * scale
        return {"y": y, "sums": (tf.reduce_sum(y), tf.reduce_sum(x))}

    parameters = {"w": normal(3, 2), "b": normal(2)}
    x = normal(4, 3)
    tensors = tree.map(tf.constant, parameters)
    reading = reader.read(function, [tensors, tf.constant(x), 2, 0.5])
    answer = reading.function(numpy, parameters, x, 2, 0.5)
    expected = function(tensors, tf.constant(x), 2, 0.5)
    assert answer.keys() == expected.keys()
    for actual, own in zip(tree.leaves(answer), tree.leaves(expected), strict=True):
        np.testing.assert_allclose(actual, own.numpy(), rtol=1e-13)


def test_the_operations_are_named_once_in_the_order_of_first_use():
    reading = reader.read(lambda x: tf.exp(tf.sin(tf.exp(x))), [tf.constant(1.0)])
    assert reading.operations[:2] == ("Exp", "Sin")
    assert len(set(reading.operations)) == len(reading.operations)


def test_a_variable_and_a_captured_tensor_are_constants():
    variable, captured = tf.Variable([1.0, 2.0]), tf.constant([3.0, 4.0])
    reading = reader.read(lambda x: x * variable + captured, [tf.constant([1.0, 1.0])])
    x = np.array([2.0, 3.0], np.float32)
    np.testing.assert_array_equal(reading.function(numpy, x), np.array([5.0, 10.0], np.float32))


def test_a_reading_runs_in_the_dtype_of_its_arguments():
    reading = reader.read(lambda x: tf.exp(x) * 0.5, [tf.constant([1.0, 2.0])])
    assert reading.function(numpy, np.array([1.0, 2.0])).dtype == np.float64
    assert reading.function(numpy, np.array([1.0, 2.0], np.float32)).dtype == np.float32


def test_a_call_and_a_branch_on_shapes_are_followed():
    @tf.function
    def inner(x):
        return tf.cond(tf.shape(x)[0] > 2, lambda: x * x, lambda: tf.exp(x))

    for n in (2, 3):
        x = normal(n)
        reading = reader.read(lambda x: inner(x) + 1, [tf.constant(x)])
        np.testing.assert_allclose(
            reading.function(numpy, x), inner(tf.constant(x)).numpy() + 1, rtol=1e-14
        )


def test_a_derivative_inside_of_a_function_is_read():
    def energy(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.tanh(x) ** 2 * tf.nn.softplus(x))
        return tf.reduce_sum(tape.gradient(y, x) ** 2)

    x = normal(3)
    reading = reader.read(energy, [tf.constant(x)])
    np.testing.assert_allclose(reading.function(numpy, x), energy(tf.constant(x)), rtol=1e-13)


def test_the_meaning_of_an_operation_may_be_registered(monkeypatch):
    monkeypatch.setattr(readings, "_registered", {})
    readings.register("tensorflow", "Erfinv", lambda xp, x: xp.tanh(x))
    reading = reader.read(tf.math.erfinv, [tf.constant([0.5])])
    assert reading.function(numpy, np.array([0.5]))[0] == np.tanh(0.5)


# ---- loops


def doubled_up_to(x, limit):
    return tf.while_loop(lambda y: y[0] < limit, lambda y: (2 * y,), (x,))[0]


def test_a_loop_that_ends_by_values_goes_round_as_often_as_they_say():
    x = np.asarray([0.5, -1.5])
    reading = reader.read(doubled_up_to, [tf.constant(x), tf.constant(9.0, tf.float64)])
    for limit, factor in ((9.0, 32), (0.6, 2), (0.4, 1)):
        assert reading.function(numpy, x, np.asarray(limit)) == pytest.approx(factor * x)


def test_a_loop_counts_up_to_an_integer_argument():
    def sines(x, n):
        return tf.while_loop(lambda k, y: k < n, lambda k, y: (k + 1, tf.sin(y)), (0, x))[1]

    x = tf.constant([0.5, -1.5], tf.float64)
    reading = reader.read(sines, [x, tf.constant(3)])
    for n in (3, 0):
        assert reading.function(numpy, x.numpy(), np.int32(n)) == pytest.approx(sines(x, n).numpy())
    assert adbench.check(sines, x, tf.constant(3), budget_s=0)


def test_the_exponential_of_a_matrix_is_correct():
    assert adbench.check(tf.linalg.expm, tf.constant(normal(3, 3)), operators="vjp", budget_s=0)


# ---- what cannot be read


VARIABLE = tf.Variable([1.0, 2.0, 3.0])


@tf.function
def count():
    VARIABLE.assign_add(tf.ones(3))


def counted(x):
    count()
    return x * 2


def collected_while_positive(x):
    """A list of as many tensors as the values say."""

    def step(k, collected):
        return k + 1, collected.write(k, x)

    start = (0, tf.TensorArray(x.dtype, 0, dynamic_size=True, element_shape=x.shape))
    return tf.while_loop(lambda k, _: x[k] > 1.5, step, start)[1].stack()


def unreadable_lines():
    return {
        "draws random numbers": lambda x: x + tf.random.normal((3,)),
        "is not among the operations": lambda x: tf.math.betainc(x, x, x),
        "its condition": collected_while_positive,
        "its operand 0": lambda x: tf.boolean_mask(x, x > 0),
        "writes to a variable": lambda x: VARIABLE.assign(x) * 2,
        "leave the update out": counted,
        "calls Python": lambda x: tf.py_function(lambda t: t, [x], x.dtype),
        "looks at the values": lambda x: x if x[0] > 0 else -x,
        "choose between results with tf.where": lambda x: x.numpy() * 2,
        "a call of Python or NumPy": lambda x: tf.constant(np.exp(x)),
        "returns None": lambda x: None,
    }


@pytest.mark.parametrize("words", unreadable_lines())
def test_what_cannot_be_read_is_told_in_a_sentence(words):
    with pytest.raises(Unreadable) as raised:
        reader.read(unreadable_lines()[words], [tf.constant([1.0, 2.0, 0.5])])
    message = str(raised.value)
    assert words in message
    assert message.endswith(".")
    assert "\n" not in message


def test_the_line_of_the_user_is_named():
    with pytest.raises(Unreadable, match=r"Betainc \(line \d+ of test_tensorflow_functions.py\)"):
        reader.read(lambda x: tf.math.betainc(x, x, x), [tf.constant([0.5])])


# ---- branches that depend on the arguments


def test_a_branch_that_depends_on_the_arguments_is_chosen_at_the_point():
    def function(x):
        return tf.cond(x[0] > 0, lambda: tf.sin(x), lambda: x * x)

    reading = reader.read(function, [tf.constant([1.0, 2.0])])
    for point in ([0.5, 2.0], [-0.5, 2.0]):
        result = reading.function(numpy, np.asarray(point))
        np.testing.assert_allclose(result, function(tf.constant(point)).numpy(), rtol=1e-6)


def test_a_case_that_depends_on_the_arguments_is_chosen_at_the_point():
    def function(x):
        number = tf.cast(x[0], tf.int32)
        return tf.switch_case(number, [lambda: tf.sin(x), lambda: x * x, lambda: x])

    reading = reader.read(function, [tf.constant([1.0, 2.0])])
    for point in ([0.5, 2.0], [1.5, 2.0], [2.5, 2.0], [7.5, 2.0]):
        result = reading.function(numpy, np.asarray(point))
        np.testing.assert_allclose(result, function(tf.constant(point)).numpy(), rtol=1e-6)


def test_branches_of_several_shapes_are_refused_where_the_arguments_choose():
    def function(x):
        return tf.reduce_sum(tf.cond(x[0] > 0, lambda: x[:1], lambda: x))

    with pytest.raises(Unreadable, match="let them give tensors of one shape"):
        reader.read(function, [tf.constant([1.0, 2.0])])
