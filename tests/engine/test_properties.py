"""Claims about every shape and index, on examples that hypothesis looks for."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import reference_ad as ad

xp = ad.numpy
quick = settings(max_examples=60, deadline=None)


def random(shape: Any, seed: int = 0) -> Any:
    return np.asarray(np.random.default_rng(seed).uniform(0.5, 2.0, shape))


def assert_adjoint(f: Any, *x: Any) -> None:
    t = tuple(random(a.shape, 1) for a in x)
    value, tangent = ad.jvp(f, x, t)
    u = random(value.shape, 2)
    cotangents = ad.vjp(f, *x)[1](u)
    assert tangent.shape == value.shape
    assert [g.shape for g in cotangents] == [a.shape for a in x]
    np.testing.assert_allclose(
        np.sum(u * tangent),
        sum(np.sum(g * b) for g, b in zip(cotangents, t, strict=True)),
        rtol=1e-11,
        atol=1e-12,
    )


@quick
@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3, min_side=0))
def test_broadcasting_is_undone_for_every_pair_of_shapes(shapes: Any) -> None:
    x, y = (random(shape, k) for k, shape in enumerate(shapes.input_shapes))
    assert_adjoint(lambda x, y: x * y + x / y, x, y)


@quick
@given(
    hnp.mutually_broadcastable_shapes(signature="(m?,n),(n,p?)->(m?,p?)", max_dims=3, max_side=3)
)
def test_matmul_is_adjoint_in_every_shape(shapes: Any) -> None:
    x, y = (random(shape, k) for k, shape in enumerate(shapes.input_shapes))
    np.testing.assert_array_equal(xp.matmul(x, y), np.matmul(x, y))
    assert_adjoint(xp.matmul, x, y)


@quick
@given(st.data())
def test_indexing_scatters_back_to_where_it_came_from(data: Any) -> None:
    shape = data.draw(hnp.array_shapes(max_dims=3, max_side=4))
    index = data.draw(
        hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)
        | hnp.integer_array_indices(shape)
        | hnp.arrays(bool, shape)
    )
    x = random(shape)
    counts = np.zeros(shape)
    np.add.at(counts, index, 1)
    np.testing.assert_array_equal(ad.grad(lambda x: xp.sum(x[index]))(x), counts)
    assert_adjoint(lambda x: x[index] * x[index], x)


@quick
@given(st.data())
def test_reductions_take_every_axis(data: Any) -> None:
    shape = data.draw(hnp.array_shapes(max_dims=3, max_side=4))
    axis = data.draw(st.none() | hnp.valid_tuple_axes(len(shape)))
    keepdims = data.draw(st.booleans())
    x = random(shape)
    for name in ["sum", "mean", "prod", "max", "min", "var"]:
        if axis == () and name == "var":
            continue
        f, reference = getattr(xp, name), getattr(np, name)
        np.testing.assert_allclose(
            f(x, axis=axis, keepdims=keepdims),
            reference(x, axis=axis, keepdims=keepdims),
            rtol=1e-12,
            atol=1e-14,
        )
        assert_adjoint(lambda x, f=f: f(x, axis=axis, keepdims=keepdims), x)
    assert_adjoint(lambda x: xp.special.logsumexp(x, axis=axis, keepdims=keepdims), x)


@quick
@given(st.data())
def test_structural_functions_agree_with_numpy(data: Any) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=2, max_dims=4, max_side=3))
    x = random(shape)
    source, target = (
        data.draw(st.integers(-len(shape), len(shape) - 1)),
        data.draw(st.integers(0, len(shape) - 1)),
    )
    offset = data.draw(st.integers(-2, 2))
    pairs = [
        (lambda x: xp.moveaxis(x, source, target), lambda x: np.moveaxis(x, source, target)),
        (lambda x: xp.diagonal(x, offset=offset), lambda x: np.diagonal(x, offset, -2, -1)),
        (lambda x: xp.tile(x, (2, 1)), lambda x: np.tile(x, (2, 1))),
        (lambda x: xp.repeat(x, 2, axis=source), lambda x: np.repeat(x, 2, source)),
        (lambda x: xp.flip(x), lambda x: np.flip(x)),
        (lambda x: xp.roll(x, offset), lambda x: np.roll(x, offset)),
        (lambda x: xp.expand_dims(x, axis=source), lambda x: np.expand_dims(x, source)),
        (
            lambda x: xp.stack(xp.unstack(x, axis=source), axis=target),
            lambda x: np.moveaxis(x, source, target),
        ),
        (lambda x: xp.diff(x, axis=source), lambda x: np.diff(x, axis=source)),
        (lambda x: xp.cumulative_sum(x, axis=source), lambda x: np.cumsum(x, axis=source)),
        (lambda x: xp.sort(x, axis=source, descending=True), lambda x: -np.sort(-x, axis=source)),
        (
            lambda x: xp.tensordot(x, x, axes=([source], [source])),
            lambda x: np.tensordot(x, x, ([source], [source])),
        ),
        (lambda x: xp.vecdot(x, x, axis=source), lambda x: np.sum(x * x, axis=source)),
        (lambda x: xp.concat([x, x], axis=None), lambda x: np.concatenate([x, x], axis=None)),
    ]
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-12)
        assert_adjoint(ours, x)
