"""Every operator in every mode, derived from a backend's `jvp` and `vjp`.

One function each, named like the method that a backend may define instead. All have the signature
`(backend, function, active, direction) -> answer` of `base.py`, with the backend in front; `needs`
lists the primitives they use. Loops over basis vectors are ordinary Python loops: a framework that
can push all of them at once has its own Jacobian, and says so by overriding.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

from reference_ad.engine import tree

if TYPE_CHECKING:
    from adbench.backends.base import Answer, Backend, Function

    Derived = Callable[[Backend, Function, Any, Any], Answer]


def needs(*primitives: str) -> Callable[[Derived], Derived]:
    """Say which primitives of the backend a derived route uses."""

    def mark(method: Derived) -> Derived:
        method.needs = primitives  # type: ignore[attr-defined]
        return method

    return mark


# ---- first order


@needs("jvp")
def derivative_forward(backend: Any, function: Function, active: Any, order: int) -> Answer:
    one = _ones_like(backend, active)
    for _ in range(order):
        function = _pushed(backend, function, one)
    return function(active)


@needs("vjp")
def derivative_reverse(backend: Any, function: Function, active: Any, order: int) -> Answer:
    for _ in range(order):
        function = _pulled(backend, function)
    return function(active)


@needs("jvp")
def gradient_forward(backend: Any, function: Function, active: Any, direction: None) -> Answer:
    return _from_columns(backend, active, lambda e: backend.jvp(function, active, e)[1])


@needs("vjp")
def gradient_reverse(backend: Any, function: Function, active: Any, direction: None) -> Answer:
    output, pullback = backend.vjp(function, active)
    return pullback(_ones_like(backend, output))


@needs("jvp")
def value_and_gradient_forward(
    backend: Any, function: Function, active: Any, direction: None
) -> Answer:
    return function(active), gradient_forward(backend, function, active, None)


@needs("vjp")
def value_and_gradient_reverse(
    backend: Any, function: Function, active: Any, direction: None
) -> Answer:
    output, pullback = backend.vjp(function, active)
    return output, pullback(_ones_like(backend, output))


@needs("jvp")
def jvp_forward(backend: Any, function: Function, active: Any, tangent: Any) -> Answer:
    return backend.jvp(function, active, tangent)[1]


@needs("vjp")
def jvp_reverse(backend: Any, function: Function, active: Any, tangent: Any) -> Answer:
    # u -> J'u is linear, so pulling v back through it gives J v, at whatever u.
    output, pullback = backend.vjp(function, active)
    _, transposed = backend.vjp(pullback, _ones_like(backend, output))
    return transposed(tangent)


@needs("jvp")
def vjp_forward(backend: Any, function: Function, active: Any, cotangent: Any) -> Answer:
    return _from_columns(
        backend, active, lambda e: backend.xp.sum(backend.jvp(function, active, e)[1] * cotangent)
    )


@needs("vjp")
def vjp_reverse(backend: Any, function: Function, active: Any, cotangent: Any) -> Answer:
    return backend.vjp(function, active)[1](cotangent)


@needs("jvp")
def jacobian_forward(backend: Any, function: Function, active: Any, direction: None) -> Answer:
    return _from_columns(backend, active, lambda e: backend.jvp(function, active, e)[1])


@needs("vjp")
def jacobian_reverse(backend: Any, function: Function, active: Any, direction: None) -> Answer:
    output, pullback = backend.vjp(function, active)
    rows = [pullback(e) for e in _basis(backend, output)]
    return tree.map(
        lambda *leaves: _stacked(backend, leaves, 0, _shape(output)), rows[0], *rows[1:]
    )


# ---- second order


@needs("jvp", "vjp")
def hvp_forward_over_reverse(backend: Any, function: Function, active: Any, tangent: Any) -> Answer:
    return _pushed(backend, _pulled(backend, function), tangent)(active)


@needs("jvp", "vjp")
def hvp_reverse_over_forward(backend: Any, function: Function, active: Any, tangent: Any) -> Answer:
    return _pulled(backend, _pushed(backend, function, tangent))(active)


@needs("vjp")
def hvp_reverse_over_reverse(backend: Any, function: Function, active: Any, tangent: Any) -> Answer:
    gradient = _pulled(backend, function)
    return _pulled(backend, lambda x: _dot(backend, gradient(x), tangent))(active)


@needs("jvp")
def hvp_forward_over_forward(backend: Any, function: Function, active: Any, tangent: Any) -> Answer:
    along = _pushed(backend, function, tangent)
    return _from_columns(backend, active, lambda e: backend.jvp(along, active, e)[1])


@needs("jvp", "vjp")
def hessian_forward_over_reverse(
    backend: Any, function: Function, active: Any, direction: None
) -> Answer:
    gradient = _pulled(backend, function)
    return _from_rows(backend, active, lambda e: _pushed(backend, gradient, e)(active))


@needs("jvp", "vjp")
def hessian_reverse_over_forward(
    backend: Any, function: Function, active: Any, direction: None
) -> Answer:
    return _from_rows(
        backend, active, lambda e: _pulled(backend, _pushed(backend, function, e))(active)
    )


@needs("vjp")
def hessian_reverse_over_reverse(
    backend: Any, function: Function, active: Any, direction: None
) -> Answer:
    gradient = _pulled(backend, function)
    return _from_rows(
        backend, active, lambda e: _pulled(backend, lambda x: _dot(backend, gradient(x), e))(active)
    )


@needs("jvp")
def hessian_forward_over_forward(
    backend: Any, function: Function, active: Any, direction: None
) -> Answer:
    def row(e: Any) -> Any:
        along = _pushed(backend, function, e)
        return _from_columns(backend, active, lambda d: backend.jvp(along, active, d)[1])

    return _from_rows(backend, active, row)


# ---- pieces


def _pushed(backend: Any, function: Function, tangent: Any) -> Function:
    """x -> J(x) tangent."""
    return lambda x: backend.jvp(function, x, tangent)[1]


def _pulled(backend: Any, function: Function) -> Function:
    """x -> the gradient of a scalar function."""
    return lambda x: gradient_reverse(backend, function, x, None)


def _shape(array: Any) -> tuple[int, ...]:
    return tuple(int(length) for length in array.shape)


def _ones_like(backend: Any, array: Any) -> Any:
    return backend.xp.ones_like(array)


def _dot(backend: Any, left: Any, right: Any) -> Any:
    return sum(
        backend.xp.sum(a * b) for a, b in zip(tree.leaves(left), tree.leaves(right), strict=True)
    )


def _basis(backend: Any, like: Any) -> list[Any]:
    """The unit vectors of the space of `like`, one tree each, in the order of the leaves'
    entries."""
    xp = backend.xp
    leaves, structure = tree.flatten(like)
    zeros = [xp.zeros_like(leaf) for leaf in leaves]
    vectors = []
    for position, leaf in enumerate(leaves):
        shape = _shape(leaf)
        identity = xp.eye(prod(shape), dtype=leaf.dtype)
        for k in range(prod(shape)):
            unit = xp.reshape(identity[k, ...], shape)
            vectors.append(
                tree.unflatten(structure, [*zeros[:position], unit, *zeros[position + 1 :]])
            )
    return vectors


def _stacked(backend: Any, parts: Any, axis: int, shape: tuple[int, ...]) -> Any:
    """Stack `parts` along a new axis of length prod(shape), and give that axis the shape
    `shape`."""
    stacked = backend.xp.stack(list(parts), axis=axis)
    lengths = _shape(stacked)
    axis %= len(lengths)
    return backend.xp.reshape(stacked, lengths[:axis] + shape + lengths[axis + 1 :])


def _from_columns(backend: Any, active: Any, column: Function) -> Any:
    """A tree like `active`, whose entries are the values of `column` at the unit vectors, on
    trailing axes."""
    leaves, structure = tree.flatten(active)
    columns = [column(e) for e in _basis(backend, active)]
    blocks, start = [], 0
    for leaf in leaves:
        shape = _shape(leaf)
        size = prod(shape)
        blocks.append(_stacked(backend, columns[start : start + size], -1, shape))
        start += size
    return tree.unflatten(structure, blocks)


def _from_rows(backend: Any, active: Any, row: Function) -> Any:
    """A tree of trees like `active`: for each leaf i the values of `row` at its unit vectors, on
    leading axes."""
    leaves, structure = tree.flatten(active)
    rows = [row(e) for e in _basis(backend, active)]
    blocks, start = [], 0
    for leaf in leaves:
        shape = _shape(leaf)
        size = prod(shape)
        some = rows[start : start + size]
        blocks.append(
            tree.map(
                lambda *parts, shape=shape: _stacked(backend, parts, 0, shape), some[0], *some[1:]
            )
        )
        start += size
    return tree.unflatten(structure, blocks)
