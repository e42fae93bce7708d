"""Points on the other side of what a function compares.

The graph of the function holds every comparison that it makes, as `x > 20` in a softplus, the two
sides of a maximum, or the number that a magnitude is taken of. The margin is the difference of both
sides. It is a function of the arguments like any other, so that Newton's method along its gradient
leads to where it has another sign: into the branch that is not taken at the point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import reference_ad
from adbench.cases.inputs import Array, Inputs
from adbench.cases.model import Model
from adbench.cases.static import is_static
from adbench.namespaces.reference import namespace as engine
from reference_ad.compiler.graph import Graph
from reference_ad.compiler.trace import trace
from reference_ad.engine import tree
from reference_ad.engine.nodes import Node

OF_TWO_SIDES = frozenset(
    {
        "greater",
        "greater_equal",
        "less",
        "less_equal",
        "maximum",
        "minimum",
    }
)
"""Primitives whose margin is the difference of their two operands."""

OF_ONE_SIDE = frozenset({"abs", "sign"})
"""Primitives whose margin is their operand."""

MOST_COMPARISONS = 8
"""So many comparisons of a function are looked at: in order, those that are made first."""

MOST_STEPS = 12
"""Of Newton's method."""

FAR_PAST = 0.5
"""A point past a comparison is as far beyond as this part of the margin, or of 1 where that is
small."""

JUST_PAST = 2.0**-10
"""The same of a point just past one."""

Leaves = list[Any]
"""The leaves of a function's arguments."""


@dataclass(frozen=True)
class Crossing:
    """A point on another side of a comparison."""

    place: str
    """Where it is: "past" a comparison, "just past" one, or "at" one."""
    number: int
    """The number of the comparison among those that are looked at, from 1 on."""
    primitive: str
    """What is compared by."""
    arguments: tuple[Any, ...]
    """The arguments there."""


def crossings(model: Model, inputs: Inputs) -> Iterator[Crossing]:
    """Yield points past, just past and at the comparisons that a function makes at a point.

    What the engine cannot trace, such as a function that branches on its argument, has none.
    """
    leaves, structure = tree.flatten(inputs.arguments)
    for number, comparison in enumerate(_comparisons(model, inputs), start=1):
        for place, moved in _moved(comparison, leaves):
            arguments = tree.unflatten(structure, moved)
            yield Crossing(place, number, comparison.primitive, tuple(arguments))


@dataclass(frozen=True)
class _Comparison:
    primitive: str
    margins: Callable[[Sequence[Any]], Any]
    """The margins as a flat array, as a function of the leaves that are no static values."""


def _comparisons(model: Model, inputs: Inputs) -> list[_Comparison]:
    leaves, structure = tree.flatten((inputs.arguments, {}))

    def output(*arguments: Any) -> Any:
        return model.output(engine, *arguments)

    try:
        graph, _ = trace(output, leaves, structure)
    except Exception:  # whatever a user's function does with what is traced
        return []
    dependent = set(graph.inputs)
    comparing = []
    for node in graph.nodes:
        if dependent.intersection(node.args):
            dependent.add(node)
            if node.name in OF_TWO_SIDES | OF_ONE_SIDE:
                comparing.append(node)
    return [_comparison(graph, node) for node in comparing[:MOST_COMPARISONS]]


def _comparison(graph: Graph, node: Node) -> _Comparison:
    sides = node.args[:1] if node.name in OF_ONE_SIDE else node.args
    part = Graph(graph.inputs, sides, graph.nodes)

    def margins(values: Sequence[Any]) -> Any:
        left, *right = part.evaluate(values)
        return engine.reshape(left - right[0] if right else left + 0.0, (-1,))

    return _Comparison(node.name, margins)


def _moved(comparison: _Comparison, leaves: Leaves) -> Iterator[tuple[str, Leaves]]:
    """Yield points on other sides, each as the leaves of the arguments."""
    values = [leaf for leaf in leaves if not is_static(leaf)]
    margins = np.asarray(comparison.margins(values))
    if margins.dtype.kind != "f" or not np.isfinite(margins).any():
        return
    nearest = int(np.nanargmin(np.where(np.isfinite(margins), np.abs(margins), np.inf)))
    margin = float(margins[nearest])
    sign = -1.0 if margin >= 0 else 1.0
    size = max(abs(margin), 1.0)
    is_on_one_side = bool((margins >= 0).all() or (margins <= 0).all())
    targets = {"past": sign * FAR_PAST * size} if is_on_one_side else {}
    targets |= {"just past": sign * JUST_PAST * size, "at": 0.0}
    for place, target in targets.items():
        moved = _solved(comparison, values, nearest, target)
        if moved is not None:
            remaining = iter(moved)
            yield place, [leaf if is_static(leaf) else next(remaining) for leaf in leaves]


def _solved(
    comparison: _Comparison, values: Sequence[Array], entry: int, target: float
) -> list[Array] | None:
    """Arrays at which an entry of the margins is as wanted; None where none are found."""
    floating = [place for place, value in enumerate(values) if value.dtype.kind == "f"]

    def margin(moving: list[Any]) -> Any:
        filled: list[Any] = [*values]
        for place, value in zip(floating, moving, strict=True):
            filled[place] = value
        return comparison.margins(filled)[entry]

    moving = [np.asarray(values[place], float) for place in floating]
    for _ in range(MOST_STEPS):
        value, gradient = reference_ad.value_and_grad(margin)(moving)
        missing = float(value) - target
        if abs(missing) <= abs(target) / 4:
            filled = [*values]
            for place, array in zip(floating, moving, strict=True):
                filled[place] = array
            return filled
        steepness = sum(float(np.sum(part * part)) for part in gradient)
        if not steepness or not np.isfinite(steepness):
            return None
        moving = [x - missing / steepness * part for x, part in zip(moving, gradient, strict=True)]
    return None
