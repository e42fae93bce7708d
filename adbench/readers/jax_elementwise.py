"""The JAX primitives that act on each element, in the array namespace.

An operation takes the namespace, the operands and the primitive's own parameters; where it names
them, `kind` of its first operand, and `result_dtype`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

Operation = Callable[..., Any]


def select_n(xp: Any, which: Any, *cases: Any, kind: str) -> Any:
    """The case that `which` says, a truth value or a number, at each place."""
    if kind == "bool":
        return xp.where(which, cases[1], cases[0])
    chosen = cases[-1]
    for k in reversed(range(len(cases) - 1)):
        chosen = xp.where(which <= k, cases[k], chosen)
    return chosen


# ---- arithmetic


def _div(xp: Any, x: Any, y: Any, *, kind: str) -> Any:
    if kind != "integer":
        return x / y
    size = xp.floor_divide(xp.abs(x), xp.abs(y))
    return xp.where((x < 0) != (y < 0), -size, size)


def _rem(xp: Any, x: Any, y: Any) -> Any:
    """The remainder with the sign of x."""
    size = xp.abs(y)
    return xp.where(x < 0, -xp.remainder(xp.abs(x), size), xp.remainder(x, size))


def _pow(xp: Any, x: Any, y: Any, *, result_dtype: Any) -> Any:
    """A power; a constant exponent, which arrives as NumPy's, becomes Python's number."""
    if isinstance(x, np.ndarray):
        x = xp.asarray(x.astype(np.float64), dtype=result_dtype)
    if isinstance(y, np.ndarray) and y.ndim == 0:
        return xp.pow(x, y.item())
    return xp.pow(x, xp.astype(xp.asarray(y), result_dtype))


def _cbrt(xp: Any, x: Any) -> Any:
    third = xp.ones_like(x) / 3
    return xp.sign(x) * xp.pow(xp.abs(x), third)


def _clamp(xp: Any, low: Any, x: Any, high: Any) -> Any:
    return xp.minimum(xp.maximum(x, low), high)


def _round(xp: Any, x: Any, *, rounding_method: Any) -> Any:
    if rounding_method.name == "TO_NEAREST_EVEN":
        return xp.round(x)
    size = xp.abs(x)
    whole = xp.floor(size)
    return xp.sign(x) * xp.where(size - whole >= 0.5, whole + 1, whole)


# ---- order of all floats, in which nan comes last


def _lt_to(xp: Any, x: Any, y: Any, *, kind: str) -> Any:
    if kind != "float":
        return x < y
    return xp.logical_or(x < y, xp.logical_and(xp.isnan(y), xp.logical_not(xp.isnan(x))))


def _le_to(xp: Any, x: Any, y: Any, *, kind: str) -> Any:
    return xp.logical_not(_lt_to(xp, y, x, kind=kind))


# ---- bits and truth values


def _not(xp: Any, x: Any, *, kind: str) -> Any:
    return xp.logical_not(x) if kind == "bool" else xp.bitwise_invert(x)


def _and(xp: Any, x: Any, y: Any, *, kind: str) -> Any:
    return xp.logical_and(x, y) if kind == "bool" else xp.bitwise_and(x, y)


def _or(xp: Any, x: Any, y: Any, *, kind: str) -> Any:
    return xp.logical_or(x, y) if kind == "bool" else xp.bitwise_or(x, y)


def _xor(xp: Any, x: Any, y: Any, *, kind: str) -> Any:
    return xp.logical_xor(x, y) if kind == "bool" else xp.bitwise_xor(x, y)


# ---- dtypes


def _convert_element_type(xp: Any, x: Any, *, kind: str, new_dtype: Any) -> Any:
    """A cast, which to truth values tells what differs from 0, and from complex drops a part."""
    if new_dtype == xp.bool:
        return x if kind == "bool" else xp.not_equal(x, 0)
    if kind == "complex" and not xp.isdtype(new_dtype, "complex floating"):
        x = xp.real(x)
    return xp.astype(x, new_dtype)


def _complex(xp: Any, real: Any, imag: Any, *, result_dtype: Any) -> Any:
    return xp.astype(real, result_dtype) + 1j * xp.astype(imag, result_dtype)


def _identity(xp: Any, x: Any, **parameters: Any) -> Any:
    return x


def _optimization_barrier(xp: Any, *arrays: Any) -> tuple[Any, ...]:
    return arrays


# ---- special functions


def _polygamma(xp: Any, order: Any, x: Any, *, result_dtype: Any) -> Any:
    """The derivative of the digamma function of an order that is the same in every call."""
    if isinstance(x, np.ndarray):
        x = xp.asarray(x.astype(np.float64), dtype=result_dtype)
    return xp.special.polygamma(int(np.max(order)), x)


OPERATIONS: dict[str, Operation] = {
    "abs": lambda xp, x: xp.abs(x),
    "acos": lambda xp, x: xp.acos(x),
    "acosh": lambda xp, x: xp.acosh(x),
    "add": lambda xp, x, y: x + y,
    "add_any": lambda xp, x, y: x + y,
    "and": _and,
    "asin": lambda xp, x: xp.asin(x),
    "asinh": lambda xp, x: xp.asinh(x),
    "atan": lambda xp, x: xp.atan(x),
    "atan2": lambda xp, y, x: xp.atan2(y, x),
    "atanh": lambda xp, x: xp.atanh(x),
    "bessel_i0e": lambda xp, x: xp.special.i0e(x),
    "bessel_i1e": lambda xp, x: xp.special.i1e(x),
    "cbrt": _cbrt,
    "ceil": lambda xp, x: xp.ceil(x),
    "clamp": _clamp,
    "complex": _complex,
    "conj": lambda xp, x, *, input_dtype: xp.conj(x),
    "convert_element_type": _convert_element_type,
    "copy": _identity,
    "cos": lambda xp, x: xp.cos(x),
    "cosh": lambda xp, x: xp.cosh(x),
    "digamma": lambda xp, x: xp.special.digamma(x),
    "device_put": lambda xp, *arrays, **parameters: list(arrays),
    "div": _div,
    "eq": lambda xp, x, y: x == y,
    "erf": lambda xp, x: xp.special.erf(x),
    "erf_inv": lambda xp, x: xp.special.erfinv(x),
    "erfc": lambda xp, x: xp.special.erfc(x),
    "exp": lambda xp, x: xp.exp(x),
    "exp2": lambda xp, x: xp.pow(2.0, x),
    "expm1": lambda xp, x: xp.expm1(x),
    "floor": lambda xp, x: xp.floor(x),
    "ge": lambda xp, x, y: x >= y,
    "gt": lambda xp, x, y: x > y,
    "igamma": lambda xp, a, x: xp.special.gammainc(a, x),
    "igammac": lambda xp, a, x: xp.special.gammaincc(a, x),
    "imag": lambda xp, x: xp.imag(x),
    "integer_pow": lambda xp, x, *, y: x**y,
    "is_finite": lambda xp, x: xp.isfinite(x),
    "le": lambda xp, x, y: x <= y,
    "le_to": _le_to,
    "lgamma": lambda xp, x: xp.special.gammaln(x),
    "log": lambda xp, x: xp.log(x),
    "log1p": lambda xp, x: xp.log1p(x),
    "logistic": lambda xp, x: xp.special.expit(x),
    "lt": lambda xp, x, y: x < y,
    "lt_to": _lt_to,
    "max": lambda xp, x, y: xp.maximum(x, y),
    "min": lambda xp, x, y: xp.minimum(x, y),
    "mul": lambda xp, x, y: x * y,
    "ne": lambda xp, x, y: x != y,
    "neg": lambda xp, x: -x,
    "nextafter": lambda xp, x, y: xp.nextafter(x, y),
    "not": _not,
    "optimization_barrier": _optimization_barrier,
    "or": _or,
    "polygamma": _polygamma,
    "pow": _pow,
    "real": lambda xp, x: xp.real(x),
    "reduce_precision": _identity,
    "rem": _rem,
    "round": _round,
    "rsqrt": lambda xp, x: 1 / xp.sqrt(x),
    "select_n": select_n,
    "shift_left": lambda xp, x, y: xp.bitwise_left_shift(x, y),
    "shift_right_arithmetic": lambda xp, x, y: xp.bitwise_right_shift(x, y),
    "sign": lambda xp, x: xp.sign(x),
    "sin": lambda xp, x: xp.sin(x),
    "sinh": lambda xp, x: xp.sinh(x),
    "sqrt": lambda xp, x: xp.sqrt(x),
    "square": lambda xp, x: x * x,
    "stop_gradient": lambda xp, x: xp.stop_gradient(x),
    "sub": lambda xp, x, y: x - y,
    "tan": lambda xp, x: xp.tan(x),
    "tanh": lambda xp, x: xp.tanh(x),
    "xor": _xor,
    "zeta": lambda xp, s, q: xp.special.zeta(s, q),
}
"""What each primitive is in the array namespace."""

OF_ITSELF: dict[str, Operation] = {
    "eq": lambda xp, x, y: xp.logical_not(xp.isnan(x)),
    "ne": lambda xp, x, y: xp.isnan(x),
}
"""What a comparison of an array with itself is, which of balls would be undecided."""

OF_CALLS: dict[Callable[..., Any], Operation] = {jnp.signbit: lambda xp, x: [xp.signbit(x)]}
"""What functions of JAX are that look at the bits of a float."""

TAKES_CONSTANTS = frozenset({"polygamma", "pow"})
"""The operations that are given constants as NumPy's arrays."""
