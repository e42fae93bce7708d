"""The points at which the models of a run are evaluated.

One that is judged and timed, and a second one at which answers are judged as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from adbench.cases.inputs import Inputs, make_inputs
from adbench.cases.model import Model
from adbench.judging import behaviour


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

    def second(self, first: Inputs) -> Inputs:
        """Return the second point that goes with a first one."""
        return behaviour.second_point(first, self.lowest_dtype)
