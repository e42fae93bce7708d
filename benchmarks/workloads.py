"""What does a derivative cost beside its function, on the workloads that gradbench publishes?

    python benchmarks/workloads.py [--rounds N] [--backend jax:jit ...] [--only lse ...]

Each workload is a model of adbench at sizes of gradbench's, thinned. Derivative and function are in
one process, on one thread, and give a sample each in every round, one after the other; a ratio is
the median of those of a round. Times are the processor's, which other processes do not lengthen.
Beside the geometric mean over the sizes stands what gradbench has published: the same quotient, in
the nightly run of 2026-03-14, over all of its sizes and on another machine. For k-means the
derivative is the step of Newton's method, a model of its own.

Exit status 1: a geometric mean of `reference:compiled` is above its goal.
"""

from __future__ import annotations

import os

# before NumPy and the frameworks start their threads
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"
if hasattr(os, "sched_setaffinity"):  # XLA has no setting that keeps it to one thread
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Mapping, Sequence  # noqa: E402
from contextlib import ExitStack  # noqa: E402
from dataclasses import dataclass, field, replace  # noqa: E402
from typing import Any  # noqa: E402

import click  # noqa: E402
import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from adbench import registry  # noqa: E402
from adbench.backends.base import prepare, to_backend  # noqa: E402
from adbench.cases.inputs import make_inputs  # noqa: E402
from adbench.cases.model import Model  # noqa: E402
from adbench.cases.operators import Mode, Operator  # noqa: E402
from adbench.models import gmm, kmeans, llsq, lse, lstm  # noqa: E402
from adbench.timing import clock, stats  # noqa: E402

BACKENDS = ("reference:compiled", "torch:eager", "jax:jit")
HELD_TO_GOALS = "reference:compiled"
SAMPLE_S = 2e-2


@dataclass(frozen=True)
class Workload:
    """A function and its derivative, and what is published of them."""

    function: Model
    """What the derivative is compared with."""

    sizes: Sequence[Mapping[str, Any]]
    """What `make` of the model takes."""

    published: Mapping[str, float]
    """The quotients of gradbench's nightly of 2026-03-14, by tool."""

    goal: float | None = None
    """What `reference:compiled` is to stay within."""

    derivative: Model | None = None
    """The model whose value is the derivative, where that is not the gradient of the function."""


def sizes_of(names: str, *rows: Sequence[int]) -> list[dict[str, int]]:
    """Return sizes whose keys are the letters of `names`."""
    return [dict(zip(names, row, strict=True)) for row in rows]


WORKLOADS = (
    Workload(
        gmm.model,
        sizes_of("DKN", (2, 5, 1000), (10, 25, 1000), (20, 50, 1000), (32, 100, 1000)),
        {"by hand in C++": 2.41, "JAX": 3.03, "PyTorch": 3.29},
        goal=3.0,
    ),
    Workload(
        lse.model,
        sizes_of("n", *((2500 * 2**k,) for k in range(10))),
        {"by hand in C++": 1.12, "JAX": 1.17, "PyTorch": 5.48},
        goal=1.3,
    ),
    Workload(
        llsq.model,
        sizes_of("nm", *((16 * 4**k, 128) for k in range(6))),
        {"by hand in C++": 2.05, "JAX": 1.13},
        goal=1.5,
    ),
    Workload(
        kmeans.model,
        sizes_of("knd", *((k, n, d) for k in (10, 100) for n in (1000, 10000) for d in (8, 16))),
        {"by hand in C++": 1.45, "JAX": 2.00, "PyTorch": 10.2},
        goal=2.0,
        derivative=kmeans.step,
    ),
    Workload(
        lstm.model,
        sizes_of("Lcb", (2, 1024, 14), (4, 1024, 14)),
        {"by hand in C++": 8.45, "PyTorch": 2.68},
    ),
)


