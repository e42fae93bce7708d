"""TensorFlow: GradientTape for reverse mode, ForwardAccumulator for forward mode; eagerly or as one traced graph.

TensorFlow has no namespace of the array API standard. `tensorflow.experimental.numpy` comes nearest: its NumPy
behaviour gives `@`, indexing and promotion as in NumPy, and what it lacks or calls otherwise is added here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import accumulate
from math import log, prod
from types import SimpleNamespace
from typing import Any

import numpy as np

# Read when the library is loaded: errors only, no notes on the processor.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
import tensorflow.experimental.numpy as tnp

from adbench.backends.base import Answer, Backend, Call, Unsupported  # noqa: E402
from adbench.spec.namespace import Namespace
from reference_ad import tree

tf.get_logger().setLevel("ERROR")
# "legacy" keeps float32 with Python scalars and float64 for new arrays; "all" makes new arrays float32.
tnp.experimental_enable_numpy_behavior(dtype_conversion_mode="legacy")
tf.Tensor.mT = property(tf.linalg.matrix_transpose)

Apply = Callable[[Any], Any]
ZERO = tf.UnconnectedGradients.ZERO

EAGER_COLUMNS = 16
EAGER_ROWS = 64
"""Below so many passes a loop is faster than a batch in eager staging, where each batch is traced anew (0.1 s)."""

FORWARD_ORDERS = 3
"""How deep accumulators nest: the first call takes 10 s at order 3 for two lines of tanh, 100 s at order 4."""

# ---- namespace


def _argmax(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    return _position(tf.argmax, x, axis, keepdims)


def _argmin(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    return _position(tf.argmin, x, axis, keepdims)


def _position(find: Any, x: Any, axis: int | None, keepdims: bool) -> Any:
    if axis is None:
        found = find(tf.reshape(x, [-1]))
        return tf.reshape(found, [1] * x.ndim) if keepdims else found
    found = find(x, axis)
    return tf.expand_dims(found, axis) if keepdims else found


def _argsort(x: Any, axis: int = -1, *, descending: bool = False, stable: bool = True) -> Any:
    order = tf.argsort(x, axis, "DESCENDING" if descending else "ASCENDING", stable=stable)
    return tf.cast(order, tf.int64)


def _asarray(obj: Any, dtype: Any = None, *, copy: bool | None = None) -> Any:
    return tnp.array(obj, dtype) if copy else tnp.asarray(obj, dtype)


def _clip(x: Any, min: Any = None, max: Any = None) -> Any:
    return x if min is None and max is None else tnp.clip(x, min, max)


def _concat(arrays: Any, axis: int | None = 0) -> Any:
    if axis is None:
        arrays, axis = [tf.reshape(x, [-1]) for x in arrays], 0
    return tnp.concatenate(list(arrays), axis)


def _copysign(x1: Any, x2: Any) -> Any:
    return tnp.where(tnp.signbit(x1) == tnp.signbit(x2), x1, -x1)


def _count_nonzero(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return tf.math.count_nonzero(x, axis, keepdims)


def _cumulative_sum(x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    return _cumulative(tf.cumsum, 0, x, axis, dtype, include_initial)


def _cumulative_prod(x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    return _cumulative(tf.math.cumprod, 1, x, axis, dtype, include_initial)


def _cumulative(accumulate: Any, initial: int, x: Any, axis: int | None, dtype: Any, include_initial: bool) -> Any:
    if axis is None:
        x, axis = tf.reshape(x, [-1]), 0
    x = x if dtype is None else tf.cast(x, dtype)
    answer = accumulate(x, axis)
    if include_initial:
        shape = [1 if i == axis % x.ndim else length for i, length in enumerate(x.shape)]
        answer = tf.concat([tf.fill(shape, tf.cast(initial, x.dtype)), answer], axis)
    return answer


def _diff(x: Any, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Any:
    parts = [part for part in (prepend, x, append) if part is not None]
    return tnp.diff(tf.concat(parts, axis) if len(parts) > 1 else x, n, axis)


def _eye(n_rows: int, n_cols: int | None = None, *, k: int = 0, dtype: Any = None) -> Any:
    return tnp.eye(n_rows, n_cols, k, dtype or tf.float64)


def _isdtype(dtype: Any, kind: Any) -> bool:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return bool(np.isdtype(_numpy_dtype(dtype), tuple(k if isinstance(k, str) else _numpy_dtype(k) for k in kinds)))


def _numpy_dtype(dtype: Any) -> Any:
    return np.dtype(tf.as_dtype(dtype).as_numpy_dtype)


def _repeat(x: Any, repeats: Any, *, axis: int | None = None) -> Any:
    return tf.repeat(x, repeats, axis)


def _searchsorted(x1: Any, x2: Any, *, side: str = "left", sorter: Any = None) -> Any:
    ordered = x1 if sorter is None else tf.gather(x1, sorter)
    flat = tf.searchsorted(ordered, tf.reshape(x2, [-1]), side, tf.int64)
    return tf.reshape(flat, x2.shape)


def _sort(x: Any, axis: int = -1, *, descending: bool = False, stable: bool = True) -> Any:
    return tf.sort(x, axis, "DESCENDING" if descending else "ASCENDING")


def _std(x: Any, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    return tf.sqrt(_var(x, axis=axis, correction=correction, keepdims=keepdims))


def _var(x: Any, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    centred = x - tf.reduce_mean(x, axis, keepdims=True)
    squares = tf.reduce_sum(centred * centred, axis, keepdims=keepdims)
    count = prod(x.shape) // max(prod(squares.shape), 1)
    return squares / (count - correction)


def _take(x: Any, indices: Any, *, axis: int | None = None) -> Any:
    axis = 0 if axis is None else axis
    length = x.shape[axis]
    indices = tf.convert_to_tensor(indices)
    return tf.gather(x, tf.where(indices < 0, indices + tf.cast(length, indices.dtype), indices), axis=axis)


def _take_along_axis(x: Any, indices: Any, *, axis: int = -1) -> Any:
    return tnp.take_along_axis(x, indices, axis)


def _trunc(x: Any) -> Any:
    return tf.where(x < 0, tf.math.ceil(x), tf.math.floor(x))


def _vecdot(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    return tnp.sum(tnp.conj(x1) * x2, axis=axis)


def _softmax(x: Any, axis: Any = None) -> Any:
    return tf.nn.softmax(x, axis) if isinstance(axis, int) else tf.exp(_log_softmax(x, axis))


def _log_softmax(x: Any, axis: Any = None) -> Any:
    if isinstance(axis, int):
        return tf.nn.log_softmax(x, axis)
    return x - tf.reduce_logsumexp(x, axis, keepdims=True)


def _logsumexp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return tf.reduce_logsumexp(a, axis, keepdims)


special = SimpleNamespace(
    digamma=tf.math.digamma,
    erf=tf.math.erf,
    erfc=tf.math.erfc,
    expit=tf.math.sigmoid,
    gammaln=tf.math.lgamma,
    log_softmax=_log_softmax,
    logsumexp=_logsumexp,
    softmax=_softmax,
    xlogy=tf.math.xlogy,
)

namespace = Namespace(
    tnp,
    special,
    acos=tnp.arccos,
    acosh=tnp.arccosh,
    argmax=_argmax,
    argmin=_argmin,
    argsort=_argsort,
    asarray=_asarray,
    asin=tnp.arcsin,
    asinh=tnp.arcsinh,
    astype=lambda x, dtype, copy=True: tf.cast(x, dtype),
    atan=tnp.arctan,
    atan2=tnp.arctan2,
    atanh=tnp.arctanh,
    bitwise_invert=tnp.bitwise_not,
    bitwise_left_shift=tf.bitwise.left_shift,
    bitwise_right_shift=tf.bitwise.right_shift,
    bool=np.bool_,
    can_cast=lambda from_, to: np.can_cast(_numpy_dtype(getattr(from_, "dtype", from_)), _numpy_dtype(to)),
    clip=_clip,
    concat=_concat,
    copysign=_copysign,
    count_nonzero=_count_nonzero,
    cumulative_prod=_cumulative_prod,
    cumulative_sum=_cumulative_sum,
    diff=_diff,
    expand_dims=lambda x, axis=0: tf.expand_dims(x, axis),
    eye=_eye,
    isdtype=_isdtype,
    # The module's own turn float32 into float64.
    log10=lambda x: tf.math.log(x) / log(10.0),
    log2=lambda x: tf.math.log(x) / log(2.0),
    matrix_transpose=tf.linalg.matrix_transpose,
    nan=float("nan"),
    permute_dims=lambda x, axes: tf.transpose(x, axes),
    pow=tnp.power,
    repeat=_repeat,
    reshape=lambda x, shape, copy=None: tf.reshape(x, shape),
    searchsorted=_searchsorted,
    sort=_sort,
    std=_std,
    take=_take,
    take_along_axis=_take_along_axis,
    trunc=_trunc,
    unstack=lambda x, axis=0: tuple(tf.unstack(x, axis=axis)),
    var=_var,
    vecdot=_vecdot,
)


class Eager(Backend):
    """TensorFlow as it runs by default, one operation at a time."""

    framework = "tensorflow"
    xp = namespace

    # ---- arrays

    def asarray(self, array: np.ndarray[Any, Any]) -> tf.Tensor:
        # An eager tensor may share its memory with the NumPy array that it is made from.
        return tf.constant(np.array(array))

    def to_numpy(self, array: tf.Tensor) -> np.ndarray[Any, Any]:
        return np.array(array)

    def is_out_of_memory(self, error: BaseException) -> bool:
        return isinstance(error, MemoryError | tf.errors.ResourceExhaustedError)

    # ---- primitives

    def jvp(self, function: Apply, active: Any, tangent: Any) -> tuple[Any, Any]:
        with tf.autodiff.ForwardAccumulator(tree.leaves(active), tree.leaves(tangent)) as accumulator:
            output = function(active)
        return output, tree.map(lambda y: accumulator.jvp(y, ZERO), output)

    def vjp(self, function: Apply, active: Any) -> tuple[Any, Any]:
        leaves, structure = tree.flatten(active)
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            output = function(active)

        def pullback(cotangent: Any) -> Any:
            return tree.unflatten(structure, _pulled(tape, tree.leaves(output), leaves, tree.leaves(cotangent)))

        return output, pullback

    # ---- first order

    def derivative_forward(self, function: Apply, active: Any, order: int) -> Answer:
        if order > FORWARD_ORDERS:
            raise Unsupported(
                f"ForwardAccumulator nests {FORWARD_ORDERS} deep at most here, not {order}: TensorFlow traces the "
                "derivative of every operation anew at each level, which takes ten times longer a level."
            )
        one = tf.ones_like(active)
        for _ in range(order):
            function = _pushed(function, one)
        return function(active)

    def derivative_reverse(self, function: Apply, active: Any, order: int) -> Answer:
        for _ in range(order):
            function = _gradient(function)
        return function(active)

    def gradient_forward(self, function: Apply, active: Any, direction: None) -> Answer:
        return _jacfwd(function)(active)

    def gradient_reverse(self, function: Apply, active: Any, direction: None) -> Answer:
        return _gradient(function)(active)

    def jvp_forward(self, function: Apply, active: Any, tangent: Any) -> Answer:
        return _pushed(function, tangent)(active)

    def vjp_forward(self, function: Apply, active: Any, cotangent: Any) -> Answer:
        return _jacfwd(lambda x: tf.reduce_sum(function(x) * cotangent))(active)

    def vjp_reverse(self, function: Apply, active: Any, cotangent: Any) -> Answer:
        return _gradient(function, cotangent)(active)

    def jacobian_forward(self, function: Apply, active: Any, direction: None) -> Answer:
        return _jacfwd(function)(active)

    def jacobian_reverse(self, function: Apply, active: Any, direction: None) -> Answer:
        return _jacrev(function)(active)

    # ---- second order

    def hvp_forward_over_reverse(self, function: Apply, active: Any, tangent: Any) -> Answer:
        return _pushed(_gradient(function), tangent)(active)

    def hvp_reverse_over_forward(self, function: Apply, active: Any, tangent: Any) -> Answer:
        return _gradient(_pushed(function, tangent))(active)

    def hvp_reverse_over_reverse(self, function: Apply, active: Any, tangent: Any) -> Answer:
        # The Hessian is symmetric, so a cotangent pulled back through the gradient is the product.
        return _gradient(_gradient(function), tangent)(active)

    def hvp_forward_over_forward(self, function: Apply, active: Any, tangent: Any) -> Answer:
        return _jacfwd(_pushed(function, tangent))(active)

    def hessian_forward_over_reverse(self, function: Apply, active: Any, direction: None) -> Answer:
        return _jacfwd(_gradient(function))(active)

    def hessian_reverse_over_forward(self, function: Apply, active: Any, direction: None) -> Answer:
        # One column is the gradient of J(x) e; the Jacobian of all columns at once would be traced ten times longer.
        return _along_units(lambda unit: _gradient(_pushed(function, unit))(active), active)

    def hessian_reverse_over_reverse(self, function: Apply, active: Any, direction: None) -> Answer:
        return _jacrev(_gradient(function))(active)

    def hessian_forward_over_forward(self, function: Apply, active: Any, direction: None) -> Answer:
        return _jacfwd(_jacfwd(function))(active)


class Function(Eager):
    """TensorFlow with the whole operator traced to one graph before the first call."""

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        # Leaves go in and come out flat: a concrete function checks a nested signature on every call.
        given, structure = tree.flatten((active, constants, direction))
        positions = [i for i, leaf in enumerate(given) if leaf is not None]
        answered: list[Any] = []

        @tf.function(autograph=False)
        def graph(*tensors: Any) -> Any:
            leaves = list(given)
            for position, tensor in zip(positions, tensors, strict=True):
                leaves[position] = tensor
            found, answered[:] = _flat(call(*tree.unflatten(structure, leaves)))
            return found

        concrete = graph.get_concrete_function(*[given[i] for i in positions])
        (answer_structure,) = answered

        def staged(active: Any, constants: tuple[Any, ...], direction: Any) -> Answer:
            tensors = [leaf for leaf in tree.leaves((active, constants, direction)) if leaf is not None]
            return tree.unflatten(answer_structure, concrete(*tensors))

        return staged


def _flat(answer: Any) -> tuple[list[Any], list[Any]]:
    leaves, structure = tree.flatten(answer)
    return [tf.convert_to_tensor(leaf) for leaf in leaves], [structure]


# ---- pieces


def _pushed(function: Apply, tangent: Any) -> Apply:
    def pushed(active: Any) -> Any:
        with tf.autodiff.ForwardAccumulator(tree.leaves(active), tree.leaves(tangent)) as accumulator:
            output = function(active)
        return tree.map(lambda y: accumulator.jvp(y, ZERO), output)

    return pushed


def _gradient(function: Apply, cotangent: Any = None) -> Apply:
    """x -> cotangent' J(x), the gradient of a scalar function where no cotangent is given."""

    def gradient(active: Any) -> Any:
        leaves, structure = tree.flatten(active)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            outputs = tree.leaves(function(active))
        cotangents = None if cotangent is None else tree.leaves(cotangent)
        return tree.unflatten(structure, _pulled(tape, outputs, leaves, cotangents))

    return gradient


