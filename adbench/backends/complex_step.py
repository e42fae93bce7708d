"""The complex step on NumPy: forward mode by a perturbation in the imaginary unit.

f(x + ihv) = f(x) + ih J v + O(h^2), without cancellation, so that h may be as small as it likes (W.
Squire and G. Trapp, SIAM Review 40, 1998). There is one imaginary unit, and so no second order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adbench.backends.base import Function, Unsupported
from adbench.backends.numpy_arrays import NumPyBackend
from adbench.namespaces.complex_step import namespace
from reference_ad.engine import tree

STEPS = {np.dtype(np.float64): 1e-100, np.dtype(np.float32): 1e-20}
"""h, by the dtype: its square is 0 beside every value, and it is not itself lost below the smallest
number."""


class ComplexStep(NumPyBackend):
    """Forward mode of first order, without a rule for any function."""

    framework = "complex"
    xp = namespace

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        leaves = tree.leaves((active, tangent))
        if any(np.iscomplexobj(leaf) for leaf in leaves):
            raise Unsupported("It differentiates once: a complex number has one imaginary unit.")
        step = STEPS[leaves[0].dtype]
        output = function(tree.map(lambda x, v: x + 1j * (step * v), active, tangent))
        return tree.map(_value, output), tree.map(lambda y: _derivative(y, step), output)


def _value(output: Any) -> Any:
    return np.array(np.real(output))


def _derivative(output: Any, step: float) -> Any:
    return np.array(np.imag(output) / step)
