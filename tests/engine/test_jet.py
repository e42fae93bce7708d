"""Taylor mode: against nested forward mode, and against series known in closed form."""

from __future__ import annotations

import math
import time
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from primitive_samples import DIFFERENTIABLE, SAMPLES, Sample, of_active

import reference_ad as ad
from reference_ad.engine.core import PRIMITIVES, Primitive

xp = ad.numpy


def nested(f: Any, order: int) -> Any:
    """The derivative of a function of one number by nested forward mode."""
    for _ in range(order):
        f = derivative(f)
    return f


def derivative(f: Any) -> Any:
    return lambda x: ad.jvp(f, (x,), (xp.ones_like(x),))[1]


def along_line(f: Any, x: Any, t: Any) -> Any:
    """A function of the position on the line through x with direction t."""
    return lambda s: f(*[a + s * b for a, b in zip(x, t, strict=True)])


def on_line(t: Any, order: int) -> Any:
    """The series of the same line: a direction, and nothing beyond."""
    return tuple([direction] + [None] * (order - 1) for direction in t)


def derivatives(f: Any, x: Any, order: int) -> Any:
    """Those of a function of one number, of order 1 to `order`."""
    return ad.jet(f, (x,), on_line([xp.ones_like(x)], order))[1]


def assert_close(actual: Any, expected: Any, tolerance: float = 1e-9) -> None:
    assert np.shape(actual) == np.shape(expected)
    size = max(np.max(np.abs(expected), initial=0.0), 1.0)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * size)


@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_every_primitive_has_the_derivatives_of_nested_forward_mode(
    primitive: Primitive, sample: Sample
) -> None:
    f, x = of_active(primitive, sample)
    rng = np.random.default_rng(1)
    t = [rng.uniform(-0.5, 0.5, a.shape) for a in x]
    value, series = ad.jet(f, x, on_line(t, 4))
    np.testing.assert_array_equal(value, f(*x))
    for order, actual in enumerate(series, 1):
        expected = nested(along_line(f, x, t), order)(np.asarray(0.0))
        assert actual.dtype == expected.dtype
        assert_close(actual, expected)


@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_every_primitive_has_its_series_on_balls_and_compiled(
    primitive: Primitive, sample: Sample
) -> None:
    balls = pytest.importorskip("ball_arithmetic")
    f, x = of_active(primitive, sample)
    rng = np.random.default_rng(1)
    t = [rng.uniform(-0.5, 0.5, a.shape) for a in x]
    _, series = ad.jet(f, x, on_line(t, 3))
    compiled = ad.compile(lambda *x: ad.jet(f, x, on_line(t, 3))[1])(*x)
    with balls.precision(128):
        points = [balls.numbers(a) for a in x]
        _, enclosures = ad.jet(f, points, on_line([balls.numbers(b) for b in t], 3))
        for actual, again, enclosure in zip(series, compiled, enclosures, strict=True):
            assert_close(again, actual, 1e-12)
            size = max(np.max(np.abs(actual), initial=0.0), 1.0)
            assert enclosure.shape == actual.shape
            assert np.all(balls.radii(enclosure, actual) <= 1e-11 * size)


@pytest.mark.parametrize("name", ["exp", "sin", "tanh", "divide", "power", "matmul", "solve"])
def test_curved_paths_have_the_derivatives_of_the_composition(name: str) -> None:
    primitive = PRIMITIVES[name]
    f, x = of_active(primitive, SAMPLES[name][0])
    rng = np.random.default_rng(2)
    path = [[rng.uniform(-0.5, 0.5, a.shape) for _ in range(3)] for a in x]

    def along_path(s: Any) -> Any:
        def point(a: Any, terms: Any) -> Any:
            return a + s * (terms[0] + s * (terms[1] / 2 + s * (terms[2] / 6)))

        return f(*[point(a, terms) for a, terms in zip(x, path, strict=True)])

    for order, actual in enumerate(ad.jet(f, x, path)[1], 1):
        assert_close(actual, nested(along_path, order)(np.asarray(0.0)))


