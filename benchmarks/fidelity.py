"""Whether the harness times calls as other tools do.

    python benchmarks/fidelity.py [--rounds N] [--without-pyperf]

Five cells from 1 us to 10 ms, each timed by a session of the harness, by
`torch.utils.benchmark.Timer` and by `pyperf timeit`. All time the same callable: the call that the
harness prepares for the cell. The first two take turns in one process, pyperf has processes of its
own between them. The speed of a shared machine drifts by more than the 3 % that are asked for, so
turns are short and many: shown are the medians over the rounds, and the medians of the ratios to
the harness's median of the same round. The exit status is 1 where one is off by more than 3 %.

What a cell does is done in C: the speed of a loop in the interpreter depends, by up to 8 %, on
where the frames of its callers happen to lie in memory (Mytkowicz et al., Producing wrong data
without doing anything obviously wrong, ASPLOS 2009), and that is not the same in any two tools.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from tabulate import tabulate

from adbench.backends.reference import Tape
from adbench.cases import Case, Mode, Model, Operator
from adbench.planning.points import Points, Subject, drawing
from adbench.results.row import Row
from adbench.running.prepared_cell import prepared
from adbench.running.session import Session
from adbench.running.truths import Truths
from adbench.timing.sampling import Sampling


def hashing(iterations: int) -> Callable[[], Any]:
    """Return work in C that touches no memory but its own few bytes, some 0.23 us an iteration."""
    return partial(hashlib.pbkdf2_hmac, "sha256", b"", b"", iterations)


WORKS: dict[str, Callable[[], Any]] = {
    "1 us": partial(zlib.crc32, bytes(2_000)),
    "10 us": hashing(36),
    "100 us": hashing(430),
    "1 ms": hashing(4_300),
    "10 ms": hashing(43_000),
}
"""What lasts about so long."""

SETTINGS = Sampling(turns=3, rounds=10, precision=0.02, most_s=0.4)
MOST_OFF = 0.03
"""How far a ratio to the harness's median may be from 1."""

POINTS = Points(seed=0, lowest_dtype="float64")
CASE = Case("working", "one", "float64", Operator.VALUE, 0, Mode.NONE)
MODEL = Model(
    name="working",
    function=lambda xp, x: x,
    make=lambda size, rng: (1.0,),
    sizes={"one": {}},
)


class Working(Tape):
    """A backend whose answer is a number, after some work."""

    answer = np.float64(1.0)

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__()
        self.work = work

    def value_none(self, function: Any, active: Any, direction: None) -> Any:
        """Work."""
        self.work()
        return self.answer


def prepared_call(work: str) -> Callable[[], Any]:
    """Return the call that the harness would time."""
    points = drawing(POINTS)(Subject.of(CASE, MODEL)).astype(CASE.dtype)
    return prepared(Working(WORKS[work]), CASE, MODEL, points).operator


def by_harness(work: str) -> float:
    """Return the median time of one call in a session of the harness (s)."""
    with Session(Working(WORKS[work]), POINTS) as session:
        begun = Row.begun(CASE, "reference:working")
        ended = session.open("cell", CASE, MODEL, begun, Truths())
        assert ended is None, ended.message
        while (turn := session.sample(["cell"], SETTINGS)).unsettled:
            pass
        return turn.ended["cell"].median_s


def by_torch(work: str) -> float:
    """Return the median time of one call by PyTorch's timer (s)."""
    from torch.utils.benchmark import Timer

    timer = Timer("call()", globals={"call": prepared_call(work)})
    return float(timer.blocked_autorange(min_run_time=0.3).median)


def by_pyperf(work: str) -> float:
    """Return the median time of one call by pyperf, in processes of its own (s)."""
    setup = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); "
    setup += f"from fidelity import prepared_call; call = prepared_call({work!r})"
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", "pyperf", "timeit", "--quiet", "--output", str(result)]
        command += ["--processes", "1", "--values", "5", "--warmups", "1"]
        command += ["--setup", setup, "call()"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        runs = json.loads(result.read_text())["benchmarks"][0]["runs"]
    return float(np.median([value for run in runs for value in run.get("values", [])]))


@click.command(help=__doc__)
@click.option("--rounds", default=15, show_default=True)
@click.option("--without-pyperf", is_flag=True)
def main(rounds: int, without_pyperf: bool) -> None:
    tools: dict[str, Callable[[str], float]] = {"adbench": by_harness, "torch": by_torch}
    if not without_pyperf:
        tools["pyperf"] = by_pyperf
    lines = []
    worst = 0.0
    for work in WORKS:
        times = measure(tools, work, rounds)
        medians = {tool: float(np.median(seconds)) for tool, seconds in times.items()}
        ratios = [
            float(np.median(seconds / times["adbench"]))
            for tool, seconds in times.items()
            if tool != "adbench"
        ]
        worst = max([worst, *(abs(ratio - 1) for ratio in ratios)])
        microseconds = [f"{median * 1e6:.4g}" for median in medians.values()]
        lines.append([work, *microseconds, *(f"{ratio:.3f}" for ratio in ratios)])
    others = [tool for tool in tools if tool != "adbench"]
    columns = [*(f"{tool}, us" for tool in tools), *(f"{tool} / adbench" for tool in others)]
    print(tabulate(lines, headers=["callable", *columns], disable_numparse=True))
    print(f"The largest deviation is {worst:.1%}.")
    sys.exit(worst > MOST_OFF)


def measure(
    tools: dict[str, Callable[[str], float]], work: str, rounds: int
) -> dict[str, np.ndarray[Any, Any]]:
    """Time a callable by each tool once a round, in turned order every other round (s)."""
    times: dict[str, list[float]] = {tool: [] for tool in tools}
    for number in range(rounds):
        for tool in list(tools)[:: 1 if number % 2 else -1]:
            times[tool].append(tools[tool](work))
    return {tool: np.array(seconds) for tool, seconds in times.items()}


if __name__ == "__main__":
    main()
