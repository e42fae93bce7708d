"""Advice from rows: who is fastest, who is equal, what it costs to prepare, and why.

Nothing is read or measured here: rows go in, records come out, and `sentences` says them. Two
candidates whose intervals overlap are called equal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adbench.cases.case import NATIVE
from adbench.cases.operators import Mode, Operator, passes
from adbench.reporting.break_even import BreakEven, CallCosts, break_even
from adbench.results.row import Outcome, Row, Verdict
from adbench.timing.stats import Estimate
from adbench.truth.formats import FORMATS

ADVISED = (Operator.GRADIENT, Operator.JACOBIAN, Operator.DERIVATIVE)
"""The operators that advice is given for unless others are named, those of first order."""

ROUNDING_UNITS = 4096.0
"""An answer that errs by more than this many units of roundoff is that of an approximation, such as
a difference quotient, and is no candidate."""


UNKNOWN_SPREAD = 2.0
"""A time without an interval may be as many times shorter or longer."""


@dataclass(frozen=True)
class Candidate:
    """A backend in a staging and a mode, with what it was measured to cost."""

    backend: str
    """The backend's name, `framework:staging`."""
    mode: str
    """The mode."""
    implementation: str
    """`native` for the function as it was written, `spec` for the model's or for what was read."""
    call: Estimate
    """The median time of a call, with its interval (s)."""
    prepare_s: float
    """How long building and staging took (s)."""
    first_s: float
    """How long the first call took (s)."""
    peak_bytes: int | None
    """The most memory that a call held (bytes); None where nothing counted it."""
    memory_method: str
    """What counted it."""

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        written = ", as written by hand" if self.implementation == NATIVE else ""
        return f"{self.backend} in {self.mode} mode{written}"

    @property
    def costs(self) -> CallCosts:
        """What its calls cost in all."""
        return CallCosts(
            self.name, self.prepare_s, self.first_s, self.call.median, self.call.low, self.call.high
        )

    def is_equal(self, other: Candidate) -> bool:
        """Whether the intervals of the two overlap.

        One that is not known, since there were too few samples, is taken as `UNKNOWN_SPREAD` wide.
        """
        first, second = _interval(self.call), _interval(other.call)
        return not (first.low > second.high or second.low > first.high)

    def times(self, other: Candidate) -> Estimate:
        """Return how many times as long it takes as another, with the interval of that."""
        return Estimate(
            self.call.median / other.call.median,
            self.call.low / other.call.high,
            self.call.high / other.call.low,
        )


@dataclass(frozen=True)
class Work:
    """What a call of a candidate consists of, from its times at two sizes."""

    overhead_s: float
    """What a call takes before any operation (s)."""
    per_pass_s: float
    """What a pass through the function adds at this size (s)."""
    passes: int
    """How many passes the answer takes."""


@dataclass(frozen=True)
class Advice:
    """What to use for one question."""

    model: str
    size: str
    dtype: str
    operator: str
    n: int | None
    """The number of active scalars."""
    m: int | None
    """The number of output scalars."""
    best: Candidate
    """The fastest by its median."""
    equal: tuple[Candidate, ...]
    """Those whose intervals overlap that of the fastest."""
    runner_up: Candidate | None
    """The fastest of the others."""
    slower_by: Estimate | None
    """How many times as long that one takes."""
    forward_ratio: Estimate | None
    """The time of forward mode over that of reverse mode on the same backend, from pairs."""
    at_once: Candidate
    """Who costs least in all for a single call."""
    pays_from: BreakEven | None
    """From how many calls on the fastest costs less in all than that one; None where it is the
    same, or is not told."""
    lightest: Candidate | None
    """Who holds the least memory of those that the counter of the fastest has counted, since
    counters differ in what they see; None where that is the fastest alone."""
    work: Work | None
    """What a call of the fastest consists of; None where it was measured at one size."""
    left_out: tuple[str, ...]
    """Who is no candidate, and why, in a few words each."""


@dataclass(frozen=True)
class Crossing:
    """Where the fastest changes between two sizes."""

    model: str
    dtype: str
    operator: str
    smaller: str
    """The size at which the first is the fastest."""
    larger: str
    """The size at which the second is."""
    before: Candidate
    after: Candidate
    operations: Estimate
    """At how many operations of the function both take as long, with the interval of that."""


