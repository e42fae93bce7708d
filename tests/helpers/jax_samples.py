"""Functions of JAX's arrays, one or more for each primitive that the reader knows.

By the name of the primitive, the functions and shapes of their arguments; the arguments are drawn
by `arguments_of`.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

M, V, S = (3, 4), (5,), ()
"""A matrix, a vector and a number."""
SQUARE = (4, 4)

UNARY: dict[str, Any] = {
    "abs": lax.abs,
    "asinh": lax.asinh,
    "atan": lax.atan,
    "bessel_i0e": lax.bessel_i0e,
    "bessel_i1e": lax.bessel_i1e,
    "cbrt": lax.cbrt,
    "ceil": lax.ceil,
    "cos": lax.cos,
    "cosh": lax.cosh,
    "erf": lax.erf,
    "erfc": lax.erfc,
    "exp": lax.exp,
    "exp2": lax.exp2,
    "expm1": lax.expm1,
    "floor": lax.floor,
    "is_finite": lax.is_finite,
    "logistic": lax.logistic,
    "neg": lax.neg,
    "reduce_precision": lambda x: lax.reduce_precision(x, 11, 52),
    "sign": lax.sign,
    "sin": lax.sin,
    "sinh": lax.sinh,
    "square": lax.square,
    "stop_gradient": lax.stop_gradient,
    "tan": lax.tan,
    "tanh": lax.tanh,
}
POSITIVE: dict[str, Any] = {
    "digamma": lax.digamma,
    "lgamma": lax.lgamma,
    "log": lax.log,
    "log1p": lax.log1p,
    "rsqrt": lax.rsqrt,
    "sqrt": lax.sqrt,
}
BINARY: dict[str, Any] = {
    "add": lax.add,
    "atan2": lax.atan2,
    "div": lax.div,
    "eq": lax.eq,
    "ge": lax.ge,
    "gt": lax.gt,
    "le": lax.le,
    "lt": lax.lt,
    "max": lax.max,
    "min": lax.min,
    "mul": lax.mul,
    "ne": lax.ne,
    "nextafter": lax.nextafter,
    "rem": lax.rem,
    "sub": lax.sub,
}


def integers(x: Any) -> Any:
    """Integers of both signs that depend on x."""
    return jnp.floor(10 * x).astype(jnp.int32)


def bits(operation: Any) -> Any:
    return lambda x, y: (operation(integers(x), integers(y)), operation(x > 0, y > 0))


def index_at(x: Any, n: int) -> Any:
    """Indices from -n to n - 1 that depend on x."""
    return jnp.clip(integers(x), -n, n - 1)


def images(x: Any, *shape: int) -> Any:
    return jnp.reshape(jnp.sin(jnp.arange(float(np.prod(shape)))) * x.mean(), shape)


def convolution(x_shape: Any, kernel_shape: Any, **options: Any) -> Any:
    options = {"window_strides": (1, 1), "padding": "SAME", **options}
    return lambda x: lax.conv_general_dilated(
        images(x, *x_shape), images(x + 1, *kernel_shape), **options
    )


def pooling(initial: Any, reduce: Any, **options: Any) -> Any:
    options = {"window_strides": (1, 2), "padding": ((1, 1), (0, 1)), **options}
    return lambda x: lax.reduce_window(x, initial, reduce, (2, 3), **options)


def symmetric(x: Any) -> Any:
    return x @ x.T + 4 * jnp.eye(4)


def solution_by_products(a: Any, b: Any) -> Any:
    """A linear equation that is given by a function and not by a matrix."""
    return lax.custom_linear_solve(
        lambda x: 3 * x + jnp.tanh(a).sum() * jnp.roll(x, 1),
        b,
        lambda matvec, y: jnp.linalg.solve(jax.jacfwd(matvec)(y), y),
        lambda vecmat, y: jnp.linalg.solve(jax.jacfwd(vecmat)(y), y),
    )


SAMPLES: dict[str, list[tuple[Any, ...]]] = {
    **{name: [(f, M), (f, S)] for name, f in UNARY.items()},
    **{name: [(lambda x, f=f: f(jnp.abs(x) + 0.1), M)] for name, f in POSITIVE.items()},
    **{name: [(f, M, M), (f, S, S)] for name, f in BINARY.items()},
    "acos": [(lambda x: lax.acos(x / 4), M)],
    "acosh": [(lambda x: lax.acosh(jnp.abs(x) + 1.5), M)],
    "add_any": [(jax.grad(lambda x: jnp.sum(x * jnp.sin(x) * x)), V)],
    "and": [(bits(lax.bitwise_and), M, M)],
    "argmax": [(lambda x: jnp.argmax(x, axis=1), M), (jnp.argmax, V)],
    "argmin": [(lambda x: jnp.argmin(x, axis=-2), M)],
    "asin": [(lambda x: lax.asin(x / 4), M)],
    "atanh": [(lambda x: lax.atanh(x / 4), M)],
    "broadcast_in_dim": [
        (lambda x: x[:, None] * jnp.ones((5, 2)), V),
        (lambda x: jnp.broadcast_to(x, (2, 3)), S),
    ],
    "cholesky": [(lambda x: jnp.linalg.cholesky(symmetric(x)), SQUARE)],
    "clamp": [(lambda x: lax.clamp(jnp.asarray(-0.5, x.dtype), x, jnp.asarray(0.7, x.dtype)), M)],
    "complex": [(lax.complex, M, M)],
    "concatenate": [(lambda x, y: jnp.concatenate([x, y, x], axis=-1), M, M)],
    "cond": [(lambda x: lax.cond(x.sum() > 0, jnp.sin, jnp.cos, x), M)],
    "conj": [(lambda x, y: jnp.conj(lax.complex(x, y)), M, M)],
    "conv_general_dilated": [
        (convolution((1, 2, 5, 4), (3, 2, 2, 3)), V),
        (convolution((2, 4, 5, 4), (6, 2, 2, 2), padding="VALID", feature_group_count=2), V),
        (convolution((4, 2, 5, 4), (6, 2, 2, 2), batch_group_count=2), V),
        (
            convolution(
                (1, 2, 5, 4),
                (3, 2, 2, 2),
                window_strides=(2, 1),
                padding=((1, 2), (-1, 0)),
                lhs_dilation=(2, 1),
                rhs_dilation=(1, 2),
            ),
            V,
        ),
        (
            convolution((1, 5, 4, 2), (2, 2, 2, 3), dimension_numbers=("NHWC", "HWIO", "NHWC")),
            V,
        ),
    ],
    "convert_element_type": [
        (lambda x: x.astype(jnp.int32), M),
        (lambda x: x.astype(bool), M),
        (lambda x: (x > 0).astype(x.dtype), M),
        (lambda x: x.astype(jnp.complex64 if x.dtype == jnp.float32 else jnp.complex128), M),
    ],
    "copy": [(lambda x: jnp.array(x, copy=True), M)],
    "cumlogsumexp": [(lambda x: lax.cumlogsumexp(x, 1), M)],
    "cummax": [(lambda x: lax.cummax(x, 0, reverse=True), M)],
    "cummin": [(lambda x: lax.cummin(x, 0), M)],
    "cumprod": [(lambda x: lax.cumprod(x, 1, reverse=True), M)],
    "cumsum": [(lambda x: lax.cumsum(x, 0), M), (lambda x: lax.cumsum(x, 0, reverse=True), V)],
    "custom_linear_solve": [
        (lambda a, b: jnp.linalg.solve(symmetric(a), b), SQUARE, (4,)),
        (lambda a, b: jnp.linalg.solve(symmetric(a), b), SQUARE, (4, 3)),
        (lambda a: jnp.linalg.inv(jnp.stack([symmetric(a), symmetric(a.T)])), SQUARE),
        (lambda a, b: jnp.linalg.solve(symmetric(a), b), SQUARE, (2, 4, 3)),
        (solution_by_products, M, V),
    ],
    "device_put": [(lambda x, y: jax.device_put((x, y)), M, M)],
    "dot_general": [
        (lambda x, y: x @ y, (3, 4), (4, 2)),
        (lambda x, y: jnp.einsum("bij,bkj->bik", x, y), (2, 3, 4), (2, 5, 4)),
        (lambda x, y: jnp.einsum("ijb,kbj->kbi", x, y), (3, 4, 2), (5, 2, 4)),
        (lambda x, y: jnp.tensordot(x, y, axes=0), M, V),
        (jnp.dot, V, V),
    ],
    "dynamic_slice": [
        (lambda x: lax.dynamic_slice(x, (1, 2), (2, 2)), M),
        (lambda x: lax.dynamic_slice(x, (integers(x[0, 0]), jnp.int32(1)), (2, 3)), M),
    ],
    "dynamic_update_slice": [
        (lambda x: lax.dynamic_update_slice(x, x[:2, 1:3] * 2, (0, 3)), M),
        (
            lambda x: lax.dynamic_update_slice(
                x, x[:2, 1:3] * 2, (integers(x[0, 0]), jnp.int32(1))
            ),
            M,
        ),
    ],
    "eigh": [(lambda x: jnp.linalg.eigh(symmetric(x))[0], SQUARE)],
    "fft": [
        (lambda x: jnp.fft.fft(x), M),
        (lambda x: jnp.fft.ifft2(x), M),
        (lambda x: jnp.fft.irfft(jnp.fft.rfft(x)), M),
    ],
    "gather": [
        (lambda x: x[jnp.array([2, 0, -1])], M),
        (lambda x: x[jnp.array([2, 0]), jnp.array([[1], [3]])], M),
        (lambda x: jnp.take_along_axis(x, jnp.argsort(x, axis=1), axis=1), M),
        (lambda x: jnp.take(x, index_at(x[:, 0], 4), axis=1), M),
        (lambda x: x.at[jnp.array([7, 1])].get(mode="fill", fill_value=3.0), M),
        (lambda x: x.at[integers(x[:, 0])].get(mode="clip"), M),
        (lambda x: x[:, None, jnp.array([1, 1, 2])], M),
    ],
    "imag": [(lambda x, y: jnp.imag(lax.complex(x, y)), M, M)],
    "integer_pow": [(lambda x: x**3, M), (lambda x: lax.integer_pow(x, -2), M)],
    "iota": [(lambda x: x + lax.iota(x.dtype, 4) + jnp.eye(3, 4), M)],
    "le_to": [(lambda x, y: lax.le_to_p.bind(x, y), M, M)],
    "lt_to": [(lambda x, y: lax.lt_to_p.bind(x, jnp.where(y > 0, y, jnp.nan)), M, M)],
    "lu": [
        (lambda x: jax.scipy.linalg.lu(x), SQUARE),
        (lambda x: jnp.cumprod(lax.linalg.lu(jnp.stack([x, x.T + 1]))[0], axis=-1), SQUARE),
        (lambda x: jax.scipy.linalg.lu_factor(x), M),
    ],
    "lu_pivots_to_permutation": [
        (lambda x: lax.linalg.lu_pivots_to_permutation(lax.linalg.lu(x)[1], 4), SQUARE)
    ],
    "not": [(lambda x: (~integers(x), ~(x > 0)), M)],
    "optimization_barrier": [(lambda x, y: lax.optimization_barrier((x, y)), M, V)],
    "or": [(bits(lax.bitwise_or), M, M)],
    "pad": [
        (lambda x: lax.pad(x, jnp.asarray(2, x.dtype), ((1, 2, 0), (-1, 1, 2))), M),
        (lambda x: lax.pad(x, jnp.asarray(0, x.dtype), ((-1, -2, 3),)), V),
    ],
    "platform_index": [(jnp.diagonal, SQUARE)],
    "erf_inv": [(lambda x: lax.erf_inv(jnp.tanh(x)), M)],
    "igamma": [(lambda x: lax.igamma(jnp.full_like(x, 1.5), jnp.abs(x) + 0.1), M)],
    "igammac": [(lambda x: lax.igammac(jnp.full_like(x, 0.5), jnp.abs(x) + 0.1), M)],
    "zeta": [(lambda x: lax.zeta(jnp.full_like(x, 2.5), jnp.abs(x) + 0.5), M)],
    "polygamma": [(lambda x: jax.scipy.special.polygamma(2, jnp.abs(x) + 0.5), M)],
    "pow": [
        (lambda x, y: jnp.abs(x) ** y, M, M),
        (lambda x: jnp.abs(x) ** 2.5, M),
        (lambda x: 2.0**x, M),
    ],
    "qr": [(lambda x: jnp.abs(jnp.linalg.qr(x)[1]), SQUARE)],
    "real": [(lambda x, y: jnp.real(lax.complex(x, y)), M, M)],
    "reduce_and": [(lambda x: jnp.all(x > -1, axis=0), M)],
    "reduce_max": [(lambda x: jnp.max(x, axis=-1, keepdims=True), M), (jnp.max, M)],
    "reduce_min": [(lambda x: jnp.min(x, axis=0), M)],
    "reduce_or": [(lambda x: jnp.any(x > 1, axis=0), M)],
    "reduce_prod": [(lambda x: jnp.prod(x, axis=(0, 1)), M)],
    "reduce_sum": [(lambda x: jnp.sum(x, axis=-1, keepdims=True), M), (jnp.sum, M)],
    "reduce_window_max": [(pooling(-jnp.inf, lax.max), M)],
    "reduce_window_min": [(pooling(jnp.inf, lax.min, window_dilation=(1, 1)), M)],
    "reduce_window_sum": [
        (pooling(0.0, lax.add, base_dilation=(1, 2), window_dilation=(2, 1)), M),
        (lambda x: lax.reduce_window(integers(x), 0, lax.add, (2, 2), (1, 1), "SAME"), M),
    ],
    "reshape": [(lambda x: x.reshape(2, 6), M), (lambda x: x.reshape(1, 1), S)],
    "rev": [(lambda x: x[::-1, ::-1], M)],
    "round": [(jnp.round, M), (lambda x: lax.round(jnp.round(2 * x) / 2), M)],
    "scan": [
        (lambda x: lax.scan(lambda c, r: (jnp.tanh(c + r), c * r), x[0], x), M),
        (lambda x: lax.scan(lambda c, r: (c + r, r), x[0], x, reverse=True), M),
        (lambda x: lax.fori_loop(0, 3, lambda k, c: c * x[k], x[0]), M),
        (lambda x: lax.map(jnp.sin, x), M),
        (lambda x: lax.scan(lambda c, r: (c + r, r), x[0], x[:0]), M),
    ],
    "scatter": [
        (lambda x: x.at[1].set(2.0), M),
        (lambda x: x.at[jnp.array([0, 0, 2]), 1].set(x[:, 0]), M),
        (lambda x: x.at[index_at(x[:, 0], 3)].set(x[0]), M),
        (lambda x: x.at[jnp.array([7, 1])].set(0.5, mode="drop"), M),
        (lambda x: x.at[1:, ::2].set(0.25), M),
    ],
    "scatter-add": [
        (lambda x: x.at[jnp.array([0, 2, 0])].add(x), M),
        (lambda x: jax.ops.segment_sum(x, jnp.array([0, 1, 0]), 2), M),
        (lambda x: x.at[index_at(x[:, 0], 3)].add(x), M),
        (lambda x: x.at[jnp.zeros(12, int)].add(1.5), M),
        (lambda x: x.at[:, 1].add(x[:, 0]), M),
    ],
    "scatter-max": [(lambda x: x.at[index_at(x[:, 0], 3)].max(0.25), M)],
    "scatter-min": [(lambda x: x.at[jnp.array([1, 1])].min(0.25), M)],
    "scatter-mul": [
        (lambda x: x.at[jnp.array([1, 1])].mul(3.0), M),
        (lambda x: x.at[index_at(x[:, 0], 3)].mul(x), M),
    ],
    "scatter-sub": [(lambda x: x.at[jnp.array([0, 2, 0])].subtract(x), M)],
    "select_n": [
        (lambda x, y: jnp.where(x > y, x, y), M, M),
        (lambda x, y: lax.select_n(index_at(jnp.abs(x), 3), x, y, x * y), M, M),
    ],
    "shift_left": [(lambda x: integers(x) << 2, M)],
    "shift_right_arithmetic": [(lambda x: integers(x) >> 1, M)],
    "slice": [(lambda x: x[1:, ::2], M)],
    "sort": [
        (lambda x: jnp.sort(x, axis=0), M),
        (lambda x: jnp.argsort(x, axis=-1, descending=True), M),
        (lambda x: jnp.lexsort((x[0], integers(x[1]) // 10)), M),
    ],
    "split": [(lambda x: jnp.split(x, [1, 3], axis=1), M)],
    "squeeze": [(lambda x: jnp.squeeze(x[None, :, None]), V)],
    "stack": [(lambda x, y: jnp.stack([x, y], axis=1), M, M)],
    "svd": [
        (lambda x: jnp.linalg.svd(x, compute_uv=False), M),
        (lambda x: jnp.linalg.pinv(x), M),
    ],
    "tile": [(lambda x: jnp.tile(x, (2, 3)), M)],
    "top_k": [(lambda x: lax.top_k(x, 2), M)],
    "transpose": [(lambda x: jnp.transpose(x, (2, 0, 1)), (2, 3, 4))],
    "triangular_solve": [
        (lambda a, b: jax.scipy.linalg.solve_triangular(a + 4 * jnp.eye(4), b), SQUARE, (4, 2)),
        (
            lambda a, b: jax.lax.linalg.triangular_solve(
                a, b, lower=True, transpose_a=True, unit_diagonal=True
            ),
            SQUARE,
            (2, 4),
        ),
    ],
    "tridiagonal_solve": [
        (lambda x, b: lax.linalg.tridiagonal_solve(x, x + 5, x, b), V, (5, 2)),
    ],
    "while": [(lambda x: lax.fori_loop(0, jnp.int32(2) + 1, lambda k, c: c * x[k], x[0]), M)],
    "xor": [(bits(lax.bitwise_xor), M, M)],
}
"""By the name of a primitive: functions, each with the shapes of its arguments."""


def arguments_of(shapes: tuple[Any, ...], dtype: str) -> list[Any]:
    """Draw arrays of both signs, no element of which is an integer or equals another."""
    rng = np.random.default_rng(7)
    return [np.asarray(rng.normal(size=shape), dtype) for shape in shapes]
