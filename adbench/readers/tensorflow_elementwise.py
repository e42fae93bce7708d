"""TensorFlow's raw operations that compute element by element."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from adbench.readers.tensorflow_operation import Operation, plain

SELU_SCALE = 1.0507009873554804934193349852946
SELU_SLOPE = 1.7580993408473768599402175208123
"""The constants of `selu`: Klambauer, Unterthiner, Mayr, Hochreiter (2017), Self-Normalizing Neural
Networks; the second is the scale times alpha."""


# ---- arithmetic


def _sum_of(xp: Any, *terms: Any) -> Any:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _pow(xp: Any, x: Any, exponent: Any) -> Any:
    """x ** exponent; a known exponent is a number, whose power has a derivative at x <= 0 too."""
    if isinstance(exponent, np.ndarray) and exponent.size and np.all(exponent == exponent.flat[0]):
        shape = np.broadcast_shapes(tuple(x.shape), exponent.shape)
        return xp.pow(xp.broadcast_to(x, shape), exponent.flat[0].item())
    return xp.pow(x, xp.asarray(exponent))


def _divide_or_zero(xp: Any, x: Any, y: Any) -> Any:
    """x / y, and 0 where y = 0."""
    is_zero = y == 0
    quotient = x / xp.where(is_zero, xp.ones_like(y), y)
    return xp.where(is_zero, xp.zeros_like(quotient), quotient)


def _multiply_or_zero(xp: Any, x: Any, y: Any) -> Any:
    """x * y, and 0 where y = 0, whatever x is."""
    return xp.where(y == 0, xp.zeros_like(x * y), x) * y


def _divided(xp: Any, x: Any, y: Any) -> Any:
    """x / y; of integers rounded towards zero."""
    if xp.isdtype(x.dtype, "integral"):
        return _truncated_quotient(xp, x, y)
    return x / y


def _truncated_quotient(xp: Any, x: Any, y: Any) -> Any:
    if not xp.isdtype(x.dtype, "integral"):
        return xp.trunc(x / y)
    size = xp.floor_divide(xp.abs(x), xp.abs(y))
    return xp.where((x < 0) != (y < 0), -size, size)


def _truncated_remainder(xp: Any, x: Any, y: Any) -> Any:
    """The remainder with the sign of x."""
    size = xp.remainder(xp.abs(x), xp.abs(y))
    return xp.where(x < 0, -size, size)


def _xlogy(xp: Any, x: Any, y: Any) -> Any:
    return xp.special.xlogy(*xp.broadcast_arrays(x, y))


def _zero_or(xp: Any, x: Any, function: Any, y: Any) -> Any:
    """x * function(y), and 0 where x = 0, whatever y is."""
    x, y = xp.broadcast_arrays(x, y)
    is_zero = x == 0
    product = x * function(xp.where(is_zero, xp.ones_like(y), y))
    return xp.where(is_zero, xp.zeros_like(product), product)


def _polygamma(xp: Any, order: Any, x: Any) -> Any:
    first = order.flat[0].item()
    if not np.all(order == first) or first != int(first):
        raise NotImplementedError("Polygamma is read where its order is one integer.")
    return xp.special.polygamma(int(first), xp.broadcast_to(x, _shape(order, x)))


def _shape(known: Any, x: Any) -> tuple[int, ...]:
    return np.broadcast_shapes(known.shape, tuple(x.shape))


def _normal_quantile(xp: Any, x: Any) -> Any:
    return math.sqrt(2) * xp.special.erfinv(2 * x - 1)


# ---- activations


def _positive(xp: Any, x: Any) -> Any:
    return xp.maximum(x, xp.zeros_like(x))


def _negative(xp: Any, x: Any) -> Any:
    return xp.minimum(x, xp.zeros_like(x))


def _relu6(xp: Any, x: Any) -> Any:
    return xp.minimum(_positive(xp, x), xp.full_like(x, 6))


def _leaky_relu(xp: Any, x: Any, *, alpha: float) -> Any:
    return xp.where(x > 0, x, alpha * x)


def _elu(xp: Any, x: Any) -> Any:
    return xp.where(x > 0, x, xp.expm1(_negative(xp, x)))


def _selu(xp: Any, x: Any) -> Any:
    return xp.where(x > 0, SELU_SCALE * x, SELU_SLOPE * xp.expm1(_negative(xp, x)))


def _clip(xp: Any, x: Any, low: Any, high: Any) -> Any:
    return xp.minimum(xp.maximum(x, low), high)


# ---- slopes: the operations that TensorFlow's own derivatives are made of


def _where_positive(xp: Any, g: Any, x: Any) -> Any:
    return xp.where(x > 0, g, xp.zeros_like(g))


def _relu6_slope(xp: Any, g: Any, x: Any) -> Any:
    return xp.where((x > 0) & (x < 6), g, xp.zeros_like(g))


def _leaky_relu_slope(xp: Any, g: Any, x: Any, *, alpha: float) -> Any:
    return xp.where(x > 0, g, alpha * g)


def _elu_slope(xp: Any, g: Any, output: Any) -> Any:
    return xp.where(output < 0, g * (output + 1), g)


def _selu_slope(xp: Any, g: Any, output: Any) -> Any:
    return xp.where(output < 0, g * (output + SELU_SLOPE), g * SELU_SCALE)


# ---- choices, dtypes


def _select(xp: Any, condition: Any, x: Any, y: Any) -> Any:
    """`Select`, whose condition may be a vector that chooses rows."""
    if len(condition.shape) == 1 and len(x.shape) > 1:
        condition = xp.reshape(condition, (-1, *[1] * (len(x.shape) - 1)))
    return xp.where(condition, x, y)


def _cast(xp: Any, x: Any, *, DstT: Any, SrcT_name: str, DstT_name: str) -> Any:
    """x in another dtype; all floating dtypes of a graph are one, that of the arguments."""
    if DstT_name == "bool":
        return x != 0
    if "complex" in SrcT_name and "complex" not in DstT_name:
        x = xp.real(x)
    return x if x.dtype == DstT else xp.astype(x, DstT)


def _complex(xp: Any, real: Any, imaginary: Any, *, Tout: Any) -> Any:
    return xp.astype(real, Tout) + 1j * xp.astype(imaginary, Tout)


def _as_it_is(xp: Any, x: Any, *ignored: Any) -> Any:
    return x


OPERATIONS: Mapping[str, Operation] = {
    # arithmetic
    "Abs": plain("abs"),
    "Add": plain("add"),
    "AddN": Operation(_sum_of),
    "AddV2": plain("add"),
    "Div": Operation(_divided),
    "DivNoNan": Operation(_divide_or_zero),
    "FloorDiv": plain("floor_divide"),
    "FloorMod": plain("remainder"),
    "Inv": Operation(lambda xp, x: 1 / x),
    "Maximum": plain("maximum"),
    "Minimum": plain("minimum"),
    "Mod": Operation(_truncated_remainder),
    "Mul": plain("multiply"),
    "MulNoNan": Operation(_multiply_or_zero),
    "Neg": plain("negative"),
    "Pow": Operation(_pow, preferred=(1,)),
    "RealDiv": Operation(lambda xp, x, y: x / y),
    "Reciprocal": Operation(lambda xp, x: 1 / x),
    "Sign": plain("sign"),
    "Square": plain("square"),
    "SquaredDifference": Operation(lambda xp, x, y: xp.square(x - y)),
    "Sub": plain("subtract"),
    "TruncateDiv": Operation(_truncated_quotient),
    "TruncateMod": Operation(_truncated_remainder),
    # functions
    "Acos": plain("acos"),
    "Acosh": plain("acosh"),
    "Asin": plain("asin"),
    "Asinh": plain("asinh"),
    "Atan": plain("atan"),
    "Atan2": plain("atan2"),
    "Atanh": plain("atanh"),
    "BesselI0": plain("special.i0"),
    "BesselI0e": plain("special.i0e"),
    "BesselI1": plain("special.i1"),
    "BesselI1e": plain("special.i1e"),
    "BesselJ0": plain("special.j0"),
    "BesselJ1": plain("special.j1"),
    "Ceil": plain("ceil"),
    "Cos": plain("cos"),
    "Cosh": plain("cosh"),
    "Digamma": plain("special.digamma"),
    "Erf": plain("special.erf"),
    "Erfc": plain("special.erfc"),
    "Erfinv": plain("special.erfinv"),
    "Exp": plain("exp"),
    "Expm1": plain("expm1"),
    "Floor": plain("floor"),
    "Igamma": plain("special.gammainc"),
    "Igammac": plain("special.gammaincc"),
    "Lgamma": plain("special.gammaln"),
    "Log": plain("log"),
    "Log1p": plain("log1p"),
    "Ndtri": Operation(_normal_quantile),
    "Polygamma": Operation(_polygamma, known=(0,)),
    "Rint": plain("round"),
    "Round": plain("round"),
    "Rsqrt": Operation(lambda xp, x: 1 / xp.sqrt(x)),
    "Sin": plain("sin"),
    "Sinh": plain("sinh"),
    "Sqrt": plain("sqrt"),
    "Tan": plain("tan"),
    "Tanh": plain("tanh"),
    "Xdivy": Operation(lambda xp, x, y: _zero_or(xp, x, lambda z: 1 / z, y)),
    "Xlog1py": Operation(lambda xp, x, y: _zero_or(xp, x, xp.log1p, y)),
    "Xlogy": Operation(_xlogy),
    "Zeta": plain("special.zeta"),
    # activations
    "ClipByValue": Operation(_clip),
    "Elu": Operation(_elu),
    "LeakyRelu": Operation(_leaky_relu),
    "Relu": Operation(_positive),
    "Relu6": Operation(_relu6),
    "Selu": Operation(_selu),
    "Sigmoid": plain("special.expit"),
    "Softplus": plain("special.softplus"),
    "Softsign": Operation(lambda xp, x: x / (1 + xp.abs(x))),
    # slopes
    "EluGrad": Operation(_elu_slope),
    "InvGrad": Operation(lambda xp, y, g: -g * y * y),
    "LeakyReluGrad": Operation(_leaky_relu_slope),
    "ReciprocalGrad": Operation(lambda xp, y, g: -g * y * y),
    "Relu6Grad": Operation(_relu6_slope),
    "ReluGrad": Operation(_where_positive),
    "RsqrtGrad": Operation(lambda xp, y, g: -0.5 * g * y * y * y),
    "SeluGrad": Operation(_selu_slope),
    "SigmoidGrad": Operation(lambda xp, y, g: g * y * (1 - y)),
    "SoftplusGrad": Operation(lambda xp, g, x: g * xp.special.expit(x)),
    "SoftsignGrad": Operation(lambda xp, g, x: g / xp.square(1 + xp.abs(x))),
    "SqrtGrad": Operation(lambda xp, y, g: 0.5 * g / y),
    "TanhGrad": Operation(lambda xp, y, g: g * (1 - y * y)),
    # comparisons and truth values
    "ApproximateEqual": Operation(
        lambda xp, x, y, *, tolerance: xp.abs(x - y) < tolerance,
    ),
    "Equal": plain("equal"),
    "Greater": plain("greater"),
    "GreaterEqual": plain("greater_equal"),
    "IsFinite": plain("isfinite"),
    "IsInf": plain("isinf"),
    "IsNan": plain("isnan"),
    "Less": plain("less"),
    "LessEqual": plain("less_equal"),
    "LogicalAnd": plain("logical_and"),
    "LogicalNot": plain("logical_not"),
    "LogicalOr": plain("logical_or"),
    "NotEqual": plain("not_equal"),
    "Select": Operation(_select),
    "SelectV2": plain("where"),
    # bits
    "BitwiseAnd": plain("bitwise_and"),
    "BitwiseOr": plain("bitwise_or"),
    "BitwiseXor": plain("bitwise_xor"),
    "Invert": plain("bitwise_invert"),
    "LeftShift": plain("bitwise_left_shift"),
    "RightShift": plain("bitwise_right_shift"),
    # dtypes
    "Angle": Operation(lambda xp, z: xp.atan2(xp.imag(z), xp.real(z))),
    "Cast": Operation(_cast),
    "Complex": Operation(_complex),
    "ComplexAbs": plain("abs"),
    "Conj": plain("conj"),
    "Imag": plain("imag"),
    "Real": plain("real"),
    # the identity
    "CheckNumerics": Operation(_as_it_is),
    "EnsureShape": Operation(_as_it_is),
    "Identity": Operation(_as_it_is),
    "IdentityN": Operation(lambda xp, *operands: operands),
    "PreventGradient": Operation(_as_it_is),
    "Snapshot": Operation(_as_it_is),
    "StopGradient": plain("stop_gradient"),
}
