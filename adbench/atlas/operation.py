"""The operation: a function of the namespace, and points that cover its domain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adbench.atlas.claims import Numbers
from adbench.cases.model import Model

USUAL, EXTREME = "usual", "extreme"
"""The sizes of an operation's model: points in the middle of the domain, and those at its ends."""


@dataclass(frozen=True)
class Domain:
    """Points of a function; the first axis of several arguments is the argument."""

    usual: Numbers
    """Points in the middle of its domain."""

    extreme: Numbers | None = None
    """Tiny and huge numbers, points near singularities, and special values; None for arrays."""


@dataclass(frozen=True)
class Operation:
    """A function whose value, JVP, VJP and second derivative are measured."""

    name: str
    """What it is called in the namespace; "complex " before it where its numbers are complex."""

    function: Callable[..., Any]
    """`function(xp, x)`, as that of a model."""

    domain: Domain

    constants: tuple[Any, ...] = field(default=())
    """The arguments after x."""

    @property
    def sizes(self) -> Mapping[str, Mapping[str, Any]]:
        """The points by what they are."""
        points = {USUAL: self.domain.usual, EXTREME: self.domain.extreme}
        return {name: {"x": x} for name, x in points.items() if x is not None}

    def model(self) -> Model:
        """Return the operation as a model with a size for each kind of points."""
        constants = self.constants
        return Model(
            name=self.name,
            function=self.function,
            make=lambda size, rng: (np.asarray(size["x"], np.float64), *constants),
            sizes=self.sizes,
        )


def named(xp: Any, name: str) -> Any:
    """Return the function of a namespace that is called by a dotted name."""
    value = xp
    for part in name.split("."):
        value = getattr(value, part)
    return value


def unary(name: str, domain: Domain) -> Operation:
    """Return a function of one array, elementwise or not."""
    return Operation(name, lambda xp, x: named(xp, name)(x), domain)


def binary(name: str, domain: Domain) -> Operation:
    """Return a function of two arrays, the rows of x."""
    return Operation(name, lambda xp, x: named(xp, name)(x[0, ...], x[1, ...]), domain)


def complex_unary(name: str, domain: Domain) -> Operation:
    """Return a function of a complex array, whose parts are the rows of x and of the output."""

    def in_parts(xp: Any, x: Any) -> Any:
        value = named(xp, name)(x[0, ...] + 1j * x[1, ...])
        return xp.stack([xp.real(value), xp.imag(value)])

    return Operation(f"complex {name}", in_parts, domain)
