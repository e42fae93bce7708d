"""What correct arithmetic of a dtype may do.

Every primitive of the engine, evaluated on balls, is widened by it.

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
- a Fourier transform is summed term by term or fast: `_transformed` says by how much it is off.
- solvers and factorizations are backward stable: they answer for a matrix that differs by n guard u
  of its norm.
- derivatives of functions may be computed by any careful formula (`formulas.py`), a maximum's
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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np

import ball_arithmetic
from adbench.truth.formats import Format
from adbench.truth.formulas import exact_sum, rounding_of, tolerant_rules
from adbench.truth.plain_rules import plain_rules
from ball_arithmetic import namespace, numbers, precision
from ball_arithmetic.elements import element, elements, on_elements, widened
from ball_arithmetic.functions import is_infinite
from ball_arithmetic.functions import power as power_of_element
from ball_arithmetic.table import implementation as exact_implementation
from reference_ad.engine.core import Primitive, other_rules
from reference_ad.engine.elements import Arithmetic, as_array, computing_with
from reference_ad.engine.rounding import Rounding
from reference_ad.rules.bessel import bessel_j
from reference_ad.rules.contraction import matmul
from reference_ad.rules.elementwise import (
    add,
    atanh,
    constant_power,
    cosh,
    log1p,
    maximum,
    minimum,
    power,
    remainder,
    sinh,
    subtract,
)
from reference_ad.rules.linalg import norm
from reference_ad.rules.reductions import cumulative_sum, log_softmax, logsumexp, softmax
from reference_ad.rules.reductions import max as largest_along
from reference_ad.rules.reductions import sum as total
from reference_ad.rules.special import digamma, erfc, gammaln, logaddexp, polygamma
from reference_ad.rules.structural import scatter_add

WORKING_BITS = 80
"""The precision in which the widened balls are computed: its own rounding is below that of all
formats."""


Implementation = Callable[..., Any]
Extra = Callable[..., Any]


@contextmanager
def arithmetic(form: Format) -> Iterator[Any]:
    """Let balls be widened by the rounding of `form` in every primitive, within the block.

    Gives the namespace in which the numbers that a model brings along are rounded to `form` too.
    Arithmetic and rules are those of this context alone: blocks may nest, and other threads are not
    touched.
    """
    rounded = _rounded_arithmetic(form)
    with (
        precision(WORKING_BITS),
        computing_with(rounded.arithmetic),
        other_rules(rounded.rules),
    ):
        yield namespace(partial(_stored, form))


@dataclass(frozen=True)
class RoundedArithmetic:
    """What balls are computed with where the rounding of a format is to be enclosed."""

    arithmetic: Arithmetic
    """How primitives are computed."""
    rules: Mapping[Primitive, Primitive]
    """Rules that enclose what other formulas for a slope give, too."""


@cache
def _rounded_arithmetic(form: Format) -> RoundedArithmetic:
    implementation = cache(partial(_implementation, form))
    with precision(WORKING_BITS):
        rules = _enclosing_rules(form)
    return RoundedArithmetic(
        replace(ball_arithmetic.ARITHMETIC, implementation=implementation), rules
    )


def _implementation(form: Format, primitive: Primitive) -> Implementation:
    """How a primitive is computed on balls, with the rounding of `form`."""
    with precision(WORKING_BITS):
        return _widened(primitive, exact_implementation(primitive), form)


# ---- one primitive at a time


def _widened(primitive: Primitive, implementation: Implementation, form: Format) -> Implementation:
    """The implementation of a primitive with the rounding of `form`."""
    if primitive.rounding is None:
        raise TypeError(
            f"Nothing says how the primitive {primitive.name!r} is rounded, so that nothing bounds "
            "what a dtype makes of it: declare it with rounds(Rounding..., primitive)."
        )
    match primitive.rounding:
        case Rounding.EXACT:
            if primitive.elementwise:
                return _of_numbers(implementation, form)
            return implementation
        case Rounding.SUM:
            return _any_order(primitive, implementation, form)
        case Rounding.TRANSFORM:
            return _transformed(implementation, form)
        case Rounding.BACKWARD_STABLE:
            return _backward_stable(implementation, form)
    if primitive is constant_power:
        implementation = _with_rounded_exponent(implementation, form)
    is_arithmetic = primitive.rounding is Rounding.ARITHMETIC
    guard = (form.arithmetic if is_arithmetic else form.functions) * form.unit
    excess = MEASURED_EXCESS.get((primitive, form.digits), 0.0) * form.unit
    relative, guard_ball = _ball(1, max(guard, excess)), _ball(0, guard)
    absolute = _ball(0, form.smallest)
    extra_guards = EXTRA_GUARDS.get(primitive)

    def apply(*args: Any, **params: Any) -> Any:
        ans = implementation(*args, **params)
        nearby = ans * relative + absolute
        if extra_guards is not None:
            nearby = nearby + extra_guards(ans, *args, **params) * guard_ball
        return _with_infinities(ans, nearby) if primitive in OF_MASKS else nearby

    return _of_numbers(apply, form)


def _of_numbers(implementation: Implementation, form: Format) -> Implementation:
    """The implementation, with the numbers written in the model rounded to the format before.

    0.1 is such a number.
    """

    def apply(*args: Any, **params: Any) -> Any:
        stored = (
            a if type(a) is not float or _holds(form, a) else _ball(a, form.unit * abs(a))
            for a in args
        )
        return implementation(*stored, **params)

    return apply


def _with_rounded_exponent(implementation: Implementation, form: Format) -> Implementation:
    """`constant_power`, where the exponent may be rounded too.

    It may be so before or after 1 is subtracted from it for a slope.
    """

    def apply(x: Any, exponent: float) -> Any:
        if _holds(form, exponent):
            return implementation(x, exponent=exponent)
        nearby = _ball(exponent, form.unit * (abs(exponent) + 1))
        return on_elements(lambda v: power_of_element(v, nearby))(as_array(x))

    return apply


def _backward_stable(implementation: Implementation, form: Format) -> Implementation:
    """A function of matrices; the last two axes of each argument are a matrix."""

    def apply(*args: Any, **params: Any) -> Any:
        n = max(max(a.shape[-2:]) for a in args)
        relative = n * form.functions * form.unit
        nearby = [
            as_array(a) + _largest(a) * _ball(0, relative) + _ball(0, form.smallest) for a in args
        ]
        ans = as_array(implementation(*nearby, **params))
        return ans + _largest(ans) * _ball(0, relative) + _ball(0, form.smallest)

    return apply


def _largest(x: Any) -> Any:
    """The largest absolute value in each matrix, or of each number."""
    sizes = _sizes(x)
    if sizes.ndim < 2 or sizes.size == 0:
        return sizes
    return exact_implementation(largest_along)(sizes, (sizes.ndim - 2, sizes.ndim - 1), True)


def _any_order(
    primitive: Primitive, implementation: Implementation, form: Format
) -> Implementation:
    """A sum of products, linear in each argument.

    Its error is n u times the same sum of absolute values.
    """
    terms, on_floats = TERMS[primitive], primitive.implementation
    unit = _unit_of_sums(primitive, form)
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


def lost_in_doubles(
    form: Format, primitive: Primitive, args: list[Any], params: dict[str, Any], ans: Any
) -> Any:
    """Return how far rounding takes each number of a result, as `arithmetic` has it (float64).

    args, ans: arrays of doubles, and what the primitive makes of them. None where that takes balls.
    """
    is_float = all(np.asarray(arg).dtype.kind in "fiub" for arg in (*args, ans))
    if not is_float or primitive in EXTRA_GUARDS or (primitive, form.digits) in MEASURED_EXCESS:
        return None
    sizes = np.abs(ans)
    if primitive.rounding is Rounding.ARITHMETIC:
        return ROOM * (form.arithmetic * form.unit * sizes + form.smallest)
    if primitive.rounding is Rounding.SUM:
        absolute = [np.abs(arg) if np.asarray(arg).dtype.kind == "f" else arg for arg in args]
        terms = TERMS[primitive](*args, **params)
        if terms < 0:
            return np.zeros(ans.shape)
        of_sums = primitive.implementation(*absolute, **params)
        lost = terms * (_unit_of_sums(primitive, form) * of_sums + form.smallest)
        return ROOM * (lost + form.arithmetic * form.unit * sizes)
    return None


def _unit_of_sums(primitive: Primitive, form: Format) -> float:
    """The unit roundoff of the numbers in which sums are accumulated; running sums are stored."""
    return float(2.0 ** -(form.digits if primitive is cumulative_sum else form.accumulator))


ROOM = 1.001
"""A thousandth more for the rounding of a bound itself."""


def _transformed(implementation: Implementation, form: Format) -> Implementation:
    """A Fourier transform along the last axis, term by term or by a fast algorithm.

    n u times the sum of absolute values bounds the first, a multiple of log n u the second (Higham,
    section 24.1): each of its stages adds, and multiplies by a rounded root of 1.
    """

    def apply(x: Any, **params: Any) -> Any:
        ans = as_array(implementation(x, **params))
        n = x.shape[-1]
        relative = (n + form.functions * math.log2(n)) * form.unit
        sizes = np.add.reduce(_sizes(x).astype(np.float64), axis=-1, keepdims=True)
        # A thousandth more for the rounding of the bound itself.
        lost = np.broadcast_to(1.001 * (relative * sizes + form.smallest), ans.shape)
        return widened(ans, lost.astype(object))

    return apply


def _scattered(g: Any, *arrays: Any, **params: Any) -> int:
    if not arrays:
        return -1
    counts = scatter_add.implementation(np.ones(np.shape(g), int), *arrays, **params)
    return int(counts.max(initial=0))


TERMS: Mapping[Primitive, Callable[..., int]] = {
    total: lambda x, axis, keepdims: int(np.prod([x.shape[k] for k in axis])) if axis else -1,
    cumulative_sum: lambda x, axis: x.shape[axis],
    scatter_add: _scattered,
    matmul: lambda x, y: x.shape[-1],
}
"""How many terms a result of each sum has at most; -1 where nothing is added."""


def _powered(ans: Any, x: Any, y: Any) -> Any:
    return _sizes(ans) * on_elements(
        lambda v, w: _upper(v**0 + 0 if v == 0 else (w * abs(v).log()))
    )(x, y)


def _softmax(ans: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """An exponential is off by the size of its argument, and so is what all are divided by.

    That is the largest argument's alone: the terms t e^-t of the others add up to less than their
    number. Some subtract the largest, others the logarithm of the sum.
    """
    largest = exact_implementation(largest_along)(x, axis, True) if axis else x
    return _part_of(_sizes(ans), 1 + 2 * _count(x, axis) + 2 * _sizes(largest) + _sizes(x))


def _log_add(ans: Any, x: Any, y: Any) -> Any:
    larger = exact_implementation(maximum)(elements(x), elements(y))
    distance = _sizes(_difference(ans, larger))
    return _part_of(1, _sizes(larger)) + _part_of(
        distance, 1 + _sizes(_difference(elements(x), elements(y)))
    )


def _bessel_j(ans: Any, x: Any, order: int) -> Any:
    """Absolutely, a function that oscillates is off by the rounding of its phase."""
    sizes = _sizes(x)
    return exact_implementation(minimum)(sizes, ONE) * (1 + sizes / 16)


EXTRA_GUARDS: Mapping[Primitive, Extra] = {
    power: lambda ans, x, y: _powered(ans, elements(x), elements(y)),
    sinh: lambda ans, x: _sizes(ans) * _sizes(x) / 16,
    cosh: lambda ans, x: _sizes(ans) * _sizes(x) / 16,
    erfc: lambda ans, x: _sizes(ans) * _sizes(x * x),
    gammaln: lambda ans, x: 2 + _sizes(ans),
    digamma: lambda ans, x: 1 + 0 * ans,
    polygamma: lambda ans, x, order: _sizes(ans) * (1 + order),
    bessel_j: _bessel_j,
    norm: lambda ans, x, axis, keepdims: _sizes(ans) * _count(x, axis),
    remainder: lambda ans, x, y: _sizes(elements(x)) + 0 * ans,
    logsumexp: lambda ans, x, axis, keepdims: 1 + _count(x, axis) + 0 * ans,
    log_softmax: lambda ans, x, axis: 1 + _count(x, axis) + 2 * _sizes(x) + _sizes(ans),
    softmax: _softmax,
    logaddexp: _log_add,
}
"""By how many guards, absolutely, a function may be off beyond its own."""

OF_MASKS = frozenset({add, subtract, logaddexp, logsumexp})
"""What is computed with the infinities of masks, which no rounding changes."""

MEASURED_EXCESS = {(log1p, 53): 512.0, (atanh, 53): 512.0}
"""Units of roundoff that a function was measured to be off in a format of so many digits,
doubled."""


# ---- derivatives for which others have other formulas

SELECTING = (maximum, minimum)
"""Functions that choose an argument, whose tangent others compute from those of both: s + m (t -
s), say."""


def _enclosing_rules(form: Format) -> Mapping[Primitive, Primitive]:
    """Primitives whose rules enclose what other formulas give, too, in place of the engine's."""
    rules = tolerant_rules(form) | plain_rules()
    rounding = rounding_of(form.arithmetic * form.unit)
    for primitive in SELECTING:
        jvp = _of_both_tangents(primitive.jvp, rounding)
        rules[primitive] = primitive.with_rules(jvp=jvp, vjps=primitive.vjps)
    return rules


