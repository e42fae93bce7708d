"""The points at which the models of a run are evaluated.

One that is judged and timed, and further ones at which answers are judged as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from adbench.cases.case import DTYPES, Case, numpy_dtype
from adbench.cases.inputs import Array, Inputs, make_inputs, same_numbers
from adbench.cases.model import Model, SpecError
from adbench.cases.ranges import has_a_range
from adbench.cases.static import is_static
from reference_ad.engine import tree

FIXED_POINT_FACTORS = (0.875, 0.5, 0.25)
"""Where a recipe has one point only, further ones are the first with its active numbers times one
of these: that keeps signs, and stays within [-1, 1] and similar domains."""

FAR_FACTORS = (8.0, 64.0)
"""How many times the active numbers of the first are those of the points far from it, where
branches for large arguments are taken."""


@dataclass(frozen=True)
class Points:
    """What the points of a run depend on, beside the model and its size."""

    seed: int
    """The seed of the random numbers."""
    lowest_dtype: str
    """The lowest dtype of the run: every point is representable in it."""
    further: int = 1
    """At how many further points the answers to one question are judged, at most as many as there
    are `FIXED_POINT_FACTORS`."""
    far: bool = False
    """Whether hand-written code is judged far from these as well."""

    def for_dtype(self, dtype: str) -> Points:
        """Return the points that are representable in a dtype as well."""
        lower = max(self.lowest_dtype, dtype, key=DTYPES.index)
        return replace(self, lowest_dtype=lower)

    def first(self, model: Model, size: str) -> Inputs:
        """Make the inputs of a model at the point that is asked for, in float64."""
        return make_inputs(model, size, self.seed, self.lowest_dtype)

    def further_points(self, model: Model, size: str, first: Inputs) -> tuple[Inputs, ...]:
        """Return the further points of a model, of the structure and shapes of the first.

        They come from the model's recipe, drawn again: what a label, a mask or a unit vector is, it
        stays. Where the recipe gives no other point, the active numbers alone are varied.
        """
        if is_lone(model):
            return ()
        return tuple(self._further(model, size, first, draw) for draw in range(1, 1 + self.further))

    def far_points(self, model: Model, first: Inputs) -> tuple[Inputs, ...]:
        """Return points that are far from the first, none where they are not wanted.

        A recipe's numbers may have a meaning that they lose there: none is far from those that look
        like shares or unit vectors, nor where a function is only right up to an accuracy.
        Elsewhere a derivative is judged where the value is right.
        """
        leaves = tree.leaves(first.arguments[first.active])
        if not self.far or is_lone(model) or model.accuracy or any(map(has_a_range, leaves)):
            return ()
        return tuple(self._varied(first, factor) for factor in FAR_FACTORS)

    def _further(self, model: Model, size: str, first: Inputs, draw: int) -> Inputs:
        factor = FIXED_POINT_FACTORS[draw - 1]
        try:
            drawn = make_inputs(model, size, self.seed, self.lowest_dtype, draw=draw)
        except SpecError:  # the first draw was good, and the user's recipe need not be for all
            return self._varied(first, factor)
        if _structure(drawn) != _structure(first):
            return self._varied(first, factor)
        active = first.active
        if same_numbers(drawn.arguments[active], first.arguments[active]):
            return self._varied(drawn, factor)
        return drawn

    def _varied(self, inputs: Inputs, factor: float) -> Inputs:
        """Return inputs with other active numbers and directions, and the same constants."""

        def scaled(leaf: Array) -> Array:
            low: Array = (leaf * factor).astype(numpy_dtype(self.lowest_dtype))
            return low.astype(np.float64)

        arguments = list(inputs.arguments)
        arguments[inputs.active] = tree.map(scaled, arguments[inputs.active])
        return replace(
            inputs,
            arguments=tuple(arguments),
            tangent=tree.map(scaled, inputs.tangent),
            cotangent=scaled(inputs.cotangent),
        )


@dataclass(frozen=True)
class Subject:
    """A model at one size in one dtype: cells of the same subject share their inputs.

    Models hold mappings, which have no hash, so they are compared by identity.
    """

    model: Model = field(compare=False)
    """The model; while the subject is kept, no other object has its identity."""
    model_identity: int
    """`id` of the model."""
    size: str
    """The name of the size."""
    dtype: str
    """The dtype that is asked for."""

    @classmethod
    def of(cls, case: Case, model: Model) -> Subject:
        """Return the subject of a case."""
        return cls(model, id(model), case.size, case.dtype)


@dataclass(frozen=True)
class SubjectPoints:
    """The points of a subject."""

    first: Inputs
    """At the point that is asked for."""
    further: tuple[Inputs, ...]
    """At the further points, and those far from the first after them."""
    nearer: int
    """How many of the further points are not far."""

    def astype(self, dtype: str) -> SubjectPoints:
        """Return the same points in another dtype."""
        further = tuple(inputs.astype(dtype) for inputs in self.further)
        return replace(self, first=self.first.astype(dtype), further=further)


def drawing(points: Points) -> Callable[[Subject], SubjectPoints]:
    """Return a function that draws the points of a subject in float64, those of the last few once.

    Subjects of one model and size in different dtypes have different points, unless the run has a
    lower dtype than both.
    """

    @lru_cache(maxsize=4)
    def draw(subject: Subject) -> SubjectPoints:
        representable = points.for_dtype(subject.dtype)
        first = representable.first(subject.model, subject.size)
        further = representable.further_points(subject.model, subject.size, first)
        far = representable.far_points(subject.model, first)
        return SubjectPoints(first, (*further, *far), len(further))

    return draw


def is_lone(model: Model) -> bool:
    """Whether a model is asked at one point alone, and at none beside it."""
    return getattr(model.make, "is_lone", False)


def _structure(inputs: Inputs) -> list[tuple[Any, ...]]:
    """Where every array of the arguments is, with its shape and dtype; static values themselves."""
    paths, leaves = tree.paths(inputs.arguments), tree.leaves(inputs.arguments)
    pairs = zip(paths, leaves, strict=True)
    return [(path, repr(x)) if is_static(x) else (path, x.shape, x.dtype) for path, x in pairs]
