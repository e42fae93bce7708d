"""What an element of an array may be, beside NumPy's numbers.

An array of other elements is an `ElementArray`, which holds an object array. It takes part in a
program as a tracer of a level that lies below all transformations, so every primitive arrives here
when nothing is left to differentiate, and the rules hold for these elements without a word of their
own. How each primitive is computed on them is said by an
`Arithmetic`, installed from outside: the engine itself knows NumPy alone. `ball_arithmetic` is one,
for FLINT's balls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from .core import Array, Level, Primitive, Tracer

OBJECT = np.dtype(object)


@dataclass(frozen=True)
class Arithmetic:
    """What the engine must know of elements that are not NumPy's. Arrays are object arrays here."""

    implementation: Callable[[Primitive], Callable[..., Any]]
    """How a primitive is computed: a function like its own implementation."""
    takes_conditions: Callable[[Primitive], bool]
    """Whether a primitive takes truth values as such; to the others they are numbers between 0 and
    1."""
    elements: Callable[[Any], Any]
    """An array of elements from whatever stands for numbers; truth values as they are."""
    as_numbers: Callable[[Any], Any]
    """Truth values as numbers."""
    truths: Callable[[Any], Any]
    """Truth values as they are, and of numbers whether they differ from 0; None where that is
    open."""
    ranks: Callable[[list[Any]], list[int]]
    """For each element of a list how many smaller values there are; UndecidedError if that is
    open."""
    is_complex: Callable[[Any], bool]
    """Whether an array has complex elements."""
    constants: Mapping[str, Callable[[], Any]]
    """The constants of `constants.py`, by name."""


_installed: list[Arithmetic] = []
"""The arithmetic of every context that has no other."""

_arithmetic: ContextVar[Arithmetic] = ContextVar("arithmetic")


def install(arithmetic: Arithmetic) -> None:
    """Say how to compute on elements that are not NumPy's, wherever no other arithmetic is set."""
    _installed[:] = [arithmetic]


@contextmanager
def computing_with(arithmetic: Arithmetic) -> Iterator[None]:
    """Compute with another arithmetic within the block, in this context alone.

    In this thread, say.
    """
    token = _arithmetic.set(arithmetic)
    try:
        yield
    finally:
        _arithmetic.reset(token)


def current_arithmetic() -> Arithmetic:
    """The arithmetic of this context. Raises TypeError where none is installed."""
    try:
        return _arithmetic.get()
    except LookupError:
        pass
    if not _installed:
        raise TypeError(
            "An array of objects was given, and nothing says how to compute on them: import "
            "ball_arithmetic for FLINT's balls, or convert the array to floats."
        )
    return _installed[0]


class UndecidedError(ValueError):
    """A program branches, sorts or indexes on a comparison that the balls leave open."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is undecided, for the balls overlap: raise the precision, or move the point "
            "away from the kink."
        )


# --- arrays ---------------------------------------------------------------------------------------


class ElementArray(Tracer):
    """An array of balls or power series: `primal` is an object array."""

    __slots__ = ()

    def __init__(self, elements: Any) -> None:
        self.level = _LEVEL
        self.primal = elements

    def __bool__(self) -> bool:
        return bool(decided(self, "The truth of an array of balls"))

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            "NumPy was given an array of balls, or Python asked for it as a number: use the "
            "functions of reference_ad.numpy, or read it with midpoints and radii of "
            "ball_arithmetic."
        )

    __float__ = __int__ = __complex__ = __array__

    def __repr__(self) -> str:
        return f"ElementArray({self.primal})"


class UndecidedMask(ElementArray):
    """The outcome of comparisons, of which some are undecided.

    The elements are True, False and None.
    """

    __slots__ = ()

    @property
    def dtype(self) -> Any:
        return np.dtype(bool)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise UndecidedError("A comparison")

    def __bool__(self) -> bool:
        return bool(decided(self, "A comparison"))


class _ElementLevel(Level):
    """Below all transformations: what computes on these elements."""

    __slots__ = ()

    def __init__(self) -> None:
        self.number = 0
        self.closed = False

    def process(
        self, primitive: Primitive, args: tuple[Array, ...], params: dict[str, Any]
    ) -> Array:
        arithmetic = current_arithmetic()
        takes_conditions = arithmetic.takes_conditions(primitive)
        values = []
        for position, arg in enumerate(args):
            if position and primitive.takes_indices:
                values.append(arg)
            elif type(arg) is UndecidedMask and not takes_conditions:
                values.append(arithmetic.as_numbers(arg.primal))
            elif isinstance(arg, ElementArray):
                values.append(arg.primal)
            elif type(arg) in (int, float) and not takes_conditions:
                values.append(arg)
            else:
                values.append(arithmetic.elements(arg))
        with np.errstate(all="ignore"):  # a ball that is not a number says so itself
            ans = arithmetic.implementation(primitive)(*values, **params)
        return _wrapped(ans)


_LEVEL = _ElementLevel()


def _wrapped(ans: Any) -> Any:
    """An implementation's answer as an array.

    `ElementArray`, or a plain one of truth values where all are decided.
    """
    if isinstance(ans, np.generic):
        return ans
    ans = as_array(ans)
    if ans.dtype != OBJECT:
        return ans
    if ans.size and (ans.flat[0] is None or isinstance(ans.flat[0], bool)):
        return UndecidedMask(ans) if None in ans.ravel().tolist() else ans.astype(bool)[()]
    return ElementArray(ans)


def as_array(x: Any) -> Any:
    """An array, of no dimensions if x is an element.

    NumPy gives such bare where it computes on objects.
    """
    if isinstance(x, np.ndarray):
        return x
    array = np.empty((), OBJECT)
    array[()] = x
    return array


def decided(x: Array, what: str) -> Any:
    """The truth values of `x`: its own if it has such, else whether its elements differ from 0.

    Raises UndecidedError, which names `what`, where balls leave that open.
    """
    if not isinstance(x, ElementArray):
        return x
    truths = as_array(current_arithmetic().truths(x.primal))
    if None in truths.ravel().tolist():
        raise UndecidedError(what)
    return truths.astype(bool)[()]


def numbers(x: Any) -> Array:
    """An array of elements from whatever stands for numbers.

    Raises TypeError where no arithmetic is installed.
    """
    if isinstance(x, Tracer):
        return x
    return ElementArray(
        current_arithmetic().elements(np.asarray(x, OBJECT) if np.asarray(x).dtype == bool else x)
    )


def constant(name: str) -> Array:
    """A constant of `constants.py`, enclosed at the present precision."""
    return ElementArray(as_array(current_arithmetic().constants[name]()))


def is_complex(x: Array) -> bool:
    """Whether the numbers are complex, which the dtype of balls does not tell."""
    kind = x.dtype.kind
    if kind == "O":
        while not isinstance(x, ElementArray) and isinstance(x, Tracer):
            x = x.primal
        return isinstance(x, ElementArray) and current_arithmetic().is_complex(x.primal)
    return kind == "c"


def order(x: Array, axis: int) -> Any:
    """Integers that are ordered along `axis` as the elements of `x` are.

    Raises UndecidedError where the balls leave the order open.
    """
    if not isinstance(x, ElementArray):
        return x
    lines = np.moveaxis(x.primal, axis, -1)
    ranks = np.zeros(lines.shape, np.int64)
    for place in np.ndindex(lines.shape[:-1]):
        ranks[place] = current_arithmetic().ranks(lines[place].tolist())
    return np.moveaxis(ranks, -1, axis)
