"""Running a plan on several hosts: which comparison is sent where, and what comes back.

How messages travel is the business of a `Transport` (`dask_transport.py`). Each host computes one
comparison at a time, and has the next with it, so that it need not wait. A host that is lost costs
the comparisons that it had, which go to others.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Protocol

from adbench.cases.messages import first_differences
from adbench.cases.model import SpecError
from adbench.cases.user_file import FileChanged
from adbench.planning.group import Group
from adbench.planning.plan import Plan
from adbench.planning.shard import expected_seconds
from adbench.results.row import Outcome, Row
from adbench.running.group import Keep, Watch, begun_rows
from adbench.running.host_task import HostAnswer, HostFacts, HostStop, HostTask, facts_of_this_host
from adbench.running.spent import Spent
from adbench.truth.certificate import CertificateError

MOST_LOSSES = 3
"""A comparison over which so many hosts were lost is given up: its cells have crashed."""

MOST_AT_A_HOST = 2
"""A host has so many comparisons at most: the one that it computes, and the next."""

PATIENCE_S = 60.0
"""So long (s) a run waits for a host where none is left."""

TICK_S = 0.5
"""How often (s) it is looked which hosts there are."""


class HostsLost(SpecError):
    """No host is left that a comparison could be sent to."""


@dataclass(frozen=True)
class Delivery:
    """What has become of a comparison that was sent to a host."""

    number: int
    """The number of the comparison."""
    answer: HostAnswer | None
    """What the host has answered; None where it was lost over it."""


class Transport(Protocol):
    """What carries messages to hosts and back."""

    title: str
    """Where the hosts are, such as "tcp://10.0.0.1:8786"."""

    def hosts(self) -> Sequence[str]:
        """Return the addresses of the hosts that can be sent comparisons now."""

    def why_no_host(self) -> str:
        """Return why there is no host, and how to start one, in a sentence."""

    def begin(self, address: str, run: str, plan: Plan) -> HostFacts:
        """Prepare a host for a run, and return what it is. Raises SpecError where it cannot be."""

    def send(self, address: str, run: str, number: int, task: HostTask) -> None:
        """Send a host the comparison of a number."""

    def next_delivery(self, limit_s: float) -> Delivery | None:
        """Return what has become of a comparison; None where that is not known within the limit."""

    def end(self, run: str) -> None:
        """Let all hosts end the run."""


class HostRun:
    """A run on the hosts of a transport; called like `runner.run`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._run = uuid.uuid4().hex
        self.facts: dict[str, HostFacts] = {}
        """What the hosts are that the run was sent to, by their addresses."""
        self._refused: set[str] = set()

    def check(self, plan: Plan) -> None:
        """Prepare the hosts there are.

        Raises SpecError where there is none, or where one differs from this machine in a version or
        a file, or from the others in its processor.
        """
        for address in self._transport.hosts():
            self._begin(address, plan)
        if not self.facts:
            raise SpecError(self._transport.why_no_host())

    def run(self, plan: Plan, keep: Keep, watch: Watch, spent: Spent) -> None:
        """Run a plan to its end, as `runner.run` does.

        Raises CertificateError and FileChanged as that does, and HostsLost where no host is left.
        """
        try:
            _Dispatch(plan, self, self._transport, keep, watch, spent).run()
        finally:
            self._transport.end(self._run)

    def send(self, address: str, number: int, task: HostTask) -> None:
        """Send a host the comparison of a number."""
        self._transport.send(address, self._run, number, task)

    def usable(self, plan: Plan) -> list[str]:
        """Return the hosts there are; those that came in the meantime are prepared first."""
        present = self._transport.hosts()
        for address in present:
            if address not in self.facts and address not in self._refused:
                try:
                    self._begin(address, plan)
                except SpecError:  # the run goes on without it
                    self._refused.add(address)
        return [address for address in present if address in self.facts]

    def describe(self) -> dict[str, dict[str, object]]:
        """Return what the environment of the run tells of its hosts, by their addresses."""
        return {
            address: {
                "host": facts.name,
                "cpu": facts.processor,
                "cpu_count": facts.processors,
            }
            for address, facts in self.facts.items()
        }

    def _begin(self, address: str, plan: Plan) -> None:
        facts = self._transport.begin(address, self._run, plan)
        here = facts_of_this_host((*plan.backends, *plan.further_stagings), {})
        _refuse_unlike(address, facts, here, next(iter(self.facts.values()), facts))
        self.facts[address] = facts


def _refuse_unlike(address: str, facts: HostFacts, here: HostFacts, first: HostFacts) -> None:
    """Raise SpecError where a host differs in what a run depends on."""
    clauses = [
        f"{name} is {facts.versions.get(name, 'not installed')} there and {version} here"
        for name, version in here.versions.items()
        if facts.versions.get(name) != version
    ]
    clauses += [f"{path} is not there, or has another text" for path in facts.wrong_files]
    if facts.processor != first.processor:
        clauses.append(f"its processor is {facts.processor}, and another's {first.processor}")
    if not clauses:
        return
    raise SpecError(
        f"The host {facts.name} at {address} cannot be used: {first_differences(clauses)}. Hosts "
        "must have the same versions, files and processor; install what differs, or end that "
        "worker."
    )


