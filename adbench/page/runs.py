"""What a page is made from: the rows of a run, or of several with the run in every backend's name.

Runs that stand side by side have their rows in one frame. A backend of one run is another column
than the same backend of another, so that every table and figure sets them beside each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from adbench.advising.words import Paragraph
from adbench.backends.catalog import framework_of
from adbench.cases.model import WEB


@dataclass(frozen=True)
class PageRun:
    """A run, or several side by side, as far as a page shows it."""

    title: str
    """What stands above the page."""
    frame: pd.DataFrame
    """The rows, with the columns of `results.frames.COLUMNS`."""
    steps: pd.DataFrame
    """The rows of the step sweep, with the columns of `step_sweep.rows.COLUMNS`."""
    environments: Mapping[str, Mapping[str, Any]]
    """What each run ran on, by its label."""
    files: tuple[str, ...] = ()
    """The files of models that the run was given, as `FILE.py` or `FILE.py:NAME`."""
    notes: tuple[str, ...] = ()
    """What the run lacks or left out and where its time went, in sentences."""
    advice: tuple[Paragraph, ...] = ()
    """What the adviser says of each question; without any the page has no section of it."""
    changes: tuple[str, ...] = ()
    """What changed since an earlier run, in sentences; the headline first."""

    def known_issue(self, model: str, backend: str) -> str:
        """Return where a known issue of a backend with a model is tracked; "" where none is.

        What a stored run holds there and is no address of the web is none.
        """
        name = plain_backend(backend)
        for environment in self.environments.values():
            declared = environment.get("known_issues")
            of_model = declared.get(model) if isinstance(declared, Mapping) else None
            if not isinstance(of_model, Mapping):
                continue
            address = of_model.get(name, of_model.get(framework_of(name), ""))
            if str(address).startswith(WEB):
                return str(address)
        return ""


@dataclass(frozen=True)
class NamedRun:
    """One of several runs, before they stand side by side."""

    folder: Path
    """Where it lies."""
    frame: pd.DataFrame
    """Its rows."""
    steps: pd.DataFrame
    """The rows of its step sweep."""
    environment: Mapping[str, Any]
    """What it ran on."""
    files: tuple[str, ...] = ()
    """The files of models that it was given."""
    notes: tuple[str, ...] = field(default=())
    """What it lacks, in sentences."""


RUN_LABEL = " ["
"""What parts the name of a backend from the run that it is of."""


def plain_backend(name: str) -> str:
    """Return a backend's name as a command takes it, without version and run."""
    return name.partition(RUN_LABEL)[0].partition(" ")[0]


def side_by_side(runs: Sequence[NamedRun]) -> PageRun:
    """Return several runs as one, with the run in the name of every backend."""
    labelled_runs = [*zip(runs, run_labels(runs), strict=True)]
    differing = _differing_versions(runs)
    frames = [_labelled(run, label, differing) for run, label in labelled_runs]
    steps = [
        run.steps.assign(size=run.steps["size"] + f" [{label}]") for run, label in labelled_runs
    ]
    return PageRun(
        title=f"adbench: {len(runs)} runs side by side",
        frame=_by_backend(runs, frames),
        steps=pd.concat(steps, ignore_index=True),
        environments={label: run.environment for run, label in labelled_runs},
        files=tuple(dict.fromkeys(file for run in runs for file in run.files)),
        notes=tuple(f"{label}: {note}" for run, label in labelled_runs for note in run.notes),
    )


def _by_backend(runs: Sequence[NamedRun], frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of several runs in one frame, those of one backend behind each other."""
    names = pd.concat([run.frame["backend"] for run in runs], ignore_index=True)
    order = {backend: position for position, backend in enumerate(dict.fromkeys(names))}
    rows = pd.concat(frames, ignore_index=True)
    return rows.iloc[names.map(order).argsort(kind="stable")].reset_index(drop=True)


def run_labels(runs: Sequence[NamedRun]) -> list[str]:
    """Return what each run is called: its folder, the processor where they differ, else a number.

    No two have the same label.
    """
    names = [run.folder.resolve().name for run in runs]
    processors = [str(run.environment.get("cpu", "")) for run in runs]
    if len(set(processors)) > 1:
        names = [f"{name}, {cpu}" for name, cpu in zip(names, processors, strict=True)]
    counts = Counter(names)
    return [
        f"{position}: {name}" if counts[name] > 1 else name
        for position, name in enumerate(names, start=1)
    ]


def _differing_versions(runs: Sequence[NamedRun]) -> frozenset[str]:
    """The backends of which the runs had different versions."""
    versions: dict[str, set[str]] = {}
    for run in runs:
        for backend, version in versions_of_backends(run.environment).items():
            versions.setdefault(backend, set()).add(version)
    return frozenset(backend for backend, seen in versions.items() if len(seen) > 1)


def versions_of_backends(environment: Mapping[str, Any]) -> dict[str, str]:
    """Return the version of each backend's framework that an environment names."""
    versions = environment.get("backends")
    if not isinstance(versions, Mapping):
        return {}
    return {str(backend): str(version) for backend, version in versions.items()}


def _labelled(run: NamedRun, label: str, differing: frozenset[str]) -> pd.DataFrame:
    """The rows of a run with its label, and the version where it differs, in the backends."""
    versions = versions_of_backends(run.environment)
    names = {}
    for backend in run.frame["backend"].unique():
        is_told = backend in differing and backend in versions
        version = f" {versions[backend]}" if is_told else ""
        names[backend] = f"{backend}{version}{RUN_LABEL}{label}]"
    return run.frame.assign(backend=run.frame["backend"].map(names).astype("str"))
