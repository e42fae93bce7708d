"""The namespace of tinygrad: its methods, as functions with the standard's names."""

# ruff: noqa: SIM905
from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from types import SimpleNamespace
from typing import Any

import numpy as np
from tinygrad import Tensor, dtypes

from adbench.namespaces import composed
from adbench.namespaces import numpy as plain
from adbench.namespaces.constants import partial_namespace
from adbench.namespaces.namespace import missing

TITLE = "tinygrad"


def is_array(value: Any) -> bool:
    """Return whether a value is a tensor of tinygrad's."""
    return isinstance(value, Tensor)


def as_tensor(value: Any, like: Tensor | None = None) -> Tensor:
    """Return a value as a tensor; numbers take the dtype of another tensor, if one is given."""
    if isinstance(value, Tensor):
        return value
    tensor = Tensor(np.asarray(value))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return tensor.cast(like.dtype) if is_number and like is not None else tensor


def numpy_dtype(dtype: Any) -> np.dtype[Any]:
    """Return a dtype of tinygrad's as NumPy calls it."""
    return np.dtype(dtype.fmt) if hasattr(dtype, "fmt") else np.dtype(dtype)


def _own(plain_function: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """tinygrad's function where an argument is a tensor, and NumPy's where all is constant."""

    def call(*arguments: Any, **parameters: Any) -> Any:
        tensors = [argument for argument in arguments if is_array(argument)]
        if not tensors:
            return plain_function(*arguments, **parameters)
        return function(*arguments, **parameters)

    return call


def _on_tensors(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors alone, of which some may be given as numbers."""

    def call(*arguments: Any) -> Any:
        like = next(argument for argument in arguments if is_array(argument))
        return function(*[as_tensor(argument, like) for argument in arguments])

    return call


def _mean(x: Tensor, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    return x.mean(axis, keepdims)


def _sum(x: Tensor, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    return x.sum(axis, keepdims)


def _max(x: Tensor, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    return x.max(axis, keepdims)


def _min(x: Tensor, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    return x.min(axis, keepdims)


def _prod(x: Tensor, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    return x.prod(axis, keepdims)


def _where(condition: Any, x: Any, y: Any, /) -> Tensor:
    like = next(part for part in (x, y, condition) if is_array(part))
    return as_tensor(condition).where(as_tensor(x, like), as_tensor(y, like))


def _permute_dims(x: Tensor, axes: Any, /) -> Tensor:
    return x.permute(tuple(axes))


def _matrix_transpose(x: Tensor, /) -> Tensor:
    return x.transpose(-2, -1)


def _reshape(x: Tensor, shape: Any, /, *, copy: bool | None = None) -> Tensor:
    return x.reshape(tuple(shape))


def _broadcast_to(x: Tensor, shape: Any, /) -> Tensor:
    return x.expand(tuple(shape)) if x.ndim == len(shape) else _aligned(x, shape)


def _aligned(x: Tensor, shape: Any) -> Tensor:
    return x.reshape((1,) * (len(shape) - x.ndim) + x.shape).expand(tuple(shape))


def _expand_dims(x: Tensor, /, *, axis: int = 0) -> Tensor:
    return x.unsqueeze(axis)


def _squeeze(x: Tensor, /, axis: Any) -> Tensor:
    axes = axis if isinstance(axis, tuple) else (axis,)
    for k in sorted((k % x.ndim for k in axes), reverse=True):
        x = x.squeeze(k)
    return x


def _flip(x: Tensor, /, *, axis: Any = None) -> Tensor:
    return x.flip(tuple(range(x.ndim)) if axis is None else axis)


def _concat(arrays: Any, /, *, axis: int | None = 0) -> Any:
    if not any(map(is_array, arrays)):
        return np.concatenate(arrays, axis=axis)
    tensors = [as_tensor(array) for array in arrays]
    if axis is None:
        tensors, axis = [tensor.reshape(-1) for tensor in tensors], 0
    return tensors[0].cat(*tensors[1:], dim=axis)


def _stack(arrays: Any, /, *, axis: int = 0) -> Any:
    if not any(map(is_array, arrays)):
        return np.stack(arrays, axis=axis)
    tensors = [as_tensor(array) for array in arrays]
    return tensors[0].stack(*tensors[1:], dim=axis)


def _unstack(x: Tensor, /, *, axis: int = 0) -> Any:
    order = (axis % x.ndim, *[k for k in range(x.ndim) if k != axis % x.ndim])
    return tuple(x.permute(order)[k] for k in range(x.shape[axis]))


def _matmul(x: Tensor, y: Tensor, /) -> Tensor:
    return x @ y


def _vecdot(x: Any, y: Any, /, *, axis: int = -1) -> Tensor:
    product: Tensor = x * y
    return product.sum(axis)


def _outer(x: Any, y: Any, /) -> Tensor:
    first, second = as_tensor(x), as_tensor(y)
    return first.unsqueeze(1) * second.unsqueeze(0)


def _clip(x: Tensor, /, min: Any = None, max: Any = None) -> Tensor:
    clipped = x if min is None else x.maximum(min)
    return clipped if max is None else clipped.minimum(max)


def _filled(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def call(x: Any, /, *arguments: Any, dtype: Any = None) -> Any:
        form = np.empty(x.shape, numpy_dtype(x.dtype)) if is_array(x) else x
        filled = function(form, *arguments, dtype=None if dtype is None else numpy_dtype(dtype))
        return Tensor(filled) if is_array(x) else filled

    return call


def _made(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def call(*arguments: Any, dtype: Any = None) -> Any:
        return Tensor(function(*arguments, dtype=None if dtype is None else numpy_dtype(dtype)))

    return call


def _asarray(x: Any, /, *, dtype: Any = None, copy: bool | None = None) -> Tensor:
    tensor = _stack(x) if isinstance(x, list) and any(map(is_array, x)) else as_tensor(x)
    return tensor if dtype is None else tensor.cast(_own_dtype(dtype))


def _own_dtype(dtype: Any) -> Any:
    names = {"float64": dtypes.float64, "float32": dtypes.float32, "int64": dtypes.int64}
    name = numpy_dtype(dtype).name
    if name not in names:
        missing(TITLE, f"dtype {name} in a model")()
    return names[name]


def _astype(x: Tensor, dtype: Any, /, *, copy: bool = True) -> Tensor:
    return x.cast(_own_dtype(dtype))


def _matrix_power(x: Tensor, n: int, /) -> Tensor:
    if n < 1:
        missing(TITLE, f"linalg.matrix_power with n={n}")()
    return reduce(_matmul, [x] * n)


def grad(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the gradient of a scalar function by its first argument, a tensor."""

    def gradient(active: Tensor, *others: Any) -> Any:
        copy = active + 0.0
        return function(copy, *others).gradient(copy)[0]

    return gradient


METHODS = tuple(
    "abs acos acosh asin asinh atan atanh ceil cos cosh exp floor isfinite isinf isnan log log10 "
    "log2 reciprocal round sign sin sinh sqrt square tan tanh trunc".split()
)
"""Methods of one tensor that are called as the standard calls its functions."""

OTHERS: dict[str, Callable[..., Any]] = {
    "astype": _astype,
    "broadcast_to": _broadcast_to,
    "clip": _clip,
    "expand_dims": _expand_dims,
    "flip": _flip,
    "matmul": _matmul,
    "matrix_transpose": _matrix_transpose,
    "max": _max,
    "mean": _mean,
    "min": _min,
    "permute_dims": _permute_dims,
    "prod": _prod,
    "reshape": _reshape,
    "squeeze": _squeeze,
    "sum": _sum,
    "unstack": _unstack,
    "vecdot": _vecdot,
    "where": _where,
}
"""Those whose arguments are others than the standard's."""

FUNCTIONS: dict[str, Any] = {
    **{name: _own(getattr(plain.numpy, name), getattr(Tensor, name)) for name in METHODS},
    **{
        name: _own(getattr(plain.numpy, name), _on_tensors(function))
        for name, function in {
            "add": Tensor.add,
            "divide": Tensor.div,
            "equal": lambda x, y: x == y,
            "greater": lambda x, y: x > y,
            "greater_equal": lambda x, y: x >= y,
            "less": lambda x, y: x < y,
            "less_equal": lambda x, y: x <= y,
            "logical_and": lambda x, y: x & y,
            "logical_not": lambda x: ~x,
            "logical_or": lambda x, y: x | y,
            "maximum": Tensor.maximum,
            "minimum": Tensor.minimum,
            "multiply": Tensor.mul,
            "negative": Tensor.neg,
            "not_equal": lambda x, y: x != y,
            "pow": Tensor.pow,
            "subtract": Tensor.sub,
        }.items()
    },
    **{name: _own(getattr(plain.numpy, name), f) for name, f in OTHERS.items()},
    **{name: _filled(name) for name in ("zeros_like", "ones_like", "full_like", "empty_like")},
    **{name: _made(name) for name in ("zeros", "ones", "eye", "full", "arange", "linspace")},
    "asarray": _asarray,
    "concat": _concat,
    "float32": dtypes.float32,
    "float64": dtypes.float64,
    "grad": grad,
    "log1p": _own(np.log1p, lambda x: (1.0 + x).log()),
    "stack": _stack,
    "stop_gradient": Tensor.detach,
}
LINALG: dict[str, Any] = {
    **{name: FUNCTIONS[name] for name in ("matmul", "matrix_transpose", "vecdot")},
    "matrix_power": _own(np.linalg.matrix_power, _matrix_power),
    "outer": _own(np.linalg.outer, _outer),
}
_tensors = SimpleNamespace(**FUNCTIONS)
SPECIAL: dict[str, Any] = {
    "erf": Tensor.erf,
    "expit": Tensor.sigmoid,
    "log_expit": composed.functions(_tensors)["log_expit"],
    "softplus": composed.functions(_tensors)["softplus"],
    **composed.softmaxes(_tensors),
}

namespace = partial_namespace(TITLE, is_array, FUNCTIONS, LINALG, SPECIAL)
