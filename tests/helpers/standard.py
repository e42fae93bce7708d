"""The names of the Python array API standard 2024.12.

For each of them there are samples that a model may compute.

A sample is an expression in `xp` and the arrays of `arguments`; it is its own name in the test
report. What it should give is asked of `array_api_strict`, which refuses what the standard does not
allow, and of SciPy for `xp.special`.
"""

# ruff: noqa: SIM905
from __future__ import annotations

import re
from typing import Any

import numpy as np

NAMES = """
e inf nan newaxis pi
bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64
arange asarray empty empty_like eye full full_like linspace meshgrid ones ones_like tril triu zeros
zeros_like
astype can_cast finfo iinfo isdtype result_type
abs acos acosh add asin asinh atan atan2 atanh bitwise_and bitwise_invert bitwise_left_shift
bitwise_or
bitwise_right_shift bitwise_xor ceil clip conj copysign cos cosh divide equal exp expm1 floor
floor_divide greater
greater_equal hypot isfinite isinf isnan less less_equal log log10 log1p log2 logaddexp logical_and
logical_not
logical_or logical_xor maximum minimum multiply negative nextafter not_equal positive pow real
reciprocal remainder
round sign signbit sin sinh sqrt square subtract tan tanh trunc
take take_along_axis
matmul matrix_transpose tensordot vecdot
broadcast_arrays broadcast_to concat expand_dims flip moveaxis permute_dims repeat reshape roll
squeeze stack tile
unstack
argmax argmin count_nonzero searchsorted where
argsort sort
cumulative_prod cumulative_sum max mean min prod std sum var
all any diff
linalg.cholesky linalg.cross linalg.det linalg.diagonal linalg.eigh linalg.eigvalsh linalg.inv
linalg.matmul
linalg.matrix_norm linalg.matrix_power linalg.matrix_rank linalg.matrix_transpose linalg.outer
linalg.pinv linalg.qr
linalg.slogdet linalg.solve linalg.svd linalg.svdvals linalg.tensordot linalg.trace linalg.vecdot
linalg.vector_norm
complex64 complex128 imag
fft.fft fft.fftfreq fft.fftn fft.fftshift fft.hfft fft.ifft fft.ifftn fft.ifftshift fft.ihfft
fft.irfft fft.irfftn fft.rfft fft.rfftfreq fft.rfftn
""".split()

NOT_FOR_MODELS = {
    "nonzero unique_all unique_counts unique_inverse unique_values": "The shape of the answer "
    "depends on values.",
    "from_dlpack": "The arrays of a model are its backend's.",
    "__array_namespace_info__": "A model runs on every backend, and asks none what it is.",
}
"""The rest of the standard's names, and why no model uses them."""

X = np.array([[0.3, -0.7, 1.2], [0.9, 0.1, -0.4]])
Y = np.array([[1.3, 0.2, -0.5], [0.4, 2.1, 0.6]])
A = np.array([[2.0, 0.3, -0.5], [0.1, 1.5, 0.7], [-0.4, 0.6, 3.0]])


