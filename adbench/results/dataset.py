"""The store of a big run: Parquet files partitioned by model, on any file system of fsspec.

It holds what the frame of a run holds: one row a cell, without the samples. It is written from the
journal in pieces, so that it needs no memory for the whole run, and a reader takes the models and
columns that it wants. The file `_run.json` is written last: without it the store is unfinished.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pandas as pd

from adbench.cases.model import SpecError
from adbench.results import frames
from adbench.results.frames import COLUMNS
from adbench.results.stored import Damage, NoStoredResultsError, StoredResultsError

MARKER = "_run.json"
"""What tells that a store is whole. Readers of Parquet leave out what begins with an underscore."""

VERSION = 1
"""The version of stores that are written. A reader refuses those of a later one."""

MODEL = "model"
"""The column by which a store is divided."""

ROWS_AT_A_TIME = 50_000
"""So many rows are gathered before they are written, so that a model has few files."""


class Marker(msgspec.Struct, frozen=True):
    """What `_run.json` holds."""

    version: int
    """The version of the store."""
    cells: int
    """How many rows it has."""
    environment: dict[str, Any]
    """What the run ran on."""


@dataclass(frozen=True)
class Place:
    """A place on some file system."""

    url: str
    """What it was called."""
    system: Any
    """Its file system, of fsspec."""
    path: str
    """Its path there."""

    @classmethod
    def of(cls, url: str) -> Place:
        """Find a place. Raises SpecError where its file system is none, or needs a package."""
        if find_spec("fsspec") is None:
            raise SpecError(
                f"{url} cannot be reached, since fsspec cannot be imported; "
                "`pip install 'adbench[store]'` brings it."
            )
        import fsspec.core

        try:
            system, path = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError, OSError) as error:
            reason = str(error).rstrip(".")
            raise SpecError(
                f"{url} cannot be reached ({reason}); give a path or an address of fsspec, such as "
                "s3://bucket/run."
            ) from error
        return cls(url, system, path.rstrip("/"))

    @property
    def marker(self) -> str:
        """The path of the file that tells that the store is whole."""
        return f"{self.path}/{MARKER}"

    def for_pyarrow(self) -> Any:
        """Return its file system as pyarrow takes it."""
        from pyarrow.fs import FSSpecHandler, PyFileSystem

        return PyFileSystem(FSSpecHandler(self.system))


def is_dataset(path: str | Path) -> bool:
    """Whether results lie at an address of fsspec, or in a local folder that is a store."""
    if isinstance(path, str) and "://" in path:
        return True
    try:
        return (Path(path) / MARKER).is_file()
    except (OSError, ValueError):
        return False


def write_dataset(
    journal: Path, url: str, environment: dict[str, Any], damage: Damage
) -> tuple[int, int]:
    """Write the rows of a journal as a store, and return how many cells and models it has.

    journal: its file. url: a path or an address of fsspec, where nothing may be yet. damage: counts
    the lines that are left out. Raises SpecError where something is there already, where the
    journal has no row, and where the store cannot be written; what there is of it is unfinished.
    """
    from pyarrow import ArrowException

    place = Place.of(url)
    pieces = frames.journal_tables(journal, damage)
    first = next(pieces, None)
    if first is None:
        raise SpecError(f"{journal} has no row to store; the run ended before its first cell.")
    try:
        _refuse_to_overwrite(place)
        parts = _Parts(place)
        for piece in chain([first], pieces):
            parts.add(piece)
        parts.flush()
        marker = Marker(VERSION, parts.cells, environment)
        place.system.pipe_file(place.marker, msgspec.json.encode(marker))
    except (OSError, ArrowException) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise SpecError(
            f"The store {url} could not be written ({reason}); remove what there is of it, and try "
            "again."
        ) from error
    return parts.cells, len(parts.files_of)


def load_dataset(url: str) -> pd.DataFrame:
    """Return the frame of a store, with the rows of each model together.

    Raises StoredResultsError where it is unfinished, damaged or of a later version.
    """
    import pyarrow.dataset as ds

    place = Place.of(url)
    marker = _read_marker(place)
    options = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
    try:
        dataset = ds.dataset(
            place.path,
            filesystem=place.for_pyarrow(),
            format=ds.ParquetFileFormat(default_fragment_scan_options=options),
            partitioning=_by_model(),
        )
        table = dataset.to_table(columns=COLUMNS).to_pandas()
        table = frames.with_dtypes(table)
    except Exception as error:  # a damaged file ends in whatever its reader stumbles on
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise StoredResultsError(f"The store {url} cannot be read ({reason[:200]}).") from error
    if len(table) != marker.cells:
        raise StoredResultsError(
            f"The store {url} has {len(table)} cells, and had {marker.cells} when it was written; "
            "store the run again."
        )
    return frames.with_shared_differences(table)


class _Parts:
    """The files of a store, written when many rows have gathered, those of a model together.

    They are written by this thread alone: pyarrow's own writer of datasets ended some processes
    with SIGABRT after its work, when its threads outlived the interpreter.
    """

    def __init__(self, place: Place) -> None:
        import pyarrow as pa

        self.cells = 0
        self.files_of: dict[str, int] = {}
        """How many files each model has."""
        self._place = place
        columns = frames.table_of([]).drop(columns=MODEL)
        self._schema = pa.Schema.from_pandas(columns, preserve_index=False)
        self._pieces: list[pd.DataFrame] = []
        self._waiting = 0

    def add(self, piece: pd.DataFrame) -> None:
        """Add rows."""
        self._pieces.append(piece)
        self._waiting += len(piece)
        if self._waiting >= ROWS_AT_A_TIME:
            self.flush()

    def flush(self) -> None:
        """Write the rows that wait."""
        if not self._pieces:
            return
        rows = pd.concat(self._pieces, ignore_index=True)
        for model, part in rows.groupby(MODEL, sort=False):
            self._write(str(model), part.drop(columns=MODEL))
        self.cells += len(rows)
        self._pieces, self._waiting = [], 0

    def _write(self, model: str, part: pd.DataFrame) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        number = self.files_of.get(model, 0)
        self.files_of[model] = number + 1
        folder = f"{self._place.path}/{MODEL}={quote(model, safe='')}"
        self._place.system.makedirs(folder, exist_ok=True)
        table = pa.Table.from_pandas(part, schema=self._schema, preserve_index=False)
        with self._place.system.open(f"{folder}/part-{number}.parquet", "wb") as file:
            pq.write_table(table, file, write_page_checksum=True)


def _by_model() -> Any:
    """How a store is divided: a folder `model=...` for each model."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    return ds.partitioning(pa.schema([(MODEL, pa.string())]), flavor="hive")


