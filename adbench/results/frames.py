"""The pandas frame of a run.

One row a cell, every column of `Row` but the raw samples, which stay in the journal.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, fields
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import numpy as np
import pandas as pd

from adbench.results import escaping, journal
from adbench.results.files import reason_of, write_whole
from adbench.results.journal import JOURNAL
from adbench.results.row import CELL, SAMPLES, Row, StoredWord
from adbench.results.stored import (
    Damage,
    DamagedResultsWarning,
    NoStoredResultsError,
    StoredResultsError,
)

PARQUET, CSV = "results.parquet", "results.csv"

SAMPLES_PARQUET = "samples.parquet"

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

CHUNK = 5_000
"""How many rows of a journal are held at a time while its frame is made."""


def frame(rows: Iterable[Row]) -> pd.DataFrame:
    """Return rows as a frame with fixed columns and dtypes, however few the rows.

    A difference between two modes belongs to both, but is known only to the row that came second:
    it is given to the other as well.
    """
    return with_shared_differences(table_of(list(rows)))


def table_of(records: Sequence[Any]) -> pd.DataFrame:
    """Return a frame of records that have the fields `COLUMNS`."""
    return pd.DataFrame({name: _column(records, name) for name in COLUMNS})


def _column(records: Sequence[Any], name: str) -> pd.Series[Any]:
    values = [getattr(record, name) for record in records]
    if _TYPES[name] == "str":
        values = [str(value) for value in values]
    return pd.Series(values, dtype=_TYPES[name])


def with_shared_differences(table: pd.DataFrame) -> pd.DataFrame:
    """Return a frame in which differences between modes are given to both of them."""
    question = ["model", "size", "dtype", "operator", "order", "implementation", "backend"]
    shared = table.groupby(question, dropna=False)["error_vs_other_mode"].transform("max")
    answered = (table["outcome"] == "ok") & (table["operator"] != "value")
    completed = table["error_vs_other_mode"].fillna(shared)
    table.loc[answered, "error_vs_other_mode"] = completed[answered]
    return table


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a frame to a Parquet file, with sums by which damage to it is noticed."""
    # Through Python, since a path that is no UTF-8 is not for pyarrow.
    path.write_bytes(table.to_parquet(index=False, write_page_checksum=True))


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write the frame to a CSV file, whose cells a spreadsheet takes for texts and numbers."""
    escaping.for_spreadsheet(table).to_csv(path, index=False)


def write(table: pd.DataFrame, folder: Path, parquet: str = PARQUET, csv: str = CSV) -> None:
    """Write a frame to `folder` as Parquet and as CSV, each whole or not at all.

    parquet, csv: what the files are called. Raises OSError where one cannot be written.
    """
    write_whole(folder / parquet, lambda path: write_parquet(table, path))
    write_whole(folder / csv, lambda path: write_csv(table, path))


SAMPLE_COLUMNS = ("round", "operator_s", "primal_s", "reference_s")
"""The columns of a frame of samples beside those of `CELL`."""


def samples(rows: Iterable[Row]) -> pd.DataFrame:
    """Return every sample of some rows, one row a sample.

    Columns: those of `CELL`, `round`, and the times `operator_s`, `primal_s` and `reference_s` of
    one call and of one pass of the reference loop (s). Samples of one question on one backend in
    one round were taken next to each other.
    """
    sampled_rows = [row for row in rows if row.samples_s]
    counts = [len(row.samples_s) for row in sampled_rows]
    columns: dict[str, Any] = {}
    for name in CELL:
        values = pd.Series([getattr(row, name) for row in sampled_rows], dtype=_TYPES[name])
        columns[name] = values.repeat(counts).reset_index(drop=True)
    columns |= {name: [] for name in SAMPLE_COLUMNS}
    for row in sampled_rows:
        count = len(row.samples_s)
        columns["round"] += row.sample_rounds or range(count)
        columns["operator_s"] += row.samples_s
        columns["primal_s"] += row.primal_samples_s or [math.nan] * count
        columns["reference_s"] += row.reference_samples_s or [math.nan] * count
    times = {name: np.array(columns[name], float) for name in SAMPLE_COLUMNS if name != "round"}
    return pd.DataFrame({**columns, "round": np.array(columns["round"], int), **times})


def load(path: str | Path, strict: bool = False) -> pd.DataFrame:
    """Return the frame of a run.

    path: the run's folder, its journal, or its Parquet or CSV file. A folder is read by its
    journal, which is there from the first row on. Lines of a journal that cannot be read are left
    out, with a DamagedResultsWarning that counts them; strict: refuse them instead.

    Raises StoredResultsError, a ValueError, where that cannot be read; where there is no such run,
    it is a FileNotFoundError as well.
    """
    path = Path(path)
    if _is(path.is_dir):
        path = path / JOURNAL
    if not _is(path.is_file):
        raise NoStoredResultsError(
            f"There is no run at {path}; give the folder that `adbench run --out` wrote."
        )
    if path.suffix == ".jsonl":
        damage = Damage(path)
        table = load_journal(path, damage, strict)
        if damage.count:
            warnings.warn(damage.sentence(), DamagedResultsWarning, stacklevel=2)
        return table
    if path.suffix == ".parquet":
        return _load_parquet(path)
    if path.suffix == ".csv":
        return _load_csv(path)
    raise StoredResultsError(
        f"{path} holds no results; give the folder of a run, its {JOURNAL}, {PARQUET} or {CSV}."
    )


def _is(check: Any) -> bool:
    """Whether a path is of a kind; one that the system does not take is of none."""
    try:
        return bool(check())
    except (OSError, ValueError):
        return False


def load_journal(path: Path, damage: Damage, strict: bool = False) -> pd.DataFrame:
    """Return the frame of a journal as `load` does. damage: counts the lines that are left out."""
    tables = list(journal_tables(path, damage, strict))
    table = pd.concat(tables, ignore_index=True) if tables else table_of([])
    return with_shared_differences(table)


def journal_tables(path: Path, damage: Damage, strict: bool = False) -> Iterator[pd.DataFrame]:
    """Read a journal as frames of at most `CHUNK` rows. damage, strict: as of `load_journal`."""
    cells = journal.read_as(_StoredCell, path, strict, damage)
    return map(table_of, _chunks(cells))


def with_dtypes(table: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with the columns and dtypes of every frame of results."""
    return table[COLUMNS].astype(_TYPES)


