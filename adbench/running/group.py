"""The cells of one group: its truth first, then every cell in turns, wherever they are computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from typing import Protocol

from adbench.backends.catalog import Entry
from adbench.cases.case import Case
from adbench.counting.operations import OperationCounts
from adbench.registry import ModelSource
from adbench.results.row import Row
from adbench.running.plan import Group, Plan

Keep = Callable[[Row], None]
"""Called with each row as it is finished."""

Watch = Callable[[str], None]
"""Called with what is running, in words."""


@dataclass(frozen=True)
class GroupCell:
    """A cell of a group, before anything is measured."""

    source: ModelSource
    """The model that is asked."""
    case: Case
    """What is asked of it."""
    entry: Entry
    """The backend that answers."""
    begun: Row
    """Its row, with what is known beforehand."""

    @property
    def key(self) -> str:
        """What the cell is called in its session: no two cases of a group have one key."""
        return str(self.case)


class CellHost(Protocol):
    """Where the cells of a group are computed: in this process, or in worker processes."""

    counts: OperationCounts
    """How many operations the answers to the group's question take, once its truth is there."""

    def establish_truth(self, group: Group) -> str:
        """Establish the truth of a group's question. Return why it is in doubt, or "".

        Raises CertificateError where the truth contradicts the function itself: nothing more can be
        judged.
        """

    def open(self, cell: GroupCell) -> Row | None:
        """Prepare, call and check a cell. Return its row if that ends it."""

    def sample(self, cell: GroupCell) -> Row | None:
        """Give an open cell a turn of sampling. Return its row if that ends it."""

    def close(self, cell: GroupCell) -> Row | None:
        """End an open cell and return its row."""


def run_group(plan: Plan, group: Group, host: CellHost, keep: Keep, watch: Watch) -> None:
    """Open every cell of a group, sample them in rounds, and close them.

    The cells take turns, so that a drift of the machine hits all alike. Without a truth, cells are
    timed and left unresolved.
    """
    watch(f"truth of {group.question.describe()}")
    doubt = host.establish_truth(group)
    cells = [_cell(group, case, entry, doubt, host.counts) for case, entry in plan.cells(group)]
    rounds = plan.settings.effort.rounds
    for turn in (host.open, *[host.sample] * rounds, host.close):
        unfinished = []
        for cell in cells:
            watch(f"{cell.entry.name}  {cell.case.describe()}")
            row = turn(cell)
            if row is None:
                unfinished.append(cell)
            else:
                keep(row)
        cells = unfinished


def _cell(group: Group, case: Case, entry: Entry, doubt: str, counts: OperationCounts) -> GroupCell:
    begun = Row.begun(
        case,
        entry.name,
        n_inputs=group.n,
        n_outputs=group.m,
        swept=group.swept,
        message=doubt,
        operations=counts.by_mode.get(case.mode.value, nan),
        primal_operations=nan if counts.primal is None else counts.primal,
    )
    return GroupCell(group.source, case, entry, begun)
