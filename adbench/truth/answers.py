"""Answers as plain arrays: collecting them from a backend, and measuring how far two lie apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reference_ad.engine import tree

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Answer:
    """The arrays of an answer, in the order of the leaves of the tree it came as, each with its
    path in that tree."""

    paths: tuple[str, ...]
    arrays: tuple[Array, ...]

    @property
    def is_finite(self) -> bool:
        """Whether no entry is nan or infinite."""
        return all(bool(np.isfinite(array).all()) for array in self.arrays)


def collect(answer: Any, to_numpy: Callable[[Any], Array] = np.asarray) -> Answer:
    """Return an answer's arrays as NumPy arrays, copied, so that nothing done later can change
    them."""
    return Answer(
        tuple(tree.paths(answer)),
        tuple(np.array(to_numpy(leaf), copy=True) for leaf in tree.leaves(answer)),
    )


def mismatch(answer: Answer, like: Answer) -> str:
    """Return what is wrong with the shape of an answer in one sentence, or "" where it has the
    shape of `like`."""
    if len(answer.arrays) != len(like.arrays):
        return (
            f"The answer has {len(answer.arrays)} array(s) where {len(like.arrays)} were expected."
        )
    if answer.paths != like.paths:
        given, expected = (
            ", ".join(path or "no key" for path in each.paths) for each in (answer, like)
        )
        return f"The answer has its arrays at {given} where {expected} was expected."
    for path, array, true in zip(like.paths, answer.arrays, like.arrays, strict=True):
        if array.shape != true.shape:
            return f"The answer{path} has shape {array.shape} where {true.shape} was expected."
    return ""


def relative_error(answer: Answer, truth: Answer) -> float:
    """Return ||answer - truth|| / ||truth||, the Euclidean norm over all entries of all arrays.

    0 where both vanish; inf where the truth alone does or where the answer has an entry that is not
    finite.
    """
    if not answer.is_finite:
        return float("inf")
    deviation = size_of([_minus(a, t) for a, t in zip(answer.arrays, truth.arrays, strict=True)])
    size = size_of(truth.arrays)
    return deviation / size if size else (0.0 if deviation == 0 else float("inf"))


def _minus(given: Array, true: Array) -> Array:
    result: Array = given.astype(np.longdouble) - true
    return result


def size_of(arrays: Sequence[Array]) -> float:
    """Return the Euclidean norm over all entries of some arrays."""
    # Scaled by the largest entry, so that squares neither overflow nor underflow.
    largest = max((float(np.max(np.abs(array))) for array in arrays if array.size), default=0.0)
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(sum(float(np.sum((array / largest) ** 2)) for array in arrays)))