def _of_both_tangents(jvp: Any, rounding: Primitive) -> Any:
    """A JVP whose answer is off by a rounding of each tangent."""

    def rule(tangents: Any, ans: Any, args: Any, params: Any) -> Any:
        tangent = jvp(tangents, ans, args, params)
        for part in tangents:
            if part is not None:
                tangent = exact_sum(tangent, rounding(part))
        return tangent

    return rule


# ---- pieces


def _ball(middle: float, radius: float) -> Any:
    return numbers(middle, radius).primal[()]


def _upper(v: Any) -> Any:
    return v.abs_upper()


_elementwise_sizes = on_elements(lambda v: v.abs_upper() if hasattr(v, "abs_upper") else abs(v))


def _sizes(x: Any) -> Any:
    """Upper bounds of the absolute values."""
    return as_array(_elementwise_sizes(as_array(x)))


ZERO, ONE = element(0), element(1)


@on_elements
def _part_of(size: Any, factor: Any) -> Any:
    """The product of two sizes; 0 where either is, or where the factor is infinite of a mask."""
    if size == 0 or not factor < math.inf:
        return ZERO
    return size * factor


def _with_infinities(exact: Any, widened: Any) -> Any:
    """The widened elements, and those of the exact ones that are infinite as they are."""
    infinite = _is_infinite(as_array(exact))
    return as_array(np.where(infinite, exact, widened)) if infinite.any() else widened


