"""Whether the harness times calls as other tools do.

    python benchmarks/fidelity.py [--rounds N] [--without-pyperf]

Five callables from 1 us to 10 ms, each timed by a session of the harness (a cell whose model is the
callable), by `torch.utils.benchmark.Timer` and by `pyperf timeit`. The first two take turns in one
process, pyperf has processes of its own between them. Shown are the medians over the rounds and
their ratios to the harness's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
from tabulate import tabulate

from adbench.backends.reference import Tape
from adbench.cases import Case, Mode, Model, Operator
from adbench.planning.points import Points
from adbench.results.row import Row
from adbench.running.session import Session
from adbench.running.truths import Truths
from adbench.timing.sampling import Sampling

WORKS = {"1 us": 16, "10 us": 350, "100 us": 3_600, "1 ms": 36_000, "10 ms": 360_000}
"""How many additions last about so long."""

SETTINGS = Sampling(turns=6, rounds=10, precision=0.02, most_s=3.0)


def add_up(steps: int) -> float:
    """Add up some numbers, in the interpreter alone."""
    total = 0.0
    for number in range(steps):
        total += number
    return total


def by_harness(steps: int) -> float:
    """Return the median time of one call in a session of the harness (s)."""

    class Adding(Tape):
        def value_none(self, function: Any, active: Any, direction: None) -> Any:
            return np.float64(add_up(steps))

    model = Model(
        name="adding",
        function=lambda xp, x: x,
        make=lambda size, rng: (1.0,),
        sizes={"one": {}},
    )
    case = Case("adding", "one", "float64", Operator.VALUE, 0, Mode.NONE)
    with Session(Adding(), Points(seed=0, lowest_dtype="float64")) as session:
        begun = Row.begun(case, "reference:adding")
        ended = session.open("cell", case, model, begun, Truths())
        assert ended is None, ended.message
        while session.sample(["cell"], SETTINGS).unsettled:
            pass
        return session.close("cell").median_s


def by_torch(steps: int) -> float:
    """Return the median time of one call by PyTorch's timer (s)."""
    from torch.utils.benchmark import Timer

    timer = Timer("add_up(steps)", globals={"add_up": add_up, "steps": steps})
    return float(timer.blocked_autorange(min_run_time=0.5).median)


def by_pyperf(steps: int) -> float:
    """Return the median time of one call by pyperf, in processes of its own (s)."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", "pyperf", "timeit", "--quiet", "--output", str(result)]
        command += ["--processes", "5", "--values", "5", "--warmups", "1"]
        setup = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); "
        command += ["--setup", setup + "from fidelity import add_up", f"add_up({steps})"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        runs = json.loads(result.read_text())["benchmarks"][0]["runs"]
    return float(np.median([value for run in runs for value in run.get("values", [])]))


@click.command(help=__doc__)
@click.option("--rounds", default=5, show_default=True)
@click.option("--without-pyperf", is_flag=True)
def main(rounds: int, without_pyperf: bool) -> None:
    tools: dict[str, Callable[[int], float]] = {"adbench": by_harness, "torch": by_torch}
    if not without_pyperf:
        tools["pyperf"] = by_pyperf
    lines = []
    worst = 0.0
    for name, steps in WORKS.items():
        times: dict[str, list[float]] = {tool: [] for tool in tools}
        for _ in range(rounds):
            for tool, measure in tools.items():
                times[tool].append(measure(steps))
        medians = {tool: float(np.median(values)) for tool, values in times.items()}
        ratios = [medians[tool] / medians["adbench"] for tool in tools if tool != "adbench"]
        worst = max([worst, *(abs(ratio - 1) for ratio in ratios)])
        microseconds = [f"{median * 1e6:.4g}" for median in medians.values()]
        lines.append([name, *microseconds, *(f"{ratio:.3f}" for ratio in ratios)])
    others = [tool for tool in tools if tool != "adbench"]
    columns = [*(f"{tool}, us" for tool in tools), *(f"{tool} / adbench" for tool in others)]
    print(tabulate(lines, headers=["callable", *columns], disable_numparse=True))
    print(f"The largest deviation is {worst:.1%}.")
    sys.exit(worst > 0.03)


if __name__ == "__main__":
    main()