@dataclass(frozen=True)
class Advised:
    """All advice that rows give."""

    questions: tuple[Advice, ...]
    crossings: tuple[Crossing, ...]


def advise(rows: Iterable[Row], operators: Sequence[str] = ADVISED) -> Advised:
    """Return the advice that rows give on some operators, of first order.

    Rows of sweeps and of growth, and those that were not timed, are left out; of equal cells the
    last counts.
    """
    by_cell = {row.cell: row for row in rows if _is_of_interest(row, operators)}
    questions: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in by_cell.values():
        questions.setdefault((row.model, row.dtype, row.operator, row.size), []).append(row)
    with_candidates = {
        key: asked for key, asked in questions.items() if any(map(_is_candidate, asked))
    }
    advice = [_advice(asked, by_cell.values()) for asked in with_candidates.values()]
    return Advised(tuple(advice), tuple(_crossings(list(with_candidates.values()), advice)))


def _is_of_interest(row: Row, operators: Sequence[str]) -> bool:
    is_first_order = row.operator != Operator.DERIVATIVE or row.order == 1
    return row.operator in operators and is_first_order and not row.swept and not row.growth


def _is_candidate(row: Row) -> bool:
    return row.outcome is Outcome.OK and not math.isnan(row.median_s) and not _fault(row)


def _fault(row: Row) -> str:
    """Why an answer is not advised, in a word or two, or ""."""
    if row.outcome is not Outcome.OK:
        return str(row.outcome)
    if row.verdict is Verdict.WRONG:
        return "wrong"
    rounding = ROUNDING_UNITS * FORMATS[row.dtype].unit if row.dtype in FORMATS else math.inf
    if row.relative_error > rounding:
        return f"off by a relative {row.relative_error:.1e}"
    return ""


def _candidate(row: Row) -> Candidate:
    return Candidate(
        row.backend,
        row.mode,
        row.implementation,
        Estimate(row.median_s, row.ci_low_s, row.ci_high_s),
        row.prepare_s,
        row.first_s,
        row.peak_bytes,
        row.memory_method,
    )


def _advice(asked: Sequence[Row], rows: Iterable[Row]) -> Advice:
    """The advice on one question."""
    timed = sorted(filter(_is_candidate, asked), key=lambda row: row.median_s)
    candidates = [_candidate(row) for row in timed]
    best, *others = candidates
    equal = tuple(other for other in others if other.is_equal(best))
    slower = [other for other in others if not other.is_equal(best)]
    runner_up = slower[0] if slower else None
    at_once = min(candidates, key=lambda candidate: candidate.costs.start_s)
    counted = [other for other in candidates if _is_counted_like(other, best)]
    row = timed[0]
    return Advice(
        model=row.model,
        size=row.size,
        dtype=row.dtype,
        operator=row.operator,
        n=row.n_inputs,
        m=row.n_outputs,
        best=best,
        equal=equal,
        runner_up=runner_up,
        slower_by=None if runner_up is None else runner_up.times(best),
        forward_ratio=_forward_ratio(best, asked),
        at_once=at_once,
        pays_from=None if at_once is best else break_even(best.costs, at_once.costs),
        lightest=min(counted, key=_bytes_of) if len(counted) > 1 else None,
        work=_work(row, rows),
        left_out=tuple(f"{_title(row)} ({_fault(row)})" for row in asked if _fault(row)),
    )


def _title(row: Row) -> str:
    return row.backend if row.mode == Mode.NONE else f"{row.backend} {row.mode}"


def _is_counted_like(candidate: Candidate, best: Candidate) -> bool:
    is_counted = candidate.peak_bytes is not None and best.peak_bytes is not None
    return is_counted and candidate.memory_method == best.memory_method


def _bytes_of(candidate: Candidate) -> int:
    assert candidate.peak_bytes is not None
    return candidate.peak_bytes


