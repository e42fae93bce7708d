"""The rows of the step sweep as a frame, with its writer and reader."""

from __future__ import annotations

from adbench.results.records import Records
from adbench.step_sweep.row import StepRow

PARQUET, CSV = "differences.parquet", "differences.csv"

STEPS = Records(StepRow, PARQUET, CSV, "step sweep", "adbench differences --out FOLDER")

frame, write, load = STEPS.frame, STEPS.write, STEPS.load

COLUMNS = STEPS.columns
"""The columns of the frame, and their dtypes."""
