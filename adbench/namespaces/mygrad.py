"""The namespace of MyGrad: its functions with NumPy's names, and `expit` of the special ones."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import mygrad
from mygrad.nnet.activations import sigmoid

from adbench.namespaces import numpy as plain
from adbench.namespaces.namespace import Namespace, missing


def _ones_like(x: Any) -> Any:
    return mygrad.ones_like(x, constant=True)


def _softplus(x: Any) -> Any:
    return mygrad.logaddexp(x, 0.0)


def _stop_gradient(x: Any) -> Any:
    return mygrad.tensor(x, constant=True)


namespace = Namespace(
    mygrad,
    SimpleNamespace(expit=sigmoid, softplus=_softplus),
    add_at=missing("MyGrad", "item assignment as a function"),
    finfo=plain.numpy.finfo,
    grad=missing("MyGrad", "derivatives of derivatives"),
    ones_like=_ones_like,
    round=missing("MyGrad", "round"),
    set_at=missing("MyGrad", "item assignment as a function"),
    stop_gradient=_stop_gradient,
)
