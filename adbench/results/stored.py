"""What is wrong with results that are read from the disk, in words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adbench.cases.model import SpecError


class StoredResultsError(SpecError):
    """Results on the disk that cannot be read; the message names the file, and the line if any.

    It is a ValueError.
    """


class NoStoredResultsError(StoredResultsError, FileNotFoundError):
    """There are no results where some were asked for."""


class DamagedResultsWarning(UserWarning):
    """Some lines of a journal could not be read and were left out."""


@dataclass
class Damage:
    """The lines of a journal that cannot be read."""

    path: Path
    """The journal."""
    count: int = 0
    """How many lines they are."""
    first_line: int = 0
    """The number of the first of them, from 1 on."""
    reason: str = ""
    """What is wrong with that one."""

    def add(self, line_number: int, reason: str) -> None:
        """Count one more line."""
        if not self.count:
            self.first_line, self.reason = line_number, reason
        self.count += 1

    @property
    def place(self) -> str:
        """The first of them, and what is wrong with it, such as "line 3 of journal.jsonl (...)"."""
        return f"line {self.first_line} of {self.path} ({self.reason})"

    def sentence(self) -> str:
        """Say in a sentence what was left out; "" where nothing was."""
        if not self.count:
            return ""
        if self.count == 1:
            return f"1 line cannot be read and was left out: {self.place}."
        return f"{self.count} lines cannot be read and were left out, first of all {self.place}."
