"""A run from Python: the call of what the command `run` does."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterable
from contextlib import ExitStack
from os import PathLike
from pathlib import Path

import pandas as pd

from adbench import registry
from adbench.cases.limits import check_number
from adbench.cases.model import SpecError
from adbench.comparing.compare import compare
from adbench.comparing.folder import hold_run_folder, make_run_folder
from adbench.comparing.kept_plan import KeptPlan
from adbench.planning.restriction import as_names
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
    memory: str | None = None,
) -> pd.DataFrame:
    """Check and time models on backends, each in a process of its own, and return the results.

    models: names of models or paths of files that define some; all models where empty.
    backends: "torch", "jax:jit", "mine.py"; all backends where empty.
    operators: "gradient", "vjp", ...; all that apply where empty.
    sizes: names of sizes; the smaller ones of each model where empty.
    dtypes: "float64" or others; float64 where empty.
    preset: how much is measured: "quick" (a minute or two), "default", "full" (some two hours).
    out: the folder that the journal, the tables and the report are written to, as the command
        `adbench run --out` does; nothing is kept where None.
    threads: how many threads each backend may use.
    timeout: the time that each cell may take (s); 60, or 600 in a full run, where None.
    seed: the seed of the models' inputs, not negative.
    progress: whether a progress bar is shown on standard error.
    memory: the memory that each worker may take, such as "4GB"; four fifths of what is available
        where None.

    Returns a frame with one row a cell, as `adbench.load` does. A derivative that is wrong and a
    cell that does not run are rows like others, in the columns `verdict` and `outcome`.

    Raises SpecError where a name is unknown or a setting is out of range. Raises CertificateError
    where a truth that adbench computed was not certified, and KeyboardInterrupt on Ctrl-C, in both
    cases after what was measured is written to `out`.
    """
    _check_settings(preset, threads, timeout, seed)
    selection = Selection(
        models=as_names("run", "models", models, NAMES_OR_FILES),
        backends=as_names("run", "backends", backends, NAMES_OR_FILES),
        operators=as_names("run", "operators", operators),
        sizes=as_names("run", "sizes", sizes),
        dtypes=as_names("run", "dtypes", dtypes),
        threads=threads,
        timeout_s=timeout,
        seed=seed,
        memory=memory,
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
    if not isinstance(preset, str) or preset not in PRESETS:
        raise SpecError(registry.nearest("preset", str(preset), PRESETS))
    check_number("run", "threads", threads)
    if timeout is not None:
        check_number("run", "timeout", timeout)
    check_number("run", "seed", seed)
