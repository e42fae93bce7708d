"""Frames of sweeps in which the time of every cell is given."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from adbench.cases import Case, Mode, Operator
from adbench.results import frames
from adbench.results.row import Row

GRID = (1, 4, 16, 64, 256, 1024)


def swept(
    time_of: Callable[[Mode, int, int], float],
    *,
    spread: float = 0.01,
    backend: str = "some:eager",
    grid: Sequence[int] = GRID,
    model: str = "deep",
    counted: bool = True,
) -> pd.DataFrame:
    """A sweep in which time_of(mode, n, m) is measured, and the ratio known to +- `spread`."""
    rows = []
    for n in grid:
        for m in grid:
            forward_s, reverse_s = (time_of(mode, n, m) for mode in (Mode.FORWARD, Mode.REVERSE))
            ratio = forward_s / reverse_s
            paired = {
                "forward_ratio": ratio,
                "forward_ratio_low": ratio / (1 + spread),
                "forward_ratio_high": ratio * (1 + spread),
            }
            case = Case(model, f"n={n},m={m}", "float64", Operator.JACOBIAN, 1, Mode.FORWARD)
            of_both: dict[str, Any] = {"n_inputs": n, "n_outputs": m, "swept": True}
            operations: dict[str, Any] = {"operations": 100.0 * n} if counted else {}
            rows.append(Row.begun(case, backend, **of_both, **operations, median_s=forward_s))
            case = Case(model, f"n={n},m={m}", "float64", Operator.JACOBIAN, 1, Mode.REVERSE)
            operations = {"operations": 100.0 * m} if counted else {}
            rows.append(
                Row.begun(case, backend, **of_both, **operations, median_s=reverse_s, **paired)
            )
    return frames.frame(rows)


def ideal(mode: Mode, n: int, m: int) -> float:
    """Nothing but passes, of 1 us each."""
    return 1e-6 * (n if mode is Mode.FORWARD else m)
