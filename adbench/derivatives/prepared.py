"""A call that is prepared: traced, compiled and made once, then made with other numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from adbench.backends.base import Call
from adbench.cases.messages import SentenceError
from adbench.cases.operators import Mode, Operator
from adbench.cases.question import array_name
from adbench.cases.static import without_static
from adbench.derivatives.conversion import Convert, description, is_array
from reference_ad.engine import tree


class OtherArguments(SentenceError, TypeError):
    """A prepared call is given other shapes, dtypes or values than it was prepared for."""


@dataclass(frozen=True)
class Preparation:
    """What a prepared call is made of."""

    operator: Operator
    mode: Mode
    backend: str
    """The backend's name."""
    route: str
    """How the backend answers, as rows have it."""
    arguments: tuple[Any, ...]
    """Arguments like those of every call; the direction is the last of them, where there is one."""
    names: tuple[str, ...]
    """What they are called."""
    direction: str
    """What the direction is called, "" where there is none."""
    argnum: int
    """The position of the active argument."""
    call: Call
    """`call(active, constants, direction)` on the backend's arrays."""
    modes: Callable[[], AbstractContextManager[Any]]
    """The settings that a call is made under."""
    stays: Callable[[Any], bool]
    """Which leaves of the constant arguments stay Python values."""
    backend_array: Convert
    """Makes an array of the backend of one in the arguments; its own are left as they are."""
    finish: Convert | None
    """Makes what is returned of an answer of the backend; None where that is it."""
    seeds: Any = None
    """The direction of every call of a sparse operator."""


class PreparedCall:
    """A derivative of a function at arguments of certain shapes and dtypes."""

    def __init__(self, preparation: Preparation) -> None:
        self.preparation = preparation
        leaves, self._structure = tree.flatten(preparation.arguments)
        self._kinds = [_kind(leaf) for leaf in leaves]
        moved = tree.leaves(self._moved(preparation.arguments))
        self._passes = all(after is before for after, before in zip(moved, leaves, strict=True))
        constants = _constants(preparation.arguments, preparation)
        self._has_static = any(preparation.stays(leaf) for leaf in tree.leaves(constants))

    def __call__(self, *arguments: Any, tangent: Any = None, cotangent: Any = None) -> Any:
        """Return the derivative at other numbers.

        arguments: those of the function, of the shapes and dtypes that it was prepared for. tangent
        (of a `jvp` and an `hvp`), cotangent (of a `vjp`): the direction. The answer holds arrays
        like those of the active argument that it was prepared with. Raises OtherArguments where
        anything is of another shape or dtype, or is another value that is no array.
        """
        direction = tangent if cotangent is None else cotangent
        if direction is not None:
            arguments = (*arguments, direction)
        leaves, structure = tree.flatten(arguments)
        is_same = structure == self._structure and all(map(_is_of_kind, leaves, self._kinds))
        if not is_same:
            self._check(arguments)
        prepared = self.preparation
        with prepared.modes():
            if not (is_same and self._passes):
                arguments = self._moved(arguments)
            direction = arguments[-1] if prepared.direction else prepared.seeds
            constants = _constants(arguments, prepared)
            if self._has_static:
                constants = tuple([without_static(each, prepared.stays)[0] for each in constants])
            answer = prepared.call(arguments[prepared.argnum], constants, direction)
        return answer if prepared.finish is None else prepared.finish(answer)

    def __repr__(self) -> str:
        prepared = self.preparation
        return (
            f"PreparedCall({prepared.operator} in mode {prepared.mode} on {prepared.backend}, for "
            f"{_described(prepared.names, prepared.arguments)})"
        )

    def _moved(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, and the direction, with the backend's arrays."""
        prepared = self.preparation
        last = len(arguments) - bool(prepared.direction)
        moved = moved_arguments(
            arguments[:last], prepared.argnum, prepared.stays, prepared.backend_array
        )
        directions = [tree.map(prepared.backend_array, each) for each in arguments[last:]]
        return (*moved, *directions)

    def _check(self, arguments: tuple[Any, ...]) -> None:
        """Raise OtherArguments unless arguments are described as the prepared ones."""
        prepared = self.preparation
        names = list(prepared.names)
        names += [f"argument {place}" for place in range(len(names), len(arguments))]
        description_of_call = _described(names[: len(arguments)], arguments)
        expected = _described(prepared.names, prepared.arguments)
        if description_of_call != expected:
            raise OtherArguments(
                f"This {prepared.operator} was prepared for {expected}, and was given "
                f"{description_of_call or 'nothing'}: prepare it anew for such arguments, or give "
                "those that it was prepared for."
            )


def moved_arguments(
    arguments: Sequence[Any], argnum: int, stays: Callable[[Any], bool], convert: Convert
) -> tuple[Any, ...]:
    """Return arguments with arrays of a backend; what stays a Python value is left as it is.

    argnum: the position of the active one, of which nothing stays.
    """

    def moved(leaf: Any) -> Any:
        return leaf if stays(leaf) else convert(leaf)

    return tuple(
        [
            tree.map(convert if position == argnum else moved, argument)
            for position, argument in enumerate(arguments)
        ]
    )


def _constants(arguments: tuple[Any, ...], prepared: Preparation) -> tuple[Any, ...]:
    last = len(arguments) - bool(prepared.direction)
    return arguments[: prepared.argnum] + arguments[prepared.argnum + 1 : last]


def _kind(leaf: Any) -> tuple[Any, Any, Any]:
    """What a leaf of another call must have: its type, shape and dtype, or the very value."""
    if is_array(leaf):
        return type(leaf), leaf.shape, leaf.dtype
    return type(leaf), None, leaf


def _is_of_kind(leaf: Any, kind: tuple[Any, Any, Any]) -> bool:
    kind_type, shape, dtype_or_value = kind
    if type(leaf) is not kind_type:
        return False
    if shape is None:
        return bool(leaf == dtype_or_value)
    return bool(leaf.shape == shape and leaf.dtype == dtype_or_value)


def _described(names: Sequence[str], arguments: Sequence[Any]) -> str:
    """Every argument with its dtype and shape, or its value."""
    words = []
    for name, argument in zip(names, arguments, strict=True):
        for path, leaf in zip(tree.paths(argument), tree.leaves(argument), strict=True):
            words.append(f"{array_name(name, path)}: {description(leaf)}")
    return ", ".join(words)
