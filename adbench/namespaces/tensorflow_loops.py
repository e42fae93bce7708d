"""Loops of TensorFlow: one operation of a graph, whatever the number of steps.

A graph takes a loop in one of two forms, for what TensorFlow differentiates them in:

- with lists of tensors for what is gathered step by step, in reverse mode, once or nested;
- with tensors that are written into, in forward mode: lists have no tangents there.

Where forward mode meets another mode, neither can be differentiated, and the steps are written out.
So are they in eager staging, which runs each operation as it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from reference_ad.engine import tree
from reference_ad.loops import python

import tensorflow as tf  # isort: skip

FORWARD, REVERSE = "forward", "reverse"

_modes: ContextVar[tuple[str, ...]] = ContextVar("modes of differentiation", default=())
"""The modes in which what runs in this context is differentiated, from the outermost in."""


@contextmanager
def differentiated(mode: str) -> Iterator[None]:
    """Say within the block that what runs there is differentiated in a mode."""
    token = _modes.set((*_modes.get(), mode))
    try:
        yield
    finally:
        _modes.reset(token)


def scan(step: Any, init: Any, xs: Any = None, length: int | None = None) -> tuple[Any, Any]:
    """Take one step after another: see `reference_ad.numpy.scan`."""
    count = python.number_of_steps(xs, length)
    is_mixed = FORWARD in _modes.get() and len(_modes.get()) > 1
    if tf.executing_eagerly() or is_mixed or not count:
        return python.scan(step, init, xs, length, asarray=tf.convert_to_tensor, stack=tf.stack)
    return _in_graph(step, init, xs, count, Written if FORWARD in _modes.get() else Listed)


def _in_graph(step: Any, init: Any, xs: Any, count: int, gathering: Any) -> tuple[Any, Any]:
    carry_leaves, carry_structure = tree.flatten(tree.map(_as_tensor, init))
    x_leaves, x_structure = tree.flatten(tree.map(_as_tensor, xs))
    slices = gathering.slices([x for x in x_leaves if x is not None], count)

    def flat_step(k: Any, leaves: Sequence[Any]) -> tuple[list[Any], list[Any], tree.Structure]:
        remaining = iter(slices(k))
        parts = [None if x is None else next(remaining) for x in x_leaves]
        carry = tree.unflatten(carry_structure, leaves)
        returned = step(carry, tree.unflatten(x_structure, parts))
        next_carry, y = python.checked(returned, carry)
        return tree.leaves(next_carry), *tree.flatten(tree.map(_as_tensor, y))

    like, structure = _shapes_of_ys(flat_step, carry_leaves)
    gathered = [gathering(y, count) for y in like if y is not None]

    def body(k: Any, leaves: Any, stores: Any) -> Any:
        next_leaves, ys, _ = flat_step(k, leaves)
        arrays = [y for y in ys if y is not None]
        pairs = zip(gathered, stores, arrays, strict=True)
        return k + 1, next_leaves, [store.write(state, k, y) for store, state, y in pairs]

    _, final, stores = tf.while_loop(
        lambda k, leaves, stores: k < count,
        body,
        (tf.constant(0), carry_leaves, [store.empty for store in gathered]),
        maximum_iterations=count,
    )
    stacks = iter([store.stack(state) for store, state in zip(gathered, stores, strict=True)])
    ys = tree.unflatten(structure, [None if y is None else next(stacks) for y in like])
    return tree.unflatten(carry_structure, final), ys


def _as_tensor(leaf: Any) -> Any:
    return None if leaf is None else tf.convert_to_tensor(leaf)


def _shapes_of_ys(
    flat_step: Callable[..., Any], carry: Sequence[Any]
) -> tuple[list[Any], tree.Structure]:
    """What a step gives, for its shapes and dtypes: from a graph that is thrown away."""
    structures: list[tree.Structure] = []
    ys: list[Any] = []

    def traced(k: Any, leaves: Any) -> Any:
        _, parts, structure = flat_step(k, leaves)
        structures[:] = [structure]
        ys[:] = [None if y is None else tf.TensorSpec(y.shape, y.dtype) for y in parts]
        return k

    tf.function(traced, autograph=False).get_concrete_function(tf.constant(0), list(carry))
    return ys, structures[0]


class Listed:
    """Gathers tensors in a list."""

    def __init__(self, like: Any, count: int) -> None:
        self.empty = tf.TensorArray(like.dtype, size=count, element_shape=like.shape)

    @staticmethod
    def slices(xs: Sequence[Any], count: int) -> Callable[[Any], list[Any]]:
        """Return what gives the slices at a position."""
        lists = [tf.TensorArray(x.dtype, size=count, element_shape=x.shape[1:]) for x in xs]
        filled = [array.unstack(x) for array, x in zip(lists, xs, strict=True)]
        return lambda k: [array.read(k) for array in filled]

    def write(self, state: Any, k: Any, y: Any) -> Any:
        """Return the list with one more."""
        return state.write(k, y)

    def stack(self, state: Any) -> Any:
        """Return all as one tensor."""
        return state.stack()


class Written:
    """Writes tensors into one."""

    def __init__(self, like: Any, count: int) -> None:
        self.empty = tf.zeros((count, *like.shape), like.dtype)

    @staticmethod
    def slices(xs: Sequence[Any], count: int) -> Callable[[Any], list[Any]]:
        """Return what gives the slices at a position."""
        return lambda k: [tf.gather(x, k) for x in xs]

    def write(self, state: Any, k: Any, y: Any) -> Any:
        """Return the tensor with one more."""
        return tf.tensor_scatter_nd_update(state, [[k]], y[None])

    def stack(self, state: Any) -> Any:
        """Return all as one tensor."""
        return state
