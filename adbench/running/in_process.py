"""Running a plan in this process, for callers that hold their models as objects.

No worker is started, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType

from adbench import registry
from adbench.backends.catalog import Entry
from adbench.counting.operations import OperationCounts
from adbench.planning.group import Group
from adbench.planning.plan import Plan
from adbench.planning.points import Subject, SubjectPoints, drawing
from adbench.planning.settings import Settings
from adbench.results.row import Outcome, Row
from adbench.running import truths
from adbench.running.beyond import paced
from adbench.running.group import GroupCell, GroupTurn, Keep, Watch, run_group
from adbench.running.session import Session
from adbench.running.truths import Truths

Draw = Callable[[Subject], SubjectPoints]
"""Gives the points of a subject."""


def run(plan: Plan, keep: Keep, watch: Watch = lambda what: None, draw: Draw | None = None) -> None:
    """Run a plan to its end in this process; a function that crashes takes the process with it.

    keep: called with each row as it is finished; watch: called with what is running, in words;
    draw: gives the points, where some are drawn already; those of the plan by default.
    Raises CertificateError where a truth contradicts the function itself, and whatever a framework
    raises as it is imported.
    """
    with SessionHost(plan.settings, draw) as host:
        for group in paced(plan):
            run_group(plan, group, host, keep, watch)


class SessionHost:
    """Computes the cells of groups in this process, in one session a backend.

    Leaving its `with` statement leaves the sessions, so that the frameworks' global modes are what
    they were.
    """

    def __init__(self, settings: Settings, draw: Draw | None = None) -> None:
        self._settings = settings
        self._sessions: dict[str, Session] = {}
        self._entered = ExitStack()
        self._truths = Truths()
        self.has_truth_failed = False
        self.counts = OperationCounts()
        self._draw = draw or drawing(settings.points)

    def __enter__(self) -> SessionHost:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._entered.close()

    def establish_truth(self, group: Group) -> str:
        """Compute the truth of a group's question. Return why it is in doubt, or "".

        Raises CertificateError where the truth contradicts the function itself.
        """
        self._truths = truths.establish(group.source.model, group.question, self._draw)
        self.has_truth_failed = not self._truths.is_known
        if self._settings.effort.timed:
            self.counts = truths.count_operations(group.source.model, group.question, self._draw)
        return self._truths.doubt

    def open(self, cell: GroupCell) -> Row | None:
        """Prepare, call and check a cell. Return its row if that ends it."""
        if cell.entry.name not in self._sessions:
            missing = registry.missing_framework(cell.entry)
            if missing:
                return replace(cell.begun, outcome=Outcome.NOT_INSTALLED, message=missing)
        return self._session(cell.entry).open(
            cell.key,
            cell.case,
            cell.source.model,
            cell.begun,
            self._truths,
            timed=self._settings.effort.timed,
        )

    def sample(self, cells: Sequence[GroupCell]) -> GroupTurn:
        """Give open cells of one backend a turn of sampling."""
        session = self._session(cells[0].entry)
        turn = session.sample([cell.key for cell in cells], self._settings.sampling)
        return GroupTurn.of(cells, turn.ended, turn.unsettled)

    def _session(self, entry: Entry) -> Session:
        """Return the session of a backend, which is loaded when it is first asked for."""
        if entry.name not in self._sessions:
            backend = registry.load_backend(entry.load)
            settings = self._settings
            session = Session(backend, settings.points, settings.threads, self._draw)
            self._sessions[entry.name] = self._entered.enter_context(session)
        return self._sessions[entry.name]
