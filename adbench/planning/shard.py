"""The shards of a plan: its comparisons dealt out to several hosts, each of which runs one part.

A comparison is never divided: its cells take turns on one host, where every ratio is formed.
All hosts make the whole plan, and deal it out alike.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from adbench.cases.model import SpecError
from adbench.planning.group import Group
from adbench.planning.plan import Part, Plan

MOST_SHARDS = 100_000
"""A plan is dealt out to so many shards at most."""

SECONDS_OF_A_CELL = 0.2
"""What a cell of order 1 takes beside its samples (s): it is prepared, called and judged."""

SECONDS_OF_AN_ENTRY = 1e-5
"""What the truth of an entry of an answer takes (s)."""


@dataclass(frozen=True)
class Shard:
    """Which part of a plan is run, of how many."""

    number: int
    """From 1 to `count`."""
    count: int
    """How many parts there are."""

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read "3/8". Raises SpecError for anything else."""
        match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text.strip())
        shard = cls(int(match[1]), int(match[2])) if match else None
        if shard is None or not 1 <= shard.number <= shard.count <= MOST_SHARDS:
            raise SpecError(
                f"--shard was given {text!r}; give the number of the part and how many there are, "
                f"such as 3/8: from 1/8 to 8/8, and {MOST_SHARDS:,} parts at most."
            )
        return shard

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


def shard_of_plan(plan: Plan, shard: Shard) -> Plan:
    """Return the part of a whole plan that one shard runs.

    Models at a size are compared with numerical differentiation by the shard that has the first of
    their comparisons.
    """
    positions = deal(plan, shard.count)[shard.number - 1]
    part = Part(
        shard=str(shard),
        whole=digest_of(plan),
        comparisons=len(plan.groups),
        positions=positions,
        cells=tuple(len(plan.cells(plan.groups[position])) for position in positions),
        has_steps_of=_first_here(plan, positions),
    )
    return replace(plan, groups=tuple(plan.groups[position] for position in positions), part=part)


def deal(plan: Plan, count: int) -> list[tuple[int, ...]]:
    """Return for each of `count` shards the places of its comparisons in a whole plan.

    The longest go first, each to the shard that has least so far, so that the shards are of about
    one length (Graham, Bounds on multiprocessing timing anomalies, 1969: at most 4/3 of the best).
    What is equal goes in the order of the plan.
    """
    expected = [expected_seconds(plan, group) for group in plan.groups]
    longest_first = sorted(range(len(expected)), key=lambda place: (-expected[place], place))
    loads = [0.0] * count
    shards: list[list[int]] = [[] for _ in range(count)]
    for place in longest_first:
        lightest = min(range(count), key=lambda number: (loads[number], number))
        shards[lightest].append(place)
        loads[lightest] += expected[place]
    return [tuple(sorted(places)) for places in shards]


def expected_seconds(plan: Plan, group: Group) -> float:
    """Return about how long a comparison takes (s), by what the plan says of it alone.

    It is the same on every host: a number of operations, not a measurement.
    """
    sampled_s = plan.settings.sampling.most_s / 2 if plan.settings.effort.timed else 0.0
    order = group.question.order
    of_a_cell = SECONDS_OF_A_CELL * (1 + order) / 2 + sampled_s
    entries = group.n ** max(order, 1) * group.m if order else group.m
    return len(plan.cells(group)) * of_a_cell + SECONDS_OF_AN_ENTRY * min(entries, 10**8)


def digest_of(plan: Plan) -> str:
    """Return what tells a whole plan from others: the SHA-256 of its cells, in their order."""
    cells = [plan.cell_names(group) for group in plan.groups]
    return hashlib.sha256(msgspec.json.encode(cells)).hexdigest()


def _first_here(plan: Plan, positions: Sequence[int]) -> tuple[tuple[str, str, str], ...]:
    """The models at sizes in dtypes of which a shard has the first comparison."""
    first: dict[tuple[str, str, str], int] = {}
    for position, group in enumerate(plan.groups):
        first.setdefault(group.subject, position)
    places = set(positions)
    return tuple(subject for subject, position in first.items() if position in places)
