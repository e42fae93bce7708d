"""Forward against reverse mode: the ratio of their times for full Jacobians, and where it crosses
1."""

from __future__ import annotations

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
    forward: int
    tied: int

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
    found: dict[int, float] = {}
    for m, some in cells.groupby("n_outputs"):
        some = some.sort_values("n_inputs")
        n, ratio = np.log(some["n_inputs"].to_numpy(float)), np.log(some["ratio"].to_numpy(float))
        rising = scipy.optimize.isotonic_regression(ratio).x
        if rising[0] > 0:
            found[int(str(m))] = 0.0
        elif rising[-1] < 0:
            found[int(str(m))] = np.inf
        else:
            # The last n at which forward mode still wins, and the next, where it no longer does.
            last = int(np.flatnonzero(rising <= 0)[-1])
            after = min(last + 1, len(n) - 1)
            rise = rising[after] - rising[last]
            part = -rising[last] / rise if rise else 0.0
            found[int(str(m))] = float(np.exp(n[last] + part * (n[after] - n[last])))
    return found


def sentence(backend: str, cells: pd.DataFrame) -> str:
    """Say of one backend whether reverse mode won where inputs outnumber outputs, and where the two
    modes cross."""
    more = tally(cells[cells["n_inputs"] > cells["n_outputs"]])
    fewer = tally(cells[cells["n_inputs"] < cells["n_outputs"]])
    if more.reverse == more.cells:
        claim = (
            f"reverse mode won wherever inputs outnumber outputs ({more.cells} of "
            f"{more.cells} cells)"
        )
    elif more.reverse > more.forward:
        claim = (
            f"where inputs outnumber outputs reverse mode won {_score(more, more.reverse)}, "
            "forward mode in "
        )
        claim += str(more.forward or "none")
    else:
        claim = (
            "reverse mode did not win where inputs outnumber outputs: it won "
            f"{_score(more, more.reverse)}"
        )
    other = f"with fewer inputs than outputs forward mode won {_score(fewer, fewer.forward)}"
    return f"{backend}: {claim}; {other}; {_where(crossings(cells))}."


def sentences(frame: pd.DataFrame) -> list[str]:
    """Return one sentence for each backend over the cells of a sweep; with several sweeps each is
    named."""
    measured = ratios(frame[frame["swept"]])
    sweeps = measured.groupby(["model", "dtype", "implementation"], sort=False)
    said = []
    for (model, dtype, implementation), cells in sweeps:
        prefix = f"{model} ({dtype}, {implementation}), " if sweeps.ngroups > 1 else ""
        said += [
            prefix + sentence(str(backend), some)
            for backend, some in cells.groupby("backend", sort=False)
        ]
    return said


def _score(result: Tally, won: int) -> str:
    tied = f" ({result.tied} too close to tell)" if result.tied else ""
    return f"in {won} of {result.cells} cells{tied}"


def _where(found: dict[int, float]) -> str:
    inside = {m: n for m, n in found.items() if 0 < n < np.inf}
    parts = []
    if inside:
        quotients = [n / m for m, n in inside.items()]
        spread = f" ({min(quotients):.2g} m to {max(quotients):.2g} m)" if len(inside) > 1 else ""
        parts.append(
            f"they cross near n = {np.median(quotients):.2g} m{spread} at m = {_listed(inside)}"
        )
    always = [m for m, n in found.items() if n == 0]
    never = [m for m, n in found.items() if n == np.inf]
    if always:
        parts.append(f"reverse is ahead at every n for m = {_listed(always)}")
    if never:
        parts.append(f"forward is ahead at every n for m = {_listed(never)}")
    return ", ".join(parts)


def _listed(numbers: Any) -> str:
    return ", ".join(str(number) for number in numbers)