def _is_infinite(x: Any) -> Any:
    return np.asarray(on_elements(is_infinite)(x), bool)


@on_elements
def _difference(v: Any, w: Any) -> Any:
    """v - w; 0 where both are the same infinity."""
    return ZERO if v == w and is_infinite(v) else v - w


def _count(x: Any, axis: tuple[int, ...]) -> int:
    return int(np.prod([x.shape[k] for k in axis]))


def _holds(form: Format, x: float) -> bool:
    """Whether the format has this number, or it is not finite; underflow is another matter."""
    return not math.isfinite(x) or (math.frexp(x)[0] * 2.0**form.digits).is_integer()


ROUNDED_ZERO = 16 * 2.0**-53
"""An entry of a model's own array that is at most this part of the largest stands for 0: that is
what cos(pi / 2) is in double precision, where constants are computed."""


def lost_in_storage(form: Format, x: Any) -> Any:
    """Return how far floats (an array of any shape) may be off once the format stores them."""
    values = np.ravel(x).tolist()
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    lost = [_lost_of(form, v, ROUNDED_ZERO * largest) for v in values]
    return np.reshape(np.asarray(lost, np.float64), np.shape(x))


def _lost_of(form: Format, v: float, as_good_as_zero: float) -> float:
    """How far one float may be off in a format; all of it where it stands for 0."""
    if abs(v) <= as_good_as_zero:
        return abs(v)
    return 0.0 if _holds(form, v) else form.unit * abs(v)


def _stored(form: Format, x: Any) -> Any:
    """Floats that a model brings along, as balls.

    They contain what becomes of the floats in the format, and 0 where that is what an entry of an
    array stands for.
    """
    x = np.asarray(x)
    if x.dtype.kind != "f":
        return numbers(x)
    lost = lost_in_storage(form, x)
    return numbers(x, lost) if lost.any() else numbers(x)
