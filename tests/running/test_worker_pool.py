"""Which workers are held, and which are ended to make room."""

import errno

import pytest

from adbench.backends.catalog import Entry
from adbench.planning.settings import Settings
from adbench.results.row import Outcome
from adbench.running import memory_limit, worker_pool
from adbench.running.protocol import CellOpen, Sample, Started
from adbench.running.worker_pool import WorkerPool
from adbench.running.worker_process import SystemShort, WorkerFailed
from adbench.timing.sampling import Sampling


class Stub:
    """A worker without a process, which answers what a test wants."""

    running: list[str] = []  # noqa: RUF012
    started: list[str] = []  # noqa: RUF012
    room = 99
    crashes = 0

    def __init__(self, entry, *rest):
        if len(self.running) >= self.room:
            raise SystemShort(errno.EAGAIN)
        self.entry = entry
        self.open_cells = 0
        self.running.append(entry.name)
        self.started.append(entry.name)

    def send(self, request):
        pass

    def reply_to(self, request, limit_s):
        if self.crashes:
            Stub.crashes -= 1
            self.kill()
            raise WorkerFailed(Outcome.CRASHED, "The worker was killed by SIGKILL.")
        return Started()

    def request(self, request, limit_s):
        return CellOpen()

    def begin_to_end(self):
        pass

    def kill(self):
        self.running.remove(self.entry.name)


@pytest.fixture
def pool(tmp_path, monkeypatch):
    monkeypatch.setattr(worker_pool, "WorkerProcess", Stub)
    monkeypatch.setattr(worker_pool, "MOST_WORKERS", 3)
    monkeypatch.setattr(memory_limit, "is_short", lambda: False)
    monkeypatch.setattr(Stub, "running", [])
    monkeypatch.setattr(Stub, "started", [])
    made = WorkerPool(Settings(), tmp_path)
    made.begin_round()
    return made


def start(pool, names):
    for name in names:
        pool.start(Entry(name, f"reference:{name}"))


def test_of_more_backends_than_are_held_most_stay_warm_though_they_come_in_turn(pool):
    for _ in range(10):
        start(pool, "abcd")
        pool.begin_round()
    assert len(Stub.running) == 3
    assert len(Stub.started) < 20  # ending the one asked longest ago would start all 40


def test_a_worker_that_is_asked_no_more_goes_first(pool):
    start(pool, "abc")
    for _ in range(3):
        pool.begin_round()
        start(pool, "cb")
    start(pool, "d")
    assert sorted(Stub.running) == ["b", "c", "d"]


def test_a_worker_that_holds_open_cells_is_not_ended(pool):
    for name in "abcd":
        pool.ask(Entry(name, f"reference:{name}"), Sample(("key",), Sampling()), 1.0)
    assert len(Stub.running) == 4


def test_where_the_system_has_no_room_an_idle_worker_makes_some(pool, monkeypatch):
    monkeypatch.setattr(Stub, "room", 2)
    start(pool, "abc")
    assert len(Stub.running) == 2 and "c" in Stub.running


def test_a_start_without_room_is_told_and_tried_again_when_asked_next(pool, monkeypatch):
    monkeypatch.setattr(Stub, "room", 0)
    with pytest.raises(WorkerFailed, match="Could not be started: the system has no further proc"):
        start(pool, "a")
    monkeypatch.setattr(Stub, "room", 1)
    start(pool, "a")
    assert Stub.running == ["a"]


def test_a_backend_whose_starts_crash_is_tried_again_at_later_questions_and_then_no_more(
    pool, monkeypatch
):
    monkeypatch.setattr(Stub, "crashes", 99)
    for _ in range(5):
        for _ in range(2):
            with pytest.raises(WorkerFailed, match="Could not be started, in two attempts: The wo"):
                start(pool, "a")
        pool.begin_round()
    assert len(Stub.started) == 2 * worker_pool.MOST_ROUNDS_OF_CRASHES


def test_a_backend_that_has_started_at_last_is_as_good_as_any(pool, monkeypatch):
    monkeypatch.setattr(Stub, "crashes", 2)
    with pytest.raises(WorkerFailed):
        start(pool, "a")
    pool.begin_round()
    start(pool, "a")
    assert Stub.running == ["a"]
