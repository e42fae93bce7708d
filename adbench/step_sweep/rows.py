"""The record of the step sweep: one row a model, method and step; its frame, its writer and
reader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pandas as pd

PARQUET, CSV = "differences.parquet", "differences.csv"


@dataclass(frozen=True)
class StepRow:
    """The Jacobian of a model by one method.

    method: "forward" and "central" differences at `step`; "scipy" and "numdifftools", which choose
    their own steps (`step` is nan); "ad", which has none. relative_error: ||answer - truth|| /
    ||truth||; evaluations: of the function, 0 for "ad", which does not evaluate it but its
    derivative.
    """

    model: str
    size: str
    n_inputs: int
    n_outputs: int
    dtype: str
    method: str
    step: float
    relative_error: float
    evaluations: int


_DTYPES = {"str": "str", "int": "int64", "float": "float64"}
COLUMNS = {field.name: _DTYPES[str(field.type)] for field in fields(StepRow)}


def frame(rows: Iterable[StepRow]) -> pd.DataFrame:
    """Return rows as a frame with fixed columns and dtypes, however few the rows."""
    return pd.DataFrame([asdict(row) for row in rows], columns=list(COLUMNS)).astype(COLUMNS)


def write(table: pd.DataFrame, folder: Path) -> None:
    """Write the frame to `folder` as Parquet and as CSV."""
    table.to_parquet(folder / PARQUET, index=False)
    table.to_csv(folder / CSV, index=False)


def load(path: str | Path) -> pd.DataFrame:
    """Return the step sweep of a run. path: the run's folder, or the Parquet or CSV file.

    Raises FileNotFoundError where there is none.
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
