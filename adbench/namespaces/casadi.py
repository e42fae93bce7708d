"""The namespace of CasADi: arrays of any number of axes on its vectors of expressions.

CasADi has matrices alone. An `Array` is a column of expressions in the order of a row-major array,
and a shape. What moves numbers without changing them (reshape, broadcast, transpose, index, join)
is done to an array of their positions by NumPy, and gathers the expressions there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from math import prod
from types import SimpleNamespace
from typing import Any

import casadi
import numpy as np

from adbench.namespaces import composed
from adbench.namespaces import numpy as plain
from adbench.namespaces.namespace import missing
from adbench.namespaces.operators import Operators

TITLE = "CasADi"
Positions = np.ndarray[Any, np.dtype[np.int64]]


class Array(Operators):
    """An array of expressions of CasADi."""

    title = TITLE

    def __init__(self, column: casadi.MX, shape: tuple[int, ...], dtype: Any = np.float64) -> None:
        """column: shape (n, 1). shape: of n entries. dtype: float64, or bool or int64, by NumPy."""
        self.column = column
        self.shape = shape
        self.dtype = np.dtype(dtype)

    @property
    def size(self) -> int:
        """The number of entries."""
        return prod(self.shape)

    def positions(self) -> Positions:
        """Return the position in the column of every entry, an array of the same shape."""
        return np.arange(self.size).reshape(self.shape)

    def gathered(self, positions: Any) -> Array:
        """Return an array of the entries at positions in the column."""
        positions = np.asarray(positions)
        flat = positions.ravel()
        if positions.size == self.size and np.array_equal(flat, np.arange(self.size)):
            return Array(self.column, positions.shape, self.dtype)
        # One expression gives a row, whatever is asked of it.
        return Array(casadi.vec(self.column[flat.tolist()]), positions.shape, self.dtype)

    def moved(self, function: Callable[..., Any], *arguments: Any, **parameters: Any) -> Array:
        """Return an array whose entries a function of NumPy has moved."""
        return self.gathered(function(self.positions(), *arguments, **parameters))

    def matrix(self) -> casadi.MX:
        """Return the last axis as columns of a matrix, one for each entry of the others."""
        length = self.shape[-1]
        return casadi.reshape(self.column, length, self.size // length if length else 0)

    def __getitem__(self, index: Any) -> Array:
        indices = index if isinstance(index, tuple) else (index,)
        if any(isinstance(i, Array) for i in indices):
            missing(TITLE, "index that is known at the call alone")()
        return self.gathered(self.positions()[index])


def is_array(value: Any) -> bool:
    """Return whether a value is an array of expressions."""
    return isinstance(value, Array)


def as_array(value: Any) -> Array:
    """Return a value as an array of expressions; numbers of NumPy and Python become constants."""
    if isinstance(value, Array):
        return value
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "fiub":
        missing(TITLE, f"numbers of dtype {numbers.dtype}")()
    column = casadi.MX(casadi.DM(numbers.astype(np.float64).ravel()))
    return Array(column, numbers.shape, numbers.dtype)


def _remainder(a: Any, b: Any) -> Any:
    rest = casadi.fmod(a, b)
    return rest + casadi.if_else(rest * b < 0, b, 0)


def _floor_divide(a: Any, b: Any) -> Any:
    # What is divided is a multiple of b but for its rounding.
    return casadi.floor((a - _remainder(a, b)) / b + 0.5)


def _logical(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """An operation on truth values, which on integers would be one on their bits."""
    plain_function = getattr(np, name)

    def call(*arguments: Any) -> Any:
        if not any(map(is_array, arguments)):
            return plain_function(*arguments)
        if any(as_array(argument).dtype.kind != "b" for argument in arguments):
            missing(TITLE, f"{name} of integers")()
        return elementwise(function, *arguments, dtype=bool)

    return call


def elementwise(function: Callable[..., Any], *arguments: Any, dtype: Any = None) -> Array:
    """Apply a function of CasADi to arrays and numbers that are broadcast to one shape."""
    arrays = [as_array(argument) for argument in arguments]
    shape = np.broadcast_shapes(*[array.shape for array in arrays])
    # CasADi broadcasts a single number itself.
    columns = [
        array.column if array.size == 1 else _broadcast_to(array, shape).column for array in arrays
    ]
    if prod(shape) != 1 and all(array.size == 1 for array in arrays):
        columns[0] = _broadcast_to(arrays[0], shape).column
    if dtype is None:
        pairs = zip(arguments, arrays, strict=True)
        dtype = np.result_type(*[x if isinstance(x, int | float) else y.dtype for x, y in pairs])
    return Array(function(*columns), shape, dtype)


def _broadcast_to(array: Any, shape: tuple[int, ...]) -> Array:
    return as_array(array).moved(np.broadcast_to, shape)


# ---- functions of one array, and of several, that move entries


def _moving(name: str) -> Callable[..., Any]:
    function = getattr(plain.numpy, name)

    def call(x: Any, /, *arguments: Any, **parameters: Any) -> Any:
        if not is_array(x):
            return function(x, *arguments, **parameters)
        if any(map(is_array, (*arguments, *parameters.values()))):
            missing(TITLE, f"{name} with an index that is known at the call alone")()
        positions = function(x.positions(), *arguments, **parameters)
        if isinstance(positions, tuple):
            return tuple(x.gathered(part) for part in positions)
        return x.gathered(positions)

    return call


def _joining(name: str) -> Callable[..., Any]:
    function = getattr(plain.numpy, name)

    def call(arrays: Any, /, **parameters: Any) -> Any:
        if not any(map(is_array, arrays)):
            return function(arrays, **parameters)
        converted = [as_array(array) for array in arrays]
        starts = np.cumsum([0, *[array.size for array in converted]])
        positions = [a.positions() + start for a, start in zip(converted, starts, strict=False)]
        joined = casadi.vertcat(*[array.column for array in converted])
        dtype = np.result_type(*[array.dtype for array in converted])
        whole = Array(joined, (joined.numel(),), dtype)
        return whole.gathered(function(positions, **parameters))

    return call


def _broadcast_arrays(*arrays: Any) -> list[Any]:
    shape = np.broadcast_shapes(*[np.shape(plain_or_form(array)) for array in arrays])
    return [_broadcast_to(array, shape) for array in arrays]


def plain_or_form(array: Any) -> Any:
    """Return something of NumPy with the shape of an array."""
    return np.broadcast_to(0.0, array.shape) if is_array(array) else array


def _triangle(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def call(x: Any, /, *, k: int = 0) -> Any:
        if not is_array(x):
            return function(x, k=k)
        return _where(function(np.ones(x.shape, bool), k=k), x, np.zeros((), x.dtype))

    return call


def _take_along_axis(x: Any, indices: Any, /, *, axis: int = -1) -> Any:
    return _moving("take_along_axis")(x, indices, axis=axis)


# ---- elementwise functions


def _of_numbers(
    plain_function: Callable[..., Any], function: Callable[..., Any], dtype: Any = None
) -> Callable[..., Any]:
    """CasADi's function for expressions, and NumPy's where all is constant."""

    def call(*arguments: Any, **parameters: Any) -> Any:
        if any(map(is_array, arguments)):
            return elementwise(function, *arguments, dtype=dtype, **parameters)
        return plain_function(*arguments, **parameters)

    return call


ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "abs": casadi.fabs,
    "acos": casadi.acos,
    "acosh": casadi.acosh,
    "add": lambda a, b: a + b,
    "asin": casadi.asin,
    "asinh": casadi.asinh,
    "atan": casadi.atan,
    "atan2": casadi.atan2,
    "atanh": casadi.atanh,
    "ceil": casadi.ceil,
    "copysign": casadi.copysign,
    "cos": casadi.cos,
    "cosh": casadi.cosh,
    "exp": casadi.exp,
    "expm1": casadi.expm1,
    "floor": casadi.floor,
    "floor_divide": _floor_divide,
    "hypot": casadi.hypot,
    "log": casadi.log,
    "log10": casadi.log10,
    "log1p": casadi.log1p,
    "log2": lambda x: casadi.log(x) / np.log(2),
    "maximum": casadi.fmax,
    "minimum": casadi.fmin,
    "multiply": lambda a, b: a * b,
    "negative": lambda x: -x,
    "positive": lambda x: x,
    "pow": lambda a, b: a**b,
    "reciprocal": lambda x: 1 / x,
    "remainder": _remainder,
    "sign": casadi.sign,
    "sin": casadi.sin,
    "sinh": casadi.sinh,
    "sqrt": casadi.sqrt,
    "square": lambda x: x * x,
    "subtract": lambda a, b: a - b,
    "tan": casadi.tan,
    "tanh": casadi.tanh,
    "trunc": lambda x: casadi.sign(x) * casadi.floor(casadi.fabs(x)),
}
"""What CasADi has of numbers, by the names of the standard."""

COMPARISONS: dict[str, Callable[..., Any]] = {
    "equal": lambda a, b: a == b,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "logical_and": casadi.logic_and,
    "logical_not": casadi.logic_not,
    "logical_or": casadi.logic_or,
    "not_equal": lambda a, b: a != b,
}


def _where(condition: Any, x: Any, y: Any, /) -> Any:
    if not any(map(is_array, (condition, x, y))):
        return plain.numpy.where(condition, x, y)
    dtype = np.result_type(as_array(x).dtype, as_array(y).dtype)
    shape = np.broadcast_shapes(*[as_array(part).shape for part in (condition, x, y)])
    columns = [_broadcast_to(part, shape).column for part in (condition, x, y)]
    return Array(casadi.if_else(columns[0], columns[1], columns[2]), shape, dtype)


def _clip(x: Any, /, min: Any = None, max: Any = None) -> Any:
    if not any(map(is_array, (x, min, max))):
        return plain.numpy.clip(x, min, max)
    clipped = x if min is None else FUNCTIONS["maximum"](x, min)
    return clipped if max is None else FUNCTIONS["minimum"](clipped, max)


_stopped: list[tuple[casadi.MX, casadi.MX]] = []
"""The symbols that stand for what passes `stop_gradient` while a graph is built, and what it is."""


def _stop_gradient(x: Any) -> Any:
    if not is_array(x):
        return x
    symbol = casadi.MX.sym("stopped", x.size)
    _stopped.append((symbol, x.column))
    return Array(symbol, x.shape, x.dtype)


def substituted(
    expressions: list[casadi.MX], symbol: casadi.MX, value: casadi.MX
) -> list[casadi.MX]:
    """Return expressions with a value in the place of a symbol, also in what is stopped."""
    definitions = [definition for _, definition in _stopped]
    replaced = casadi.graph_substitute([*expressions, *definitions], [symbol], [value])
    symbols = [stopped_symbol for stopped_symbol, _ in _stopped]
    _stopped[:] = list(zip(symbols, replaced[len(expressions) :], strict=True))
    return list(replaced[: len(expressions)])


def with_stopped(expressions: list[casadi.MX]) -> list[casadi.MX]:
    """Return expressions, all derivatives taken, with what was stopped in its place."""
    while _stopped:
        symbol, definition = _stopped.pop()
        expressions = list(casadi.graph_substitute(expressions, [symbol], [definition]))
    return expressions


def _astype(x: Any, dtype: Any, /, *, copy: bool = True) -> Any:
    if not is_array(x):
        return np.astype(x, dtype, copy=copy)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return x != 0
    if dtype.kind == "i" and x.dtype.kind == "f":
        return Array(ELEMENTWISE["trunc"](x.column), x.shape, dtype)
    if dtype.kind not in "fi" or dtype.itemsize < 8:
        missing(TITLE, f"dtype {dtype}")()
    return Array(x.column, x.shape, dtype)


def _filled(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def call(x: Any, /, *arguments: Any, dtype: Any = None) -> Any:
        form = np.empty(x.shape, x.dtype) if is_array(x) else x
        return function(form, *arguments, dtype=dtype)

    return call


def _asarray(x: Any, /, *, dtype: Any = None, copy: bool | None = None) -> Any:
    if is_array(x):
        return x if dtype is None else _astype(x, dtype)
    if isinstance(x, list | tuple) and any(map(is_array, x)):
        return _asarray(_joining("stack")([as_array(part) for part in x], axis=0), dtype=dtype)
    return np.asarray(x, dtype=dtype, copy=copy)


# ---- reductions


def _reduced_last(x: Array, axis: Any) -> tuple[Array, tuple[int, ...]]:
    """An array of two axes, the second one that of what is reduced; and the axes that are."""
    axes = tuple(range(x.ndim)) if axis is None else axis
    axes = tuple(k % x.ndim for k in (axes if isinstance(axes, tuple) else (axes,)))
    kept = [k for k in range(x.ndim) if k not in axes]
    positions = np.transpose(x.positions(), (*kept, *axes))
    rows = prod(x.shape[k] for k in kept)
    return x.gathered(positions.reshape(rows, -1 if x.size else 0)), axes


def _reduction(
    name: str, of_columns: Callable[[casadi.MX], casadi.MX], of_dtype: Any = None
) -> Callable[..., Any]:
    """A reduction, by a function of a matrix to a row: one number for each column."""
    function = getattr(plain.numpy, name)

    def call(
        x: Any, /, *, axis: Any = None, keepdims: bool = False, dtype: Any = None, **others: Any
    ) -> Any:
        if not is_array(x) or x.size == 0:
            typed = {} if dtype is None else {"dtype": dtype}
            numbers = np.empty(x.shape, x.dtype) if is_array(x) else x
            return function(numbers, axis=axis, keepdims=keepdims, **typed, **others)
        if others:
            missing(TITLE, f"{name} with {', '.join(others)}")()
        grouped, axes = _reduced_last(x, axis)
        shape = tuple(
            1 if k in axes else n for k, n in enumerate(x.shape) if keepdims or k not in axes
        )
        reduced = of_columns(grouped.matrix())
        answer = Array(casadi.vec(reduced), shape, of_dtype or x.dtype)
        return answer if dtype is None else _astype(answer, dtype)

    return call


def _folded(function: Callable[[Any, Any], Any]) -> Callable[[casadi.MX], casadi.MX]:
    """A function of two numbers, over the rows of a matrix one after the other."""
    return lambda matrix: reduce(function, [matrix[k, :] for k in range(matrix.shape[0])])


_sum = _reduction("sum", casadi.sum1)


def _mean(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
    if not is_array(x):
        return np.mean(x, axis=axis, keepdims=keepdims)
    total = _sum(x, axis=axis, keepdims=keepdims)
    return total / (x.size // max(total.size, 1))


def _var(x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    if not is_array(x):
        return np.var(x, axis=axis, correction=correction, keepdims=keepdims)
    mean = _mean(x, axis=axis, keepdims=True)
    total = _sum((x - mean) ** 2, axis=axis, keepdims=keepdims)
    return total / (x.size // max(total.size, 1) - correction)


def _std(x: Any, /, **parameters: Any) -> Any:
    return FUNCTIONS["sqrt"](_var(x, **parameters))


def _cumulative(name: str, function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    plain_function = getattr(plain.numpy, name)

    def call(x: Any, /, *, axis: int | None = None, **parameters: Any) -> Any:
        if not is_array(x):
            return plain_function(x, axis=axis, **parameters)
        if parameters:
            missing(TITLE, f"{name} with {', '.join(parameters)}")()
        axis = 0 if axis is None else axis
        parts = list(FUNCTIONS["moveaxis"](x, axis, 0))
        steps = [parts[0]]
        for part in parts[1:]:
            steps.append(function(steps[-1], part))
        return _joining("stack")(steps, axis=axis)

    return call


# ---- linear algebra


def _matmul(x: Any, y: Any, /) -> Any:
    if not (is_array(x) or is_array(y)):
        return np.matmul(x, y)
    x, y = as_array(x), as_array(y)
    left = x[None, :] if x.ndim == 1 else x
    right = y[:, None] if y.ndim == 1 else y
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left = _broadcast_to(left, (*batch, *left.shape[-2:]))
    right = _broadcast_to(right, (*batch, *right.shape[-2:]))
    # The matrix of an array is its transpose, so the product of the transposes is that of the
    # product.
    products = [
        casadi.vec(casadi.mtimes(right[k].matrix(), left[k].matrix())) for k in np.ndindex(*batch)
    ]
    shape = (*batch, left.shape[-2], right.shape[-1])
    dtype = np.result_type(x.dtype, y.dtype)
    product = Array(casadi.vertcat(*products), shape, dtype)
    dropped = tuple(axis for axis, array in ((-2, x), (-1, y)) if array.ndim == 1)
    return product.moved(np.squeeze, dropped)


def _vecdot(x: Any, y: Any, /, *, axis: int = -1) -> Any:
    return _sum(x * y, axis=axis)


def _tensordot(x: Any, y: Any, /, *, axes: Any = 2) -> Any:
    if not (is_array(x) or is_array(y)):
        return np.tensordot(x, y, axes=axes)
    x, y = as_array(x), as_array(y)
    if isinstance(axes, int):
        axes = (range(x.ndim - axes, x.ndim), range(axes))
    first, second = ([k % a.ndim for k in part] for a, part in zip((x, y), axes, strict=True))
    free_first = [k for k in range(x.ndim) if k not in first]
    free_second = [k for k in range(y.ndim) if k not in second]
    count = prod(x.shape[k] for k in first)
    left = x.moved(np.transpose, (*free_first, *first)).moved(np.reshape, (-1, count))
    right = y.moved(np.transpose, (*second, *free_second)).moved(np.reshape, (count, -1))
    shape = (*[x.shape[k] for k in free_first], *[y.shape[k] for k in free_second])
    return _matmul(left, right).moved(np.reshape, shape)


def _of_matrices(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of CasADi's matrices, for each matrix of a stack; the first argument is square."""
    plain_function = getattr(np.linalg, name)

    def call(x: Any, /, *others: Any) -> Any:
        if not any(map(is_array, (x, *others))):
            return plain_function(x, *others)
        arrays = [as_array(part) for part in (x, *others)]
        if any(array.ndim != 2 for array in arrays):
            missing(TITLE, f"linalg.{name} of anything but two matrices")()
        answer = function(*[casadi.transpose(array.matrix()) for array in arrays])
        shape = () if answer.numel() == 1 and name == "det" else answer.shape
        return Array(casadi.vec(casadi.transpose(answer)), shape)

    return call


