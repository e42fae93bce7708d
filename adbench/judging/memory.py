"""What is remembered from one cell to the next that belongs to the same group."""

from __future__ import annotations

from typing import Generic, TypeVar

Record = TypeVar("Record")


class LastGroup(Generic[Record]):
    """The records of the group that was asked for last.

    Those of the groups before are forgotten.
    """

    def __init__(self) -> None:
        self._key: object = None
        self._records: list[Record] = []

    def of(self, key: object) -> list[Record]:
        """Return the records of the group with this key, to be read and added to."""
        if self._key != key:
            self._key, self._records = key, []
        return self._records
