"""A run from Python: the call of what the command `run` does."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterable
from contextlib import ExitStack
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import pandas as pd

from adbench import registry
from adbench.cases.model import SpecError
from adbench.comparing.compare import compare
from adbench.comparing.folder import hold_run_folder, make_run_folder
from adbench.comparing.kept_plan import KeptPlan
from adbench.planning.settings import PRESETS
from adbench.running.selection import Selection

Names = str | PathLike[str] | Iterable[str | PathLike[str]]
"""One name or path, or several."""

NAMES_OR_FILES = (
    "names or paths of files, since each backend runs in a process of its own and loads them there "
    "(adbench.check takes a Model, in this process)"
)
"""What models and backends must be, in words."""


def run(
    models: Names = (),
    backends: Names = (),
    operators: Names = (),
    sizes: Names = (),
    dtypes: Names = (),
    preset: str = "default",
    out: str | PathLike[str] | None = None,
    threads: int = 1,
    timeout: float | None = None,
    seed: int = 0,
    progress: bool = False,
) -> pd.DataFrame:
    """Check and time models on backends, each in a process of its own, and return the results.

    models: names of models or paths of files that define some; all models where empty.
    backends: "torch", "jax:jit", "mine.py"; all backends where empty.
    operators: "gradient", "vjp", ...; all that apply where empty.
    sizes: names of sizes; the smaller ones of each model where empty.
    dtypes: "float64" or others; float64 where empty.
    preset: how much is measured: "quick" (a minute or two), "default", "full" (an hour).
    out: the folder that the journal, the tables and the report are written to, as the command
        `adbench run --out` does; nothing is kept where None.
    threads: how many threads each backend may use.
    timeout: the time that each cell may take (s); 60, or 600 in a full run, where None.
    seed: the seed of the models' inputs, not negative.
    progress: whether a progress bar is shown on standard error.

    Returns a frame with one row a cell, as `adbench.load` does. A derivative that is wrong and a
    cell that does not run are rows like others, in the columns `verdict` and `outcome`.

    Raises SpecError where a name is unknown or a setting is out of range. Raises CertificateError
    where a truth that adbench computed was not certified, and KeyboardInterrupt on Ctrl-C, in both
    cases after what was measured is written to `out`.
    """
    _check_settings(preset, threads, timeout, seed)
    selection = Selection(
        models=_as_names("models", models, NAMES_OR_FILES),
        backends=_as_names("backends", backends, NAMES_OR_FILES),
        operators=_as_names("operators", operators),
        sizes=_as_names("sizes", sizes),
        dtypes=_as_names("dtypes", dtypes),
        threads=threads,
        timeout_s=timeout,
        seed=seed,
    )
    plan = selection.plan(PRESETS[preset])
    with ExitStack() as cleanup:
        if out is None:
            temporary_folder = tempfile.TemporaryDirectory(prefix="adbench-")
            folder = Path(cleanup.enter_context(temporary_folder))
        else:
            folder = make_run_folder(Path(out))
            cleanup.enter_context(hold_run_folder(folder))
        kept = KeptPlan.of(plan, selection, preset)
        comparison = compare(plan, folder, progress, kept=kept)
    if comparison.stopped_by is not None:
        raise comparison.stopped_by
    if comparison.unwritten:
        warnings.warn(comparison.unwritten, stacklevel=2)
    return comparison.table


def _check_settings(preset: str, threads: int, timeout: float | None, seed: int) -> None:
    """Raise SpecError for a setting that is out of range."""
    if preset not in PRESETS:
        raise SpecError(registry.nearest("preset", preset, PRESETS))
    if threads < 1:
        raise SpecError(f"run was given threads={threads}; give an integer of at least 1.")
    if timeout is not None and not timeout > 0:
        raise SpecError(f"run was given timeout={timeout}; give a number of seconds above 0.")
    if seed < 0:
        raise SpecError(f"run was given seed={seed}; give an integer that is not negative.")


def _as_names(parameter: str, names: Any, expected: str = "names") -> list[str]:
    """Return the names given for a parameter as a list of strings.

    Raises SpecError for what is neither name nor path, such as a Model.
    """
    if isinstance(names, str | PathLike) or not isinstance(names, Iterable):
        names = [names]
    strings = []
    for name in names:
        if not isinstance(name, str | PathLike):
            raise SpecError(
                f"run was given {parameter} of type {type(name).__name__}; give {expected}."
            )
        strings.append(fspath(name))
    return strings
