"""Backends that take a fifth longer than the ones they are made of, on purpose."""

from __future__ import annotations

import time
from typing import Any

from adbench.backends.base import Backend, Call
from adbench.backends.torch import Eager

SLOWDOWN = 0.2
"""What fraction of its own time every call waits in addition."""


def slowed(backend: Backend, call: Call) -> Call:
    """Return a call that is busy for a while after the one that is given has answered."""

    def slowed_call(active: Any, constants: tuple[Any, ...], direction: Any) -> Any:
        start = time.perf_counter_ns()
        answer = call(active, constants, direction)
        backend.synchronize(answer)
        end = time.perf_counter_ns()
        until = end + SLOWDOWN * (end - start)
        while time.perf_counter_ns() < until:
            pass
        return answer

    return slowed_call


class SlowedTorch(Eager):
    """PyTorch, a fifth slower."""

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        return slowed(self, super().stage(call, active, constants, direction))
