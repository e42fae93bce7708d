"""Whether the machine was steady during a run, by the reference loop between the samples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.stats

from adbench.reporting.one_host import HOST

SLOWER = 1.15
"""A cell was measured on a slower machine where its reference loop took this many times the run's
median."""

DRIFT = 0.05
"""A drift of the reference loop over the run by more than this fraction is worth saying."""

FEWEST_CELLS = 10
"""Of fewer cells nothing is said."""


MOST_CELLS = 2_000
"""Of more cells the drift is taken from so many, evenly: it compares each with every other."""


def sentence(frame: pd.DataFrame) -> str:
    """Say how steady the machine was, in a sentence; "" where too few cells were timed.

    frame: the rows of a run, in the order in which they were measured. Of several machines each
    has its sentence. The drift is the slope of Theil and Sen through the loop's times (Sen, JASA
    63, 1968).
    """
    if HOST not in frame or frame[HOST].nunique() < 2:
        return _of_one(frame)
    of_hosts = ((str(host), _of_one(cells)) for host, cells in frame.groupby(HOST, sort=False))
    return " ".join(f"{host}: {text}" for host, text in of_hosts if text)


def _of_one(frame: pd.DataFrame) -> str:
    """The sentence on one machine."""
    times_s = frame["reference_s"].dropna().to_numpy(float)
    if len(times_s) < FEWEST_CELLS:
        return ""
    median_s = float(np.median(times_s))
    evenly = times_s[:: -(-len(times_s) // MOST_CELLS)]
    slope = scipy.stats.theilslopes(evenly)
    drift = slope.slope * (len(evenly) - 1) / median_s
    is_sure = slope.low_slope > 0 or slope.high_slope < 0
    slower = int((times_s > SLOWER * median_s).sum())
    parts = []
    if is_sure and abs(drift) > DRIFT:
        direction = "slower" if drift > 0 else "faster"
        parts.append(f"the machine became {direction} by {abs(drift):.0%} over the run")
    if slower:
        cells = "1 cell was" if slower == 1 else f"{slower} of {len(times_s)} cells were"
        parts.append(
            f"{cells} measured while it was slower by {SLOWER - 1:.0%} or more, and flagged"
        )
    if not parts:
        return f"The machine was steady: {_loop(median_s)} by which it is watched did not drift."
    return f"By {_loop(median_s)}, {' and '.join(parts)}."


def _loop(median_s: float) -> str:
    return f"the reference loop ({median_s * 1e6:.0f} µs)"
