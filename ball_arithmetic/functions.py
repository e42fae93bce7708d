"""Functions of one element."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import flint

from .comparisons import (
    branch,
    choose,
    equal_element,
    less_element,
    less_equal_element,
    surely_less,
)
from .elements import COMPLEX, COMPLEX_SERIES, SERIES, as_series, constant_term, element


def absolute(v: Any) -> Any:
    if isinstance(v, SERIES):
        return choose(surely_less(v, 0), -v, v)
    size = abs(v)
    return size.nonnegative_part() if hasattr(size, "nonnegative_part") else size


def square_element(v: Any) -> Any:
    square = v * v
    return square.nonnegative_part() if isinstance(square, flint.arb) else square


def integer_power(v: Any, n: int) -> Any:
    """By repeated squaring: FLINT's power of a ball around 0 is indeterminate."""
    if n < 0:
        return 1 / integer_power(v, -n)
    if n == 0:
        return element(1)
    half = integer_power(v, n // 2)
    even = square_element(half)
    return even * v if n % 2 else even


def power(v: Any, w: Any) -> Any:
    v, w = element(v), element(w)
    whole = w.unique_fmpz() if hasattr(w, "unique_fmpz") and w.is_exact() else None
    if whole is not None and abs(whole) < 2**20:
        return integer_power(v, int(whole))
    if isinstance(v, SERIES) or isinstance(w, SERIES):
        return (w * (v if isinstance(v, SERIES) else as_series(v)).log()).exp()
    return v**w


def gammaln(v: Any) -> Any:
    if isinstance(v, COMPLEX) or branch(
        less_element(0, v), "Whether gammaln is right of its pole at 0"
    ):
        return element(v).lgamma()
    size = v.gamma()
    return absolute(size).log()


def polygamma(v: Any, order: int) -> Any:
    """The derivative of digamma, by its Taylor coefficients if v is a series."""
    if not isinstance(v, SERIES):
        return element(v).digamma() if order == 0 else flint.acb(v).polygamma(order).real
    step = v - v[0]
    total = flint.arb_series([])
    for k in range(flint.ctx.cap - 1, -1, -1):
        total = total * step + polygamma(v[0], order + k) / math.factorial(k)
    return total


def hypot(v: Any, w: Any) -> Any:
    return (square_element(element(v)) + square_element(element(w))).sqrt()


def real_part(v: Any) -> Any:
    """Of a series, coefficient by coefficient."""
    if isinstance(v, COMPLEX_SERIES):
        return flint.arb_series([v[order].real for order in range(flint.ctx.cap)])
    return v.real if isinstance(v, COMPLEX) else v


def imaginary_part(v: Any) -> Any:
    if isinstance(v, COMPLEX_SERIES):
        return flint.arb_series([v[order].imag for order in range(flint.ctx.cap)])
    return v.imag if isinstance(v, COMPLEX) else flint.arb(0)


def conjugate(v: Any) -> Any:
    if isinstance(v, COMPLEX_SERIES):
        return flint.acb_series([v[order].conjugate() for order in range(flint.ctx.cap)])
    return v.conjugate() if isinstance(v, COMPLEX) else v


INFINITY = flint.arb("inf")


def log_of_size(v: Any) -> Any:
    """log |v|; -inf where v is 0 for sure."""
    size = absolute(v)
    if isinstance(size, flint.arb) and size.is_zero():
        return -INFINITY
    return size.log()


def is_masked(v: Any) -> bool:
    """Whether an element is -inf, whose exponential adds nothing."""
    return isinstance(v, flint.arb) and v == -INFINITY


def is_infinite(v: Any) -> bool:
    """Whether an element is an infinity, and no ball that may be anything."""
    return isinstance(v, flint.arb) and (v in (INFINITY, -INFINITY))


def logaddexp(v: Any, w: Any) -> Any:
    v, w = element(v), element(w)
    if is_masked(v):
        return w
    if is_masked(w):
        return v
    in_order = float(constant_term(v).mid()) >= float(constant_term(w).mid())
    if not in_order:  # any order is right, the larger one first is tighter
        v, w = w, v
    ratio = (w - v).exp()
    if hasattr(ratio, "log1p"):
        return v + ratio.log1p()
    return v + (1 + ratio).log()


def expit(v: Any) -> Any:
    v = element(v)
    if is_infinite(v):
        return element(1 if v > 0 else 0)
    return 1 / (1 + (-v).exp())


def gaussian(v: Any) -> Any:
    return (-square_element(element(v))).exp()


def expit_slope(v: Any) -> Any:
    """The derivative of `expit`, by an exponential that is less than 1."""
    v = element(v)
    if is_infinite(v):
        return element(0)
    is_negative = float(constant_term(v).mid()) < 0
    decay = (v if is_negative else -v).exp()
    return decay / square_element(1 + decay)


def over_cosh_squared(v: Any, w: Any) -> Any:
    return v * (4 * expit_slope(2 * element(w)))


def log_expit(v: Any) -> Any:
    return -logaddexp(0, -element(v))


def xlogy(v: Any, w: Any) -> Any:
    v = element(v)
    is_zero = equal_element(v, 0)
    if isinstance(v, SERIES):  # one that begins with 0 may go on
        is_zero = not any(v[order] for order in range(flint.ctx.cap))
    return v if is_zero else v * element(w).log()


def atan2(v: Any, w: Any) -> Any:
    if not isinstance(v, SERIES) and not isinstance(w, SERIES):
        return flint.arb.atan2(element(v), element(w))
    v, w, quarter = as_series(v), as_series(w), flint.arb.pi() / 2
    if abs(float(w[0].mid())) < abs(float(v[0].mid())):
        side = 1 if branch(less_element(0, v), "The half-plane of atan2") else -1
        return side * quarter - (w / v).atan()
    if branch(less_element(0, w), "The half-plane of atan2"):
        return (v / w).atan()
    side = 1 if branch(less_equal_element(0, v), "The half-plane of atan2") else -1
    return (v / w).atan() + 2 * side * quarter


def _rounded(name: str) -> Callable[[Any], Any]:
    """floor or ceil; of a series that of its constant term, for it is locally constant."""
    return lambda v: getattr(element(constant_term(v)), name)()


floor, ceil = _rounded("floor"), _rounded("ceil")


def round_to_even(v: Any) -> Any:
    """To the nearest integer, from a tie to the even one."""
    v = element(constant_term(v))
    twice = 2 * v
    if twice.is_exact() and twice.is_integer() and not v.is_integer():
        return 2 * floor(twice / 4 + flint.arb(0.25))
    return floor(v + 0.5)


def truncate(v: Any) -> Any:
    v = element(constant_term(v))
    return choose(less_element(v, 0), ceil(v), floor(v))


def sign(v: Any) -> Any:
    return element(constant_term(v)).sgn()
