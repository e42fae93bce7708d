"""By which factor each cell became slower, from what all of them measured.

The logarithm of a cell's ratio is the machine's part, plus what its backend has in common, plus
what the cell has by itself, plus noise (`noise.py`). What is true of a cell is a draw from a
mixture that is learned for each backend: no change, the change that the backend has in common, or
another one of some width. A cell whose measurement fits its backend's common change is told by
that; one that does not is told by its own. This is the empirical Bayes method of Stephens (False
discovery rates: a new deal, Biostatistics 18, 2017), with the backend's common change added to the
mixture.

Many comparisons are corrected for with it: the weight of "no change" is learned from all cells, a
cell's *local false sign rate* is the probability that its change has the other sign or is none, and
its s-value the mean of that rate over all cells told as surely. It is what the false discovery rate
of Benjamini and Hochberg (1995) is for tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adbench.changes.noise import LEAST_SCATTER, Array, Noise, members_of

WIDTHS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""The standard deviations of the changes of other sizes, as logarithms of ratios."""

COUNT_OF_COMMON = 10.0
"""As if so many more cells had changed as their backend did, so that a few noisy ones do not make
changes of single cells look common; Stephens gives his "no change" as much."""

COUNT_OF_UNCHANGED = 1.0
"""As if so many more cells had not changed at all, so that it stays possible."""

GRID_STEP = 0.0025
"""The step of the grid of true changes, as a logarithm: a quarter of the narrowest peak."""

MARGIN = 0.5
"""How far the grid goes beyond the largest change that was measured."""

MOST_LOG_RATIO = 5.0
"""A ratio beyond exp of this, 150, is taken for this."""

ROUNDS = 200
"""How often the weights of a mixture are improved; they do not move at the end."""

TAIL_PROBABILITY = 0.05
"""What lies beyond either end of an interval, which holds at 90 %: a change lies above its lower
end with 95 %. It is the interval by which two things are called equivalent at 5 % (Schuirmann,
Journal of Pharmacokinetics and Biopharmaceutics 15, 1987)."""


@dataclass(frozen=True)
class Effects:
    """What is thought of each cell, each of shape (cells,), as logarithms of ratios."""

    middle: Array
    """The median of what the change may be."""
    low: Array
    """The lower end of its 90 % interval."""
    high: Array
    """The upper end of its 90 % interval."""
    false_sign_rate: Array
    """The probability that the change has not the sign of `middle`."""
    s_value: Array
    """The mean of that rate over the cells told at least as surely."""


@dataclass(frozen=True)
class CommonChange:
    """What the cells of a backend have in common, as logarithms of ratios."""

    middle: float
    """The location of its cells."""
    error: float
    """The standard error of it."""

    @property
    def interval(self) -> tuple[float, float]:
        """The ends of its 95 % interval."""
        return self.middle - 1.96 * self.error, self.middle + 1.96 * self.error


def common_changes(log_ratios: Array, backends: Array, noise: Noise) -> dict[str, CommonChange]:
    """Return what the cells of each backend have in common.

    It is the location of the greatest likelihood, by iterated weights. Its error is never less than
    the least scatter: from run to run a whole process may be that much faster.
    """
    changes = {}
    for name, members in members_of(backends).items():
        values = log_ratios[members]
        scales = noise.scales[members]
        location = float(np.median(values))
        for _ in range(ROUNDS):
            squares = ((values - location) / scales) ** 2
            weights = (noise.tail + 1) / (noise.tail + squares) / scales**2
            location = float(np.sum(weights * values) / np.sum(weights))
        error = float(np.hypot(1 / np.sqrt(np.sum(1 / scales**2)), LEAST_SCATTER))
        changes[name] = CommonChange(location, error)
    return changes


def estimate_effects(
    log_ratios: Array, backends: Array, noise: Noise, changes: dict[str, CommonChange]
) -> Effects:
    """Return what to think of every cell, from its measurement and those of its backend.

    log_ratios: of shape (cells,), the machine's part taken off.
    """
    measured = np.clip(log_ratios, -MOST_LOG_RATIO, MOST_LOG_RATIO)
    reach = float(np.max(np.abs(measured))) + MARGIN
    steps = int(np.ceil(reach / GRID_STEP))
    grid = GRID_STEP * np.arange(-steps, steps + 1)
    middle, low, high, false_sign_rate = np.empty((4, len(measured)))
    for name, members in members_of(backends).items():
        noise_of_members = Noise(noise.scales[members], noise.tail)
        log_likelihood = noise_of_members.log_density(measured[members, None] - grid[None, :])
        log_likelihood -= log_likelihood.max(axis=1, keepdims=True)
        likelihood = np.exp(log_likelihood)
        posterior = likelihood * _prior(likelihood, grid, changes[name])
        cumulated = np.cumsum(posterior, axis=1)
        cumulated /= cumulated[:, -1:]
        low[members] = _quantile(cumulated, grid, TAIL_PROBABILITY)
        middle[members] = _quantile(cumulated, grid, 0.5)
        high[members] = _quantile(cumulated, grid, 1 - TAIL_PROBABILITY)
        false_sign_rate[members] = _false_sign_rate(cumulated)
    return Effects(middle, low, high, false_sign_rate, _s_value(false_sign_rate))


def _prior(likelihood: Array, grid: Array, change: CommonChange) -> Array:
    """The mixture that the changes of one backend are drawn from, on the grid.

    Its weights are of the greatest posterior probability, by expectation and maximisation.
    """
    peaks = [(0.0, LEAST_SCATTER / 2), (change.middle, change.error)]
    components = [*peaks, *((change.middle, width) for width in WIDTHS)]
    densities = np.array([_density(grid, middle, width) for middle, width in components])
    fit = likelihood @ densities.T
    counts = np.zeros(len(components))
    counts[: len(peaks)] = COUNT_OF_UNCHANGED, COUNT_OF_COMMON
    weights = np.full(len(components), 1 / len(components))
    for _ in range(ROUNDS):
        shares = weights * fit
        shares /= shares.sum(axis=1, keepdims=True)
        weights = shares.sum(axis=0) + counts
        weights /= weights.sum()
    return weights @ densities


def _density(grid: Array, middle: float, width: float) -> Array:
    """A normal density on the grid, with the sum 1."""
    density = np.exp(-0.5 * ((grid - middle) / width) ** 2)
    return density / density.sum()


def _quantile(cumulated: Array, grid: Array, probability: float) -> Array:
    """A quantile of each row of cumulated probabilities on the grid."""
    return grid[np.argmax(cumulated >= probability, axis=1)]


def _false_sign_rate(cumulated: Array) -> Array:
    """The probability of the less probable sign, half of that of 0 being taken for either."""
    zero = cumulated.shape[1] // 2
    below = (cumulated[:, zero - 1] + cumulated[:, zero]) / 2
    return np.clip(np.minimum(below, 1 - below), 0.0, 0.5)


def _s_value(false_sign_rate: Array) -> Array:
    """The mean local false sign rate of the cells that are told at least as surely."""
    order = np.argsort(false_sign_rate, kind="stable")
    s_value = np.empty_like(false_sign_rate)
    s_value[order] = np.cumsum(false_sign_rate[order]) / np.arange(1, len(order) + 1)
    return s_value
