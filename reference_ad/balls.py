"""How each primitive is computed on balls and power series: the only file that knows of FLINT.

Functions of one element come first, then the comparisons, then the functions of whole arrays, and at the end the table.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import flint
import numpy as np

from . import decompositions
from .core import PRIMITIVES
from .scalars import OBJECT, Numbers, UndecidedError, as_array, precision

_SERIES: Any = flint.arb_series
_COMPLEX: Any = flint.acb
_ELEMENTS: Any = (flint.arb, flint.acb, flint.arb_series)


# --- elements ---------------------------------------------------------------------------------------------------------

CONSTANTS: dict[str, Callable[[], Any]] = {
    "pi": flint.arb.pi,
    "log_2": flint.arb.const_log2,
    "log_10": flint.arb.const_log10,
    "two_over_sqrt_pi": lambda: 2 / flint.arb.const_sqrt_pi(),
    "half_log_two_pi": lambda: (2 * flint.arb.pi()).log() / 2,
}


def element(v: Any) -> Any:
    """One exact element from a number."""
    if isinstance(v, _ELEMENTS):
        return v
    if isinstance(v, (complex, np.complexfloating)):
        return flint.acb(element(v.real), element(v.imag))
    if isinstance(v, (bool, np.bool_, int, np.integer)):
        return flint.arb(int(v))
    if isinstance(v, np.longdouble) and math.isfinite(v):
        numerator, denominator = v.as_integer_ratio()
        with precision(128):  # exact, for the denominator is a power of 2
            return flint.arb(numerator) / flint.arb(denominator)
    if isinstance(v, (float, np.floating)):
        return flint.arb(float(v))
    if isinstance(v, np.ndarray) and v.ndim == 0:  # NumPy stores such as it is in an array of objects
        return element(v[()])
    raise TypeError(f"An array of balls was given {type(v).__name__} {v!r} for an element: give numbers.")


def elements(x: Any) -> Any:
    """An object array of elements from whatever stands for numbers; truth values as they are."""
    if isinstance(x, Numbers):
        return x.primal
    array = as_array(x) if isinstance(x, _ELEMENTS) else np.asarray(x)  # NumPy takes a series for a sequence
    if array.dtype == bool or (array.dtype == OBJECT and kinds(array) <= set(_ELEMENTS)):
        return array
    if array.dtype.char in "fd":  # without a look at each, in a tenth of the time
        return _filled(list(map(flint.arb, array.ravel().tolist())), array.shape)
    return _filled([element(v) for v in array.ravel()], array.shape)


def _widened(v: Any, radius: float) -> Any:
    """The ball with a radius added, around the same midpoint whatever the precision; a square if v is complex."""
    if isinstance(v, _COMPLEX):
        return flint.acb(flint.arb(v.real, radius), flint.arb(v.imag, radius))
    return flint.arb(v, radius)


widened = np.frompyfunc(_widened, 2, 1)


def joined(coefficients: list[list[Any]], shape: tuple[int, ...]) -> Any:
    """An array of series, from the lists of their coefficients, one for each order."""
    return _filled([flint.arb_series(list(terms)) for terms in zip(*coefficients, strict=True)], shape)


def coefficient(x: Any, order: int) -> Any:
    """The coefficients of one order, of balls too."""
    pick = np.frompyfunc(lambda v: v[order] if isinstance(v, _SERIES) else v if order == 0 else flint.arb(0), 1, 1)
    return as_array(pick(x))


def kinds(x: Any) -> set[type]:
    """The types of the elements."""
    return set(map(type, x.ravel().tolist()))


def _filled(made: list[Any], shape: tuple[int, ...]) -> Any:
    array = np.empty(len(made), OBJECT)
    array[:] = made
    return array.reshape(shape)


# --- functions of one element -----------------------------------------------------------------------------------------


def _each(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of elements as one of arrays, with broadcasting."""
    return np.frompyfunc(function, function.__code__.co_argcount, 1)


