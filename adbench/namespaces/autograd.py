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
from autograd.tracer import isbox

from adbench.namespaces import composed
from adbench.namespaces import numpy as plain
from adbench.namespaces.constants import ConstantsAlone
from adbench.namespaces.namespace import SPECIAL, Namespace

TITLE = "HIPS autograd"


def _softplus(x: Any) -> Any:
    return array_module.logaddexp(x, 0.0)


def _concat(arrays: Any, axis: int | None = 0) -> Any:
    return array_module.concatenate(arrays, axis)


def _permute_dims(x: Any, axes: tuple[int, ...]) -> Any:
    return array_module.transpose(x, axes)


def _take(x: Any, indices: Any, axis: int = 0) -> Any:
    return x[(slice(None),) * (axis % x.ndim) + (indices,)]


def _take_along_axis(x: Any, indices: Any, axis: int = -1) -> Any:
    places: list[Any] = [*np.indices(indices.shape, sparse=True)]
    places[axis] = indices
    return x[tuple(places)]


def _matrix_transpose(x: Any) -> Any:
    return array_module.swapaxes(x, -1, -2)


def _vecdot(x: Any, y: Any, axis: int = -1) -> Any:
    return array_module.sum(array_module.conj(x) * y, axis=axis)


def _cumulative_sum(x: Any, axis: int = 0) -> Any:
    return array_module.cumsum(x, axis)


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


def _log_expit(x: Any) -> Any:
    return -_softplus(-x)


class _SpecialFunctions:
    """Those that autograd differentiates, and SciPy's for constants where it has none."""

    __name__ = "autograd.scipy.special"
    _constants = ConstantsAlone(TITLE, isbox, plain.numpy.special, "special.")

    def __getattr__(self, name: str) -> Any:
        if name in SPECIAL and not hasattr(array_special, name):
            return getattr(self._constants, name)
        return getattr(array_special, name)


namespace = Namespace(
    array_module,
    Namespace(
        _SpecialFunctions(),
        None,
        log_expit=_log_expit,
        softplus=_softplus,
        **composed.softmaxes(Namespace(array_module, None, stop_gradient=_stop_gradient)),
    ),
    add_at=_add_at,
    concat=_concat,
    cumulative_sum=_cumulative_sum,
    finfo=plain.numpy.finfo,
    grad=autograd.grad,
    matrix_transpose=_matrix_transpose,
    permute_dims=_permute_dims,
    set_at=_set_at,
    stop_gradient=_stop_gradient,
    take=_take,
    take_along_axis=_take_along_axis,
    unstack=_unstack,
    vecdot=_vecdot,
)
