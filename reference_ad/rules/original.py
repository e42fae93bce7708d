"""The engine's rules as they were when it was imported, whatever has been put in their place since.

Somebody who tries rules of his own replaces those of a primitive, for the whole process or within a
block (`other_rules`). What must not depend on that is computed within `original_rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from operator import attrgetter
from typing import Any

from ..engine.core import PRIMITIVES, Primitive, other_rules
from . import (
    bessel,
    contraction,
    elementwise,
    fourier,
    incomplete_gamma,
    linalg,
    reductions,
    series,
    special,
    structural,
    zeta,
)

_TABLES = (
    bessel,
    contraction,
    elementwise,
    fourier,
    incomplete_gamma,
    linalg,
    reductions,
    series,
    special,
    structural,
    zeta,
)

Fields = tuple[Any, ...]
"""What the slots of a primitive hold, in their order; lists as tuples, which nobody can change."""


_present_fields = attrgetter(*Primitive.__slots__)
"""What the slots of a primitive hold, lists as they are."""


def _fields(primitive: Primitive) -> Fields:
    values = _present_fields(primitive)
    return tuple(tuple(value) if isinstance(value, list) else value for value in values)


def _set_fields(primitive: Primitive, fields: Fields) -> None:
    for slot, value in zip(Primitive.__slots__, fields, strict=True):
        setattr(primitive, slot, value)


def _all_primitives() -> Iterator[Primitive]:
    """Yield those that are listed, and those of the tables that are not."""
    yield from PRIMITIVES.values()
    for table in _TABLES:
        yield from (value for value in vars(table).values() if isinstance(value, Primitive))


_ORIGINAL_TABLE: Mapping[str, Primitive] = dict(PRIMITIVES)

_ORIGINAL_FIELDS: Mapping[Primitive, Fields] = {
    primitive: _fields(primitive) for primitive in _all_primitives()
}

_ORIGINAL_VALUES: Mapping[Primitive, Fields] = {
    primitive: _present_fields(primitive) for primitive in _ORIGINAL_FIELDS
}
"""What the slots hold, lists as they are: the same lists, unless they were put in others' place."""

_ORIGINAL_LISTS = [
    (value, tuple(value))
    for values in _ORIGINAL_VALUES.values()
    for value in values
    if isinstance(value, list)
]
"""The lists among them, and what they hold."""


def _is_unchanged() -> bool:
    """Whether every primitive is what it was; told in a tenth of the time of a comparison."""
    have_same_slots = all(
        _present_fields(primitive) == values for primitive, values in _ORIGINAL_VALUES.items()
    )
    return have_same_slots and all(tuple(now) == then for now, then in _ORIGINAL_LISTS)


@contextmanager
def original_rules() -> Iterator[None]:
    """Within the block every primitive of the engine is what it was at the engine's import.

    What was put in its place since, for the process or with `other_rules`, is there again
    afterwards. Primitives that were made since stay as they are. The exchange holds for the whole
    process: another thread that computes meanwhile computes with the original rules, too.
    """
    table = dict(PRIMITIVES)
    changed = {} if _is_unchanged() else _changed_fields()
    _exchange(PRIMITIVES, {**table, **_ORIGINAL_TABLE})
    for primitive in changed:
        _set_fields(primitive, _ORIGINAL_FIELDS[primitive])
    try:
        with other_rules({}):
            yield
    finally:
        added = {name: made for name, made in PRIMITIVES.items() if name not in _ORIGINAL_TABLE}
        _exchange(PRIMITIVES, {**table, **added})
        for primitive, fields in changed.items():
            _set_fields(primitive, fields)


def _changed_fields() -> dict[Primitive, Fields]:
    """What the slots of changed primitives hold, lists as they are: they are put back."""
    return {
        primitive: _present_fields(primitive)
        for primitive, fields in _ORIGINAL_FIELDS.items()
        if _fields(primitive) != fields
    }


def _exchange(table: dict[str, Primitive], other: Mapping[str, Primitive]) -> None:
    if table != other:
        table.clear()
        table.update(other)
