"""Making arrays of balls, and reading them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_ad.engine import elements as engine_elements
from reference_ad.engine.core import Array
from reference_ad.engine.elements import OBJECT, ElementArray, as_array

from . import elements
from .reading import around


def numbers(x: Any, radius: Any = None) -> Array:
    """An array of balls, exact ones if no radius is given.

    x:      numbers, or an array of any shape, of real or complex floats, integers, truth values, or
    FLINT's elements.
            Taken as they are: the double 0.1 is not one tenth
    radius: floats, broadcast against x

    Raises TypeError for elements that are not numbers.
    """
    if radius is None:
        return engine_elements.numbers(x)
    if isinstance(x, np.ndarray) and x.dtype == np.float64:
        spread = np.broadcast_to(np.asarray(radius, np.float64), x.shape)
        return ElementArray(elements.filled(around(x.ravel(), spread.ravel()), x.shape))
    exact = engine_elements.numbers(x)
    return ElementArray(as_array(elements.widened(exact.primal, np.asarray(radius, OBJECT))))


def series(*coefficients: Any) -> Array:
    """An array of power series, from arrays with their coefficients.

    That of order 0 comes first; all are of one shape.
    """
    parts = [elements.elements(c).ravel().tolist() for c in coefficients]
    return ElementArray(elements.joined(parts, np.shape(coefficients[0])))


def coefficients(x: Array, order: int) -> Array:
    """The coefficients of one order of an array of power series, as an array of balls."""
    return ElementArray(elements.coefficient(elements.elements(x), order))


def midpoints(x: Array) -> Any:
    """The midpoints of balls, rounded to float64; of complex ones, to complex128."""
    balls = elements.elements(x)
    if elements.COMPLEX in elements.kinds(balls):
        return np.asarray([complex(v) for v in balls.ravel()], np.complex128).reshape(balls.shape)
    return np.asarray([float(v.mid()) for v in balls.ravel()], np.float64).reshape(balls.shape)


def radii(x: Array, centres: Any = None) -> Any:
    """How far the number in each ball can be from the corresponding centre.

    In float64, rounded outwards.

    centres: an array of floats or exact balls of the same shape; None: the midpoints in float64

    Infinite where a ball says nothing, for its centre is not a number.
    """
    balls = elements.elements(x)
    around = elements.elements(midpoints(x) if centres is None else centres)
    farthest = [(v - c).abs_upper() for v, c in zip(balls.ravel(), around.ravel(), strict=True)]
    bounds = [_float_above(distance) for distance in farthest]
    return np.asarray(bounds, np.float64).reshape(balls.shape)


def _float_above(distance: Any) -> float:
    if distance == 0:
        return 0.0
    if distance.is_nan():
        return math.inf
    return math.nextafter(float(distance), math.inf)


def contains(x: Array, values: Any) -> Any:
    """Whether each ball contains the corresponding value, which may be a ball itself."""
    values = np.broadcast_to(elements.elements(values), x.shape)
    pairs = zip(elements.elements(x).ravel(), values.ravel(), strict=True)
    return np.asarray([v.contains(c) for v, c in pairs], bool).reshape(x.shape)
