"""What a run is restricted to by name, and whether there is such a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from os import PathLike, fspath
from typing import Any

from adbench import registry
from adbench.backends.catalog import Entry
from adbench.cases.case import DTYPES
from adbench.cases.model import SpecError
from adbench.cases.operators import Operator
from adbench.cases.text import plain_name
from adbench.registry import ModelSource, nearest

LARGEST_SEED = 2**64 - 1
"""The largest seed that a message to a worker can hold."""


@dataclass(frozen=True)
class Restriction:
    """What a run is restricted to by name."""

    operators: tuple[str, ...]
    """The operators; all that apply where empty."""
    sizes: tuple[str, ...]
    """The sizes; those that the preset asks for where empty."""
    dtypes: tuple[str, ...]
    """The dtypes."""

    def __post_init__(self) -> None:
        """Let a name that is given twice count once, and be written as the models write it."""
        for field in fields(self):
            names = map(plain_name, getattr(self, field.name))
            object.__setattr__(self, field.name, tuple(dict.fromkeys(names)))

    def allows(self, operator: Operator) -> bool:
        """Whether an operator is among those asked for."""
        return not self.operators or operator in self.operators


def as_names(call: str, parameter: str, names: Any, expected: str = "names") -> list[str]:
    """Return the names that a parameter was given, one or several, as a list of strings.

    call: what was called; expected: what the parameter takes, in words. Raises SpecError for what
    is neither name nor path, such as a Model.
    """
    if isinstance(names, str | PathLike) or not isinstance(names, Iterable):
        names = [names]
    strings = []
    for name in names:
        if not isinstance(name, str | PathLike):
            raise SpecError(
                f"{call} was given {parameter} of type {type(name).__name__}; give {expected}."
            )
        strings.append(fspath(name))
    return strings


def check_seed(seed: int) -> None:
    if seed > LARGEST_SEED:
        raise SpecError(f"The seed is {seed}; give an integer of at most {LARGEST_SEED}.")


def check_dtypes(dtypes: Sequence[str]) -> None:
    """Raise SpecError for a dtype that no case can ask for."""
    for dtype in dtypes:
        if dtype not in DTYPES:
            raise SpecError(nearest("dtype", dtype, DTYPES))


def check_operators(operators: Sequence[str]) -> None:
    names = [operator.value for operator in Operator]
    for operator in operators:
        if operator not in names:
            raise SpecError(nearest("operator", operator, names))


def check_sizes(sizes: Sequence[str], sources: Sequence[ModelSource]) -> None:
    names: list[str] = []
    for source in sources:
        grown = [name for axis in source.model.growth.values() for name in axis]
        names += [*source.model.sizes, *source.model.sweep, *grown]
    for size in sizes:
        if size not in names:
            raise SpecError(nearest("size", size, names))


def check_native(sources: Sequence[ModelSource], backends: Sequence[Entry]) -> None:
    """Raise SpecError for a hand-written function of a framework that does not exist.

    It would never be judged, and nobody would know.
    """
    entries = (*registry.backends().values(), *backends)
    frameworks = list(dict.fromkeys(entry.framework for entry in entries))
    for source in sources:
        for framework in source.model.native:
            if framework not in frameworks:
                raise SpecError(
                    f"native of the model {source.model.name!r}: "
                    f"{nearest('framework', framework, frameworks)}"
                )
