"""PyTorch's operations that act on each element after broadcasting."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import Any

from adbench.readers.reading import Operation
from adbench.readers.torch_pieces import alike, as_array


def _unary(name: str) -> Operation:
    """A function of one array that the namespace has."""
    return lambda xp, x: getattr(xp, name)(x)


def _special(name: str) -> Operation:
    """A function of one array that `xp.special` has."""
    return lambda xp, x: getattr(xp.special, name)(x)


def _binary(name: str) -> Operation:
    """A function of two arrays that the namespace has, either of which may be a number."""
    return lambda xp, x, y: getattr(xp, name)(*alike(xp, x, y))


def _operator(function: Any) -> Operation:
    """An operator of Python's."""
    return lambda xp, x, y: function(x, y)


# ---- arithmetic


def _add(xp: Any, x: Any, y: Any, alpha: Any = 1) -> Any:
    return x + (y if alpha == 1 else alpha * y)


def _subtract(xp: Any, x: Any, y: Any, alpha: Any = 1) -> Any:
    return x - (y if alpha == 1 else alpha * y)


def _divide(xp: Any, x: Any, y: Any, rounding_mode: str | None = None) -> Any:
    if rounding_mode is None:
        return x / y
    if rounding_mode == "floor":
        return xp.floor_divide(*alike(xp, x, y))
    x, y = alike(xp, x, y)
    if xp.isdtype(x.dtype, "integral"):
        rest = xp.remainder(x, y)
        quotient = (x - rest) // y
        return xp.where((rest != 0) & (quotient < 0), quotient + 1, quotient)
    return xp.trunc(x / y)


def _round(xp: Any, x: Any, decimals: int = 0) -> Any:
    if decimals == 0:
        return xp.round(x)
    return xp.round(x * 10.0**decimals) / 10.0**decimals


def _truncated_remainder(xp: Any, x: Any, y: Any) -> Any:
    """The remainder with the sign of the dividend, `fmod`."""
    x, y = alike(xp, x, y)
    rest = xp.remainder(xp.abs(x), xp.abs(y))
    return xp.where(x < 0, -rest, rest)


def _power(xp: Any, x: Any, y: Any) -> Any:
    return x**y


# ---- bounds and choices


def _clip(xp: Any, x: Any, min: Any = None, max: Any = None) -> Any:
    if min is not None:
        x = xp.maximum(x, as_array(xp, min, x))
    if max is not None:
        x = xp.minimum(x, as_array(xp, max, x))
    return x


def _where(xp: Any, condition: Any, x: Any, y: Any) -> Any:
    return xp.where(condition, *alike(xp, x, y))


# ---- activations


def _relu(xp: Any, x: Any) -> Any:
    return xp.maximum(x, as_array(xp, 0, x))


def _leaky_relu(xp: Any, x: Any, negative_slope: float = 0.01) -> Any:
    return xp.where(x > 0, x, negative_slope * x)


