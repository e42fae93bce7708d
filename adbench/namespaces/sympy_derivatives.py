"""The derivatives that SymPy makes of formulas, and the namespace that has them.

Each is a formula of its own. There are no modes: a tangent pushed forward and a cotangent pulled
back are sums over the same formulas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from adbench.namespaces import sympy as own
from adbench.namespaces.constants import partial_namespace
from adbench.namespaces.sympy import Array, as_array, is_array, substituted, symbols
from reference_ad.engine import tree

Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Jacobian:
    """The formulas of a function, and those of its derivatives, at the point."""

    output: Any
    """The output, a tree of arrays of formulas."""
    entries: np.ndarray[Any, Any]
    """The derivative of each number of the output by each of the active argument, shape (m, n)."""


def jacobian(function: Function, active: Any) -> Jacobian:
    """Differentiate each formula of a function's output by each number of its argument."""
    stand_ins = tree.map(lambda leaf: symbols(as_array(leaf).shape), active)
    variables = flat(stand_ins)
    output = tree.map(as_array, function(stand_ins))
    formulas = flat(output)
    entries = [formula.diff(variable) for formula in formulas for variable in variables]
    values = dict(zip(variables, flat(active), strict=True))
    at_the_point = substituted([*formulas, *entries], values)
    return Jacobian(
        like(output, at_the_point[: len(formulas)]),
        np.asarray(at_the_point[len(formulas) :], object).reshape(len(formulas), len(variables)),
    )


def flat(value: Any) -> list[Any]:
    """Return all formulas of a tree of arrays, one after the other."""
    return [formula for leaf in tree.leaves(value) for formula in as_array(leaf).formulas.flat]


def like(value: Any, formulas: Any) -> Any:
    """Return a tree of arrays of the shapes of another, with other formulas."""
    leaves, structure = tree.flatten(value)
    arrays, start = [], 0
    for leaf in leaves:
        part = np.empty(leaf.size, object)
        part[:] = formulas[start : start + leaf.size]
        arrays.append(Array(part.reshape(leaf.shape)))
        start += leaf.size
    return tree.unflatten(structure, arrays)


def grad(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the gradient of a scalar function by its first argument."""

    def gradient(active: Any, *others: Any) -> Any:
        derivatives = jacobian(lambda x: function(x, *others), active)
        return like(tree.map(as_array, active), derivatives.entries[0])

    return gradient


namespace = partial_namespace(
    own.TITLE, is_array, own.FUNCTIONS | {"grad": grad}, own.LINALG, own.SPECIAL
)
