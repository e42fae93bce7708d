"""`scipy.differentiate`: differences of order 8, with steps that are halved until they agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.differentiate import derivative, hessian

from adbench.backends.adaptive_differences import AdaptiveDifferences, Line
from adbench.backends.base import Answer, Function, Unsupported, routed
from adbench.backends.differences import Array


class Differentiate(AdaptiveDifferences):
    """SciPy with the steps that it chooses by default."""

    framework = "scipy"

    def line_derivative(self, line: Line) -> Array:
        def along_columns(steps: Array) -> Array:
            # One row for each number of the output, all of which are asked at the same steps.
            points = np.reshape(steps, (len(steps), -1))[0]
            values = np.stack([line(step) for step in points], axis=-1)
            return np.reshape(values, steps.shape)

        origin = np.zeros_like(line(0.0))
        return np.asarray(derivative(along_columns, origin, preserve_shape=True).df)

    def second_derivatives(self, function: Callable[[Array], Any], point: Array) -> Array:
        def along_columns(points: Array) -> Array:
            # SciPy asks at many points at once: the first axis is that of the vector.
            columns = np.reshape(points, (len(points), -1)).T
            values = np.stack([function(column) for column in columns])
            return np.reshape(values, points.shape[1:])

        return np.asarray(hessian(along_columns, point).ddf)

    @routed("scipy.differentiate.derivative")
    def derivative_forward(self, function: Function, active: Array, order: int) -> Answer:
        if order > 1:
            raise Unsupported("scipy.differentiate.derivative is of first order.")
        return self.jvp(function, active, np.ones_like(active))[1]
