"""Forward against reverse mode.

The ratio of their times for full Jacobians, and where it crosses 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.optimize

CELL = ["model", "size", "n_inputs", "n_outputs", "dtype", "implementation", "backend"]


def ratios(frame: pd.DataFrame) -> pd.DataFrame:
    """Return time(forward) / time(reverse) of every full Jacobian that was timed in both modes.

    Columns: those of `CELL`, `ratio`, `low` and `high`. The interval divides the ends of the two
    medians' 95 % intervals crosswise, which holds at 90 % at the least whatever the two have in
    common.
    """
    timed = frame[
        (frame["operator"] == "jacobian") & (frame["outcome"] == "ok") & frame["median_s"].notna()
    ]
    forward = timed[timed["mode"] == "forward"]
    reverse = timed[timed["mode"] == "reverse"]
    both = forward.merge(reverse, on=CELL, suffixes=("_forward", "_reverse"))
    return both[CELL].assign(
        ratio=both["median_s_forward"] / both["median_s_reverse"],
        low=both["ci_low_s_forward"] / both["ci_high_s_reverse"],
        high=both["ci_high_s_forward"] / both["ci_low_s_reverse"],
    )


@dataclass(frozen=True)
class Tally:
    """How many cells each mode won; a cell whose interval contains 1 is won by neither."""

    reverse: int
    """The cells that reverse mode won."""

    forward: int
    """The cells that forward mode won."""

    tied: int
    """The cells that neither won."""

    @property
    def cells(self) -> int:
        """The number of cells."""
        return self.reverse + self.forward + self.tied


def tally(cells: pd.DataFrame) -> Tally:
    """Count the winners in a frame made by `ratios`."""
    reverse = int((cells["low"] > 1).sum())
    forward = int((cells["high"] < 1).sum())
    return Tally(reverse, forward, len(cells) - reverse - forward)


def crossings(cells: pd.DataFrame) -> dict[int, float]:
    """Return for each m the n at which the ratio rises through 1.

    The ratio is made monotone in n by isotonic regression of its logarithm, and interpolated
    between the measured n on a logarithmic scale. 0 where reverse mode won from the smallest n on,
    inf where it did not win up to the largest.
    """
    crossing_of_m: dict[int, float] = {}
    for m, cells_of_m in cells.groupby("n_outputs"):
        by_n = cells_of_m.sort_values("n_inputs")
        crossing_of_m[int(str(m))] = _crossing(
            np.log(by_n["n_inputs"].to_numpy(float)), np.log(by_n["ratio"].to_numpy(float))
        )
    return crossing_of_m


def _crossing(log_n: np.ndarray[Any, Any], log_ratio: np.ndarray[Any, Any]) -> float:
    """The n at which a ratio rises through 1, from the logarithms of both, by rising n."""
    rising = scipy.optimize.isotonic_regression(log_ratio).x
    if rising[0] > 0:
        return 0.0
    if rising[-1] < 0:
        return math.inf
    # The last n at which forward mode still wins, and the next, where it no longer does.
    last = int(np.flatnonzero(rising <= 0)[-1])
    after = min(last + 1, len(log_n) - 1)
    rise = rising[after] - rising[last]
    fraction = -rising[last] / rise if rise else 0.0
    return float(np.exp(log_n[last] + fraction * (log_n[after] - log_n[last])))


def sentence(backend: str, cells: pd.DataFrame) -> str:
    """Say whether reverse mode won where inputs outnumber outputs, and where the modes cross.

    One sentence on one backend.
    """
    more_inputs = tally(cells[cells["n_inputs"] > cells["n_outputs"]])
    fewer_inputs = tally(cells[cells["n_inputs"] < cells["n_outputs"]])
    forward_score = _score(fewer_inputs, fewer_inputs.forward)
    return (
        f"{backend}: {_claim(more_inputs)}; with fewer inputs than outputs forward mode won "
        f"{forward_score}; {_where(crossings(cells))}."
    )


def _claim(result: Tally) -> str:
    """How reverse mode did where inputs outnumber outputs."""
    if result.reverse == result.cells:
        return (
            f"reverse mode won wherever inputs outnumber outputs ({result.cells} of "
            f"{result.cells} cells)"
        )
    score = _score(result, result.reverse)
    if result.reverse > result.forward:
        return (
            f"where inputs outnumber outputs reverse mode won {score}, forward mode in "
            f"{result.forward or 'none'}"
        )
    return f"reverse mode did not win where inputs outnumber outputs: it won {score}"


def sentences(frame: pd.DataFrame) -> list[str]:
    """Return one sentence for each backend over the cells of a sweep.

    With several sweeps each is named.
    """
    measured = ratios(frame[frame["swept"]])
    sweeps = measured.groupby(["model", "dtype", "implementation"], sort=False)
    all_sentences = []
    for (model, dtype, implementation), cells in sweeps:
        prefix = f"{model} ({dtype}, {implementation}), " if sweeps.ngroups > 1 else ""
        for backend, cells_of_backend in cells.groupby("backend", sort=False):
            all_sentences.append(prefix + sentence(str(backend), cells_of_backend))
    return all_sentences


def _score(result: Tally, won: int) -> str:
    tied = f" ({result.tied} too close to tell)" if result.tied else ""
    return f"in {won} of {result.cells} cells{tied}"


def _where(crossing_of_m: dict[int, float]) -> str:
    """Where the modes cross, in words, from the n of each m."""
    always = [m for m, n in crossing_of_m.items() if n == 0]
    never = [m for m, n in crossing_of_m.items() if n == math.inf]
    quotients = {m: n / m for m, n in crossing_of_m.items() if 0 < n < math.inf}
    parts = []
    if quotients:
        parts.append(_near(quotients))
    if always:
        parts.append(f"reverse is ahead at every n for m = {_joined(always)}")
    if never:
        parts.append(f"forward is ahead at every n for m = {_joined(never)}")
    return ", ".join(parts)


def _near(quotients: dict[int, float]) -> str:
    """Near which multiple of m the modes cross, from the multiple for each m."""
    spread = ""
    if len(quotients) > 1:
        spread = f" ({min(quotients.values()):.2g} m to {max(quotients.values()):.2g} m)"
    median = np.median([*quotients.values()])
    return f"they cross near n = {median:.2g} m{spread} at m = {_joined(quotients)}"


def _joined(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in numbers)