@dataclass
class _Comparison:
    """A comparison that is still to be measured."""

    group: Group
    task: HostTask
    losses: int = 0
    """How many hosts were lost over it."""


class _Dispatch:
    """The sending of a plan's comparisons to hosts, the longest first."""

    def __init__(
        self,
        plan: Plan,
        hosts: HostRun,
        transport: Transport,
        keep: Keep,
        watch: Watch,
        spent: Spent,
    ) -> None:
        self._plan = plan
        self._hosts = hosts
        self._transport = transport
        self._keep = keep
        self._watch = watch
        self._spent = spent
        longest_first = sorted(plan.groups, key=lambda group: -expected_seconds(plan, group))
        self._waiting = deque(
            _Comparison(group, HostTask.of(plan, group)) for group in longest_first
        )
        self._sent: dict[int, tuple[str, _Comparison]] = {}
        """The comparisons that hosts have, each with the address of its host, by number."""
        self._numbers = count(1)
        self._alone_s = 0.0
        """For how long there has been no host (s)."""

    def run(self) -> None:
        """Send comparisons until all have been answered."""
        present = self._hosts.usable(self._plan)
        while self._waiting or self._sent:
            self._send_to_idle(present)
            delivery = self._transport.next_delivery(TICK_S)
            if delivery is not None:
                self._take(delivery)
            if delivery is None or delivery.answer is None:
                present = self._hosts.usable(self._plan)
                self._notice_lost(present)

    def _send_to_idle(self, present: Iterable[str]) -> None:
        for address in present:
            while self._waiting and self._count_at(address) < MOST_AT_A_HOST:
                comparison, number = self._waiting.popleft(), next(self._numbers)
                self._sent[number] = address, comparison
                self._hosts.send(address, number, comparison.task)
                self._say()

    def _count_at(self, address: str) -> int:
        return sum(place == address for place, _ in self._sent.values())

    def _say(self) -> None:
        """Show which host has which comparison."""
        first: dict[str, str] = {}
        for address, comparison in self._sent.values():
            name = self._hosts.facts[address].name
            first.setdefault(address, f"{name}: {comparison.group.question.describe()}")
        self._watch(
            f"{len(first)} host{'' if len(first) == 1 else 's'}  {'; '.join(first.values())}"
        )

    def _notice_lost(self, present: Sequence[str]) -> None:
        """Take back the comparisons of hosts that are gone. Raises HostsLost where all are."""
        for number, (address, comparison) in list(self._sent.items()):
            if address not in present:
                del self._sent[number]
                self._lost(comparison, address)
        self._alone_s = 0.0 if present else self._alone_s + TICK_S
        if self._alone_s >= PATIENCE_S:
            raise HostsLost(
                f"All hosts of the cluster at {self._transport.title} are lost; what was measured "
                "is kept. Start hosts, and go on with the run by --resume."
            )

    def _take(self, delivery: Delivery) -> None:
        """Keep what a host has answered, or send the comparison to another where it was lost."""
        if delivery.number not in self._sent:  # of a host that was given up meanwhile
            return
        address, comparison = self._sent.pop(delivery.number)
        answer = delivery.answer
        if answer is None:
            self._lost(comparison, address)
            return
        for name in ("wall_s", "start_s", "truth_s", "work_s"):
            setattr(self._spent, name, getattr(self._spent, name) + getattr(answer.spent, name))
        for row in answer.rows:
            self._keep(row)
        if answer.stop is HostStop.TRUTH_BROKEN:
            raise CertificateError(answer.message)
        if answer.stop is HostStop.FILE_CHANGED:
            raise FileChanged(answer.message)
        if answer.stop is HostStop.ASKED:
            raise HostsLost(
                f"A host of the cluster at {self._transport.title} was taken by another run; what "
                "was measured is kept. Go on with the run by --resume when that has ended."
            )

    def _lost(self, comparison: _Comparison, address: str) -> None:
        """Send a comparison again whose host was lost; give it up where that happened often."""
        comparison.losses += 1
        if comparison.losses < MOST_LOSSES:
            self._waiting.append(comparison)
            return
        message = f"{MOST_LOSSES} hosts were lost while this comparison ran on them."
        for row in begun_rows(self._plan, comparison.group):
            self._keep(_crashed(row, message, self._hosts.facts[address].name))


def _crashed(row: Row, message: str, host: str) -> Row:
    return replace(row, outcome=Outcome.CRASHED, message=message, host=host)


def describe_hosts(run: HostRun | None) -> Mapping[str, object]:
    """Return what the environment tells of the hosts of a run; nothing where it has none."""
    return {} if run is None else {"hosts": run.describe()}
