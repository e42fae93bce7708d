"""The namespace of PyTensor: its symbolic tensors, by the standard's names.

PyTensor's own shape is symbolic. An `Array` is one of its variables whose shape PyTensor has worked
out while the graph was built.
"""

# ruff: noqa: SIM905
from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from math import prod
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.gradient import zero_grad
from pytensor.graph.basic import Variable
from pytensor.tensor import linalg as array_linalg
from pytensor.tensor import special as array_special

from adbench.namespaces import composed
from adbench.namespaces import numpy as plain
from adbench.namespaces.constants import partial_namespace
from adbench.namespaces.namespace import missing
from adbench.namespaces.operators import Operators
from reference_ad.engine import tree

TITLE = "PyTensor"


class Array(Operators):
    """A variable of PyTensor with a shape that is known."""

    title = TITLE

    def __init__(self, variable: Variable) -> None:
        """variable: a tensor. Raises MissingFunction where its shape depends on values."""
        self.variable = variable
        if None in variable.type.shape:
            missing(TITLE, "shape that is known at the call alone")()
        self.shape = tuple(variable.type.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype, as NumPy calls it."""
        return np.dtype(self.variable.type.dtype)

    @property
    def size(self) -> int:
        """The number of entries."""
        return prod(self.shape)

    def __getitem__(self, index: Any) -> Array:
        if isinstance(index, tuple):
            return Array(self.variable[tuple(variable_of(part) for part in index)])
        return Array(self.variable[variable_of(index)])


def is_array(value: Any) -> bool:
    """Return whether a value is an array of PyTensor's."""
    return isinstance(value, Array)


def as_array(value: Any) -> Array:
    """Return a value as an array; numbers of NumPy and Python become constants."""
    return value if isinstance(value, Array) else Array(pt.as_tensor_variable(value))


def variable_of(value: Any) -> Any:
    """Return the variable in an array; anything else as it is."""
    if isinstance(value, list | tuple):
        return type(value)(variable_of(part) for part in value)
    return value.variable if isinstance(value, Array) else value


def array_of(value: Any) -> Any:
    """Return what a function of PyTensor has returned with its variables as arrays."""
    if isinstance(value, list | tuple):
        return [array_of(part) for part in value]
    return Array(value) if isinstance(value, Variable) else value


def _holds_array(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_array, value))
    return is_array(value)