def prepared(backend: Any, model: Model, size: Mapping[str, Any], operator: Operator) -> Any:
    """A call without arguments that waits for an answer about a model at a size."""
    inputs = make_inputs(replace(model, sizes={"": size}, oracle={}), "", seed=0)
    problem = to_backend(backend, model.function, inputs, operator)
    mode = Mode.NONE if operator is Operator.VALUE else Mode.REVERSE
    _, call = prepare(backend, problem, operator, mode, 1)

    def answer() -> None:
        backend.synchronize(call(problem.active, problem.constants, problem.direction))

    return answer


def processor_time(call: Callable[[], None], loops: int) -> float:
    """Return the time (s) that the process spends in a call, the mean over some in a row."""
    start = time.process_time_ns()
    for _ in range(loops):
        call()
    return max(time.process_time_ns() - start, 1) * 1e-9 / loops


def measured(
    function: Callable[[], None], derivative: Callable[[], None], rounds: int
) -> stats.Estimate:
    """Return the quotient of their times, from samples that take turns."""
    calls = (function, derivative)
    for call in calls:
        call()
    loops = [max(1, round(SAMPLE_S / processor_time(call, 1))) for call in calls]
    samples: tuple[list[float], list[float]] = ([], [])
    with clock.undisturbed():
        for _ in range(rounds):
            for times, call, count in zip(samples, calls, loops, strict=True):
                times.append(processor_time(call, count))
    return stats.ratio(samples[1], samples[0])


@dataclass
class Result:
    """The quotients of a workload on a backend."""

    workload: Workload
    backend: str
    ratios: list[stats.Estimate] = field(default_factory=list)

    @property
    def mean(self) -> float:
        """The geometric mean over the sizes."""
        return float(np.exp(np.mean(np.log([ratio.median for ratio in self.ratios]))))

    @property
    def misses_goal(self) -> bool:
        """Whether it is above what was to be reached."""
        goal = self.workload.goal
        return self.backend == HELD_TO_GOALS and goal is not None and self.mean > goal


def result_of(backend: Any, name: str, workload: Workload, rounds: int) -> Result:
    """Measure a workload on a backend, size by size."""
    result = Result(workload, name)
    derivative = workload.derivative or workload.function
    operator = Operator.VALUE if workload.derivative else Operator.GRADIENT
    for size in workload.sizes:
        value = prepared(backend, workload.function, size, Operator.VALUE)
        slope = prepared(backend, derivative, size, operator)
        result.ratios.append(measured(value, slope, rounds))
    return result


def table_of(results: Sequence[Result]) -> Table:
    """The quotients, beside those published and the goals."""
    title = "Time of the derivative / time of the function, geometric mean over the sizes"
    table = Table(title=title, title_justify="left")
    for heading in ("workload", "backend", "ours", "smallest, largest", "goal", "published"):
        table.add_column(heading)
    for result in results:
        published = ", ".join(f"{v:.3g} {tool}" for tool, v in result.workload.published.items())
        medians = [ratio.median for ratio in result.ratios]
        goal = result.workload.goal if result.backend == HELD_TO_GOALS else None
        table.add_row(
            result.workload.function.name,
            result.backend,
            f"{result.mean:.2f}",
            f"{min(medians):.2f}, {max(medians):.2f}",
            "" if goal is None else f"{goal:g}{' missed' if result.misses_goal else ''}",
            published,
        )
    return table


@click.command(help=__doc__)
@click.option("--rounds", default=11, show_default=True, help="Samples of each; at least 6.")
@click.option("--backend", "backends", multiple=True, help="These backends alone.")
@click.option("--only", multiple=True, help="These workloads alone.")
def main(rounds: int, backends: tuple[str, ...], only: tuple[str, ...]) -> None:
    results = []
    workloads = [w for w in WORKLOADS if not only or w.function.name in only]
    with ExitStack() as modes:
        for entry in registry.find_backends(backends or BACKENDS):
            if registry.installed_version(entry) is None:
                continue
            backend = registry.load_backend(entry.load)
            backend.set_up_process()
            modes.enter_context(backend.modes())
            results += [result_of(backend, entry.name, workload, rounds) for workload in workloads]
    Console(width=120).print(table_of(results))
    sys.exit(any(result.misses_goal for result in results))


if __name__ == "__main__":
    main()
