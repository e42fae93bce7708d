"""Differences of values on plain NumPy: no derivative rule at all, and so approximations.

A k-th derivative from a difference has a truncation error of order h^p and a rounding error of
order eps / h^k; they balance at h ~ eps^(1/(k+p)), in units of the argument's own scale (Press et
al., Numerical Recipes, 3rd ed., section 5.7; Gill, Murray and Wright, Practical Optimization,
section 8.6.1, for second differences). The power p is 1 for forward differences, 2 for central
ones, and 4 for central ones at two steps that are extrapolated to none (Richardson).

The function that is moved has what passes `stop_gradient` frozen at the point itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb, prod
from typing import Any, ClassVar

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
    accuracy: ClassVar[int] = 2
    """The power of the step with which the truncation error goes to 0."""

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

    # ---- the formulas, which the other differences replace

    def difference(
        self, function: Function, active: Any, tangent: Any, step: Any, output: Any
    ) -> Any:
        """Return the derivative of a tree of arrays along a tangent.

        output: the value of the function where it stands.
        """
        above, below = moved(active, step, tangent), moved(active, -step, tangent)
        distance = _distance(above, below, tangent)
        values_above, values_below = function(above), function(below)
        return tree.map(lambda y, z: np.asarray((y - z) / distance), values_above, values_below)

    def difference_of_order(
        self, function: Function, active: Array, order: int, step: Any
    ) -> Array:
        """Return the derivative of an order of a function of a number."""
        # Half a step as the numbers near x can represent it, so that the points are where the
        # formula has them.
        half = (active + step / 2) - active
        total = sum(
            (-1) ** i * comb(order, i) * function(np.asarray(active + (order - 2 * i) * half))
            for i in range(order + 1)
        )
        return np.asarray(total / (2 * half) ** order, dtype=active.dtype)

    def mixed_difference(self, function: Function, active: Any, first: Step, second: Step) -> Any:
        """Return the second derivative of a scalar function along two directions.

        It is made of the function's four values on a parallelogram.
        """
        above, below = first.forward(active), first.backward(active)
        return (
            function(second.forward(above))
            - function(second.backward(above))
            - function(second.forward(below))
            + function(second.backward(below))
        ) / (4 * first.length * second.length)

    # ---- primitives

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        output = function(active)
        step = self._step(active, tangent, 1)
        if step == 0:
            return output, tree.map(np.zeros_like, output)
        frozen = self._freezer.frozen(function, (active,))
        return output, self.difference(frozen, active, tangent, step, output)

    # ---- first order

    @routed("differences of values")
    def derivative_forward(self, function: Function, active: Array, order: int) -> Answer:
        frozen = self._freezer.frozen(function, (active,))
        step = self._step(active, np.ones_like(active), order)
        return self.difference_of_order(frozen, active, order, step)

    # ---- second order

    @routed("mixed differences")
    def hvp_forward_over_forward(self, function: Function, active: Any, tangent: Any) -> Answer:
        leaves, structure = tree.flatten(active)
        frozen = self._freezer.frozen(function, (active,))
        units = unit_vectors(active)
        blocks = [
            np.asarray(
                [self._mixed(frozen, active, next(units), tangent) for _ in range(leaf.size)],
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
            for unit in unit_vectors(active)
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

    def _mixed(self, function: Function, active: Any, first: Any, second: Any) -> Any:
        steps = [Step(v, self._step(active, v, 2)) for v in (first, second)]
        if any(step.length == 0 for step in steps):
            return 0.0
        return self.mixed_difference(function, active, *steps)

    def _step(self, active: Any, tangent: Any, order: int) -> Any:
        """The step along `tangent` for a derivative of `order`; 0 where the tangent is 0.

        No entry moves by more than eps^(1/(order + accuracy)) times max(1, its size).
        """
        limit = reach(active, tangent)
        if limit == 0:
            return 0
        epsilon = np.finfo(limit.dtype).eps
        return limit.dtype.type(epsilon ** (1 / (order + self.accuracy)) * limit)


class Forward(Central):
    """Forward differences: one more value a direction, and an error of order h."""

    accuracy = 1

    def difference(
        self, function: Function, active: Any, tangent: Any, step: Any, output: Any
    ) -> Any:
        above = moved(active, step, tangent)
        distance = _distance(above, active, tangent)
        return tree.map(lambda y, z: np.asarray((y - z) / distance), function(above), output)

    def difference_of_order(
        self, function: Function, active: Array, order: int, step: Any
    ) -> Array:
        whole = (active + step) - active
        total = sum(
            (-1) ** i * comb(order, i) * function(np.asarray(active + (order - i) * whole))
            for i in range(order + 1)
        )
        return np.asarray(total / whole**order, dtype=active.dtype)

    def mixed_difference(self, function: Function, active: Any, first: Step, second: Step) -> Any:
        above = first.forward(active)
        return (
            function(second.forward(above))
            - function(above)
            - function(second.forward(active))
            + function(active)
        ) / (first.length * second.length)


class Richardson(Central):
    """Central differences at a step and at half of it, extrapolated to an error of order h^4.

    (4 D(h/2) - D(h)) / 3 is without the term h^2 (L. F. Richardson, Phil. Trans. R. Soc. A 210,
    1911).
    """

    accuracy = 4

    def difference(
        self, function: Function, active: Any, tangent: Any, step: Any, output: Any
    ) -> Any:
        coarse = super().difference(function, active, tangent, step, output)
        fine = super().difference(function, active, tangent, step / 2, output)
        return tree.map(_extrapolated, fine, coarse)

    def difference_of_order(
        self, function: Function, active: Array, order: int, step: Any
    ) -> Array:
        coarse = super().difference_of_order(function, active, order, step)
        fine = super().difference_of_order(function, active, order, step / 2)
        return _extrapolated(fine, coarse)

    def mixed_difference(self, function: Function, active: Any, first: Step, second: Step) -> Any:
        coarse = super().mixed_difference(function, active, first, second)
        fine = super().mixed_difference(function, active, first.halved(), second.halved())
        return _extrapolated(fine, coarse)


@dataclass(frozen=True)
class Step:
    """A step along a direction, forwards and backwards."""

    direction: Any
    """A tree like the active argument."""
    length: Any
    """In units of the direction."""

    def forward(self, active: Any) -> Any:
        """Return the point ahead."""
        return moved(active, self.length, self.direction)

    def backward(self, active: Any) -> Any:
        """Return the point behind."""
        return moved(active, -self.length, self.direction)

    def halved(self) -> Step:
        """Return half of the step."""
        return Step(self.direction, self.length / 2)


def _extrapolated(fine: Any, coarse: Any) -> Any:
    return np.asarray((4 * fine - coarse) / 3, dtype=np.asarray(fine).dtype)


def reach(active: Any, tangent: Any) -> Any:
    """Return how far a point may move along a tangent; 0 where the tangent is 0.

    No entry moves by more than max(1, its size).
    """
    pairs = zip(tree.leaves(active), tree.leaves(tangent), strict=True)
    limits = [np.maximum(1, np.abs(x))[v != 0] / np.abs(v[v != 0]) for x, v in pairs]
    limits = [limit for limit in limits if limit.size]
    if not limits:
        return 0
    return limits[0].dtype.type(min(limit.min() for limit in limits))


def moved(active: Any, step: Any, tangent: Any) -> Any:
    """Return the point that is a step along a tangent away."""
    return tree.map(lambda x, v: np.asarray(x + step * v), active, tangent)


def _distance(above: Any, below: Any, tangent: Any) -> Any:
    """What was really added, after rounding, as a multiple of the tangent."""
    displacement = tree.map(np.subtract, above, below)
    return _dot(displacement, tangent) / _dot(tangent, tangent)


def _dot(left: Any, right: Any) -> Any:
    return sum(np.sum(a * b) for a, b in zip(tree.leaves(left), tree.leaves(right), strict=True))


def unit_vectors(like: Any) -> Any:
    """Yield the unit vectors of the space of `like`, in the order of the leaves' entries."""
    leaves, structure = tree.flatten(like)
    for position, leaf in enumerate(leaves):
        for k in range(prod(leaf.shape)):
            unit = [np.zeros_like(x) for x in leaves]
            unit[position].flat[k] = 1
            yield tree.unflatten(structure, unit)
