"""Functions with rules of their own behave like any other.

In both modes, nested, on trees and on balls.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import reference_ad as ad
from ball_arithmetic import numbers

xp = ad.numpy
X = np.asarray([0.3, -0.7, 1.1])


def plain(p: Any, k: int) -> Any:
    return xp.sin(p["x"]) * p["y"] ** k


def jvp_rule(tangents: Any, ans: Any, p: Any, k: int) -> Any:
    t, _ = tangents
    return xp.cos(p["x"]) * p["y"] ** k * t["x"] + k * xp.sin(p["x"]) * p["y"] ** (k - 1) * t["y"]


def vjp_rule(g: Any, ans: Any, p: Any, k: int) -> Any:
    return {
        "x": g * xp.cos(p["x"]) * p["y"] ** k,
        "y": k * g * xp.sin(p["x"]) * p["y"] ** (k - 1),
    }, None


@pytest.mark.parametrize(
    "f",
    [ad.custom_jvp(plain, jvp_rule), ad.custom_vjp(plain, vjp_rule), ad.checkpoint(plain)],
    ids=["custom_jvp", "custom_vjp", "checkpoint"],
)
def test_right_rules_give_the_derivatives_of_the_plain_function(f: Any) -> None:
    p, t = {"x": X, "y": X + 2}, {"x": X - 1, "y": 2 * X}

    def scalar(f: Any) -> Any:
        return lambda p: xp.sum(f(p, 3) ** 2)

    for derivative in [
        lambda f: scalar(f)(p),
        lambda f: ad.grad(scalar(f))(p),
        lambda f: ad.jvp(lambda p: f(p, 3), (p,), (t,)),
        lambda f: ad.hvp(scalar(f), (p,), (t,)),
        lambda f: ad.grad(lambda p: ad.jvp(scalar(f), (p,), (t,))[1])(p),
        lambda f: ad.grad(lambda p: xp.sum(ad.grad(scalar(f))(p)["x"] ** 2))(p),
    ]:
        for found, expected in zip(
            ad.tree.leaves(derivative(f)), ad.tree.leaves(derivative(plain)), strict=True
        ):
            np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_given_rule_is_what_is_used() -> None:
    straight_through = ad.custom_jvp(xp.round, lambda tangents, ans, x: tangents[0])
    clipped = ad.custom_vjp(lambda x: x, lambda g, ans, x: (xp.clip(g, -1.0, 1.0),))
    np.testing.assert_array_equal(ad.grad(lambda x: xp.sum(straight_through(x) * X))(X), X)
    np.testing.assert_array_equal(ad.grad(lambda x: xp.sum(clipped(x) * 5.0))(X), [1, 1, 1])


def test_checkpoint_computes_again_what_it_did_not_keep() -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(1)
        return xp.tanh(xp.sin(x))

    ad.grad(lambda x: xp.sum(ad.checkpoint(f)(x)))(X)
    assert len(calls) == 2


def test_a_traced_array_that_comes_in_by_the_side_door_is_refused() -> None:
    with pytest.raises(
        TypeError, match="uses a traced array that is not among its arguments: pass it as one"
    ):
        ad.grad(lambda x: xp.sum(ad.checkpoint(lambda y: y * x)(X)))(X)
    with pytest.raises(TypeError, match="uses a traced array that is not among its arguments"):
        ad.grad(lambda x: xp.sum(x * ad.checkpoint(lambda y: y * x)(x)))(X)


def test_rules_run_on_balls() -> None:
    pytest.importorskip("flint")
    balls = {"x": numbers(X), "y": numbers(X + 2)}
    expected = ad.grad(lambda p: xp.sum(plain(p, 3)))(balls)
    for f in [ad.custom_jvp(plain, jvp_rule), ad.custom_vjp(plain, vjp_rule), ad.checkpoint(plain)]:
        found = ad.grad(lambda p, f=f: xp.sum(f(p, 3)))(balls)
        for one, other in zip(ad.tree.leaves(found), ad.tree.leaves(expected), strict=True):
            assert all(v.overlaps(w) for v, w in zip(one.primal, other.primal, strict=True))


@pytest.mark.parametrize(
    "rule",
    [lambda g, ans, x, y: (g,), lambda g, ans, x, y: g, lambda g, ans, x, y: (xp.sum(g), g)],
    ids=["too few", "no tuple", "another shape"],
)
def test_a_vjp_rule_that_answers_something_else_is_refused(rule: Any) -> None:
    with pytest.raises(
        ValueError, match="A VJP rule must return a tuple with one cotangent per argument"
    ):
        ad.grad(lambda x: xp.sum(ad.custom_vjp(lambda x, y: x * y, rule)(x, x)))(X)


def test_a_jvp_rule_that_answers_another_shape_is_refused() -> None:
    f = ad.custom_jvp(lambda x: 2 * x, lambda tangents, ans, x: xp.sum(tangents[0]))
    with pytest.raises(ValueError, match="A JVP rule returned shape .* for an answer of shape"):
        ad.jvp(f, (X,), (X,))


def test_a_function_with_rules_returns_one_array() -> None:
    with pytest.raises(TypeError, match="returned tuple: it must return one array"):
        ad.checkpoint(lambda x: (x, x))(X)
    np.testing.assert_array_equal(
        ad.grad(lambda x: xp.sum(x) + ad.checkpoint(lambda x: 2.0)(x))(X), [1, 1, 1]
    )


def test_a_pullback_sees_what_is_written_into_its_cotangent() -> None:
    _, pullback = ad.vjp(ad.custom_vjp(lambda x: 2 * x, lambda g, ans, x: (3 * g,)), X)
    cotangent = np.ones(3)
    pullback(cotangent)
    cotangent[:] = 5
    np.testing.assert_array_equal(pullback(cotangent)[0], [15, 15, 15])


def test_derivatives_by_rules_have_the_dtype_of_what_they_belong_to() -> None:
    x = X.astype(np.float32)
    f = ad.custom_jvp(lambda x: 2 * x, lambda tangents, ans, x: np.float64(2) * tangents[0])
    assert ad.jvp(f, (x,), (x,))[1].dtype == np.float32
    tangent = ad.jvp(lambda x: ad.checkpoint(lambda y: 3 * y)(f(x)), (x,), (x,))[1]
    np.testing.assert_array_equal(tangent, 6 * x)


def test_a_rule_may_answer_with_a_number() -> None:
    by_vjp = ad.custom_vjp(lambda x: 2 * x, lambda g, ans, x: (0.0,))
    by_jvp = ad.custom_jvp(lambda x: 2 * x, lambda tangents, ans, x: 0.0)
    for f in (by_vjp, by_jvp):
        for transform in (ad.grad, ad.jacfwd, lambda f: ad.compile(ad.grad(f))):
            assert transform(f)(1.0) == 0
        assert type(ad.jvp(f, (1.0,), (1.0,))[1]) is np.ndarray


def test_a_rule_may_call_its_own_function() -> None:
    exponential = ad.custom_jvp(lambda x: xp.exp(x), lambda t, ans, x: t[0] * exponential(x))

    def recursive(x: Any, n: int) -> Any:
        return x * power(x, n - 1) if n else 0 * x + 1

    power = ad.custom_jvp(recursive, lambda t, ans, x, n: n * power(x, n - 1) * t[0] if n else 0.0)
    x = np.asarray(0.5)
    for transform in (ad.jacfwd, ad.grad, lambda f: ad.compile(ad.grad(f))):
        for order in range(3):
            derivative = exponential
            for _ in range(order + 1):
                derivative = transform(derivative)
            np.testing.assert_allclose(derivative(x), np.exp(0.5), rtol=1e-15)
        np.testing.assert_allclose(transform(transform(lambda x: power(x, 3)))(x), 3.0)


def test_a_rule_that_asks_for_its_own_derivative_is_named() -> None:
    def endless(x: Any) -> Any:
        return xp.sin(x)

    by_jvp = ad.custom_jvp(endless, lambda t, ans, x: ad.jvp(by_jvp, (x,), t)[1])
    by_vjp = ad.custom_vjp(endless, lambda g, ans, x: (g * ad.grad(by_vjp)(x),))
    for f in (by_jvp, by_vjp):
        for derivative in (ad.grad(f), lambda x, f=f: ad.jvp(f, (x,), (x,))):
            with pytest.raises(RecursionError, match="The rule of 'endless' does not end: "):
                derivative(np.asarray(0.5))
