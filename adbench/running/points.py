"""The points at which the models of a run are evaluated.

One that is judged and timed, and a second one at which answers are judged as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from adbench.cases.case import numpy_dtype
from adbench.cases.inputs import Array, Inputs, make_inputs, same_numbers
from adbench.cases.model import Model, SpecError
from reference_ad.engine import tree

FIXED_POINT_FACTOR = 0.875
"""Where a recipe has one point only, the second is the first with its active numbers times this: it
keeps signs, and stays within [-1, 1] and similar domains."""


@dataclass(frozen=True)
class Points:
    """What the points of a run depend on, beside the model and its size."""

    seed: int
    """The seed of the random numbers."""
    lowest_dtype: str
    """The lowest dtype of the run: every point is representable in it."""

    def first(self, model: Model, size: str) -> Inputs:
        """Make the inputs of a model at the point that is asked for, in float64."""
        return make_inputs(model, size, self.seed, self.lowest_dtype)

    def second(self, model: Model, size: str, first: Inputs) -> Inputs:
        """Return the second point of a model, of the structure and shapes of the first.

        It comes from the model's recipe, drawn again: what a label, a mask or a unit vector is, it
        stays. Where the recipe gives no other point, the active numbers alone are varied.
        """
        try:
            second = make_inputs(model, size, self.seed, self.lowest_dtype, draw=1)
        except SpecError:  # the first draw was good, and the user's recipe need not be for all
            return self._varied(first)
        if _structure(second) != _structure(first):
            return self._varied(first)
        active = first.active
        if same_numbers(second.arguments[active], first.arguments[active]):
            return self._varied(second)
        return second

    def _varied(self, inputs: Inputs) -> Inputs:
        """Return inputs with other active numbers and directions, and the same constants."""

        def scaled(leaf: Array) -> Array:
            low: Array = (leaf * FIXED_POINT_FACTOR).astype(numpy_dtype(self.lowest_dtype))
            return low.astype(np.float64)

        arguments = list(inputs.arguments)
        arguments[inputs.active] = tree.map(scaled, arguments[inputs.active])
        return replace(
            inputs,
            arguments=tuple(arguments),
            tangent=tree.map(scaled, inputs.tangent),
            cotangent=scaled(inputs.cotangent),
        )


def _structure(inputs: Inputs) -> list[tuple[str, tuple[int, ...], np.dtype[np.generic]]]:
    """Where every array of the arguments is, and what shape and dtype it has."""
    paths, leaves = tree.paths(inputs.arguments), tree.leaves(inputs.arguments)
    return [(path, leaf.shape, leaf.dtype) for path, leaf in zip(paths, leaves, strict=True)]
