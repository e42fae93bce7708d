"""Records of one type as a frame, with its writer and reader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, get_type_hints

import pandas as pd

from adbench.results import escaping, frames
from adbench.results.stored import NoStoredResultsError, StoredResultsError

_COLUMN_DTYPES = {str: "str", int: "int64", float: "float64", bool: "bool"}
"""The dtype of a column by the type of its field."""


@dataclass(frozen=True)
class Records:
    """How frozen records of one type are stored: one row a record, one column a field."""

    record_type: type
    """A dataclass whose fields are `str`, `int`, `float` and `bool`."""

    parquet: str
    """The name of the Parquet file in a folder."""

    csv: str
    """The name of the CSV file."""

    title: str
    """What they are called together, such as "step sweep"."""

    command: str
    """What writes them."""

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the frame, and their dtypes."""
        fields = get_type_hints(self.record_type)
        return {name: _COLUMN_DTYPES[field_type] for name, field_type in fields.items()}

    def frame(self, records: Iterable[Any]) -> pd.DataFrame:
        """Return records as a frame with fixed columns and dtypes, however few there are."""
        rows = [asdict(record) for record in records]
        return pd.DataFrame(rows, columns=list(self.columns)).astype(self.columns)

    def write(self, table: pd.DataFrame, folder: Path) -> None:
        """Write the frame to `folder` as Parquet and as CSV, each whole or not at all.

        Raises OSError where one cannot be written.
        """
        frames.write(table, folder, self.parquet, self.csv)

    def load(self, path: str | Path) -> pd.DataFrame:
        """Return the frame that was written.

        path: the folder, or the Parquet or CSV file. Raises StoredResultsError, a ValueError,
        where it cannot be read; where there is none, it is a FileNotFoundError as well.
        """
        path = Path(path)
        if path.is_dir():
            path = path / self.parquet
        if not path.is_file():
            raise NoStoredResultsError(
                f"There is no {self.title} at {path}; `{self.command}` writes one."
            )
        try:
            if path.suffix == ".parquet":
                file = BytesIO(path.read_bytes())
                table = pd.read_parquet(file, page_checksum_verification=True)
            else:
                table = escaping.from_spreadsheet(self._read_csv(path))
            return table[list(self.columns)].astype(self.columns)
        except Exception as error:  # a damaged file ends in whatever its reader stumbles on
            message = f"{path} cannot be read as a {self.title} ({error})."
            raise StoredResultsError(message) from error

    def _read_csv(self, path: Path) -> pd.DataFrame:
        """Read a CSV file; an empty text stays one, and a number that is missing is nan."""
        numbers = [name for name, dtype in self.columns.items() if dtype == "float64"]
        missing = {name: ["", "nan"] for name in numbers}
        return pd.read_csv(path, dtype=self.columns, keep_default_na=False, na_values=missing)