def _refuse_to_overwrite(place: Place) -> None:
    """Raise SpecError where a store would lie over something else."""
    if place.system.exists(place.path) and (
        not place.system.isdir(place.path) or place.system.ls(place.path, detail=False)
    ):
        raise SpecError(
            f"{place.url} is there already and would be overwritten; choose another place, or "
            "remove it."
        )


def _read_marker(place: Place) -> Marker:
    """Read what tells that a store is whole. Raises StoredResultsError where nothing does."""
    try:
        content = place.system.cat_file(place.marker)
    except FileNotFoundError as error:
        raise NoStoredResultsError(
            f"There is no whole store at {place.url} (it has no {MARKER}); `adbench store RUN URL` "
            "writes one."
        ) from error
    except OSError as error:
        raise StoredResultsError(f"The store {place.url} cannot be read ({error}).") from error
    try:
        version = json.loads(content)["version"]
        if version > VERSION:
            raise StoredResultsError(
                f"The store {place.url} was written by a later adbench (it has version {version}, "
                f"and this one reads up to {VERSION}); update adbench."
            )
        return msgspec.json.decode(content, type=Marker)
    except StoredResultsError:
        raise
    except (msgspec.MsgspecError, ValueError, TypeError, KeyError) as error:
        raise StoredResultsError(
            f"The store {place.url} is damaged ({MARKER}: {error}); store the run again."
        ) from error
