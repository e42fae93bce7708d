"""What the reader of JAX makes of a function, and what it says where it cannot read one."""

from __future__ import annotations

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="JAX is not installed")

import jax.numpy as jnp  # noqa: E402
from jax import lax  # noqa: E402

import adbench  # noqa: E402
import ball_arithmetic  # noqa: E402
import reference_ad  # noqa: E402
from adbench.backends.base import Unsupported  # noqa: E402
from adbench.cases.messages import SentenceError  # noqa: E402
from adbench.namespaces.jax import wide_types  # noqa: E402
from adbench.namespaces.numpy import numpy  # noqa: E402
from adbench.readers import reading as readings  # noqa: E402
from adbench.readers.jax import read  # noqa: E402
from adbench.readers.reading import Unreadable, register  # noqa: E402

X = np.asarray([0.5, -1.5, 2.0])


def value(function, *arguments):
    return read(function, arguments).function(numpy, *arguments)


def sentence(function, *arguments):
    """What is said of a function that cannot be read."""
    with pytest.raises(Unreadable) as raised:
        read(function, arguments)
    return str(raised.value)


# ---- what a reading is


def test_the_operations_are_those_met_each_once_in_their_order():
    reading = read(lambda x: jnp.sum(jnp.sin(x) * jnp.exp(jnp.sin(x))), [X])
    assert reading.operations == ("sin", "exp", "mul", "reduce_sum")


def test_determinants_and_exponentials_of_matrices_are_one_operation_each():
    matrices = np.random.default_rng(2).standard_normal((2, 4, 4))

    def function(x):
        exponentials = jax.scipy.linalg.expm(x)
        return jnp.linalg.slogdet(x)[1] + jnp.linalg.det(x), exponentials

    reading = read(function, [matrices])
    assert reading.operations == ("expm", "slogdet", "det", "add")
    determinants = np.linalg.det(matrices)
    expected = np.log(np.abs(determinants)) + determinants
    sums, exponentials = reading.function(numpy, matrices)
    assert sums == pytest.approx(expected)
    with wide_types():
        assert exponentials == pytest.approx(np.asarray(jax.scipy.linalg.expm(matrices)))


def test_a_function_that_is_called_as_one_of_jax_is_read_as_it_is():
    @jax.jit
    def det(x):
        return jnp.sum(lax.linalg.lu(x)[0])

    matrix = np.diag([2.0, 3.0])
    assert "lu" in read(det, [matrix]).operations
    assert value(det, matrix) == pytest.approx(5.0)


def test_python_values_stay_what_they_are():
    def power(x, options, n):
        return x**n if options["raise"] else x

    assert value(power, X, {"raise": True}, 3) == pytest.approx(X**3)
    assert value(power, X, {"raise": False}, 3) == pytest.approx(X)


def test_other_python_values_than_those_read_with_are_refused():
    reading = read(lambda x, n: x**n, [X, 3])
    with pytest.raises(SentenceError) as raised:
        reading.function(numpy, X, 2)
    assert str(raised.value) == (
        "The function was read with the value 3, and is given 2: read it again with these "
        "arguments."
    )


def test_arrays_of_another_shape_are_refused():
    reading = read(jnp.sin, [X])
    with pytest.raises(SentenceError) as raised:
        reading.function(numpy, X[:2])
    assert str(raised.value) == (
        "The function was read with an array of shape (3,), and is given one of shape (2,): read "
        "it again with these arguments."
    )


def test_a_function_runs_in_the_dtype_of_its_arguments():
    reading = read(lambda x: (x.astype(jnp.float32) * np.arange(3.0)).astype(jnp.float64), [X])
    assert reading.function(numpy, X).dtype == np.float64
    assert reading.function(numpy, X.astype(np.float32)).dtype == np.float32


def test_a_cast_to_a_lower_dtype_does_not_round():
    assert (
        value(lambda x: x.astype(jnp.float32).astype(jnp.float64), X / 3).tolist()
        == (X / 3).tolist()
    )


def test_reading_leaves_the_types_of_jax_as_they_are():
    before = jax.config.jax_enable_x64
    read(jnp.sin, [X])
    assert jax.config.jax_enable_x64 == before


def test_integers_that_depend_on_no_argument_are_constants():
    reading = read(lambda x: x[jnp.where(jnp.arange(3) > 1, 0, jnp.arange(3))], [X])
    assert reading.operations == ("gather",)


