"""Which detector of steps sees a step of 20 % in a series of cost ratios, and nothing in noise?

    python benchmarks/steps.py [--series N] [--runs N]

Series of made-up ratios, half of them with a step in the middle half: their noise is normal, or
Student's t with 3 degrees of freedom (a run that was disturbed now and then), or normal about a
level that wanders. Compared are PELT of `ruptures` with several penalties, in units of
noise^2 log(runs), and the detector of asv (`asv.step_detect`), where it is installed. Printed is
which share of the series without a step has one told (false alarms), which share of those with one
has a step told at most two runs beside its place (catches), and the time of a series (ms).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from importlib.util import find_spec

import click
import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from adbench.history import steps
from adbench.history.steps import SMALLEST_STEP, find_steps

Series = NDArray[np.float64]
Detector = Callable[[Series], list[int]]

NOISES = ("normal", "t3", "wandering")
SIZES = (0.02, 0.05, 0.08)
"""The noise of a series, as a logarithm."""

STEP = 1.2
NEAR = 2
PENALTIES = (2.0, 3.0, 4.0, 6.0, 9.0)


def noise_of(kind: str, size: float, runs: int, generator: np.random.Generator) -> Series:
    """Return noise of a kind, as logarithms."""
    if kind == "t3":
        return size * generator.standard_t(3, runs) / math.sqrt(3)
    noise = size * generator.standard_normal(runs)
    if kind == "wandering":
        noise += np.cumsum(0.1 * size * generator.standard_normal(runs))
    return noise


def pelt(penalty: float) -> Detector:
    """Return our detector with another penalty."""

    def detect(series: Series) -> list[int]:
        steps.PENALTY = penalty
        return [step.position for step in find_steps([*series])]

    return detect


def asv_detector(series: Series) -> list[int]:
    """Return where asv sees levels of at least as many runs that differ as much."""
    from asv.step_detect import detect_steps

    levels = [level for level in detect_steps([*series]) if level[1] - level[0] >= steps.LEAST_RUNS]
    return [
        after[0]
        for before, after in zip(levels, levels[1:], strict=False)
        if abs(math.log(after[2] / before[2])) > math.log1p(SMALLEST_STEP)
    ]


def measure(detect: Detector, kind: str, size: float, series: int, runs: int) -> list[float]:
    """Return the shares of false alarms and of catches, and the time of a series (ms)."""
    generator = np.random.default_rng(7)
    alarms = catches = 0
    spent_s = 0.0
    for number in range(series):
        ratios = 3.0 * np.exp(noise_of(kind, size, runs, generator))
        place = int(generator.integers(runs // 4, runs - runs // 4))
        is_stepped = number % 2 == 1
        if is_stepped:
            ratios[place:] *= STEP
        began = time.perf_counter()
        found = detect(ratios)
        spent_s += time.perf_counter() - began
        if is_stepped:
            catches += any(abs(position - place) <= NEAR for position in found)
        else:
            alarms += bool(found)
    half = series / 2
    return [100 * alarms / half, 100 * catches / half, 1e3 * spent_s / series]


@click.command(help=__doc__)
@click.option("--series", default=400, show_default=True)
@click.option("--runs", default=40, show_default=True)
def main(series: int, runs: int) -> None:
    detectors = {f"PELT, penalty {penalty:g}": pelt(penalty) for penalty in PENALTIES}
    if find_spec("asv") is None:
        click.echo("asv is not installed and is left out.")
    else:
        detectors["asv"] = asv_detector
    rows = [
        [name, kind, f"{size:g}", *measure(detect, kind, size, series, runs)]
        for name, detect in detectors.items()
        for kind in NOISES
        for size in SIZES
    ]
    columns = ("detector", "noise", "size", "false alarms %", "catches %", "ms a series")
    click.echo(tabulate(rows, columns, floatfmt=".1f", disable_numparse=[2]))


if __name__ == "__main__":
    main()
