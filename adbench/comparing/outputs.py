"""The files that are made of the rows of a run: its report, its frames and its samples."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from adbench.comparing.folder import REPORT
from adbench.results import frames
from adbench.results.files import OutputFiles
from adbench.results.row import Row
from adbench.step_sweep import rows as step_rows


def write_results(
    files: OutputFiles, report: str, table: pd.DataFrame, rows: Sequence[Row]
) -> None:
    """Write the report in Markdown, the frame and the samples of a run, as far as they fit."""
    files.write_text(REPORT, report)
    files.write(frames.PARQUET, partial(frames.write_parquet, table))
    files.write(frames.CSV, partial(frames.write_csv, table))
    files.write(frames.SAMPLES_PARQUET, partial(frames.write_parquet, frames.samples(rows)))


def write_steps(files: OutputFiles, steps: pd.DataFrame) -> None:
    """Write the frame of a step sweep, likewise."""
    files.write(step_rows.PARQUET, partial(frames.write_parquet, steps))
    files.write(step_rows.CSV, partial(frames.write_csv, steps))