def _forward_ratio(best: Candidate, asked: Sequence[Row]) -> Estimate | None:
    """The paired ratio of both modes on the backend of the fastest."""
    for row in asked:
        is_paired = not math.isnan(row.forward_ratio) and row.mode == Mode.REVERSE
        if is_paired and (row.backend, row.implementation) == (best.backend, best.implementation):
            return Estimate(row.forward_ratio, row.forward_ratio_low, row.forward_ratio_high)
    return None


def _work(row: Row, rows: Iterable[Row]) -> Work | None:
    """Overhead and work of a call, from a line through its times at the two sizes farthest apart.

    None where there is one size alone, or where more operations take no longer.
    """
    alike = [
        other
        for other in rows
        if (other.model, other.dtype, other.operator) == (row.model, row.dtype, row.operator)
        and (other.backend, other.mode, other.implementation)
        == (row.backend, row.mode, row.implementation)
        and _is_candidate(other)
        and other.operations > 0
    ]
    if not alike or not row.operations > 0:
        return None
    least = min(alike, key=lambda other: other.operations)
    most = max(alike, key=lambda other: other.operations)
    if not most.median_s > least.median_s or not most.operations > least.operations:
        return None
    slope = (most.median_s - least.median_s) / (most.operations - least.operations)
    overhead_s = max(0.0, least.median_s - slope * least.operations)
    count = passes(Operator(row.operator), Mode(row.mode), row.n_inputs or 1, row.n_outputs or 1)
    return Work(overhead_s, max(0.0, row.median_s - overhead_s) / count, count)


def _crossings(questions: Sequence[Sequence[Row]], advice: Sequence[Advice]) -> Iterable[Crossing]:
    """Where the fastest changes from one size to the next larger one."""
    pairs = sorted(zip(advice, questions, strict=True), key=lambda pair: _operations_of(pair[1]))
    for place, (before, rows_before) in enumerate(pairs):
        for after, rows_after in pairs[place + 1 :]:
            if _subject(before) != _subject(after):
                continue
            crossing = _crossing(before, rows_before, after, rows_after)
            if crossing is not None:
                yield crossing
            break


def _subject(advice: Advice) -> tuple[str, str, str]:
    return advice.model, advice.dtype, advice.operator


def _operations_of(asked: Sequence[Row]) -> float:
    """How much the function does at the size of a question; 0 where nobody knows."""
    return max((row.primal_operations for row in asked if row.primal_operations > 0), default=0.0)


def _crossing(
    smaller: Advice, rows_smaller: Sequence[Row], larger: Advice, rows_larger: Sequence[Row]
) -> Crossing | None:
    """Where the fastest at the larger size overtakes the fastest at the smaller one, if it does."""
    first, second = smaller.best, larger.best
    start, end = _operations_of(rows_smaller), _operations_of(rows_larger)
    second_before = _same(second, rows_smaller)
    first_after = _same(first, rows_larger)
    if second_before is None or first_after is None or not 0 < start < end:
        return None
    before, after = first.times(second_before), first_after.times(second)
    if not before.high < 1 < after.low:  # one of them is equal to the fastest, or is the same
        return None
    where = [
        _meeting(start, end, *ratios)
        for ratios in (
            (before.median, after.median),
            (before.high, after.high),
            (before.low, after.low),
        )
    ]
    return Crossing(
        smaller.model,
        smaller.dtype,
        smaller.operator,
        smaller.size,
        larger.size,
        first,
        second,
        Estimate(*where),
    )


def _interval(time_s: Estimate) -> Estimate:
    """A time with an interval, whether or not it has one."""
    if not math.isnan(time_s.low):
        return time_s
    median = time_s.median
    return Estimate(median, median / UNKNOWN_SPREAD, median * UNKNOWN_SPREAD)


def _same(candidate: Candidate, asked: Sequence[Row]) -> Candidate | None:
    """The same backend, mode and implementation at another size."""
    for row in filter(_is_candidate, asked):
        other = _candidate(row)
        if _identity(other) == _identity(candidate):
            return other
    return None


def _identity(candidate: Candidate) -> tuple[str, str, str]:
    return candidate.backend, candidate.mode, candidate.implementation


def _meeting(start: float, end: float, before: float, after: float) -> float:
    """Where a ratio that follows a power law between two sizes is 1."""
    share = -math.log(before) / (math.log(after) - math.log(before))
    return start * (end / start) ** share
