"""A run as it is read for a comparison with another: its cells, and what it ran on."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adbench.cases.model import SpecError
from adbench.results import journal
from adbench.results.frames import CELL
from adbench.results.journal import JOURNAL
from adbench.results.row import Row
from adbench.results.stored import Damage, StoredResultsError

ENVIRONMENT = "environment.json"
"""The file of a run that tells what it ran on."""

UNDISTURBED = 0.1
"""Which quantile of a cell's samples stands for its time. What disturbs a sample makes it longer
and never shorter, so that the fastest repeat from run to run where medians do not (Chen and Revels,
Robust benchmarking in noisy environments, 2016, arXiv:1608.04295): over two runs on a loaded
machine the ratios of medians scattered by 4 % to 9 %, those of this quantile by 2 % to 5 %. The
minimum is not taken since it falls with the number of samples, which two runs need not have in
common."""


FEWEST_SAMPLES = 5
"""Of fewer samples the spread says nothing."""


@dataclass(frozen=True)
class RecordedRun:
    """What a run left behind."""

    folder: Path
    """Where it lies."""
    cells: pd.DataFrame
    """One row a cell, with the columns of `CELL` as index. Columns: `outcome`, `verdict`,
    `message`, `host`, `cost_ratio`, `undisturbed_s` (the lower decile of the samples, s; nan where
    there are none), `spread` (by how much the logarithm of the median exceeds that of the decile,
    over the square root of the number of samples; nan where these are too few) and `reference_s`
    (the reference loop's median, s)."""
    environment: dict[str, Any]
    """What `environment.json` holds."""


def read_run(folder: Path, damage: Damage | None = None) -> RecordedRun:
    """Read a run from its folder.

    damage: what counts the lines of its journal that cannot be read and are left out; where None,
    a DamagedResultsWarning does.

    Raises SpecError, in one sentence, where there is none or where it is damaged.
    """
    journal_path = folder / JOURNAL
    if not journal_path.is_file():
        raise SpecError(
            f"There is no run in {folder}; give the folder that `adbench run --out` wrote."
        )
    try:
        rows = list(journal.read(journal_path, damage=damage))
    except StoredResultsError as error:
        raise SpecError(f"The journal of the run in {folder} is damaged: {error}") from error
    if not rows:
        raise SpecError(f"The run in {folder} has no cell; it ended before its first one.")
    return RecordedRun(folder, cells_of(rows), read_environment(folder))


def read_environment(folder: Path) -> dict[str, Any]:
    """Return what a run ran on. Raises SpecError, in one sentence, where that cannot be read."""
    path = folder / ENVIRONMENT
    try:
        environment = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpecError(
            f"{path} cannot be read, so that nobody knows what the run ran on: {error}."
        ) from error
    if not isinstance(environment, dict):
        raise SpecError(f"{path} holds no JSON object, so that nobody knows what the run ran on.")
    return environment


def cells_of(rows: Sequence[Row]) -> pd.DataFrame:
    """Return the cells of a journal as `RecordedRun` holds them; of equal ones the last."""
    records = [_record(row) for row in rows]
    table = pd.DataFrame(records).drop_duplicates([*CELL], keep="last")
    return table.set_index([*CELL])


def _record(row: Row) -> dict[str, Any]:
    identity = {name: getattr(row, name) for name in CELL}
    undisturbed_s, spread = _undisturbed(row.samples_s)
    return {
        **identity,
        "outcome": str(row.outcome),
        "verdict": str(row.verdict),
        "message": row.message,
        "host": row.host,
        "cost_ratio": row.cost_ratio,
        "undisturbed_s": undisturbed_s,
        "spread": spread,
        "reference_s": row.reference_s,
    }


def _undisturbed(samples_s: Sequence[float]) -> tuple[float, float]:
    """The undisturbed time (s) that samples tell, and how widely they are spread."""
    usable = [sample for sample in samples_s if 0 < sample < math.inf]
    if not usable:
        return math.nan, math.nan
    decile, middle = np.quantile(usable, [UNDISTURBED, 0.5])
    if len(usable) < FEWEST_SAMPLES:
        return float(decile), math.nan
    spread = np.log(middle / decile) / np.sqrt(len(usable))
    return float(decile), float(spread)
