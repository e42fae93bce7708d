"""The namespace of MLX, which has the standard's names for most of what it has.

Numbers that a model makes are float64 where it names no dtype; MLX would make them float32.
"""

# ruff: noqa: SIM905
from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from functools import reduce
from typing import Any

import mlx.core as mx
import numpy as np

from adbench.namespaces import composed
from adbench.namespaces.constants import partial_namespace
from adbench.namespaces.namespace import MissingFunction, missing

TITLE = "MLX"


def is_array(value: Any) -> bool:
    """Return whether a value is an array of MLX's."""
    return isinstance(value, mx.array)


def _named(name: str, function: Callable[..., Any], *fields: str) -> Callable[..., Any]:
    """A function of MLX's, whose name is said where it does not take the arguments.

    fields: what the parts of its answer are called, where it has several.
    """
    form = namedtuple(name.rpartition(".")[2], fields) if fields else None

    def call(*arguments: Any, **parameters: Any) -> Any:
        try:
            value = function(*arguments, **parameters)
        except TypeError as error:
            raise MissingFunction(f"{TITLE} has no {name} of such arguments.") from error
        return value if form is None else form(*value)

    return call


def _asarray(x: Any, /, *, dtype: Any = None, copy: bool | None = None) -> Any:
    if isinstance(x, mx.array):
        return x if dtype is None else x.astype(dtype)
    return mx.array(x, dtype or _own_dtype(x))


def _own_dtype(x: Any) -> Any:
    """The dtype of Python's numbers: float64 for those that are no integers or truth values."""
    if isinstance(x, list | tuple) and any(isinstance(part, mx.array) for part in x):
        return None
    kind = np.asarray(x).dtype.kind
    return {"f": mx.float64, "i": mx.int64}.get(kind)


def _made(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that makes an array, of float64 where no dtype is named."""

    def call(*arguments: Any, dtype: Any = None, **parameters: Any) -> Any:
        return function(*arguments, dtype=dtype or mx.float64, **parameters)

    return call


def _arange(start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None) -> Any:
    return _asarray(np.arange(start, stop, step), dtype=dtype)


def _full(shape: Any, fill: Any, *, dtype: Any = None) -> Any:
    return mx.full(shape, fill, dtype=dtype or _own_dtype(fill))


def _var(x: Any, /, *, axis: Any = None, correction: Any = 0, keepdims: bool = False) -> Any:
    return mx.var(x, axis=axis, ddof=correction, keepdims=keepdims)


def _std(x: Any, /, *, axis: Any = None, correction: Any = 0, keepdims: bool = False) -> Any:
    return mx.std(x, axis=axis, ddof=correction, keepdims=keepdims)


def _clip(x: Any, /, min: Any = None, max: Any = None) -> Any:
    return x if min is None and max is None else mx.clip(x, min, max)


def _set_at(x: Any, index: Any, value: Any, /) -> Any:
    copy = mx.array(x)
    copy[index] = value
    return copy


def _add_at(x: Any, index: Any, value: Any, /) -> Any:
    return x.at[index].add(value)


def _erfc(x: Any) -> Any:
    return 1.0 - mx.erf(x)


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return mx.logsumexp(x, axis=axis, keepdims=keepdims)


def _softmax(x: Any, axis: Any = None) -> Any:
    return mx.softmax(x, axis=axis)


def _log_softmax(x: Any, axis: Any = None) -> Any:
    return x - _logsumexp(x, axis, keepdims=True)


def _vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    if ord != 2:
        missing(TITLE, f"linalg.vector_norm with ord={ord}")()
    return mx.sqrt(mx.sum(x * x, axis=axis, keepdims=keepdims))


def _matrix_power(x: Any, n: int, /) -> Any:
    if n < 1:
        missing(TITLE, f"linalg.matrix_power with n={n}")()
    return reduce(mx.matmul, [x] * n)


def _astype(x: Any, dtype: Any, /, *, copy: bool = True) -> Any:
    return x.astype(dtype)


def _of_dtypes(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy's that says something of dtypes, for those of MLX."""

    def call(*arguments: Any) -> Any:
        return function(*map(_numpy_dtype, arguments))

    return call


def _numpy_dtype(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_numpy_dtype, value))
    value = value.dtype if is_array(value) else value
    if not isinstance(value, mx.Dtype):
        return value
    return np.dtype(str(value).removeprefix("mlx.core.").rstrip("_"))


