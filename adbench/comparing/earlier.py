"""What a run had come to when it was stopped, as its folder tells it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from adbench.results.row import Row
from adbench.running.spent import Spent


@dataclass(frozen=True)
class EarlierPart:
    """What a run had come to when it was stopped, before it is gone on with."""

    rows: tuple[Row, ...] = ()
    """The rows of the cells that had ended, which are not run again."""
    created: str = ""
    """When the run began."""
    command: tuple[str, ...] = ()
    """The command that began it."""
    resumed: tuple[str, ...] = ()
    """When it was gone on with so far."""
    spent: Spent = field(default_factory=Spent)
    """The time that its parts took, as far as they came to an end."""


def read_earlier_part(environment_path: Path, rows: tuple[Row, ...]) -> EarlierPart:
    """Return what there is of a run: its rows, and what its environment says where it can be read.

    A run that was killed early has kept none, and what is lost with it is no number of the results.
    """
    try:
        facts = msgspec.json.decode(environment_path.read_bytes(), type=EarlierPart, strict=False)
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
        return EarlierPart(rows)
    return replace(facts, rows=rows)
