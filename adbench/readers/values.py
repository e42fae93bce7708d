"""The numbers of arrays of any namespace, where they have some."""

from __future__ import annotations

from typing import Any

import numpy as np

from ball_arithmetic import midpoints
from reference_ad.compiler.trace import TraceTracer
from reference_ad.engine.core import Tracer
from reference_ad.engine.elements import ElementArray


def plain_values(xp: Any, x: Any) -> Any:
    """Return the numbers of an array as NumPy's, or the midpoints of balls; as constants.

    None where the array is traced, and has no numbers of its own. Complex numbers stay complex;
    all others are float64.
    """
    value = xp.stop_gradient(x)
    while isinstance(value, Tracer) and not isinstance(value, (ElementArray, TraceTracer)):
        value = value.primal
    if isinstance(value, ElementArray):
        return midpoints(value)
    try:
        array = np.asarray(value).reshape(tuple(x.shape))
        return array if array.dtype.kind == "c" else array.astype(np.float64)
    except Exception:  # whatever a framework raises for an array that it traces
        return None
