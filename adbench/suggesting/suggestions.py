"""Points at which a derivative may be wrong that is right at the point that was asked.

A rule written by hand has its bugs where it was not tried: in the branch past a threshold, at zero,
where entries are equal, where numbers are large or small or of the other sign, for other labels,
for a batch of one. Each kind is drawn here from a point at which the function is known to run:

- past, just past and at every comparison of the function (`comparisons.py`);
- all numbers zero, all equal, of the other sign, large, small, a few of them zero, drawn anew;
- other constants: numbers and labels in another order, masks turned over;
- one entry, or none, along the first axis that the arrays share.

A point counts where the function itself gives numbers that are finite in the dtype asked for.
Numbers that look like shares or unit vectors stay such, symmetric matrices symmetric and constants
that are sorted sorted; but where the function compares, it is made for both sides, and shares may
leave [0, 1]. All is drawn from a seed, so that another process makes the same points again.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from adbench.cases.case import numpy_dtype
from adbench.cases.inputs import Array, Inputs, make_inputs, same_numbers
from adbench.cases.model import Model
from adbench.cases.ranges import BETWEEN_0_AND_1, lost_meanings, meanings
from adbench.cases.static import arrays_of, map_arrays
from adbench.suggesting.comparisons import crossings
from reference_ad.engine import tree

MOST_NUMBERS = 100_000
"""A function of more active numbers is looked at where it was asked alone."""

LARGE, SMALL = 32.0, 2.0**-10
"""What numbers are multiplied by to be large, and to be small."""

OF_NO_RULE = frozenset({"sorted"})
"""What active numbers may be by the way they were written down, as those of `linspace` are."""

LOST_BY_COMPARING = OF_NO_RULE | {BETWEEN_0_AND_1}
"""What active numbers need not be past a comparison, as those of `clamp(x, 0, 1)` are not."""

Arguments = tuple[Any, ...]

Change = Callable[[Array, np.random.Generator], Array]
"""What makes other numbers of an array."""


class Place(NamedTuple):
    """Where points are suggested, beside the model."""

    size: str
    """The name of the model's size."""
    seed: int
    """The seed of the random numbers."""
    lowest_dtype: str
    """The lowest dtype of the run, in which every point is representable."""


@dataclass(frozen=True)
class Suggestion:
    """A point at which a function is looked at beyond where it was asked."""

    title: str
    """What it is, such as "past comparison 1" or "at zeros"."""
    kind: str
    """What points like it are called together."""
    arguments: Arguments
    """The model's arguments there."""
    of_comparison: bool = False
    """Whether it is on another side of a comparison that the function makes."""

    @property
    def is_far(self) -> bool:
        """Whether its numbers are so large that a right formula may lose its digits there."""
        return self.title in FAR


@dataclass(frozen=True, eq=False)
class SuggestedPoint:
    """Makes the arguments of a suggestion, whatever the size and the random numbers."""

    arguments: Arguments
    is_far: bool = False
    """Whether the numbers are larger than a formula need be accurate for."""
    is_lone = True
    """Whether no further points are drawn beside it."""

    def __call__(self, size: Any, rng: Any) -> Arguments:
        return self.arguments


def at_suggestion(model: Model, suggestion: Suggestion) -> Model:
    """Return a model that is at a suggested point at every size, and at no other."""
    name = f"{model.name} {suggestion.title}"
    make = SuggestedPoint(suggestion.arguments, is_far=suggestion.is_far)
    return replace(model, name=name, make=make)


def suggest(model: Model, size: str, seed: int, lowest_dtype: str) -> tuple[Suggestion, ...]:
    """Return the points that are suggested for a model at a size, the most telling first.

    They are representable in `lowest_dtype`. The same model, size and seed give the same points in
    every process. Raises SpecError where the model cannot be used.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where the numbers are not finite there is no point
        return _suggest(_Identity(model), size, seed, lowest_dtype)


class _Identity:
    """A model by its identity, which holds mappings and has no hash."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __hash__(self) -> int:
        return id(self.model)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.model is self.model


