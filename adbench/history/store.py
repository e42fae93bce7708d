"""The store of runs: a file of JSON lines, one a run, to which lines are added and never changed.

A run that is added again as it was is not written again. One that was gone on with meanwhile has
more cells; its later line stands for it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

import msgspec

from adbench.cases.model import SpecError
from adbench.history.records import VERSION, RunRecord
from adbench.results.files import reason_of
from adbench.results.locks import lock_file

STORE = Path("reports") / "history.jsonl"
"""Where the store lies unless another place is given."""


class Addition(StrEnum):
    """What became of a run that was to be added."""

    NEW = "new"
    GROWN = "grown"
    """It is there with other cells, and its new line stands for it from now on."""
    KNOWN = "known"
    """It is there already as it is, and was not written again."""


@dataclass(frozen=True)
class Store:
    """The runs of a store."""

    path: Path
    """Its file."""
    runs: tuple[RunRecord, ...]
    """The runs in the order in which they were begun."""


def read_store(path: Path) -> Store:
    """Read a store; one that is not there yet has no run.

    Raises SpecError, in one sentence with the line, where it is damaged or of a later version.
    """
    try:
        with path.open("rb") as file:
            return Store(path, _in_order(_read_records(path, file)))
    except FileNotFoundError:
        return Store(path, ())
    except OSError as error:
        raise SpecError(f"The history {path} cannot be read ({reason_of(error)}).") from error


def add_runs(path: Path, records: Sequence[RunRecord]) -> list[Addition]:
    """Add runs to a store, and return what became of each.

    Other processes that add to it wait. Raises SpecError as `read_store`, and where the store
    cannot be written to; it is then as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:
            lock_file(file, is_patient=True)
            known = {record.run: record for record in read_store(path).runs}
            additions, lines = [], []
            for record in records:
                additions.append(_addition(known.get(record.run), record))
                known[record.run] = record
                if additions[-1] is not Addition.KNOWN:
                    lines.append(msgspec.json.encode(record) + b"\n")
            _append(file, b"".join(lines))
            return additions
    except OSError as error:
        raise SpecError(f"The history {path} cannot be written to ({reason_of(error)}).") from error


def _addition(known: RunRecord | None, record: RunRecord) -> Addition:
    if known is None:
        return Addition.NEW
    return Addition.KNOWN if known.cells == record.cells else Addition.GROWN


def _append(file: IO[bytes], lines: bytes) -> None:
    """Write lines whole or not at all, and force them to the disk."""
    end = os.fstat(file.fileno()).st_size
    written = 0
    try:
        while written < len(lines):
            written += file.write(lines[written:])
        os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            file.truncate(end)
        raise


def _in_order(records: Sequence[RunRecord]) -> tuple[RunRecord, ...]:
    """The last record of each run, by the time when the runs were begun."""
    last = {record.run: record for record in records}
    return tuple(sorted(last.values(), key=lambda record: record.created))


class _Head(msgspec.Struct):
    """What every record of every version begins with."""

    version: int


def _read_records(path: Path, file: IO[bytes]) -> list[RunRecord]:
    """Read all lines. Raises SpecError where one is damaged or of a later version."""
    records = []
    for number, line in enumerate(file, start=1):
        try:
            version = msgspec.json.decode(line, type=_Head).version
            if version > VERSION:
                raise SpecError(
                    f"Line {number} of the history {path} was written by a later adbench (its "
                    f"records have version {version}, and this one reads up to {VERSION}); update "
                    "adbench, or give another file with --store."
                )
            if not line.endswith(b"\n"):
                raise ValueError("its end is missing")
            records.append(msgspec.json.decode(line, type=RunRecord))
        except SpecError:
            raise
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            reason = str(error).rstrip(".")[:200]
            raise SpecError(
                f"Line {number} of the history {path} is damaged ({reason}); restore the file from "
                "a copy, or remove that line and add its run again."
            ) from error
    return records
