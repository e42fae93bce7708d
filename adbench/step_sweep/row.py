"""The record of the step sweep: one row a model, method and step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StepRow:
    """The Jacobian of a model by one method."""

    model: str
    """The model's name."""

    size: str
    """The name of its size."""

    n_inputs: int
    """The number of active scalars."""

    n_outputs: int
    """The number of output scalars."""

    dtype: str
    """The dtype that the function and its derivative are computed in."""

    method: str
    """Differences, "forward" or "central"; "scipy" or "numdifftools", which choose their own steps;
    "ad", which has none."""

    step: float
    """The step h; nan where the method has none or chooses its own."""

    relative_error: float
    """||answer - truth|| / ||truth||."""

    evaluations: int
    """How often the function was evaluated; 0 for "ad", which evaluates its derivative instead."""
