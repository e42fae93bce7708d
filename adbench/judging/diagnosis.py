"""What a wrong answer looks like, in a sentence: which share of it is off, and by which simple
pattern."""

from __future__ import annotations

from fractions import Fraction
from math import isclose

import numpy as np

from adbench.truth.answers import Answer, Array

ALIKE = 1e-6
"""Quotients returned / true that agree to this relative precision show a constant factor."""

NOTABLE = 1e-3
"""Entries whose deviation is below this fraction of the largest are not counted as off: they may be
mere rounding."""


def describe(answer: Answer, true: Answer, name: str) -> str:
    """Return what to look at in an answer that is wrong, of the same shape as the truth.

    name: what the active argument is called.
    """
    pairs = [
        (f"{name}{path}", given.astype(np.longdouble), right)
        for path, given, right in zip(true.paths, answer.arrays, true.arrays, strict=True)
        if given.size
    ]
    invalid = [
        (place, int((~np.isfinite(given) & np.isfinite(right)).sum()))
        for place, given, right in pairs
    ]
    if count := sum(number for _, number in invalid):
        return (
            f"{_entries(count, pairs)} nan or infinite, in "
            f"{_listed([place for place, number in invalid if number])}."
        )
    with np.errstate(invalid="ignore"):
        deviations = [np.nan_to_num(np.abs(given - right)) for _, given, right in pairs]
    largest = max((float(deviation.max()) for deviation in deviations), default=0.0)
    if largest == 0:
        return ""
    off = [deviation > NOTABLE * largest for deviation in deviations]
    count = sum(int(mask.sum()) for mask in off)
    places = [place for (place, _, _), mask in zip(pairs, off, strict=True) if mask.any()]
    where = "" if len(places) == len(pairs) else f", in {_listed(places)}"
    pattern = _pattern(pairs, off)
    return f"{_entries(count, pairs)} off{where}{': ' + pattern if pattern else ''}."


def _entries(count: int, pairs: list[tuple[str, Array, Array]]) -> str:
    total = sum(right.size for _, _, right in pairs)
    return f"{count} of {total} entries {'is' if count == 1 else 'are'}"


def _listed(places: list[str]) -> str:
    return ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")


def _pattern(pairs: list[tuple[str, Array, Array]], off: list[Array]) -> str:
    wrong = [(given[mask], right[mask]) for (_, given, right), mask in zip(pairs, off, strict=True)]
    given, right = np.concatenate([g for g, _ in wrong]), np.concatenate([r for _, r in wrong])
    if not given.any():
        return "zero was returned"
    if len(given) > 1 and all(
        _transposed(g, r) for (_, g, r), mask in zip(pairs, off, strict=True) if mask.any()
    ):
        return "it is transposed"
    if not (right != 0).all():
        return ""
    quotients = given / right
    typical = float(np.median(quotients))
    if len(quotients) > 1 and np.allclose(quotients, typical, rtol=ALIKE, atol=0):
        return _factor(typical)
    return "the sign alone" if np.allclose(quotients, -1, rtol=ALIKE, atol=0) else ""


def _factor(quotient: float) -> str:
    if isclose(quotient, -1, rel_tol=ALIKE):
        return "the sign is flipped"
    if abs(quotient - 1) < 1e-3:
        return f"returned = true × (1 {'+' if quotient > 1 else '-'} {abs(quotient - 1):.1e})"
    simple = Fraction(quotient).limit_denominator(10_000)
    if isclose(float(simple), quotient, rel_tol=ALIKE) and (
        simple.denominator == 1 or abs(simple.numerator) == 1
    ):
        return f"returned = true × {simple}"
    return f"returned = true × {quotient:.6g}"


def _transposed(given: Array, right: Array) -> bool:
    if given.ndim != 2 or given.shape[0] != given.shape[1]:
        return False
    return bool(
        np.allclose(given.T, right, rtol=ALIKE, atol=0)
        and not np.allclose(given, right, rtol=ALIKE, atol=0)
    )