@lru_cache(maxsize=8)
def _suggest(key: _Identity, size: str, seed: int, lowest_dtype: str) -> tuple[Suggestion, ...]:
    model = key.model
    inputs = make_inputs(model, size, seed, lowest_dtype)
    if inputs.n > MOST_NUMBERS:
        return ()
    rng = np.random.default_rng([seed, zlib.crc32(f"{model.name} {size}".encode())])
    suggestions: list[Suggestion] = []
    seen = [inputs.arguments]
    for drawn in _drawn(model, inputs, rng):
        arguments = tuple(map_arrays(_rounding(lowest_dtype), drawn.arguments))
        if any(same_numbers(arguments, other) for other in seen):
            continue
        may_lose = LOST_BY_COMPARING if drawn.of_comparison else OF_NO_RULE
        if not keep_meanings(inputs.arguments, arguments, inputs.active, may_lose):
            continue
        seen.append(arguments)
        if _is_usable(model, inputs, arguments, lowest_dtype):
            suggestions.append(replace(drawn, arguments=arguments))
    assert len({suggestion.title for suggestion in suggestions}) == len(suggestions)
    return tuple(suggestions)


def _drawn(model: Model, inputs: Inputs, rng: np.random.Generator) -> Iterator[Suggestion]:
    """Yield all points, those included that cannot be used."""
    for crossing in crossings(model, inputs):
        title = f"{crossing.place} comparison {crossing.number} ({crossing.primitive})"
        kind = f"{crossing.place} a comparison"
        yield Suggestion(title, kind, crossing.arguments, of_comparison=True)
    for title, change in ACTIVE_CHANGES.items():
        yield Suggestion(title, title, _with_active(inputs, change, rng))
    for title, change in CONSTANT_CHANGES.items():
        yield Suggestion(title, title, _with_constants(inputs, change, rng))
    if getattr(model.function, "takes_other_shapes", False):
        batch = _length_of_batch(inputs)
        for kind, length in SHAPES.items():
            if batch > 1:
                yield Suggestion(kind, kind, _cut(inputs, batch, length))


def _with_active(inputs: Inputs, change: Change, rng: np.random.Generator) -> Arguments:
    arguments = list(inputs.arguments)
    arguments[inputs.active] = tree.map(lambda leaf: change(leaf, rng), arguments[inputs.active])
    return tuple(arguments)


def _with_constants(inputs: Inputs, change: Change, rng: np.random.Generator) -> Arguments:
    def changed(leaf: Array) -> Array:
        return change(leaf, rng)

    return tuple(
        argument if position == inputs.active else map_arrays(changed, argument)
        for position, argument in enumerate(inputs.arguments)
    )


def _rounding(dtype: str) -> Callable[[Array], Array]:
    def rounded(leaf: Array) -> Array:
        if leaf.dtype.kind != "f":
            return leaf
        with np.errstate(over="ignore"):
            return np.asarray(leaf.astype(numpy_dtype(dtype)).astype(np.float64))

    return rounded


def keep_meanings(
    known: Arguments, arguments: Arguments, active: int, may_lose: frozenset[str] = OF_NO_RULE
) -> bool:
    """Return whether shares are still shares, symmetric matrices symmetric, and constants sorted.

    A rule may well count on that. known: the arguments of a point that was asked. may_lose: the
    meanings that active numbers need not keep.
    """
    for position, (before, after) in enumerate(zip(known, arguments, strict=True)):
        pairs = zip(arrays_of(before), arrays_of(after), strict=True)
        for old, new in pairs:
            if old.dtype.kind != "f" or not new.size:
                continue
            lost = lost_meanings(old, new)
            if position == active:
                lost -= may_lose
            if lost:
                return False
    return True


