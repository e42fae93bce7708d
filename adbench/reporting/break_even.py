"""What calls cost in all, and after how many of them one staging is ahead of another.

N calls cost prepare + first + (N - 1) steady: what is built ahead of time, the first call, and all
the others. Preparation and first call are measured once a cell, the steady state by many samples;
so the intervals here are those of the steady state alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

QUESTION = ["model", "size", "dtype", "operator", "order", "mode", "implementation"]
"""The columns in which the rows of one question agree."""


@dataclass(frozen=True)
class CallCosts:
    """What the calls of one question cost on one backend."""

    backend: str
    """The backend's name."""
    prepare_s: float
    """How long building and staging took (s)."""
    first_s: float
    """How long the first call took (s)."""
    steady_s: float
    """The median time of later calls (s)."""
    steady_low_s: float
    """The lower end of its confidence interval (s)."""
    steady_high_s: float
    """The upper end of that interval (s)."""

    @property
    def start_s(self) -> float:
        """What one call costs in all (s)."""
        return self.prepare_s + self.first_s

    @property
    def framework(self) -> str:
        """The part of the backend's name before the colon."""
        return self.backend.partition(":")[0]

    def total_s(self, calls: int) -> float:
        """Return what that many calls cost in all (s)."""
        return self.start_s + (calls - 1) * self.steady_s


@dataclass(frozen=True)
class BreakEven:
    """From which number of calls on one backend costs less in all than another."""

    calls: float
    """The number; 1 where it is ahead from the first call on, inf where it never is."""
    low: float
    """The least number that the intervals of the steady times allow."""
    high: float
    """The largest number that they allow."""


def call_costs(question: pd.DataFrame) -> list[CallCosts]:
    """Return the costs of every backend that was timed on one question, in order of appearance.

    question: the rows of a frame that differ in their backends alone.
    """
    timed = question[(question["outcome"] == "ok") & question["median_s"].notna()]
    return [
        CallCosts(
            row["backend"],
            row["prepare_s"],
            row["first_s"],
            row["median_s"],
            row["ci_low_s"],
            row["ci_high_s"],
        )
        for _, row in timed.iterrows()
    ]


NEVER = BreakEven(math.inf, math.inf, math.inf)
"""Of a backend whose calls take longer than the other's."""

AT_ONCE = BreakEven(1, 1, 1)
"""Of a backend whose calls and whose start take less time than the other's."""


def break_even(costs: CallCosts, other: CallCosts) -> BreakEven | None:
    """Return from which number of calls on the first costs less in all than the other, for good.

    None where the intervals of their steady times overlap, or are not known: which of the two is
    ahead in the end is not told. Otherwise the ends of the interval divide the difference of what
    one call costs in all by the largest and the least difference of the steady times, which holds
    at 90 % at the least whatever the two have in common.
    """
    if costs.steady_low_s > other.steady_high_s:
        return NEVER
    if costs.steady_high_s < other.steady_low_s:
        return _overtaking(costs, other)
    return None


def _overtaking(faster: CallCosts, slower: CallCosts) -> BreakEven:
    """From which number of calls on the faster of two costs less in all."""
    start_s = faster.start_s - slower.start_s
    if start_s <= 0:
        return AT_ONCE
    return BreakEven(
        _calls(start_s, slower.steady_s - faster.steady_s),
        _calls(start_s, slower.steady_high_s - faster.steady_low_s),
        _calls(start_s, slower.steady_low_s - faster.steady_high_s),
    )


def _calls(start_s: float, saved_s: float) -> float:
    """The least number of calls at which what each saves exceeds what was paid more at the start.

    inf where a call saves nothing.
    """
    if saved_s <= 0:
        return math.inf
    return math.floor(1 + start_s / saved_s) + 1


def cheapest(costs: Sequence[CallCosts]) -> list[tuple[CallCosts, int]]:
    """Return what costs least in all, and from which number of calls on, by rising number.

    It goes by the medians.
    """
    leader = min(costs, key=lambda staging: (staging.start_s, staging.steady_s))
    leaders = [(leader, 1)]
    while True:
        faster = [staging for staging in costs if staging.steady_s < leader.steady_s]
        if not faster:
            return leaders
        crossings = [(int(_overtaking(staging, leader).calls), staging) for staging in faster]
        # Of those that overtake it at the same number of calls, the one that costs least by then.
        calls, leader = min(
            crossings, key=lambda crossing: (crossing[0], crossing[1].total_s(crossing[0]))
        )
        leaders.append((leader, calls))


