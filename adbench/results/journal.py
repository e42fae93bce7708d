"""The journal.

One line of JSON a row, written as rows come, so that an interrupted run keeps what it measured.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import msgspec

from adbench.results.files import reason_of
from adbench.results.row import Row
from adbench.results.stored import (
    Damage,
    DamagedResultsWarning,
    NoStoredResultsError,
    StoredResultsError,
)

JOURNAL = "journal.jsonl"
"""The name of the file, in the folder of a run."""

SYNCED_EVERY_S = 1.0
"""The rows written within this time (s) are forced to the disk together."""


class Journal:
    """An append-only file of rows.

    A row is with the system when `append` returns, so that it outlives this process. It is forced
    to the disk, so that it outlives the machine, with the first row after a second, or at the end.

    Rows that cannot be written, as on a full disk, wait: they are tried again with each further row
    and at the end. No part of a row stays in the file.
    """

    def __init__(self, path: Path) -> None:
        """Open a journal to go on with, or a new one; a line torn at its end is cut off.

        Raises OSError where it cannot be opened.
        """
        self._file = path.open("a+b", buffering=0)
        self._synced_at = 0.0
        self._waiting: deque[bytes] = deque()
        self.failure: OSError | None = None
        """Why rows wait, if some do."""
        _end_at_whole_line(path)

    def append(self, row: Row) -> None:
        """Write one row."""
        self._waiting.append(msgspec.json.encode(row.to_json()) + b"\n")
        self.write_waiting()
        if time.monotonic() - self._synced_at > SYNCED_EVERY_S:
            self._sync()

    @property
    def unwritten(self) -> int:
        """How many rows could not be written so far."""
        return len(self._waiting)

    def write_waiting(self) -> None:
        """Write the rows that wait, as far as the system takes them."""
        while self._waiting:
            line = self._waiting.popleft()
            try:
                self._write_line(line)
            except OSError as error:
                self._waiting.appendleft(line)
                self.failure = error
                return
        self.failure = None

    def _write_line(self, line: bytes) -> None:
        """Write a line whole or not at all."""
        end = os.fstat(self._file.fileno()).st_size
        written = 0
        try:
            while written < len(line):
                written += self._file.write(line[written:])
        except OSError:
            with suppress(OSError):
                self._file.truncate(end)
            raise

    def _sync(self) -> None:
        self._synced_at = time.monotonic()
        with suppress(OSError):  # what is not on the disk is with the system all the same
            os.fsync(self._file.fileno())

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.write_waiting()
        self._sync()
        self._file.close()


LAST_PART = 1 << 16
"""How many bytes at the end of a journal are looked through first for the end of a line."""


def _end_at_whole_line(path: Path) -> None:
    """Cut off a line that a kill or a full disk left unfinished, so that the next stands alone."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        length = min(LAST_PART, size)
        file.seek(size - length)
        tail = file.read()
        while b"\n" not in tail and length < size:
            length = min(2 * length, size)
            file.seek(size - length)
            tail = file.read()
        torn = tail[tail.rfind(b"\n") + 1 :]
        if not torn:
            return
        if list(_rows_in(torn, msgspec.json.Decoder(Row, strict=False).decode, Row)):
            file.write(b"\n")
        else:
            file.truncate(size - len(torn))


# ---- reading

Record = TypeVar("Record")

MARGIN = b"\0\t\r\n \xef\xbb\xbf"
"""What may stand before and behind a row: blanks, the NULs that a loss of power leaves, and the
mark by which editors know UTF-8."""

BEGINNING = b'{"model"'
"""What each row begins with. It stands nowhere else: a quotation mark in a text is escaped."""

INDISPENSABLE = b'"outcome"'
"""The field that a row on the disk must have, though it has a default: without it nobody knows
whether the cell ended well."""

INTEGERS = (
    "n_inputs",
    "n_outputs",
    "order",
    "colours",
    "unresolved_entries",
    "judged_projections",
    "judged_entries",
    "samples",
    "loops",
    "peak_bytes",
)
"""The fields of a row that are integers; the columns of a frame hold 64 bits of them."""


