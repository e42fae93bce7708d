"""TensorFlow: GradientTape for reverse mode, ForwardAccumulator for forward mode; eagerly or as one
traced graph.

TensorFlow has no namespace of the array API standard. `tensorflow.experimental.numpy` comes
nearest: its NumPy behaviour gives `@`, indexing and promotion as in NumPy, and what it lacks or
calls otherwise is added here.

What differs from NumPy all the same: `hypot` squares its arguments, so it overflows from 1e154 on;
`floor_divide` and `//` round the quotient before they take its floor, so that 0.5 // 0.1 is 5, not
4.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import accumulate
from math import log, prod
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

# Read when the library is loaded: errors only, no notes on the processor.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
import tensorflow.experimental.numpy as tnp

from adbench.backends.base import Answer, Backend, Call, Unsupported  # noqa: E402
from adbench.namespaces.numpy import Namespace
from reference_ad.engine import tree

tf.get_logger().setLevel("ERROR")
# "legacy" keeps float32 with Python scalars and float64 for new arrays; "all" makes new arrays
# float32.
tnp.experimental_enable_numpy_behavior(dtype_conversion_mode="legacy")
tf.Tensor.mT = property(tf.linalg.matrix_transpose)
tf.Tensor.__iter__ = lambda x: iter(tf.unstack(x))  # the original refuses in a graph
tf.Tensor.__lshift__ = lambda x, y: tf.bitwise.left_shift(*_alike(x, y))
tf.Tensor.__rshift__ = lambda x, y: tf.bitwise.right_shift(*_alike(x, y))

Apply = Callable[[Any], Any]
ZERO = tf.UnconnectedGradients.ZERO

EAGER_COLUMNS = 16
EAGER_ROWS = 64
"""Below so many passes a loop is faster than a batch in eager staging, where each batch is traced
anew (0.1 s)."""

FORWARD_ORDERS = 3
"""How deep accumulators nest: the first call takes 10 s at order 3 for two lines of tanh, 100 s at
order 4."""

# ---- namespace


def _alike(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Both as tensors; a Python number takes the dtype of the other, which the module's own forget
    here and there."""
    if not tf.is_tensor(x1):
        return _number(x1, x2.dtype), x2
    return x1, x2 if tf.is_tensor(x2) else _number(x2, x1.dtype)


def _number(value: Any, dtype: Any) -> Any:
    # By way of NumPy, since TensorFlow keeps the constants it has made and takes 0.0 for -0.0. It
    # raises, where NumPy would round, when an integer dtype is given a fraction.
    return tf.constant(
        np.asarray(value, _numpy_dtype(dtype)) if dtype.is_floating else value, dtype
    )


def _arange(start: Any, stop: Any = None, step: Any = 1, *, dtype: Any = None) -> Any:
    # By NumPy: the module's own computes in float32 and casts.
    first, last = (0, start) if stop is None else (start, stop)
    options: dict[str, Any] = {} if dtype is None else {"dtype": _numpy_dtype(dtype)}
    return tf.constant(np.arange(first, last, step, **options))


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
    x1, x2 = _alike(x1, x2)
    return tf.where(_signbit(x1) == _signbit(x2), x1, -x1)


