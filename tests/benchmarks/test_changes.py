"""The trial of a comparison of two runs slows what it means to slow, and by a fifth."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adbench.planning.settings import PRESETS
from adbench.running.selection import Selection

pytest.importorskip("torch", reason="the slowed backend is PyTorch's")

BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import changes

    yield changes
    del sys.modules["changes"]


@pytest.fixture
def slowed(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import slowed

    yield slowed
    del sys.modules["slowed"]


class Clock:
    """A clock that goes on by 1 whenever it is read."""

    def __init__(self) -> None:
        self.now = 0

    def perf_counter_ns(self) -> int:
        self.now += 1
        return self.now


def test_a_slowed_call_takes_a_fifth_longer_than_the_call_and_its_waiting(
    slowed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(slowed, "time", clock)

    def call(active: str, constants: tuple[str, ...], direction: str) -> tuple[Any, ...]:
        clock.now += 6000
        return active, constants, direction

    def synchronize(answer: tuple[Any, ...]) -> None:
        clock.now += 4000

    backend = SimpleNamespace(synchronize=synchronize)
    answer = slowed.slowed(backend, call)("active", ("constant",), "direction")
    assert answer == ("active", ("constant",), "direction")
    assert clock.now == pytest.approx(12000, rel=1e-3)


def test_only_the_class_of_the_slowed_backend_is_another(trial: Any) -> None:
    plan = Selection(models=["tanh"], backends=["reference:tape", "torch"]).plan(PRESETS["quick"])
    slowed_plan = trial.slowed(plan)
    assert [entry.name for entry in slowed_plan.backends] == ["reference:tape", "torch:eager"]
    changed = [
        entry.name
        for entry, before in zip(slowed_plan.backends, plan.backends, strict=True)
        if entry != before
    ]
    assert changed == ["torch:eager"]
    assert slowed_plan.groups == plan.groups
