"""The cells of one group: its truth first, then every cell in turns, wherever they are computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import nan
from typing import Protocol

from adbench.backends.catalog import Entry
from adbench.cases.case import Case
from adbench.counting.operations import OperationCounts
from adbench.planning.group import Group
from adbench.planning.plan import Plan
from adbench.registry import ModelSource
from adbench.results.row import TRUTH_FAILED, Row
from adbench.running.environment import host_name

MOST_AT_ONCE = 24
"""The cells of so many backends are open at once, and take turns; more backends are asked in
batches, since each holds a process of its own."""

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

    @cached_property
    def key(self) -> str:
        """What the cell is called in its session: no two cases of a group have one key."""
        return str(self.case)

    @property
    def identity(self) -> tuple[str, str]:
        """What tells the cell from all others of its group."""
        return self.entry.name, self.key


@dataclass(frozen=True)
class GroupTurn:
    """What came of a turn of sampling."""

    ended: tuple[tuple[GroupCell, Row], ...]
    """The cells that it ended, each with its row."""
    unsettled: tuple[GroupCell, ...]
    """The cells that need more samples."""

    @classmethod
    def of(
        cls, cells: Sequence[GroupCell], ended: Mapping[str, Row], unsettled: Iterable[str]
    ) -> GroupTurn:
        """Return a turn of some cells, from the keys that their session knows them by."""
        return cls(
            tuple((cell, ended[cell.key]) for cell in cells if cell.key in ended),
            tuple(cell for cell in cells if cell.key in unsettled and cell.key not in ended),
        )


class CellHost(Protocol):
    """Where the cells of a group are computed: in this process, or in worker processes."""

    counts: OperationCounts
    """How many operations the answers to the group's question take, once its truth is there."""
    has_truth_failed: bool
    """Whether no truth could be computed: the function raised, crashed or ran out of time."""

    def establish_truth(self, group: Group) -> str:
        """Establish the truth of a group's question. Return why it is in doubt, or "".

        Raises CertificateError where the truth contradicts the function itself: nothing more can be
        judged.
        """

    def open(self, cell: GroupCell) -> Row | None:
        """Prepare, call and check a cell. Return its row if that ends it."""

    def sample(self, cells: Sequence[GroupCell]) -> GroupTurn:
        """Give open cells of one backend a turn of sampling, next to each other."""


def run_group(plan: Plan, group: Group, host: CellHost, keep: Keep, watch: Watch) -> None:
    """Open every cell of a group, and sample them until all are settled.

    The backends take turns, so that a drift of the machine hits all alike. Without a truth, cells
    are timed and left unresolved.
    """
    watch(f"truth of {group.question.describe()}")
    doubt = host.establish_truth(group)
    cells = [
        _cell(plan, group, case, entry, doubt, host.counts, has_truth_failed=host.has_truth_failed)
        for case, entry in plan.cells(group)
    ]
    backends = _by_backend(cells)
    for first in range(0, len(backends), MOST_AT_ONCE):
        batch = backends[first : first + MOST_AT_ONCE]
        _run_cells([cell for cells in batch for cell in cells], host, keep, watch)


def begun_rows(plan: Plan, group: Group) -> list[Row]:
    """Return the rows of a group's cells with what the plan knows of them."""
    return [
        _cell(plan, group, case, entry, "", OperationCounts(), has_truth_failed=False).begun
        for case, entry in plan.cells(group)
    ]


def _run_cells(cells: Sequence[GroupCell], host: CellHost, keep: Keep, watch: Watch) -> None:
    """Open cells, and sample them in turns."""
    open_cells = []
    for cell in cells:
        watch(f"{cell.entry.name}  {cell.case.describe()}")
        row = host.open(cell)
        if row is None:
            open_cells.append(cell)
        else:
            keep(row)
    rows: dict[tuple[str, str], Row] = {}
    try:
        _sample_all(open_cells, host, rows, watch)
    finally:  # in the order of the plan, whichever is settled first; and those that are, if stopped
        for cell in open_cells:
            if cell.identity in rows:
                keep(rows[cell.identity])


def _sample_all(
    open_cells: Sequence[GroupCell],
    host: CellHost,
    rows: dict[tuple[str, str], Row],
    watch: Watch,
) -> None:
    """Sample open cells in turns until all are settled. Their rows are put into `rows`."""
    unsettled: Sequence[Sequence[GroupCell]] = _by_backend(open_cells)
    while unsettled:
        remaining = []
        for cells in unsettled:
            watch(f"{cells[0].entry.name}  {cells[0].case.describe()}")
            turn = host.sample(cells)
            rows |= {cell.identity: row for cell, row in turn.ended}
            if turn.unsettled:
                remaining.append(turn.unsettled)
        unsettled = remaining


def _by_backend(cells: Sequence[GroupCell]) -> list[Sequence[GroupCell]]:
    """Return the cells of each backend, in the order in which the backends take turns."""
    cells_of_backend: dict[str, list[GroupCell]] = {}
    for cell in cells:
        cells_of_backend.setdefault(cell.entry.name, []).append(cell)
    return list(cells_of_backend.values())


def _cell(
    plan: Plan,
    group: Group,
    case: Case,
    entry: Entry,
    doubt: str,
    counts: OperationCounts,
    *,
    has_truth_failed: bool,
) -> GroupCell:
    begun = Row.begun(
        case,
        entry.name,
        n_inputs=group.n,
        n_outputs=group.m,
        swept=group.swept,
        growth=group.growth,
        host=host_name(),
        stagings=plan.compares_stagings_alone(group, entry),
        message=doubt,
        truth=TRUTH_FAILED if has_truth_failed else "",
        operations=counts.by_mode.get(case.mode.value, nan),
        primal_operations=nan if counts.primal is None else counts.primal,
    )
    return GroupCell(group.source, case, entry, begun)
