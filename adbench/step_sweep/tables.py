"""The tables of the step sweep: the best that differences can reach beside AD, and the V-curve."""

from __future__ import annotations

import math

import pandas as pd

from adbench.reporting.tables import Table

TITLE = "Against numerical differentiation"


def best(frame: pd.DataFrame) -> Table | None:
    """The best step of each difference and the error there, what adaptive libraries reach, and AD's
    error."""
    if frame.empty:
        return None
    rows = [
        (
            str(model),
            str(size),
            str(dtype),
            str(some["n_inputs"].iloc[0]),
            *_at_best(some, "forward"),
            *_at_best(some, "central"),
            *(_error_and_cost(some, library) for library in ("scipy", "numdifftools")),
            _error(some, "ad"),
        )
        for (model, size, dtype), some in frame.groupby(["model", "size", "dtype"], sort=False)
    ]
    return Table(
        TITLE,
        "Relative error of the gradient or Jacobian by differences at the best step h of all from "
        "1 to 1e-16, with the "
        "evaluations of the function in brackets; by libraries that choose their steps; and by AD "
        "(the reference "
        "engine, reverse mode).",
        (
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
        ),
        4,
        tuple(rows),
    )


def curve(frame: pd.DataFrame) -> Table | None:
    """The error over h, a step a decade, one column a model, size and method: the V-curve."""
    some = frame[frame["method"].isin(["forward", "central"])]
    if some.empty:
        return None
    several = len(some[["model", "size", "dtype"]].drop_duplicates()) > 1
    errors: dict[float, dict[str, str]] = {}
    for _, row in some.sort_values("step", ascending=False, kind="stable").iterrows():
        column = (
            f"{row['model']} {row['size']} {row['dtype']}:{row['method']}"
            if several
            else row["method"]
        )
        errors.setdefault(row["step"], {})[column] = f"{row['relative_error']:.1e}"
    columns = list(next(iter(errors.values())))
    rows = [
        (f"{step:.0e}", *(found.get(column, "–") for column in columns))
        for step, found in errors.items()
    ]
    return Table("Error over the step h", "", ("h", *columns), 1, tuple(rows[::2]))


def _at_best(frame: pd.DataFrame, method: str) -> tuple[str, str]:
    some = frame[frame["method"] == method].sort_values("relative_error").iloc[0]
    return f"{some['step']:.0e}", f"{some['relative_error']:.1e} ({some['evaluations']})"


def _error_and_cost(frame: pd.DataFrame, method: str) -> str:
    some = frame[frame["method"] == method]
    return "–" if some.empty else f"{_error(frame, method)} ({some['evaluations'].iloc[0]})"


def _error(frame: pd.DataFrame, method: str) -> str:
    error = float(frame.loc[frame["method"] == method, "relative_error"].iloc[0])
    return "nan" if math.isnan(error) else "0" if error == 0 else f"{error:.1e}"
