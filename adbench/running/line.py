"""The runner's end of the line to a worker: whole messages, over two pipes that never block it.

A message is its length and its bytes, as `multiprocessing.connection.Connection` has them, which
the worker reads and writes with.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress

LONGEST_MESSAGE_BYTES = 1 << 28
"""What claims to be longer than this (bytes) is no message: a row with a million samples has a
tenth of it."""

LONGEST_SHORT = 0x7FFFFFFF
"""The longest message whose length stands in four bytes; others have -1 there, and eight more."""

CHUNK_BYTES = 1 << 16
"""So much is read at a time (bytes): what a pipe holds."""


class LineError(Exception):
    """What comes is no message; the exception's text says why, in a sentence."""


class Line:
    """Reads and writes messages on descriptors, as far as that can be done at once."""

    def __init__(self, reads: int, writes: int) -> None:
        """reads, writes: the descriptors, which are this line's to close."""
        self.reads = reads
        self.writes = writes
        self._unread = bytearray()
        self._unwritten = memoryview(b"")
        self._is_open = True
        for descriptor in (reads, writes):
            os.set_blocking(descriptor, False)

    def put(self, message: bytes) -> None:
        """Take a message to be written, which `write` does."""
        header = struct.pack("!i", len(message))
        if len(message) > LONGEST_SHORT:
            header = struct.pack("!iQ", -1, len(message))
        self._unwritten = memoryview(header + message)

    def write(self) -> bool:
        """Write what can be at once. Return whether the message is written.

        Raises OSError where the other end is closed.
        """
        with suppress(BlockingIOError):
            while self._unwritten:
                written = os.write(self.writes, self._unwritten)
                self._unwritten = self._unwritten[written:]
        return not self._unwritten

    def read(self) -> bytes | None:
        """Read what has come. Return a message as soon as it is whole.

        Raises EOFError where the other end is closed, and LineError where a length is no message's.
        """
        message = self._message()
        while message is None:
            try:
                chunk = os.read(self.reads, CHUNK_BYTES)
            except BlockingIOError:
                return None
            if not chunk:
                raise EOFError
            self._unread += chunk
            message = self._message()
        return message

    def _message(self) -> bytes | None:
        """Take a whole message from what was read; None where it is not whole."""
        begin = 4
        if len(self._unread) < begin:
            return None
        (length,) = struct.unpack_from("!i", self._unread)
        if length == -1:
            begin = 12
            if len(self._unread) < begin:
                return None
            (length,) = struct.unpack_from("!Q", self._unread, 4)
        if not 0 <= length <= LONGEST_MESSAGE_BYTES:
            raise LineError(
                f"What came from the worker says that it is {length:,} bytes long, and no message "
                "is: something else has written to the worker's line."
            )
        end = begin + length
        if len(self._unread) < end:
            return None
        message = bytes(memoryview(self._unread)[begin:end])
        del self._unread[:end]
        return message

    def close(self) -> None:
        """Close both descriptors, once."""
        if self._is_open:
            self._is_open = False
            os.close(self.reads)
            os.close(self.writes)
