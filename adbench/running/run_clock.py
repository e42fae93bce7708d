"""The clock of a run: it counts the time in which the runner could run.

A run that is suspended (Ctrl-Z, `kill -STOP`, a paused container) finds a reply late without the
worker's fault. Waits are made in short pieces: one that took much longer than it was to is a gap,
which no cell is charged for.
"""

from __future__ import annotations

import select
import time

PIECE_S = 0.5
"""The longest wait at a time (s)."""

GAP_S = 1.0
"""By so much (s) a wait may be longer than it was to be, on a machine that is busy."""


class RunClock:
    """Counts seconds, and leaves out those in which this process was suspended while it waited."""

    def __init__(self) -> None:
        self._suspended_s = 0.0

    def now(self) -> float:
        """Return a time (s) that differences are taken of."""
        return time.monotonic() - self._suspended_s

    def wait(self, poll: select.poll, most_s: float) -> list[int]:
        """Wait for descriptors, `most_s` and a piece at most. Return those that are ready."""
        piece_s = min(max(most_s, 0.0), PIECE_S)
        began = time.monotonic()
        ready = [descriptor for descriptor, _ in poll.poll(piece_s * 1e3)]
        excess_s = time.monotonic() - began - piece_s
        if excess_s > GAP_S:
            self._suspended_s += excess_s
        return ready