def _pulled(tape: Any, outputs: list[Any], leaves: list[Any], cotangents: list[Any] | None) -> list[Any]:
    # The gradient of a gather is an IndexedSlices, which no operator takes.
    return [tf.convert_to_tensor(g) for g in tape.gradient(outputs, leaves, cotangents, ZERO)]


def _jacfwd(function: Apply) -> Apply:
    """x -> the Jacobian, one column a pass."""
    return lambda active: _along_units(lambda unit: _pushed(function, unit)(active), active)


def _along_units(column: Apply, active: Any) -> Any:
    """Return the values of `column` at all unit vectors of the space of `active`, on trailing axes: a tree of trees."""
    leaves, structure = tree.flatten(active)
    sizes = [prod(leaf.shape) for leaf in leaves]
    stops = list(accumulate(sizes))
    n = stops[-1]
    spans = [slice(stop - size, stop) for stop, size in zip(stops, sizes, strict=True)]
    # Row k of these, one array a leaf, is the k-th unit vector.
    units = [
        tf.reshape(tf.eye(n, dtype=leaf.dtype)[:, span], (n, *leaf.shape))
        for leaf, span in zip(leaves, spans, strict=True)
    ]
    output_structure: Any = None

    def flat_column(unit: list[Any]) -> list[Any]:
        nonlocal output_structure
        found, output_structure = tree.flatten(column(tree.unflatten(structure, unit)))
        return found

    if tf.executing_eagerly() and n < EAGER_COLUMNS:
        columns = [flat_column([unit[k] for unit in units]) for k in range(n)]
        stacked = [tf.stack(parts) for parts in zip(*columns, strict=True)]
    else:
        stacked = tf.vectorized_map(flat_column, units)

    def blocks(columns: Any) -> Any:
        last = tnp.moveaxis(columns, 0, -1)
        outer = last.shape[:-1]
        parts = [tf.reshape(last[..., span], (*outer, *leaf.shape)) for leaf, span in zip(leaves, spans, strict=True)]
        return tree.unflatten(structure, parts)

    return tree.unflatten(output_structure, [blocks(columns) for columns in stacked])


def _jacrev(function: Apply) -> Apply:
    """x -> the Jacobian, one row a pass."""

    def jacobian(active: Any) -> Any:
        leaves, structure = tree.flatten(active)
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            outputs, output_structure = tree.flatten(function(active))
            loop = tf.executing_eagerly() and sum(prod(y.shape) for y in outputs) < EAGER_ROWS
            scalars = [tf.unstack(tf.reshape(y, [-1])) if loop else [] for y in outputs]

        def blocks(output: Any, entries: list[Any]) -> Any:
            if not loop:
                return tape.jacobian(output, leaves, unconnected_gradients=ZERO)
            rows = [_pulled(tape, [entry], leaves, None) for entry in entries]
            return [
                tf.reshape(tf.stack(parts), (*output.shape, *leaf.shape))
                for parts, leaf in zip(zip(*rows, strict=True), leaves, strict=True)
            ]

        rows = [tree.unflatten(structure, blocks(y, s)) for y, s in zip(outputs, scalars, strict=True)]
        return tree.unflatten(output_structure, rows)

    return jacobian
