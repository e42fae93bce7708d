"""The pandas frame of a run.

One row a cell, every column of `Row` but the raw samples, which stay in the journal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_type_hints

import pandas as pd

from adbench.results import journal
from adbench.results.row import Row

JOURNAL, PARQUET, CSV = "journal.jsonl", "results.parquet", "results.csv"

SAMPLES = ("samples_s", "primal_samples_s")
"""The fields of `Row` that are no columns of the frame."""

COLUMNS = [field.name for field in fields(Row) if field.name not in SAMPLES]

_COLUMN_DTYPES: dict[Any, str] = {
    float: "float64",
    int: "int64",
    int | None: "Int64",
    bool: "bool",
    bool | None: "boolean",
}
"""The dtype of a column by the type of its field; all others are strings."""

_TYPES = {
    name: _COLUMN_DTYPES.get(field_type, "str")
    for name, field_type in get_type_hints(Row).items()
    if name in COLUMNS
}


def frame(rows: Iterable[Row]) -> pd.DataFrame:
    """Return rows as a frame with fixed columns and dtypes, however few the rows.

    A difference between two modes belongs to both, but is known only to the row that came second:
    it is given to the other as well.
    """
    table = pd.DataFrame([asdict(row) for row in rows], columns=COLUMNS).astype(_TYPES)
    question = ["model", "size", "dtype", "operator", "order", "implementation", "backend"]
    shared = table.groupby(question, dropna=False)["error_vs_other_mode"].transform("max")
    answered = (table["outcome"] == "ok") & (table["operator"] != "value")
    completed = table["error_vs_other_mode"].fillna(shared)
    table.loc[answered, "error_vs_other_mode"] = completed[answered]
    return table


def write(table: pd.DataFrame, folder: Path) -> None:
    """Write the frame to `folder` as Parquet and as CSV."""
    table.to_parquet(folder / PARQUET, index=False)
    table.to_csv(folder / CSV, index=False)


def load(path: str | Path) -> pd.DataFrame:
    """Return the frame of a run.

    path: the run's folder, its journal, or its Parquet or CSV file. A folder is read by its
    journal, which is there from the first row on. Raises FileNotFoundError where there is no such
    run.
    """
    path = Path(path)
    if path.is_dir():
        path = path / JOURNAL
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no run at {path}; give the folder that `adbench run --out` wrote."
        )
    if path.suffix == ".jsonl":
        return frame(journal.read(path))
    if path.suffix == ".parquet":
        return pd.read_parquet(path).astype(_TYPES)
    missing = {name: ["", "nan"] for name in COLUMNS if _TYPES[name] != "str"}
    return pd.read_csv(path, dtype=_TYPES, keep_default_na=False, na_values=missing)
