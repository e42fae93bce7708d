"""The cells of a run or a check as part of a JSON document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from adbench.results.row import SAMPLES, Row


def cells_in_json(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return every row as JSON has it, without its samples; nan and inf are strings."""
    return [
        {name: value for name, value in row.to_json().items() if name not in SAMPLES}
        for row in rows
    ]
