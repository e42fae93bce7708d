"""The namespace for balls: here a model's own constants are balls from the start, so that no double is rounded.

With `reference_ad.numpy`, ``xp.exp(0.5)`` or ``xp.linspace(0.0, 1.0, 7)`` inside a model is computed in doubles
before it meets a ball. Here the double 0.5 is taken exactly and the rest is enclosed. `pi` and `e` remain doubles, as
they are in every array namespace.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference_ad import numpy as _numpy
from reference_ad import special as _special
from reference_ad import tree
from reference_ad.core import Array, Tracer
from reference_ad.scalars import numbers


def _is_float(x: Any) -> bool:
    return isinstance(x, float) or (isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc")


def _exactly(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with floats made balls, going in if no array decides otherwise, and coming out."""

    def apply(*args: Any, **keywords: Any) -> Any:
        if not any(isinstance(leaf, Tracer) for leaf in tree.leaves(args)):
            args = tree.map(lambda leaf: numbers(leaf) if _is_float(leaf) else leaf, args)
        answer = function(*args, **keywords)
        return tree.map(lambda leaf: numbers(leaf) if _is_float(leaf) else leaf, answer)

    return apply


def _linspace(start: Any, stop: Any, /, num: int, *, dtype: Any = None, endpoint: Any = True) -> Array:
    first, last = numbers(start), numbers(stop)
    return first + (last - first) * np.arange(num) / max(num - 1 if endpoint else num, 1)


def _arange(start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None) -> Array:
    first, last = (0, start) if stop is None else (start, stop)
    plain = np.arange(first, last, step, dtype=dtype)
    return numbers(first) + np.arange(len(plain)) * numbers(step) if plain.dtype.kind == "f" else plain


class _Namespace:
    def __init__(self, module: Any, **replacements: Any) -> None:
        self._module = module
        self.__dict__.update(replacements)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._module, name)
        if callable(value) and not isinstance(value, type) and name not in _UNCHANGED:
            value = _exactly(value)
        self.__dict__[name] = value
        return value


_UNCHANGED = {"pow", "isdtype", "finfo", "iinfo", "result_type", "can_cast"}
xp = _Namespace(
    _numpy, special=_Namespace(_special), linalg=_Namespace(_numpy.linalg), linspace=_linspace, arange=_arange
)
"""`reference_ad.numpy` for balls."""
