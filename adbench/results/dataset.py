"""The store of a big run: Parquet files partitioned by model, on any file system of fsspec.

It holds what the frame of a run holds: one row a cell, without the samples. It is written from the
journal in pieces, so that it needs no memory for the whole run, and a reader takes the models and
columns that it wants. The file `_run.json` is written last: without it the store is unfinished.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

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

MOST_MODELS = 1 << 16
"""A store has at most so many models."""


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
    import pyarrow as pa
    import pyarrow.dataset as ds

    place = Place.of(url)
    schema = pa.Schema.from_pandas(frames.table_of([]), preserve_index=False)
    counted = _Counted(schema)
    pieces = frames.journal_tables(journal, damage)
    first = next(pieces, None)
    if first is None:
        raise SpecError(f"{journal} has no row to store; the run ended before its first cell.")
    file_format = ds.ParquetFileFormat()
    try:
        _refuse_to_overwrite(place)
        place.system.makedirs(place.path, exist_ok=True)
        ds.write_dataset(
            counted.batches(chain([first], pieces)),
            place.path,
            schema=schema,
            filesystem=place.for_pyarrow(),
            format=file_format,
            file_options=file_format.make_write_options(write_page_checksum=True),
            partitioning=_by_model(),
            max_partitions=MOST_MODELS,
            use_threads=False,
            existing_data_behavior="overwrite_or_ignore",
        )
        marker = Marker(VERSION, counted.cells, environment)
        place.system.pipe_file(place.marker, msgspec.json.encode(marker))
    except (OSError, pa.ArrowException) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise SpecError(
            f"The store {url} could not be written ({reason}); remove what there is of it, and try "
            "again."
        ) from error
    return counted.cells, len(counted.models)


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


@dataclass
class _Counted:
    """Batches that are counted as they are taken."""

    schema: Any
    cells: int = 0

    def __post_init__(self) -> None:
        self.models: set[str] = set()

    def batches(self, tables: Iterator[pd.DataFrame]) -> Iterator[Any]:
        """Give frames as batches of pyarrow."""
        import pyarrow as pa

        for table in tables:
            self.cells += len(table)
            self.models.update(table["model"])
            yield pa.RecordBatch.from_pandas(table, schema=self.schema, preserve_index=False)


def _by_model() -> Any:
    """How a store is divided: a folder `model=...` for each model."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    return ds.partitioning(pa.schema([("model", pa.string())]), flavor="hive")


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
