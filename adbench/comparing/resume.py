"""Going on with a run that was stopped: what it was asked, what it has, and what remains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adbench.cases.messages import first_differences
from adbench.cases.model import SpecError
from adbench.comparing.earlier import EarlierPart, read_earlier_part
from adbench.comparing.folder import ENVIRONMENT, hold_run_folder
from adbench.comparing.kept_plan import PLAN, KeptPlan, read_plan
from adbench.planning.plan import Plan
from adbench.results import journal
from adbench.results.journal import JOURNAL
from adbench.results.row import CellName, Row
from adbench.results.stored import Damage


@dataclass(frozen=True)
class StoppedRun:
    """A run that is gone on with."""

    folder: Path
    """Where it lies."""
    kept: KeptPlan
    """Its plan as it was kept."""
    plan: Plan
    """Its plan, made anew and found to be the same."""
    earlier: EarlierPart
    """What there is of it."""
    damage: str
    """Which lines of its journal cannot be read, in a sentence, or ""."""


def read_kept_plan(folder: Path) -> KeptPlan:
    """Return the plan of the run in `folder`. Raises SpecError where it has kept none."""
    kept = read_plan(folder)
    if kept is None:
        raise SpecError(
            f"{folder} holds no run that can be gone on with (there is no {PLAN} in it); give the "
            "folder of a run that was stopped, or start a new one."
        )
    return kept


@contextmanager
def stopped_run(folder: Path) -> Iterator[StoppedRun]:
    """Give a run that was stopped, to be gone on with by this process alone.

    Raises SpecError where the folder holds none, where another process is writing to it, and where
    a plan made now would be another: what came of both would not belong together.
    """
    kept = read_kept_plan(folder)
    with hold_run_folder(folder):
        plan = kept.plan_again()
        differences = KeptPlan.of(plan, kept.selection, kept.preset).differences(kept)
        if differences:
            raise SpecError(_refusal(folder, differences))
        damage = Damage(folder / JOURNAL)
        rows = _first_of_each_cell(folder, damage)
        earlier = read_earlier_part(folder / ENVIRONMENT, rows)
        yield StoppedRun(folder, kept, plan, earlier, damage.sentence())


def _first_of_each_cell(folder: Path, damage: Damage) -> tuple[Row, ...]:
    """The rows of a journal, of each cell the first."""
    rows: dict[CellName, Row] = {}
    for row in journal.read(folder / JOURNAL, damage=damage):
        rows.setdefault(row.cell, row)
    return tuple(rows.values())


def _refusal(folder: Path, differences: list[str]) -> str:
    reasons = first_differences(differences)
    return (
        f"The run in {folder} cannot be gone on with, since what is measured now would not belong "
        f"to it: {reasons}. Restore what was there, or start a new run."
    )
