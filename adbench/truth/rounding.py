"""What correct arithmetic of a dtype may do: every primitive of the engine, evaluated on balls, is
widened by it.

A backend is taken to follow the standard model of floating-point arithmetic (N. J. Higham, Accuracy
and Stability of Numerical Algorithms, 2nd ed., SIAM 2002, section 2.2, with the underflow term of
section 2.3 (2.8)):

    computed = exact (1 + d) + e,    |d| <= guard u,    |e| <= the smallest normal number,

with u the unit roundoff and `exact` the result from the arguments as they came. Rounding alone
makes the guard 1; the guards of `FORMATS` (two guard bits for arithmetic and four for functions;
one and a half in 16 bits) leave room for functions that are a few ulp off and for derivative rules
that are written in another way (g y^2 in place of g / x^2). Beyond that:

- a sum or an inner product of n terms may be taken in any order, blocked, or fused: its error is at
  most n u times the sum of the absolute values of its terms (Higham, sections 3.1 and 4.2).
  Therefore a bound does not depend on the order in which the chain rule is applied. Sums in 16-bit
  dtypes are accumulated in float32, running sums excepted.
- numbers and arrays of numbers that a model brings along, such as 0.1, are rounded to the dtype.
- functions evaluated through an argument reduction carry that error: exp(y log x) for powers, x -
  max(x) in softmax. `EXTRA_GUARDS` says by how much, in guards. `MEASURED_EXCESS` holds what was
  measured to be worse than all that.
- solvers and factorizations are backward stable: they answer for a matrix that differs by n guard u
  of its norm.
- slopes of sigmoids are computed by some from their values (`CUSTOMARY_SLOPES`), a maximum's
  tangent from both (`SELECTING`).
- selecting, moving, negating and comparing make no error.

Fused multiply-add and a wider accumulator only make errors smaller. What is not covered: a backend
that computes in a lower dtype than it says, overflow of intermediate results, and algorithms that
are not backward stable. `tests/truth/test_primitive_values.py` measures the values of the
primitives on every installed backend against this. In 400,000 points each, the largest errors of
torch 2.13, jax 0.10 and tensorflow 2.21 were, in u: arithmetic and sqrt 1; asin 8.1, expit 7.6,
tanh 7.5, expm1 5.7, atan 5.0, others below 5; but 25 in jax's sinh and cosh, which grows with |x|,
and in float64 240 in its log1p and 146 in its atanh near x = -0.41.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import reference_ad.numpy  # noqa: F401  (the table of primitives is complete when the namespace is)
from ball_arithmetic import namespace, numbers, precision
from ball_arithmetic.elements import IMPLEMENTATIONS, elements, widened
from ball_arithmetic.functions import power
from reference_ad.engine.core import PRIMITIVES, Rule
from reference_ad.engine.elements import UndecidedMask, as_array


@dataclass(frozen=True)
class Format:
    """A floating-point format.

    digits: bits of the significand, the hidden one included; exponent: numbers are below
    2^exponent; smallest: the smallest normal number; arithmetic, functions: how many units of
    roundoff these may be off; accumulator: the bits in which sums are accumulated.
    """

    digits: int
    exponent: int
    smallest: float
    arithmetic: float
    functions: float
    accumulator: int

    @property
    def largest(self) -> Any:
        """The largest number, as longdouble."""
        return (2 - np.longdouble(self.spacing)) * np.longdouble(2) ** (self.exponent - 1)

    @property
    def unit(self) -> float:
        """The unit roundoff u: half the spacing of numbers just above 1."""
        return float(2.0**-self.digits)

    @property
    def spacing(self) -> float:
        """The spacing of numbers just above 1, the machine epsilon."""
        return 2 * self.unit

    def ulp(self, true: Any) -> Any:
        """The unit in the last place of each number, as longdouble: the spacing of the format at
        its size."""
        _, exponents = np.frexp(np.maximum(np.abs(true), np.longdouble(self.smallest)))
        return np.ldexp(np.longdouble(1), exponents - self.digits)


FORMATS = {
    "float64": Format(53, 1024, 2.0**-1022, 4.0, 16.0, 53),
    "float32": Format(24, 128, 2.0**-126, 4.0, 16.0, 24),
    "float16": Format(11, 16, 2.0**-24, 2.0, 3.0, 24),
    "bfloat16": Format(8, 128, 2.0**-126, 2.0, 3.0, 24),
}
"""float16 counts its smallest subnormal number: no CPU flushes those of 16 bits, which are computed
in float32."""

WORKING_BITS = 80
"""The precision in which the widened balls are computed: its own rounding is below that of all
formats."""


@contextmanager
def arithmetic(form: Format) -> Iterator[Any]:
    """Let balls be widened by the rounding of `form` in every primitive, within the block.

    Gives the namespace in which the numbers that a model brings along are rounded to `form` too.
    """
    before = dict(IMPLEMENTATIONS)
    try:
        for name, primitive in PRIMITIVES.items():
            widened = _widened(name, before.get(name, primitive.implementation), form)
            if widened is not None:
                IMPLEMENTATIONS[name] = widened
        with precision(WORKING_BITS), _formulas_of_others(form):
            yield namespace(partial(_stored, form))
    finally:
        IMPLEMENTATIONS.clear()
        IMPLEMENTATIONS.update(before)


# ---- one primitive at a time

EXACT = {
    *(
        "positive",
        "negative",
        "abs",
        "sign",
        "maximum",
        "minimum",
        "max",
        "min",
        "where",
        "attains",
        "stop_gradient",
    ),
    *(
        "floor",
        "ceil",
        "round",
        "trunc",
        "floor_divide",
        "cast_to_integer",
        "astype",
        "signbit",
        "copysign",
    ),
    *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"),
    *("logical_and", "logical_or", "logical_xor", "logical_not", "isnan", "isinf", "isfinite"),
    *(
        "bitwise_and",
        "bitwise_or",
        "bitwise_xor",
        "bitwise_invert",
        "bitwise_left_shift",
        "bitwise_right_shift",
    ),
    *(
        "reshape",
        "broadcast_to",
        "permute_dims",
        "matrix_transpose",
        "flip",
        "roll",
        "tril",
        "triu",
        "getitem",
    ),
    *("concat", "stack", "real", "imag", "conj", "sign_of_det", "nearly_singular"),
}
"""Primitives that round nothing."""

ARITHMETIC = {
    "add",
    "subtract",
    "multiply",
    "divide",
    "square",
    "reciprocal",
    "sqrt",
    "constant_power",
}
"""Primitives that are rounded correctly, or nearly."""

FUNCTIONS = {
    *(
        "exp",
        "expm1",
        "log",
        "log1p",
        "log2",
        "log10",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "atan2",
    ),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "hypot", "power", "remainder", "norm"),
    *("erf", "erfc", "expit", "log_expit", "xlogy", "gammaln", "digamma", "polygamma", "logaddexp"),
    *("logsumexp", "softmax", "log_softmax"),
}
"""Primitives that are a few ulp off."""

BACKWARD_STABLE = {"solve", "det", "logabsdet", "cholesky", "qr", "eigh", "svd", "pinv"}
"""Primitives whose answer is nearly that of a nearby matrix."""

Implementation = Callable[..., Any]
Extra = Callable[..., Any]


def _widened(name: str, implementation: Implementation, form: Format) -> Implementation | None:
    """The implementation of a primitive with the rounding of `form`; None where it makes none."""
    if name in EXACT:
        return _of_numbers(implementation, form) if PRIMITIVES[name].elementwise else None
    if name in SUMS:
        return _any_order(name, implementation, form)
    if name in BACKWARD_STABLE:
        return _backward_stable(implementation, form)
    guard = (form.arithmetic if name in ARITHMETIC else form.functions) * form.unit
    if name == "constant_power":
        implementation = _with_rounded_exponent(implementation, form)
    relative = _ball(1, max(guard, MEASURED_EXCESS.get((name, form.digits), 0.0) * form.unit))
    absolute, more = _ball(0, form.smallest), _ball(0, guard)
    looser = EXTRA_GUARDS.get(name)

    def apply(*args: Any, **params: Any) -> Any:
        ans = implementation(*args, **params)
        nearby = ans * relative + absolute
        return nearby if looser is None else nearby + looser(ans, *args, **params) * more

    return _of_numbers(apply, form)


def _of_numbers(implementation: Implementation, form: Format) -> Implementation:
    """The implementation with the numbers written in the model, such as 0.1, rounded to the format
    before."""

    def apply(*args: Any, **params: Any) -> Any:
        stored = (
            a if type(a) is not float or _holds(form, a) else _ball(a, form.unit * abs(a))
            for a in args
        )
        return implementation(*stored, **params)

    return apply


def _with_rounded_exponent(implementation: Implementation, form: Format) -> Implementation:
    """`constant_power`, where the exponent may be rounded too, before or after 1 is subtracted from
    it for a slope."""

    def apply(x: Any, exponent: float) -> Any:
        if _holds(form, exponent):
            return implementation(x, exponent=exponent)
        nearby = _ball(exponent, form.unit * (abs(exponent) + 1))
        return _each(lambda v: power(v, nearby))(as_array(x))

    return apply


def _backward_stable(implementation: Implementation, form: Format) -> Implementation:
    """A function of matrices; the last two axes of each argument are a matrix."""

    def apply(*args: Any, **params: Any) -> Any:
        n = max(max(a.shape[-2:]) for a in args)
        each = n * form.functions * form.unit
        nearby = [
            as_array(a) + _largest(a) * _ball(0, each) + _ball(0, form.smallest) for a in args
        ]
        ans = as_array(implementation(*nearby, **params))
        return ans + _largest(ans) * _ball(0, each) + _ball(0, form.smallest)

    return apply


def _largest(x: Any) -> Any:
    """The largest absolute value in each matrix, or of each number."""
    sizes = _sizes(x)
    if sizes.ndim < 2 or sizes.size == 0:
        return sizes
    return IMPLEMENTATIONS["max"](sizes, (sizes.ndim - 2, sizes.ndim - 1), True)


def _any_order(name: str, implementation: Implementation, form: Format) -> Implementation:
    """A sum of products, linear in each argument: its error is n u times the same sum of absolute
    values."""
    terms, on_floats = SUMS[name], PRIMITIVES[name].implementation
    unit = 2.0 ** -(form.digits if name == "cumulative_sum" else form.accumulator)
    relative = _ball(1, form.arithmetic * form.unit)

    def apply(*args: Any, **params: Any) -> Any:
        ans = implementation(*args, **params)
        n = terms(*args, **params)
        if n < 0:
            return ans
        # what is no array of balls is one of indices
        bounds = [_sizes(a).astype(np.float64) if a.dtype == object else a for a in args]
        sizes = on_floats(*bounds, **params) if n > 1 else 0.0
        # A thousandth more for the rounding of the bound itself.
        lost = np.broadcast_to(
            1.001 * n * (unit * np.asarray(sizes) + form.smallest), np.shape(ans)
        )
        return widened(ans * relative, lost.astype(object))

    return apply


def _scattered(g: Any, *arrays: Any, **params: Any) -> int:
    if not arrays:
        return -1
    counts = PRIMITIVES["scatter_add"].implementation(np.ones(np.shape(g), int), *arrays, **params)
    return int(counts.max(initial=0))


SUMS: dict[str, Callable[..., int]] = {
    # how many terms a result has at most; -1 where nothing is added
    "sum": lambda x, axis, keepdims: int(np.prod([x.shape[k] for k in axis])) if axis else -1,
    "cumulative_sum": lambda x, axis: x.shape[axis],
    "scatter_add": _scattered,
    "matmul": lambda x, y: x.shape[-1],
}
"""Primitives that add many terms."""


def _powered(ans: Any, x: Any, y: Any) -> Any:
    return _sizes(ans) * _each(lambda v, w: _upper(v**0 + 0 if v == 0 else (w * abs(v).log())))(
        x, y
    )


def _softmax(ans: Any, x: Any, axis: tuple[int, ...]) -> Any:
    spread = IMPLEMENTATIONS["max"](_sizes(x), axis, True) if axis else _sizes(x)
    return _sizes(ans) * (1 + _count(x, axis) + _sizes(x) + spread)


def _log_add(ans: Any, x: Any, y: Any) -> Any:
    larger = IMPLEMENTATIONS["maximum"](elements(x), elements(y))
    return _sizes(larger) + _sizes(ans - larger) * (1 + _sizes(elements(x) - elements(y)))


EXTRA_GUARDS: dict[str, Extra] = {
    # by how many guards, absolutely, a function may be off beyond its own
    "power": lambda ans, x, y: _powered(ans, elements(x), elements(y)),
    "sinh": lambda ans, x: _sizes(ans) * _sizes(x) / 16,
    "cosh": lambda ans, x: _sizes(ans) * _sizes(x) / 16,
    "erfc": lambda ans, x: _sizes(ans) * _sizes(x * x),
    "gammaln": lambda ans, x: 2 + _sizes(ans),
    "digamma": lambda ans, x: 1 + 0 * ans,
    "polygamma": lambda ans, x, order: _sizes(ans) * (1 + order),
    "norm": lambda ans, x, axis, keepdims: _sizes(ans) * _count(x, axis),
    "remainder": lambda ans, x, y: _sizes(elements(x)) + 0 * ans,
    "logsumexp": lambda ans, x, axis, keepdims: 1 + _count(x, axis) + 0 * ans,
    "log_softmax": lambda ans, x, axis: 1 + _count(x, axis) + 2 * _sizes(x) + _sizes(ans),
    "softmax": _softmax,
    "logaddexp": _log_add,
}

MEASURED_EXCESS = {("log1p", 53): 512.0, ("atanh", 53): 512.0}
"""Units of roundoff that a function was measured to be off in a format of so many digits,
doubled."""


# ---- slopes for which others have formulas that lose more than the engine's

CUSTOMARY_SLOPES: dict[str, Rule] = {
    "expit": lambda g, ans, x: g * (ans * (1 - ans)),
    "log_expit": lambda g, ans, x: g * (1 - PRIMITIVES["expit"](x)),
    "expm1": lambda g, ans, x: g * (ans + 1),
}
"""Slopes as they are customarily computed from the value, by a subtraction."""

SELECTING = {"maximum", "minimum"}
"""Functions that choose an argument, whose tangent others compute from those of both: s + m (t -
s), say."""


@contextmanager
def _formulas_of_others(form: Format) -> Iterator[None]:
    """Let the engine's rules enclose what other formulas give, too."""
    before = {
        name: (PRIMITIVES[name].jvp, PRIMITIVES[name].vjps)
        for name in (*CUSTOMARY_SLOPES, *SELECTING)
    }
    either, lost = UndecidedMask(as_array(None)), numbers(0.0, form.arithmetic * form.unit)

    def enclosing(own: Rule, other: Rule) -> Rule:
        def rule(g: Any, ans: Any, x: Any) -> Any:
            return PRIMITIVES["where"](either, own(g, ans, x), other(g, ans, x))  # the hull of both

        return rule

    def of_both(jvp: Any) -> Any:
        def rule(tangents: Any, ans: Any, args: Any, params: Any) -> Any:
            given = [tangent for tangent in tangents if tangent is not None]
            return sum((tangent * lost for tangent in given), jvp(tangents, ans, args, params))

        return rule

    try:
        for name, other in CUSTOMARY_SLOPES.items():
            own = PRIMITIVES[name].vjps[0]
            assert own is not None
            rule = enclosing(own, other)
            PRIMITIVES[name].vjps = (rule,)
            PRIMITIVES[name].jvp = partial(_along, rule)
        for name in SELECTING:
            PRIMITIVES[name].jvp = of_both(PRIMITIVES[name].jvp)
        yield
    finally:
        for name, (jvp, vjps) in before.items():
            PRIMITIVES[name].jvp, PRIMITIVES[name].vjps = jvp, vjps


