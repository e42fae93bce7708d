"""The cost ratios of a run, in the form that github-action-benchmark takes (customSmallerIsBetter).

That action keeps a series of each name and warns where one grew. A cost ratio (time of the operator
over time of the function, measured in turns) is kept rather than a time: it hardly depends on the
machine that a pull request happens to get.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from adbench.cases.case import SPECIFICATION
from adbench.results.row import Row, Verdict

UNIT = "x the function"
"""The unit of every value."""


def to_benchmark_data(rows: Iterable[Row]) -> str:
    """Return a JSON list with an object of each cell that was timed and is not wrong.

    Each has `name`, `unit`, `value` (the cost ratio), `range` (half the width of its 95 %
    confidence interval) and `extra` (the median time in seconds).
    """
    return json.dumps([_entry(row) for row in rows if _is_timed(row)], indent=2) + "\n"


def _is_timed(row: Row) -> bool:
    is_timed = math.isfinite(row.cost_ratio) and row.order > 0
    return is_timed and row.verdict is not Verdict.WRONG


def _entry(row: Row) -> dict[str, object]:
    words = [row.model, row.size, row.dtype, row.operator, row.mode]
    if row.implementation != SPECIFICATION:
        words.insert(1, row.implementation)
    if row.operator == "derivative":
        words.append(f"order {row.order}")
    entry: dict[str, object] = {
        "name": f"{row.backend}: {' '.join(words)}",
        "unit": UNIT,
        "value": round(row.cost_ratio, 6),
        "extra": f"{row.median_s:.3e} s a call, {row.samples} samples",
    }
    width = (row.cost_ratio_high - row.cost_ratio_low) / 2
    if math.isfinite(width):
        entry["range"] = f"± {width:.3g}"
    return entry
