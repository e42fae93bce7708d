"""The elements of arrays: FLINT's balls, and power series with balls for coefficients."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from reference_ad.engine.core import Primitive
from reference_ad.engine.elements import OBJECT, ElementArray, as_array, current_arithmetic

try:
    import flint
except ModuleNotFoundError:
    raise ModuleNotFoundError(
        "Balls need python-flint: install it with `pip install python-flint`."
    ) from None

SERIES: Any = flint.arb_series
COMPLEX: Any = flint.acb
COMPLEX_SERIES: Any = flint.acb_series
"""What a series becomes where it meets a complex number. Its parts are taken, and nothing else."""
ELEMENTS: Any = (flint.arb, flint.acb, flint.arb_series)

_FLINT_SETTINGS = threading.RLock()
"""Held while FLINT's settings, which are those of the whole process, are set: other threads that
need settings of their own wait."""


def compute(primitive: Primitive, *args: Any, **params: Any) -> Any:
    """Compute a primitive on object arrays, as the arithmetic of this context does."""
    return current_arithmetic().implementation(primitive)(*args, **params)


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Compute with balls of this many bits within the block.

    The setting is FLINT's own, one for the whole process: another thread waits at such a block
    until this one is left. So do not wait in the block for a thread that needs a precision of its
    own, and do not await in it: tasks of one thread would leave their blocks in another order.
    """
    with _FLINT_SETTINGS:
        before = flint.ctx.prec
        flint.ctx.prec = bits
        try:
            yield
        finally:
            flint.ctx.prec = before


@contextmanager
def series_length(terms: int) -> Iterator[None]:
    """Keep this many coefficients of power series within the block."""
    with _FLINT_SETTINGS:
        before = flint.ctx.cap
        flint.ctx.cap = terms
        try:
            yield
        finally:
            flint.ctx.cap = before


CONSTANTS: dict[str, Callable[[], Any]] = {
    "pi": flint.arb.pi,
    "log_2": flint.arb.const_log2,
    "log_10": flint.arb.const_log10,
    "two_over_sqrt_pi": lambda: 2 / flint.arb.const_sqrt_pi(),
    "half_log_two_pi": lambda: (2 * flint.arb.pi()).log() / 2,
}


def element(v: Any) -> Any:
    """One exact element from a number."""
    if isinstance(v, ELEMENTS):
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
    if (
        isinstance(v, np.ndarray) and v.ndim == 0
    ):  # NumPy stores such as it is in an array of objects
        return element(v[()])
    raise TypeError(
        f"An array of balls was given {type(v).__name__} {v!r} for an element: give numbers."
    )


def elements(x: Any) -> Any:
    """An object array of elements from whatever stands for numbers; truth values as they are."""
    if isinstance(x, ElementArray):
        return x.primal
    array = (
        as_array(x) if isinstance(x, ELEMENTS) else np.asarray(x)
    )  # NumPy takes a series for a sequence
    if array.dtype == bool or (array.dtype == OBJECT and kinds(array) <= set(ELEMENTS)):
        return array
    if array.dtype.char in "fd":  # without a look at each, in a tenth of the time
        return filled(list(map(flint.arb, array.ravel().tolist())), array.shape)
    return filled([element(v) for v in array.ravel()], array.shape)


def _widened(v: Any, radius: float) -> Any:
    """The ball with a radius added, around the same midpoint whatever the precision.

    A square if v is complex.
    """
    if isinstance(v, COMPLEX):
        return flint.acb(flint.arb(v.real, radius), flint.arb(v.imag, radius))
    return flint.arb(v, radius)


widened = np.frompyfunc(_widened, 2, 1)


def joined(coefficients: list[list[Any]], shape: tuple[int, ...]) -> Any:
    """An array of series, from the lists of their coefficients, one for each order."""
    return filled(
        [flint.arb_series(list(terms)) for terms in zip(*coefficients, strict=True)], shape
    )


def coefficient(x: Any, order: int) -> Any:
    """The coefficients of one order, of balls too."""

    def pick(v: Any) -> Any:
        if isinstance(v, SERIES):
            return v[order]
        return v if order == 0 else flint.arb(0)

    return as_array(on_elements(pick)(x))


def kinds(x: Any) -> set[type]:
    """The types of the elements."""
    return set(map(type, x.ravel().tolist()))


def filled(values: list[Any], shape: tuple[int, ...]) -> Any:
    array = np.empty(len(values), OBJECT)
    array[:] = values
    return array.reshape(shape)


def on_elements(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of elements as one of arrays, with broadcasting."""
    return np.frompyfunc(function, function.__code__.co_argcount, 1)


def method(name: str, formula: Callable[[Any], Any] | None = None) -> Callable[..., Any]:
    """The element's own method; a formula for the elements (series, mostly) that have none."""

    def apply(v: Any) -> Any:
        method = getattr(v, name, None)
        if method is not None:
            return method()
        return (
            getattr(element(v), name)()
            if formula is None or not isinstance(v, SERIES)
            else formula(v)
        )

    return np.frompyfunc(apply, 1, 1)


def constant_term(v: Any) -> Any:
    return v[0] if isinstance(v, SERIES) else v


def as_series(v: Any) -> Any:
    return v if isinstance(v, SERIES) else flint.arb_series([element(v)])
