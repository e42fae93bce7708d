"""The journal: one line of JSON a row, written as rows come, so that an interrupted run keeps what
it measured."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from adbench.results.row import Row


class Journal:
    """An append-only file of rows. Every row is on disk when `append` returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def append(self, row: Row) -> None:
        """Write one row and flush it to the disk."""
        self._file.write(json.dumps(row.to_json(), allow_nan=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()


def read(path: Path) -> Iterator[Row]:
    """Read the rows of a journal. A last line that was cut off in the middle is left out."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield Row.from_json(json.loads(line))