def test_results_that_nobody_needs_are_not_computed():
    def wasteful(x):
        jnp.linalg.eigh(jnp.outer(x, x))
        return x * 2

    steps = []
    namespace = type("Spy", (), {"__getattr__": lambda self, name: steps.append(name)})()
    namespace.asarray = numpy.asarray
    namespace.float64 = numpy.float64
    namespace.complex128 = numpy.complex128
    assert read(wasteful, [X]).function(namespace, X).tolist() == (2 * X).tolist()
    assert steps == []


def test_unsigned_integers_wrap_around():
    def difference(x):
        count = jnp.sum(x > 0).astype(jnp.uint32)
        return count - jnp.uint32(3)

    assert value(difference, X) == 2**32 - 1


# ---- branches and loops


def test_a_branch_that_is_known_is_the_only_one():
    reading = read(lambda x: lax.cond(jnp.arange(3).sum() > 2, jnp.sin, jnp.cos, x), [X])
    assert reading.operations == ("sin",)


def test_a_branch_by_values_is_a_choice_between_both():
    function = lambda x: lax.cond(x[0] > 0, jnp.sin, jnp.cos, x)  # noqa: E731
    reading = read(function, [X])
    for x in (X, -X):
        assert reading.function(numpy, x) == pytest.approx(np.sin(x) if x[0] > 0 else np.cos(x))


def test_a_switch_by_values_is_a_choice_between_all():
    branches = [jnp.sin, jnp.cos, jnp.tanh, jnp.exp]
    reading = read(lambda x: lax.switch(jnp.sum(x > 0), branches, x), [X])
    for x, branch in ((X, np.tanh), (-X, np.cos), (abs(X), np.exp), (-abs(X), np.sin)):
        assert reading.function(numpy, x) == pytest.approx(branch(x))


def test_a_loop_whose_rounds_are_known_is_gone_through():
    def doubled(x):
        return lax.while_loop(lambda c: c[0] < 5, lambda c: (c[0] + 2, c[1] * 2), (0, x))[1]

    assert value(doubled, X) == pytest.approx(8 * X)


def doubled_up_to(x, limit):
    return lax.while_loop(lambda c: c[0] < limit, lambda c: 2 * c, x)


def test_a_loop_that_ends_by_values_goes_round_as_often_as_they_say():
    reading = read(doubled_up_to, [X, np.asarray(9.0)])
    for limit, factor in ((9.0, 32), (0.6, 2), (0.4, 1)):
        assert reading.function(numpy, X, np.asarray(limit)) == pytest.approx(factor * X)
    enclosure = reading.function(ball_arithmetic.xp, ball_arithmetic.numbers(X), np.asarray(9.0))
    assert ball_arithmetic.midpoints(enclosure) == pytest.approx(32 * X)


def test_a_loop_whose_end_balls_leave_open_is_undecided():
    reading = read(doubled_up_to, [X, np.asarray(8.0)])
    wide = ball_arithmetic.numbers(X, np.full(3, 1e-9))
    with pytest.raises(ball_arithmetic.UndecidedError):
        reading.function(ball_arithmetic.xp, wide, np.asarray(8.0))


def test_a_loop_that_ends_by_values_is_unsupported_where_they_are_traced():
    reading = read(doubled_up_to, [X, np.asarray(9.0)])
    traced = reference_ad.compile(
        lambda x: reading.function(reference_ad.numpy, x, np.asarray(9.0))
    )
    with pytest.raises(Unsupported, match="a loop that ends when its values say so"):
        traced(X)


def test_a_loop_that_ends_by_no_value_says_so():
    reading = read(doubled_up_to, [X, np.asarray(9.0)])
    with pytest.raises(Unreadable, match="goes round more than 10000 times here"):
        reading.function(numpy, 0 * X, np.asarray(9.0))


def test_a_loop_of_too_many_rounds_is_refused():
    message = sentence(lambda x: lax.while_loop(lambda c: c[0] > 0, lambda c: c, (1, x))[1], X)
    line = test_a_loop_of_too_many_rounds_is_refused.__code__.co_firstlineno + 1
    assert message == (
        f"The loop `while` in line {line} of test_jax_reading.py goes round more than 10000 times: "
        "give it fewer rounds, or write it with lax.scan."
    )