_solve_matrices = _of_matrices("solve", casadi.solve)


def _solve(a: Any, b: Any, /) -> Any:
    if is_array(a) or is_array(b):
        b = as_array(b)
        if b.ndim == 1:
            return _solve_matrices(a, b[:, None])[:, 0]
    return _solve_matrices(a, b)


def _outer(x: Any, y: Any, /) -> Any:
    return FUNCTIONS["multiply"](as_array(x)[:, None], as_array(y)[None, :])


def _trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    diagonal = _moving_linalg("diagonal")(x, offset=offset)
    return _sum(diagonal, axis=-1, dtype=dtype)


def _moving_linalg(name: str) -> Callable[..., Any]:
    function = getattr(np.linalg, name)

    def call(x: Any, /, **parameters: Any) -> Any:
        return x.moved(function, **parameters) if is_array(x) else function(x, **parameters)

    return call


def _vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    if not is_array(x):
        return np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)
    if ord != 2:
        missing(TITLE, f"linalg.vector_norm with ord={ord}")()
    return FUNCTIONS["sqrt"](_sum(x**2, axis=axis, keepdims=keepdims))


def _matrix_power(x: Any, n: int, /) -> Any:
    if not is_array(x):
        return np.linalg.matrix_power(x, n)
    if n < 0:
        return _matrix_power(LINALG["inv"](x), -n)
    return reduce(_matmul, [x] * n) if n else _broadcast_to(np.eye(x.shape[-1]), x.shape)


