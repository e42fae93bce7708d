"""Standard output and standard error, which take whatever is printed and stop nothing.

A pipe that was closed, a full disk or a terminal that is gone costs what is not read anyway: the
command goes on, writes its files and ends with its own status. Characters that the encoding of an
output lacks are replaced.
"""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EIO, EPIPE
from typing import TextIO

STANDARD_OUTPUT, STANDARD_ERROR = 1, 2
"""The descriptors that Python has no stream for where they were closed as it started."""


class PatientFile(io.RawIOBase):
    """A descriptor that is written to for as long as it takes anything."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self.error: OSError | None = None
        """Why nothing is written any more."""

    def writable(self) -> bool:
        """Return that it can be written to."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return os.isatty(self._descriptor)

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Write, and return how many bytes are done with, which is all once something failed."""
        while self.error is None:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:
                select.select([], [self._descriptor], [])
            except OSError as error:
                self.error = error
        return memoryview(data).nbytes


@contextmanager
def patient_streams() -> Iterator[None]:
    """Let nothing that happens to standard output or standard error raise within.

    What could not be shown for another reason than that nobody reads it is said at the end.
    """
    _open_standard_descriptors()
    if os.environ.get("COLUMNS", "1").strip() == "0":
        del os.environ["COLUMNS"]  # a terminal that does not know its width, on which nothing fits
    streams = sys.stdout, sys.stderr
    output = _patient_file(sys.stdout, STANDARD_OUTPUT)
    errors = _patient_file(sys.stderr, STANDARD_ERROR)
    screen = _text_stream(output, sys.stdout)
    error_screen = _text_stream(errors, sys.stderr)
    sys.stdout, sys.stderr = screen, error_screen
    try:
        yield
    finally:
        # A progress bar that was interrupted may have put streams of its own in their place.
        sys.stdout, sys.stderr = streams
        screen.flush()
        error_screen.write(_what_was_lost(output))
        error_screen.flush()


def _open_standard_descriptors() -> None:
    """Let standard output and error be there, so that no file of ours gets their number."""
    descriptor = os.open(os.devnull, os.O_RDWR)
    while descriptor <= STANDARD_ERROR:
        descriptor = os.open(os.devnull, os.O_RDWR)
    os.close(descriptor)


def _patient_file(stream: TextIO | None, standard: int) -> PatientFile | None:
    """A patient file on the descriptor of a stream; None where it has none, as in a test."""
    if stream is None:
        return PatientFile(standard)
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return None
    stream.flush()
    return PatientFile(descriptor)


def _text_stream(file: PatientFile | None, stream: TextIO) -> TextIO:
    """A stream like the one given that writes to the file; that itself where there is no file."""
    if file is None:
        return stream
    is_error = stream is sys.stderr
    return io.TextIOWrapper(
        io.BufferedWriter(file),  # type: ignore[type-var]
        encoding=getattr(stream, "encoding", "utf-8"),
        errors="replace",
        line_buffering=is_error or file.isatty(),
    )


def _what_was_lost(output: PatientFile | None) -> str:
    """A line on what could not be shown, or ""."""
    if output is None or output.error is None or output.error.errno in (EPIPE, EIO):
        return ""
    return (
        f"adbench: Standard output could not be written to ({output.error.strerror}), so that not "
        "all was shown; files that the command writes are whole.\n"
    )
