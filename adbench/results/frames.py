"""The pandas frame of a run.

One row a cell, every column of `Row` but the raw samples, which stay in the journal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import Any, get_type_hints

import pandas as pd

from adbench.results import escaping, journal
from adbench.results.row import Row

JOURNAL, PARQUET, CSV = "journal.jsonl", "results.parquet", "results.csv"

SAMPLES_PARQUET = "samples.parquet"

SAMPLES = ("samples_s", "primal_samples_s", "reference_samples_s", "sample_rounds")
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
    records = [{name: getattr(row, name) for name in COLUMNS} for row in rows]
    table = pd.DataFrame(records, columns=COLUMNS).astype(_TYPES)
    question = ["model", "size", "dtype", "operator", "order", "implementation", "backend"]
    shared = table.groupby(question, dropna=False)["error_vs_other_mode"].transform("max")
    answered = (table["outcome"] == "ok") & (table["operator"] != "value")
    completed = table["error_vs_other_mode"].fillna(shared)
    table.loc[answered, "error_vs_other_mode"] = completed[answered]
    return table


def write(table: pd.DataFrame, folder: Path) -> None:
    """Write the frame to `folder` as Parquet and as CSV."""
    (folder / PARQUET).write_bytes(table.to_parquet(index=False))
    escaping.for_spreadsheet(table).to_csv(folder / CSV, index=False)


CELL = ("model", "size", "dtype", "operator", "order", "mode", "implementation", "backend")
"""The columns that tell one cell of a run from all others."""


def samples(rows: Iterable[Row]) -> pd.DataFrame:
    """Return every sample of some rows, one row a sample.

    Columns: those of `CELL`, `round`, and the times `operator_s`, `primal_s` and `reference_s` of
    one call and of one pass of the reference loop (s). Samples of one question on one backend in
    one round were taken next to each other.
    """
    parts = []
    for row in rows:
        count = len(row.samples_s)
        columns: dict[str, Any] = {name: [getattr(row, name)] * count for name in CELL}
        columns["round"] = row.sample_rounds or range(count)
        columns["operator_s"] = row.samples_s
        columns["primal_s"] = row.primal_samples_s
        columns["reference_s"] = row.reference_samples_s or [math.nan] * count
        parts.append(pd.DataFrame(columns))
    if not parts:
        return pd.DataFrame(columns=[*CELL, "round", "operator_s", "primal_s", "reference_s"])
    return pd.concat(parts, ignore_index=True)


def write_samples(folder: Path) -> None:
    """Write every sample of the run in `folder` to one Parquet file, from its journal."""
    table = samples(journal.read(folder / JOURNAL))
    (folder / SAMPLES_PARQUET).write_bytes(table.to_parquet(index=False))


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
        return pd.read_parquet(BytesIO(path.read_bytes())).astype(_TYPES)
    missing = {name: ["", "nan"] for name in COLUMNS if _TYPES[name] != "str"}
    table = pd.read_csv(path, dtype=_TYPES, keep_default_na=False, na_values=missing)
    return escaping.from_spreadsheet(table)
