"""Which comparison is sent to which host, and what becomes of those whose host is lost."""

from collections import Counter, deque
from dataclasses import replace

import pytest

from adbench import registry
from adbench.backends.catalog import REFERENCE
from adbench.cases.model import SpecError
from adbench.cases.user_file import FileChanged
from adbench.planning import plan as planning
from adbench.planning.settings import QUICK, Settings
from adbench.results.row import Outcome
from adbench.running import hosts as module
from adbench.running.group import begun_rows
from adbench.running.host_task import (
    HostAnswer,
    HostFacts,
    HostStart,
    HostStop,
    HostTask,
    facts_of_this_host,
)
from adbench.running.hosts import MOST_LOSSES, Delivery, HostRun, HostsLost
from adbench.running.spent import Spent
from adbench.truth.certificate import CertificateError


def plan_of(*models):
    return planning.make_plan(registry.find_models(models), REFERENCE, Settings(effort=QUICK))


class Pretended:
    """Hosts that answer at once with the rows that a plan begins with.

    lost: of a host, how many comparisons it is lost over; a host that is lost is there no more.
    """

    title = "pretended:2"

    def __init__(self, *addresses, losing=(), answer=None, facts=None):
        self.present = list(addresses)
        self.losing = set(losing)
        self.sent = Counter()
        self.at_once = Counter()
        self.most_at_once = 0
        self.ended = []
        self._answer = answer
        self._facts = facts or {}
        self._deliveries = deque()

    def hosts(self):
        return list(self.present)

    def why_no_host(self):
        return "There is no host."

    def begin(self, address, run, plan):
        start = HostStart.from_bytes(HostStart.of(plan).to_bytes())
        facts = facts_of_this_host(start.backends, start.files)
        return replace(facts, name=address, **self._facts.get(address, {}))

    def send(self, address, run, number, task):
        self.sent[address] += 1
        self.at_once[address] += 1
        self.most_at_once = max(self.most_at_once, self.at_once[address])
        task = HostTask.from_bytes(task.to_bytes())
        (group,) = task.plan.groups
        answer = HostAnswer(tuple(begun_rows(task.plan, group)), Spent(wall_s=1.0, work_s=0.5))
        if self._answer is not None:
            answer = self._answer(answer)
        self._deliveries.append((address, number, answer))

    def next_delivery(self, limit_s):
        if not self._deliveries:
            return None
        address, number, answer = self._deliveries.popleft()
        self.at_once[address] -= 1
        if address in self.losing and address in self.present:
            self.present.remove(address)
        if address in self.losing:
            return Delivery(number, None)
        return Delivery(number, HostAnswer.from_bytes(answer.to_bytes()))

    def end(self, run):
        self.ended.append(run)


def run(transport, plan):
    rows, spent, activities = [], Spent(), []
    hosts = HostRun(transport)
    hosts.check(plan)
    hosts.run(plan, rows.append, activities.append, spent)
    return rows, spent, activities


def cells_of(plan):
    return sorted(cell for group in plan.groups for cell in plan.cell_names(group))


def test_every_cell_comes_back_once_and_a_host_has_two_comparisons_at_most():
    plan = plan_of("mlp", "dense")
    transport = Pretended("a", "b")
    rows, spent, activities = run(transport, plan)
    assert sorted(row.cell for row in rows) == cells_of(plan)
    assert transport.most_at_once == 2
    assert sum(transport.sent.values()) == len(plan.groups)
    assert min(transport.sent.values()) > 0
    assert spent.wall_s == len(plan.groups)
    assert any(activity.startswith("2 hosts  ") for activity in activities)
    assert len(transport.ended) == 1


def test_the_comparison_of_a_lost_host_goes_to_another():
    plan = plan_of("mlp")
    transport = Pretended("a", "b", losing=["b"])
    rows, _, _ = run(transport, plan)
    assert sorted(row.cell for row in rows) == cells_of(plan)
    assert all(row.outcome is Outcome.OK for row in rows)
    assert transport.sent["b"] == 2


