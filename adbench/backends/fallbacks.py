"""The transformations that a framework lacks, made of its `jvp` or its `vjp`.

Each takes the primitive and the array namespace instead of a backend, so that nothing is known
here of a backend. `vmap`, where the framework has one, maps a function of a tree over the leading
axis of every leaf; without it the passes are an ordinary loop over unit vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import prod
from typing import Any

from reference_ad.engine import tree

Function = Callable[[Any], Any]
Pushforward = Callable[[Function, Any, Any], tuple[Any, Any]]
Pullback = Callable[[Function, Any], tuple[Any, Function]]
Vmap = Callable[[Function], Function]


def grad(vjp: Pullback, xp: Any) -> Callable[[Function], Function]:
    """Make `grad` of a `vjp`: the cotangent 1 is pulled back."""

    def transform(function: Function) -> Function:
        def gradient(active: Any) -> Any:
            output, pullback = vjp(function, active)
            return pullback(xp.ones_like(output))

        return gradient

    return transform


def jacfwd(jvp: Pushforward, xp: Any, vmap: Vmap | None) -> Callable[[Function], Function]:
    """Make `jacfwd` of a `jvp`: one pass for each scalar of the active argument."""

    def transform(function: Function) -> Function:
        def jacobian(active: Any) -> Any:
            columns = map_over_units(lambda unit: jvp(function, active, unit)[1], active, xp, vmap)
            return tree.map(lambda column: _split(column, active, xp), columns)

        return jacobian

    return transform


def jacrev(vjp: Pullback, xp: Any, vmap: Vmap | None) -> Callable[[Function], Function]:
    """Make `jacrev` of a `vjp`: one pass for each scalar of the output."""

    def transform(function: Function) -> Function:
        def jacobian(active: Any) -> Any:
            output, pullback = vjp(function, active)
            rows = map_over_units(pullback, output, xp, vmap)
            leaves, structure = tree.flatten(output)
            blocks = [
                tree.map(
                    lambda row, span=span, leaf=leaf: xp.reshape(
                        row[span, ...], shape_of(leaf) + shape_of(row)[1:]
                    ),
                    rows,
                )
                for leaf, span in zip(leaves, _spans(leaves), strict=True)
            ]
            return tree.unflatten(structure, blocks)

        return jacobian

    return transform


def map_over_units(function: Function, like: Any, xp: Any, vmap: Vmap | None) -> Any:
    """Return the values of `function` at all unit vectors of the space of `like`.

    They are stacked along a new leading axis of every leaf.
    """
    return map_over(function, _unit_vectors(like, xp), xp, vmap)


def map_over(function: Function, stacked: Any, xp: Any, vmap: Vmap | None) -> Any:
    """Return the values of `function` at trees that are stacked along the leading axis.

    The values are stacked in the same way.
    """
    if vmap is not None:
        return vmap(function)(stacked)
    count = shape_of(tree.leaves(stacked)[0])[0]
    values = [function(tree.map(lambda leaf, k=k: leaf[k, ...], stacked)) for k in range(count)]
    return tree.map(lambda *parts: xp.stack(list(parts), axis=0), values[0], *values[1:])


def shape_of(array: Any) -> tuple[int, ...]:
    """Return an array's shape as a tuple of Python integers."""
    return tuple(int(length) for length in array.shape)


def _spans(leaves: list[Any]) -> list[slice]:
    """Where the entries of each leaf stand among those of all leaves."""
    stops = [0]
    for leaf in leaves:
        stops.append(stops[-1] + prod(shape_of(leaf)))
    return [slice(start, stop) for start, stop in pairwise(stops)]


def _unit_vectors(like: Any, xp: Any) -> Any:
    """A tree like `like` with a new leading axis: its k-th entries are the k-th unit vector."""
    leaves, structure = tree.flatten(like)
    spans = _spans(leaves)
    count = spans[-1].stop
    units = [
        xp.reshape(xp.eye(count, dtype=leaf.dtype)[:, span], (count, *shape_of(leaf)))
        for leaf, span in zip(leaves, spans, strict=True)
    ]
    return tree.unflatten(structure, units)


def _split(columns: Any, active: Any, xp: Any) -> Any:
    """Divide the stacked columns of a Jacobian into a tree like `active`.

    The columns stand along the leading axis; a block has the shape output shape + leaf shape.
    """
    leaves, structure = tree.flatten(active)
    output_axes = len(columns.shape) - 1
    last = xp.permute_dims(columns, (*range(1, output_axes + 1), 0))
    blocks = [
        xp.reshape(last[..., span], shape_of(columns)[1:] + shape_of(leaf))
        for leaf, span in zip(leaves, _spans(leaves), strict=True)
    ]
    return tree.unflatten(structure, blocks)
