"""Signals that ask a command to end: it ends as by Ctrl-C, with all that was measured.

The first signal raises `Stopped` where the command is; what follows it within seconds changes
nothing, so that what was measured is written and what was started is ended however impatient the
sender is. A later one raises again, since code that is not ours may have swallowed the first.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from adbench.results.exit_status import ExitStatus

STOPPING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""The signals that ask for the end: of Ctrl-C, of `kill`, of a terminal that was closed."""

HEARD_AGAIN_AFTER_S = 5.0
"""How long after a signal (s) another is heard again."""


class Stopped(KeyboardInterrupt):
    """A signal has asked for the end."""

    def __init__(self, number: int) -> None:
        """number: of the signal."""
        words = f"stopped by {signal.Signals(number).name}"
        super().__init__("interrupted" if number == signal.SIGINT else words)
        self.number = number


def exit_status(stop: KeyboardInterrupt) -> ExitStatus:
    """Return what a command ends with that was stopped: 128 and the number of the signal."""
    number = stop.number if isinstance(stop, Stopped) else signal.SIGINT
    return ExitStatus(128 + number)


@dataclass
class _Received:
    """What has come so far; the handlers of signals are the process's, and so is this."""

    number: int | None = None
    """The first signal."""
    at_s: float = 0.0
    """When a signal was heard last, on the monotonic clock (s)."""
    is_held_back: bool = False
    """Whether a signal is remembered alone."""


_received = _Received()


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let the signals `STOPPING` raise `Stopped` within; one that is ignored stays so.

    Afterwards they do what they did before, unless one has come: then they do nothing any more, to
    the end of the process.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's, whose handlers stand
        return
    heard = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, _handle) for number in heard}
    try:
        yield
    finally:
        if _received.number is None:
            for number, handler in previous.items():
                signal.signal(number, handler)
        else:
            for number in previous:
                signal.signal(number, signal.SIG_IGN)  # which outlives the interpreter
        _received.number = None


@contextmanager
def signals_held_back() -> Iterator[None]:
    """Let a signal interrupt nothing within; `received` tells of it afterwards."""
    was_held_back = _received.is_held_back
    _received.is_held_back = True
    try:
        yield
    finally:
        _received.is_held_back = was_held_back


def received() -> Stopped | None:
    """Return the stop that a signal has asked for, if one has come."""
    return None if _received.number is None else Stopped(_received.number)


def raise_if_received() -> None:
    """Raise `Stopped` where a signal has come, and what it raised was swallowed on the way."""
    stop = received()
    if stop is not None and not _received.is_held_back:
        raise stop


def _handle(number: int, frame: FrameType | None) -> None:
    now_s = time.monotonic()
    if _received.number is not None and now_s < _received.at_s + HEARD_AGAIN_AFTER_S:
        return
    _received.at_s = now_s
    if _received.number is None:
        _received.number = number
    if not _received.is_held_back:
        raise Stopped(_received.number)
