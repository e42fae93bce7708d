"""Time in which the run was suspended is nobody's."""

import time

import pytest

from adbench.running import run_clock
from adbench.running.run_clock import RunClock


class Poll:
    """What is waited for takes a while of a time that is told, and is ready or not."""

    def __init__(self, monkeypatch, takes_s, ready=()):
        self.now = 100.0
        self.takes_s = takes_s
        self.ready = ready
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def poll(self, milliseconds):
        assert milliseconds <= run_clock.PIECE_S * 1e3
        self.now += self.takes_s
        return [(descriptor, 1) for descriptor in self.ready]


@pytest.mark.parametrize(
    ("takes_s", "counted_s"), [(0.1, 0.1), (0.5, 0.5), (1.2, 1.2), (15.0, 0.5)]
)
def test_a_wait_that_took_much_longer_than_it_was_to_is_a_gap(monkeypatch, takes_s, counted_s):
    poll = Poll(monkeypatch, takes_s, ready=(7,))
    clock = RunClock()
    began = clock.now()
    assert clock.wait(poll, most_s=60.0) == [7]
    assert clock.now() - began == pytest.approx(counted_s)


def test_a_wait_is_no_longer_than_what_is_left(monkeypatch):
    poll = Poll(monkeypatch, takes_s=0.0)
    asked = []
    monkeypatch.setattr(poll, "poll", lambda milliseconds: asked.append(milliseconds) or [])
    for most_s in (0.2, -1.0):
        RunClock().wait(poll, most_s)
    assert asked == [200.0, 0.0]
