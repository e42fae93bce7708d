"""The journal.

One line of JSON a row, written as rows come, so that an interrupted run keeps what it measured.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import msgspec

from adbench.results.row import Row


class Journal:
    """An append-only file of rows. Every row is on disk when `append` returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")

    def append(self, row: Row) -> None:
        """Write one row and flush it to the disk."""
        self._file.write(msgspec.json.encode(row.to_json()) + b"\n")
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
    """Read the rows of a journal.

    A last line that was cut off in the middle is left out, and so is a field of a later version.
    """
    # Not strict, since a float that JSON cannot write stands there as "nan", "inf" or "-inf".
    decoder = msgspec.json.Decoder(Row, strict=False)
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield decoder.decode(line)
