"""The cells of a run that one host has measured: times of several do not lie on one line."""

from __future__ import annotations

import pandas as pd

HOST = "host"
"""The column that names the machine that a cell was measured on."""


def on_one_host(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of the host that has most of them, the first of several; all if it is one.

    Runs of older versions do not name hosts: they were measured on one.
    """
    if HOST not in cells or cells[HOST].nunique() < 2:
        return cells
    counts = cells[HOST].value_counts(sort=False)
    return cells[cells[HOST] == counts.idxmax()]