def _vecdot(x: Any, y: Any, /, *, axis: int = -1) -> Any:
    return mx.sum(x * y, axis=axis)


def _diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return mx.diagonal(x, offset, -2, -1)


def _trace(x: Any, /, *, offset: int = 0) -> Any:
    return mx.sum(_diagonal(x, offset=offset), axis=-1)


def _constant(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose answer has no derivative: MLX differentiates indices, and then refuses."""

    def call(*arguments: Any, **parameters: Any) -> Any:
        return mx.stop_gradient(function(*arguments, **parameters))

    return call


SAME_NAME = tuple(
    "abs acos acosh add all any argmax argmin argsort asin asinh atan atan2 atanh bitwise_and "
    "bitwise_invert bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor broadcast_arrays "
    "broadcast_to ceil checkpoint concat conj cos cosh count_nonzero cumulative_prod "
    "cumulative_sum diff divide equal exp expand_dims expm1 flip floor floor_divide full_like "
    "grad greater greater_equal imag isfinite isinf isnan less less_equal log log10 log1p log2 "
    "logaddexp logical_and logical_not logical_or matmul matrix_transpose max maximum mean "
    "meshgrid min minimum moveaxis multiply negative not_equal ones_like permute_dims positive pow "
    "prod real reciprocal remainder repeat reshape roll round searchsorted sign sin sinh sort sqrt "
    "square squeeze stack stop_gradient subtract sum take take_along_axis tan tanh tensordot tile "
    "tril triu trunc unstack where zeros_like".split()
)
"""Functions that MLX calls as the standard does."""

DTYPES = tuple(
    "complex64 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64".split()
)

FUNCTIONS: dict[str, Any] = {
    **{name: _named(name, getattr(mx, name)) for name in SAME_NAME},
    **{
        name: _named(name, _constant(getattr(mx, name)))
        for name in ("argmax", "argmin", "argsort", "searchsorted")
    },
    **{name: getattr(mx, name) for name in DTYPES},
    "add_at": _add_at,
    "arange": _arange,
    "asarray": _asarray,
    "astype": _named("astype", _astype),
    "bool": mx.bool_,
    "can_cast": _of_dtypes(np.can_cast),
    "clip": _clip,
    "empty": _made(mx.zeros),
    "eye": _made(mx.eye),
    "finfo": _of_dtypes(np.finfo),
    "full": _full,
    "iinfo": _of_dtypes(np.iinfo),
    "isdtype": _of_dtypes(np.isdtype),
    "linspace": _made(mx.linspace),
    "ones": _made(mx.ones),
    "set_at": _set_at,
    "std": _named("std", _std),
    "var": _named("var", _var),
    "vecdot": _vecdot,
    "zeros": _made(mx.zeros),
}
LINALG: dict[str, Any] = {
    **{
        name: _named(f"linalg.{name}", getattr(mx.linalg, name), *fields)
        for name, fields in {
            "cholesky": (),
            "cross": (),
            "det": (),
            "eigh": ("eigenvalues", "eigenvectors"),
            "eigvalsh": (),
            "inv": (),
            "pinv": (),
            "qr": ("Q", "R"),
            "slogdet": ("sign", "logabsdet"),
            "solve": (),
        }.items()
    },
    **{name: FUNCTIONS[name] for name in ("matmul", "matrix_transpose", "tensordot")},
    "diagonal": _diagonal,
    "matrix_power": _matrix_power,
    "outer": _named("linalg.outer", mx.outer),
    "trace": _named("linalg.trace", _trace),
    "vecdot": _vecdot,
    "vector_norm": _vector_norm,
}
_composed = composed.functions(mx)
SPECIAL: dict[str, Any] = {
    "erf": mx.erf,
    "erfc": _erfc,
    "expit": mx.sigmoid,
    "log_expit": _composed["log_expit"],
    "log_softmax": _log_softmax,
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "softplus": _composed["softplus"],
}

namespace = partial_namespace(TITLE, is_array, FUNCTIONS, LINALG, SPECIAL)
