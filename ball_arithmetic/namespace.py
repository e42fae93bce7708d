"""The namespace for balls.

Here a model's own constants are balls from the start, so that no double is rounded.

With `reference_ad.numpy`, ``xp.exp(0.5)`` or ``xp.linspace(0.0, 1.0, 7)`` inside a model is
computed in doubles before it meets a ball. Here the double 0.5 is taken for what `enclose` makes of
it, exactly itself if nothing else is said, and the rest is enclosed. Integers remain what they are,
and what is computed of them in floats, ``xp.sqrt(2)`` say, is enclosed; but ``xp.arange(7) / 3`` is
NumPy's, and rounded. `pi` and `e` remain doubles, as they are in every array namespace.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference_ad import numpy as _numpy
from reference_ad.engine import tree
from reference_ad.engine.core import Array
from reference_ad.engine.elements import OBJECT, numbers
from reference_ad.loops import python as loops
from reference_ad.namespace import special as _special

Enclose = Callable[[Any], Array]


def namespace(enclose: Enclose = numbers) -> Any:
    """`reference_ad.numpy` for balls.

    enclose: makes balls of the floats that a model brings along: a Python float, or an array of
    floats
    """

    def linspace(
        start: Any,
        stop: Any,
        /,
        num: int,
        *,
        dtype: Any = None,
        device: Any = None,
        endpoint: Any = True,
    ) -> Array:
        first, last = enclose(start), enclose(stop)
        return first + (last - first) * np.arange(num) / max(num - 1 if endpoint else num, 1)

    def arange(
        start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None
    ) -> Array:
        first, last = (0, start) if stop is None else (start, stop)
        plain = np.arange(first, last, step, dtype=None if dtype == OBJECT else dtype)
        return (
            plain
            if plain.dtype.kind in "iu" and dtype != OBJECT
            else (enclose(first) + np.arange(len(plain)) * enclose(step))
        )

    def enclosed(leaf: Any) -> Any:
        return enclose(leaf) if _is_float(leaf) else leaf

    def scan(
        step: Callable[..., Any], init: Any, xs: Any = None, length: int | None = None
    ) -> tuple[Any, Any]:
        def on_balls(carry: Any, x: Any) -> Any:
            return tree.map(enclosed, step(carry, x))

        return _numpy.scan(on_balls, tree.map(enclosed, init), tree.map(enclosed, xs), length)

    def fori_loop(lower: int, upper: int, body: Callable[[Any, Any], Any], init: Any) -> Any:
        return loops.fori_loop(lower, upper, body, init, scan=scan, arange=arange)

    def grad(function: Callable[..., Any]) -> Callable[..., Any]:
        gradient = _numpy.grad(function)
        return lambda x, *constants: gradient(tree.map(enclosed, x), *constants)

    linalg, special = _Namespace(_numpy.linalg, enclose), _Namespace(_special, enclose)
    fft = _Namespace(_numpy.fft, enclose)
    return _Namespace(
        _numpy,
        enclose,
        fft=fft,
        linalg=linalg,
        special=special,
        linspace=linspace,
        arange=arange,
        checkpoint=lambda function: function,
        scan=scan,
        fori_loop=fori_loop,
        grad=grad,
    )


_UNCHANGED = {"isdtype", "finfo", "iinfo", "result_type", "can_cast"}
_EXACT = {
    "asarray",
    "zeros",
    "ones",
    "empty",
    "eye",
    "fftfreq",
    "full",
    "zeros_like",
    "ones_like",
    "empty_like",
    "full_like",
    "rfftfreq",
}
"""Functions whose floats are no roundings of what integers would give."""


class _Namespace:
    """A module whose functions take floats for balls, and give balls."""

    def __init__(self, module: Any, enclose: Enclose, **replacements: Any) -> None:
        self._module = module
        self._enclose = enclose
        self.__dict__.update(replacements)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._module, name)
        if callable(value) and not isinstance(value, type) and name not in _UNCHANGED:
            value = _enclosed(value, self._enclose, name)
        self.__dict__[name] = value
        return value


def _enclosed(function: Callable[..., Any], enclose: Enclose, name: str) -> Callable[..., Any]:
    def enclosed(leaf: Any) -> Any:
        return enclose(leaf) if _is_float(leaf) else leaf

    def call(*args: Any, **keywords: Any) -> Any:
        arrays = 1 if name == "pow" else len(args)  # an exponent is a number
        operands, parameters = args[:arrays], args[arrays:]
        operands = tuple([tree.map(enclosed, operand) for operand in operands])
        result = function(*operands, *parameters, **keywords)
        rounded = name not in _EXACT and any(map(_is_float, tree.leaves(result)))
        if rounded:  # the operands were integers
            result = function(*_without_integers(operands), *parameters, **keywords)
        return tree.map(enclosed, result)

    return call


def _is_float(x: Any) -> bool:
    return isinstance(x, (float, complex)) or (
        isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc"
    )


def _without_integers(operands: Any) -> Any:
    """The operands with balls for integers.

    Python's own are operands where there are no arrays of them.
    """
    arrays = [isinstance(leaf, (np.ndarray, np.generic)) for leaf in tree.leaves(operands)]
    types = (np.ndarray, np.generic) if any(arrays) else (int,)
    return tree.map(lambda leaf: numbers(leaf) if isinstance(leaf, types) else leaf, operands)


xp = namespace()
"""`reference_ad.numpy` for balls, with the floats of a model taken exactly."""
