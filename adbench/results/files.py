"""Files that are written whole or not at all, and what is said of those that cannot be written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

WriteFile = Callable[[Path], object]
"""What writes a file to the path that it is given."""


def write_whole(path: Path, write: WriteFile, is_durable: bool = True) -> None:
    """Write a file whole or not at all: beside its place first, from where it is moved there.

    write: is given a path in the same folder with the same suffix. is_durable: whether the file is
    forced to the disk, so that it outlives the machine. Raises OSError where it cannot be written;
    what was there before stays then.
    """
    unfinished = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        write(unfinished)
        if is_durable:
            _force_to_disk(unfinished)
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def remove_unfinished(folder: Path, names: Iterable[str]) -> None:
    """Remove what processes that were killed meanwhile have left of files with these names."""
    endings = tuple(f"-{name}" for name in names)
    for path in folder.glob(".*-*"):
        process, _, _ = path.name[1:].partition("-")
        if process.isdigit() and path.name.endswith(endings) and path.is_file():
            with suppress(OSError):
                path.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8, whole or not at all. Raises OSError where it cannot be written.

    A lone surrogate, which UTF-8 cannot hold, is written as an escape.
    """
    write_whole(path, lambda unfinished: write_utf8(unfinished, text))


def write_utf8(path: Path, text: str) -> None:
    """Write a text in UTF-8, as `write_text` does, but straight to its place."""
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


def reason_of(error: OSError) -> str:
    """Return why the system refused, in its own words, such as "No space left on device"."""
    return os.strerror(error.errno) if error.errno else str(error)


def _force_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class OutputFiles:
    """The files of a folder, written one by one: one that cannot be written stops none."""

    def __init__(self, folder: Path) -> None:
        """folder: where the files go."""
        self._folder = folder
        self._reasons: dict[str, str] = {}

    def write(self, name: str, write: WriteFile) -> None:
        """Write the file `name`, whole or not at all; where that fails, remember why."""
        try:
            write_whole(self._folder / name, write)
        except OSError as error:
            self.failed(name, error)
        else:
            self._reasons.pop(name, None)

    def write_text(self, name: str, text: str) -> None:
        """Write a text to the file `name`, likewise."""
        self.write(name, lambda path: write_utf8(path, text))

    def make_folder(self, name: str) -> bool:
        """Make a folder in the folder unless it is there; return whether it is there now."""
        try:
            (self._folder / name).mkdir(exist_ok=True)
        except OSError as error:
            self.failed(name, error)
            return False
        return True

    def failed(self, name: str, error: OSError) -> None:
        """Remember that something could not be written, which another wrote."""
        self._reasons[name] = reason_of(error)

    def sentence(self, remedy: str = "") -> str:
        """Say which files could not be written, and why; "" where all were.

        remedy: what to do, in a clause.
        """
        if not self._reasons:
            return ""
        names = ", ".join(self._reasons)
        reasons = "; ".join(dict.fromkeys(self._reasons.values()))
        ending = f"; {remedy}" if remedy else ""
        return f"{names} could not be written to {self._folder} ({reasons}){ending}."
