"""The exit statuses of the commands."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """What a command tells the shell.

    Where several apply, the first of `TRUTH_BROKEN`, `WRONG`, `BAD_USAGE` and `NOT_RUN` does.
    """

    ALL_RIGHT = 0
    """No derivative is wrong, and every cell ran that could be asked."""

    WRONG = 1
    """A derivative is wrong; in a self-test, a bug was missed or a control alarmed; of two runs, a
    verdict turned wrong or a cell is slower by more than was allowed."""

    BAD_USAGE = 2
    """What was asked for cannot be used: an unknown name, an unusable model or hand-written
    function."""

    NOT_RUN = 3
    """A cell raised, crashed, ran out of memory or out of time, or computing its truth did, or a
    check could judge nothing; of two runs, a cell no longer runs."""

    TRUTH_BROKEN = 4
    """The truth that adbench itself computed was not certified, which is a bug of adbench."""

    INTERRUPTED = 130
    """Stopped by Ctrl-C."""
