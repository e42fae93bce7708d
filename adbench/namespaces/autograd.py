"""The namespace of HIPS autograd: its copy of NumPy, and the special functions it differentiates.

What a model cannot write for it: what `autograd.numpy` has no derivative of, and assignment.
"""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as array_module
import autograd.scipy.special as array_special
from autograd.extend import defjvp, defvjp, primitive

from adbench.namespaces import numpy as plain
from adbench.namespaces.namespace import Namespace


def _softplus(x: Any) -> Any:
    return array_module.logaddexp(x, 0.0)


def _concat(arrays: Any, axis: int | None = 0) -> Any:
    return array_module.concatenate(arrays, axis)


def _permute_dims(x: Any, axes: tuple[int, ...]) -> Any:
    return array_module.transpose(x, axes)


@primitive  # type: ignore[untyped-decorator]
def _stop_gradient(x: Any) -> Any:
    return x


defjvp(_stop_gradient, None)
defvjp(_stop_gradient, None)

namespace = Namespace(
    array_module,
    Namespace(array_special, None, softplus=_softplus),
    concat=_concat,
    finfo=plain.numpy.finfo,
    grad=autograd.grad,
    permute_dims=_permute_dims,
    stop_gradient=_stop_gradient,
)
