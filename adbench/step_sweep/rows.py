"""The rows of the step sweep as a frame, with its writer and reader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import get_type_hints

import pandas as pd

from adbench.results import escaping, frames
from adbench.results.stored import NoStoredResultsError, StoredResultsError
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
    """Write the frame to `folder` as Parquet and as CSV, each whole or not at all.

    Raises OSError where one cannot be written.
    """
    frames.write(table, folder, PARQUET, CSV)


def load(path: str | Path) -> pd.DataFrame:
    """Return the step sweep of a run.

    path: the run's folder, or the Parquet or CSV file. Raises StoredResultsError, a
    ValueError, where it cannot be read; where there is none, it is a FileNotFoundError as well.
    """
    path = Path(path)
    if path.is_dir():
        path = path / PARQUET
    if not path.is_file():
        raise NoStoredResultsError(
            f"There is no step sweep at {path}; `adbench differences --out FOLDER` writes one."
        )
    try:
        if path.suffix == ".parquet":
            file = BytesIO(path.read_bytes())
            table = pd.read_parquet(file, page_checksum_verification=True)
        else:
            table = escaping.from_spreadsheet(pd.read_csv(path, dtype=COLUMNS))
        return table[list(COLUMNS)].astype(COLUMNS)
    except Exception as error:  # a damaged file ends in whatever its reader stumbles on
        raise StoredResultsError(f"{path} cannot be read as a step sweep ({error}).") from error
