"""Our own engine, define-by-run on NumPy arrays, or compiled to NumPy source."""

from __future__ import annotations

from typing import Any

import numpy as np

import reference_ad
from adbench.backends.base import Answer, Backend, Call, Function, routed
from adbench.namespaces.reference import namespace


class Tape(Backend):
    """`reference_ad` as it runs by default: dual numbers forward, a tape in reverse."""

    framework = "reference"
    dtypes = (
        "float64",
        "float32",
        "float16",
    )  # NumPy makes float32 of bfloat16 and a Python number
    xp = namespace

    # ---- arrays

    def asarray(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.array(array)

    def to_numpy(self, array: Any) -> np.ndarray[Any, Any]:
        return np.array(array)

    def overwrite(self, array: Any, values: np.ndarray[Any, Any]) -> bool:
        array[...] = values
        return True

    # ---- transformations

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        return reference_ad.jvp(function, (active,), (tangent,))

    def vjp(self, function: Function, active: Any) -> tuple[Any, Any]:
        output, pullback = reference_ad.vjp(function, active)
        return output, lambda cotangent: pullback(cotangent)[0]

    def grad(self, function: Function) -> Function:
        return reference_ad.grad(function)

    def jacfwd(self, function: Function) -> Function:
        return reference_ad.jacfwd(function)

    def jacrev(self, function: Function) -> Function:
        return reference_ad.jacrev(function)

    @routed("value_and_grad")
    def value_and_gradient_reverse(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        return reference_ad.value_and_grad(function)(active)


class Compiled(Tape):
    """`reference_ad` with the whole operator traced and compiled to NumPy source before the first
    call."""

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        compiled = reference_ad.compile(call)
        compiled(active, constants, direction)  # traces, compiles, and makes the buffers
        return compiled
