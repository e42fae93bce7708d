"""Forward against reverse mode: the measured ratio of their times, and where it crosses 1.

Every cell of a sweep is a full Jacobian on one backend, timed in both modes in alternation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
import scipy.optimize
import scipy.stats

from adbench.reporting.one_host import HOST, on_one_host

SWEPT_CELL = ["model", "size", "n_inputs", "n_outputs", "dtype", "implementation", "backend"]
"""The columns that name a cell of a sweep."""

SWEEP = ["model", "dtype", "implementation", "backend"]
"""The columns that name a sweep on one backend."""

EQUAL_WITHIN = 1.05
"""Two modes are equal where the interval of their ratio lies between this and its reciprocal."""

CONFIDENCE = 0.95
"""The confidence of every interval."""

DEVIATIONS = float(scipy.stats.norm.ppf((1 + CONFIDENCE) / 2))
"""An interval of a normal distribution reaches this many standard deviations to either side."""

RESAMPLES = 400
"""How often a boundary is computed anew for its interval."""

SEED = 20260
"""The seed of the resampling."""

NO_OVERHEAD = 1e-6
"""An overhead of less than this part of the shortest time is the rounding of a fit."""

FEWEST_SIZES = 3
"""A growth exponent needs as many sizes."""

Array = np.ndarray[Any, Any]


class Winner(StrEnum):
    """The mode that was seen to be faster in a cell."""

    REVERSE = "reverse"
    FORWARD = "forward"
    EQUAL = "equal"
    """The interval of the ratio contains 1, and nothing farther from it than 5 %."""
    NOT_TOLD = "not told"
    """The interval is too wide to say which."""


def ratios(frame: pd.DataFrame) -> pd.DataFrame:
    """Return time(forward) / time(reverse) of every full Jacobian that was timed in both modes.

    Columns: those of `SWEPT_CELL`; `ratio`, `low` and `high`, from samples that were taken next to
    each other; `winner`; `forward_s` and `reverse_s`, the median times (s); `forward_operations`
    and `reverse_operations`; `host`. A run that did not pair its samples has no cell.
    """
    if HOST not in frame:  # as in the results of older versions
        frame = frame.assign(**{HOST: ""})
    timed = frame[(frame["operator"] == "jacobian") & (frame["outcome"] == "ok")]
    columns = [*SWEPT_CELL, "median_s", "operations"]
    forward = timed.loc[timed["mode"] == "forward", [*columns, HOST]]
    is_paired = (
        timed[["forward_ratio", "forward_ratio_low", "forward_ratio_high"]].notna().all(axis=1)
    )
    reverse = timed.loc[
        (timed["mode"] == "reverse") & is_paired,
        [*columns, "forward_ratio", "forward_ratio_low", "forward_ratio_high"],
    ]
    both = forward.merge(reverse, on=SWEPT_CELL, suffixes=("_forward", "_reverse"))
    cells = both[[*SWEPT_CELL, HOST]].assign(
        ratio=both["forward_ratio"],
        low=both["forward_ratio_low"],
        high=both["forward_ratio_high"],
        forward_s=both["median_s_forward"],
        reverse_s=both["median_s_reverse"],
        forward_operations=both["operations_forward"],
        reverse_operations=both["operations_reverse"],
    )
    winners = [winner(low, high) for low, high in zip(cells["low"], cells["high"], strict=True)]
    return cells.assign(winner=pd.Series(winners, index=cells.index, dtype="object"))


def winner(low: float, high: float) -> Winner:
    """Return who won, from the interval of time(forward) / time(reverse)."""
    if low > 1:
        return Winner.REVERSE
    if high < 1:
        return Winner.FORWARD
    if low >= 1 / EQUAL_WITHIN and high <= EQUAL_WITHIN:
        return Winner.EQUAL
    return Winner.NOT_TOLD


def sweeps(frame: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str, str], pd.DataFrame]]:
    """Yield every sweep of a run: its model, dtype, implementation and backend, and its cells."""
    measured = ratios(frame[frame["swept"]])
    for name, cells in measured.groupby(SWEEP, sort=False):
        model, dtype, implementation, backend = map(str, name)
        yield (model, dtype, implementation, backend), cells


@dataclass(frozen=True)
class Estimate:
    """A number with the interval that it lies in at 95 %."""

    value: float
    """The number; nan where it cannot be told."""

    low: float = math.nan
    """The lower end of the interval."""

    high: float = math.nan
    """The upper end."""


# ---- the boundary


def measured_boundary(cells: pd.DataFrame) -> Estimate:
    """Return the n / m at which forward and reverse mode take the same time.

    The logarithm of the ratio is made monotone in n / m by isotonic regression, and interpolated
    on a logarithmic scale. 0 where reverse mode is ahead from the smallest n / m on, inf where it
    is not up to the largest. The interval is a bootstrap's: cells are drawn with replacement, and
    of each a ratio out of its interval, taken as log-normal.
    """
    quotients = np.log(_quotients(cells))
    with np.errstate(divide="ignore"):
        log_ratios, low, high = (np.log(cells[name].to_numpy(float)) for name in RATIO_COLUMNS)
    deviations = (high - low) / (2 * DEVIATIONS)
    rng = np.random.default_rng(SEED)
    crossings = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(len(cells), size=len(cells))
        noise = deviations[drawn] * rng.standard_normal(len(cells))
        crossings.append(_crossing(quotients[drawn], log_ratios[drawn] + noise))
    ends = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    # the ends are two of the crossings, since between a number and inf there is none
    low_end, high_end = np.quantile(crossings, ends, method="inverted_cdf")
    return Estimate(_crossing(quotients, log_ratios), float(low_end), float(high_end))


RATIO_COLUMNS = ("ratio", "low", "high")


def predicted_boundary(cells: pd.DataFrame) -> float:
    """Return the n / m at which both modes take as many operations.

    Without noise, from the graph of the reference engine. nan where nothing was counted.
    """
    counted = cells[cells["forward_operations"].notna() & cells["reverse_operations"].notna()]
    if counted.empty:
        return math.nan
    ratio = counted["forward_operations"] / counted["reverse_operations"]
    return _crossing(np.log(_quotients(counted)), np.log(ratio.to_numpy(float)))


def _quotients(cells: pd.DataFrame) -> Array:
    """The n / m of every cell."""
    return cells["n_inputs"].to_numpy(float) / cells["n_outputs"].to_numpy(float)


def _crossing(log_quotients: Array, log_ratios: Array) -> float:
    """The n / m at which a ratio rises through 1, from the logarithms of both."""
    places, group_of_cell, counts = np.unique(
        log_quotients, return_inverse=True, return_counts=True
    )
    means = np.bincount(group_of_cell, weights=log_ratios) / counts
    rising = scipy.optimize.isotonic_regression(means, weights=counts).x
    if rising[0] > 0:
        return 0.0
    if rising[-1] < 0:
        return math.inf
    # the last n / m at which forward mode is still ahead, and the next, where it no longer is
    last = int(np.flatnonzero(rising <= 0)[-1])
    after = min(last + 1, len(places) - 1)
    rise = rising[after] - rising[last]
    fraction = -rising[last] / rise if rise else 0.0
    return float(np.exp(places[last] + fraction * (places[after] - places[last])))


# ---- growth


def forward_growth(cells: pd.DataFrame) -> Estimate:
    """Return the exponent with which the time of forward mode grows with n, at the larger n."""
    return _growth(cells, "n_inputs", "n_outputs", "forward_s")


def reverse_growth(cells: pd.DataFrame) -> Estimate:
    """Return the exponent with which the time of reverse mode grows with m, at the larger m."""
    return _growth(cells, "n_outputs", "n_inputs", "reverse_s")


def _growth(cells: pd.DataFrame, varied: str, fixed: str, time: str) -> Estimate:
    """The median slope of log(time) over log(size), over the larger half of the sizes.

    Theil's estimate and its interval (P. K. Sen, J. Amer. Statist. Assoc. 63, 1968), over all cells
    once their times are taken relative to the median of those with the other size fixed.
    """
    cells = on_one_host(cells)
    sizes = np.unique(cells[varied].to_numpy(float))
    if len(sizes) < FEWEST_SIZES:
        return Estimate(math.nan)
    larger = cells[cells[varied] >= sizes[min(len(sizes) // 2, len(sizes) - FEWEST_SIZES)]]
    log_times = np.log(larger[time].to_numpy(float))
    centred = log_times - pd.Series(log_times).groupby(larger[fixed].to_numpy()).transform("median")
    log_sizes = np.log(larger[varied].to_numpy(float))
    fit = scipy.stats.theilslopes(centred.to_numpy(), log_sizes, CONFIDENCE)
    return Estimate(float(fit.slope), float(fit.low_slope), float(fit.high_slope))


# ---- what a call costs before any pass, and what a pass


@dataclass(frozen=True)
class ModeCost:
    """The time of a mode as overhead + passes x work."""

    overhead_s: float
    """What a call costs before any pass (s)."""

    pass_s: float
    """What a pass through the function adds (s)."""


def mode_costs(cells: pd.DataFrame) -> tuple[ModeCost, ModeCost]:
    """Return what a call and a pass cost in forward and in reverse mode.

    The fit with the least squares of relative errors, neither part negative, over cells with
    their numbers of passes: n in forward mode, m in reverse mode.
    """
    cells = on_one_host(cells)
    return (
        _mode_cost(cells["n_inputs"], cells["forward_s"]),
        _mode_cost(cells["n_outputs"], cells["reverse_s"]),
    )


def _mode_cost(passes: pd.Series, times: pd.Series) -> ModeCost:
    seconds = times.to_numpy(float)
    terms = np.stack([np.ones(len(seconds)), passes.to_numpy(float)], axis=1)
    overhead_s, pass_s = scipy.optimize.nnls(terms / seconds[:, None], np.ones(len(seconds)))[0]
    if overhead_s < NO_OVERHEAD * seconds.min():
        overhead_s = 0.0
    return ModeCost(float(overhead_s), float(pass_s))