def arguments(dtype: Any) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays that samples are written in.

    x, y: 2 by 3, of both signs. p: positive. v, w: vectors of 3. a: a regular matrix, c: a positive
    definite one,
    t: a stack of two. z: the exceptional numbers. i, j: integers, the second ones positive. b, m:
    booleans.
    """
    floats = {
        "x": X,
        "y": Y,
        "p": np.abs(X) + 0.05,
        "v": X[0],
        "w": Y[1],
        "a": A,
        "c": A @ A.T,
        "t": np.stack([A, A.T @ A]),
        "z": np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -1.5]),
    }
    others = {
        "i": np.array([[2, -3, 5], [1, 4, -2]]),
        "j": np.array([[1, 2, 3], [2, 1, 2]]),
        "b": X > 0,
        "m": Y > 0.5,
    }
    return {name: array.astype(dtype) for name, array in floats.items()} | others


def _each(names: str, *templates: str) -> list[str]:
    return [template.replace("NAME", name) for name in names.split() for template in templates]


SAMPLES = [
    # ---- constants and data types
    *_each("e pi", "x * xp.NAME", "xp.exp(xp.NAME * x)"),
    "xp.where(b, x, xp.nan)",
    "xp.where(b, x, xp.inf)",
    "xp.full((2,), -xp.inf, dtype=x.dtype)",
    "x[:, xp.newaxis, 1]",
    *_each(
        "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 bool",
        "xp.astype(j, xp.NAME)",
    ),
    *_each(
        "int8 int32 uint8 float32 float64 bool",
        "xp.zeros(3, dtype=xp.NAME)",
        "xp.asarray([1, 0], dtype=xp.NAME)",
    ),
    "xp.astype(x, x.dtype)",
    "xp.astype(x, xp.float32, copy=False)",
    "xp.astype(x, xp.int32)",
    "xp.astype(xp.sum(x), xp.float32)",
    "xp.astype(b, x.dtype)",
    "xp.can_cast(xp.float32, xp.float64)",
    "xp.can_cast(xp.float64, xp.float32)",
    "xp.can_cast(x, xp.float64)",
    *_each(
        "eps max min smallest_normal bits", "xp.finfo(x.dtype).NAME", "xp.finfo(xp.float32).NAME"
    ),
    "x + xp.finfo(x.dtype).eps",
    "xp.finfo(x).eps",
    *_each("max min bits", "xp.iinfo(xp.int32).NAME", "xp.iinfo(i.dtype).NAME"),
    "xp.isdtype(x.dtype, 'real floating')",
    "xp.isdtype(x.dtype, ('integral', 'bool'))",
    "xp.isdtype(i.dtype, xp.int64)",
    "xp.isdtype(xp.float32, 'numeric')",
    "xp.zeros(2, dtype=xp.result_type(x, y))",
    "xp.zeros(2, dtype=xp.result_type(x, xp.float32))",
    "xp.zeros(2, dtype=xp.result_type(x, 1.0))",
    "xp.zeros(2, dtype=xp.result_type(xp.float32, xp.float64))",
    "xp.zeros(2, dtype=xp.result_type(i, xp.int32))",
    # ---- creation
    "xp.arange(4)",
    "xp.arange(4.0)",
    "xp.arange(1, 7, 2)",
    "xp.arange(5, 0, -2)",
    "xp.arange(0.0, 0.7, 0.1)",
    "xp.arange(3, dtype=xp.float32)",
    "xp.arange(0.0, 0.7, 0.1, dtype=x.dtype)",
    "xp.arange(6, dtype=x.dtype) * 0.1",
    "xp.arange(3, dtype=xp.int32)",
    "xp.arange(0, 1, 0.25)",
    "xp.asarray(0.1)",
    "xp.asarray(3)",
    "xp.asarray(True)",
    "xp.asarray([0.1, 0.2])",
    "xp.asarray([0.1, 0.2], dtype=x.dtype)",
    "xp.asarray([[1, 2], [3, 4]])",
    "xp.asarray([1, 2], dtype=xp.float32)",
    "xp.asarray(x)",
    "xp.asarray(x, copy=True)",
    "xp.asarray(x, dtype=xp.float32)",
    "xp.asarray(0.1, dtype=x.dtype) * x",
    "xp.zeros_like(xp.empty((2, 3)))",
    "xp.zeros_like(xp.empty(2, dtype=x.dtype))",
    "xp.zeros_like(xp.empty_like(x))",
    "xp.zeros_like(xp.empty_like(x, dtype=xp.int32))",
    "xp.eye(3)",
    "xp.eye(2, 3)",
    "xp.eye(3, k=1)",
    "xp.eye(2, 3, k=-1, dtype=x.dtype)",
    "xp.eye(3, None, dtype=xp.float32)",
    "xp.full((2, 3), 0.1)",
    "xp.full(3, 7)",
    "xp.full((), 0.1, dtype=x.dtype)",
    "xp.full((2,), True)",
    "xp.full((2,), 2, dtype=x.dtype)",
    "xp.full_like(x, 0.1)",
    "xp.full_like(x, 2)",
    "xp.full_like(x, 0.1, dtype=xp.float32)",
    "xp.full_like(i, 3)",
    "xp.linspace(0.0, 1.0, 7)",
    "xp.linspace(0, 1, 7)",
    "xp.linspace(0.1, 0.9, 5, endpoint=False)",
    "xp.linspace(0.0, 1.0, 7, dtype=x.dtype)",
    "xp.linspace(0.0, 1.0, 7, dtype=x.dtype) * 0.1",
    "xp.linspace(1.0, -1.0, num=3, dtype=xp.float32)",
    "xp.linspace(0.0, 1.0, 1)",
    "xp.meshgrid(v, w)",
    "xp.meshgrid(v, w, indexing='ij')",
    "xp.meshgrid(v, w, v, indexing='ij')",
    "xp.meshgrid(v)",
    *_each(
        "ones zeros",
        "xp.NAME(3)",
        "xp.NAME((2, 3))",
        "xp.NAME(())",
        "xp.NAME((2, 3), dtype=x.dtype)",
        "xp.NAME(2, dtype=xp.int32)",
        "xp.NAME_like(x)",
        "xp.NAME_like(i)",
        "xp.NAME_like(b)",
        "xp.NAME_like(x, dtype=xp.float32)",
        "xp.NAME_like(x, dtype=xp.int64)",
    ),
    *_each(
        "tril triu", "xp.NAME(a)", "xp.NAME(x)", "xp.NAME(t, k=1)", "xp.NAME(a, k=-1)", "xp.NAME(i)"
    ),
    # ---- elementwise
    *_each(
        "abs asinh atan ceil conj cos cosh exp expm1 floor negative positive real reciprocal "
        "round sign sin sinh square tan tanh trunc isfinite isinf isnan signbit",
        "xp.NAME(x)",
        "xp.NAME(x[0, 1])",
    ),
    *_each(
        "abs ceil floor isfinite isinf isnan sign signbit square tanh trunc round exp expm1 atan "
        "sqrt",
        "xp.NAME(z)",
    ),
    *_each("abs negative positive sign square floor ceil round trunc", "xp.NAME(i)"),
    *_each("asin acos atanh", "xp.NAME(0.5 * x)", "xp.NAME(xp.astype(xp.sign(x), x.dtype) * 0.0)"),
    *_each("log log1p log2 log10 sqrt", "xp.NAME(p)", "xp.NAME(p * 1e-9)"),
    *_each("log log2 log10", "xp.NAME(xp.asarray([1.0, 8.0, 1000.0, 0.0], dtype=x.dtype))"),
    "xp.acosh(1.0 + p)",
    "xp.round(xp.asarray([0.5, 1.5, 2.5, -0.5, -1.5], dtype=x.dtype))",
    "xp.trunc(4.0 * x)",
    "xp.expm1(1e-9 * x)",
    "xp.log1p(-0.5 * p)",
    *_each(
        "add subtract multiply divide hypot logaddexp maximum minimum atan2 copysign equal "
        "not_equal greater greater_equal less less_equal nextafter",
        "xp.NAME(x, y)",
        "xp.NAME(x, v)",
        "xp.NAME(x, 1.0)",
        "xp.NAME(0.5, x)",
        "xp.NAME(x[0, 0], 2.0)",
    ),
    *_each(
        "remainder floor_divide",
        "xp.NAME(x, y)",
        "xp.NAME(x, v)",
        "xp.NAME(x, 0.5)",
        "xp.NAME(0.5, x)",
    ),
    *_each("remainder floor_divide", "xp.NAME(i, j)", "xp.NAME(i, 3)", "xp.NAME(-7, j)"),
    *_each(
        "add subtract multiply maximum minimum equal less",
        "xp.NAME(i, j)",
        "xp.NAME(i, 2)",
        "xp.NAME(x, 1)",
    ),
    *_each("divide hypot logaddexp atan2 copysign pow remainder", "xp.NAME(p, 2)"),
    *_each("maximum minimum hypot", "xp.NAME(z, 1.0)"),
    *_each("atan2 copysign", "xp.NAME(xp.asarray([0.0, -0.0, 1.0, -1.0], dtype=x.dtype), -1.0)"),
    *_each("atan2 copysign", "xp.NAME(xp.asarray([1.0, -2.0], dtype=x.dtype), -0.0)"),
    "xp.logaddexp(-1000.0 + x, -1000.0 + y)",
    "xp.logaddexp(x, 0.0 * x)",
    "xp.hypot(1e200 * xp.astype(x, xp.float64), 1e200)",
    "xp.pow(p, y)",
    "xp.pow(x, 3)",
    "xp.pow(x, 2.0)",
    "xp.pow(2.0, x)",
    "xp.pow(j, 3)",
    "xp.pow(2, j)",
    *_each(
        "bitwise_and bitwise_or bitwise_xor",
        "xp.NAME(i, j)",
        "xp.NAME(i, 3)",
        "xp.NAME(b, m)",
        "xp.NAME(b, True)",
    ),
    *_each("bitwise_left_shift bitwise_right_shift", "xp.NAME(i, j)", "xp.NAME(i, 1)"),
    "xp.bitwise_invert(i)",
    "xp.bitwise_invert(b)",
    *_each(
        "logical_and logical_or logical_xor",
        "xp.NAME(b, m)",
        "xp.NAME(x > 0.2, y > 0.2)",
        "xp.NAME(b, True)",
    ),
    "xp.logical_not(b)",
    "xp.clip(x, -0.5, 0.5)",
    "xp.clip(x)",
    "xp.clip(x, 0.1)",
    "xp.clip(x, None, 0.1)",
    "xp.clip(x, min=0.0)",
    "xp.clip(x, max=0.0)",
    "xp.clip(x, -0.5 * p, p)",
    "xp.clip(x, 0, 1)",
    "xp.clip(i, 0, 3)",
    # ---- operators, attributes and indexing
    "x + y - 2.0 * x / y",
    "1 - x",
    "2 / x",
    "2.0**x",
    "p**y",
    "x**3 + x**2.0",
    "p**-0.5",
    "x // y",
    "x % y",
    "x // 0.5 + 0.5 % y",
    "-x + +y",
    "abs(x)",
    "(x < y) & (x != y) | ~b ^ m",
    "(x <= 0.1) == (0.3 > y)",
    "i * 2 - 1",
    "i // 2 + i % 2",
    "(i & 3) | (j << 1) ^ (i >> 1)",
    "j**2",
    "-i",
    "x @ a",
    "a @ v",
    "v @ w",
    "v @ a",
    "t @ v",
    "t @ x.T",
    "x.T @ y + x.mT @ y",
    "x.shape[1] * x.ndim * x.size",
    "xp.zeros(x.shape, dtype=x.dtype)",
    "x[-1, -1]",
    "x[..., 1:] * x[:, :1] + x[1, None, 2]",
    "x[:, ::2]",
    "x[:, ::-1]",
    "x[1:0:-1, 2::-2]",
    "x[:, 3:]",
    "v[None, :, None]",
    "x[...]",
    "v[xp.asarray([0, -1])]",
    "v[xp.asarray([[0, 1], [2, 2]])]",
    "x[xp.asarray([0, 1]), xp.asarray([2, 0])]",
    "x[i[1, 0], 2]",
    # ---- indexing functions
    "xp.take(x, xp.asarray([2, 0]), axis=1)",
    "xp.take(v, xp.asarray([2, 0, 2]))",
    "xp.take(x, xp.asarray([-1]), axis=-1)",
    "xp.take(t, xp.asarray([1, 1]), axis=-2)",
    "xp.take(v, xp.argsort(v)[:2])",
    "xp.take_along_axis(x, xp.argsort(x, axis=1), axis=1)",
    "xp.take_along_axis(x, xp.asarray([[0, 1, 1]]), axis=0)",
    "xp.take_along_axis(x, xp.asarray([[-1], [0]]))",
    # ---- linear algebra in the main namespace, and the extension
    *_each(
        "xp xp.linalg",
        "NAME.matmul(x, a)",
        "NAME.matmul(v, w)",
        "NAME.matmul(t, v)",
        "NAME.matmul(t, a)",
        "NAME.matmul(i, i.T)",
        "NAME.matrix_transpose(x)",
        "NAME.matrix_transpose(t)",
        "NAME.tensordot(x, y)",
        "NAME.tensordot(x, a, axes=1)",
        "NAME.tensordot(v, w, axes=0)",
        "NAME.tensordot(x, y, axes=((0,), (0,)))",
        "NAME.tensordot(t, x, axes=((0, 2), (0, 1)))",
        "NAME.tensordot(x, y, axes=((-1,), (1,)))",
        "NAME.vecdot(x, y)",
        "NAME.vecdot(x, y, axis=-2)",
        "NAME.vecdot(x, v)",
        "NAME.vecdot(v, w)",
        "NAME.vecdot(i, j)",
    ),
    "xp.linalg.cholesky(c)",
    "xp.linalg.cholesky(c, upper=True)",
    "xp.linalg.cholesky(t @ xp.matrix_transpose(t))",
    "xp.linalg.cross(v, w)",
    "xp.linalg.cross(x, y)",
    "xp.linalg.cross(x.T, y.T, axis=-2)",
    "xp.linalg.cross(x, v)",
    *_each("det inv pinv svdvals slogdet matrix_rank", "xp.linalg.NAME(a)", "xp.linalg.NAME(t)"),
    "xp.linalg.slogdet(-a).sign",
    "xp.linalg.slogdet(-t).logabsdet",
    "xp.linalg.slogdet(1e-30 * t).logabsdet",
    "xp.linalg.slogdet(xp.zeros((2, 2), dtype=x.dtype))",
    "xp.linalg.det(xp.zeros((2, 2), dtype=x.dtype))",
    "xp.linalg.diagonal(a)",
    "xp.linalg.diagonal(x)",
    "xp.linalg.diagonal(t, offset=1)",
    "xp.linalg.diagonal(x, offset=-1)",
    "xp.linalg.diagonal(x, offset=2)",
    "xp.linalg.eigh(c).eigenvalues",
    "(lambda r: r.eigenvectors * r.eigenvalues @ r.eigenvectors.T)(xp.linalg.eigh(c))",
    "xp.abs(xp.linalg.eigh(c)[1])",
    "xp.linalg.eigvalsh(c)",
    "xp.linalg.eigvalsh(t + xp.matrix_transpose(t))",
    "xp.linalg.matrix_norm(x)",
    "xp.linalg.matrix_norm(t, keepdims=True)",
    *_each(
        "'fro' 'nuc' 1 -1 2 -2 xp.inf -xp.inf",
        "xp.linalg.matrix_norm(x, ord=NAME)",
        "xp.linalg.matrix_norm(t, ord=NAME)",
    ),
    "xp.linalg.matrix_norm(t, ord='nuc', keepdims=True)",
    "xp.linalg.matrix_norm(t, ord=1, keepdims=True)",
    *_each("0 1 2 3 5 -1 -2", "xp.linalg.matrix_power(a, NAME)"),
    "xp.linalg.matrix_power(t, 3)",
    "xp.linalg.matrix_rank(xp.ones((3, 2), dtype=x.dtype))",
    "xp.linalg.matrix_rank(a, rtol=0.9)",
    "xp.linalg.outer(v, w)",
    "xp.linalg.outer(v, xp.asarray([1.0, 2.0], dtype=x.dtype))",
    "xp.linalg.pinv(x)",
    "xp.linalg.pinv(x, rtol=0.1)",
    "xp.linalg.pinv(x.T)",
    "xp.linalg.pinv(xp.linalg.outer(v, w), rtol=1e-3)",
    *_each(
        "a x x.T t",
        "xp.matmul(*xp.linalg.qr(NAME))",
        "xp.abs(xp.linalg.qr(NAME).R)",
        "xp.abs(xp.linalg.qr(NAME).Q)",
    ),
    "xp.abs(xp.linalg.qr(x.T, mode='complete').R)",
    "xp.matmul(*xp.linalg.qr(x.T, mode='complete'))",
    "xp.linalg.solve(a, v)",
    "xp.linalg.solve(a, x.T)",
    "xp.linalg.solve(t, v)",
    "xp.linalg.solve(t, a)",
    "xp.linalg.solve(a, xp.ones((3, 2), dtype=x.dtype))",
    *_each(
        "x x.T a t",
        "(lambda r: (r.U * r.S[..., None, :]) @ r.Vh)(xp.linalg.svd(NAME, full_matrices=False))",
    ),
    *_each(
        "x x.T", "xp.linalg.svdvals(NAME)", "xp.abs(xp.linalg.svd(NAME, full_matrices=False).Vh)"
    ),
    "xp.linalg.svd(a).S",
    "xp.abs(xp.linalg.svd(a)[0])",
    "xp.linalg.svd(x, full_matrices=True).Vh.shape[0]",
    "xp.linalg.trace(a)",
    "xp.linalg.trace(x)",
    "xp.linalg.trace(t, offset=1)",
    "xp.linalg.trace(a, dtype=xp.float64)",
    "xp.linalg.trace(i)",
    "xp.linalg.vector_norm(x)",
    "xp.linalg.vector_norm(v)",
    "xp.linalg.vector_norm(x, axis=1)",
    "xp.linalg.vector_norm(x, axis=0, keepdims=True)",
    "xp.linalg.vector_norm(x, keepdims=True)",
    "xp.linalg.vector_norm(t, axis=(0, 2))",
    *_each(
        "0 1 2 3 2.5 -1 xp.inf -xp.inf",
        "xp.linalg.vector_norm(x, ord=NAME)",
        "xp.linalg.vector_norm(x, axis=1, ord=NAME)",
    ),
    "xp.linalg.vector_norm(t, axis=(0, 2), ord=1, keepdims=True)",
    # ---- manipulation
    "xp.broadcast_arrays(x, v)",
    "xp.broadcast_arrays(x, v, xp.asarray(1.0, dtype=x.dtype))",
    "xp.broadcast_to(v, (2, 3))",
    "xp.broadcast_to(x[0, 0], (2, 1))",
    "xp.concat([x, y])",
    "xp.concat((x, y), axis=1)",
    "xp.concat([x, y], axis=-1)",
    "xp.concat([x, v], axis=None)",
    "xp.concat([x, xp.astype(y, xp.float64)])",
    "xp.expand_dims(x, axis=0)",
    "xp.expand_dims(x, axis=1)",
    "xp.expand_dims(x, axis=-1)",
    "xp.flip(x)",
    "xp.flip(x, axis=1)",
    "xp.flip(t, axis=(0, -1))",
    "xp.flip(v)",
    "xp.moveaxis(t, 0, 2)",
    "xp.moveaxis(t, (0, 1), (-1, 0))",
    "xp.permute_dims(t, (2, 0, 1))",
    "xp.permute_dims(x, (-1, 0))",
    "xp.repeat(x, 2)",
    "xp.repeat(x, 2, axis=1)",
    "xp.repeat(x, xp.asarray([1, 2]), axis=0)",
    "xp.reshape(x, (3, 2))",
    "xp.reshape(x, (-1,))",
    "xp.reshape(x, (1, -1, 2), copy=True)",
    "xp.reshape(v[:1], ())",
    "xp.roll(x, 1)",
    "xp.roll(x, -1, axis=1)",
    "xp.roll(x, (1, 2), axis=(0, 1))",
    "xp.roll(x, 1, axis=(0, 1))",
    "xp.roll(v, 4)",
    "xp.squeeze(x[None, ...], axis=0)",
    "xp.squeeze(x[None, :, None, :], axis=(0, 2))",
    "xp.squeeze(x[..., None], -1)",
    "xp.stack([x, y])",
    "xp.stack((x, y), axis=1)",
    "xp.stack([x, y], axis=-1)",
    "xp.stack([x[0, 0], y[0, 1]])",
    "xp.tile(x, (2, 1))",
    "xp.tile(x, (2,))",
    "xp.tile(v, (2, 2))",
    "xp.unstack(x)",
    "xp.unstack(x, axis=1)",
    "xp.unstack(x, axis=-1)",
    # ---- searching and sorting
    *_each(
        "argmax argmin",
        "xp.NAME(x)",
        "xp.NAME(x, axis=1)",
        "xp.NAME(x, axis=-2, keepdims=True)",
        "xp.NAME(x, keepdims=True)",
        "xp.NAME(i, axis=0)",
        "xp.NAME(j)",
    ),
    "xp.count_nonzero(x)",
    "xp.count_nonzero(b)",
    "xp.count_nonzero(b, axis=1)",
    "xp.count_nonzero(i - 1, axis=(0, 1), keepdims=True)",
    "xp.astype(xp.searchsorted(xp.sort(v), w), xp.int64)",  # each framework has its own integers
    "xp.astype(xp.searchsorted(xp.sort(v), v, side='right'), xp.int64)",
    "xp.astype(xp.searchsorted(xp.sort(v), v, side='left'), xp.int64)",
    "xp.astype(xp.searchsorted(xp.sort(v), x), xp.int64)",
    "xp.astype(xp.searchsorted(v, w, sorter=xp.argsort(v)), xp.int64)",
    "xp.where(b, x, y)",
    "xp.where(b, x, 0.0)",
    "xp.where(b, 1, x)",
    "xp.where(b, 0.5, x)",
    "xp.where(b, v, x)",
    "xp.where(x > 0.2, x**2, v)",
    "xp.where(b, i, 0)",
    *_each(
        "argsort sort",
        "xp.NAME(x)",
        "xp.NAME(v, descending=True)",
        "xp.NAME(x, axis=0)",
        "xp.NAME(x, axis=-2, descending=True)",
        "xp.NAME(x, stable=False)",
        "xp.NAME(j, descending=True)",
        "xp.NAME(j)",
        "xp.NAME(xp.reshape(j, (-1,)), stable=True, descending=True)",
    ),
    # ---- statistics
    *_each(
        "max min mean prod sum std var",
        "xp.NAME(x)",
        "xp.NAME(v)",
        "xp.NAME(x, axis=0)",
        "xp.NAME(x, axis=-1, keepdims=True)",
        "xp.NAME(t, axis=(0, 2))",
        "xp.NAME(x, keepdims=True)",
        "xp.NAME(x, axis=())",
    ),
    *_each("max min sum prod", "xp.NAME(i)", "xp.NAME(i, axis=1)"),
    *_each("max min", "xp.NAME(z[2:])", "xp.NAME(z[2:4])"),
    *_each(
        "sum prod",
        "xp.NAME(x, dtype=xp.float64)",
        "xp.NAME(xp.astype(i, xp.int32))",
        "xp.NAME(i, dtype=x.dtype)",
    ),
    *_each("sum prod", "xp.NAME(x, axis=1, dtype=xp.float32)", "xp.NAME(x[:, 3:], axis=1)"),
    *_each(
        "std var",
        "xp.NAME(x, correction=1)",
        "xp.NAME(x, axis=1, correction=1.0)",
        "xp.NAME(x, axis=(0, 1), correction=1, keepdims=True)",
        "xp.NAME(v, correction=0.5)",
    ),
    *_each(
        "cumulative_sum cumulative_prod",
        "xp.NAME(v)",
        "xp.NAME(x, axis=0)",
        "xp.NAME(x, axis=-1)",
        "xp.NAME(v, include_initial=True)",
        "xp.NAME(x, axis=1, include_initial=True)",
        "xp.NAME(v, dtype=xp.float64)",
        "xp.NAME(v, dtype=xp.float32, include_initial=True)",
        "xp.NAME(i, axis=1)",
        "xp.NAME(xp.astype(j, xp.int32), axis=1)",
    ),
    # ---- utility
    *_each(
        "all any",
        "xp.NAME(b)",
        "xp.NAME(b, axis=1)",
        "xp.NAME(m, axis=(0, 1), keepdims=True)",
        "xp.NAME(x)",
    ),
    "xp.diff(x)",
    "xp.diff(x, axis=0)",
    "xp.diff(x, n=2)",
    "xp.diff(v, n=0)",
    "xp.diff(x, axis=1, prepend=x[:, :1], append=y[:, :2])",
    "xp.diff(i, axis=1)",
    # ---- complex numbers and Fourier transforms, whose parts are shown
    "xp.astype(x, xp.complex64)",
    "xp.imag(xp.astype(x, xp.complex128))",
    *_each(
        "fft ifft",
        "xp.real(xp.fft.NAME(xp.astype(x, xp.complex128)))",
        "xp.imag(xp.fft.NAME(xp.astype(x, xp.complex128)))",
        "xp.imag(xp.fft.NAME(xp.fft.rfft(x), n=5, axis=0, norm='ortho'))",
        "xp.real(xp.fft.NAME(xp.fft.rfft(x), n=1, norm='forward'))",
    ),
    *_each(
        "rfft ihfft",
        "xp.real(xp.fft.NAME(x))",
        "xp.imag(xp.fft.NAME(x, n=5, axis=0, norm='ortho'))",
        "xp.imag(xp.fft.NAME(x, n=2, norm='forward'))",
    ),
    *_each(
        "irfft hfft",
        "xp.fft.NAME(xp.fft.rfft(x))",
        "xp.fft.NAME(xp.fft.rfft(x), n=3)",
        "xp.fft.NAME(xp.fft.rfft(t, axis=1), n=7, axis=1, norm='ortho')",
        "xp.fft.NAME(xp.fft.rfft(x), n=2, norm='forward')",
    ),
    *_each(
        "fftn ifftn",
        "xp.imag(xp.fft.NAME(xp.astype(t, xp.complex128)))",
        "xp.imag(xp.fft.NAME(xp.fft.rfft(t), axes=(0, 2), norm='ortho'))",
        "xp.imag(xp.fft.NAME(xp.fft.rfft(t), s=(3, 2), axes=(0, 1)))",
    ),
    "xp.imag(xp.fft.rfftn(t))",
    "xp.imag(xp.fft.rfftn(t, s=(4, 5), axes=(2, 0), norm='forward'))",
    "xp.fft.irfftn(xp.fft.rfftn(x), s=(2, 3), axes=(0, 1))",
    "xp.fft.irfftn(xp.fft.rfftn(t, axes=(0, 1)), axes=(0, 1), norm='ortho')",
    "xp.fft.fftfreq(5, d=0.5)",
    "xp.fft.rfftfreq(6)",
    "xp.fft.rfftfreq(5, d=0.5, dtype=x.dtype)",
    "xp.fft.fftfreq(4, dtype=xp.float32)",
    *_each("fftshift ifftshift", "xp.fft.NAME(v)", "xp.fft.NAME(x)", "xp.fft.NAME(t, axes=(0, 2))"),
]
"""Expressions; those that a framework cannot compute are named in `test_namespaces.py`."""

BEYOND_SAMPLES = [
    "x[0]",
    "t[1, 0] * x[0][2]",
    "x[:, xp.asarray([2, 0, 2])]",
    "x[[0, 1], [2, 0]]",
    "v[[2, 0]]",
    "i / j",
    "[row * 2 for row in x]",
    "sum(float(k) * v[k] for k in range(3))",
]
"""What the standard leaves open and models write all the same; NumPy says what it should give."""

SPECIAL_SAMPLES = [
    *_each(
        "digamma gammaln", "xp.special.NAME(p)", "xp.special.NAME(x)", "xp.special.NAME(50.0 * p)"
    ),
    *_each("erf erfc expit log_expit softplus", "xp.special.NAME(x)", "xp.special.NAME(8.0 * x)"),
    *_each("expit log_expit softplus", "xp.special.NAME(300.0 * x)"),
    *_each("i0 i1 i0e i1e j0 j1", "xp.special.NAME(x)", "xp.special.NAME(20.0 * x)"),
    *_each("i0e i1e j0 j1", "xp.special.NAME(900.0 * x)"),
    *_each("0 1 2 3", "xp.special.polygamma(NAME, p)"),
    "xp.special.erfinv(p / (1.0 + p))",
    *_each("gammainc gammaincc", "xp.special.NAME(0.7, p)", "xp.special.NAME(2.5, 3.0 * p)"),
    "xp.special.zeta(2.5, p)",
    *_each(
        "logsumexp softmax log_softmax",
        "xp.special.NAME(x)",
        "xp.special.NAME(v)",
        "xp.special.NAME(x, axis=1)",
        "xp.special.NAME(x, 0)",
        "xp.special.NAME(t, axis=(0, 2))",
        "xp.special.NAME(x, axis=None)",
        "xp.special.NAME(-2000.0 + 300.0 * x, axis=-1)",
    ),
    "xp.special.logsumexp(x, keepdims=True)",
    "xp.special.logsumexp(x, axis=1, keepdims=True)",
    "xp.special.xlogy(x, p)",
    "xp.special.xlogy(p, p)",
    "xp.special.xlogy(xp.zeros_like(x), p - 0.05)",
    "xp.special.xlogy(x, 2.0)",
    "xp.special.xlogy(2.0, p)",
]


def names_in(sample: str) -> set[str]:
    """The names of the namespace that a sample uses, such as "linalg.inv"."""
    return set(re.findall(r"\bxp\.((?:fft\.|linalg\.|special\.)?\w+)", sample))


def compute(sample: str, xp: Any, arrays: dict[str, Any]) -> Any:
    """The value of a sample."""
    return eval(sample, {"xp": xp, **arrays})
