"""What the harness itself costs a cell.

    python benchmarks/overhead.py [--cells N]

A run of N cells of a backend that does nothing: every answer is a number that is there. The
harness's time is that of the run less what the backend worked, and less starting the worker and the
truths; the truth of a number is nothing, and what is left of it is what asking for one costs.
"""

from __future__ import annotations

import tempfile
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import click

from adbench import registry
from adbench.planning import plan as planning
from adbench.planning.plan import Plan
from adbench.planning.settings import DEFAULT, Settings
from adbench.results.journal import JOURNAL, Journal
from adbench.results.row import Row
from adbench.running import runner
from adbench.running.spent import Spent

MODEL = """
    from adbench import Model

    SIZES = {{f"{{k}}": {{"x": 1.0 + k}} for k in range({sizes})}}

    model = Model(
        name="nothing",
        function=lambda xp, x: x * 1.0,
        make=lambda size, rng: (size["x"],),
        sizes=SIZES,
    )
"""

BACKEND = """
    import numpy as np

    from adbench.extend import Backend, numpy


    class Nothing(Backend):
        framework = "nothing"
        xp = numpy

        def asarray(self, array):
            return np.array(array)

        def to_numpy(self, array):
            return np.asarray(array)

        def value_none(self, function, active, direction):
            return active

        def derivative_forward(self, function, active, order):
            return ONE

        derivative_reverse = derivative_forward

        def vjp_reverse(self, function, active, cotangent):
            return cotangent

        vjp_forward = vjp_reverse


    ONE = np.float64(1.0)
"""


def plan_of_nothing(folder: Path, cells: int) -> Plan:
    """Return a plan of so many cells of a backend that does nothing, with files in a folder."""
    (folder / "nothing_model.py").write_text(textwrap.dedent(MODEL.format(sizes=cells // 4)))
    (folder / "nothing.py").write_text(textwrap.dedent(BACKEND))
    return planning.make_plan(
        registry.find_models([str(folder / "nothing_model.py")]),
        registry.find_backends([str(folder / "nothing.py")]),
        Settings(effort=replace(DEFAULT, sizes=cells)),
        operators=["value", "derivative", "vjp"],
    )


@click.command(help=__doc__)
@click.option("--cells", default=10_000, show_default=True)
def main(cells: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = plan_of_nothing(folder, cells)
        spent = Spent()
        began = time.monotonic()
        outcomes: dict[str, int] = {}
        with Journal(folder / JOURNAL) as journal:

            def keep(row: Row) -> None:
                journal.append(row)
                ending = str(row.verdict or row.outcome)
                outcomes[ending] = outcomes.get(ending, 0) + 1

            runner.run(plan, folder / "logs", keep, spent=spent)
        wall_s = time.monotonic() - began
    print(f"{plan.total} cells in {wall_s:.1f} s: {outcomes}")
    print(spent.sentence())
    for part in ("harness_s", "truth_s", "work_s"):
        print(f"{part[:-2]}: {getattr(spent, part) / plan.total * 1e3:.2f} ms a cell")


if __name__ == "__main__":
    main()
