"""Two runs compared cell by cell: answers, and times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from adbench.cases.limits import check_number
from adbench.changes.conditions import Conditions, compare_conditions
from adbench.changes.effects import CommonChange, Effects, common_changes, estimate_effects
from adbench.changes.noise import Array, estimate_noise
from adbench.changes.recorded_run import UNDISTURBED, RecordedRun, read_run
from adbench.changes.verdicts import AnswerChange, answer_change
from adbench.results.frames import CELL

RESOLUTION = 0.05
"""Times that differ by less than this fraction are equal unless another resolution is given."""

FALSE_SIGNS = 0.05
"""At most this share of the cells called faster or slower is expected to be neither or the
opposite."""


class TimeChange(StrEnum):
    """What became of a cell's time."""

    SLOWER = "slower"
    """By more than the resolution, and for certain: its interval lies above 1."""
    FASTER = "faster"
    """By more than the resolution, and for certain: its interval lies below 1."""
    EQUAL = "equal"
    """The interval of the ratio lies within the resolution."""
    NOT_TOLD = "not told"
    """None of these."""
    NOT_JUDGED = "not judged"
    """The runs' times are not comparable."""
    NOT_TIMED = ""
    """It has no samples in one of the runs."""


@dataclass(frozen=True)
class Changes:
    """What two runs have in common and what they have not."""

    before: Path
    """The folder of the run that is compared with."""
    after: Path
    """The folder of the run that is compared."""
    cells: pd.DataFrame
    """One row a cell of both runs: the columns of `CELL`, `answer_change`, `time_change`,
    `outcome_before`, `outcome_after`, `verdict_before`, `verdict_after`, `message`, `before_s`,
    `after_s` (the lower deciles of the samples, s), `measured_ratio` (their ratio, the machine's
    part taken off), `ratio`, `ratio_low`, `ratio_high` (what it is taken for, with its 90 %
    interval), `false_sign_rate` and `s_value`."""
    only_before: pd.DataFrame
    """The cells that the run after has not: the columns of `CELL`."""
    only_after: pd.DataFrame
    """The cells that the run before has not: the columns of `CELL`."""
    conditions: Conditions
    """How far the runs can be compared."""
    machine_ratio: float
    """By which factor the machine was slower, which is taken off every cell; nan where that is not
    known or times are not judged."""
    common: dict[str, CommonChange]
    """What the cells of each backend have in common, as logarithms of ratios."""
    resolution: float
    """Times that differ by less than this fraction are equal."""

    def cells_slower_than(self, fraction: float) -> pd.DataFrame:
        """Return the cells that are slower by more than a fraction, their whole interval beyond."""
        is_slower = self.cells["time_change"] == str(TimeChange.SLOWER)
        return self.cells[is_slower & (self.cells["ratio_low"] > 1 + fraction)]

    def cells_that(self, change: AnswerChange) -> pd.DataFrame:
        """Return the cells whose answer changed in one way."""
        return self.cells[self.cells["answer_change"] == str(change)]


def compare_runs(
    before: str | PathLike[str], after: str | PathLike[str], resolution: float = RESOLUTION
) -> pd.DataFrame:
    """Compare two runs, and return one row for each cell that both have.

    before, after: their folders. resolution: times that differ by less than this fraction are
    equal. The columns are those of `Changes.cells`. Raises SpecError where a folder holds no run or
    a damaged one, or where the resolution is no fraction above 0.
    """
    check_number("compare_runs", "resolution", resolution)
    return find_changes(read_run(Path(before)), read_run(Path(after)), resolution).cells


def find_changes(
    before: RecordedRun, after: RecordedRun, resolution: float = RESOLUTION
) -> Changes:
    """Compare two runs."""
    conditions = compare_conditions(before.environment, after.environment)
    cells_after = after.cells.add_suffix("_after")
    both = before.cells.add_suffix("_before").join(cells_after, how="inner").reset_index()
    cells = both[[*CELL]].assign(
        answer_change=_answer_changes(both),
        time_change=str(TimeChange.NOT_TIMED),
        outcome_before=both["outcome_before"],
        outcome_after=both["outcome_after"],
        verdict_before=both["verdict_before"],
        verdict_after=both["verdict_after"],
        message=both["message_after"],
        before_s=both["undisturbed_s_before"],
        after_s=both["undisturbed_s_after"],
        measured_ratio=both["undisturbed_s_after"] / both["undisturbed_s_before"],
        **dict.fromkeys(("ratio", "ratio_low", "ratio_high", "false_sign_rate", "s_value"), np.nan),
    )
    is_timed = cells["measured_ratio"].notna()
    machine_ratio = math.nan
    common: dict[str, CommonChange] = {}
    if not conditions.are_times_comparable:
        cells.loc[is_timed, "time_change"] = str(TimeChange.NOT_JUDGED)
    elif is_timed.any():
        machine_ratio, common, columns = _judge_times(both[is_timed], resolution)
        for name, values in columns.items():
            cells.loc[is_timed, name] = values
    return Changes(
        before=before.folder,
        after=after.folder,
        cells=cells,
        only_before=_only(before.cells, after.cells),
        only_after=_only(after.cells, before.cells),
        conditions=conditions,
        machine_ratio=machine_ratio,
        common=common,
        resolution=resolution,
    )


