"""The namespace of the complex step: NumPy's functions of complex numbers, where they are analytic.

The imaginary part of a number is a step, and no part of its value. NumPy orders complex numbers by
their real part first, as is needed here. What it makes of their absolute value is replaced; a
function that is none of complex numbers, or not analytic, is missing for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adbench.namespaces import numpy as plain
from adbench.namespaces.namespace import Namespace, missing

TITLE = "The complex step"


def _abs(x: Any) -> Any:
    return np.where(np.real(x) < 0, -x, x) if np.iscomplexobj(x) else np.abs(x)


def _sign(x: Any) -> Any:
    return np.sign(np.real(x))


def _hypot(x: Any, y: Any) -> Any:
    if not (np.iscomplexobj(x) or np.iscomplexobj(y)):
        return np.hypot(x, y)
    scale = np.hypot(np.real(x), np.real(y))
    scale = np.where(scale == 0, 1, scale)
    return scale * np.sqrt((x / scale) ** 2 + (y / scale) ** 2)


def _atan2(y: Any, x: Any) -> Any:
    if not (np.iscomplexobj(x) or np.iscomplexobj(y)):
        return np.arctan2(y, x)
    # arctan2 and arctan(y/x) differ by a constant in each quadrant.
    angle = np.arctan2(np.real(y), np.real(x))
    turn = (y * np.real(x) - x * np.real(y)) / (np.real(x) ** 2 + np.real(y) ** 2)
    return angle + turn


def _of_real_part(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is constant but for its jumps, or whose answer is a truth value."""

    def call(*arguments: Any, **parameters: Any) -> Any:
        return function(*[_value(x) for x in arguments], **parameters)

    return call


def _value(x: Any) -> Any:
    return np.real(x) if np.iscomplexobj(x) else x


def _stop_gradient(x: Any) -> Any:
    return np.array(_value(x))


