"""Medians with distribution-free confidence intervals, and ratios of paired samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import nan

import numpy as np

CONFIDENCE = 0.95
"""The probability that an interval covers the median."""


@dataclass(frozen=True)
class Estimate:
    """A median with its confidence interval, in the unit of the samples (s for times)."""

    median: float
    """The median of the samples; nan where there are none."""
    low: float
    """The lower end of the interval; nan where there are too few samples."""
    high: float
    """The upper end of the interval; nan where there are too few samples."""


def median(samples: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """Return the median and its distribution-free confidence interval from order statistics.

    With too few samples for the confidence asked (fewer than 6 at 95 %) the interval is unbounded:
    its ends are nan.
    """
    if len(samples) == 0:
        return Estimate(nan, nan, nan)
    ordered = np.sort(np.asarray(samples, dtype=float))
    count = len(ordered)
    middle = float(ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    k = _end_of_interval(count, confidence)
    if k < 0:
        return Estimate(middle, nan, nan)
    return Estimate(middle, float(ordered[k]), float(ordered[count - 1 - k]))


@lru_cache(maxsize=10_000)
def _end_of_interval(count: int, confidence: float) -> int:
    """Return how many of `count` samples lie below the interval of their median; -1: too few.

    The k-th smallest of N samples and its mirror image enclose the median with a probability that
    the binomial distribution gives (Conover, Practical Nonparametric Statistics, 3rd ed., section
    3.2).
    """
    import scipy.stats  # half a second, which a check that times nothing is not to pay

    # The largest k with P(Binomial(count, 1/2) < k) <= (1 - confidence) / 2.
    tail = (1 - confidence) / 2
    k = int(scipy.stats.binom.ppf(tail, count, 0.5))
    return k - 1 if scipy.stats.binom.cdf(k, count, 0.5) > tail else k


def ratio(
    numerators: Sequence[float], denominators: Sequence[float], confidence: float = CONFIDENCE
) -> Estimate:
    """Return the median of the ratios of paired samples.

    The i-th of one was taken next to the i-th of the other.
    """
    pairs = zip(numerators, denominators, strict=True)
    return median([numerator / denominator for numerator, denominator in pairs], confidence)
