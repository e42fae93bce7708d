"""Answers as plain arrays: collecting them from a backend, measuring how far two lie apart, projecting them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adbench.spec.operators import Operator
from reference_ad import tree

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Answer:
    """The arrays of an answer, in the order of the leaves of the tree it came as, each with its path in that tree."""

    paths: tuple[str, ...]
    arrays: tuple[Array, ...]

    @property
    def is_finite(self) -> bool:
        """Whether no entry is nan or infinite."""
        return all(bool(np.isfinite(array).all()) for array in self.arrays)


def collect(answer: Any, to_numpy: Callable[[Any], Array] = np.asarray) -> Answer:
    """Return an answer's arrays as NumPy arrays, copied, so that nothing done later can change them."""
    return Answer(tuple(tree.paths(answer)), tuple(np.array(to_numpy(leaf), copy=True) for leaf in tree.leaves(answer)))


def mismatch(answer: Answer, like: Answer) -> str:
    """Return what is wrong with the shape of an answer in one sentence, or "" where it has the shape of `like`."""
    if len(answer.arrays) != len(like.arrays):
        return f"The answer has {len(answer.arrays)} array(s) where {len(like.arrays)} were expected."
    for path, given, expected in zip(like.paths, answer.arrays, like.arrays, strict=True):
        if given.shape != expected.shape:
            return f"The answer{path} has shape {given.shape} where {expected.shape} was expected."
    return ""


def relative_error(answer: Answer, truth: Answer) -> float:
    """Return ||answer - truth|| / ||truth||, the Euclidean norm over all entries of all arrays.

    0 where both vanish; inf where the truth alone does or where the answer has an entry that is not finite.
    """
    if not answer.is_finite:
        return float("inf")
    deviation = _norm([_minus(a, t) for a, t in zip(answer.arrays, truth.arrays, strict=True)])
    size = _norm(truth.arrays)
    return deviation / size if size else (0.0 if deviation == 0 else float("inf"))


@dataclass(frozen=True)
class Worst:
    """The entry that errs most: its error in ulp of its true value in the answer's dtype, where it is, both values."""

    ulp: float
    place: str
    returned: float
    true: float


def worst_entry(answer: Answer, truth: Answer, name: str) -> Worst:
    """Return the entry with the largest error in ulp. `name` is what the active argument is called."""
    worst = Worst(-1.0, "", float("nan"), float("nan"))
    for path, given, true in zip(answer.paths, answer.arrays, truth.arrays, strict=True):
        if given.size == 0:
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            spacing = np.spacing(np.abs(true).astype(given.dtype)).astype(np.longdouble)
            errors = np.where(np.isfinite(given), np.abs(_minus(given, true)) / spacing, np.inf)
        index = np.unravel_index(int(np.argmax(errors)), errors.shape)
        if float(errors[index]) > worst.ulp:
            place = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
            worst = Worst(float(errors[index]), f"{name}{path}{place}", float(given[index]), float(true[index]))
    return worst


def project(operator: Operator, answer: Answer, tangent: Sequence[Array]) -> Answer:
    """Contract an answer with a tangent v (the leaves of a tree like the active argument), in extended precision.

    A gradient g gives g . v, a Jacobian J v, a Hessian H v, and u'J gives u'J v; an answer that is already along a
    direction, or a derivative with respect to one scalar, is returned as it is.
    """
    arrays = [array.astype(np.longdouble) for array in answer.arrays]
    directions = [leaf.astype(np.longdouble) for leaf in tangent]
    if operator in (Operator.GRADIENT, Operator.VJP, Operator.JACOBIAN):
        return Answer(("",), (np.asarray(sum(map(_contract, arrays, directions))),))
    if operator is Operator.HESSIAN:
        count = len(directions)
        rows = [arrays[i * count : (i + 1) * count] for i in range(count)]
        return Answer(("",) * count, tuple(np.asarray(sum(map(_contract, row, directions))) for row in rows))
    return Answer(answer.paths, tuple(arrays))


def _contract(array: Array, direction: Array) -> Array:
    return np.tensordot(array, direction, axes=direction.ndim)


def _minus(given: Array, true: Array) -> Array:
    result: Array = given.astype(np.longdouble) - true
    return result


def _norm(arrays: Sequence[Array]) -> float:
    # Scaled by the largest entry, so that squares neither overflow nor underflow.
    largest = max((float(np.max(np.abs(array))) for array in arrays if array.size), default=0.0)
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(sum(float(np.sum((array / largest) ** 2)) for array in arrays)))
