"""Claims about linearisations and about Jacobians that are made in one batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from primitive_samples import DIFFERENTIABLE, Sample, of_active

import reference_ad as ad
from reference_ad.engine import tree
from reference_ad.engine.core import PRIMITIVES
from reference_ad.rules.structural import getitem
from reference_ad.transformations import batching

xp = ad.numpy
RNG = np.random.default_rng(0)
W, B, X = RNG.standard_normal((4, 3)), RNG.standard_normal(4), RNG.standard_normal(3)


def one_by_one(f: Any, x: tuple[Any, ...], position: int) -> Any:
    """The Jacobian with respect to one argument, a column at a time."""
    leaf = x[position]
    columns = []
    for unit in np.eye(leaf.size):
        tangents = [np.zeros_like(a) for a in x]
        tangents[position] = unit.reshape(leaf.shape)
        columns.append(ad.jvp(f, x, tangents)[1])
    return np.stack(columns, axis=-1).reshape((*columns[0].shape, *leaf.shape))


def compare(found: Any, expected: Any) -> None:
    assert tree.flatten(found)[1] == tree.flatten(expected)[1]
    for a, b in zip(tree.leaves(found), tree.leaves(expected), strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_every_primitive_has_the_same_jacobian_in_a_batch_as_one_by_one(
    primitive: Any, sample: Sample
) -> None:
    f, x = of_active(primitive, sample)
    if any(a.size == 0 for a in x):
        return
    every = tuple(range(len(x)))
    expected = tuple(one_by_one(f, x, k) for k in every)
    compare(ad.jacfwd(f, every)(*x), expected)
    compare(ad.jacrev(f, every)(*x), expected)


@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_a_primitive_without_a_rule_is_batched_all_the_same(
    primitive: Any, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    f, x = of_active(primitive, sample)
    if any(a.size == 0 for a in x):
        return
    expected = ad.jacfwd(f)(*x), ad.jacrev(f)(*x)
    for other in set(PRIMITIVES.values()) - {getitem}:
        monkeypatch.setattr(other, "batching", None)
    compare((ad.jacfwd(f)(*x), ad.jacrev(f)(*x)), expected)


SHAPES = [
    ((3, 4), (4, 2)),
    ((4,), (4, 2)),
    ((3, 4), (4,)),
    ((4,), (4,)),
    ((2, 3, 4), (4, 2)),
    ((3, 4), (2, 4, 2)),
] + [*[((2, 1, 3, 4), (5, 4, 2)), ((4,), (2, 4, 3)), ((2, 3, 4), (4,))]]


@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_products_are_batched_where_both_factors_are(left: Any, right: Any) -> None:
    x, y = RNG.standard_normal(left), RNG.standard_normal(right)

    def slope(
        a: Any, b: Any
    ) -> Any:  # its tangent has a product of two tangents when it is differentiated again
        return ad.jvp(lambda s: (s * a) @ (s * s * b), (np.asarray(1.0),), (np.asarray(1.0),))[1]

    expected = tuple(one_by_one(slope, (x, y), k) for k in range(2))
    compare(ad.jacfwd(slope, (0, 1))(x, y), expected)
    compare(ad.jacrev(slope, (0, 1))(x, y), expected)

    def curved(s: Any) -> Any:  # both factors depend on the one active argument
        return (s[0] * x) @ (xp.sin(s[1]) * s[0] * y)

    s = np.asarray([0.3, 0.9])
    compare(ad.jacfwd(ad.jacrev(curved))(s), ad.jacrev(ad.jacfwd(curved))(s))


def test_a_basis_is_taken_in_parts_where_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(w: Any) -> Any:
        return xp.tanh(w @ X + B), xp.sum(w), 3.0

    expected = ad.jacfwd(f)(W), ad.jacrev(f)(W)
    monkeypatch.setattr(batching, "MEMORY", 60)
    compare((ad.jacfwd(f)(W), ad.jacrev(f)(W)), expected)


@pytest.mark.parametrize("outer", [ad.jacfwd, ad.jacrev])
@pytest.mark.parametrize("inner", [ad.jacfwd, ad.jacrev])
def test_jacobians_nest_and_compile(outer: Any, inner: Any) -> None:
    def f(x: Any) -> Any:
        return xp.tanh(W @ x + B) * xp.sum(x * x)

    second = outer(inner(f))
    compare(second(X), ad.jacfwd(ad.jacfwd(f))(X))
    compare(ad.compile(second)(X), second(X))
    third = ad.jacfwd(second)
    compare(ad.compile(third)(X), ad.jacrev(second)(X))
    np.testing.assert_allclose(third(X), np.moveaxis(third(X), -1, -2), rtol=1e-10, atol=1e-12)


def test_jacobians_own_their_memory() -> None:
    for transform in [ad.jacfwd, ad.jacrev]:
        first, second = transform(lambda x, y: x + y, (0, 1))(X, X)
        first[...] = 7
        np.testing.assert_array_equal(second, np.eye(3))
        both = transform(lambda x: (x, x))(X)
        both[0][...] = 7
        np.testing.assert_array_equal(both[1], np.eye(3))


def test_a_linearisation_runs_the_function_once() -> None:
    runs = []

    def f(p: Any, x: Any) -> Any:
        runs.append(None)
        return {"y": xp.tanh(p["w"] @ x), "n": xp.sum(x), "c": 2.0}

    value, pushforward = ad.linearize(f, {"w": W}, X)
    for scale in [1.0, -2.0]:
        tangents = {"w": scale * W}, scale * X
        compare(pushforward(*tangents), ad.jvp(f, ({"w": W}, X), tangents)[1])
    compare(value, ad.jvp(f, ({"w": W}, X), ({"w": W}, X))[0])
    assert len(runs) == 1 + 2 + 1


def test_a_linearisation_can_be_differentiated_and_compiled() -> None:
    def along(x: Any, t: Any) -> Any:
        return ad.linearize(lambda x: xp.sum(xp.sin(x) ** 3), x)[1](t)

    expected = ad.hvp(lambda x: xp.sum(xp.sin(x) ** 3), (X,), (X + 1,))
    compare(ad.grad(along)(X, X + 1), expected)
    compare(ad.compile(ad.grad(along))(X, X + 1), expected)


def test_a_linearisation_says_where_tangents_do_not_fit() -> None:
    pushforward = ad.linearize(xp.sin, X)[1]
    with pytest.raises(
        ValueError, match=r"The pushforward was given tangents\[0\] of shape \(2,\)"
    ):
        pushforward(X[:2])


@pytest.mark.parametrize("transform", [ad.jacfwd, ad.jacrev])
def test_numbers_are_stacked_with_arrays(transform: Any) -> None:
    def f(x: Any) -> Any:
        return xp.stack([x[0] * x[1], 1.0, x[2], 2])

    expected = one_by_one(f, (X,), 0)
    compare(transform(f)(X), expected)
    compare(ad.compile(transform(f))(X), expected)
    second = [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(transform(transform(f))(X)[0], second)
    np.testing.assert_array_equal(ad.hessian(lambda x: f(x)[0])(X), second)


@pytest.mark.parametrize(
    "transform", [ad.hessian, lambda f: ad.jacfwd(ad.jacrev(f)), lambda f: ad.jacrev(ad.jacfwd(f))]
)
def test_an_empty_argument_has_empty_blocks(transform: Any) -> None:
    def f(p: Any) -> Any:
        return xp.sum(p["x"] ** 2) * (1 + xp.sum(xp.exp(p["none"])))

    given = {"x": X, "none": np.zeros(0)}
    expected = {"x": {"x": 2 * np.eye(3), "none": np.zeros((3, 0))}}
    expected["none"] = {"x": np.zeros((0, 3)), "none": np.zeros((0, 0))}
    compare(transform(f)(given), expected)
    compare(ad.compile(transform(f))(given), expected)
    compare(transform(ad.compile(f))(given), expected)


@pytest.mark.parametrize(
    "index",
    [
        2,
        np.int64(-1),
        (..., 1),
        (None, slice(None, None, -2)),
        [0, 0, 3],
        [],
        (np.asarray([[0, 3], [3, 0]]), ..., np.asarray(1)),
        ([0, 1], None, 2),
        (slice(1), np.asarray([2, 2])),
        W > 0,
        (W[:, 0] > 0, 1),
    ],
)
def test_every_kind_of_index_has_its_jacobian(index: Any) -> None:
    def f(w: Any) -> Any:
        return w[index] ** 2

    np.testing.assert_array_equal(ad.jvp(f, (W,), (W,))[0], f(W))
    expected = one_by_one(f, (W,), 0)
    for transform in [ad.jacfwd, ad.jacrev]:
        compare(transform(f)(W), expected)
        compare(ad.compile(transform(f))(W), expected)
        compare(transform(ad.compile(f))(W), expected)


def test_nested_lists_are_broadcast_like_the_arrays_they_stand_for() -> None:
    rows, x = [[1.0, 2.0], [3.0, 4.0]], np.ones(2)
    expected = ad.jacfwd(lambda x: x * np.asarray(rows))(x)
    for transform in (ad.jacfwd, ad.jacrev, lambda f: ad.compile(ad.jacfwd(f))):
        np.testing.assert_array_equal(transform(lambda x: x * rows)(x), expected)
