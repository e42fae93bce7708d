"""The series of cost ratios over the runs of a store, and what changed since an earlier run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from adbench.cases.model import SpecError
from adbench.changes.changes import Changes, find_changes
from adbench.changes.conditions import DECISIVE
from adbench.history.records import RunRecord
from adbench.history.steps import SMALLEST_STEP, Step, find_steps
from adbench.history.store import Store
from adbench.registry import nearest
from adbench.results.frames import CELL


@dataclass(frozen=True)
class CellStep:
    """A step in the cost ratio of a cell."""

    cell: Mapping[str, Any]
    """The cell, by the names of `CELL`."""
    machine: str
    """The machine that it was measured on."""
    run: RunRecord
    """The first run on the new level."""
    step: Step
    """The levels before and after it."""

    @property
    def name(self) -> str:
        """The cell in words."""
        return cell_name(self.cell)


@dataclass(frozen=True)
class Trends:
    """What a store says over time."""

    store: Store
    """The store."""
    series: pd.DataFrame
    """One row a cell and run, in the order of the runs: the columns of `CELL`, `machine`,
    `position` (the place of the run in the store), `run` (its name) and `cost_ratio`."""
    steps: tuple[CellStep, ...]
    """All steps; the newest first, and of one run the largest first."""
    changes: Changes | None
    """What changed from the run `since` to the latest one; None where there is none before it."""

    @property
    def latest(self) -> RunRecord:
        """The run that was begun last."""
        return self.store.runs[-1]

    def steps_since(self, position: int) -> list[CellStep]:
        """Return the steps whose first run on the new level is behind a place in the store."""
        later = {run.run for run in self.store.runs[position + 1 :]}
        return [step for step in self.steps if step.run.run in later]


def machine_of(host: str, environment: Mapping[str, Any]) -> str:
    """Return what tells a machine from others: its name, and what times must have in common."""
    hosts = environment.get("hosts")
    facts = dict(environment)
    if isinstance(hosts, Mapping) and isinstance(hosts.get(host), Mapping):
        facts |= hosts[host]
    values = (f"{fact} {facts.get(fact, 'unknown')}" for fact in DECISIVE)
    return f"{host or 'unknown host'} ({', '.join(values)})"


def cell_name(cell: Mapping[Any, Any]) -> str:
    """Return a cell in words, without what is as in most cells."""
    words = [cell["backend"], cell["model"], cell["size"], cell["operator"]]
    if cell["operator"] == "derivative":
        words.append(f"order {cell['order']}")
    usual = {"mode": "none", "dtype": "float64", "implementation": "spec"}
    words += [cell[name] for name, value in usual.items() if cell[name] != value]
    return " ".join(map(str, words))


def trends(store: Store, since: int | None = None, smallest: float = SMALLEST_STEP) -> Trends:
    """Return the series of a store that has runs, and what changed.

    since: the place of the run to compare the latest with. smallest: the fraction by which a level
    must change to be told.
    """
    series = _series(store.runs)
    changes = None
    if since is not None:
        before, after = store.runs[since], store.runs[-1]
        changes = find_changes(before.to_recorded_run(), after.to_recorded_run())
    return Trends(store, series, tuple(_steps(store, series, smallest)), changes)


def place_of(store: Store, name: str) -> int | None:
    """Return the place of the run that the latest is compared with.

    name: what its folder was called, or its identity; "" for the last before the latest that was
    measured on the same machine. None where there is none such. Raises SpecError for a name that
    is none.
    """
    earlier = list(enumerate(store.runs[:-1]))[::-1]
    if not name:
        machines = _machines(store.runs[-1])
        shared = (place for place, run in earlier if machines & _machines(run))
        return next(shared, None)
    for place, run in earlier:
        if name in (run.name, run.run):
            return place
    raise SpecError(nearest("earlier run", name, [run.name for _, run in earlier]))


def _machines(run: RunRecord) -> set[str]:
    return {machine_of(host, run.environment) for host in {cell.host for cell in run.cells}}


def _series(runs: Sequence[RunRecord]) -> pd.DataFrame:
    tables = []
    for position, run in enumerate(runs):
        table = run.to_recorded_run().cells.reset_index()
        machines = {host: machine_of(host, run.environment) for host in set(table["host"])}
        tables.append(
            table[[*CELL, "cost_ratio"]].assign(
                machine=table["host"].map(machines), position=position, run=run.name
            )
        )
    return pd.concat(tables, ignore_index=True)


def _steps(store: Store, series: pd.DataFrame, smallest: float) -> list[CellStep]:
    steps = list(_all_steps(store, series, smallest))
    places = {run.run: place for place, run in enumerate(store.runs)}

    def newest_and_largest(entry: CellStep) -> tuple[int, float]:
        factor = entry.step.factor
        return -places[entry.run.run], -max(factor, 1 / factor)

    return sorted(steps, key=newest_and_largest)


def _all_steps(store: Store, series: pd.DataFrame, smallest: float) -> Iterator[CellStep]:
    """The steps of the operators; the function alone is what they are measured in."""
    timed = series[series["cost_ratio"].gt(0) & (series["operator"] != "value")]
    keys = [*CELL, "machine"]
    for key, rows in timed.groupby(keys, sort=False):
        identity = dict(zip(keys, key, strict=True))
        machine = str(identity.pop("machine"))
        positions = rows["position"].to_numpy(int)
        for step in find_steps(rows["cost_ratio"].tolist(), smallest):
            run = store.runs[positions[step.position]]
            yield CellStep(identity, machine, run, step)
