"""The arrays of a call as the arguments of a model: an active one, and constants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from adbench.cases.case import DTYPES
from adbench.cases.model import SpecError
from adbench.functions.framework import Framework, OpenArray, OpenCall

REAL_OF_COMPLEX = {"complex128": "float64", "complex64": "float32"}
"""The dtype of the parts of a complex array."""


@dataclass(frozen=True)
class Part:
    """An array of real numbers that an argument of the model holds."""

    place: int
    """Which of the arrays of the call it belongs to."""
    name: str
    is_active: bool
    is_imaginary: bool = False


@dataclass(frozen=True)
class Packing:
    """How the arrays of a call are held by a model's arguments.

    The first argument holds all active arrays: itself one, or a dict of them by their names. The
    others are the constants. A complex array is two, its real and its imaginary part.
    """

    framework: Framework
    arrays: tuple[OpenArray, ...]
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, framework: Framework, opened: OpenCall, argnums: Any) -> Packing:
        """Choose which arrays are active. Raises SpecError where none can be."""
        active = _active_places(framework, opened.arrays, argnums)
        parts: list[Part] = []
        names = _distinct([each.name for each in opened.arrays])
        for place, (open_array, name) in enumerate(zip(opened.arrays, names, strict=True)):
            if framework.kind(open_array.array) == "c":
                parts.append(Part(place, f"{name}.real", place in active))
                parts.append(Part(place, f"{name}.imag", place in active, True))
            else:
                parts.append(Part(place, name, place in active))
        return cls(framework, opened.arrays, tuple(parts))

    @property
    def active(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.is_active)

    @property
    def constants(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if not part.is_active)

    @property
    def names(self) -> tuple[str, ...]:
        """What the model's arguments are called; "" for one whose entries have names."""
        first = self.active[0].name if len(self.active) == 1 else ""
        return (first, *(part.name for part in self.constants))

    @property
    def dtype(self) -> str:
        """The lowest dtype of the active arrays."""
        names = [self.framework.dtype_name(self.arrays[part.place].array) for part in self.active]
        names = [REAL_OF_COMPLEX.get(name, name) for name in names]
        return max((name for name in names if name in DTYPES), key=DTYPES.index, default=DTYPES[0])

    def examples(self) -> list[Any]:
        """Return the arrays of the parts as the framework's."""
        return [self._part_of(part, self.arrays[part.place].array) for part in self.parts]

    def point(self) -> tuple[Any, ...]:
        """Return the model's arguments at which the function was called, as NumPy arrays."""
        return self.packed([self.framework.to_numpy(array) for array in self.examples()])

    def packed(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Return the model's arguments from the arrays of the parts."""
        pairs = list(zip(self.parts, values, strict=True))
        active = {part.name: value for part, value in pairs if part.is_active}
        constants = [value for part, value in pairs if not part.is_active]
        if len(active) == 1:
            return (*active.values(), *constants)
        return (active, *constants)

    def unpacked(self, active: Any, constants: Sequence[Any]) -> list[Any]:
        """Return the arrays of the parts from the model's arguments."""
        remaining = iter(constants)
        is_one = len(self.active) == 1
        values = []
        for part in self.parts:
            if not part.is_active:
                values.append(next(remaining))
            else:
                values.append(active if is_one else active[part.name])
        return values

    def joined(self, values: Sequence[Any], framework: Framework) -> list[Any]:
        """Return the arrays of the call from those of its parts, complex ones joined."""
        arrays = []
        remaining = iter(zip(self.parts, values, strict=True))
        for part, value in remaining:
            if part.place in self._complex:
                _, imaginary = next(remaining)
                value = framework.complex_of(value, imaginary)
            arrays.append(value)
        return arrays

    @cached_property
    def _complex(self) -> frozenset[int]:
        """Which arrays of the call are complex."""
        return frozenset(part.place for part in self.parts if part.is_imaginary)

    def _part_of(self, part: Part, array: Any) -> Any:
        if part.place not in self._complex:
            return array
        real, imaginary = self.framework.parts(array)
        return imaginary if part.is_imaginary else real


def _distinct(names: Sequence[str]) -> list[str]:
    """Names of which none is twice: a parameter of a module may be called like an argument."""
    distinct: dict[str, None] = {}
    for name in names:
        candidate, count = name, 1
        while candidate in distinct:
            count += 1
            candidate = f"{name} ({count})"
        distinct[candidate] = None
    return list(distinct)


def _active_places(
    framework: Framework, arrays: Sequence[OpenArray], argnums: Any
) -> frozenset[int]:
    """Which arrays are differentiated by: those named, or watched, or all of floating numbers."""
    floating = [place for place, each in enumerate(arrays) if framework.kind(each.array) in "fc"]
    if argnums is None:
        watched = [place for place in floating if arrays[place].is_watched]
        chosen = watched or floating
    else:
        wanted = [argnums] if isinstance(argnums, int | str) else list(argnums)
        for owner in wanted:
            _check_named(owner, arrays, floating)
        chosen = [
            place
            for place in floating
            if arrays[place].owner in wanted or arrays[place].name in wanted
        ]
    if not chosen:
        raise SpecError(
            "check was given no array of floating-point numbers to differentiate by; give one "
            "among the arguments."
        )
    return frozenset(chosen)


def _check_named(owner: Any, arrays: Sequence[OpenArray], floating: Sequence[int]) -> None:
    """Raise SpecError for an argument that holds nothing to differentiate by."""
    if any(owner in (arrays[place].owner, arrays[place].name) for place in floating):
        return
    names = ", ".join(dict.fromkeys(arrays[place].name for place in floating))
    raise SpecError(
        f"argnums names {owner!r}, which holds no array of floating-point numbers; those that do "
        f"are {names or 'none'}."
    )
