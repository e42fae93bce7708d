"""What a cell costs more through a Dask cluster than in a plain run, on one machine.

    python benchmarks/dask_overhead.py [--cells N] [--rounds N]

The cells are those of `overhead.py`, of a backend that does nothing. The same plan is run in turns
by this process and by a cluster of one host on this machine, so that both have one worker and a
drift of the machine hits both. Printed are the time of a cell in each (ms), and the difference.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import click
from overhead import plan_of_nothing

from adbench.planning.plan import Plan
from adbench.results.row import Row
from adbench.running import runner
from adbench.running.dask_transport import dask_transport
from adbench.running.hosts import HostRun
from adbench.running.spent import Spent


def plainly(plan: Plan, folder: Path) -> float:
    """Run a plan in this process. Return how long it took (s)."""
    rows: list[Row] = []
    began = time.perf_counter()
    runner.run(plan, folder / "logs", rows.append)
    assert len(rows) == plan.total
    return time.perf_counter() - began


def through_dask(plan: Plan) -> float:
    """Run a plan on a cluster of one host, which has been started before. Return how long (s)."""
    rows: list[Row] = []
    with dask_transport("local:1") as transport:
        hosts = HostRun(transport)
        hosts.check(plan)
        began = time.perf_counter()
        hosts.run(plan, rows.append, lambda activity: None, Spent())
        assert len(rows) == plan.total
        return time.perf_counter() - began


@click.command(help=__doc__)
@click.option("--cells", default=10_000, show_default=True)
@click.option("--rounds", default=1, show_default=True)
def main(cells: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = plan_of_nothing(folder, cells)
        click.echo(f"{plan.total} cells in {len(plan.groups)} comparisons")
        plain, dask = [], []
        for _ in range(rounds):
            plain.append(1e3 * plainly(plan, folder) / plan.total)
            dask.append(1e3 * through_dask(plan) / plan.total)
        differences = [there - here for here, there in zip(plain, dask, strict=True)]
        click.echo(f"plain      {statistics.median(plain):8.2f} ms a cell")
        click.echo(f"Dask       {statistics.median(dask):8.2f} ms a cell")
        click.echo(f"difference {statistics.median(differences):8.2f} ms a cell")


if __name__ == "__main__":
    main()