def _is_usable(model: Model, inputs: Inputs, arguments: Arguments, lowest_dtype: str) -> bool:
    """Whether all arguments and all that the function gives for them are finite.

    They are so in the lowest dtype: where a value overflows in it, its derivative tells nothing.
    """
    try:
        output = np.asarray(model.output(inputs.xp, *map_arrays(np.copy, arguments)))
    except Exception:  # it does not take such arguments, and whatever it raises says so
        return False
    floating = [leaf for leaf in arrays_of(arguments) if leaf.dtype.kind == "f"]
    if output.dtype.kind == "f":
        output = output.astype(numpy_dtype(lowest_dtype))
    return bool(output.size) and all(np.isfinite(x).all() for x in (output, *floating))


# ---- other numbers


def _few_zeros(leaf: Array, rng: np.random.Generator) -> Array:
    return np.where(rng.random(leaf.shape) < 0.5, 0.0, leaf)


def _equal(leaf: Array, rng: np.random.Generator) -> Array:
    return np.full_like(leaf, leaf.flat[0] if leaf.size else 0.0)


def _redrawn(leaf: Array, rng: np.random.Generator) -> Array:
    size = float(np.sqrt(np.mean(leaf * leaf))) if leaf.size else 1.0
    return np.asarray(rng.standard_normal(leaf.shape) * (size or 1.0))


def _reordered(leaf: Array, rng: np.random.Generator) -> Array:
    """The same numbers in another order along the last axis, so that shares stay shares."""
    if leaf.ndim == 0:
        return leaf
    return np.asarray(rng.permuted(leaf, axis=-1))


def _turned_over(leaf: Array, rng: np.random.Generator) -> Array:
    return ~leaf if leaf.dtype.kind == "b" else leaf


def _other_labels(leaf: Array, rng: np.random.Generator) -> Array:
    """Integers out of those that there are, drawn anew."""
    if leaf.dtype.kind not in "iu" or not leaf.size:
        return leaf
    return np.asarray(rng.choice(leaf.ravel(), leaf.shape))


def _redrawn_or_reordered(leaf: Array, rng: np.random.Generator) -> Array:
    if leaf.dtype.kind != "f" or meanings(leaf):
        return _reordered(leaf, rng)
    return _redrawn(leaf, rng)


ACTIVE_CHANGES: dict[str, Change] = {
    "at zeros": lambda leaf, rng: np.zeros_like(leaf),
    "at equal numbers": _equal,
    "at the other signs": lambda leaf, rng: -leaf,
    "at large numbers": lambda leaf, rng: leaf * LARGE,
    "at small numbers": lambda leaf, rng: leaf * SMALL,
    "at a few zeros": _few_zeros,
    "at numbers drawn anew": _redrawn,
    "at very large numbers": lambda leaf, rng: leaf * LARGE**2,
    "with numbers in another order": _reordered,
}
"""What active numbers are replaced by, and what they are called then."""

FAR = frozenset({"at large numbers", "at very large numbers"})
"""What the points are called whose numbers are large."""

CONSTANT_CHANGES: dict[str, Change] = {
    "with other constants": _redrawn_or_reordered,
    "with other labels": _other_labels,
    "with masks turned over": _turned_over,
}
"""What constants are replaced by."""


# ---- other shapes


SHAPES = {"with a batch of one": 1, "with an empty batch": 0}
"""How many entries along the first axis are left, and what that is called."""


def _length_of_batch(inputs: Inputs) -> int:
    """The length of the first array along its first axis; 0 where that is of no batch for certain.

    Where another axis has the same length, it may well be the same axis, and a shorter one would be
    broadcast.
    """
    arrays = [array for array in arrays_of(inputs.arguments) if array.ndim]
    if not arrays:
        return 0
    length = int(arrays[0].shape[0])
    is_of_others = any(length in array.shape[1:] for array in arrays)
    return 0 if is_of_others else length


def _cut(inputs: Inputs, batch: int, length: int) -> Arguments:
    """The arguments with `length` entries where there were `batch` along the first axis."""

    def cut(leaf: Array) -> Array:
        return leaf[:length] if leaf.ndim and leaf.shape[0] == batch else leaf

    return tuple(map_arrays(cut, argument) for argument in inputs.arguments)
