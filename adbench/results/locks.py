"""Files that one process at a time writes to."""

from __future__ import annotations

from typing import IO, Any

try:
    import fcntl
except ImportError:  # on a system without it, nothing keeps two processes from one file
    fcntl = None  # type: ignore[assignment]


def lock_file(file: IO[Any], is_patient: bool = False) -> None:
    """Keep other processes that ask likewise from an open file, until it is closed.

    is_patient: whether to wait for another process; otherwise BlockingIOError is raised. On a file
    system without locks nothing is held.
    """
    if fcntl is None:
        return
    how = fcntl.LOCK_EX if is_patient else fcntl.LOCK_EX | fcntl.LOCK_NB
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        raise
    except OSError:  # a file system without locks
        pass
