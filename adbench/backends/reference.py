"""Our own engine, define-by-run on NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

import reference_ad
from adbench.backends.base import Answer, Backend, Call, Function
from adbench.namespaces import numpy as plain
from adbench.namespaces.numpy import Namespace
from reference_ad.engine.core import UnlistedPrimitive

# ---- namespace

_step = UnlistedPrimitive("nextafter", lambda x1, x2: np.nextafter(x1, x2) - x1)

# What the engine does not bring: the step to the next number, which counts as a constant.
namespace = Namespace(
    reference_ad.numpy,
    reference_ad.numpy.special,
    finfo=plain.numpy.finfo,
    nextafter=lambda x1, x2: x1 + _step(x1, x2),
)


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

    # ---- primitives

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        return reference_ad.jvp(function, (active,), (tangent,))

    def vjp(self, function: Function, active: Any) -> tuple[Any, Any]:
        output, pullback = reference_ad.vjp(function, active)
        return output, lambda cotangent: pullback(cotangent)[0]

    # ---- first order

    def derivative_forward(self, function: Function, active: Any, order: int) -> Answer:
        one = self.xp.ones_like(active)
        for _ in range(order):
            function = _pushed(function, one)
        return function(active)

    def derivative_reverse(self, function: Function, active: Any, order: int) -> Answer:
        for _ in range(order):
            function = reference_ad.grad(function)
        return function(active)

    def gradient_forward(self, function: Function, active: Any, direction: None) -> Answer:
        return reference_ad.jacfwd(function)(active)

    def gradient_reverse(self, function: Function, active: Any, direction: None) -> Answer:
        return reference_ad.grad(function)(active)

    def jvp_forward(self, function: Function, active: Any, tangent: Any) -> Answer:
        return reference_ad.jvp(function, (active,), (tangent,))[1]

    def vjp_forward(self, function: Function, active: Any, cotangent: Any) -> Answer:
        return reference_ad.jacfwd(lambda x: self.xp.sum(function(x) * cotangent))(active)

    def vjp_reverse(self, function: Function, active: Any, cotangent: Any) -> Answer:
        return reference_ad.vjp(function, active)[1](cotangent)[0]

    def jacobian_forward(self, function: Function, active: Any, direction: None) -> Answer:
        return reference_ad.jacfwd(function)(active)

    def jacobian_reverse(self, function: Function, active: Any, direction: None) -> Answer:
        return reference_ad.jacrev(function)(active)

    # ---- second order

    def hvp_forward_over_reverse(self, function: Function, active: Any, tangent: Any) -> Answer:
        return reference_ad.hvp(function, (active,), (tangent,))

    def hvp_reverse_over_forward(self, function: Function, active: Any, tangent: Any) -> Answer:
        return reference_ad.grad(_pushed(function, tangent))(active)

    def hvp_reverse_over_reverse(self, function: Function, active: Any, tangent: Any) -> Answer:
        # The Hessian is symmetric, so a cotangent pulled back through the gradient is the product.
        return reference_ad.vjp(reference_ad.grad(function), active)[1](tangent)[0]

    def hvp_forward_over_forward(self, function: Function, active: Any, tangent: Any) -> Answer:
        return reference_ad.jacfwd(_pushed(function, tangent))(active)

    def hessian_forward_over_reverse(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        return reference_ad.jacfwd(reference_ad.grad(function))(active)

    def hessian_reverse_over_forward(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        return reference_ad.jacrev(reference_ad.jacfwd(function))(active)

    def hessian_reverse_over_reverse(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        return reference_ad.jacrev(reference_ad.grad(function))(active)

    def hessian_forward_over_forward(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        return reference_ad.jacfwd(reference_ad.jacfwd(function))(active)


class Compiled(Tape):
    """`reference_ad` with the whole operator traced and compiled to NumPy source before the first
    call."""

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        compiled = reference_ad.compile(call)
        compiled(active, constants, direction)  # traces, compiles, and makes the buffers
        return compiled


def _pushed(function: Function, tangent: Any) -> Function:
    return lambda x: reference_ad.jvp(function, (x,), (tangent,))[1]
