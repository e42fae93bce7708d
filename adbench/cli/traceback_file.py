"""The file that the traceback of a fault of adbench itself is written to."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback

PREFIX = "traceback-of-adbench-"
"""What the name of such a file begins with, in the folder for temporary files."""


def write_traceback(error: BaseException) -> str:
    """Write the traceback of an exception to a new file.

    Return the file's path, or "" where none can be written.
    """
    lines = [f"adbench {' '.join(sys.argv[1:])}\n", *traceback.format_exception(error)]
    try:
        descriptor, path = tempfile.mkstemp(prefix=PREFIX, suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(lines)
    except OSError:
        return ""
    return path
