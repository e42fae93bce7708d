"""The exit statuses of the commands."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """What a command tells the shell.

    Where several apply, the first of `OWN_FAULT`, `WRONG`, `BAD_USAGE` and `NOT_RUN` does.
    """

    ALL_RIGHT = 0
    """No derivative is wrong, and every cell ran that could be asked."""

    WRONG = 1
    """A derivative is wrong; in a self-test, a bug was missed or a control alarmed; of two runs, a
    verdict turned wrong or a cell is slower by more than was allowed. It means nothing else."""

    BAD_USAGE = 2
    """What was asked for cannot be used: an unknown name, an unusable model or hand-written
    function."""

    NOT_RUN = 3
    """A cell, or its truth, raised, crashed, ran out of memory or out of time; or a check judged
    nothing; of two runs, a cell no longer runs; or the system refused what a command needs, such as
    room on the disk."""

    OWN_FAULT = 4
    """adbench itself is at fault: the truth that it computed was not certified, or it failed in
    another way."""

    TRUTH_BROKEN = OWN_FAULT
    """The same, where it is the truth that was not certified."""

    HUNG_UP = 129
    """Stopped by SIGHUP, as by a terminal that was closed."""

    INTERRUPTED = 130
    """Stopped by Ctrl-C."""

    TERMINATED = 143
    """Stopped by SIGTERM, as by `timeout`, by a container or by a scheduler."""
