"""The namespace of SymPy: arrays of formulas.

They are NumPy's arrays of objects, which NumPy moves, adds and multiplies as they are. SymPy's
functions take one formula at a time.
"""

# ruff: noqa: SIM905
from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from types import SimpleNamespace
from typing import Any

import numpy as np
import sympy

from adbench.namespaces import composed
from adbench.namespaces import numpy as plain
from adbench.namespaces.namespace import missing
from adbench.namespaces.operators import Operators

TITLE = "SymPy"


_sympified = np.frompyfunc(sympy.sympify, 1, 1)


class Array(Operators):
    """An array of formulas."""

    title = TITLE

    def __init__(self, formulas: Any, dtype: Any = np.float64) -> None:
        """formulas: of any shape. dtype: float64, or bool where they are conditions."""
        self.formulas = np.asarray(_sympified(formulas), dtype=object)
        self.shape = self.formulas.shape
        self.dtype = np.dtype(dtype)

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.formulas.size

    def __getitem__(self, index: Any) -> Array:
        indices = index if isinstance(index, tuple) else (index,)
        if any(map(is_array, indices)):
            missing(TITLE, "index that is known at the call alone")()
        return Array(self.formulas[index], self.dtype)


def is_array(value: Any) -> bool:
    """Return whether a value is an array of formulas."""
    return isinstance(value, Array)


def formulas_of(value: Any) -> Any:
    """Return the formulas in an array, or in the arrays of a list; anything else as it is."""
    if isinstance(value, list | tuple):
        return type(value)(formulas_of(part) for part in value)
    return value.formulas if isinstance(value, Array) else value


def as_array(value: Any) -> Array:
    """Return a value as an array; numbers become formulas."""
    return value if isinstance(value, Array) else Array(value)


def symbols(shape: tuple[int, ...]) -> Array:
    """Return an array of symbols that are in no other formula."""
    names = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        names[index] = sympy.Dummy(real=True)
    return Array(names)


def _holds_array(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_array, value))
    return is_array(value)


def _own(
    plain_function: Callable[..., Any], function: Callable[..., Any], dtype: Any = np.float64
) -> Callable[..., Any]:
    """A function of arrays of objects for formulas, and NumPy's where all is constant."""

    def call(*arguments: Any, **parameters: Any) -> Any:
        if not any(map(_holds_array, arguments)):
            return plain_function(*arguments, **parameters)
        value = function(*map(formulas_of, arguments), **parameters)
        if isinstance(value, list | tuple):
            return [Array(part, dtype) for part in value]
        return Array(value, dtype)

    return call


def _entrywise(name: str, count: int, function: Callable[..., Any], dtype: Any) -> Any:
    return _own(getattr(plain.numpy, name), np.frompyfunc(function, count, 1), dtype)


UNARY: dict[str, Callable[..., Any]] = {
    "abs": sympy.Abs,
    "acos": sympy.acos,
    "acosh": sympy.acosh,
    "asin": sympy.asin,
    "asinh": sympy.asinh,
    "atan": sympy.atan,
    "atanh": sympy.atanh,
    "cos": sympy.cos,
    "cosh": sympy.cosh,
    "exp": sympy.exp,
    "log": sympy.log,
    "log1p": lambda x: sympy.log(1 + x),
    "negative": lambda x: -x,
    "reciprocal": lambda x: 1 / x,
    "sign": sympy.sign,
    "sin": sympy.sin,
    "sinh": sympy.sinh,
    "sqrt": sympy.sqrt,
    "square": lambda x: x * x,
    "tan": sympy.tan,
    "tanh": sympy.tanh,
}
BINARY: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "atan2": sympy.atan2,
    "divide": lambda a, b: a / sympy.sympify(b),
    "hypot": lambda a, b: sympy.sqrt(a**2 + b**2),
    "maximum": sympy.Max,
    "minimum": sympy.Min,
    "multiply": lambda a, b: a * b,
    "pow": lambda a, b: a**b,
    "subtract": lambda a, b: a - b,
}
CONDITIONS: dict[str, Callable[..., Any]] = {
    "equal": sympy.Eq,
    "greater": sympy.Gt,
    "greater_equal": sympy.Ge,
    "less": sympy.Lt,
    "less_equal": sympy.Le,
    "logical_and": sympy.And,
    "logical_or": sympy.Or,
    "not_equal": sympy.Ne,
}
MOVING = tuple(
    "broadcast_to concat expand_dims flip matrix_transpose moveaxis permute_dims repeat reshape "
    "roll squeeze stack tile unstack".split()
)
"""Functions of NumPy's that take formulas as they take all objects."""

