"""Reading the results of a run, wherever they lie."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from adbench.results import frames
from adbench.results.dataset import is_dataset, load_dataset


def load(path: str | Path, strict: bool = False) -> pd.DataFrame:
    """Return the frame of a run.

    path: the run's folder, its journal, its Parquet or CSV file, or a store that `adbench store`
    wrote, which may be an address of fsspec such as s3://bucket/run. A folder of a run is read by
    its journal, which is there from the first row on. Lines of a journal that cannot be read are
    left out, with a DamagedResultsWarning that counts them; strict: refuse them instead.

    Raises StoredResultsError, a ValueError, where that cannot be read; where there is no such run,
    it is a FileNotFoundError as well.
    """
    if is_dataset(path):
        return load_dataset(str(path))
    return frames.load(path, strict)
