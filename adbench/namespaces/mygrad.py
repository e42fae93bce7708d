"""The namespace of MyGrad: its functions, some under the standard's names.

Those that it lacks take constants, and say of its tensors which function is missing.
"""

from __future__ import annotations

from typing import Any

import mygrad
from mygrad.nnet.activations import sigmoid

from adbench.namespaces import composed
from adbench.namespaces import numpy as plain
from adbench.namespaces.constants import ConstantsAlone
from adbench.namespaces.namespace import LOOPS, Namespace, missing

TITLE = "MyGrad"

OTHER_NAMES = {
    **{f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "atan2": "arctan2",
    "concat": "concatenate",
    "permute_dims": "transpose",
    "pow": "power",
}
"""The standard's names of functions, and MyGrad's."""


def _ones_like(x: Any) -> Any:
    return mygrad.ones_like(x, constant=True)


def _softplus(x: Any) -> Any:
    return mygrad.logaddexp(x, 0.0)


def _stop_gradient(x: Any) -> Any:
    return mygrad.tensor(x, constant=True)


def _matrix_transpose(x: Any) -> Any:
    return mygrad.swapaxes(x, -1, -2)


def _vecdot(x: Any, y: Any, axis: int = -1) -> Any:
    return mygrad.sum(x * y, axis=axis)


def _astype(x: Any, dtype: Any, *, copy: bool = True) -> Any:
    """MyGrad's own `astype` leaves the graph; what has the dtype already stays as it is."""
    if not _is_tensor(x):
        return plain.numpy.astype(x, dtype, copy=copy)
    if x.dtype == dtype:
        return x
    return missing(TITLE, "conversion to another dtype that it differentiates")()


def _is_tensor(value: Any) -> bool:
    return isinstance(value, mygrad.Tensor)


class _Functions:
    """MyGrad's functions, and NumPy's for constants where it has none."""

    __name__ = "mygrad"
    _constants = ConstantsAlone(TITLE, _is_tensor, plain.numpy, "")

    def __getattr__(self, name: str) -> Any:
        own_name = OTHER_NAMES.get(name, name)
        if name not in LOOPS and hasattr(mygrad, own_name):
            return getattr(mygrad, own_name)
        return getattr(self._constants, name)


namespace = Namespace(
    _Functions(),
    Namespace(
        ConstantsAlone(TITLE, _is_tensor, plain.numpy.special, "special."),
        None,
        expit=sigmoid,
        softplus=_softplus,
        **composed.softmaxes(Namespace(mygrad, None, stop_gradient=_stop_gradient)),
    ),
    add_at=missing(TITLE, "item assignment as a function"),
    astype=_astype,
    fft=ConstantsAlone(TITLE, _is_tensor, plain.numpy.fft, "fft."),
    grad=missing(TITLE, "derivatives of derivatives"),
    linalg=ConstantsAlone(TITLE, _is_tensor, plain.numpy.linalg, "linalg."),
    matrix_transpose=_matrix_transpose,
    ones_like=_ones_like,
    round=missing(TITLE, "round"),
    set_at=missing(TITLE, "item assignment as a function"),
    stop_gradient=_stop_gradient,
    vecdot=_vecdot,
)
