"""Our own engine, define-by-run on NumPy arrays, or compiled to NumPy source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reference_ad
from adbench.backends.base import Answer, Call, Function, Memory, routed
from adbench.backends.numpy_arrays import NumPyBackend
from adbench.namespaces.reference import namespace
from reference_ad.compiler.compile import Compiled as CompiledFunction


class Tape(NumPyBackend):
    """`reference_ad` as it runs by default: dual numbers forward, a tape in reverse."""

    framework = "reference"
    conjugates = False
    # NumPy makes float32 of bfloat16 and a Python number.
    dtypes = ("float64", "float32", "float16")
    xp = namespace

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

    def vmap(self, function: Function) -> Function:
        return reference_ad.vmap(function)

    def jet(self, function: Function, active: Any, series: list[Any]) -> tuple[Any, list[Any]]:
        return reference_ad.jet(function, (active,), (series,))

    @routed("value_and_grad")
    def value_and_gradient_reverse(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        return reference_ad.value_and_grad(function)(active)


class Compiled(Tape):
    """`reference_ad` with the whole operator compiled to NumPy source before the first call."""

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        compiled = reference_ad.compile(call)
        compiled(active, constants, direction)  # traces, compiles, and makes the buffers
        return compiled

    def peak_memory(self, call: Call, run: Callable[[], Any]) -> Memory:
        # Its buffers outlive a call, and belong to what a call needs.
        if isinstance(call, CompiledFunction):
            call.free_buffers()
        return super().peak_memory(call, run)
