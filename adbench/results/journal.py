"""The journal.

One line of JSON a row, written as rows come, so that an interrupted run keeps what it measured.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import msgspec

from adbench.results.row import Row

SYNCED_EVERY_S = 1.0
"""The rows written within this time (s) are forced to the disk together."""


class Journal:
    """An append-only file of rows.

    A row is with the system when `append` returns, so that it outlives this process. It is forced
    to the disk, so that it outlives the machine, with the first row after a second, or at the end.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")
        self._synced_at = 0.0

    def append(self, row: Row) -> None:
        """Write one row."""
        self._file.write(msgspec.json.encode(row.to_json()) + b"\n")
        self._file.flush()
        if time.monotonic() - self._synced_at > SYNCED_EVERY_S:
            self._sync()

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._synced_at = time.monotonic()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._sync()
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
