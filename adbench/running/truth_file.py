"""The file of a truth as it was established, whatever a backend's process does to it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


class TruthFile:
    """A file that workers read, and that is made again where one of them has written to it."""

    def __init__(self, path: Path) -> None:
        """Read the file, as far as that can be done."""
        self._path = path
        self._content: bytes | None = None
        self._state = self._present_state()
        with suppress(OSError):
            self._content = path.read_bytes()

    def restore(self) -> None:
        """Write the file again if it was changed or removed, as far as that can be done."""
        if self._content is None or self._present_state() == self._state:
            return
        beside = self._path.with_name(f"{self._path.name}-restored")
        with suppress(OSError):  # a full disk is told where the file is read
            beside.write_bytes(self._content)
            beside.replace(self._path)
            self._state = self._present_state()

    def _present_state(self) -> tuple[int, ...] | None:
        """What tells the file from a changed one; None where it is gone."""
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
