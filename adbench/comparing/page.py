"""The page of a run, and its figures as files, written beside its other files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from adbench.advising.advice import advise
from adbench.advising.words import paragraphs
from adbench.comparing.folder import FIGURES, PAGE
from adbench.comparing.kept_plan import KeptPlan
from adbench.page.runs import NamedRun, PageRun
from adbench.registry import file_of, module_of
from adbench.results.files import OutputFiles, write_utf8
from adbench.results.row import Row

if TYPE_CHECKING:
    from adbench.page.figure import Figure

NEEDED = ("altair", "vl_convert", "jinja2")
"""The modules that a page is made with, which come with the extra `report`."""


def missing_modules() -> str:
    """Say which modules a page would need that are not installed; "" where all are."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if not missing:
        return ""
    return (
        f"There is no page, since {' and '.join(missing)} cannot be imported; `pip install "
        "'adbench[report]'` brings what it needs, and `adbench report` makes it afterwards."
    )


def named_run(
    folder: Path,
    table: pd.DataFrame,
    steps: pd.DataFrame,
    environment: Mapping[str, Any],
    kept: KeptPlan | None,
    notes: Sequence[str] = (),
) -> NamedRun:
    """Return a run as a page takes it. notes: what it lacks or left out, in sentences."""
    models: Sequence[str] = ()
    if kept is not None:
        models = kept.selection.models
    files = tuple(name for name in models if file_of(name) or module_of(name))
    return NamedRun(folder, table, steps, environment, files, tuple(notes))


def page_of(run: NamedRun, rows: Iterable[Row], changes: Sequence[str] = ()) -> PageRun:
    """Return what the page of one run is made from.

    rows: its rows, which the advice is read off. changes: what changed since an earlier run, in
    sentences.
    """
    name = run.folder.resolve().name
    return PageRun(
        title=f"adbench: {name}",
        frame=run.frame,
        steps=run.steps,
        environments={name: run.environment},
        files=run.files,
        notes=run.notes,
        advice=tuple(paragraphs(advise(rows))),
        changes=tuple(changes),
    )


def write_page(files: OutputFiles, run: PageRun, has_figure_files: bool = False) -> str:
    """Write the page of a run, and say in a sentence why there is none; "" where it is written.

    has_figure_files: whether each figure is written as SVG, PNG and CSV as well.
    """
    obstacle = missing_modules()
    if obstacle:
        return obstacle
    from adbench.page.build import figures_of, run_page
    from adbench.page.figure import Figure

    figures = figures_of(run)
    files.write_text(PAGE, run_page(run, figures))
    if has_figure_files and files.make_folder(FIGURES):
        for figure in figures:
            if isinstance(figure, Figure):
                _write_figure(files, figure)
    return ""


def _write_figure(files: OutputFiles, figure: Figure) -> None:
    """Write a figure as SVG, PNG and CSV."""
    place = f"{FIGURES}/{figure.name}"
    files.write_text(f"{place}.svg", figure.svg())
    files.write(f"{place}.png", lambda path: path.write_bytes(figure.png()))
    files.write(f"{place}.csv", lambda path: write_utf8(path, figure.csv()))
