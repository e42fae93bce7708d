"""What a run of many cells costs beside its measurements, and what that makes of a million.

    python benchmarks/scale.py [--rows N] [--cells N] [--most-s SECONDS]

Two things are measured. A run of N cells of a backend that does nothing, as `overhead.py` has it:
planning it, and the harness's time of a cell. And N made-up rows, those of the example run with all
their samples under other names of models: the journal is written, read, stored as Parquet by model,
read from there, and reported with its page, each in a process of its own whose time and peak memory
are taken (less those of a process that imports the same and does nothing). All is done for N / 10
and for N rows, and carried on to 10^6 in a straight line through the two; a stage that takes longer
than it may is stopped, and said to have been.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import click
import msgspec
import pandas as pd
from overhead import plan_of_nothing
from tabulate import tabulate

from adbench.comparing.remake import remake
from adbench.results import frames, journal
from adbench.results.dataset import load_dataset, write_dataset
from adbench.results.journal import JOURNAL, Journal
from adbench.results.row import Row
from adbench.results.stored import Damage
from adbench.running import runner
from adbench.running.spent import Spent

EXAMPLE = Path(__file__).parents[1] / "reports" / "example"
STORE = "store"
MILLION = 1_000_000
MIB = 2**20


# ---- stages, each in a process of its own


def read_journal(folder: Path) -> None:
    """Read every row with its samples, and keep none."""
    assert sum(1 for _ in journal.read(folder / JOURNAL))


def load(folder: Path) -> None:
    """Make the frame of the journal."""
    assert len(frames.load(folder))


def store(folder: Path) -> None:
    """Write the store."""
    environment = json.loads((folder / "environment.json").read_text())
    write_dataset(folder / JOURNAL, str(folder / STORE), environment, Damage(folder / JOURNAL))


def load_store(folder: Path) -> None:
    """Make the frame of the store."""
    assert len(load_dataset(str(folder / STORE)))


def read_columns(folder: Path) -> None:
    """Read three columns of the store."""
    columns = ["model", "backend", "cost_ratio"]
    assert len(pd.read_parquet(folder / STORE, columns=columns))


def report(folder: Path) -> None:
    """Make report, page, Parquet and CSV again, as `adbench report` does."""
    assert not remake(folder, []).unwritten


STAGES: dict[str, Callable[[Path], None]] = {
    "nothing": lambda folder: None,
    "read the journal": read_journal,
    "adbench.load of the journal": load,
    "adbench store": store,
    "adbench.load of the store": load_store,
    "three columns of the store": read_columns,
    "adbench report": report,
}


@dataclass(frozen=True)
class Cost:
    """What a stage took."""

    seconds: float
    peak_mib: float


def run_stage(name: str, folder: Path, most_s: float) -> Cost | None:
    """Run a stage in a process of its own; None where it was stopped."""
    command = [sys.executable, __file__, "--stage", name, "--folder", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=most_s, check=True)
    except subprocess.TimeoutExpired:
        return None
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def do_stage(name: str, folder: Path) -> None:
    """Do a stage, and print what it took."""
    began = time.perf_counter()
    STAGES[name](folder)
    seconds = time.perf_counter() - began
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak_mib}))


# ---- what they are done with


def write_rows(folder: Path, count: int) -> tuple[float, float]:
    """Write so many rows as a journal; return how long a row took, and how many bytes it has."""
    example = list(journal.read(EXAMPLE / JOURNAL))
    folder.mkdir()
    (folder / "environment.json").write_bytes((EXAMPLE / "environment.json").read_bytes())
    rows = (
        replace(
            example[number % len(example)],
            model=f"{example[number % len(example)].model}-{number // len(example)}",
        )
        for number in range(count)
    )
    spent_s = 0.0
    with Journal(folder / JOURNAL) as kept:
        for row in rows:
            began = time.perf_counter()
            kept.append(row)
            spent_s += time.perf_counter() - began
    return spent_s / count, (folder / JOURNAL).stat().st_size / count


def size_of(path: Path) -> int:
    """Return how many bytes a file has, or the files of a folder together."""
    if path.is_dir():
        return sum(part.stat().st_size for part in path.rglob("*") if part.is_file())
    return path.stat().st_size if path.is_file() else 0


def measure_run(folder: Path, cells: int) -> None:
    """Plan and run cells of a backend that does nothing, and print what each cost."""
    began = time.perf_counter()
    plan = plan_of_nothing(folder, cells)
    planned_s = time.perf_counter() - began
    rows: list[Row] = []
    spent = Spent()
    runner.run(plan, folder / "logs", rows.append, spent=spent)
    assert len(rows) == plan.total
    bare = sum(len(msgspec.json.encode(row.to_json())) + 1 for row in rows) / len(rows)
    click.echo(f"{plan.total} cells of nothing:")
    for name, seconds in (
        ("planning", planned_s),
        ("harness", spent.harness_s),
        ("truth", spent.truth_s),
    ):
        each = seconds / plan.total
        click.echo(f"  {name}: {1e3 * each:.2f} ms a cell, {each * MILLION / 3600:.1f} h for 10^6")
    click.echo(f"  a row of them: {bare:.0f} bytes")


def measure_rows(folder: Path, counts: tuple[int, int], most_s: float) -> None:
    """Do all stages with both numbers of rows, and print what they took and come to."""
    costs: dict[str, list[Cost | None]] = {name: [] for name in STAGES}
    sizes: dict[str, list[int]] = {}
    for count in counts:
        run = folder / f"rows-{count}"
        each_s, bytes_a_row = write_rows(run, count)
        click.echo(
            f"{count} rows: {1e6 * each_s:.0f} us to append one, {bytes_a_row:.0f} bytes each"
        )
        for name in STAGES:
            costs[name].append(run_stage(name, run, most_s))
        for name in (JOURNAL, STORE, frames.PARQUET, frames.CSV, frames.SAMPLES_PARQUET):
            sizes.setdefault(name, []).append(size_of(run / name))
        for name in ("report.html", "report.md"):
            sizes.setdefault(name, []).append(size_of(run / name))
    _print_costs(costs, counts, most_s)
    _print_sizes(sizes, counts)


def _print_costs(
    costs: dict[str, list[Cost | None]], counts: tuple[int, int], most_s: float
) -> None:
    nothing = costs.pop("nothing")
    rows = []
    for name, (few, many) in costs.items():
        line = [name, *_columns(few, nothing[0]), *_columns(many, nothing[1])]
        if few is not None and many is not None:
            seconds = _at_a_million(counts, few.seconds, many.seconds)
            peak = _at_a_million(counts, few.peak_mib, many.peak_mib)
            line += [f"{seconds:.0f}", f"{peak / 1024:.1f}"]
        else:
            line += [f"stopped after {most_s:.0f} s", ""]
        rows.append(line)
    few_rows, many_rows = counts
    columns = ("", f"s, {few_rows}", "MiB", f"s, {many_rows}", "MiB", "s, 10^6", "GiB, 10^6")
    click.echo(tabulate(rows, columns))


def _columns(cost: Cost | None, nothing: Cost | None) -> list[str]:
    """The time of a stage, and its peak beyond that of nothing."""
    if cost is None or nothing is None:
        return ["", ""]
    return [f"{cost.seconds:.2f}", f"{cost.peak_mib - nothing.peak_mib:.0f}"]


def _print_sizes(sizes: dict[str, list[int]], counts: tuple[int, int]) -> None:
    rows = [
        [name, few / MIB, many / MIB, _at_a_million(counts, few, many) / MIB]
        for name, (few, many) in sizes.items()
        if many  # else its stage was stopped
    ]
    columns = ("", f"MiB, {counts[0]}", f"MiB, {counts[1]}", "MiB, 10^6")
    click.echo(tabulate(rows, columns, floatfmt=".1f"))


def _at_a_million(counts: tuple[int, int], few: float, many: float) -> float:
    """The straight line through two measurements, at a million."""
    slope = (many - few) / (counts[1] - counts[0])
    return many + slope * (MILLION - counts[1])


@click.command(help=__doc__)
@click.option("--rows", default=50_000, show_default=True)
@click.option("--cells", default=4_000, show_default=True)
@click.option("--most-s", default=150.0, show_default=True, help="What a stage may take (s).")
@click.option("--stage", hidden=True)
@click.option("--folder", type=click.Path(path_type=Path), hidden=True)
def main(rows: int, cells: int, most_s: float, stage: str | None, folder: Path | None) -> None:
    if stage is not None and folder is not None:
        do_stage(stage, folder)
        return
    with tempfile.TemporaryDirectory() as name:
        if cells:
            measure_run(Path(name), cells)
        measure_rows(Path(name), (rows // 10, rows), most_s)


if __name__ == "__main__":
    main()
