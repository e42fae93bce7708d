"""Comparisons of balls.

True, false, or None where the balls leave it open, and what is chosen by them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import flint
import numpy as np

from reference_ad.engine.elements import OBJECT, UndecidedError, as_array

from .elements import (
    COMPLEX,
    ELEMENTS,
    SERIES,
    as_series,
    constant_term,
    element,
    elements,
    on_elements,
)


def _decided(holds: bool, fails: bool) -> bool | None:
    """None where neither is sure: the balls overlap."""
    if holds:
        return True
    return False if fails else None


def less_element(v: Any, w: Any) -> bool | None:
    v, w = constant_term(v), constant_term(w)
    return _decided(v < w, v >= w)


def less_equal_element(v: Any, w: Any) -> bool | None:
    v, w = constant_term(v), constant_term(w)
    return _decided(v <= w, v > w)


def equal_element(v: Any, w: Any) -> bool | None:
    v, w = constant_term(v), constant_term(w)
    return _decided(v == w, v != w)


def _not(v: Any) -> bool | None:
    return None if v is None else not v


def _and(v: Any, w: Any) -> bool | None:
    if v is None or w is None:
        return False if (v is not None and not v) or (w is not None and not w) else None
    return bool(v) and bool(w)


def _xor(v: Any, w: Any) -> bool | None:
    return None if v is None or w is None else bool(v) != bool(w)


def branch(condition: bool | None, what: str) -> bool:
    if condition is None:
        raise UndecidedError(what)
    return condition


def _hull(v: Any, w: Any) -> Any:
    """What contains both.

    Of balls, of truth values (then a ball from 0 to 1), of series coefficient by coefficient.
    """
    v, w = element(v), element(w)
    if isinstance(v, SERIES) or isinstance(w, SERIES):
        v, w = as_series(v), as_series(w)
        return flint.arb_series([v[k].union(w[k]) for k in range(flint.ctx.cap)])
    if isinstance(v, COMPLEX) or isinstance(w, COMPLEX):
        v, w = flint.acb(v), flint.acb(w)
        return flint.acb(v.real.union(w.real), v.imag.union(w.imag))
    return v.union(w)


def surely_less(v: Any, w: Any) -> bool | None:
    """Undecided at a tie too, where the next coefficients depend on the side."""
    return None if equal_element(v, w) else less_element(v, w)


def choose(condition: Any, v: Any, w: Any) -> Any:
    if condition is None:
        return _hull(v, w)
    return v if condition else w


def _maximum(v: Any, w: Any) -> Any:
    if isinstance(v, SERIES) or isinstance(w, SERIES):
        return choose(surely_less(v, w), w, v)
    return element(v).max(element(w))


def minimum(v: Any, w: Any) -> Any:
    if isinstance(v, SERIES) or isinstance(w, SERIES):
        return choose(surely_less(v, w), v, w)
    return element(v).min(element(w))


less, less_equal, equal = (
    on_elements(less_element),
    on_elements(less_equal_element),
    on_elements(equal_element),
)
not_each, choose_each, maximum_each = on_elements(_not), on_elements(choose), on_elements(_maximum)
_and_each, _xor_each = on_elements(_and), on_elements(_xor)


def not_equal(x: Any, y: Any) -> Any:
    return not_each(equal(x, y))


def as_numbers(conditions: Any) -> Any:
    """Truth values as 0 and 1, undecided ones as the ball between."""
    return choose_each(conditions, element(1), element(0))


def _negative(v: Any) -> bool | None:
    """Whether the sign is set: undecided at 0, for a ball does not tell the two zeros apart."""
    return None if equal_element(v, 0) else less_element(v, 0)


negative = on_elements(_negative)


def copysign(x: Any, y: Any) -> Any:
    return choose_each(_xor_each(negative(x), negative(y)), -x, x)


def are_truths(x: Any) -> bool:
    """Whether an array's elements are truth values, undecided ones among them."""
    return x.dtype == bool or (
        x.dtype == OBJECT and x.size > 0 and isinstance(x.flat[0], (bool, type(None)))
    )


def where(condition: Any, x: Any, y: Any) -> Any:
    x, y = (as_numbers(a) if are_truths(a) else elements(a) for a in map(as_array, (x, y)))
    if condition.dtype == OBJECT:
        if condition.size and isinstance(condition.flat[0], ELEMENTS):
            condition = not_equal(condition, 0)
        return choose_each(condition, x, y)
    return np.where(condition, x, y)


def truths(x: Any) -> Any:
    """Truth values as they are, and of numbers whether they differ from 0."""
    x = as_array(x)
    return not_equal(x, 0) if x.size and isinstance(x.flat[0], ELEMENTS) else x


def of_truths(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of bits for truth values alone."""

    def checked(*args: Any) -> Any:
        if not all(are_truths(x) or x.size == 0 for x in map(as_array, args)):
            raise TypeError(
                "Bits of balls were asked for, and a ball has none: take truth values or plain "
                "integers."
            )
        return function(*args)

    return checked


def logical_not(x: Any) -> Any:
    return not_each(truths(x))


def logical_and(x: Any, y: Any) -> Any:
    return _and_each(truths(x), truths(y))


def logical_or(x: Any, y: Any) -> Any:
    return not_each(_and_each(logical_not(x), logical_not(y)))


def logical_xor(x: Any, y: Any) -> Any:
    return _xor_each(truths(x), truths(y))


@functools.cmp_to_key
def _by_middle(v: Any, w: Any) -> int:
    return -1 if v.mid() < w.mid() else int(v.mid() > w.mid())


def ranks(line: list[Any]) -> list[int]:
    """For each element how many smaller values there are. Raises UndecidedError if that is open."""
    line = [element(constant_term(v)) for v in line]
    order = [k for _, k in sorted((_by_middle(v), k) for k, v in enumerate(line))]
    numbers_below = [0] * len(line)
    for before, after in zip(order, order[1:], strict=False):
        branch(less_equal_element(line[before], line[after]), "The order of elements")
        tied = branch(equal_element(line[before], line[after]), "The order of elements")
        numbers_below[after] = numbers_below[before] + (not tied)
    return numbers_below
