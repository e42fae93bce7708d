"""What a wrong answer looks like, in a sentence.

Which share of it is off, and by which simple pattern.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isclose

import numpy as np

from adbench.cases.answer import Answer
from adbench.cases.inputs import Array

ALIKE = 1e-6
"""Quotients returned / true that agree to this relative precision show a constant factor."""

NOTABLE = 1e-3
"""Entries whose deviation is below this fraction of the largest are not counted as off: they may be
mere rounding."""

NEAR_ONE = 1e-3
"""A factor this near to 1 is told by its distance from 1."""

LARGEST_DENOMINATOR = 10_000
"""A factor that is an integer up to this, or one over it, is told as it is."""

MOST_TITLES = 3
"""As many arrays are named; of more, the number is told."""


@dataclass(frozen=True)
class Pair:
    """One array that was returned, beside the true one."""

    title: str
    """What the array is called, such as `params[0]`."""

    returned: Array
    """As longdouble."""

    true: Array


def describe(answer: Answer, truth: Answer, titles: Sequence[str]) -> str:
    """Return what to look at in an answer that is wrong, of the same shape as the truth.

    titles: what the arrays of the answer are called.
    """
    pairs = [
        Pair(title, returned.astype(np.longdouble), true)
        for title, returned, true in zip(titles, answer.arrays, truth.arrays, strict=True)
        if returned.size
    ]
    not_finite = [~np.isfinite(pair.returned) & np.isfinite(pair.true) for pair in pairs]
    if any(mask.any() for mask in not_finite):
        return f"{_share(not_finite)} nan or infinite, in {_titles(pairs, not_finite)}."
    off = _entries_off(pairs)
    if not any(mask.any() for mask in off):
        return ""
    places = "" if all(mask.any() for mask in off) else f", in {_titles(pairs, off)}"
    pattern = _pattern(pairs, off)
    explanation = f": {pattern}" if pattern else ""
    return f"{_share(off)} off{places}{explanation}."


def _entries_off(pairs: list[Pair]) -> list[Array]:
    """Which entries deviate notably beside the one that deviates most; none where all are right."""
    with np.errstate(invalid="ignore"):
        deviations = [np.nan_to_num(np.abs(pair.returned - pair.true)) for pair in pairs]
    largest = max((float(deviation.max()) for deviation in deviations), default=0.0)
    return [deviation > NOTABLE * largest for deviation in deviations]


def _share(masks: list[Array]) -> str:
    count = sum(int(mask.sum()) for mask in masks)
    total = sum(mask.size for mask in masks)
    verb = "is" if count == 1 else "are"
    return f"{count} of {total} entries {verb}"


def _titles(pairs: list[Pair], masks: list[Array]) -> str:
    """The titles of the arrays in which anything is marked."""
    titles = [pair.title for pair, mask in zip(pairs, masks, strict=True) if mask.any()]
    listed = ", ".join(titles[:MOST_TITLES])
    if len(titles) > MOST_TITLES:
        listed += f" and {len(titles) - MOST_TITLES} more"
    return listed


def _pattern(pairs: list[Pair], off: list[Array]) -> str:
    """The simple pattern in what was returned where it is off, or ""."""
    returned = np.concatenate([p.returned[mask] for p, mask in zip(pairs, off, strict=True)])
    true = np.concatenate([p.true[mask] for p, mask in zip(pairs, off, strict=True)])
    if not returned.any():
        return "zero was returned"
    affected = [pair for pair, mask in zip(pairs, off, strict=True) if mask.any()]
    if len(returned) > 1 and all(map(_is_transposed, affected)):
        return "it is transposed"
    return _quotient_pattern(returned / true) if (true != 0).all() else ""


def _quotient_pattern(quotients: Array) -> str:
    """The pattern in what was returned over what is true."""
    typical = float(np.median(quotients))
    if len(quotients) > 1 and np.allclose(quotients, typical, rtol=ALIKE, atol=0):
        return _factor(typical)
    if np.allclose(quotients, -1, rtol=ALIKE, atol=0):
        return "the sign alone"
    return ""


def _factor(quotient: float) -> str:
    if isclose(quotient, -1, rel_tol=ALIKE):
        return "the sign is flipped"
    distance = abs(quotient - 1)
    if distance < ALIKE:
        return f"by a relative {distance:.1e}" if distance else ""
    if distance < NEAR_ONE:
        sign = "+" if quotient > 1 else "-"
        return f"returned = true × (1 {sign} {distance:.1e})"
    fraction = Fraction(quotient).limit_denominator(LARGEST_DENOMINATOR)
    is_simple = fraction.denominator == 1 or abs(fraction.numerator) == 1
    if is_simple and isclose(float(fraction), quotient, rel_tol=ALIKE):
        return f"returned = true × {fraction}"
    return f"returned = true × {quotient:.6g}"


def _is_transposed(pair: Pair) -> bool:
    returned, true = pair.returned, pair.true
    if returned.ndim != 2 or returned.shape[0] != returned.shape[1]:
        return False
    is_transpose = np.allclose(returned.T, true, rtol=ALIKE, atol=0)
    return bool(is_transpose and not np.allclose(returned, true, rtol=ALIKE, atol=0))