def _method(name: str, formula: Callable[[Any], Any] | None = None) -> Callable[..., Any]:
    """The element's own method; a formula for the elements (series, mostly) that have none."""

    def apply(v: Any) -> Any:
        method = getattr(v, name, None)
        if method is not None:
            return method()
        return getattr(element(v), name)() if formula is None or not isinstance(v, _SERIES) else formula(v)

    return np.frompyfunc(apply, 1, 1)


def _constant_term(v: Any) -> Any:
    return v[0] if isinstance(v, _SERIES) else v


def _abs(v: Any) -> Any:
    if isinstance(v, _SERIES):
        return _choose(_surely_less(v, 0), -v, v)
    size = abs(v)
    return size.nonnegative_part() if hasattr(size, "nonnegative_part") else size


def _square_element(v: Any) -> Any:
    square = v * v
    return square.nonnegative_part() if isinstance(square, flint.arb) else square


def _integer_power(v: Any, n: int) -> Any:
    """By repeated squaring: FLINT's power of a ball around 0 is indeterminate."""
    if n < 0:
        return 1 / _integer_power(v, -n)
    if n == 0:
        return element(1)
    half = _integer_power(v, n // 2)
    even = _square_element(half)
    return even * v if n % 2 else even


def _power(v: Any, w: Any) -> Any:
    v, w = element(v), element(w)
    whole = w.unique_fmpz() if hasattr(w, "unique_fmpz") and w.is_exact() else None
    if whole is not None and abs(whole) < 2**20:
        return _integer_power(v, int(whole))
    if isinstance(v, _SERIES) or isinstance(w, _SERIES):
        return (w * (v if isinstance(v, _SERIES) else _as_series(v)).log()).exp()
    return v**w


def _as_series(v: Any) -> Any:
    return v if isinstance(v, _SERIES) else flint.arb_series([element(v)])


def _gammaln(v: Any) -> Any:
    if isinstance(v, _COMPLEX) or _branch(_less_element(0, v), "Whether gammaln is right of its pole at 0"):
        return element(v).lgamma()
    size = v.gamma()
    return _abs(size).log()


def _polygamma(v: Any, order: int) -> Any:
    """The derivative of digamma, by its Taylor coefficients if v is a series."""
    if not isinstance(v, _SERIES):
        return element(v).digamma() if order == 0 else flint.acb(v).polygamma(order).real
    step = v - v[0]
    total = flint.arb_series([])
    for k in range(flint.ctx.cap - 1, -1, -1):
        total = total * step + _polygamma(v[0], order + k) / math.factorial(k)
    return total


def _logaddexp(v: Any, w: Any) -> Any:
    v, w = element(v), element(w)
    if float(_constant_term(w).mid()) > float(_constant_term(v).mid()):  # any order is right, this one is tighter
        v, w = w, v
    difference = (w - v).exp()
    return v + (difference.log1p() if hasattr(difference, "log1p") else (1 + difference).log())


def _expit(v: Any) -> Any:
    return 1 / (1 + (-element(v)).exp())


def _log_expit(v: Any) -> Any:
    return -_logaddexp(0, -element(v))


def _xlogy(v: Any, w: Any) -> Any:
    v = element(v)
    return v if _equal_element(v, 0) else v * element(w).log()


def _atan2(v: Any, w: Any) -> Any:
    if not isinstance(v, _SERIES) and not isinstance(w, _SERIES):
        return flint.arb.atan2(element(v), element(w))
    v, w, quarter = _as_series(v), _as_series(w), flint.arb.pi() / 2
    if abs(float(w[0].mid())) < abs(float(v[0].mid())):
        side = 1 if _branch(_less_element(0, v), "The half-plane of atan2") else -1
        return side * quarter - (w / v).atan()
    if _branch(_less_element(0, w), "The half-plane of atan2"):
        return (v / w).atan()
    side = 1 if _branch(_less_equal_element(0, v), "The half-plane of atan2") else -1
    return (v / w).atan() + 2 * side * quarter


def _rounded(name: str) -> Callable[[Any], Any]:
    """floor or ceil; of a series that of its constant term, for it is locally constant."""
    return lambda v: getattr(element(_constant_term(v)), name)()


_floor, _ceil = _rounded("floor"), _rounded("ceil")


def _round(v: Any) -> Any:
    """To the nearest integer, from a tie to the even one."""
    v = element(_constant_term(v))
    twice = 2 * v
    if twice.is_exact() and twice.is_integer() and not v.is_integer():
        return 2 * _floor(twice / 4 + flint.arb(0.25))
    return _floor(v + 0.5)


def _trunc(v: Any) -> Any:
    v = element(_constant_term(v))
    return _choose(_less_element(v, 0), _ceil(v), _floor(v))


def _sign(v: Any) -> Any:
    return element(_constant_term(v)).sgn()


# --- comparisons: True, False, or None for undecided ------------------------------------------------------------------


def _less_element(v: Any, w: Any) -> bool | None:
    v, w = _constant_term(v), _constant_term(w)
    return True if v < w else False if v >= w else None


def _less_equal_element(v: Any, w: Any) -> bool | None:
    v, w = _constant_term(v), _constant_term(w)
    return True if v <= w else False if v > w else None


def _equal_element(v: Any, w: Any) -> bool | None:
    v, w = _constant_term(v), _constant_term(w)
    return True if v == w else False if v != w else None


def _not(v: Any) -> bool | None:
    return None if v is None else not v


def _and(v: Any, w: Any) -> bool | None:
    if v is None or w is None:
        return False if (v is not None and not v) or (w is not None and not w) else None
    return bool(v) and bool(w)


def _branch(condition: bool | None, what: str) -> bool:
    if condition is None:
        raise UndecidedError(what)
    return condition


def _hull(v: Any, w: Any) -> Any:
    """What contains both: of balls, of truth values (then a ball from 0 to 1), of series coefficient by coefficient."""
    v, w = element(v), element(w)
    if isinstance(v, _SERIES) or isinstance(w, _SERIES):
        v, w = _as_series(v), _as_series(w)
        return flint.arb_series([v[k].union(w[k]) for k in range(flint.ctx.cap)])
    if isinstance(v, _COMPLEX) or isinstance(w, _COMPLEX):
        v, w = flint.acb(v), flint.acb(w)
        return flint.acb(v.real.union(w.real), v.imag.union(w.imag))
    return v.union(w)


def _surely_less(v: Any, w: Any) -> bool | None:
    """Undecided at a tie too, where the next coefficients depend on the side."""
    return None if _equal_element(v, w) else _less_element(v, w)


def _choose(condition: Any, v: Any, w: Any) -> Any:
    return _hull(v, w) if condition is None else v if condition else w


def _maximum(v: Any, w: Any) -> Any:
    if isinstance(v, _SERIES) or isinstance(w, _SERIES):
        return _choose(_surely_less(v, w), w, v)
    return element(v).max(element(w))


def _minimum(v: Any, w: Any) -> Any:
    if isinstance(v, _SERIES) or isinstance(w, _SERIES):
        return _choose(_surely_less(v, w), v, w)
    return element(v).min(element(w))


_less, _less_equal, _equal = _each(_less_element), _each(_less_equal_element), _each(_equal_element)
_not_each, _choose_each, _maximum_each = _each(_not), _each(_choose), _each(_maximum)
_and_each = _each(_and)


def _not_equal(x: Any, y: Any) -> Any:
    return _not_each(_equal(x, y))


def as_numbers(conditions: Any) -> Any:
    """Truth values as 0 and 1, undecided ones as the ball between."""
    return _choose_each(conditions, element(1), element(0))


def _where(condition: Any, x: Any, y: Any) -> Any:
    x, y = (as_numbers(a) if a.dtype == bool else a for a in (elements(x), elements(y)))
    if condition.dtype == OBJECT:
        if condition.size and isinstance(condition.flat[0], _ELEMENTS):
            condition = _not_equal(condition, 0)
        return _choose_each(condition, x, y)
    return np.where(condition, x, y)


def _logical(combine: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def apply(x: Any, y: Any) -> Any:
        return combine(truths(x), truths(y))

    return apply


def truths(x: Any) -> Any:
    """Truth values as they are, and of numbers whether they differ from 0."""
    x = as_array(x)
    return _not_equal(x, 0) if x.size and isinstance(x.flat[0], _ELEMENTS) else x


@functools.cmp_to_key
def _by_middle(v: Any, w: Any) -> int:
    return -1 if v.mid() < w.mid() else int(v.mid() > w.mid())


def ranks(line: list[Any]) -> list[int]:
    """For each element how many smaller values there are. Raises UndecidedError if that is open."""
    line = [element(_constant_term(v)) for v in line]
    order = [k for _, k in sorted((_by_middle(v), k) for k, v in enumerate(line))]
    found = [0] * len(line)
    for before, after in zip(order, order[1:], strict=False):
        _branch(_less_equal_element(line[before], line[after]), "The order of elements")
        tied = _branch(_equal_element(line[before], line[after]), "The order of elements")
        found[after] = found[before] + (not tied)
    return found


# --- functions of whole arrays ----------------------------------------------------------------------------------------


sums_in_any_order = False
"""Whether sums and products of matrices enclose what rounding after each addition gives, whatever their order."""


def _reordered(total: Any, sizes: Any, terms: int) -> Any:
    """The sums widened by (terms - 1) units of rounding of `sizes`, the sums of the terms' sizes (Higham, 2002, 4.2).

    As many units again are for the rounding of products, and for that of `sizes` itself.
    """
    return widened(total, (sizes * (2 * terms * 2.0**-flint.ctx.prec)).astype(OBJECT))


def _sizes(x: Any) -> Any:
    return np.asarray([float(v.abs_upper()) for v in x.ravel()]).reshape(x.shape)


def _sum(x: Any, axis: Any, keepdims: Any) -> Any:
    total = elements(np.add.reduce(x, axis=axis, keepdims=keepdims))
    if not sums_in_any_order or _SERIES in kinds(x) or not x.size:
        return total
    terms = x.size // max(total.size, 1)
    return _reordered(total, np.asarray(np.sum(_sizes(x), axis=axis, keepdims=keepdims)), terms)


def _matrix_product(x: Any, y: Any) -> Any:
    """Two matrices of elements multiplied by FLINT, which is many times faster than element by element."""
    if _SERIES in kinds(x) | kinds(y):
        # by coefficients: each is a product of matrices of balls
        xs, ys = ([coefficient(a, k) for k in range(flint.ctx.cap)] for a in (x, y))
        orders = range(flint.ctx.cap)
        sums = [np.add.reduce([_matrix_product(xs[j], ys[k - j]) for j in range(k + 1)]) for k in orders]
        return joined([s.ravel().tolist() for s in sums], sums[0].shape)
    product = _filled((_matrix(x) * _matrix(y)).entries(), (x.shape[0], y.shape[1]))
    return _reordered(product, _sizes(x) @ _sizes(y), x.shape[1]) if sums_in_any_order else product


def _matmul(x: Any, y: Any) -> Any:
    left = x[None, :] if x.ndim == 1 else x
    right = y[:, None] if y.ndim == 1 else y
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    if left.shape[-1] != right.shape[-2]:
        raise ValueError(f"matmul was given shapes {x.shape} and {y.shape}: the inner lengths must agree.")
    ans = np.empty((*batch, left.shape[-2], right.shape[-1]), OBJECT)
    if left.shape[-1] == 0:
        ans[...] = flint.arb(0)
    elif ans.size:
        left = np.broadcast_to(left, (*batch, *left.shape[-2:]))
        right = np.broadcast_to(right, (*batch, *right.shape[-2:]))
        for position in np.ndindex(batch):
            ans[position] = _matrix_product(left[position], right[position])
    if x.ndim == 1:
        ans = ans[..., 0, :]
    return ans[..., 0] if y.ndim == 1 else ans


def _reduced(pairwise: Any) -> Callable[..., Any]:
    """The reduction over several axes that an elementwise function of two arguments gives."""

    def reduce(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
        for position in sorted(axis, reverse=True):
            x = as_array(pairwise.reduce(x, axis=position, keepdims=keepdims))
        return x

    return reduce


_max = _reduced(_maximum_each)


def _with_zeros(implementation: Callable[..., Any]) -> Callable[..., Any]:
    """What fills with zeros, and then would leave Python's integers among the elements."""
    return lambda *args, **params: elements(implementation(*args, **params))


def _shift(x: Any, axis: tuple[int, ...]) -> Any:
    """Exact numbers near the maxima, to subtract before exponentials are taken: any finite ones are right."""
    near = _each(lambda v: element(_constant_term(v)).mid() if element(_constant_term(v)).is_finite() else 0)
    return near(_max(_each(_constant_term)(x), axis, True)) if axis else near(x)


def _logsumexp(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    shift = _shift(x, axis)
    total = np.add.reduce(IMPLEMENTATIONS["exp"](x - shift), axis=axis, keepdims=True)
    ans = IMPLEMENTATIONS["log"](total) + shift
    return ans if keepdims else np.reshape(ans, [n for k, n in enumerate(x.shape) if k not in axis])


def _softmax(x: Any, axis: tuple[int, ...]) -> Any:
    y = IMPLEMENTATIONS["exp"](x - _shift(x, axis))
    return y / np.add.reduce(y, axis=axis, keepdims=True)


def _attains(x: Any, ans: Any) -> Any:
    """Whether each element is the largest (or the smallest) along the axes on which `ans`, the extreme, has length 1.

    An element that overlaps the extreme may attain it; it surely does if it is separated from all others there.
    """
    axis = tuple([k for k, n in enumerate(ans.shape) if n == 1])
    may = _each(lambda v, w: _equal_element(v, w) is not False)(x, ans)
    alone = np.add.reduce(may, axis=axis, keepdims=True) == 1
    exact = _equal(x, ans)
    return np.frompyfunc(lambda m, a, e: True if m and (a or e) else None if m else False, 3, 1)(may, alone, exact)


def _constant_power(x: Any, exponent: Any) -> Any:
    if exponent == int(exponent):
        return np.frompyfunc(lambda v: _integer_power(v, int(exponent)), 1, 1)(x)
    if exponent == 0.5:
        return IMPLEMENTATIONS["sqrt"](x)
    return np.frompyfunc(lambda v: _power(v, exponent), 1, 1)(x)


def _astype(x: Any, dtype: Any) -> Any:
    """Balls stay balls in every floating dtype; in a complex one they become complex."""
    if x.dtype != OBJECT or (x.size and (x.flat[0] is None or isinstance(x.flat[0], bool))):
        x = as_numbers(x)
    return _each(lambda v: flint.acb(v))(x) if np.dtype(dtype).kind == "c" else x


def _discretize(x: Any, dtype: Any) -> Any:
    if np.dtype(dtype).kind == "b":
        return truths(x)
    return x if x.dtype != OBJECT else _each(_trunc)(x)


# --- linear algebra ---------------------------------------------------------------------------------------------------


def _stacked(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of matrices as one of stacks of them, with broadcasting."""

    def apply(*stacks: Any) -> Any:
        batch = np.broadcast_shapes(*[x.shape[:-2] for x in stacks])
        stacks = tuple([np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in stacks])
        parts = [as_array(function(*[x[place] for x in stacks])) for place in np.ndindex(batch)]
        return _filled([v for part in parts for v in part.ravel()], (*batch, *parts[0].shape))

    return apply


def _matrix(x: Any) -> Any:
    make: Any = flint.acb_mat if _COMPLEX in kinds(x) else flint.arb_mat
    return make(*x.shape, x.ravel().tolist())


def _doubles(x: Any) -> Any:
    return np.asarray([float(_constant_term(v).mid()) for v in x.ravel()]).reshape(x.shape)


def _signs(x: Any) -> Any:
    return _filled([1 if v > 0 else -1 for v in x], x.shape)


def _solve(a: Any, b: Any) -> Any:
    if _SERIES not in kinds(a) | kinds(b):
        return _filled(_matrix(a).solve(_matrix(b)).entries(), (a.shape[1], b.shape[1]))
    first = coefficient(a, 0)
    found: list[Any] = []
    for k in range(flint.ctx.cap):  # coefficient by coefficient: the rest of the product is known
        known = [_matrix_product(coefficient(a, k - j), found[j]) for j in range(k)]
        found.append(_solve(first, np.subtract.reduce([coefficient(b, k), *known])))
    return joined([x.ravel().tolist() for x in found], found[0].shape)


def _det(x: Any) -> Any:
    if _SERIES not in kinds(x):
        return _matrix(x).det()
    n, identity = len(x), elements(np.eye(len(x)))
    adjugate, trace = identity, identity[0, 0]
    for k in range(1, n + 1):  # Faddeev and LeVerrier's method divides by no series
        product = _matrix_product(x, adjugate)
        trace = np.add.reduce(np.diagonal(product)) / k
        adjugate = product - identity * as_array(trace)
    return trace if n % 2 else -trace


def _qr(x: Any) -> Any:
    q, r = decompositions.qr_by_columns(x, _signs(np.diagonal(np.linalg.qr(_doubles(x))[1])))
    return np.concatenate([q, r.T])


def _eigh(x: Any) -> Any:
    """By FLINT's enclosures of simple eigenvalues; in the order and with the signs of LAPACK at the midpoints."""
    x = (x + x.T) / 2
    n = len(x)
    values, right = flint.acb_mat(_matrix(x)).eig(right=True)
    near = np.linalg.eigh(_doubles(x))[1]
    columns = []
    for place, k in enumerate(sorted(range(n), key=lambda k: float(values[k].real.mid()))):
        vector = [right[j, k] for j in range(n)]
        largest = max(vector, key=lambda v: float(v.abs_lower()))
        direction = _filled([(v / largest).real for v in vector], (n,))
        size = (direction * direction).sum().sqrt()
        side = 1 if _doubles(direction) @ near[:, place] > 0 else -1
        columns.append([values[k].real, *(direction * side / size)])
    vectors = _filled([v for column in columns for v in column], (n, n + 1))
    return np.concatenate([vectors[:, :1], vectors[:, 1:].T], axis=1)


def _svd(x: Any) -> Any:
    v = _eigh(_matrix_product(x.T, x))[:, :0:-1]
    near = np.linalg.svd(_doubles(x), full_matrices=False)[2].T
    v = v * _signs(np.sum(_doubles(v) * near, axis=0))
    image = _matrix_product(x, v)
    s = IMPLEMENTATIONS["sqrt"](np.add.reduce(image * image, axis=0, keepdims=True))
    return np.concatenate([image / s, s, v])


def _pinv(x: Any) -> Any:
    tall = x if x.shape[0] >= x.shape[1] else x.T
    ans = _solve(_matrix_product(tall.T, tall), tall.T)
    return ans if tall is x else ans.T


def _norm(x: Any, axis: Any, keepdims: Any) -> Any:
    squares = _each(lambda v: _square_element(_abs(element(v))))(x)
    return IMPLEMENTATIONS["sqrt"](as_array(np.add.reduce(squares, axis=axis, keepdims=keepdims)))


# --- the table --------------------------------------------------------------------------------------------------------

IMPLEMENTATIONS: dict[str, Callable[..., Any]] = {
    **{name: _method(name) for name in ["exp", "log", "sqrt", "sin", "cos", "tan", "erf", "erfc"]},
    "expm1": _method("expm1", lambda v: v.exp() - 1),
    "log1p": _method("log1p", lambda v: (1 + v).log()),
    "log2": _each(lambda v: element(v).log() / flint.arb.const_log2()),
    "log10": _each(lambda v: element(v).log() / flint.arb.const_log10()),
    "asin": _method("asin"),
    "acos": _method("acos"),
    "atan": _method("atan"),
    "sinh": _method("sinh", lambda v: (v.exp() - (-v).exp()) / 2),
    "cosh": _method("cosh", lambda v: (v.exp() + (-v).exp()) / 2),
    "tanh": _method("tanh", lambda v: 1 - 2 / ((2 * v).exp() + 1)),
    "asinh": _method("asinh", lambda v: (v + (v * v + 1).sqrt()).log()),
    "acosh": _method("acosh", lambda v: (v + (v * v - 1).sqrt()).log()),
    "atanh": _method("atanh", lambda v: ((1 + v) / (1 - v)).log() / 2),
    "positive": lambda x: x,
    "real": _each(lambda v: v.real if isinstance(v, _COMPLEX) else v),
    "imag": _each(lambda v: v.imag if isinstance(v, _COMPLEX) else flint.arb(0)),
    "conj": _each(lambda v: v.conjugate() if isinstance(v, _COMPLEX) else v),
    "copysign": lambda x, y: _choose_each(_equal(_less(x, 0), _less(y, 0)), x, -x),
    "abs": _each(_abs),
    "square": _each(_square_element),
    "reciprocal": _each(lambda v: 1 / v),
    "constant_power": _constant_power,
    "power": _each(_power),
    "remainder": _each(lambda v, w: v - w * _floor(element(v) / w)),
    "floor_divide": _each(lambda v, w: _floor(element(v) / w)),
    "hypot": _each(lambda v, w: (_square_element(element(v)) + _square_element(element(w))).sqrt()),
    "atan2": _each(_atan2),
    "logaddexp": _each(_logaddexp),
    "expit": _each(_expit),
    "log_expit": _each(_log_expit),
    "xlogy": _each(_xlogy),
    "gammaln": _each(_gammaln),
    "digamma": _each(lambda v: _polygamma(v, 0)),
    "polygamma": lambda x, order: np.frompyfunc(lambda v: _polygamma(v, order), 1, 1)(x),
    "floor": _each(_floor),
    "ceil": _each(_ceil),
    "round": _each(_round),
    "trunc": _each(_trunc),
    "sign": _each(_sign),
    "maximum": _maximum_each,
    "minimum": _each(_minimum),
    "equal": _equal,
    "not_equal": _not_equal,
    "less": _less,
    "less_equal": _less_equal,
    "greater": lambda x, y: _less(y, x),
    "greater_equal": lambda x, y: _less_equal(y, x),
    "logical_not": lambda x: _not_each(truths(x)),
    "logical_and": _logical(_and_each),
    "logical_or": _logical(lambda x, y: _not_each(_and_each(_not_each(x), _not_each(y)))),
    "logical_xor": _logical(_each(lambda v, w: None if v is None or w is None else bool(v) != bool(w))),
    "isnan": _each(lambda v: element(_constant_term(v)).is_nan()),
    "isfinite": _each(lambda v: element(_constant_term(v)).is_finite()),
    "isinf": _each(lambda v: not (element(_constant_term(v)).is_finite() or element(_constant_term(v)).is_nan())),
    "signbit": lambda x: _less(x, 0),
    "where": _where,
    "astype": _astype,
    "discretize": _discretize,
    "max": _max,
    "min": _reduced(_each(_minimum)),
    "attains": _attains,
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "log_softmax": lambda x, axis: x - _logsumexp(x, axis, True),
    "matmul": _matmul,
    "solve": _stacked(_solve),
    "det": _stacked(_det),
    "logabsdet": _stacked(lambda x: _abs(_det(x)).log()),
    "sign_of_det": _stacked(lambda x: _sign(_det(x))),
    "nearly_singular": _stacked(lambda x: _constant_term(_det(x)).contains(0)),
    "cholesky": _stacked(lambda x: decompositions.cholesky_by_columns((x + x.T) / 2)),
    "qr": _stacked(_qr),
    "eigh": _stacked(_eigh),
    "svd": _stacked(_svd),
    "pinv": _stacked(_pinv),
    "norm": _norm,
    **{name: _with_zeros(PRIMITIVES[name].implementation) for name in ["tril", "triu", "scatter_add"]},
    "sum": _sum,
}
"""How to compute a primitive on object arrays, where its own implementation does not do."""

_LOGICAL = {"where", "astype", "discretize", "logical_not", "logical_and", "logical_or", "logical_xor", "stop_gradient"}
_MOVING = {"reshape", "broadcast_to", "permute_dims", "matrix_transpose", "flip", "roll", "getitem", "concat", "stack"}
TAKE_CONDITIONS = _LOGICAL | _MOVING
"""The primitives that take conditions as such; to the others they are numbers between 0 and 1."""
TAKE_INDICES = {"getitem", "scatter_add"}
"""The primitives whose arguments but the first are arrays of indices."""
