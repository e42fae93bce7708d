"""The tables of the step sweep: the best that differences can reach beside AD, and the V-curve."""

from __future__ import annotations

import math

import pandas as pd

from adbench.reporting.tables import Table

TITLE = "Against numerical differentiation"

SUBJECT = ["model", "size", "dtype"]
"""The columns that tell one V-curve from another."""

NOTE = (
    "Relative error of the gradient or Jacobian by differences at the best step h of all from 1 to "
    "1e-16, with the evaluations of the function in brackets; by libraries that choose their "
    "steps; and by AD (the reference engine, reverse mode)."
)


def best(frame: pd.DataFrame) -> Table | None:
    """The best step of each difference and the error there.

    Beside it what adaptive libraries reach, and AD's error.
    """
    if frame.empty:
        return None
    rows = []
    for (model, size, dtype), attempts in frame.groupby(SUBJECT, sort=False):
        row = (
            str(model),
            str(size),
            str(dtype),
            str(attempts["n_inputs"].iloc[0]),
            *_at_best_step(attempts, "forward"),
            *_at_best_step(attempts, "central"),
            _error_and_evaluations(attempts, "scipy"),
            _error_and_evaluations(attempts, "numdifftools"),
            _error(attempts, "ad"),
        )
        rows.append(row)
    columns = (
        "model",
        "size",
        "dtype",
        "n",
        "forward h",
        "forward",
        "central h",
        "central",
        "SciPy",
        "numdifftools",
        "AD",
    )
    return Table(TITLE, NOTE, columns, 4, tuple(rows))


def curve(frame: pd.DataFrame) -> Table | None:
    """The error over h, a step a decade, one column a model, size and method: the V-curve."""
    stepped = frame[frame["method"].isin(["forward", "central"])]
    if stepped.empty:
        return None
    one_curve = len(stepped[SUBJECT].drop_duplicates()) == 1
    errors_by_step: dict[float, dict[str, str]] = {}
    for _, row in stepped.sort_values("step", ascending=False, kind="stable").iterrows():
        column = str(row["method"])
        if not one_curve:
            column = f"{row['model']} {row['size']} {row['dtype']}:{column}"
        errors = errors_by_step.setdefault(row["step"], {})
        errors[column] = f"{row['relative_error']:.1e}"
    columns = list(next(iter(errors_by_step.values())))
    rows = []
    for step, errors in errors_by_step.items():
        rows.append((f"{step:.0e}", *(errors.get(column, "–") for column in columns)))
    one_step_a_decade = tuple(rows[::2])
    return Table("Error over the step h", "", ("h", *columns), 1, one_step_a_decade)


def _at_best_step(attempts: pd.DataFrame, method: str) -> tuple[str, str]:
    """The step at which a method errs least, and the error there with its evaluations."""
    by_error = attempts[attempts["method"] == method].sort_values("relative_error")
    row = by_error.iloc[0]
    return f"{row['step']:.0e}", f"{row['relative_error']:.1e} ({row['evaluations']})"


def _error_and_evaluations(attempts: pd.DataFrame, method: str) -> str:
    of_method = attempts[attempts["method"] == method]
    if of_method.empty:
        return "–"
    return f"{_error(attempts, method)} ({of_method['evaluations'].iloc[0]})"


def _error(attempts: pd.DataFrame, method: str) -> str:
    error = float(attempts.loc[attempts["method"] == method, "relative_error"].iloc[0])
    if math.isnan(error):
        return "nan"
    if error == 0:
        return "0"
    return f"{error:.1e}"