def _answer_changes(both: pd.DataFrame) -> list[str]:
    columns = ("outcome_before", "verdict_before", "outcome_after", "verdict_after")
    answers = zip(*(both[name] for name in columns), strict=True)
    return [str(answer_change(*answer)) for answer in answers]


def _only(cells: pd.DataFrame, other_cells: pd.DataFrame) -> pd.DataFrame:
    """The identity of the cells that are not among others."""
    missing = cells.index.difference(other_cells.index, sort=False)
    return missing.to_frame(index=False)


def _judge_times(
    timed: pd.DataFrame, resolution: float
) -> tuple[float, dict[str, CommonChange], dict[str, Array]]:
    """Judge cells that both runs have timed.

    Return the machine's ratio, what the cells of each backend have in common, and the columns that
    say what is thought of each cell.
    """
    backends = timed["backend"].to_numpy(dtype=str)
    before_s = timed["undisturbed_s_before"].to_numpy(dtype=float)
    after_s = timed["undisturbed_s_after"].to_numpy(dtype=float)
    spread_before = timed["spread_before"].to_numpy(dtype=float)
    spread_after = timed["spread_after"].to_numpy(dtype=float)
    log_ratios = np.log(after_s / before_s)
    spreads = np.hypot(spread_before, spread_after)
    noise = estimate_noise(log_ratios, spreads, backends)
    common = common_changes(log_ratios, backends, noise)
    machine = machine_change(common, _reference_change(timed))
    taken_off = machine if math.isfinite(machine) else 0.0
    log_ratios = log_ratios - taken_off
    common = {
        name: CommonChange(change.middle - taken_off, change.error)
        for name, change in common.items()
    }
    effects = estimate_effects(log_ratios, backends, noise, common)
    columns = {
        "time_change": _time_changes(effects, resolution),
        "measured_ratio": np.exp(log_ratios),
        "ratio": np.exp(effects.middle),
        "ratio_low": np.exp(effects.low),
        "ratio_high": np.exp(effects.high),
        "false_sign_rate": effects.false_sign_rate,
        "s_value": effects.s_value,
    }
    return math.exp(machine), common, columns


def _time_changes(effects: Effects, resolution: float) -> Array:
    """What to call the changes: equal before anything else."""
    limit = math.log1p(resolution)
    is_equal = (effects.low >= -limit) & (effects.high <= limit)
    is_sure = effects.s_value <= FALSE_SIGNS
    is_slower = is_sure & (effects.low > 0) & (effects.middle > limit)
    is_faster = is_sure & (effects.high < 0) & (effects.middle < -limit)
    return np.select(
        [is_equal, is_slower, is_faster],
        [str(TimeChange.EQUAL), str(TimeChange.SLOWER), str(TimeChange.FASTER)],
        str(TimeChange.NOT_TOLD),
    )


def _reference_change(timed: pd.DataFrame) -> float:
    """The logarithm of the reference loop's ratio, undisturbed as the cells; nan where unknown."""
    times = timed[["reference_s_before", "reference_s_after"]].dropna()
    if times.empty:
        return math.nan
    before_s, after_s = times.quantile(UNDISTURBED)
    return math.log(after_s / before_s)


def machine_change(common: dict[str, CommonChange], reference_change: float) -> float:
    """Return by how much the machine was slower, as the logarithm of a ratio.

    It is the median of what each backend's cells have in common, the reference loop counting as
    one more backend (`reference_change` is nan where it was not timed). Of an even number of them
    the one of the middle two that is nearer to the reference loop, or to no change. One backend
    that changed as a whole is thus not taken for the machine. A single backend without a reference
    loop tells nothing of the machine: nan.
    """
    changes = [change.middle for change in common.values()]
    anchor = 0.0
    if math.isfinite(reference_change):
        anchor = reference_change
        changes.append(reference_change)
    elif len(changes) == 1:
        return math.nan
    changes.sort()
    middle_two = changes[(len(changes) - 1) // 2 : len(changes) // 2 + 1]
    return min(middle_two, key=lambda change: abs(change - anchor))
