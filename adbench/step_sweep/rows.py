"""The record of the step sweep.

One row a model, method and step; its frame, its writer and reader.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import get_type_hints

import pandas as pd

from adbench.results import escaping

PARQUET, CSV = "differences.parquet", "differences.csv"


@dataclass(frozen=True)
class StepRow:
    """The Jacobian of a model by one method."""

    model: str
    """The model's name."""

    size: str
    """The name of its size."""

    n_inputs: int
    """The number of active scalars."""

    n_outputs: int
    """The number of output scalars."""

    dtype: str
    """The dtype that the function and its derivative are computed in."""

    method: str
    """Differences, "forward" or "central"; "scipy" or "numdifftools", which choose their own steps;
    "ad", which has none."""

    step: float
    """The step h; nan where the method has none or chooses its own."""

    relative_error: float
    """||answer - truth|| / ||truth||."""

    evaluations: int
    """How often the function was evaluated; 0 for "ad", which evaluates its derivative instead."""


_COLUMN_DTYPES = {str: "str", int: "int64", float: "float64"}
"""The dtype of a column by the type of its field."""

COLUMNS = {name: _COLUMN_DTYPES[field_type] for name, field_type in get_type_hints(StepRow).items()}
"""The columns of the frame, and their dtypes."""


def frame(rows: Iterable[StepRow]) -> pd.DataFrame:
    """Return rows as a frame with fixed columns and dtypes, however few the rows."""
    return pd.DataFrame([asdict(row) for row in rows], columns=list(COLUMNS)).astype(COLUMNS)


def write(table: pd.DataFrame, folder: Path) -> None:
    """Write the frame to `folder` as Parquet and as CSV."""
    (folder / PARQUET).write_bytes(table.to_parquet(index=False))
    escaping.for_spreadsheet(table).to_csv(folder / CSV, index=False)


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
        return pd.read_parquet(BytesIO(path.read_bytes())).astype(COLUMNS)
    return escaping.from_spreadsheet(pd.read_csv(path, dtype=COLUMNS))
