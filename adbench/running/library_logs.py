"""What libraries in C++ log while they are imported, kept from the user's screen.

TensorFlow writes some lines to the standard error of the process before any setting of its own is
read (`TF_CPP_MIN_LOG_LEVEL` comes too late for them). A worker's go to its log; but a model's file
that imports the framework is imported by the command too.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile

STANDARD_ERROR = 2
"""The descriptor that libraries write to, whatever `sys.stderr` is."""

LOG_LINE = re.compile(
    rb"[IW]\d{4} [\d:.]+ +\d+ \S+:\d+\] "
    rb"|WARNING: All log messages before absl::InitializeLog\(\)"
    rb"|To enable the following instructions: "
)
"""How a line of Abseil's log begins that tells of no error."""


@contextmanager
def library_logs_left_out() -> Iterator[None]:
    """Hold back what the block writes to standard error, and write it afterwards without log lines.

    Errors stand, and so does all that is no line of such a log.
    """
    sys.stderr.flush()
    screen = os.dup(STANDARD_ERROR)
    with TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), STANDARD_ERROR)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(screen, STANDARD_ERROR)
            os.close(screen)
            held_back.seek(0)
            lines = [line for line in held_back if not LOG_LINE.match(line)]
            with suppress(OSError):  # nobody reads it
                os.write(STANDARD_ERROR, b"".join(lines))