def _of_reals(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that must not see a step."""
    refuse = missing(TITLE, f"{name} of complex numbers")

    def call(*arguments: Any, **parameters: Any) -> Any:
        is_moved = any(np.iscomplexobj(x) for x in arguments)
        return (refuse if is_moved else function)(*arguments, **parameters)

    return call


def _vecdot(x: Any, y: Any, *, axis: int = -1) -> Any:
    return np.sum(x * y, axis=axis)


def _vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    if np.iscomplexobj(x) and ord == 2:
        return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))
    norm = _of_reals(f"linalg.vector_norm with ord={ord}", np.linalg.vector_norm)
    return norm(x, axis=axis, keepdims=keepdims, ord=ord)


def _astype(x: Any, dtype: Any, /, *, copy: bool = True) -> Any:
    if not np.iscomplexobj(x):
        return np.astype(x, dtype, copy=copy)
    if np.issubdtype(dtype, np.inexact):
        return np.astype(x, np.result_type(dtype, np.complex64), copy=copy)
    return np.astype(np.real(x), dtype)


def _set_at(x: Any, index: Any, value: Any, /) -> Any:
    return plain.numpy.set_at(_with_room_for(value, x), index, value)


def _add_at(x: Any, index: Any, value: Any, /) -> Any:
    return plain.numpy.add_at(_with_room_for(value, x), index, value)


def _with_room_for(value: Any, x: Any) -> Any:
    """An array that can hold the steps of a value which is put into it."""
    return np.asarray(x, np.result_type(x, 1j)) if np.iscomplexobj(value) else x


def _in_dtype(function: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction whose `dtype`, that of the values, leaves room for their steps."""

    def call(x: Any, *, dtype: Any = None, **parameters: Any) -> Any:
        if dtype is not None and np.iscomplexobj(x):
            dtype = np.result_type(dtype, np.complex64)
        return function(x, dtype=dtype, **parameters)

    return call


def _logaddexp(x: Any, y: Any) -> Any:
    larger = np.maximum(np.real(x), np.real(y))
    return larger + np.log(np.exp(x - larger) + np.exp(y - larger))


def _expit(x: Any) -> Any:
    # By the tanh, which does not overflow.
    return (1 + np.tanh(x / 2)) / 2 if np.iscomplexobj(x) else plain.numpy.special.expit(x)


def _softplus(x: Any) -> Any:
    if not np.iscomplexobj(x):
        return plain.numpy.special.softplus(x)
    return np.where(np.real(x) > 0, x, 0) + np.log1p(np.exp(-_abs(x)))


def _log_expit(x: Any) -> Any:
    return -_softplus(-x) if np.iscomplexobj(x) else plain.numpy.special.log_expit(x)


def _gammaln(x: Any) -> Any:
    special = plain.numpy.special
    if not np.iscomplexobj(x):
        return special.gammaln(x)
    if np.any(np.real(x) <= 0):
        missing(TITLE, "special.gammaln of negative numbers")()  # it has jumps of pi there
    return special.loggamma(x)


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    largest = np.max(np.real(x), axis=axis, keepdims=True)
    total = np.log(np.sum(np.exp(x - largest), axis=axis, keepdims=True)) + largest
    return total if keepdims else np.squeeze(total, axis=axis)


def _log_softmax(x: Any, axis: Any = None) -> Any:
    return x - _logsumexp(x, axis, keepdims=True)


def _softmax(x: Any, axis: Any = None) -> Any:
    return np.exp(_log_softmax(x, axis))


OF_REAL_PARTS = (
    "argmax",
    "argmin",
    "argsort",
    "ceil",
    "count_nonzero",
    "equal",
    "floor",
    "greater",
    "greater_equal",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "not_equal",
    "round",
    "searchsorted",
    "signbit",
    "trunc",
)
"""Those that have the derivative 0 between their jumps."""
REDUCTIONS = ("cumulative_prod", "cumulative_sum", "prod", "sum")
OF_REALS = (
    "conj",
    "copysign",
    "floor_divide",
    "imag",
    "nextafter",
    "real",
    "remainder",
    "std",
    "var",
)
FOURIER_OF_REALS = ("hfft", "ihfft", "irfft", "irfftn", "rfft", "rfftn")
LINALG_OF_REALS = (
    "cholesky",
    "eigh",
    "eigvalsh",
    "matrix_norm",
    "matrix_rank",
    "pinv",
    "qr",
    "slogdet",
    "svd",
    "svdvals",
)
SPECIAL_OF_REALS = (
    "erfinv",
    "gammainc",
    "gammaincc",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "j0",
    "j1",
    "polygamma",
    "xlogy",
    "zeta",
)


def _refusing(names: tuple[str, ...], prefix: str, module: Any) -> dict[str, Callable[..., Any]]:
    return {name: _of_reals(prefix + name, getattr(module, name)) for name in names}


namespace = Namespace(
    plain.numpy,
    Namespace(
        plain.numpy.special,
        None,
        expit=_expit,
        gammaln=_gammaln,
        log_expit=_log_expit,
        log_softmax=_log_softmax,
        logsumexp=_logsumexp,
        softmax=_softmax,
        softplus=_softplus,
        **_refusing(SPECIAL_OF_REALS, "special.", plain.numpy.special),
    ),
    abs=_abs,
    add_at=_add_at,
    astype=_astype,
    atan2=_atan2,
    fft=Namespace(
        plain.numpy.fft,
        None,
        **_refusing(FOURIER_OF_REALS, "fft.", plain.numpy.fft),
    ),
    hypot=_hypot,
    logaddexp=_logaddexp,
    linalg=Namespace(
        np.linalg,
        None,
        trace=_in_dtype(np.linalg.trace),
        vecdot=_vecdot,
        vector_norm=_vector_norm,
        **_refusing(LINALG_OF_REALS, "linalg.", np.linalg),
    ),
    set_at=_set_at,
    sign=_sign,
    stop_gradient=_stop_gradient,
    vecdot=_vecdot,
    **{name: _of_real_part(getattr(plain.numpy, name)) for name in OF_REAL_PARTS},
    **{name: _in_dtype(getattr(plain.numpy, name)) for name in REDUCTIONS},
    **_refusing(OF_REALS, "", plain.numpy),
)
