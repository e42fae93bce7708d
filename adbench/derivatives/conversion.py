"""Whose arrays a call is given, and how they reach a backend and its answers come back.

Answers are arrays of the framework whose arrays the active argument holds. Those of the backend's
own framework pass as they are, and so does NumPy's memory where the backend computes in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from adbench.backends.base import Backend
from adbench.backends.hand_written import dtype_name
from adbench.cases.case import numpy_dtype
from adbench.cases.foreign import framework_of_type
from adbench.functions.framework import FRAMEWORKS, Framework, framework_called
from reference_ad.engine import tree

Convert = Callable[[Any], Any]
"""Takes one array, and gives one."""


def is_array(leaf: Any) -> bool:
    """Whether a leaf of an argument has a shape and a dtype, whosever array it is."""
    return hasattr(leaf, "shape") and hasattr(leaf, "dtype")


def passes_as_is(backend: Backend, leaf: Any) -> bool:
    """Whether a backend takes an array in the form that it has."""
    owner = framework_of_type(leaf)
    if owner in FRAMEWORKS and owner != backend.framework:
        return False
    return backend.is_array(leaf) and isinstance(leaf, _type_of_arrays(backend))


@cache
def _type_of_arrays(backend: Backend) -> type[Any]:
    """The type of the arrays that a backend makes: a session of TensorFlow takes NumPy's."""
    return type(backend.asarray(np.zeros(())))


def incoming(backend: Backend) -> Convert:
    """Return what makes an array of the backend of an array or a number, dtype kept."""

    def convert(leaf: Any) -> Any:
        if passes_as_is(backend, leaf):
            return leaf
        return backend.asarray(as_numpy(leaf))

    return convert


def as_numpy(leaf: Any) -> np.ndarray[Any, Any]:
    """Return the numbers of an array of any framework as NumPy's, dtype kept."""
    owner = framework_of_type(leaf)
    if owner not in FRAMEWORKS:
        return np.asarray(leaf)
    framework = framework_called(owner)
    return framework.to_numpy(leaf).astype(numpy_dtype(framework.dtype_name(leaf)))


def outgoing(backend: Backend, active: Any) -> Convert | None:
    """Return what makes arrays like those of the active argument of the backend's.

    None where they are such arrays already.
    """
    leaf = tree.leaves(active)[0]
    if passes_as_is(backend, leaf):
        return None
    owner = framework_of_type(leaf)
    if owner not in FRAMEWORKS:
        return backend.to_numpy
    return _to_framework(backend, framework_called(owner))


def _to_framework(backend: Backend, framework: Framework) -> Convert:
    def convert(array: Any) -> Any:
        numbers = backend.to_numpy(array)
        return framework.from_numpy(numbers, numbers.dtype.name)

    return convert


def description(leaf: Any) -> str:
    """Return a leaf of an argument in words: the dtype and shape of an array, or the value."""
    if is_array(leaf):
        return f"{dtype_name(leaf)} {tuple(leaf.shape)}"
    if isinstance(leaf, float | complex):
        return f"{np.asarray(leaf).dtype.name} ()"
    return repr(leaf)
