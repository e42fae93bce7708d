"""The computational graph as it is drawn: its vertices and edges, with what is known of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

SHOWN_NUMBERS = 3
"""Of an array with more numbers than this the smallest and the largest stand for all."""


MOST_VERTICES = 200
"""A graph of more vertices than this is drawn where that is asked for: nobody reads it."""


@dataclass(frozen=True)
class GraphRequest:
    """What is to be drawn of a model."""

    size: str = ""
    """The name of its size; the first where empty."""
    gradient: bool = False
    """Whether the gradient is drawn with the function."""
    values: bool = True
    """Whether numbers are."""
    limit: int = MOST_VERTICES
    """How many vertices there may be."""


class Kind(StrEnum):
    """What a vertex is."""

    ACTIVE = "active"
    """An array that the function is differentiated with respect to."""

    CONSTANT = "constant"
    """Another argument, or an array that the function holds."""

    VALUE = "value"
    """What the function computes."""

    OUTPUT = "output"
    """What the function returns."""

    BACKWARD = "backward"
    """What its gradient computes beyond that."""

    GRADIENT = "gradient"
    """An array of the gradient."""


@dataclass(frozen=True)
class Numbers:
    """The numbers of an array in short."""

    shown: tuple[float, ...]
    """All of them, in their order, where there are at most `SHOWN_NUMBERS`; else none."""
    lowest: float = math.nan
    """The smallest; nan where there is none, or one is nan."""
    highest: float = math.nan
    """The largest; nan where there is none, or one is nan."""


@dataclass(frozen=True)
class Vertex:
    """A value of the program."""

    name: str
    """What other vertices call it."""
    formula: str
    """How it is computed, in Python's notation; "" for what comes from outside."""
    kind: Kind
    """What it is."""
    shape: tuple[int, ...]
    """The shape of the array."""
    dtype: str
    """The name of its dtype."""
    value: Numbers | None = None
    """Its numbers, where they were wanted."""
    adjoint: Numbers | None = None
    """The derivative of the output (of the sum of its entries, where it has several) by it."""


@dataclass(frozen=True)
class Edge:
    """An influence of one value on another."""

    source: int
    """The place of the vertex that influences."""
    target: int
    """The place of the vertex that is influenced."""
    derivative: float | None = None
    """The local derivative, where both are single numbers and it was wanted."""


@dataclass(frozen=True)
class FunctionGraph:
    """The graph of a model's function, or of the function with its gradient."""

    model: str
    """The model's name."""
    size: str
    """The name of its size."""
    has_gradient: bool
    """Whether the gradient is part of it."""
    vertices: tuple[Vertex, ...]
    """The vertices, each after those that influence it."""
    edges: tuple[Edge, ...]
    """The edges, each pair of vertices once."""
    primitives: int
    """How often a primitive of the engine is applied."""
    operations: int
    """How many operations on numbers that takes."""

    @property
    def title(self) -> str:
        """What the picture is called."""
        subject = "function and gradient" if self.has_gradient else "function"
        return f"{self.model} {self.size}: {subject}"