CLOSED_FORMS = {
    "exp": (xp.exp, lambda k, x: math.exp(x)),
    "sin": (xp.sin, lambda k, x: math.sin(x + k * math.pi / 2)),
    "cosh": (xp.cosh, lambda k, x: math.sinh(x) if k % 2 else math.cosh(x)),
    "log": (xp.log, lambda k, x: (-1) ** (k - 1) * math.factorial(k - 1) / x**k),
    "1/(1-x)": (lambda x: 1 / (1 - x), lambda k, x: math.factorial(k) / (1 - x) ** (k + 1)),
    "x**7": (lambda x: x**7, lambda k, x: math.perm(7, k) * x ** max(7 - k, 0)),
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
@given(x=st.floats(0.05, 0.9))
@settings(max_examples=20, deadline=None)
def test_twenty_derivatives_are_those_of_the_closed_form(name: str, x: float) -> None:
    f, formula = CLOSED_FORMS[name]
    for k, actual in enumerate(derivatives(f, np.asarray(x), 20), 1):
        assert actual == pytest.approx(formula(k, x), rel=1e-11)


def test_powers_with_integer_exponents_have_their_derivatives_at_zero() -> None:
    at_zero = derivatives(lambda x: x**3 - 2 * x**2, np.asarray(0.0), 5)
    np.testing.assert_array_equal(at_zero, [0.0, -4.0, 6.0, 0.0, 0.0])


UNARY = [xp.sin, xp.exp, xp.tanh, ad.special.expit, ad.special.erf, xp.atan, xp.asinh]
BINARY = [xp.add, xp.multiply, xp.subtract, xp.logaddexp, xp.hypot]
programs = st.recursive(
    st.just(lambda x: x),
    lambda inner: st.one_of(
        st.builds(lambda f, g: lambda x: f(g(x)), st.sampled_from(UNARY), inner),
        st.builds(
            lambda f, g, h: lambda x: f(g(x), h(0.5 + x)), st.sampled_from(BINARY), inner, inner
        ),
    ),
    max_leaves=5,
)


@given(program=programs, x=st.floats(-1.0, 1.0))
@settings(max_examples=40, deadline=None)
def test_random_compositions_have_the_derivatives_of_nested_forward_mode(
    program: Any, x: float
) -> None:
    point = np.asarray(x)
    for order, actual in enumerate(derivatives(program, point, 4), 1):
        assert_close(actual, nested(program, order)(point))


def test_trees_of_arguments_give_trees_of_derivatives() -> None:
    def f(weights: Any, x: Any) -> Any:
        return {"y": xp.sum(xp.sin(weights["a"] @ x)), "z": [weights["b"] * x]}

    rng = np.random.default_rng(3)
    primals = ({"a": rng.normal(size=(3, 2)), "b": rng.normal()}, rng.normal(size=2))
    t = ({"a": rng.normal(size=(3, 2)), "b": np.asarray(rng.normal())}, rng.normal(size=2))
    primals[0]["b"] = np.asarray(primals[0]["b"])
    _, (first, second) = ad.jet(f, primals, [[t[0], None], [t[1], None]])
    assert_close(first["y"], ad.jvp(f, primals, t)[1]["y"])
    pushed = ad.jvp(lambda *p: ad.jvp(f, p, t)[1], primals, t)[1]
    assert_close(second["y"], pushed["y"])
    assert_close(second["z"][0], pushed["z"][0])


def test_choices_follow_the_branch_of_the_value() -> None:
    def f(x: Any) -> Any:
        return xp.where(x > 0, xp.sin(x), xp.exp(x)) + xp.max(xp.stack([x * x, x]))

    assert_close(
        derivatives(f, np.asarray(0.5), 3), [math.cos(0.5) + 1, -math.sin(0.5), -math.cos(0.5)]
    )


def test_complex_numbers_have_holomorphic_derivatives() -> None:
    z = np.asarray(0.3 + 0.4j)
    for k, actual in enumerate(derivatives(lambda z: xp.exp(1j * z) / z, z, 6), 1):
        expected = nested(lambda z: xp.exp(1j * z) / z, k)(z)
        assert_close(actual, expected)
    assert_close(derivatives(xp.tanh, z, 3)[2], nested(xp.tanh, 3)(z))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(dtype: Any) -> None:
    x = np.asarray([0.5, -1.25], dtype)
    value, series = ad.jet(lambda x: xp.tanh(x) / (1 + x * x), (x,), ([x, None, x],))
    assert {value.dtype, *(d.dtype for d in series)} == {np.dtype(dtype)}


def test_compiled_series_are_those_of_the_tape() -> None:
    def f(x: Any) -> Any:
        return derivatives(lambda x: xp.sum(ad.special.expit(x) * xp.exp(-x) ** 0.5), x, 7)

    x = np.asarray([0.5, -1.25, 3.0])
    for actual, expected in zip(ad.compile(f)(x), f(x), strict=True):
        assert_close(actual, expected, 1e-13)


def test_compiled_functions_take_series() -> None:
    f = ad.compile(lambda x: xp.exp(x) * x)
    assert_close(derivatives(f, np.asarray(0.5), 3)[2], 3.5 * math.exp(0.5))


def test_series_nest_with_the_other_modes() -> None:
    def f(x: Any) -> Any:
        return xp.tanh(x) * xp.sqrt(1 + x * x)

    x = np.asarray(0.7)
    fifth = nested(f, 5)(x)
    assert_close(ad.grad(lambda x: derivatives(f, x, 4)[3])(x), fifth)
    assert_close(derivatives(ad.grad(f), x, 4)[3], fifth)
    assert_close(derivatives(lambda x: derivatives(f, x, 2)[1], x, 3)[2], fifth)


def test_an_inner_series_does_not_see_the_outer_path() -> None:
    def f(x: Any) -> Any:
        return x * derivatives(lambda y: x * y * y, np.asarray(3.0), 2)[1]

    assert_close(derivatives(f, np.asarray(2.0), 2), [8.0, 4.0])


def test_functions_with_rules_of_their_own_follow_them() -> None:
    cube = ad.custom_jvp(lambda x: x**3, lambda t, ans, x: 3 * t[0] * x * x)
    square = ad.custom_vjp(lambda x: x**2, lambda g, ans, x: (2 * g * x,))
    kept = ad.checkpoint(lambda x: xp.exp(x) * x)
    x = np.asarray(1.5)
    assert_close(derivatives(cube, x, 4), [6.75, 9.0, 6.0, 0.0])
    assert_close(derivatives(square, x, 3), [3.0, 2.0, 0.0])
    assert_close(derivatives(kept, x, 3)[2], 4.5 * math.exp(1.5))


def test_balls_contain_the_derivatives() -> None:
    balls = pytest.importorskip("ball_arithmetic")
    with balls.precision(128):
        x = balls.numbers(0.25)
        for k, ball in enumerate(derivatives(lambda x: 1 / (1 - x), x, 24), 1):
            exact = balls.numbers(math.factorial(k)) * (balls.numbers(4) / 3) ** (k + 1)
            assert balls.contains(ball, exact).all() or (ball - exact).primal[()].contains(0)
            assert ball.primal[()].rel_accuracy_bits() > 100


def test_high_orders_cost_a_polynomial_number_of_operations() -> None:
    def operations(order: int) -> int:
        compiled = ad.compile(lambda x: derivatives(lambda x: 1 / (1 + xp.exp(x)), x, order)[-1])
        compiled(np.asarray(0.5))
        return sum(compiled.graph.operations.values())

    assert operations(32) <= 5 * operations(16) <= 25 * operations(8)


def least_times(calls: dict[str, Any], rounds: int) -> dict[str, float]:
    """The shortest time (s) of each call, all of them in turns."""
    least = dict.fromkeys(calls, math.inf)
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            least[name] = min(least[name], time.perf_counter() - start)
    return least


def tanh_by_exp(x: Any) -> Any:
    y = xp.exp(-2.0 * x)
    return (1.0 - y) / (1.0 + y)


def test_order_8_takes_a_hundredth_of_what_nested_modes_do_on_the_tape() -> None:
    x = np.asarray(0.5)
    times = least_times(
        {
            "nested": lambda: nested(tanh_by_exp, 8)(x),
            "taylor": lambda: derivatives(tanh_by_exp, x, 8),
        },
        rounds=5,
    )
    assert times["taylor"] <= times["nested"] / 100


@pytest.mark.parametrize("staging", ["tape", "compiled"])
def test_order_16_takes_at_most_four_times_as_long_as_order_8(staging: str) -> None:
    x = np.asarray(0.5)

    def many(order: int) -> Any:
        f: Any = partial(derivatives, tanh_by_exp, order=order)
        if staging == "compiled":
            f = ad.compile(lambda x: derivatives(tanh_by_exp, x, order)[-1])
        return lambda: [f(x) for _ in range(20)]

    times = least_times({"8": many(8), "16": many(16)}, rounds=50)
    assert times["16"] <= 4 * times["8"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((1.0, ([1.0],)), TypeError, "primals: give a tuple or list"),
        (((1.0,), 1.0), TypeError, "series: give a tuple or list"),
        (((1.0,), (1.0,)), TypeError, "give a list of its derivatives"),
        (((1.0,), ([1.0], [1.0])), ValueError, "give a list of derivatives for each argument"),
        (((1.0, 2.0), ([1.0], [1.0, None])), ValueError, "give as many of each argument"),
        (((1.0,), ([],)), ValueError, "give at least the first"),
        (((1,), ([1.0],)), TypeError, "floating-point arrays only"),
        (((1.0,), ([np.ones(2)],)), ValueError, "derivative 1 of the series"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(
    arguments: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ad.jet(lambda *x: x[0], *arguments)