def _elu(xp: Any, x: Any, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Any:
    # The other branch gets 0, where its exponential would overflow.
    below = xp.where(x > 0, as_array(xp, 0, x), x)
    return xp.where(x > 0, scale * x, alpha * scale * xp.expm1(input_scale * below))


def _gelu(xp: Any, x: Any, approximate: str = "none") -> Any:
    if approximate == "tanh":
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        return 0.5 * x * (1 + xp.tanh(inner))
    return 0.5 * x * xp.special.erfc(-math.sqrt(0.5) * x)


# ---- probabilities


def _normal_quantile(xp: Any, x: Any) -> Any:
    return math.sqrt(2) * xp.special.erfinv(2 * x - 1)


def _scaled_erfc(xp: Any, x: Any) -> Any:
    """By its definition, which balls evaluate at any x; in float64 it overflows beyond 26."""
    return xp.exp(x * x) * xp.special.erfc(x)


# ---- complex numbers


def _complex(xp: Any, real: Any, imaginary: Any) -> Any:
    return real + 1j * imaginary


def _polar(xp: Any, size: Any, angle: Any) -> Any:
    return size * xp.cos(angle) + 1j * (size * xp.sin(angle))


def _angle(xp: Any, x: Any) -> Any:
    if xp.isdtype(x.dtype, "real floating"):
        return xp.where(x < 0, as_array(xp, math.pi, x), as_array(xp, 0, x))
    return xp.atan2(xp.imag(x), xp.real(x))


COMPARISONS_WITH_ITSELF: Mapping[str, Operation] = {
    "aten::eq": lambda xp, x, y: ~xp.isnan(x),
    "aten::ne": lambda xp, x, y: xp.isnan(x),
}
"""What PyTorch writes for `isnan`; an enclosure leaves open whether it equals itself."""

SAME_NAMES = [
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "ceil",
    "cos",
    "cosh",
    "exp",
    "expm1",
    "floor",
    "isinf",
    "isnan",
    "log",
    "log10",
    "log1p",
    "log2",
    "logical_not",
    "reciprocal",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "trunc",
]
"""The functions of one array whose names are the namespace's."""

OPERATIONS: Mapping[str, Any] = {
    **{f"aten::{name}": _unary(name) for name in SAME_NAMES},
    "aten::_conj": _unary("conj"),
    "aten::_conj_physical": _unary("conj"),
    "aten::_neg_view": _unary("negative"),
    "aten::add": _add,
    "aten::angle": _angle,
    "aten::atan2": _binary("atan2"),
    "aten::bitwise_and": _operator(operator.and_),
    "aten::bitwise_left_shift": _operator(operator.lshift),
    "aten::bitwise_not": _unary("bitwise_invert"),
    "aten::bitwise_or": _operator(operator.or_),
    "aten::bitwise_right_shift": _operator(operator.rshift),
    "aten::bitwise_xor": _operator(operator.xor),
    "aten::clamp": _clip,
    "aten::clamp_max": lambda xp, x, max: _clip(xp, x, None, max),
    "aten::clamp_min": lambda xp, x, min: _clip(xp, x, min),
    "aten::complex": _complex,
    "aten::copysign": _binary("copysign"),
    "aten::digamma": _special("digamma"),
    "aten::div": _divide,
    "aten::elu": _elu,
    "aten::eq": _operator(operator.eq),
    "aten::erf": _special("erf"),
    "aten::erfc": _special("erfc"),
    "aten::erfinv": _special("erfinv"),
    "aten::exp2": lambda xp, x: 2.0**x,
    "aten::floor_divide": _binary("floor_divide"),
    "aten::fmax": _binary("maximum"),
    "aten::fmin": _binary("minimum"),
    "aten::fmod": _truncated_remainder,
    "aten::ge": _operator(operator.ge),
    "aten::gelu": _gelu,
    "aten::gt": _operator(operator.gt),
    "aten::hardtanh": lambda xp, x, min=-1, max=1: _clip(xp, x, min, max),
    "aten::hypot": _binary("hypot"),
    "aten::i0": _special("i0"),
    "aten::igamma": lambda xp, a, x: xp.special.gammainc(*alike(xp, a, x)),
    "aten::igammac": lambda xp, a, x: xp.special.gammaincc(*alike(xp, a, x)),
    "aten::le": _operator(operator.le),
    "aten::leaky_relu": _leaky_relu,
    "aten::lgamma": _special("gammaln"),
    "aten::log_sigmoid_forward": (_special("log_expit"), None),
    "aten::logaddexp": _binary("logaddexp"),
    "aten::logical_and": _binary("logical_and"),
    "aten::logical_or": _binary("logical_or"),
    "aten::logical_xor": _binary("logical_xor"),
    "aten::lt": _operator(operator.lt),
    "aten::maximum": _binary("maximum"),
    "aten::minimum": _binary("minimum"),
    "aten::mul": _operator(operator.mul),
    "aten::ne": _operator(operator.ne),
    "aten::neg": _unary("negative"),
    "aten::polar": _polar,
    "aten::polygamma": lambda xp, n, x: xp.special.polygamma(n, x),
    "aten::pow": _power,
    "aten::relu": _relu,
    "aten::remainder": _binary("remainder"),
    "aten::round": _round,
    "aten::rsqrt": lambda xp, x: 1 / xp.sqrt(x),
    "aten::sgn": _unary("sign"),
    "aten::sigmoid": _special("expit"),
    "aten::special_bessel_j0": _special("j0"),
    "aten::special_bessel_j1": _special("j1"),
    "aten::special_erfcx": _scaled_erfc,
    "aten::special_i0e": _special("i0e"),
    "aten::special_i1": _special("i1"),
    "aten::special_i1e": _special("i1e"),
    "aten::special_ndtri": _normal_quantile,
    "aten::special_zeta": lambda xp, s, q: xp.special.zeta(*alike(xp, s, q)),
    "aten::sub": _subtract,
    "aten::where": _where,
    "aten::xlogy": lambda xp, x, y: xp.special.xlogy(*alike(xp, x, y)),
}
