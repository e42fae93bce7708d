"""numdifftools: differences at a sequence of steps, extrapolated until they agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numdifftools
import numpy as np

from adbench.backends.adaptive_differences import AdaptiveDifferences, Line
from adbench.backends.base import Answer, Function, routed
from adbench.backends.differences import Array


class Adaptive(AdaptiveDifferences):
    """numdifftools with the steps that it chooses by default."""

    def line_derivative(self, line: Line) -> Array:
        jacobian = numdifftools.Jacobian(lambda step: line(step[0]))
        return np.reshape(jacobian(np.zeros(1)), -1)

    def second_derivatives(self, function: Callable[[Array], Any], point: Array) -> Array:
        return np.asarray(numdifftools.Hessian(function)(point))

    @routed("numdifftools.Derivative")
    def derivative_forward(self, function: Function, active: Array, order: int) -> Answer:
        frozen = self._freezer.frozen(function, (active,))
        return np.asarray(numdifftools.Derivative(frozen, n=order)(active))