# ---- item assignment as functions


def _set_at(x: Any, index: Any, value: Any, /) -> Any:
    if not (is_array(x) or is_array(value)):
        return plain.numpy.set_at(x, index, value)
    x = as_array(x)
    places = np.asarray(x.positions()[index])
    values = _broadcast_to(value, places.shape)
    positions = x.positions().ravel()
    positions[places.ravel()] = x.size + np.arange(places.size)
    both = Array(casadi.vertcat(x.column, values.column), (x.size + places.size,), x.dtype)
    return both.gathered(positions.reshape(x.shape))


def _add_at(x: Any, index: Any, value: Any, /) -> Any:
    if not (is_array(x) or is_array(value)):
        return plain.numpy.add_at(x, index, value)
    x = as_array(x)
    places = np.asarray(x.positions()[index])
    values = _broadcast_to(value, places.shape)
    scatter = np.zeros((x.size, places.size))
    scatter[places.ravel(), np.arange(places.size)] = 1.0
    spread = casadi.mtimes(casadi.MX(casadi.sparsify(casadi.DM(scatter))), values.column)
    return Array(x.column + casadi.densify(spread), x.shape, x.dtype)


MOVING = (
    "expand_dims flip matrix_transpose moveaxis permute_dims repeat reshape roll squeeze take tile "
    "unstack"
)

