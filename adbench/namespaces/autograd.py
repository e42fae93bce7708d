"""The namespace of HIPS autograd: its copy of NumPy, and the special functions it differentiates.

What a model cannot write for it: what `autograd.numpy` has no derivative of, and assignment.
"""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as array_module
import autograd.scipy.special as array_special
import numpy as np
from autograd.extend import defjvp, defvjp, primitive

from adbench.namespaces import numpy as plain
from adbench.namespaces.namespace import Namespace


def _softplus(x: Any) -> Any:
    return array_module.logaddexp(x, 0.0)


def _concat(arrays: Any, axis: int | None = 0) -> Any:
    return array_module.concatenate(arrays, axis)


def _permute_dims(x: Any, axes: tuple[int, ...]) -> Any:
    return array_module.transpose(x, axes)


def _take(x: Any, indices: Any, axis: int = 0) -> Any:
    return x[(slice(None),) * (axis % x.ndim) + (indices,)]


def _unstack(x: Any, axis: int = 0) -> tuple[Any, ...]:
    return tuple(_take(x, place, axis) for place in range(x.shape[axis]))


@primitive  # type: ignore[untyped-decorator]
def _stop_gradient(x: Any) -> Any:
    return x


defjvp(_stop_gradient, None)
defvjp(_stop_gradient, None)


@primitive  # type: ignore[untyped-decorator]
def _scattered(value: Any, index: Any, shape: tuple[int, ...]) -> Any:
    zeros = np.zeros(shape, value.dtype)
    np.add.at(zeros, index, value)
    return zeros


defjvp(_scattered, lambda g, ans, value, index, shape: _scattered(g, index, shape))
defvjp(_scattered, lambda ans, value, index, shape: lambda g: g[index])


def _add_at(x: Any, index: Any, value: Any) -> Any:
    part = array_module.broadcast_to(value, np.zeros(x.shape)[index].shape)
    return x + _scattered(part * array_module.ones((), x.dtype), index, x.shape)


def _set_at(x: Any, index: Any, value: Any) -> Any:
    mask = np.zeros(x.shape, bool)
    mask[index] = True
    return _add_at(array_module.where(mask, 0.0, x), index, value)


namespace = Namespace(
    array_module,
    Namespace(array_special, None, softplus=_softplus),
    add_at=_add_at,
    concat=_concat,
    finfo=plain.numpy.finfo,
    grad=autograd.grad,
    permute_dims=_permute_dims,
    set_at=_set_at,
    stop_gradient=_stop_gradient,
    take=_take,
    unstack=_unstack,
)
