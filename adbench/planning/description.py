"""What is known of a model without its functions, so that a plan can be made in another process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adbench.cases.definition import Definition, FunctionElsewhere, definition_of
from adbench.cases.model import Model


@dataclass(frozen=True)
class ModelDescription:
    """A model's fields as plain data, as far as they matter outside of the process that calls it.

    Of its sizes the names are kept, and of its functions where they are defined.
    """

    name: str
    active: int
    orders: int
    accuracy: float
    summary: str
    sizes: tuple[str, ...]
    sweep: tuple[str, ...]
    growth: dict[str, tuple[str, ...]]
    function: Definition
    native: dict[str, Definition]
    known_issues: dict[str, str] = field(default_factory=dict)
    is_read: bool = False
    """Whether the function is read from a native one."""

    @classmethod
    def of(cls, model: Model) -> ModelDescription:
        """Return the description of a model."""
        return cls(
            name=model.name,
            active=model.active,
            orders=model.orders,
            accuracy=float(model.accuracy),
            summary=model.summary,
            sizes=tuple(model.sizes),
            sweep=tuple(model.sweep),
            growth={axis: tuple(sizes) for axis, sizes in model.growth.items()},
            function=definition_of(model.function),
            native={name: definition_of(function) for name, function in model.native.items()},
            known_issues=dict(model.known_issues),
            is_read=bool(getattr(model.function, "is_read", False)),
        )

    def stand_in(self) -> Model:
        """Return a model with these fields, whose functions cannot be called in this process."""
        function = FunctionElsewhere(self.function, self.is_read)
        return Model(
            name=self.name,
            function=function,
            make=function,
            sizes=_named(self.sizes),
            active=self.active,
            sweep=_named(self.sweep),
            growth={axis: _named(sizes) for axis, sizes in self.growth.items()},
            orders=self.orders,
            native={name: FunctionElsewhere(place) for name, place in self.native.items()},
            known_issues=self.known_issues,
            accuracy=self.accuracy,
            summary=self.summary,
        )


def _named(sizes: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
    """Sizes of which the names alone are known."""
    return {size: {} for size in sizes}
