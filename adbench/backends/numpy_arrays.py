"""The arrays of frameworks that compute on NumPy's own."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from adbench.backends.base import Backend, Call, Memory


class NumPyBackend(Backend):
    """A backend on NumPy arrays, which are copied on their way in and out."""

    def asarray(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.array(array)

    def to_numpy(self, array: Any) -> np.ndarray[Any, Any]:
        return np.array(array)

    def overwrite(self, array: Any, values: np.ndarray[Any, Any]) -> bool:
        array[...] = values
        return True

    def peak_memory(self, call: Call, run: Callable[[], Any]) -> Memory:
        return traced_memory(run)


def traced_memory(run: Callable[[], Any]) -> Memory:
    """Count the memory of a call by Python's tracemalloc.

    NumPy tells it of the memory of every array, to the byte; objects of Python are counted as well.
    """
    traces_already = tracemalloc.is_tracing()
    if not traces_already:
        tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        run()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if not traces_already:
            tracemalloc.stop()
    return Memory(max(0, peak - before), "tracemalloc")
