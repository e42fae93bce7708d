"""Timing one call.

How often to repeat it so that a sample is long against the timer, and the samples themselves.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Thunk = Callable[[], Any]
"""A call without arguments."""

SHORTEST_SAMPLE_S = 2e-4
"""A sample lasts at least this long (s): some thousand times the resolution and the cost of reading
the timer."""


def once(call: Thunk) -> tuple[Any, float]:
    """Call once and return its result and the time it took (s)."""
    start = time.perf_counter_ns()
    result = call()
    return result, (time.perf_counter_ns() - start) * 1e-9


def sample(call: Thunk, loops: int) -> float:
    """Return the time of one call (s), the mean over `loops` calls in a row.

    `call` must wait for its own result.
    """
    repeat = range(loops)
    start = time.perf_counter_ns()
    for _ in repeat:
        call()
    return (time.perf_counter_ns() - start) * 1e-9 / loops


def calibrate(call: Thunk, single_call_s: float, shortest_s: float = SHORTEST_SAMPLE_S) -> int:
    """Return how many calls in a row last at least `shortest_s` (s).

    single_call_s: how long a single one lasted (s).
    """
    loops = 1
    sample_s = single_call_s
    while sample_s < shortest_s:
        # Aim a little beyond; never more than tenfold at once, since the first calls are the
        # slowest.
        target = int(1.2 * loops * shortest_s / max(sample_s, 1e-9))
        loops = min(10 * loops, max(loops + 1, target))
        sample_s = sample(call, loops) * loops
    return loops


def settle(*, everything: bool) -> None:
    """Collect garbage, and take what is left out of the collector's sight.

    A framework holds millions of objects, through which every later collection would look again
    (0.1 s each time). everything: whether those are looked through as well, and not only what has
    been made since the last time.
    """
    if everything:
        gc.unfreeze()
    gc.collect()
    gc.freeze()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the garbage collector out of the samples."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
