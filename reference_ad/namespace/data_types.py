"""Dtypes: of one array, and of several together."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.core import Array, Tracer
from ..rules import structural as rules_structural
from ..rules.elementwise import cast_to_integer


def astype(x: Array, dtype: Any, /, *, copy: Any = True) -> Array:
    """x in another dtype. The derivative is kept, except in a cast to integers or booleans."""
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
