"""Where a series of ratios steps to another level, by the change points of `ruptures`.

The logarithms of the ratios are divided into segments of constant level by PELT (Killick,
Fearnhead and Eckley, Journal of the American Statistical Association 107, 2012) with squared
deviations, whose penalty is in units of the noise of the series itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from adbench.cases.model import SpecError

SMALLEST_STEP = 0.10
"""A step by less than this fraction is none, however sure."""

LEAST_RUNS = 3
"""A level holds for at least so many runs: one slow run, or two in a row, are no step."""

PENALTY = 6.0
"""What a further step costs, in units of noise^2 log(runs); `benchmarks/steps.py` tells why."""

LEAST_NOISE = 0.01
"""The noise of a series, as a logarithm, is taken for at least so much."""

NORMAL_QUARTILE = 0.6745
"""The median absolute deviation of a normal distribution, in standard deviations."""


@dataclass(frozen=True)
class Step:
    """A step of a series."""

    position: int
    """The place of the first value on the new level, from 0 on."""
    before: float
    """The median of the level before it."""
    after: float
    """The median of the level after it."""

    @property
    def factor(self) -> float:
        """By which factor the level grew."""
        return self.after / self.before


def find_steps(ratios: Sequence[float], smallest: float = SMALLEST_STEP) -> list[Step]:
    """Return the steps of a series in their order.

    ratios: the values in the order of time; those that are nan, infinite or not above 0 are left
    out. smallest: the fraction by which a level must change. Raises SpecError where `ruptures` is
    not installed.
    """
    values = np.asarray(ratios, dtype=float)
    positions = np.flatnonzero(np.isfinite(values) & (values > 0))
    if len(positions) < 2 * LEAST_RUNS:
        return []
    logs = np.log(values[positions])
    borders = [0, *_borders(logs), len(logs)]
    levels = [
        float(np.median(logs[begin:end])) for begin, end in zip(borders, borders[1:], strict=False)
    ]
    steps = []
    for border, before, after in zip(borders[1:], levels, levels[1:], strict=False):
        if abs(after - before) > math.log1p(smallest):
            steps.append(Step(int(positions[border]), math.exp(before), math.exp(after)))
    return steps


def noise_of(logs: NDArray[np.float64]) -> float:
    """Return the noise of a series, by the differences of neighbours, which no step moves much."""
    deviation = float(np.median(np.abs(np.diff(logs))))
    return max(deviation / (NORMAL_QUARTILE * math.sqrt(2)), LEAST_NOISE)


def _borders(logs: NDArray[np.float64]) -> list[int]:
    """Where the segments of a series begin, but for the first."""
    if find_spec("ruptures") is None:
        raise SpecError(
            "Steps cannot be looked for, since ruptures cannot be imported; "
            "`pip install 'adbench[history]'` brings it."
        )
    import ruptures

    penalty = PENALTY * noise_of(logs) ** 2 * math.log(len(logs))
    search = ruptures.Pelt(model="l2", min_size=LEAST_RUNS, jump=1).fit(logs[:, None])
    ends: list[int] = search.predict(pen=penalty)
    return ends[:-1]
