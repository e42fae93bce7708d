"""Arrays of other numbers than NumPy's: FLINT's balls, and power series with balls for coefficients.

An array of such elements is a `Numbers`, which holds an object array. It takes part in a program as a tracer of a level
that lies below all transformations, so every primitive arrives here when nothing is left to differentiate, and the
rules hold for these elements without a word of their own. How each primitive is computed is said in `balls.py`, which
is loaded when the first such array is made; without python-flint none can be made, and nothing else is missed.

The elements are `flint.arb` (real), `flint.acb` (complex) and `flint.arb_series` (values only: not differentiated).
Every result encloses the exact one, at the precision set by `precision`. A comparison that the balls leave open is
neither true nor false: `where` and what is built on it answer with the hull of both branches, in value and derivative;
Python's `if`, sorting and indexing raise `UndecidedError`. Where balls are equal and exact, the conventions at kinks
apply, as they do for floats.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .core import PRIMITIVES, Array, Level, Primitive, Tracer

OBJECT = np.dtype(object)


@functools.cache
def _balls() -> Any:
    try:
        from . import balls
    except ModuleNotFoundError:
        raise ModuleNotFoundError("Balls need python-flint: install it with `pip install python-flint`.") from None
    return balls


class UndecidedError(ValueError):
    """A program branches, sorts or indexes on a comparison that the balls leave open."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is undecided, for the balls overlap: raise the precision, or move the point away from the kink."
        )


# --- arrays -----------------------------------------------------------------------------------------------------------


class Numbers(Tracer):
    """An array of balls or power series: `primal` is an object array."""

    __slots__ = ()

    def __init__(self, elements: Any) -> None:
        self.level = _LEVEL
        self.primal = elements

    def __bool__(self) -> bool:
        return bool(decided(self, "The truth of an array of balls"))

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            "NumPy was given an array of balls: use the functions of reference_ad.numpy, or read it with "
            "scalars.midpoints and scalars.radii."
        )

    def __repr__(self) -> str:
        return f"Numbers({self.primal})"


class Conditions(Numbers):
    """The outcome of comparisons, of which some are undecided: the elements are True, False and None."""

    __slots__ = ()

    @property
    def dtype(self) -> Any:
        return np.dtype(bool)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise UndecidedError("A comparison")

    def __bool__(self) -> bool:
        return bool(decided(self, "A comparison"))


class _NumbersLevel(Level):
    """Below all transformations: what computes on these elements."""

    __slots__ = ()

    def __init__(self) -> None:
        self.number = 0
        self.closed = False

    def process(self, primitive: Primitive, args: tuple[Array, ...], params: dict[str, Any]) -> Array:
        balls = _balls()
        name = primitive.name
        values = []
        for position, arg in enumerate(args):
            if position and name in balls.TAKE_INDICES:
                values.append(arg)
            elif type(arg) is Conditions and name not in balls.TAKE_CONDITIONS:
                values.append(balls.as_numbers(arg.primal))
            elif isinstance(arg, Numbers):
                values.append(arg.primal)
            else:
                bare = type(arg) in (int, float) and name not in balls.TAKE_CONDITIONS  # arithmetic takes it as it is
                values.append(arg if bare else balls.elements(arg))
        with np.errstate(all="ignore"):  # a ball that is not a number says so itself
            ans = balls.IMPLEMENTATIONS.get(name, primitive.implementation)(*values, **params)
        return tuple([_wrapped(part) for part in ans]) if type(ans) is tuple else _wrapped(ans)


_LEVEL = _NumbersLevel()


def _wrapped(ans: Any) -> Any:
    """An implementation's answer as an array: `Numbers`, or a plain one of truth values where all are decided."""
    if isinstance(ans, np.generic):
        return ans
    ans = as_array(ans)
    if ans.dtype != OBJECT:
        return ans
    if ans.size and (ans.flat[0] is None or isinstance(ans.flat[0], bool)):
        return Conditions(ans) if None in ans.ravel().tolist() else ans.astype(bool)[()]
    return Numbers(ans)


def as_array(x: Any) -> Any:
    """An array, of no dimensions if x is an element: NumPy gives such bare where it computes on objects."""
    if isinstance(x, np.ndarray):
        return x
    array = np.empty((), OBJECT)
    array[()] = x
    return array


def decided(x: Array, what: str) -> Any:
    """The truth values of `x`: its own if it has such, else whether its elements differ from 0.

    Raises UndecidedError, which names `what`, where balls leave that open.
    """
    if not isinstance(x, Numbers):
        return x
    truths = as_array(_balls().truths(x.primal))
    if None in truths.ravel().tolist():
        raise UndecidedError(what)
    return truths.astype(bool)[()]


# --- making and reading them ------------------------------------------------------------------------------------------