_choose = np.frompyfunc(lambda c, x, y: sympy.Piecewise((x, _condition(c)), (y, True)), 3, 1)


def _condition(value: Any) -> Any:
    """A formula as a condition: a number that is not zero."""
    return value if isinstance(value, sympy.logic.boolalg.Boolean) else sympy.Ne(value, 0)


def _where(condition: Any, x: Any, y: Any, /) -> Any:
    if isinstance(condition, np.ndarray) and condition.dtype == np.dtype(object):
        return _choose(condition, x, y)
    return np.where(condition, np.asarray(x, object), np.asarray(y, object))


def _filled(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def call(x: Any, /, *arguments: Any, dtype: Any = None) -> Any:
        form = np.empty(x.shape, x.dtype) if is_array(x) else x
        return function(form, *arguments, dtype=dtype)

    return call


def _reduced(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """A reduction by a function of two formulas."""
    on_arrays = np.frompyfunc(function, 2, 1)

    def call(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
        axes = tuple(range(x.ndim)) if axis is None else np.atleast_1d(axis) % x.ndim
        for k in sorted(axes, reverse=True):
            x = on_arrays.reduce(x, axis=k, keepdims=keepdims)
        return x

    return call


def _in_any_dtype(function: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction of formulas, which have no dtype to be reduced in."""

    def call(x: Any, /, *, dtype: Any = None, **parameters: Any) -> Any:
        if dtype is not None:
            missing(TITLE, f"{function.__name__} with a dtype")()
        return function(x, **parameters)

    return call


def _mean(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
    total = np.sum(x, axis=axis, keepdims=keepdims)
    return total / (x.size // max(np.size(total), 1))


def _vecdot(x: Any, y: Any, /, *, axis: int = -1) -> Any:
    return np.sum(x * y, axis=axis)


def _clip(x: Any, /, min: Any = None, max: Any = None) -> Any:
    clipped = x if min is None else FUNCTIONS["maximum"](x, min)
    return clipped if max is None else FUNCTIONS["minimum"](clipped, max)


def _astype(x: Any, dtype: Any, /, *, copy: bool = True) -> Any:
    if not is_array(x):
        return np.astype(x, dtype, copy=copy)
    if np.dtype(dtype) != x.dtype:
        missing(TITLE, f"conversion to {np.dtype(dtype)}")()
    return x


def _asarray(x: Any, /, *, dtype: Any = None, copy: bool | None = None) -> Any:
    return Array(formulas_of(x)) if _holds_array(x) else np.asarray(x, dtype=dtype, copy=copy)


_stopped: dict[sympy.Dummy, sympy.Expr] = {}
"""The symbols that stand for what passes `stop_gradient` in a formula, and what it is."""


def _at_known_indices(name: str) -> Callable[..., Any]:
    """A function of indices, which decide what the formulas are."""
    own = _own(getattr(plain.numpy, name), getattr(plain.numpy, name))

    def call(x: Any, indices: Any, /, **parameters: Any) -> Any:
        if _holds_array(indices):
            missing(TITLE, "index that is known at the call alone")()
        return own(x, indices, **parameters)

    return call


def _stop_gradient(x: Any) -> Any:
    if not is_array(x):
        return x
    stand_ins = symbols(x.shape)
    _stopped.update(zip(stand_ins.formulas.flat, x.formulas.flat, strict=True))
    return stand_ins


def substituted(formulas: list[Any], values: dict[Any, Any]) -> list[Any]:
    """Return formulas with others in the places of symbols, also in what is stopped."""
    for symbol, definition in _stopped.items():
        _stopped[symbol] = definition.xreplace(values)
    return [sympy.sympify(formula).xreplace(values) for formula in formulas]


def with_stopped(formulas: list[Any]) -> list[Any]:
    """Return formulas, all derivatives taken, with what was stopped in its place."""
    while _stopped:
        symbol, definition = _stopped.popitem()
        formulas = [sympy.sympify(formula).xreplace({symbol: definition}) for formula in formulas]
    return formulas


FUNCTIONS: dict[str, Any] = {
    **{name: _entrywise(name, 1, f, np.float64) for name, f in UNARY.items()},
    **{name: _entrywise(name, 2, f, np.float64) for name, f in BINARY.items()},
    **{name: _entrywise(name, 2, f, bool) for name, f in CONDITIONS.items()},
    **{name: _own(getattr(plain.numpy, name), getattr(plain.numpy, name)) for name in MOVING},
    **{name: _filled(name) for name in ("zeros_like", "ones_like", "full_like", "empty_like")},
    "asarray": _asarray,
    "astype": _astype,
    "clip": _clip,
    "matmul": _own(np.matmul, np.matmul),
    "max": _own(np.max, _reduced(sympy.Max)),
    "mean": _own(np.mean, _mean),
    "min": _own(np.min, _reduced(sympy.Min)),
    "prod": _own(np.prod, _in_any_dtype(np.prod)),
    "stop_gradient": _stop_gradient,
    "sum": _own(np.sum, _in_any_dtype(np.sum)),
    "take": _at_known_indices("take"),
    "take_along_axis": _at_known_indices("take_along_axis"),
    "tensordot": _own(np.tensordot, np.tensordot),
    "vecdot": _own(np.vecdot, _vecdot),
    "where": _own(np.where, _where),
}
Array.functions = FUNCTIONS


# ---- linear algebra, and special functions


def _of_matrix(function: Callable[[sympy.Matrix], Any]) -> Callable[..., Any]:
    def call(x: Any, /) -> Any:
        if x.ndim != 2:
            missing(TITLE, "linear algebra of stacks of matrices")()
        value = function(sympy.Matrix(x))
        return np.asarray(value, dtype=object)

    return call


def _solve(a: Any, b: Any, /) -> Any:
    if a.ndim != 2:
        missing(TITLE, "linear algebra of stacks of matrices")()
    return np.asarray(sympy.Matrix(a).LUsolve(sympy.Matrix(b)), dtype=object).reshape(b.shape)


def _trace(x: Any, /, *, offset: int = 0) -> Any:
    return np.sum(np.diagonal(x, offset, -2, -1), axis=-1)


def _diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return np.diagonal(x, offset, -2, -1)


def _vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    if ord != 2:
        missing(TITLE, f"linalg.vector_norm with ord={ord}")()
    return np.frompyfunc(sympy.sqrt, 1, 1)(np.sum(x**2, axis=axis, keepdims=keepdims))


def _matrix_power(x: Any, n: int, /) -> Any:
    if n < 1:
        missing(TITLE, "linalg.matrix_power of a negative power")()
    return reduce(np.matmul, [x] * n)


LINALG: dict[str, Any] = {
    "det": _own(np.linalg.det, _of_matrix(lambda matrix: matrix.det())),
    "diagonal": _own(np.linalg.diagonal, _diagonal),
    "inv": _own(np.linalg.inv, _of_matrix(lambda matrix: matrix.inv())),
    "matmul": FUNCTIONS["matmul"],
    "matrix_power": _own(np.linalg.matrix_power, _matrix_power),
    "matrix_transpose": FUNCTIONS["matrix_transpose"],
    "outer": _own(np.linalg.outer, np.multiply.outer),
    "solve": _own(np.linalg.solve, _solve),
    "tensordot": FUNCTIONS["tensordot"],
    "trace": _own(np.linalg.trace, _in_any_dtype(_trace)),
    "vecdot": FUNCTIONS["vecdot"],
    "vector_norm": _own(np.linalg.vector_norm, _vector_norm),
}


def _of_arrays(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    plain_function = getattr(plain.numpy.special, name)

    def call(x: Any, *arguments: Any, **parameters: Any) -> Any:
        return (function if is_array(x) else plain_function)(x, *arguments, **parameters)

    return call


# As they are written down: nested choices between formulas take SymPy minutes to simplify.
_FORMULAS: dict[str, Callable[..., Any]] = {
    "digamma": sympy.digamma,
    "erf": sympy.erf,
    "erfc": sympy.erfc,
    "expit": lambda x: 1 / (1 + sympy.exp(-x)),
    "gammaln": sympy.loggamma,
    "log_expit": lambda x: -sympy.log(1 + sympy.exp(-x)),
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
}
FUNCTIONS["logaddexp"] = _entrywise(
    "logaddexp", 2, lambda x, y: sympy.log(sympy.exp(x) + sympy.exp(y)), np.float64
)
SPECIAL: dict[str, Any] = {
    **{
        name: _own(getattr(plain.numpy.special, name), np.frompyfunc(function, 1, 1))
        for name, function in _FORMULAS.items()
    },
    **{
        name: _of_arrays(name, function)
        for name, function in composed.softmaxes(SimpleNamespace(**FUNCTIONS)).items()
    },
}