def _own(plain_function: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """PyTensor's function for its arrays, and NumPy's where all is constant."""

    def call(*arguments: Any, **parameters: Any) -> Any:
        if not any(map(_holds_array, (*arguments, *parameters.values()))):
            return plain_function(*arguments, **parameters)
        variables = [_in_own_dtype(variable_of(argument)) for argument in arguments]
        named = {name: variable_of(value) for name, value in parameters.items()}
        return array_of(function(*variables, **named))

    return call


def _in_own_dtype(value: Any) -> Any:
    """A Python number as one of the dtype of `floatX`, where PyTensor would take a shorter one."""
    if isinstance(value, bool):
        return np.asarray(value)
    return np.asarray(value, pytensor.config.floatX) if isinstance(value, float) else value


def _others_are_missing(name: str, parameters: dict[str, Any]) -> None:
    if parameters:
        missing(TITLE, f"{name} with {', '.join(parameters)}")()


# ---- what is called or done otherwise than in the standard


def _astype(x: Any, dtype: Any, /, *, copy: bool = True) -> Any:
    return pt.cast(x, np.dtype(dtype).name)


def _mean(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
    x = pt.as_tensor_variable(x)
    return pt.mean(x, axis=axis, keepdims=keepdims)


def _var(x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    count = prod(x.type.shape) // max(prod(pt.sum(x, axis=axis).type.shape), 1)
    centred = x - pt.mean(x, axis=axis, keepdims=True)
    return pt.sum(centred**2, axis=axis, keepdims=keepdims) / (count - correction)


def _std(x: Any, /, **parameters: Any) -> Any:
    return pt.sqrt(_var(x, **parameters))


def _cumulative(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, /, *, axis: int | None = None, **others: Any) -> Any:
        _others_are_missing(name, others)
        return function(x, axis=0 if axis is None else axis)

    return call


def _concat(arrays: Any, /, *, axis: int | None = 0) -> Any:
    arrays = [pt.as_tensor_variable(array) for array in arrays]
    if axis is None:
        return pt.concatenate([pt.flatten(array) for array in arrays])
    return pt.concatenate(arrays, axis=axis)


def _stack(arrays: Any, /, *, axis: int = 0) -> Any:
    return pt.stack([pt.as_tensor_variable(array) for array in arrays], axis=axis)


def _unstack(x: Any, /, *, axis: int = 0) -> Any:
    moved = pt.moveaxis(x, axis, 0)
    return tuple(moved[k] for k in range(moved.type.shape[0]))


def _squeeze(x: Any, /, axis: Any) -> Any:
    return pt.squeeze(x, axis)


def _permute_dims(x: Any, axes: Any, /) -> Any:
    return pt.transpose(x, [k % x.type.ndim for k in axes])


def _matrix_transpose(x: Any, /) -> Any:
    return pt.swapaxes(x, -1, -2)


def _reshape(x: Any, shape: Any, /, *, copy: bool | None = None) -> Any:
    return pt.reshape(x, shape, ndim=len(shape))


def _broadcast_arrays(*arrays: Any) -> Any:
    variables = [pt.as_tensor_variable(array) for array in arrays]
    shape = np.broadcast_shapes(*[variable.type.shape for variable in variables])
    return [pt.broadcast_to(variable, shape) for variable in variables]


def _flip(x: Any, /, *, axis: Any = None) -> Any:
    return pt.flip(x, axis)


def _clip(x: Any, /, min: Any = None, max: Any = None) -> Any:
    clipped = x if min is None else pt.maximum(x, min)
    return clipped if max is None else pt.minimum(clipped, max)


def _sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    ordered = pt.sort(x, axis=axis)
    return pt.flip(ordered, axis) if descending else ordered


def _roll(x: Any, /, shift: Any, *, axis: Any = None) -> Any:
    if isinstance(shift, tuple) or isinstance(axis, tuple):
        missing(TITLE, "roll along several axes")()
    return pt.roll(x, shift, axis)


def _outer(x: Any, y: Any, /) -> Any:
    return pt.as_tensor_variable(x)[:, None] * pt.as_tensor_variable(y)[None, :]


def _matrix_power(x: Any, n: int, /) -> Any:
    if x.type.ndim != 2:
        missing(TITLE, "linalg.matrix_power of a stack of matrices")()
    return array_linalg.matrix_power(x, n)


def _pinv(x: Any, /, **others: Any) -> Any:
    _others_are_missing("linalg.pinv", others)
    return array_linalg.pinv(x)


def _vecdot(x: Any, y: Any, /, *, axis: int = -1) -> Any:
    return pt.sum(x * y, axis=axis)


def _like(value: float | None) -> Callable[..., Any]:
    """Return a function that fills an array like another; with its own argument where None."""

    def call(x: Any, /, *fill: Any, dtype: Any = None) -> Any:
        dtype = np.dtype(dtype or x.type.dtype)
        number = fill[0] if value is None else value
        return np.full(x.type.shape, number, dtype)

    return call


def _set_at(x: Any, index: Any, value: Any, /) -> Any:
    return pt.set_subtensor(pt.as_tensor_variable(x)[index], value)


def _add_at(x: Any, index: Any, value: Any, /) -> Any:
    return pt.inc_subtensor(pt.as_tensor_variable(x)[index], value)


def _asarray(x: Any, /, *, dtype: Any = None, copy: bool | None = None) -> Any:
    variable = pt.as_tensor_variable(x)
    return variable if dtype is None else pt.cast(variable, np.dtype(dtype).name)


def grad(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the gradient of a scalar function by its first argument."""

    def gradient(active: Any, *others: Any) -> Any:
        copies = tree.map(lambda leaf: Array(as_array(leaf).variable.copy()), active)
        leaves, structure = tree.flatten(copies)
        output = as_array(function(copies, *others)).variable
        pulled = pt.grad(output, variable_of(leaves), disconnected_inputs="ignore")
        return tree.unflatten(structure, array_of(pulled))

    return gradient


SAME_NAME = tuple(
    "abs add all any argmax argmin bitwise_and bitwise_or bitwise_xor broadcast_to ceil cos "
    "cosh exp expand_dims expm1 floor isinf isnan log log10 log1p log2 matmul max "
    "maximum min minimum moveaxis prod repeat round sin sinh sqrt sum take "
    "take_along_axis tan tanh tensordot tile tril triu trunc where".split()
)
"""Functions that PyTensor calls as the standard does."""

OTHER_NAME: dict[str, Callable[..., Any]] = {
    "acos": pt.arccos,
    "acosh": pt.arccosh,
    "add_at": _add_at,
    "asarray": _asarray,
    "asin": pt.arcsin,
    "asinh": pt.arcsinh,
    "astype": _astype,
    "atan": pt.arctan,
    "atan2": pt.arctan2,
    "atanh": pt.arctanh,
    "bitwise_invert": pt.bitwise_not,
    "broadcast_arrays": _broadcast_arrays,
    "clip": _clip,
    "concat": _concat,
    "cumulative_prod": _cumulative("cumulative_prod", pt.cumprod),
    "cumulative_sum": _cumulative("cumulative_sum", pt.cumsum),
    "divide": pt.true_div,
    "empty_like": _like(0.0),
    "equal": pt.eq,
    "flip": _flip,
    "floor_divide": pt.int_div,
    "full_like": _like(None),
    "greater": pt.gt,
    "greater_equal": pt.ge,
    "less": pt.lt,
    "less_equal": pt.le,
    "logical_and": pt.and_,
    "logical_not": pt.invert,
    "logical_or": pt.or_,
    "matrix_transpose": _matrix_transpose,
    "mean": _mean,
    "multiply": pt.mul,
    "negative": pt.neg,
    "not_equal": pt.neq,
    "ones_like": _like(1.0),
    "permute_dims": _permute_dims,
    "positive": lambda x: x,
    "pow": pt.power,
    "reciprocal": pt.reciprocal,
    "remainder": pt.mod,
    "reshape": _reshape,
    "roll": _roll,
    "set_at": _set_at,
    "sign": pt.sign,
    "sort": _sort,
    "square": pt.sqr,
    "squeeze": _squeeze,
    "stack": _stack,
    "std": _std,
    "stop_gradient": zero_grad,
    "subtract": pt.sub,
    "unstack": _unstack,
    "var": _var,
    "vecdot": _vecdot,
    "zeros_like": _like(0.0),
}

FUNCTIONS: dict[str, Any] = {
    name: _own(getattr(plain.numpy, name), function)
    for name, function in ({name: getattr(pt, name) for name in SAME_NAME} | OTHER_NAME).items()
}
FUNCTIONS["grad"] = grad
FUNCTIONS["logaddexp"] = _own(
    np.logaddexp,
    composed.functions(SimpleNamespace(where=pt.where, exp=pt.exp, log1p=pt.log1p))["logaddexp"],
)
Array.functions = FUNCTIONS


# ---- linear algebra


def _solve(a: Any, b: Any, /) -> Any:
    a, b = pt.as_tensor_variable(a), pt.as_tensor_variable(b)
    if b.type.ndim == 1:
        return array_linalg.solve(a, b, b_ndim=1)
    return array_linalg.solve(a, b, b_ndim=2)


def _cholesky(x: Any, /, *, upper: bool = False) -> Any:
    lower = array_linalg.cholesky(x)
    return _matrix_transpose(lower) if upper else lower


def _diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return pt.diagonal(x, offset, -2, -1)


def _trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    return pt.sum(_diagonal(x, offset=offset), axis=-1, dtype=dtype)


def _vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    if ord != 2:
        missing(TITLE, f"linalg.vector_norm with ord={ord}")()
    return pt.sqrt(pt.sum(x**2, axis=axis, keepdims=keepdims))


def _pair(names: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that returns two arrays, under the names that the standard gives them."""
    form: Any = namedtuple("Pair", names)  # type: ignore[misc]

    def call(x: Any, /) -> Any:
        if not is_array(x):
            return getattr(np.linalg, function.__name__)(x)
        return form(*array_of(function(x.variable)))

    return call


LINALG: dict[str, Any] = {
    name: _own(getattr(np.linalg, name), function)
    for name, function in {
        "cholesky": _cholesky,
        "det": array_linalg.det,
        "diagonal": _diagonal,
        "inv": array_linalg.inv,
        "matmul": pt.matmul,
        "matrix_power": _matrix_power,
        "matrix_transpose": _matrix_transpose,
        "outer": _outer,
        "pinv": _pinv,
        "solve": _solve,
        "tensordot": pt.tensordot,
        "trace": _trace,
        "vecdot": _vecdot,
        "vector_norm": _vector_norm,
    }.items()
}
LINALG["slogdet"] = _pair("sign logabsdet", array_linalg.slogdet)


# ---- special functions


def _softmax(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, axis: Any = None) -> Any:
        return function(x, axis=axis)

    return call


def _log_expit(x: Any) -> Any:
    return -pt.softplus(-x)


SPECIAL: dict[str, Any] = {
    name: _own(getattr(plain.numpy.special, name), function)
    for name, function in {
        "digamma": pt.psi,
        "erf": pt.erf,
        "erfc": pt.erfc,
        "erfinv": pt.erfinv,
        "expit": pt.sigmoid,
        "gammainc": pt.gammainc,
        "gammaincc": pt.gammaincc,
        "gammaln": pt.gammaln,
        "i0": pt.i0,
        "i1": pt.i1,
        "j0": pt.j0,
        "j1": pt.j1,
        "log_expit": _log_expit,
        "log_softmax": _softmax(array_special.log_softmax),
        "polygamma": pt.polygamma,
        "softmax": _softmax(array_special.softmax),
        "softplus": pt.softplus,
        "xlogy": array_special.xlogy,
    }.items()
}


def _logsumexp_of_arrays(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if not is_array(x):
        return plain.numpy.special.logsumexp(x, axis=axis, keepdims=keepdims)
    return composed.softmaxes(SimpleNamespace(**FUNCTIONS))["logsumexp"](x, axis, keepdims)


SPECIAL["logsumexp"] = _logsumexp_of_arrays

namespace = partial_namespace(TITLE, is_array, FUNCTIONS, LINALG, SPECIAL)