def test_a_comparison_over_which_hosts_are_lost_again_and_again_has_crashed():
    plan = plan_of("tanh")
    plan = replace(plan, groups=plan.groups[:1])
    names = [f"host{number}" for number in range(MOST_LOSSES)]
    rows, _, _ = run(Pretended(*names, losing=names), plan)
    assert sorted(row.cell for row in rows) == cells_of(plan)
    assert {row.outcome for row in rows} == {Outcome.CRASHED}
    assert {row.message for row in rows} == {
        f"{MOST_LOSSES} hosts were lost while this comparison ran on them."
    }


def test_a_run_without_hosts_stops_and_keeps_what_it_has(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    plan, transport = plan_of("mlp"), Pretended("a", losing=["a"])
    hosts, rows = HostRun(transport), []
    hosts.check(plan)
    with pytest.raises(HostsLost, match=r"All hosts .* are lost; what was measured is kept"):
        hosts.run(plan, rows.append, lambda activity: None, Spent())
    assert len(transport.ended) == 1


def test_a_host_that_comes_later_is_sent_comparisons_too():
    plan, transport = plan_of("mlp", "dense"), Pretended("a")
    hosts, rows = HostRun(transport), []
    hosts.check(plan)
    transport.present.append("b")
    hosts.run(plan, rows.append, lambda activity: None, Spent())
    assert transport.sent["b"] > 0 and sorted(row.cell for row in rows) == cells_of(plan)
    assert set(hosts.describe()) == {"a", "b"}


def test_a_cluster_without_hosts_is_refused():
    with pytest.raises(SpecError, match="There is no host"):
        HostRun(Pretended()).check(plan_of("mlp"))


@pytest.mark.parametrize(
    ("difference", "clause"),
    [
        ({"versions": {}}, "adbench is not installed there"),
        ({"processor": "another"}, "its processor is another, and another's"),
        ({"wrong_files": ("mine.py",)}, "mine.py is not there, or has another text"),
    ],
)
def test_a_host_that_differs_is_refused_in_a_sentence(difference, clause):
    hosts = HostRun(Pretended("a", "b", facts={"b": difference}))
    with pytest.raises(SpecError) as refusal:
        hosts.check(plan_of("mlp"))
    assert clause in str(refusal.value) and "The host b at b cannot be used" in str(refusal.value)


def test_a_host_that_comes_later_and_differs_is_left_out():
    plan = plan_of("mlp")
    transport = Pretended("a", facts={"b": {"versions": {}}})
    hosts, rows = HostRun(transport), []
    hosts.check(plan)
    transport.present.append("b")
    hosts.run(plan, rows.append, lambda activity: None, Spent())
    assert not transport.sent["b"] and sorted(row.cell for row in rows) == cells_of(plan)


@pytest.mark.parametrize(
    ("stop", "error"),
    [
        (HostStop.TRUTH_BROKEN, CertificateError),
        (HostStop.FILE_CHANGED, FileChanged),
        (HostStop.ASKED, HostsLost),
    ],
)
def test_what_stops_a_run_on_a_host_stops_it_here(stop, error):
    plan = plan_of("mlp")
    transport = Pretended("a", answer=lambda answer: replace(answer, stop=stop, message="why"))
    hosts, rows = HostRun(transport), []
    hosts.check(plan)
    with pytest.raises(error):
        hosts.run(plan, rows.append, lambda activity: None, Spent())
    assert rows  # what came before is kept


def test_cells_that_were_measured_before_are_not_asked_again():
    plan = plan_of("mlp")
    ended = plan.cell_names(plan.groups[1])[:1]
    remaining = plan.without(ended)
    rows, _, _ = run(Pretended("a"), remaining)
    assert sorted(row.cell for row in rows) == sorted(set(cells_of(plan)) - set(ended))


def test_what_a_host_is_survives_the_way():
    facts = facts_of_this_host(REFERENCE, {"nowhere.py": "0"})
    assert HostFacts.from_bytes(facts.to_bytes()) == facts
    assert facts.wrong_files == ("nowhere.py",)