def sentences(title: str, costs: Sequence[CallCosts]) -> list[str]:
    """Say what costs least in all, and which staging overtakes which after how many calls.

    First over all backends, then among the customary stagings of the frameworks, then among the
    stagings of each framework. title: what is asked, in words.
    """
    parts = [_leaders_in_words(cheapest(costs)), *_overtaking_in_words(_customary(costs))]
    for framework in dict.fromkeys(staging.framework for staging in costs):
        stagings = [staging for staging in costs if staging.framework == framework]
        if len(stagings) > 1:
            parts.append(_framework_in_words(stagings))
    return [f"{title}: {part}." for part in parts]


def _customary(costs: Sequence[CallCosts]) -> list[CallCosts]:
    """The first staging of each framework."""
    by_framework: dict[str, CallCosts] = {}
    for staging in costs:
        by_framework.setdefault(staging.framework, staging)
    return list(by_framework.values())


def _leaders_in_words(leaders: Sequence[tuple[CallCosts, int]]) -> str:
    """Which backend costs least in all, from which number of calls on."""
    first, _ = leaders[0]
    if len(leaders) == 1:
        return f"{first.backend} costs least in all, however many the calls"
    later = [f"from {_rounded(calls)} calls on {leader.backend}" for leader, calls in leaders[1:]]
    return f"least in all costs {first.backend}, {', '.join(later)}"


def _overtaking_in_words(stagings: Sequence[CallCosts]) -> list[str]:
    """Which staging starts dearer than another and overtakes it."""
    parts = []
    for faster in stagings:
        for slower in stagings:
            crossing = break_even(faster, slower)
            if crossing is not None and 1 < crossing.calls < math.inf:
                parts.append(f"{faster.backend} overtakes {slower.backend} {in_words(crossing)}")
    return parts


def _framework_in_words(stagings: Sequence[CallCosts]) -> str:
    """When the staging with the fastest calls is ahead of each other one."""
    fastest = min(stagings, key=lambda staging: staging.steady_s)
    told: list[str] = []
    untold: list[str] = []
    for staging in stagings:
        if staging is fastest:
            continue
        crossing = break_even(fastest, staging)
        if crossing is None:
            untold.append(staging.backend)
        else:
            told.append(f"ahead of {staging.backend} {in_words(crossing)}")
    if untold:
        told.append(f"not told apart from {' and '.join(untold)}")
    return f"{fastest.backend} is {', '.join(told)}"


def in_words(crossing: BreakEven) -> str:
    """Return when one backend is ahead of another, such as "after 2,100 calls (1,900 to 2,400)".

    crossing: that of the backend whose calls are faster.
    """
    if crossing.calls == 1:
        return "from the first call on"
    interval = f"{_rounded(crossing.low)} to {_rounded(crossing.high)}"
    return f"after {_rounded(crossing.calls)} calls ({interval})"


def in_a_cell(crossing: BreakEven | None) -> str:
    """Return a break-even as it stands in a table."""
    if crossing is None:
        return "not told"
    if math.isinf(crossing.calls):
        return "never"
    if crossing.calls == 1:
        return "first call"
    interval = f"{_rounded(crossing.low)} to {_rounded(crossing.high)}"
    return f"{_rounded(crossing.calls)} ({interval})"


def _rounded(calls: float) -> str:
    """A number of calls with three digits that mean something."""
    return f"{float(f'{calls:.3g}'):,.0f}"


def compared_questions(frame: pd.DataFrame) -> Iterable[pd.DataFrame]:
    """Return the rows of every question on which several backends were timed, question by question.

    These are the questions on which stagings are compared; for a model without any, its gradient,
    Jacobian or first derivative in reverse mode at its largest size.
    """
    is_timed = (frame["outcome"] == "ok") & frame["median_s"].notna()
    timed = frame[is_timed & ~frame["swept"] & (frame["growth"] == "")]
    for _, of_model in timed.groupby(["model", "dtype", "implementation"], sort=False):
        asked_in_all = of_model.groupby(QUESTION)["stagings"].transform("any")
        chosen = of_model[asked_in_all] if asked_in_all.any() else _largest(of_model)
        for _, question in chosen.groupby(QUESTION, sort=False):
            yield question


def _largest(of_model: pd.DataFrame) -> pd.DataFrame:
    """The first derivative in reverse mode at the largest size."""
    derivatives = of_model[
        of_model["operator"].isin(["gradient", "jacobian", "derivative"])
        & (of_model["order"] == 1)
        & (of_model["mode"] == "reverse")
    ]
    at_largest = derivatives[derivatives["n_inputs"] == derivatives["n_inputs"].max()]
    return at_largest[at_largest["size"] == at_largest["size"].iloc[-1:].squeeze()]
