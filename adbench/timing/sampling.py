"""How long a cell is sampled: until its interval is narrow enough, or its budget is spent."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from adbench.timing import stats
from adbench.timing.stats import Estimate

FEWEST_SAMPLES = 6
"""The fewest samples whose range is a 95 % interval of their median."""

MOST_SAMPLES = 500
"""No cell gets more samples than these; their interval is some 8 % of their interquartile range."""

OVERDRAFT = 6.0
"""How many times its budget a cell may take to get `FEWEST_SAMPLES`."""

FIRST_LOOK = 8
"""The number of samples at which sampling looks for the first time at a ratio."""

LOOK_GROWTH = 1.5
"""By how much the number of samples grows from one look to the next."""


@dataclass(frozen=True)
class Sampling:
    """How much the cells of a run are sampled."""

    precision: float = 0.1
    """The width of the 95 % interval, as a fraction of the median, at which a cell is settled.
    Sampling that ends as soon as it is so narrow makes of the 95 some 92 %."""
    equality: float = 0.05
    """Two modes are equal where the interval of their ratio lies within this fraction of 1."""
    turns: int = 3
    """The fewest turns of a cell, between which the other backends have theirs."""
    rounds: int = 3
    """The rounds of samples in each of the first turns; later turns are longer."""
    most_s: float = 0.6
    """The samples of a cell end when they have lasted this long together (s)."""

    def without_turns(self) -> Sampling:
        """Return the same for cells of one backend alone, whose turns need not be interrupted."""
        return replace(self, turns=1, rounds=self.turns * self.rounds)

    def rounds_in_turn(self, samples: int) -> int:
        """Return how many rounds the next turn of a cell has that has so many samples."""
        return max(self.rounds, samples // self.turns)

    def is_spent(self, samples: int, wall_s: float) -> bool:
        """Whether the budget of a cell is spent. wall_s: how long it has been sampled (s)."""
        if samples >= MOST_SAMPLES:
            return True
        if samples < FEWEST_SAMPLES:
            return wall_s > OVERDRAFT * self.most_s
        return wall_s > self.most_s

    def is_narrow(self, estimate: Estimate) -> bool:
        """Whether an interval is narrow enough for the precision asked."""
        # nan, the end of an interval of too few samples, compares False.
        return estimate.high - estimate.low <= self.precision * estimate.median

    def is_decided(self, ratio: Estimate) -> bool:
        """Whether an interval of a ratio tells which side is faster, or that they are equal."""
        if ratio.low > 1 or ratio.high < 1:
            return True
        return ratio.low >= 1 / (1 + self.equality) and ratio.high <= 1 + self.equality


def look(samples: int) -> int:
    """Return at which look at a ratio there are so many samples, from 1 on; 0 before the first."""
    if samples < FIRST_LOOK:
        return 0
    return 1 + int(math.log(samples / FIRST_LOOK) / math.log(LOOK_GROWTH))


def samples_at(number: int) -> int:
    """Return with how many samples look `number` is taken."""
    return math.ceil(FIRST_LOOK * LOOK_GROWTH ** (number - 1))


def paired_ratio(numerators: list[float], denominators: list[float]) -> Estimate:
    """Return the median of paired ratios with an interval that holds at every look.

    Sampling ends when the interval excludes 1, so an interval of 95 % would miss the true ratio in
    more than 5 % of the cases. At look k the interval is of confidence 1 - 0.05 / (k (k + 1)): the
    chances to miss at any look add up to 5 % (Darling and Robbins, Confidence sequences for mean,
    variance, and median, PNAS 58, 1967). Looks are taken at `samples_at(1)`, `samples_at(2)`, ...
    samples; what comes after the last one is not looked at.
    """
    number = look(len(numerators))
    if number == 0:
        return stats.ratio(numerators, denominators)
    count = samples_at(number)
    if count > len(numerators):  # a look falls between two counts
        number -= 1
        count = samples_at(number)
    confidence = 1 - (1 - stats.CONFIDENCE) / (number * (number + 1))
    return stats.ratio(numerators[:count], denominators[:count], confidence)