def _along(rule: Rule, tangents: Any, ans: Any, args: Any, params: Any) -> Any:
    return rule(tangents[0], ans, *args)


# ---- pieces


def _ball(middle: float, radius: float) -> Any:
    return numbers(middle, radius).primal[()]


def _each(function: Callable[..., Any]) -> Any:
    return np.frompyfunc(function, function.__code__.co_argcount, 1)


def _upper(v: Any) -> Any:
    return v.abs_upper()


_sizes_each = _each(lambda v: v.abs_upper() if hasattr(v, "abs_upper") else abs(v))


def _sizes(x: Any) -> Any:
    """Upper bounds of the absolute values."""
    return as_array(_sizes_each(as_array(x)))


def _count(x: Any, axis: tuple[int, ...]) -> int:
    return int(np.prod([x.shape[k] for k in axis]))


def _holds(form: Format, x: float) -> bool:
    """Whether the format has this number, or it is not finite; underflow is another matter."""
    return not math.isfinite(x) or (math.frexp(x)[0] * 2.0**form.digits).is_integer()


def _stored(form: Format, x: Any) -> Any:
    """Floats that a model brings along, as balls that contain what becomes of them in the
    format."""
    x = np.asarray(x)
    if x.dtype.kind != "f":
        return numbers(x)
    lost = [0.0 if _holds(form, v) else form.unit * abs(v) for v in x.ravel().tolist()]
    return numbers(x, np.reshape(lost, x.shape)) if any(lost) else numbers(x)