@contextmanager
def precision(bits: int, any_order: bool | None = None) -> Iterator[None]:
    """Compute with balls of this many bits within the block. The setting is FLINT's own, one for the whole process.

    any_order: whether sums and products of matrices enclose what floating-point arithmetic of this precision may give,
               in whatever order it adds. FLINT itself rounds such a sum only once. None: as it is outside
    """
    balls = _balls()
    context = balls.flint.ctx
    before = context.prec, balls.sums_in_any_order
    context.prec, balls.sums_in_any_order = bits, before[1] if any_order is None else any_order
    try:
        yield
    finally:
        context.prec, balls.sums_in_any_order = before


@contextmanager
def series_length(terms: int) -> Iterator[None]:
    """Keep this many coefficients of power series within the block."""
    context = _balls().flint.ctx
    before, context.cap = context.cap, terms
    try:
        yield
    finally:
        context.cap = before


def numbers(x: Any, radius: Any = None) -> Array:
    """An array of balls, exact ones if no radius is given.

    x:      numbers, or an array of any shape, of real or complex floats, integers, truth values, or FLINT's elements.
            Taken as they are: the double 0.1 is not one tenth
    radius: floats, broadcast against x

    Raises ModuleNotFoundError where python-flint is not installed, TypeError for elements that are not numbers.
    """
    if isinstance(x, Tracer):
        return x
    elements = _balls().elements(np.asarray(x, OBJECT) if np.asarray(x).dtype == bool else x)
    return Numbers(elements if radius is None else as_array(_balls().widened(elements, np.asarray(radius, OBJECT))))


def series(*coefficients: Any) -> Array:
    """An array of power series, from arrays with their coefficients, that of order 0 first; all of one shape."""
    parts = [numbers(c).primal.ravel().tolist() for c in coefficients]
    return Numbers(_balls().joined(parts, np.shape(coefficients[0])))


def coefficients(x: Array, order: int) -> Array:
    """The coefficients of one order of an array of power series, as an array of balls."""
    return Numbers(_balls().coefficient(_balls().elements(x), order))


def midpoints(x: Array, dtype: Any = np.float64) -> Any:
    """The midpoints of balls, rounded to float32, float64 or longdouble; of complex ones, to complex128."""
    elements, dtype = _balls().elements(x), np.dtype(dtype)
    if _balls().flint.acb in _balls().kinds(elements):
        return np.asarray([complex(v) for v in elements.ravel()], np.complex128).reshape(elements.shape)
    middles = [v.mid() for v in elements.ravel()]
    found = np.asarray([float(v) for v in middles], np.float64).astype(dtype)
    if dtype.itemsize > 8:
        with precision(128):  # the rest of each is another double
            rest = [float(v - float(v)) if math.isfinite(float(v)) else 0.0 for v in middles]
        found = found + np.asarray(rest, dtype)
    return found.reshape(elements.shape)


def radii(x: Array, centres: Any = None) -> Any:
    """How far the number in each ball can be from the corresponding centre: float64, rounded outwards.

    centres: an array of floats or exact balls of the same shape; None: the midpoints in float64

    Infinite where a ball says nothing, for its centre is not a number.
    """
    elements = _balls().elements(x)
    around = _balls().elements(midpoints(x) if centres is None else centres)
    farthest = [(v - c).abs_upper() for v, c in zip(elements.ravel(), around.ravel(), strict=True)]
    found = [0.0 if r == 0 else math.inf if r.is_nan() else math.nextafter(float(r), math.inf) for r in farthest]
    return np.asarray(found, np.float64).reshape(elements.shape)


def contains(x: Array, values: Any) -> Any:
    """Whether each ball contains the corresponding value, which may be a ball itself."""
    values = np.broadcast_to(_balls().elements(values), x.shape)
    pairs = zip(_balls().elements(x).ravel(), values.ravel(), strict=True)
    return np.asarray([v.contains(c) for v, c in pairs], bool).reshape(x.shape)


def constant(name: str) -> Array:
    """A constant of `constants.py`, enclosed at the present precision."""
    return Numbers(as_array(_balls().CONSTANTS[name]()))


def is_complex(x: Array) -> bool:
    """Whether the numbers are complex, which the dtype of balls does not tell."""
    kind = x.dtype.kind
    if kind == "O":
        while not isinstance(x, Numbers) and isinstance(x, Tracer):
            x = x.primal
        return isinstance(x, Numbers) and _balls().flint.acb in _balls().kinds(x.primal)
    return kind == "c"


def real_like(derivative: Array, like: Array) -> Array:
    """A cotangent, without its imaginary part if `like` is an array of real balls."""
    if like.dtype == OBJECT and is_complex(derivative) and not is_complex(like):
        return PRIMITIVES["real"](derivative)
    return derivative


def order(x: Array, axis: int) -> Any:
    """Integers that are ordered along `axis` as the elements of `x` are.

    Raises UndecidedError where the balls leave the order open.
    """
    if not isinstance(x, Numbers):
        return x
    lines = np.moveaxis(x.primal, axis, -1)
    ranks = np.zeros(lines.shape, np.int64)
    for place in np.ndindex(lines.shape[:-1]):
        ranks[place] = _balls().ranks(lines[place].tolist())
    return np.moveaxis(ranks, -1, axis)
