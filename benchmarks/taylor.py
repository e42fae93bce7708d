"""What does a derivative of high order cost, nested and in Taylor mode?

    python benchmarks/taylor.py [--rounds N] [--backend jax:jit ...]

Derivatives of tanh, written with exp, at 0.5: nested forward and nested reverse mode, and Taylor
mode, on the tape, compiled, and in JAX. All contenders are in one process and give one sample each
in every round, in a new random order; a ratio is the median of the ratios of samples from the same
round. Nested modes are asked up to the order at which one call would take seconds.

The cost of Taylor mode is a polynomial of the order k: its exponent is that of the least squares
line through the logarithms from order 8 on. The cost of a nested mode grows by a factor with every
order, which is the geometric mean from order 4 on.
"""

from __future__ import annotations

import os

# before NumPy and JAX start their threads
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"
if hasattr(os, "sched_setaffinity"):  # XLA has no setting that keeps it to one thread
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import importlib.util  # noqa: E402
import random  # noqa: E402
from collections.abc import Callable  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from typing import Any  # noqa: E402

import click  # noqa: E402
import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from adbench import registry  # noqa: E402
from adbench.backends.base import prepare, to_backend  # noqa: E402
from adbench.cases.inputs import Inputs  # noqa: E402
from adbench.cases.operators import Mode, Operator  # noqa: E402
from adbench.models import tanh  # noqa: E402
from adbench.timing import clock, stats  # noqa: E402

POINT = Inputs((np.asarray(0.5),), 0, np.asarray(1.0), np.asarray(1.0))
ORDERS = (1, 2, 4, 8, 16, 32)
NESTED_ORDERS = (1, 2, 4, 8)
SAMPLE_S = 1e-3
AGREEMENT = 1e-10

POLYNOMIAL_FROM = 8
"""The order from which on an exponent is fitted."""

EXPONENTIAL_FROM = 4
"""The order from which on the growth of a nested mode is taken."""


@dataclass(frozen=True)
class Contender:
    """A backend in a mode."""

    backend: str
    mode: Mode

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"{self.backend} {self.mode}"

    @property
    def orders(self) -> tuple[int, ...]:
        """The orders that it is asked for."""
        return ORDERS if self.mode is Mode.TAYLOR else NESTED_ORDERS


def contenders() -> list[Contender]:
    """Every backend with a Taylor mode that is installed, in every mode."""
    backends = ["reference:tape", "reference:compiled"]
    if importlib.util.find_spec("jax") is not None:
        backends.append("jax:jit")
    modes = (Mode.FORWARD, Mode.REVERSE, Mode.TAYLOR)
    return [Contender(backend, mode) for backend in backends for mode in modes]


def prepared(backend: Any, mode: Mode, order: int) -> Callable[[], Any]:
    """A call without arguments that waits for the derivative."""
    problem = to_backend(backend, tanh.model.function, POINT, Operator.DERIVATIVE)
    _, call = prepare(backend, problem, Operator.DERIVATIVE, mode, order)

    def derivative() -> Any:
        answer = call(problem.active, problem.constants, problem.direction)
        backend.synchronize(answer)
        return answer

    expected = tanh.derivative(np.longdouble(0.5), order=order)
    error = abs(float(backend.to_numpy(derivative()) / expected - 1))
    if not error <= AGREEMENT:
        raise AssertionError(f"{mode}, order {order}: the derivative is off by {error:.1e}.")
    return derivative


def measure(calls: dict[Any, Callable[[], Any]], rounds: int) -> dict[Any, list[float]]:
    """One sample of each call a round (s)."""
    loops = {
        name: clock.calibrate(call, clock.once(call)[1], SAMPLE_S) for name, call in calls.items()
    }
    samples: dict[Any, list[float]] = {name: [] for name in calls}
    turns = list(calls)
    shuffle = random.Random(0).shuffle
    with clock.undisturbed():
        for _ in range(rounds):
            shuffle(turns)
            for name in turns:
                samples[name].append(clock.sample(calls[name], loops[name]))
    return samples


def exponent(times: dict[int, float]) -> float:
    """The power of the order with which times (s) grow."""
    orders = [order for order in times if order >= POLYNOMIAL_FROM]
    return float(np.polyfit(np.log(orders), np.log([times[order] for order in orders]), 1)[0])


def growth(times: dict[int, float]) -> float:
    """The factor by which times (s) grow with every order."""
    orders = [order for order in times if order >= EXPONENTIAL_FROM]
    first, last = orders[0], orders[-1]
    return float((times[last] / times[first]) ** (1 / (last - first)))


def table_of_times(samples: dict[Any, list[float]], everyone: list[Contender]) -> Table:
    """Medians by order, and how they grow."""
    table = Table(title="Median time (us) of the derivative of order k", title_justify="left")
    table.add_column("")
    for heading in (*map(str, ORDERS), "grows with k as"):
        table.add_column(heading, justify="right")
    for contender in everyone:
        times = {
            order: stats.median(samples[contender, order]).median for order in contender.orders
        }
        is_polynomial = contender.mode is Mode.TAYLOR
        law = f"k^{exponent(times):.2f}" if is_polynomial else f"{growth(times):.1f}^k"
        cells = [f"{times[order] * 1e6:.1f}" if order in times else "" for order in ORDERS]
        table.add_row(contender.name, *cells, law)
    return table


def table_of_ratios(samples: dict[Any, list[float]], everyone: list[Contender]) -> Table:
    """What nesting costs against Taylor mode of the same backend, and order 16 against order 8."""
    table = Table(title="Ratios, with 95 % intervals", title_justify="left")
    for heading in ("", "ratio", "measured"):
        table.add_column(heading, justify="right" if heading == "measured" else "left")

    def add(backend: str, what: str, numerator: Any, denominator: Any) -> None:
        ratio = stats.ratio(samples[numerator], samples[denominator])
        table.add_row(backend, what, f"{ratio.median:.4g} [{ratio.low:.4g}, {ratio.high:.4g}]")

    for contender in everyone:
        taylor = Contender(contender.backend, Mode.TAYLOR)
        if contender == taylor:
            add(contender.backend, "taylor, order 16 / order 8", (taylor, 16), (taylor, 8))
            add(contender.backend, "taylor, order 32 / order 16", (taylor, 32), (taylor, 16))
            continue
        for order in NESTED_ORDERS:
            what = f"nested {contender.mode} / taylor, order {order}"
            add(contender.backend, what, (contender, order), (taylor, order))
    return table


@click.command(help=__doc__)
@click.option("--rounds", default=21, show_default=True, help="Samples of each; at least 6.")
@click.option("--backend", "backends", multiple=True, help="These backends alone.")
def main(rounds: int, backends: tuple[str, ...]) -> None:
    console = Console(width=120)
    everyone = [
        contender for contender in contenders() if not backends or contender.backend in backends
    ]
    calls = {}
    for contender in everyone:
        entry = registry.find_backends([contender.backend])[0]
        backend = registry.load_backend(entry.load)
        backend.set_up_process()
        with backend.modes():
            for order in contender.orders:
                calls[contender, order] = prepared(backend, contender.mode, order)
    samples = measure(calls, rounds)
    console.print(table_of_times(samples, everyone))
    console.print(table_of_ratios(samples, everyone))


if __name__ == "__main__":
    main()
