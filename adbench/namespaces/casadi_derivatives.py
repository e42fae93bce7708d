"""CasADi's derivatives of expressions, and the namespace that has them.

A function is differentiated with respect to symbols of its own, and the point is put in their place
afterwards: what else a function holds on to is a constant then, whatever it depends on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import casadi

from adbench.namespaces import casadi as own
from adbench.namespaces.casadi import Array, as_array, is_array
from adbench.namespaces.constants import partial_namespace
from reference_ad.engine import tree

Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Traced:
    """A function at symbols."""

    symbol: casadi.MX
    """The symbols of all numbers of the active argument, a column."""
    point: casadi.MX
    """Where the function is meant to be, a column."""
    output: Any
    """The output at the symbols, a tree of arrays."""
    column: casadi.MX
    """All numbers of the output, a column."""

    def at_the_point(self, *expressions: casadi.MX) -> list[casadi.MX]:
        """Return expressions in the symbols at the point."""
        return own.substituted(list(expressions), self.symbol, self.point)


def traced(function: Function, active: Any) -> Traced:
    """Call a function with symbols in the place of its argument."""
    arrays = tree.map(as_array, active)
    point = column_of(arrays)
    symbol = casadi.MX.sym("x", point.numel())
    output = tree.map(as_array, function(like(arrays, symbol)))
    return Traced(symbol, point, output, column_of(output))


def column_of(value: Any) -> casadi.MX:
    """Return all numbers of a tree of arrays, one below the other."""
    return casadi.vertcat(*[as_array(leaf).column for leaf in tree.leaves(value)])


def like(value: Any, column: casadi.MX) -> Any:
    """Return a tree of arrays of the shapes of another, with the numbers of a column."""
    leaves, structure = tree.flatten(value)
    arrays, start = [], 0
    for leaf in leaves:
        part = column[start : start + leaf.size]
        arrays.append(Array(casadi.densify(part), leaf.shape, leaf.dtype))
        start += leaf.size
    return tree.unflatten(structure, arrays)


def jvp(function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
    """Return the output, and its tangent."""
    graph = traced(function, active)
    pushed = casadi.jtimes(graph.column, graph.symbol, column_of(tangent))
    output, output_tangent = graph.at_the_point(graph.column, pushed)
    return like(graph.output, output), like(graph.output, output_tangent)


def vjp(function: Function, active: Any) -> tuple[Any, Function]:
    """Return the output, and what pulls a cotangent back."""
    arrays = tree.map(as_array, active)
    graph = traced(function, arrays)
    (output,) = graph.at_the_point(graph.column)

    def pullback(cotangent: Any) -> Any:
        pulled = casadi.jtimes(graph.column, graph.symbol, column_of(cotangent), True)
        return like(arrays, *graph.at_the_point(pulled))

    return like(graph.output, output), pullback


def grad(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the gradient of a scalar function by its first argument."""

    def gradient(active: Any, *others: Any) -> Any:
        output, pullback = vjp(lambda x: function(x, *others), active)
        return pullback(Array(casadi.MX(1.0), output.shape))

    return gradient


namespace = partial_namespace(
    own.TITLE, is_array, own.FUNCTIONS | {"grad": grad}, own.LINALG, own.SPECIAL
)
