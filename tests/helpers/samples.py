"""What each sample of the namespace should give, and what it gives on a backend."""

from __future__ import annotations

import warnings
from functools import cache
from types import SimpleNamespace
from typing import Any

import array_api_strict
import numpy as np
import scipy.special
from frameworks import load
from standard import BEYOND_SAMPLES, SAMPLES, SPECIAL_SAMPLES, arguments, compute

from adbench.namespaces.namespace import SPECIAL

ALL_SAMPLES = [*SAMPLES, *BEYOND_SAMPLES, *SPECIAL_SAMPLES]

TOLERANCE = {"float64": 1e-14, "float32": 4e-6}


# ---- what it should be


@cache
def expected(dtype: str) -> dict[str, Any]:
    """Each sample's value, as NumPy arrays and Python numbers."""
    arrays = arguments(dtype)
    strict = {name: array_api_strict.asarray(array) for name, array in arrays.items()}
    # SciPy's functions answer in float64 for some of the float32 arguments.
    wide = {
        name: array.astype(np.float64) if array.dtype.kind == "f" else array
        for name, array in arrays.items()
    }
    functions = {name: getattr(scipy.special, name) for name in SPECIAL if name != "softplus"}
    special = SimpleNamespace(**functions, softplus=lambda x: np.logaddexp(x, 0.0))
    scipy_namespace = SimpleNamespace(zeros_like=np.zeros_like, special=special)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {sample: compute(sample, array_api_strict, strict) for sample in SAMPLES}
        found |= {sample: compute(sample, np, arrays) for sample in BEYOND_SAMPLES}
        found |= {
            sample: compute(sample, scipy_namespace, wide).astype(dtype)
            for sample in SPECIAL_SAMPLES
        }
    return {sample: each(as_numpy, value) for sample, value in found.items()}


def as_numpy(array: Any) -> Any:
    return np.asarray(getattr(array, "_array", array))


def each(convert: Any, value: Any) -> Any:
    """The value with its arrays converted: sequences as lists, Python numbers as they are."""
    if isinstance(value, (list, tuple)):
        return [each(convert, part) for part in value]
    return value if type(value) in (bool, int, float) else convert(value)


# ---- what it is


@cache
def found(name: str, dtype: str) -> dict[str, Any]:
    """Each sample's value on a backend, or the error.

    One call computes all, for a framework that compiles calls.
    """
    backend = load(name)
    arrays = {key: backend.asarray(array) for key, array in arguments(dtype).items()}
    aside: dict[str, Any] = {}

    def call(given: Any, constants: tuple[Any, ...], direction: None) -> dict[str, Any]:
        values = {}
        for sample in ALL_SAMPLES:
            try:
                value = each(lambda array: array, compute(sample, backend.xp, given))
            except Exception as error:  # whatever a framework raises is the sample's answer
                aside[sample] = error
                continue
            (aside if type(value) in (bool, int, float) else values)[sample] = value
        return values

    with np.errstate(all="ignore"):
        values = backend.stage(call, arrays, (), None)(arrays, (), None)
    return {sample: each(backend.to_numpy, value) for sample, value in values.items()} | aside


def difference(got: Any, want: Any, tolerance: float) -> str:
    """What is wrong with a sample's value, or nothing."""
    if isinstance(got, Exception):
        return f"{type(got).__name__}: {got}"
    if isinstance(want, list):
        if len(got) != len(want):
            return f"{len(got)} parts, not {len(want)}"
        return "".join(difference(*pair, tolerance) for pair in zip(got, want, strict=True))
    numbers, right = np.asarray(got), np.asarray(want)
    if numbers.shape != right.shape:
        return f"shape {numbers.shape}, not {right.shape}"
    if isinstance(want, np.ndarray) and numbers.dtype != want.dtype:
        return f"{numbers.dtype}, not {want.dtype}"
    tolerance = TOLERANCE["float32"] if numbers.dtype == np.float32 else tolerance
    if not np.allclose(numbers, right, rtol=tolerance, atol=tolerance, equal_nan=True):
        return f"{numbers.tolist()}, not {right.tolist()}"
    return ""
