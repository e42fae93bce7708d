"""Central differences on plain NumPy: no derivative rule at all, and so an approximation.

A k-th derivative from a central difference has a truncation error of order h^2 and a rounding error
of order eps / h^k; they balance at h ~ eps^(1/(k+2)), in units of the argument's own scale (Press
et al., Numerical Recipes, 3rd ed., section 5.7; Gill, Murray and Wright, Practical Optimization,
section 8.6.1, for second differences).

The function that is moved has what passes `stop_gradient` frozen at the point itself.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb, prod
from typing import Any

import numpy as np

from adbench.backends.base import Answer, Backend, Call, Function, Memory, routed
from adbench.backends.numpy_arrays import traced_memory
from adbench.namespaces import numpy as namespace
from adbench.namespaces.frozen import Freezer
from reference_ad.engine import tree

Array = np.ndarray[Any, Any]


class Central(Backend):
    """Central differences, of the lowest order that is symmetric.

    Forward only: a pullback needs n of them.
    """

    framework = "differences"
    exact = False

    # ---- namespace

    def __init__(self) -> None:
        self._freezer = Freezer(namespace.numpy)
        self.xp = self._freezer.xp

    # ---- arrays

    def asarray(self, array: Array) -> Array:
        return np.array(array)

    def to_numpy(self, array: Any) -> Array:
        return np.array(array)

    def peak_memory(self, call: Call, run: Callable[[], Any]) -> Memory:
        return traced_memory(run)

    # ---- primitives

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        output = function(active)
        frozen = self._freezer.frozen(function, (active,))
        step = _step(active, tangent, 1)
        if step == 0:
            return output, tree.map(np.zeros_like, output)
        above, below = _moved(active, step, tangent), _moved(active, -step, tangent)
        # What was really added, after rounding, as a multiple of the tangent.
        displacement = tree.map(np.subtract, above, below)
        distance = _dot(displacement, tangent) / _dot(tangent, tangent)
        return output, tree.map(
            lambda y, z: np.asarray((y - z) / distance), frozen(above), frozen(below)
        )

    # ---- first order

    @routed("central difference")
    def derivative_forward(self, function: Function, active: Array, order: int) -> Answer:
        frozen = self._freezer.frozen(function, (active,))
        step = _step(active, np.ones_like(active), order)
        # Half a step as the numbers near x can represent it, so that the points are where the
        # formula has them.
        half = (active + step / 2) - active
        total = sum(
            (-1) ** i * comb(order, i) * frozen(np.asarray(active + (order - 2 * i) * half))
            for i in range(order + 1)
        )
        return np.asarray(total / (2 * half) ** order, dtype=active.dtype)

    # ---- second order

    @routed("mixed differences")
    def hvp_forward_over_forward(self, function: Function, active: Any, tangent: Any) -> Answer:
        leaves, structure = tree.flatten(active)
        frozen = self._freezer.frozen(function, (active,))
        units = _units(active)
        blocks = [
            np.asarray(
                [_mixed(frozen, active, next(units), tangent) for _ in range(leaf.size)],
                leaf.dtype,
            )
            for leaf in leaves
        ]
        return tree.unflatten(
            structure, [np.reshape(b, x.shape) for b, x in zip(blocks, leaves, strict=True)]
        )

    @routed("mixed differences")
    def hessian_forward_over_forward(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        leaves, structure = tree.flatten(active)
        rows = [
            tree.leaves(self.hvp_forward_over_forward(function, active, unit))
            for unit in _units(active)
        ]
        blocks, start = [], 0
        for leaf in leaves:
            leaf_rows = rows[start : start + leaf.size]
            block = [
                np.reshape([row[j] for row in leaf_rows], leaf.shape + x.shape)
                for j, x in enumerate(leaves)
            ]
            blocks.append(tree.unflatten(structure, block))
            start += leaf.size
        return tree.unflatten(structure, blocks)


def _step(active: Any, tangent: Any, order: int) -> Any:
    """The step along `tangent` for a derivative of `order`; 0 where the tangent is 0.

    No entry moves by more than eps^(1/(order+2)) times max(1, its size).
    """
    pairs = zip(tree.leaves(active), tree.leaves(tangent), strict=True)
    limits = [np.maximum(1, np.abs(x))[v != 0] / np.abs(v[v != 0]) for x, v in pairs]
    limits = [limit for limit in limits if limit.size]
    if not limits:
        return 0
    dtype = limits[0].dtype
    return dtype.type(
        np.finfo(dtype).eps ** (1 / (order + 2)) * min(limit.min() for limit in limits)
    )


def _moved(active: Any, step: Any, tangent: Any) -> Any:
    return tree.map(lambda x, v: np.asarray(x + step * v), active, tangent)


def _dot(left: Any, right: Any) -> Any:
    return sum(np.sum(a * b) for a, b in zip(tree.leaves(left), tree.leaves(right), strict=True))


def _mixed(function: Function, active: Any, first: Any, second: Any) -> Any:
    """The second derivative of a scalar function along two directions.

    It is made of the function's four values on a parallelogram.
    """
    a, b = _step(active, first, 2), _step(active, second, 2)
    if a == 0 or b == 0:
        return 0.0
    above, below = _moved(active, a, first), _moved(active, -a, first)
    return (
        function(_moved(above, b, second))
        - function(_moved(above, -b, second))
        - function(_moved(below, b, second))
        + function(_moved(below, -b, second))
    ) / (4 * a * b)


def _units(like: Any) -> Any:
    """The unit vectors of the space of `like`, in the order of the leaves' entries."""
    leaves, structure = tree.flatten(like)
    for position, leaf in enumerate(leaves):
        for k in range(prod(leaf.shape)):
            unit = [np.zeros_like(x) for x in leaves]
            unit[position].flat[k] = 1
            yield tree.unflatten(structure, unit)
