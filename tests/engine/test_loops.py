"""Loops give what their steps written out give, in every transformation, compiled or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import reference_ad as ad
from reference_ad.engine import tree

xp = ad.numpy
RNG = np.random.default_rng(0)
LENGTH = 5
WEIGHTS = RNG.standard_normal((3, 3)) / 2
START = RNG.standard_normal(3)
INPUTS = RNG.standard_normal((LENGTH, 3))
POINT = (WEIGHTS, START, INPUTS)


def unrolled(step: Any, init: Any, xs: Any) -> Any:
    carry, ys = init, []
    for k in range(len(tree.leaves(xs)[0])):
        carry, y = step(carry, tree.map(lambda x, k=k: x[k], xs))
        ys.append(y)
    return carry, tree.map(lambda *parts: xp.stack(list(parts)), *ys)


def network(scan: Any) -> Any:
    """A recurrent network whose step finds its weights around it, with an integer in the carry."""

    def f(point: Any) -> Any:
        weights, start, inputs = point

        def step(carry: Any, x: Any) -> Any:
            state, count = carry
            state = xp.tanh(weights @ state + x) * (1 + count / 7)
            return (state, count + 1), {"s": state * x, "n": count}

        (state, count), ys = scan(step, (start, np.asarray(0)), inputs)
        return xp.sum(ys["s"] ** 2) * xp.sum(state) + count + xp.sum(ys["n"])

    return f


ON_LOOPS, WRITTEN_OUT = network(xp.scan), network(unrolled)
DIRECTION = tuple(RNG.standard_normal(x.shape) for x in POINT)

OPERATORS = {
    "value": lambda f: f,
    "gradient": ad.grad,
    "value and gradient": ad.value_and_grad,
    "tangent": lambda f: lambda x: ad.jvp(f, (x,), (DIRECTION,)),
    "product with the Hessian": lambda f: lambda x: ad.hvp(f, (x,), (DIRECTION,)),
    "gradient of a gradient": lambda f: ad.grad(
        lambda x: sum(xp.sum(g * v) for g, v in zip(ad.grad(f)(x), DIRECTION, strict=True))
    ),
    "Jacobian, forward": lambda f: ad.jacfwd(lambda x: xp.stack([f(x), 2 * f(x)])),
    "Jacobian, reverse": lambda f: ad.jacrev(lambda x: xp.stack([f(x), f(x) ** 2])),
    "Hessian": ad.hessian,
    "series": lambda f: lambda x: ad.jet(f, (x,), ([DIRECTION, None, None],))[1],
}


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("operator", OPERATORS)
def test_a_scan_is_its_steps_written_out(operator: str, compiled: bool) -> None:
    of_loop = OPERATORS[operator](ON_LOOPS)
    if compiled:
        of_loop = ad.compile(of_loop)
    for _ in range(2):
        ours = tree.leaves(of_loop(POINT))
        theirs = tree.leaves(OPERATORS[operator](WRITTEN_OUT)(POINT))
        for x, y in zip(ours, theirs, strict=True):
            assert np.shape(x) == np.shape(y)
            np.testing.assert_allclose(x, y, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("operator", ["gradient", "tangent", "Hessian", "Jacobian, reverse"])
def test_a_compiled_loop_is_differentiated_like_any_program(operator: str) -> None:
    compiled = ad.compile(ON_LOOPS)
    compiled(POINT)
    ours = tree.leaves(OPERATORS[operator](compiled)(POINT))
    theirs = tree.leaves(OPERATORS[operator](WRITTEN_OUT)(POINT))
    for x, y in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-11, atol=1e-11)


def test_a_compiled_loop_is_one_node_however_long() -> None:
    def f(x: Any) -> Any:
        return xp.fori_loop(0, 1000, lambda k, y: xp.sin(y) + k * 1e-3, x)

    run = ad.compile(ad.grad(f))
    run(np.asarray(0.3))
    assert len(run.graph.nodes) < 30
    assert run.graph.flops > 3000


def test_a_loop_inside_of_a_loop() -> None:
    def f(x: Any) -> Any:
        def outer(k: Any, y: Any) -> Any:
            return xp.fori_loop(0, 3, lambda j, z: xp.sin(z) * x + y * j / 9, y)

        return xp.fori_loop(0, 4, outer, x)

    def written_out(x: Any) -> Any:
        y = x
        for _ in range(4):
            z = y
            for j in range(3):
                z = xp.sin(z) * x + y * j / 9
            y = z
        return y

    x = np.asarray(0.7)
    for operator in (lambda f: f, ad.grad, lambda f: ad.grad(ad.grad(f))):
        expected = operator(written_out)(x)
        assert np.allclose(operator(f)(x), expected, rtol=1e-12)
        assert np.allclose(ad.compile(operator(f))(x), expected, rtol=1e-12)


def test_a_float32_loop_stays_float32() -> None:
    point = tuple(x.astype(np.float32) for x in POINT)

    def f(point: Any) -> Any:
        weights, start, inputs = point
        return xp.scan(lambda c, x: (xp.tanh(weights @ c + x), c[0] * x), start, inputs)

    for run in (f, ad.compile(f)):
        state, ys = run(point)
        assert (state.dtype, ys.dtype) == (np.float32, np.float32)
        assert (state.shape, ys.shape) == ((3,), (LENGTH, 3))


def test_a_loop_of_no_steps_gives_what_it_starts_with() -> None:
    def f(x: Any) -> Any:
        return xp.scan(lambda c, y: (c * 2, c + y), x, xp.zeros((0, 2), dtype=x.dtype))

    for run in (f, ad.compile(f)):
        carry, ys = run(np.ones(2))
        assert carry.tolist() == [1, 1]
        assert ys.shape == (0, 2)
    assert xp.fori_loop(3, 2, lambda k, c: c * 2, np.ones(2)).tolist() == [1, 1]


def test_a_loop_without_arrays_to_go_through() -> None:
    def f(x: Any) -> Any:
        carry, ys = xp.scan(lambda c, _: (c * x, None), x, length=3)
        assert ys is None
        return carry

    for run in (f, ad.compile(f)):
        assert run(np.asarray(2.0)) == 16


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: xp.scan(lambda c, x: (c, x), 1.0), "neither arrays to go through nor a length"),
        (lambda: xp.scan(lambda c, x: (c, x), 1.0, np.ones(3), 4), "a length of 3, 4 steps"),
        (lambda: xp.scan(lambda c, x: c, np.ones(2), np.ones(3)), "returned ndarray: return the"),
        (lambda: xp.scan(lambda c, x: ((c, c), x), np.ones(2), np.ones(3)), "(*, *) for *"),
        (
            lambda: xp.scan(lambda c, x: (c[:1], x), np.ones(2), np.ones(3)),
            "a carry of shape (1,) and dtype float64 for one of shape (2,) and dtype float64",
        ),
        (lambda: xp.scan(lambda c, x: (c, x), 1.0, length=2.5), "give a Python int"),
        (lambda: xp.fori_loop(0, np.asarray(3), lambda k, c: c, 1.0), "give a Python int"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(call: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert sentence in str(caught.value)