def read(path: Path, strict: bool = False, damage: Damage | None = None) -> Iterator[Row]:
    """Read the rows of a journal.

    A field of a later version is left out, and so is a last line that was cut off as the run ended.
    Lines that cannot be read are left out as well, with one DamagedResultsWarning that counts them;
    strict: refuse them instead; damage: what counts them in place of a warning.

    Raises StoredResultsError where the file or none of its lines can be read, or, where strict, one
    cannot.
    """
    yield from read_as(Row, path, strict, damage)


def read_as(
    record_type: type[Record], path: Path, strict: bool = False, damage: Damage | None = None
) -> Iterator[Record]:
    """Read the rows of a journal as `read` does, each as a record that has some of their fields."""
    is_told = damage is not None
    damage = Damage(path) if damage is None else damage
    is_empty = True
    for record in _records(record_type, path, strict, damage):
        is_empty = False
        yield record
    if damage.count and is_empty:
        raise StoredResultsError(f"No row can be read of {damage.place}.")
    if damage.count and not is_told:
        warnings.warn(damage.sentence(), DamagedResultsWarning, stacklevel=3)


def _records(
    record_type: type[Record], path: Path, strict: bool, damage: Damage
) -> Iterator[Record]:
    # Not strict, since a float that JSON cannot write stands there as "nan", "inf" or "-inf".
    decode = msgspec.json.Decoder(record_type, strict=False).decode
    for number, line in enumerate(_lines(path), start=1):
        record = _decoded(decode, line)
        if record is not None:
            yield record
            continue
        parts = _parts(line)
        records = list(_rows_in(line, decode, record_type))
        yield from records
        is_cut_off = not line.endswith(b"\n")
        if len(records) < len(parts) - is_cut_off:
            damage.add(number, _complaint(decode, line))
            if strict:
                raise StoredResultsError(f"A row cannot be read: {damage.place}.")


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file. Raises StoredResultsError where it cannot be read."""
    try:
        with path.open("rb") as file:
            yield from file
    except FileNotFoundError as error:
        raise NoStoredResultsError(f"There is no journal at {path}.") from error
    except OSError as error:
        raise StoredResultsError(f"{path} cannot be read ({reason_of(error)}).") from error


def _decoded(decode: Callable[[bytes], Record], line: bytes) -> Record | None:
    """The row of a line as adbench writes it, or None for any other line."""
    if INDISPENSABLE not in line:
        return None
    try:
        return _in_range(decode(line))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _in_range(record: Record) -> Record:
    """Return a record. Raises ValueError for an integer that no column can hold."""
    for name in INTEGERS:
        value = getattr(record, name)
        if value is not None and not -(2**63) <= value < 2**63:
            raise ValueError(f"{name} is out of range")
    return record


def _parts(line: bytes) -> list[bytes]:
    """Return the parts of a line: one where it is a row, none where it is blank.

    There are several where a row was written behind another that is torn or lacks its end.
    """
    content = line.strip(MARGIN)
    before, *rows = content.split(BEGINNING)
    parts = [BEGINNING + row for row in rows]
    return [before, *parts] if before.strip(MARGIN) else parts


def _rows_in(
    line: bytes, decode: Callable[[bytes], Record], record_type: type[Record]
) -> Iterator[Record]:
    """The rows in a line that adbench did not write as it stands, such as two in one line."""
    for part in _parts(line):
        content = part.strip(MARGIN)
        record = _decoded(decode, content)
        if record is None:
            record = _converted(content, record_type)
        if record is not None:
            yield record


def _converted(content: bytes, record_type: type[Record]) -> Record | None:
    """The row in what Python reads as JSON and the standard does not, such as a bare NaN."""
    try:
        values = json.loads(content.decode("utf-8", "replace"))
        if not isinstance(values, dict) or INDISPENSABLE.decode().strip('"') not in values:
            return None
        plain_values = {name: _without_surrogates(value) for name, value in values.items()}
        return _in_range(msgspec.convert(plain_values, record_type, strict=False))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


def _complaint(decode: Callable[[bytes], object], line: bytes) -> str:
    """Why a line is no row."""
    try:
        _in_range(decode(line))
    except (msgspec.MsgspecError, ValueError) as error:
        return str(error).rstrip(".")
    except RecursionError:
        return "it is nested too deeply"
    return "it lacks the field `outcome`"