FUNCTIONS: dict[str, Any] = {
    **{name: _of_numbers(getattr(plain.numpy, name), f) for name, f in ELEMENTWISE.items()},
    "divide": _of_numbers(np.divide, lambda a, b: a / b, np.float64),
    **{name: _of_numbers(getattr(plain.numpy, name), f, bool) for name, f in COMPARISONS.items()},
    **{name: _moving(name) for name in MOVING.split()},
    **{name: _joining(name) for name in ("concat", "stack")},
    **{name: _filled(name) for name in ("zeros_like", "ones_like", "full_like", "empty_like")},
    **{name: _triangle(name) for name in ("tril", "triu")},
    "add_at": _add_at,
    "bitwise_and": _logical("bitwise_and", casadi.logic_and),
    "bitwise_invert": _logical("bitwise_invert", casadi.logic_not),
    "bitwise_or": _logical("bitwise_or", casadi.logic_or),
    "bitwise_xor": _logical("bitwise_xor", lambda a, b: a != b),
    "all": _reduction("all", _folded(casadi.logic_and), bool),
    "any": _reduction("any", _folded(casadi.logic_or), bool),
    "asarray": _asarray,
    "astype": _astype,
    "broadcast_arrays": _broadcast_arrays,
    "broadcast_to": _broadcast_to,
    "clip": _clip,
    "cumulative_prod": _cumulative("cumulative_prod", lambda a, b: a * b),
    "cumulative_sum": _cumulative("cumulative_sum", lambda a, b: a + b),
    "matmul": _matmul,
    "max": _reduction("max", _folded(casadi.fmax)),
    "mean": _mean,
    "min": _reduction("min", _folded(casadi.fmin)),
    "prod": _reduction("prod", _folded(lambda a, b: a * b)),
    "set_at": _set_at,
    "std": _std,
    "stop_gradient": _stop_gradient,
    "sum": _sum,
    "take_along_axis": _take_along_axis,
    "tensordot": _tensordot,
    "var": _var,
    "vecdot": _vecdot,
    "where": _where,
}
Array.functions = FUNCTIONS
LINALG: dict[str, Any] = {
    "det": _of_matrices("det", casadi.det),
    "diagonal": _moving_linalg("diagonal"),
    "inv": _of_matrices("inv", casadi.inv),
    "matmul": _matmul,
    "matrix_power": _matrix_power,
    "matrix_transpose": FUNCTIONS["matrix_transpose"],
    "outer": _outer,
    "solve": _solve,
    "tensordot": _tensordot,
    "trace": _trace,
    "vecdot": _vecdot,
    "vector_norm": _vector_norm,
}


def _of_arrays(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is composed of CasADi's for expressions, and SciPy's for constants."""
    plain_function = getattr(plain.numpy.special, name)

    def call(x: Any, *arguments: Any, **parameters: Any) -> Any:
        return (function if is_array(x) else plain_function)(x, *arguments, **parameters)

    return call


_own = SimpleNamespace(**FUNCTIONS)
_composed = composed.functions(_own)
FUNCTIONS["logaddexp"] = _composed.pop("logaddexp")
SPECIAL: dict[str, Any] = {
    "erf": _of_numbers(plain.numpy.special.erf, casadi.erf),
    "erfinv": _of_numbers(plain.numpy.special.erfinv, casadi.erfinv),
    **{name: _of_arrays(name, f) for name, f in _composed.items()},
    **{name: _of_arrays(name, f) for name, f in composed.softmaxes(_own).items()},
}
