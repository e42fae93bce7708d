"""The answer to a question as plain arrays: collected from a backend, and compared with another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adbench.cases.inputs import NUMBERS, Array
from adbench.cases.text import plain_text
from reference_ad.engine import tree

NUMBERS_IN_ANSWERS = NUMBERS + "c"
"""The kinds of dtypes that an answer may have, as NumPy calls them: complex ones are judged too."""

LONGEST_SHOWN = 40
"""How many characters are shown of a text that is no number."""

MOST_SHOWN = 16
"""Of an answer with more numbers than this none is written."""


@dataclass(frozen=True)
class Answer:
    """The arrays of an answer, in the order of the leaves of the tree that it came as."""

    paths: tuple[str, ...]
    """Where each array lies in that tree, such as `[0]['weights']`."""

    arrays: tuple[Array, ...]

    @property
    def is_finite(self) -> bool:
        """Whether no entry is nan or infinite."""
        return all(bool(np.isfinite(array).all()) for array in self.arrays)

    def in_short(self) -> str:
        """Return the numbers of all arrays in a row as they are written; "" where there are many.

        `numbers_in` reads them.
        """
        if sum(array.size for array in self.arrays) > MOST_SHOWN or _other_than_numbers(self):
            return ""
        entries = [entry for array in self.arrays for entry in array.ravel()]
        return " ".join(str(entry) for entry in entries)


def numbers_in(text: str) -> Array:
    """Return the numbers that `Answer.in_short` has written, shape (k,), float64."""
    return np.asarray([float(word) for word in text.split()])


def collect(answer: Any, to_numpy: Callable[[Any], Array] = np.asarray) -> Answer:
    """Return an answer's arrays as copies in NumPy, so that nothing done later changes them."""
    return Answer(
        tuple(tree.paths(answer)),
        tuple(np.array(to_numpy(leaf), copy=True) for leaf in tree.leaves(answer)),
    )


def joined_paths(parts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the paths of several trees in the tuple of these trees."""
    return tuple(f"[{position}]{path}" for position, paths in enumerate(parts) for path in paths)


def joined(answers: Sequence[Answer]) -> Answer:
    """Return several answers as one: the tuple of their trees."""
    return Answer(
        joined_paths([answer.paths for answer in answers]),
        tuple(array for answer in answers for array in answer.arrays),
    )


def mismatch(answer: Answer, expected: Answer) -> str:
    """Return what is wrong with the shape of an answer, or with its kind, in one sentence.

    The sentence is "" where it has the shape of `expected`.
    """
    other_thing = _other_than_numbers(answer)
    if other_thing:
        return other_thing
    if len(answer.arrays) != len(expected.arrays):
        return (
            f"The answer has {len(answer.arrays)} array(s) where {len(expected.arrays)} were "
            "expected."
        )
    if answer.paths != expected.paths:
        return (
            f"The answer has its arrays at {_listed(answer.paths)} where "
            f"{_listed(expected.paths)} was expected."
        )
    for path, array, like in zip(expected.paths, answer.arrays, expected.arrays, strict=True):
        if array.shape != like.shape:
            return f"The answer{path} has shape {array.shape} where {like.shape} was expected."
    return ""


def _other_than_numbers(answer: Answer) -> str:
    """Say in one sentence what an answer holds in place of an array of numbers, or ""."""
    for path, array in zip(answer.paths, answer.arrays, strict=True):
        if array.dtype.kind not in NUMBERS_IN_ANSWERS:
            return f"The answer{path} is {_described(array)}, and must be an array of numbers."
    return ""


def _described(array: Array) -> str:
    """What an array is that holds no numbers."""
    if array.shape:
        return f"an array of {array.dtype.name} values"
    value = array.item()
    if value is None:
        return "None"
    shown = f" {plain_text(value, LONGEST_SHOWN)!r}" if isinstance(value, str) else ""
    return f"of the type {type(value).__name__}{shown}"


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(path or "no key" for path in paths)


def relative_error(answer: Answer, truth: Answer) -> float:
    """Return ||answer - truth|| / ||truth||, the Euclidean norm over all entries of all arrays.

    0 where both vanish; inf where the truth alone does or where the answer has an entry that is not
    finite.
    """
    if not answer.is_finite:
        return float("inf")
    pairs = zip(answer.arrays, truth.arrays, strict=True)
    deviation = norm([array.astype(np.longdouble) - true for array, true in pairs])
    size = norm(truth.arrays)
    if size:
        return deviation / size
    return 0.0 if deviation == 0 else float("inf")


def norm(arrays: Sequence[Array]) -> float:
    """Return the Euclidean norm over all entries of some arrays."""
    if len(arrays) == 1 and arrays[0].size == 1:
        return abs(float(arrays[0].item()))
    # Scaled by the largest entry, so that squares neither overflow nor underflow.
    largest = max((float(np.max(np.abs(array))) for array in arrays if array.size), default=0.0)
    if largest == 0 or not np.isfinite(largest):
        return largest
    squares = sum(float(np.sum((array / largest) ** 2)) for array in arrays)
    return largest * float(np.sqrt(squares))
