"""Does a comparison of two runs see what changed, and nothing else?

    python benchmarks/changes.py [--preset default] [--folder DIR]

One plan is run three times: twice as it is, and once with PyTorch slowed by a fifth on purpose. Of
the first two at most 5 % of the cells may be called faster or slower; of the first and the third at
least 95 % of PyTorch's cells must be called slower, and at most 5 % of the others anything but
equal or not told. The exit status is 1 where that does not hold.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import click
import pandas as pd

from adbench.changes import report
from adbench.changes.changes import Changes, TimeChange, find_changes
from adbench.changes.recorded_run import read_run
from adbench.comparing.compare import compare
from adbench.comparing.folder import make_run_folder
from adbench.planning.plan import Plan
from adbench.planning.settings import PRESETS
from adbench.running.selection import Selection

MODELS = ("mlp", "dense", "tanh", "chain")
BACKENDS = ("reference:tape", "torch:eager", "jax:jit")

SLOWED = "torch:eager"
"""The backend that is slowed."""

SLOWED_CLASS = f"{Path(__file__).with_name('slowed.py')}:SlowedTorch"
"""What is run in its place."""

MOST_FALSE = 0.05
"""The share of unchanged cells that may be called faster or slower."""

LEAST_SEEN = 0.95
"""The share of the slowed cells that must be called slower."""


@click.command()
@click.option("--preset", type=click.Choice([*PRESETS]), default="default", show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Where the three runs are kept.")
def main(preset: str, folder: Path | None) -> None:
    """Run a plan twice, and once with one backend slowed, and compare."""
    plan = Selection(models=MODELS, backends=BACKENDS).plan(PRESETS[preset])
    with tempfile.TemporaryDirectory(prefix="adbench-") as temporary_folder:
        place = folder or Path(temporary_folder)
        for name, planned in {"before": plan, "again": plan, "slowed": slowed(plan)}.items():
            make_run_folder(place / name)
            compare(planned, place / name)
        before = read_run(place / "before")
        unchanged = find_changes(before, read_run(place / "again"))
        changed = find_changes(before, read_run(place / "slowed"))
    sys.exit(not judge(unchanged, changed))


def slowed(plan: Plan) -> Plan:
    """Return a plan with the slowed class in the place of the backend."""
    entries = []
    for entry in plan.backends:
        is_slowed = entry.name == SLOWED
        entries.append(replace(entry, load=SLOWED_CLASS) if is_slowed else entry)
    return replace(plan, backends=tuple(entries))


def judge(unchanged: Changes, changed: Changes) -> bool:
    """Print both comparisons and the shares, and return whether they are as they must be."""
    for changes in (unchanged, changed):
        click.echo("\n".join(f"- {sentence}" for sentence in report.sentences(changes)) + "\n")
    is_slowed = changed.cells["backend"] == SLOWED
    false_alarms = share(unchanged.cells, TimeChange.SLOWER, TimeChange.FASTER)
    seen = share(changed.cells[is_slowed], TimeChange.SLOWER)
    others = share(changed.cells[~is_slowed], TimeChange.SLOWER, TimeChange.FASTER)
    click.echo(f"one plan twice: {false_alarms:.1%} of the cells are called different")
    click.echo(f"{SLOWED} slowed by a fifth: {seen:.1%} of its cells are called slower")
    click.echo(f"and {others:.1%} of the other cells are called different")
    return false_alarms <= MOST_FALSE and seen >= LEAST_SEEN and others <= MOST_FALSE


def share(cells: pd.DataFrame, *kinds: TimeChange) -> float:
    """Return which share of the timed cells is called one of `kinds`."""
    timed = cells[cells["time_change"] != str(TimeChange.NOT_TIMED)]
    return float(timed["time_change"].isin([str(kind) for kind in kinds]).mean())


if __name__ == "__main__":
    main()
