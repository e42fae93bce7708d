"""Dtypes: of one array, and of several together."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.core import Array, Tracer
from ..rules import structural as rules_structural
from ..rules.elementwise import cast_to_integer

DEVICES = (None, "cpu")
"""Where an array may be asked to lie."""


def check_device(device: Any) -> None:
    """Raise ValueError for a device that NumPy's arrays do not lie on."""
    if device not in DEVICES:
        raise ValueError(f"The device {device!r} was given; the arrays lie on 'cpu': leave it out.")


def astype(x: Array, dtype: Any, /, *, copy: Any = True, device: Any = None) -> Array:
    """x in another dtype. The derivative is kept, except in a cast to integers or booleans."""
    check_device(device)
    dtype = np.dtype(dtype)
    if dtype == x.dtype and isinstance(x, Tracer):
        return x
    return (
        rules_structural.astype(x, dtype=dtype)
        if dtype.kind in "fcO"
        else cast_to_integer(x, dtype=dtype)
    )


def cast_if_asked(x: Array, dtype: Any) -> Array:
    """x in another dtype, or as it is where that is None."""
    if dtype is None:
        return x
    return astype(x, dtype)


def result_type(*arrays_and_dtypes: Any) -> Any:
    """The dtype of a computation with all of these."""
    return np.result_type(*[a.dtype if isinstance(a, Tracer) else a for a in arrays_and_dtypes])


def can_cast(from_: Any, to: Any, /) -> Any:
    """Whether one dtype (or an array's) can be cast to another without loss."""
    return np.can_cast(
        from_.dtype if hasattr(from_, "dtype") and not isinstance(from_, type) else from_, to
    )


class FloatInfo:
    """The limits of a floating-point dtype, as Python's own numbers."""

    def __init__(self, of_numpy: Any) -> None:
        """of_numpy: what NumPy's `finfo` gives, whose further attributes are here as well."""
        self._of_numpy = of_numpy
        self.bits = int(of_numpy.bits)
        self.eps = float(of_numpy.eps)
        self.max = float(of_numpy.max)
        self.min = float(of_numpy.min)
        self.smallest_normal = float(of_numpy.smallest_normal)
        self.dtype = of_numpy.dtype

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of_numpy, name)

    def __repr__(self) -> str:
        return repr(self._of_numpy)


def finfo(type: Any, /) -> FloatInfo:
    """The limits of a dtype, or of that of an array."""
    return FloatInfo(np.finfo(_dtype_of(type)))


def iinfo(type: Any, /) -> Any:
    """The limits of a dtype of integers, or of that of an array."""
    return np.iinfo(_dtype_of(type))


def _dtype_of(given: Any) -> Any:
    """The dtype of an array; whatever is none as it is."""
    is_array = isinstance(given, (Tracer, np.ndarray, np.generic))
    return given.dtype if is_array else given
