"""The samples of one cell.

Taken in rounds, in pairs with the function alone, and summed up in its row.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from math import isnan, nan

from adbench.cases.operators import Operator
from adbench.results.row import Row
from adbench.timing import clock, stats
from adbench.timing.clock import Thunk
from adbench.timing.sampling import Sampling, paired_ratio
from adbench.timing.stats import Estimate

DOUBTFUL_INTERVAL = 2.0
"""A confidence interval wider than this many times what was asked for is flagged."""

SPARE_THREADS = 0.25
"""How far the processor time may exceed that of the threads allowed before it is flagged."""

SLOWER_MACHINE = 1.15
"""A cell is flagged whose reference loop took this many times what it customarily takes."""


@dataclass
class TimedCell:
    """A cell that has been judged, and is sampled until it is settled."""

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
    forward: TimedCell | None = None
    """The cell of the same operator in forward mode, where this one is in reverse mode."""
    rounds: list[int] = field(default_factory=list)
    """The round in which each sample was taken; cells sampled together count the same rounds."""
    samples: list[float] = field(default_factory=list)
    """The samples of the operator (s)."""
    primal_samples: list[float] = field(default_factory=list)
    """The samples of the primal (s), each taken right after the operator's."""
    reference_samples: list[float] = field(default_factory=list)
    """The reference loop's samples of the same rounds (s)."""
    wall_s: float = 0.0
    """How long it has been sampled (s)."""
    cpu_s: float = 0.0
    """The processor time of all threads meanwhile (s)."""

    def sample(self, number: int, reference_s: float) -> None:
        """Take one paired sample in the round `number`. reference_s: the reference loop's in it."""
        wall_start, cpu_start = time.perf_counter(), time.process_time()
        operator_s = clock.sample(self.operator, self.loops)
        primal_s = clock.sample(self.primal, self.primal_loops)
        self.wall_s += time.perf_counter() - wall_start
        self.cpu_s += time.process_time() - cpu_start
        self.rounds.append(number)
        self.samples.append(operator_s)
        self.primal_samples.append(primal_s)
        self.reference_samples.append(reference_s)

    def is_spent(self, sampling: Sampling) -> bool:
        """Whether its budget is spent."""
        return sampling.is_spent(len(self.samples), self.wall_s)

    def is_settled(self, sampling: Sampling) -> bool:
        """Whether it needs no more samples: its interval is narrow, or its budget spent."""
        if self.is_spent(sampling):
            return True
        if len(self.samples) < sampling.turns * sampling.rounds:
            return False
        return sampling.is_narrow(stats.median(self.samples))

    def is_decided(self, sampling: Sampling) -> bool:
        """Whether it is known which of the two modes is faster, or cannot be within the budget.

        True where there is nothing to decide: outside of a sweep over n and m.
        """
        if self.forward is None or not self.row.swept:
            return True
        if self.is_spent(sampling) or self.forward.is_spent(sampling):
            return True
        return sampling.is_decided(self.forward_ratio())

    def forward_ratio(self) -> Estimate:
        """Return the time of forward mode over that of this cell, from samples of one round."""
        if self.forward is None:
            return Estimate(nan, nan, nan)
        own_sample = dict(zip(self.rounds, self.samples, strict=True))
        pairs = [
            (forward_s, own_sample[number])
            for number, forward_s in zip(self.forward.rounds, self.forward.samples, strict=True)
            if number in own_sample
        ]
        return paired_ratio([pair[0] for pair in pairs], [pair[1] for pair in pairs])

    def finished_row(self, threads: int, sampling: Sampling, customary_reference_s: float) -> Row:
        """Return the row with what the samples say.

        threads: how many the backend was allowed; customary_reference_s: what the reference loop
        takes in the median over the session (s).
        """
        operator_time = stats.median(self.samples)
        cost = stats.ratio(self.samples, self.primal_samples)
        forward_ratio = self.forward_ratio()
        reference_s = stats.median(self.reference_samples).median
        row = replace(
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
            forward_ratio=forward_ratio.median,
            forward_ratio_low=forward_ratio.low,
            forward_ratio_high=forward_ratio.high,
            reference_s=reference_s,
            cpu_per_wall=self.cpu_s / self.wall_s if self.wall_s else nan,
            work_s=self.row.work_s + self.wall_s,
            samples_s=tuple(self.samples),
            primal_samples_s=tuple(self.primal_samples),
            reference_samples_s=tuple(self.reference_samples),
            sample_rounds=tuple(self.rounds),
        )
        flags = "; ".join(_flags(row, threads, sampling, reference_s / customary_reference_s))
        return row if flags == row.flags else replace(row, flags=flags)


def _flags(row: Row, threads: int, sampling: Sampling, slowness: float) -> list[str]:
    """The flags of a row so far, and those that its samples give reason for.

    slowness: how long the reference loop took, in units of what it customarily takes.
    """
    flags = []
    if row.flags:
        flags.append(row.flags)
    if row.operator != Operator.VALUE and row.cost_ratio_high < 1:
        flags.append("faster than its primal")
    if isnan(row.ci_high_s):
        flags.append("too few samples for an interval")
    elif row.ci_high_s - row.ci_low_s > DOUBTFUL_INTERVAL * sampling.precision * row.median_s:
        flags.append("wide interval")
    if row.cpu_per_wall > threads + SPARE_THREADS:
        flags.append(f"used {row.cpu_per_wall:.1f} threads")
    if slowness > SLOWER_MACHINE:
        flags.append(f"machine slower by {slowness - 1:.0%}")
    return flags
