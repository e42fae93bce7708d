"""Differences with steps of a library's own choice, on plain NumPy.

The library differentiates functions of one number, or of a vector; the trees of arrays of the
contract are laid out flat for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adbench.backends.base import Answer, Function, routed
from adbench.backends.differences import Array, Central, moved, reach
from reference_ad.engine import tree

Line = Callable[[float], Array]
"""A function of a number, to a vector."""


class AdaptiveDifferences(Central):
    """What a library that chooses its own steps is asked."""

    dtypes = ("float64",)

    def line_derivative(self, line: Line) -> Array:
        """Return the derivative of a function of a number at 0, a vector."""
        raise NotImplementedError

    def second_derivatives(self, function: Callable[[Array], Any], point: Array) -> Array:
        """Return the Hessian of a function of a vector at a point, shape (n, n)."""
        raise NotImplementedError

    # ---- primitives

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        output = function(active)
        length = reach(active, tangent)
        if length == 0:
            return output, tree.map(np.zeros_like, output)
        frozen = self._freezer.frozen(function, (active,))
        leaves, structure = tree.flatten(output)

        def line(step: float) -> Array:
            return _flat(frozen(moved(active, length * step, tangent)))

        derivative = self.line_derivative(line) / length
        return output, tree.unflatten(structure, _parts(derivative, leaves))

    # ---- second order

    @routed("the Hessian, times a vector")
    def hvp_forward_over_forward(self, function: Function, active: Any, tangent: Any) -> Answer:
        leaves, structure = tree.flatten(active)
        product = self._hessian_matrix(function, active) @ _flat(tangent)
        return tree.unflatten(structure, _parts(product, leaves))

    @routed("the library's Hessian")
    def hessian_forward_over_forward(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        leaves, structure = tree.flatten(active)
        matrix = self._hessian_matrix(function, active)
        stops = np.cumsum([leaf.size for leaf in leaves])[:-1]
        blocks = [
            [
                np.reshape(block, leaf.shape + other.shape)
                for block, other in zip(np.split(rows, stops, axis=1), leaves, strict=True)
            ]
            for rows, leaf in zip(np.split(matrix, stops, axis=0), leaves, strict=True)
        ]
        return tree.unflatten(structure, [tree.unflatten(structure, row) for row in blocks])

    def _hessian_matrix(self, function: Function, active: Any) -> Array:
        leaves, structure = tree.flatten(active)
        frozen = self._freezer.frozen(function, (active,))

        def of_vector(point: Array) -> Any:
            return frozen(tree.unflatten(structure, _parts(point, leaves)))

        return self.second_derivatives(of_vector, _flat(active))


def _flat(value: Any) -> Array:
    """All numbers of a tree of arrays, one after the other."""
    return np.concatenate([np.ravel(leaf) for leaf in tree.leaves(value)])


def _parts(numbers: Array, like: list[Array]) -> list[Array]:
    """Divide numbers into arrays of the shapes of others."""
    stops = np.cumsum([leaf.size for leaf in like])[:-1]
    pairs = zip(np.split(numbers, stops), like, strict=True)
    return [np.reshape(part, leaf.shape) for part, leaf in pairs]
