"""The samples of one cell.

Taken in turns, in pairs with the function alone, and summed up in its row.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from math import isnan, nan

from adbench.cases.operators import Operator
from adbench.results.row import Row
from adbench.timing import clock, stats
from adbench.timing.clock import Thunk
from adbench.timing.stats import Estimate

DOUBTFUL_INTERVAL = 0.5
"""A confidence interval wider than this fraction of its median is flagged."""

SPARE_THREADS = 0.25
"""How far the processor time may exceed that of the threads allowed before it is flagged."""


@dataclass
class TimedCell:
    """A cell that has been judged, and is sampled until it is finished."""

    row: Row
    """Its row so far."""
    operator: Thunk
    """The call that answers it, which waits for its result."""
    primal: Thunk
    """The function alone, staged alike."""
    loops: int
    """How many calls of the operator make a sample."""
    primal_loops: int
    """How many calls of the primal make a sample."""
    samples: list[float] = field(default_factory=list)
    """The samples of the operator (s)."""
    primal_samples: list[float] = field(default_factory=list)
    """The samples of the primal (s), each taken right after the operator's."""
    wall_s: float = 0.0
    """How long it has been sampled (s)."""
    cpu_s: float = 0.0
    """The processor time of all threads meanwhile (s)."""

    def sample(self, pairs: int, turn_s: float, most_s: float) -> None:
        """Take paired samples until `pairs` are taken or `turn_s` seconds have gone, at least one.

        A cell that has been sampled for `most_s` seconds is left as it is.
        """
        if self.wall_s > most_s:
            return
        with clock.undisturbed():
            wall_start, cpu_start = time.perf_counter(), time.process_time()
            for _ in range(pairs):
                self.samples.append(clock.sample(self.operator, self.loops))
                self.primal_samples.append(clock.sample(self.primal, self.primal_loops))
                if time.perf_counter() - wall_start > turn_s:
                    break
            self.wall_s += time.perf_counter() - wall_start
            self.cpu_s += time.process_time() - cpu_start

    def finished_row(self, threads: int) -> Row:
        """Return the row with what the samples say. threads: how many the backend was allowed."""
        operator_time = stats.median(self.samples)
        cost = stats.ratio(self.samples, self.primal_samples)
        cpu_per_wall = self.cpu_s / self.wall_s if self.wall_s else nan
        return replace(
            self.row,
            median_s=operator_time.median,
            ci_low_s=operator_time.low,
            ci_high_s=operator_time.high,
            samples=len(self.samples),
            loops=self.loops,
            primal_s=stats.median(self.primal_samples).median,
            cost_ratio=cost.median,
            cost_ratio_low=cost.low,
            cost_ratio_high=cost.high,
            cpu_per_wall=cpu_per_wall,
            flags="; ".join(self._flags(operator_time, cost, cpu_per_wall, threads)),
            samples_s=tuple(self.samples),
            primal_samples_s=tuple(self.primal_samples),
        )

    def _flags(
        self, operator_time: Estimate, cost: Estimate, cpu_per_wall: float, threads: int
    ) -> list[str]:
        """The flags of the row so far, and those that the samples give reason for."""
        flags = []
        if self.row.flags:
            flags.append(self.row.flags)
        if self.row.operator != Operator.VALUE and cost.high < 1:
            flags.append("faster than its primal")
        if isnan(operator_time.high):
            flags.append("too few samples for an interval")
        elif operator_time.high - operator_time.low > DOUBTFUL_INTERVAL * operator_time.median:
            flags.append("wide interval")
        if cpu_per_wall > threads + SPARE_THREADS:
            flags.append(f"used {cpu_per_wall:.1f} threads")
        return flags
