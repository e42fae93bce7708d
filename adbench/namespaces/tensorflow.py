"""The namespace of TensorFlow, and the context in which its tensors behave like NumPy's arrays.

TensorFlow has no namespace of the array API standard. `tensorflow.experimental.numpy` comes
nearest: its NumPy behaviour gives `@`, indexing and promotion as in NumPy, and what it lacks or
calls otherwise is in `tensorflow_functions.py` and `tensorflow_linalg.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import log
from types import SimpleNamespace
from typing import Any

import numpy as np

from adbench.namespaces import tensorflow_derivatives, tensorflow_fft, tensorflow_loops
from adbench.namespaces import tensorflow_functions as functions
from adbench.namespaces.namespace import Namespace
from adbench.namespaces.tensorflow_linalg import linalg

import tensorflow as tf  # isort: skip
import tensorflow.experimental.numpy as tnp  # isort: skip
from tensorflow.python.framework import ops  # isort: skip
from tensorflow.python.ops.numpy_ops import np_dtypes  # isort: skip


special = SimpleNamespace(
    digamma=tf.math.digamma,
    erf=tf.math.erf,
    erfc=tf.math.erfc,
    erfinv=tf.math.erfinv,
    expit=tf.math.sigmoid,
    gammainc=lambda a, x: tf.math.igamma(*functions.alike(a, x)),
    gammaincc=lambda a, x: tf.math.igammac(*functions.alike(a, x)),
    gammaln=tf.math.lgamma,
    i0=tf.math.bessel_i0,
    i0e=tf.math.bessel_i0e,
    i1=tf.math.bessel_i1,
    i1e=tf.math.bessel_i1e,
    j0=tf.math.special.bessel_j0,
    j1=tf.math.special.bessel_j1,
    log_expit=tf.math.log_sigmoid,
    log_softmax=functions.log_softmax,
    logsumexp=functions.logsumexp,
    polygamma=lambda n, x: tf.math.polygamma(tf.cast(n, x.dtype), x),
    softmax=functions.softmax,
    softplus=tf.math.softplus,
    xlogy=lambda x, y: tf.math.xlogy(*functions.alike(x, y)),
    zeta=lambda s, q: tf.math.zeta(*functions.alike(s, q)),
)

namespace = Namespace(
    tnp,
    special,
    acos=tnp.arccos,
    acosh=tnp.arccosh,
    arange=functions.arange,
    argmax=functions.argmax,
    argmin=functions.argmin,
    argsort=functions.argsort,
    asarray=functions.asarray,
    add_at=functions.add_at,
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
    can_cast=lambda from_, to: np.can_cast(functions.numpy_dtype(from_), functions.numpy_dtype(to)),
    checkpoint=tf.recompute_grad,
    ceil=functions.rounding(tf.math.ceil),
    clip=functions.clip,
    concat=functions.concat,
    copysign=functions.copysign,
    count_nonzero=functions.count_nonzero,
    cumulative_prod=functions.cumulative_prod,
    cumulative_sum=functions.cumulative_sum,
    diff=functions.diff,
    expand_dims=lambda x, axis=0: tf.expand_dims(x, axis),
    eye=functions.eye,
    fft=tensorflow_fft.namespace,
    finfo=functions.finfo,
    flip=functions.flip,
    floor=functions.rounding(tf.math.floor),
    grad=tensorflow_derivatives.grad,
    hypot=functions.hypot,
    iinfo=functions.iinfo,
    isdtype=functions.isdtype,
    linalg=linalg,
    linspace=functions.linspace,
    # The module's own turn float32 into float64.
    log10=lambda x: tf.math.log(x) / log(10.0),
    log2=lambda x: tf.math.log(x) / log(2.0),
    matrix_transpose=tf.linalg.matrix_transpose,
    nan=float("nan"),
    nextafter=lambda x1, x2: tf.math.nextafter(*functions.alike(x1, x2)),
    permute_dims=functions.permute_dims,
    pow=tnp.power,
    repeat=functions.repeat,
    reshape=lambda x, shape, copy=None: tf.reshape(x, shape),
    roll=functions.roll,
    scan=tensorflow_loops.scan,
    searchsorted=functions.searchsorted,
    set_at=functions.set_at,
    signbit=functions.signbit,
    sort=functions.sort,
    std=functions.std,
    stop_gradient=lambda x: tf.stop_gradient(x) if tf.is_tensor(x) else x,
    take=functions.take,
    take_along_axis=functions.take_along_axis,
    trunc=functions.rounding(functions.trunc),
    unstack=lambda x, axis=0: tuple(tf.unstack(x, axis=axis)),
    var=functions.var,
    vecdot=functions.vecdot,
)


@contextmanager
def numpy_behaviour() -> Iterator[None]:
    """Let tensors promote, index and answer to methods as NumPy's arrays do, for the whole process.

    TensorFlow can switch this on and not off. What it changes are two flags of `framework.ops`, one
    of `np_dtypes` and attributes of the class `tf.Tensor`; they are put back on leaving.
    """
    conversion_mode = ops.get_dtype_conversion_mode()
    numpy_slicing = ops._numpy_style_slicing
    prefers_float32 = np_dtypes.is_prefer_float32()
    attributes = dict(vars(tf.Tensor))
    try:
        # "legacy" keeps float32 with Python scalars and float64 for new arrays; "all" makes new
        # arrays float32.
        tnp.experimental_enable_numpy_behavior(dtype_conversion_mode="legacy")
        _add_missing_methods()
        yield
    finally:
        ops.set_dtype_conversion_mode(conversion_mode.name.lower())
        ops._numpy_style_slicing = numpy_slicing
        np_dtypes.set_prefer_float32(prefers_float32)
        _restore_attributes(tf.Tensor, attributes)


def _add_missing_methods() -> None:
    tf.Tensor.mT = property(tf.linalg.matrix_transpose)
    tf.Tensor.__iter__ = lambda x: iter(tf.unstack(x))  # the original refuses in a graph
    tf.Tensor.__lshift__ = lambda x, y: tf.bitwise.left_shift(*functions.alike(x, y))
    tf.Tensor.__rshift__ = lambda x, y: tf.bitwise.right_shift(*functions.alike(x, y))


def _restore_attributes(owner: type[Any], attributes: dict[str, Any]) -> None:
    """Give a class the attributes that it had, and take away those that were added."""
    for name, attribute in dict(vars(owner)).items():
        if name not in attributes:
            delattr(owner, name)
        elif attribute is not attributes[name]:
            setattr(owner, name, attributes[name])