# ---- what cannot be read


BETA = "regularized_incomplete_beta"


def test_an_operation_without_a_meaning_is_named():
    message = sentence(lambda x: lax.betainc(x, x, x), abs(X))
    line = test_an_operation_without_a_meaning_is_named.__code__.co_firstlineno + 1
    assert message == (
        f"The JAX operation `{BETA}` in line {line} of test_jax_reading.py cannot be read, for it "
        "has no meaning in the array namespace: write it with other operations, or give its "
        f'meaning with `adbench.readers.register("jax", "{BETA}", function)`.'
    )


def test_a_form_of_an_operation_that_is_not_known_is_refused():
    message = sentence(lambda x: x.at[jnp.asarray([0, 2])].apply(jnp.sin), X)
    line = test_a_form_of_an_operation_that_is_not_known_is_refused.__code__.co_firstlineno + 1
    assert message == (
        f"This form of the JAX operation `scatter` in line {line} of test_jax_reading.py cannot be "
        "read: take the elements, apply the function to them, and put the results with `.at[].set`."
    )


def test_random_numbers_from_an_argument_are_refused():
    key = jax.random.key(0)
    message = sentence(lambda key, x: x * jax.random.normal(key, (3,)), key, X)
    assert message.startswith("The function draws random numbers with the JAX operation `random_")
    assert message.endswith(
        "from a key that is an argument: draw them before, and pass them as an argument."
    )


def test_random_numbers_from_a_key_of_the_function_are_constants():
    def dropped(x):
        return x * jax.random.bernoulli(jax.random.key(3), 0.5, (3,))

    with wide_types():  # with other types JAX draws other numbers
        expected = np.asarray(dropped(X))
    assert value(dropped, X) == pytest.approx(expected)


def test_a_function_that_looks_at_values_is_refused():
    message = sentence(lambda x: x if x[0] > 0 else -x, X)
    line = test_a_function_that_looks_at_values_is_refused.__code__.co_firstlineno + 1
    assert message == (
        f"The function looks at the value of an array in line {line} of test_jax_reading.py, which "
        "it cannot under jax.jit either: choose with jnp.where, or pass what is looked at as a "
        "Python value."
    )


# ---- operations of users' own


@pytest.fixture
def meanings(monkeypatch):
    """The operations that are registered, none at first and none afterwards."""
    monkeypatch.setattr(readings, "_registered", {})


def halve(x):
    return np.asarray(x) / 2


def called_back(x):
    return jax.pure_callback(halve, jax.ShapeDtypeStruct(x.shape, x.dtype), x)


def test_a_call_out_of_jax_is_named_with_what_it_calls(meanings):
    assert '`adbench.readers.register("jax", "pure_callback::halve", function)`' in sentence(
        called_back, X
    )


def test_a_call_out_of_jax_means_what_is_registered(meanings):
    register("jax", "pure_callback::halve", lambda xp, x: x / 2)
    assert value(called_back, X) == pytest.approx(X / 2)


def test_a_primitive_means_what_is_registered(meanings):
    register("jax", "igamma", lambda xp, a, x: a + x)
    assert value(lambda x: lax.igamma(x, x), X) == pytest.approx(2 * X)


def test_a_constant_index_outside_of_its_array_is_refused_in_a_sentence():
    indices = jnp.array([0, 2])
    reading = read(lambda x: x[indices], [jnp.ones((2, 3))])
    with pytest.raises(Unreadable, match=r"outside of an array of shape \(2, 3\)"):
        reading.function(numpy, np.ones((2, 3)))
    clipped = read(lambda x: x.at[indices].get(mode="clip"), [jnp.ones((2, 3))])
    assert clipped.function(numpy, np.ones((2, 3))).shape == (2, 3)


def test_a_batch_that_constant_indices_reach_beyond_is_no_point():
    indices = jnp.array([0, 2, 2, 1])

    @jax.custom_vjp
    def taken(x):
        return x[indices]

    taken.defvjp(lambda x: (x[indices], x), lambda x, g: (jnp.zeros_like(x).at[indices].add(g),))
    report = adbench.check(taken, jnp.array([[0.5, 1.0], [-1.5, 2.0], [0.25, -0.75]]))
    assert report, report