def _count_nonzero(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return tf.math.count_nonzero(x, axis, keepdims)


def _cumulative_sum(
    x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    return _cumulative(tf.cumsum, 0, x, axis, dtype, include_initial)


def _cumulative_prod(
    x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    return _cumulative(tf.math.cumprod, 1, x, axis, dtype, include_initial)


def _cumulative(
    accumulate: Any, initial: int, x: Any, axis: int | None, dtype: Any, include_initial: bool
) -> Any:
    if axis is None:
        x, axis = tf.reshape(x, [-1]), 0
    if dtype is None and x.dtype.is_integer and x.dtype.size < 8:
        dtype = tf.uint64 if x.dtype.is_unsigned else tf.int64
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


def _finfo(type: Any) -> Any:
    return np.finfo(_numpy_dtype(type))


def _flip(x: Any, *, axis: Any = None) -> Any:
    return tf.reverse(
        x, list(range(x.ndim)) if axis is None else [axis] if isinstance(axis, int) else list(axis)
    )


def _hypot(x1: Any, x2: Any) -> Any:
    return tnp.hypot(*_alike(x1, x2))


def _iinfo(type: Any) -> Any:
    return np.iinfo(_numpy_dtype(type))


def _isdtype(dtype: Any, kind: Any) -> bool:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return bool(
        np.isdtype(
            _numpy_dtype(dtype), tuple(k if isinstance(k, str) else _numpy_dtype(k) for k in kinds)
        )
    )


def _linspace(start: Any, stop: Any, num: int, *, dtype: Any = None, endpoint: bool = True) -> Any:
    # The module's own has no regard to `dtype`.
    steps = tnp.linspace(start, stop, num, endpoint=endpoint)
    return steps if dtype is None else tf.cast(steps, dtype)


def _numpy_dtype(of: Any) -> Any:
    """The NumPy dtype of a tensor or of a dtype, TensorFlow's or NumPy's."""
    return np.dtype(tf.as_dtype(of.dtype if tf.is_tensor(of) else of).as_numpy_dtype)


def _permute_dims(x: Any, axes: tuple[int, ...]) -> Any:
    return tf.transpose(
        x, [axis % x.ndim for axis in axes]
    )  # the derivative of a transpose takes no negative axis


def _repeat(x: Any, repeats: Any, *, axis: int | None = None) -> Any:
    return tf.repeat(x, repeats, axis)


def _roll(x: Any, shift: Any, *, axis: Any = None) -> Any:
    if axis is None:
        return tf.reshape(tf.roll(tf.reshape(x, [-1]), shift, 0), x.shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    shifts = shift if isinstance(shift, tuple) else (shift,) * len(axes)
    # Not negative, because tf.vectorized_map, which forward mode uses, would count those from the
    # axis of its batch.
    return tf.roll(x, shifts, [axis % x.ndim for axis in axes])


def _rounding(function: Apply) -> Apply:
    """The function, which gives integers back as they are."""
    return lambda x: x if x.dtype.is_integer else function(x)


def _searchsorted(x1: Any, x2: Any, *, side: str = "left", sorter: Any = None) -> Any:
    ordered = x1 if sorter is None else tf.gather(x1, sorter)
    flat = tf.searchsorted(ordered, tf.reshape(x2, [-1]), side, tf.int64)
    return tf.reshape(flat, x2.shape)


def _signbit(x: Any) -> Any:
    # The sign is the highest bit, of minus zero and of NaN too; the module's own asks whether x <
    # 0.
    return tf.bitcast(x, {2: tf.int16, 4: tf.int32, 8: tf.int64}[x.dtype.size]) < 0


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
    return tf.gather(
        x, tf.where(indices < 0, indices + tf.cast(length, indices.dtype), indices), axis=axis
    )


def _take_along_axis(x: Any, indices: Any, *, axis: int = -1) -> Any:
    # The module's own decides by the values of shapes how it broadcasts, which tf.vectorized_map
    # refuses.
    last = [tnp.moveaxis(array, axis, -1) for array in (x, indices)]
    stack = tf.broadcast_static_shape(*[array.shape[:-1] for array in last])
    arrays, places = [tf.broadcast_to(array, [*stack, array.shape[-1]]) for array in last]
    places = tf.where(places < 0, places + tf.cast(x.shape[axis], places.dtype), places)
    return tnp.moveaxis(tf.gather(arrays, places, batch_dims=len(stack)), -1, axis)


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
    log_expit=tf.math.log_sigmoid,
    log_softmax=_log_softmax,
    logsumexp=_logsumexp,
    polygamma=lambda n, x: tf.math.polygamma(tf.cast(n, x.dtype), x),
    softmax=_softmax,
    softplus=tf.math.softplus,
    xlogy=lambda x, y: tf.math.xlogy(*_alike(x, y)),
)

# ---- linear algebra


class Slogdet(NamedTuple):
    sign: Any
    logabsdet: Any


class Eigh(NamedTuple):
    eigenvalues: Any
    eigenvectors: Any


class QR(NamedTuple):
    Q: Any
    R: Any


class SVD(NamedTuple):
    U: Any
    S: Any
    Vh: Any


def _cholesky(x: Any, *, upper: bool = False) -> Any:
    factor = tf.linalg.cholesky(x)
    return tf.linalg.matrix_transpose(factor) if upper else factor


def _cross(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    # TensorFlow's own neither broadcasts nor takes an axis.
    turned = [_roll(x, -1, axis=axis) for x in (x1, x2)]
    return _roll(x1 * turned[1] - turned[0] * x2, -1, axis=axis)


def _diagonal(x: Any, *, offset: int = 0) -> Any:
    rows, columns = x.shape[-2:]
    if not -rows < offset < columns:  # outside of the matrix, where TensorFlow's own raises
        return tf.zeros((*x.shape[:-2], 0), x.dtype)
    return tf.linalg.diag_part(x, k=offset)


def _matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    if ord == "fro":
        return _vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if ord in ("nuc", 2, -2):
        combine = {"nuc": tf.reduce_sum, 2: tf.reduce_max, -2: tf.reduce_min}[ord]
        found = combine(tf.linalg.svd(x, compute_uv=False), -1)
    elif ord in (1, -1, float("inf"), -float("inf")):
        sums = tf.reduce_sum(tf.abs(x), -2 if abs(ord) == 1 else -1)
        found = (tf.reduce_max if ord > 0 else tf.reduce_min)(sums, -1)
    else:
        raise ValueError(
            f"matrix_norm was given ord={ord!r}: give 'fro', 'nuc', 2, -2, 1, -1, inf or -inf."
        )
    return found[..., None, None] if keepdims else found


def _matrix_power(x: Any, n: int) -> Any:
    if n < 0:
        return _matrix_power(tf.linalg.inv(x), -n)
    if n == 0:
        return tf.eye(x.shape[-1], batch_shape=x.shape[:-2], dtype=x.dtype)
    if n == 1:
        return x
    half = _matrix_power(x, n // 2)
    return half @ half @ x if n % 2 else half @ half


def _matrix_rank(x: Any, *, rtol: Any = None) -> Any:
    sizes = tf.linalg.svd(x, compute_uv=False)
    threshold = tf.convert_to_tensor(_cutoff(x) if rtol is None else rtol, x.dtype)[..., None]
    return tf.math.count_nonzero(sizes > threshold * tf.reduce_max(sizes, -1, keepdims=True), -1)


def _cutoff(x: Any) -> float:
    """The standard's relative tolerance, below which a singular value counts as zero."""
    return max(x.shape[-2:]) * float(_finfo(x).eps)


def _pinv(x: Any, *, rtol: Any = None) -> Any:
    return tf.linalg.pinv(x, rcond=_cutoff(x) if rtol is None else rtol)


def _qr(x: Any, *, mode: str = "reduced") -> QR:
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr was given mode={mode!r}: give 'reduced' or 'complete'.")
    return QR(*tf.linalg.qr(x, full_matrices=mode == "complete"))


def _solve(x1: Any, x2: Any) -> Any:
    # TensorFlow's own takes matrices alone, and as many of them on both sides.
    columns = x2[:, None] if x2.ndim == 1 else x2
    stack = tf.broadcast_static_shape(x1.shape[:-2], columns.shape[:-2])
    matrices, columns = [tf.broadcast_to(x, [*stack, *x.shape[-2:]]) for x in (x1, columns)]
    found = tf.linalg.solve(matrices, columns)
    return found[..., 0] if x2.ndim == 1 else found


def _svd(x: Any, *, full_matrices: bool = True) -> SVD:
    s, u, v = tf.linalg.svd(x, full_matrices=full_matrices)
    return SVD(u, s, tf.linalg.matrix_transpose(v))


def _trace(x: Any, *, offset: int = 0, dtype: Any = None) -> Any:
    return tnp.sum(_diagonal(x, offset=offset), axis=-1, dtype=dtype)


def _vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    # tf.norm takes two axes for those of a matrix. For one axis these are its formulas.
    if ord == 2:
        return tf.sqrt(tf.reduce_sum(x * x, axis, keepdims))
    if ord == 0:
        return tf.math.count_nonzero(x, axis, keepdims, x.dtype)
    size = tf.abs(x)
    if ord == 1:
        return tf.reduce_sum(size, axis, keepdims)
    if ord in (float("inf"), -float("inf")):
        return (tf.reduce_max if ord > 0 else tf.reduce_min)(size, axis, keepdims)
    return tf.reduce_sum(size**ord, axis, keepdims) ** (1 / ord)


linalg = SimpleNamespace(
    cholesky=_cholesky,
    cross=_cross,
    det=tf.linalg.det,
    diagonal=_diagonal,
    eigh=lambda x: Eigh(*tf.linalg.eigh(x)),
    eigvalsh=tf.linalg.eigvalsh,
    inv=tf.linalg.inv,
    matmul=tnp.matmul,
    matrix_norm=_matrix_norm,
    matrix_power=_matrix_power,
    matrix_rank=_matrix_rank,
    matrix_transpose=tf.linalg.matrix_transpose,
    outer=lambda x1, x2: x1[:, None] * x2[None, :],
    pinv=_pinv,
    qr=_qr,
    slogdet=lambda x: Slogdet(*tf.linalg.slogdet(x)),
    solve=_solve,
    svd=_svd,
    svdvals=lambda x: tf.linalg.svd(x, compute_uv=False),
    tensordot=tnp.tensordot,
    trace=_trace,
    vecdot=_vecdot,
    vector_norm=_vector_norm,
)

namespace = Namespace(
    tnp,
    special,
    acos=tnp.arccos,
    acosh=tnp.arccosh,
    arange=_arange,
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
    can_cast=lambda from_, to: np.can_cast(_numpy_dtype(from_), _numpy_dtype(to)),
    ceil=_rounding(tf.math.ceil),
    clip=_clip,
    concat=_concat,
    copysign=_copysign,
    count_nonzero=_count_nonzero,
    cumulative_prod=_cumulative_prod,
    cumulative_sum=_cumulative_sum,
    diff=_diff,
    expand_dims=lambda x, axis=0: tf.expand_dims(x, axis),
    eye=_eye,
    finfo=_finfo,
    flip=_flip,
    floor=_rounding(tf.math.floor),
    hypot=_hypot,
    iinfo=_iinfo,
    isdtype=_isdtype,
    linalg=linalg,
    linspace=_linspace,
    # The module's own turn float32 into float64.
    log10=lambda x: tf.math.log(x) / log(10.0),
    log2=lambda x: tf.math.log(x) / log(2.0),
    matrix_transpose=tf.linalg.matrix_transpose,
    nan=float("nan"),
    nextafter=lambda x1, x2: tf.math.nextafter(*_alike(x1, x2)),
    permute_dims=_permute_dims,
    pow=tnp.power,
    repeat=_repeat,
    reshape=lambda x, shape, copy=None: tf.reshape(x, shape),
    roll=_roll,
    searchsorted=_searchsorted,
    signbit=_signbit,
    sort=_sort,
    std=_std,
    take=_take,
    take_along_axis=_take_along_axis,
    trunc=_rounding(_trunc),
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
        with tf.autodiff.ForwardAccumulator(
            tree.leaves(active), tree.leaves(tangent)
        ) as accumulator:
            output = function(active)
        return output, tree.map(lambda y: accumulator.jvp(y, ZERO), output)

    def vjp(self, function: Apply, active: Any) -> tuple[Any, Any]:
        leaves, structure = tree.flatten(active)
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            output = function(active)

        def pullback(cotangent: Any) -> Any:
            return tree.unflatten(
                structure, _pulled(tape, tree.leaves(output), leaves, tree.leaves(cotangent))
            )

        return output, pullback

    # ---- first order

    def derivative_forward(self, function: Apply, active: Any, order: int) -> Answer:
        if order > FORWARD_ORDERS:
            raise Unsupported(
                f"ForwardAccumulator nests {FORWARD_ORDERS} deep at most here, not {order}: "
                "TensorFlow traces the "
                "derivative of every operation anew at each level, which takes ten times longer a "
                "level."
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
        # One column is the gradient of J(x) e; the Jacobian of all columns at once would be traced
        # ten times longer.
        return _along_units(lambda unit: _gradient(_pushed(function, unit))(active), active)

    def hessian_reverse_over_reverse(self, function: Apply, active: Any, direction: None) -> Answer:
        return _jacrev(_gradient(function))(active)

    def hessian_forward_over_forward(self, function: Apply, active: Any, direction: None) -> Answer:
        return _jacfwd(_jacfwd(function))(active)


class Function(Eager):
    """TensorFlow with the whole operator traced to one graph before the first call."""

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        # Leaves go in and come out flat: a concrete function checks a nested signature on every
        # call.
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
            tensors = [
                leaf for leaf in tree.leaves((active, constants, direction)) if leaf is not None
            ]
            return tree.unflatten(answer_structure, concrete(*tensors))

        return staged


def _flat(answer: Any) -> tuple[list[Any], list[Any]]:
    leaves, structure = tree.flatten(answer)
    return [tf.convert_to_tensor(leaf) for leaf in leaves], [structure]


# ---- pieces


def _pushed(function: Apply, tangent: Any) -> Apply:
    def pushed(active: Any) -> Any:
        with tf.autodiff.ForwardAccumulator(
            tree.leaves(active), tree.leaves(tangent)
        ) as accumulator:
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


def _pulled(
    tape: Any, outputs: list[Any], leaves: list[Any], cotangents: list[Any] | None
) -> list[Any]:
    # The gradient of a gather is an IndexedSlices, which no operator takes.
    return [tf.convert_to_tensor(g) for g in tape.gradient(outputs, leaves, cotangents, ZERO)]


def _jacfwd(function: Apply) -> Apply:
    """x -> the Jacobian, one column a pass."""
    return lambda active: _along_units(lambda unit: _pushed(function, unit)(active), active)


def _along_units(column: Apply, active: Any) -> Any:
    """Return the values of `column` at all unit vectors of the space of `active`, on trailing axes:
    a tree of trees."""
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
        parts = [
            tf.reshape(last[..., span], (*outer, *leaf.shape))
            for leaf, span in zip(leaves, spans, strict=True)
        ]
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

        rows = [
            tree.unflatten(structure, blocks(y, s)) for y, s in zip(outputs, scalars, strict=True)
        ]
        return tree.unflatten(output_structure, rows)

    return jacobian
