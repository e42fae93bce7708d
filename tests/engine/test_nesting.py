"""Transformations inside transformations, in any order and to any depth."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import reference_ad as ad

xp = ad.numpy


def forward_derivative(f: Any) -> Any:
    return lambda x: ad.jvp(f, (x,), (1.0,))[1]


DERIVATIVES = [pytest.param(forward_derivative, id="forward"), pytest.param(ad.grad, id="reverse")]


def tanh(x: Any) -> Any:
    y = xp.exp(-2 * x)
    return (1 - y) / (1 + y)


def tanh_derivatives(x: float, order: int) -> list[float]:
    """Derivatives of tanh by a recursion on polynomials in t = tanh(x).

    P_0 = t, P_(k+1) = P_k' (1 - t^2).
    """
    polynomial = np.polynomial.Polynomial([0, 1])
    values = []
    for _ in range(order):
        polynomial = polynomial.deriv() * np.polynomial.Polynomial([1, 0, -1])
        values.append(float(polynomial(np.tanh(x))))
    return values


@pytest.mark.parametrize("pattern", ["rrrrrrrr", "ffffffff", "rfrfrfrf", "ffffrrrr", "rrrrffff"])
def test_eight_nested_derivatives_of_tanh_follow_the_polynomial_recursion(pattern: str) -> None:
    derivative = tanh
    for expected, mode in zip(tanh_derivatives(0.3, 8), pattern, strict=True):
        derivative = ad.grad(derivative) if mode == "r" else forward_derivative(derivative)
        np.testing.assert_allclose(derivative(0.3), expected, rtol=1e-9)


@pytest.mark.parametrize("outer", DERIVATIVES)
@pytest.mark.parametrize("inner", DERIVATIVES)
def test_an_inner_derivative_does_not_see_the_outer_perturbation(outer: Any, inner: Any) -> None:
    # d/dx (x * d/dy (x + y) at y = 1) = 1; an engine that confuses perturbations says 2
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1.0


@pytest.mark.parametrize("outer", DERIVATIVES)
@pytest.mark.parametrize("inner", DERIVATIVES)
def test_an_inner_derivative_taken_at_the_outer_variable_is_right(outer: Any, inner: Any) -> None:
    # d/dx (x * d/dy (x y^2) at y = x) = d/dx 2 x^3 = 6 x^2
    assert outer(lambda x: x * inner(lambda y: x * y * y)(x))(3.0) == 54.0


@pytest.mark.parametrize("outer", DERIVATIVES)
@pytest.mark.parametrize("inner", DERIVATIVES)
def test_an_inner_derivative_of_a_function_constant_in_its_variable_is_zero(
    outer: Any, inner: Any
) -> None:
    assert outer(lambda x: x + inner(lambda y: x * x)(2.0))(3.0) == 1.0


@pytest.mark.parametrize("outer", DERIVATIVES)
@pytest.mark.parametrize("inner", DERIVATIVES)
def test_a_function_made_under_one_derivative_and_used_under_another_keeps_them_apart(
    outer: Any, inner: Any
) -> None:
    # the "amazing bug" of Manzyuk et al. (2019): a derivative that returns a function, applied
    # twice
    def shift(offset: Any) -> Any:
        return lambda f: lambda x: f(x + offset)

    def derivative_of_shifted(f: Any) -> Any:
        return lambda x: outer(lambda offset: shift(offset)(f)(x))(0.0)

    assert inner(derivative_of_shifted(derivative_of_shifted(lambda x: x**4)))(1.0) == 24.0


def test_all_four_hessians_agree() -> None:
    def f(x: Any) -> Any:
        return xp.sum(xp.sin(x) * xp.exp(xp.roll(x, 1)))

    x = np.asarray([0.3, -0.7, 1.1])
    expected = ad.hessian(f)(x)
    for outer in [ad.jacfwd, ad.jacrev]:
        for inner in [ad.jacfwd, ad.jacrev]:
            np.testing.assert_allclose(outer(inner(f))(x), expected, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(expected, expected.T, rtol=1e-13)


def test_transposing_the_pullback_gives_the_jvp() -> None:
    def f(x: Any) -> Any:
        return xp.tanh(x @ np.asarray([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))

    x, t = np.asarray([0.1, -0.2, 0.05]), np.asarray([1.0, 2.0, -1.0])
    value, pullback = ad.vjp(f, x)
    _, transposed = ad.vjp(lambda u: pullback(u)[0], np.zeros_like(value))
    np.testing.assert_allclose(transposed(t)[0], ad.jvp(f, (x,), (t,))[1], rtol=1e-14)


def test_branching_on_values_is_plain_python() -> None:
    def f(x: Any) -> Any:
        return x * x if x > 0 else -x

    assert ad.grad(f)(3.0) == 6.0
    assert ad.grad(ad.grad(f))(3.0) == 2.0
    assert ad.grad(f)(-3.0) == -1.0


def test_threads_do_not_disturb_one_another() -> None:
    answers: dict[int, Any] = {}

    def work(k: int) -> None:
        for _ in range(50):
            answers[k] = ad.grad(ad.grad(lambda x: x**k))(2.0)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(2, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {k: k * (k - 1) * 2.0 ** (k - 2) for k in range(2, 8)}


def test_a_tape_of_a_hundred_thousand_operations_needs_no_recursion() -> None:
    def f(x: Any) -> Any:
        for _ in range(50_000):
            x = 0.5 * x + 1.0
        return x

    assert ad.grad(f)(1.0) == pytest.approx(0.0, abs=1e-300)
    value, tangent = ad.jvp(f, (1.0,), (1.0,))
    assert value == 2.0
    assert tangent == 0.5**50_000


def test_a_value_used_many_times_collects_all_its_cotangents() -> None:
    def f(x: Any) -> Any:
        for _ in range(30):
            x = x + x
        return x

    assert ad.grad(f)(1.0) == 2.0**30
