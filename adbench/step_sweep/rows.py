"""The rows of the step sweep as a frame, with its writer and reader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import get_type_hints

import pandas as pd

from adbench.step_sweep.row import StepRow

PARQUET, CSV = "differences.parquet", "differences.csv"


_COLUMN_DTYPES = {str: "str", int: "int64", float: "float64"}
"""The dtype of a column by the type of its field."""

COLUMNS = {name: _COLUMN_DTYPES[field_type] for name, field_type in get_type_hints(StepRow).items()}
"""The columns of the frame, and their dtypes."""


def frame(rows: Iterable[StepRow]) -> pd.DataFrame:
    """Return rows as a frame with fixed columns and dtypes, however few the rows."""
    return pd.DataFrame([asdict(row) for row in rows], columns=list(COLUMNS)).astype(COLUMNS)


def write(table: pd.DataFrame, folder: Path) -> None:
    """Write the frame to `folder` as Parquet and as CSV."""
    table.to_parquet(folder / PARQUET, index=False)
    table.to_csv(folder / CSV, index=False)


def load(path: str | Path) -> pd.DataFrame:
    """Return the step sweep of a run.

    path: the run's folder, or the Parquet or CSV file. Raises FileNotFoundError where there is
    none.
    """
    path = Path(path)
    if path.is_dir():
        path = path / PARQUET
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no step sweep at {path}; `adbench differences --out FOLDER` writes one."
        )
    if path.suffix == ".parquet":
        return pd.read_parquet(path).astype(COLUMNS)
    return pd.read_csv(path, dtype=COLUMNS)
