"""The reference loop: work that is always the same, timed between the samples of the cells.

Where it takes longer than before, the machine has become slower: throttled, or loaded by others.
"""

from __future__ import annotations

from adbench.timing import clock

STEPS = 300
"""The additions of one pass, some 10 us on a machine of 2024."""


def work() -> int:
    """Add up some integers, in the interpreter alone: no array, no allocation that lasts."""
    total = 0
    for number in range(STEPS):
        total += number & 7
    return total


def sample() -> float:
    """Return how long one pass took (s)."""
    return clock.sample(work, 1)