def _chunks(records: Iterator[Any]) -> Iterator[list[Any]]:
    while chunk := list(islice(records, CHUNK)):
        yield chunk


def _cell_fields() -> Iterator[tuple[str, Any] | tuple[str, Any, Any]]:
    """The fields of `Row` that are columns, as the fields of a msgspec structure."""
    hints = get_type_hints(Row)
    for field in fields(Row):
        if field.name not in COLUMNS:
            continue
        hint = hints[field.name]
        if isinstance(hint, type) and issubclass(hint, StoredWord):
            hint = str
        if field.default is MISSING:
            yield field.name, hint
        else:
            yield field.name, hint, field.default


_StoredCell = msgspec.defstruct("_StoredCell", _cell_fields(), gc=False)
"""A line of a journal without the samples, which are read over."""


def _load_parquet(path: Path) -> pd.DataFrame:
    import pyarrow.parquet

    try:
        file = BytesIO(path.read_bytes())
        _check_columns(path, pyarrow.parquet.read_schema(file).names)
        table = pd.read_parquet(file, columns=COLUMNS, page_checksum_verification=True)
        return with_dtypes(table)
    except StoredResultsError:
        raise
    except Exception as error:  # a damaged file ends in whatever its reader stumbles on
        raise _unreadable(path, error) from error


def _load_csv(path: Path) -> pd.DataFrame:
    missing = {name: ["", "nan"] for name in COLUMNS if _TYPES[name] != "str"}
    try:
        if not _ends_with_line(path):
            raise StoredResultsError(f"{path} cannot be read (its last line is cut off).")
        _check_columns(path, list(pd.read_csv(path, nrows=0).columns))
        table = pd.read_csv(
            path, usecols=COLUMNS, dtype=_TYPES, keep_default_na=False, na_values=missing
        )
        return escaping.from_spreadsheet(table[COLUMNS])
    except StoredResultsError:
        raise
    except Exception as error:
        raise _unreadable(path, error) from error


def _ends_with_line(path: Path) -> bool:
    """Whether a file ends with the end of a line, or is empty."""
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return True
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    """Raise StoredResultsError where columns are missing."""
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        lacking = f"the column {missing[0]!r}"
        if len(missing) > 1:
            lacking = f"{len(missing)} columns, such as {missing[0]!r}"
        raise StoredResultsError(
            f"{path} cannot be read as the results of a run (it lacks {lacking}); read the "
            f"{JOURNAL} of the run instead."
        )


def _unreadable(path: Path, error: Exception) -> StoredResultsError:
    """What is raised for a file that its reader could not read."""
    reason = str(error)
    if isinstance(error, OSError) and error.errno:
        reason = reason_of(error)
    first_line = reason.strip().partition("\n")[0].rstrip(".")
    kind = path.suffix.lstrip(".").upper()
    return StoredResultsError(f"{path} cannot be read as {kind} ({first_line[:200]}).")
