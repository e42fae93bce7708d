"""Functions that move elements about: all linear, so only the transposes are written."""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .core import Array, Primitive, Rule
from .rules import astype as astype
from .rules import broadcast_to as broadcast_to
from .rules import linear
from .rules import reshape as reshape


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    inverse = [0] * len(axes)
    for position, axis in enumerate(axes):
        inverse[axis] = position
    return tuple(inverse)


permute_dims = linear(
    "permute_dims",
    lambda x, axes: x.transpose(axes),
    lambda g, ans, x, axes: permute_dims(g, axes=_inverse(axes)),
)
matrix_transpose = linear("matrix_transpose", lambda x: x.mT, lambda g, ans, x: matrix_transpose(g))
flip = linear("flip", lambda x, axis: np.flip(x, axis), lambda g, ans, x, axis: flip(g, axis=axis))
roll = linear(
    "roll",
    lambda x, shift, axis: np.roll(x, shift, axis),
    lambda g, ans, x, shift, axis: roll(g, shift=tuple([-s for s in shift]), axis=axis),
)
tril = linear("tril", lambda x, k: np.tril(x, k), lambda g, ans, x, k: tril(g, k=k))
triu = linear("triu", lambda x, k: np.triu(x, k), lambda g, ans, x, k: triu(g, k=k))


# --- indexing ---------------------------------------------------------------------------------------------------------


def _scatter_add(g: Array, index: Any, shape: tuple[int, ...]) -> Array:
    result = np.zeros(shape, g.dtype)
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(part, (np.ndarray, list)) for part in parts):
        np.add.at(result, index, g)  # an array of integers may name an element more than once
    else:
        result[index] = g[()]  # an object array of no dimensions would be put in as an object
    return result


getitem = linear(
    "getitem",
    lambda x, index: x[index],
    lambda g, ans, x, index: scatter_add(g, index=index, shape=x.shape),
)
scatter_add = linear(
    "scatter_add",
    _scatter_add,
    lambda g, ans, x, index, shape: getitem(g, index=index),
)


# --- joining: any number of arguments ---------------------------------------------------------------------------------


class _EachArgument(Sequence[Rule]):
    """The rules of a primitive with any number of arguments, made from one rule that is told the position."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __getitem__(self, position: Any) -> Any:
        return lambda g, ans, *args, **params: self.rule(g, position, *args, **params)

    def __len__(self) -> int:
        raise TypeError("A primitive with any number of arguments has any number of rules.")


def _zeros_like(x: Array) -> Array:
    return np.zeros(x.shape, x.dtype) if hasattr(x, "dtype") else 0.0 * x


def _joining(name: str, implementation: Any, transpose: Rule) -> Primitive:
    primitive = Primitive(name, implementation)
    primitive.vjps = _EachArgument(transpose)

    def jvp(tangents: Sequence[Array], ans: Array, args: Sequence[Array], params: dict[str, Any]) -> Array:
        # the one place where zeros must be materialised: the answer's tangent has a part for each argument
        filled = [_zeros_like(x) if t is None else t for t, x in zip(tangents, args, strict=True)]
        return primitive(*filled, **params)

    primitive.jvp = jvp
    return primitive


def _concat_transpose(g: Array, position: int, *args: Array, axis: int) -> Array:
    start = 0
    for arg in args[:position]:
        start += arg.shape[axis]
    stop = start + args[position].shape[axis]
    return getitem(g, index=(slice(None),) * axis + (slice(start, stop),))


concat = _joining("concat", lambda *args, axis: np.concatenate(args, axis), _concat_transpose)
stack = _joining(
    "stack",
    lambda *args, axis: np.stack(args, axis),
    lambda g, position, *args, axis: getitem(g, index=(slice(None),) * axis + (position,)),
)
