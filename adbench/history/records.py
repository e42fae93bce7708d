"""A run as the store keeps it: what it ran on, and what came of every cell, without its samples."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from adbench.changes.conditions import DECISIVE, REMARKABLE, VERSIONS
from adbench.changes.recorded_run import RecordedRun
from adbench.results.frames import CELL

VERSION = 1
"""The version of the records that are written. A reader refuses those of a later one."""


class CellRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What came of a cell. A number that is not known is None, since JSON has no nan."""

    model: str
    size: str
    dtype: str
    operator: str
    order: int
    mode: str
    implementation: str
    backend: str
    host: str
    """The machine that it was measured on."""
    outcome: str
    verdict: str
    message: str
    cost_ratio: float | None
    """The operator's time over the primal's."""
    undisturbed_s: float | None
    """The lower decile of the samples (s)."""
    spread: float | None
    """How widely the samples were spread, as `RecordedRun` has it."""
    reference_s: float | None
    """The reference loop's median (s)."""


NUMBERS = ("cost_ratio", "undisturbed_s", "spread", "reference_s")
"""The fields of a cell that may be unknown."""


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the store."""

    version: int = VERSION
    """The version of the record."""
    run: str
    """What tells this run from others, wherever its folder lies: when and where it was begun, and
    by which command."""
    name: str
    """What its folder was called."""
    created: str
    """When it was begun, in ISO 8601."""
    environment: dict[str, Any]
    """What it ran on, as far as runs are compared by it."""
    cells: tuple[CellRecord, ...]
    """What came of its cells."""

    def to_recorded_run(self) -> RecordedRun:
        """Return the run as it is compared with others."""
        rows = [msgspec.structs.asdict(cell) for cell in self.cells]
        fields = [field.name for field in msgspec.structs.fields(CellRecord)]
        table = pd.DataFrame(rows, columns=fields)
        table = table.astype(dict.fromkeys(NUMBERS, "float64"))
        return RecordedRun(Path(self.name), table.set_index([*CELL]), self.environment)


def record_of(run: RecordedRun, host: str = "") -> RunRecord:
    """Return the record of a run. host: what its machine is called; where "", as the run says."""
    environment = run.environment
    known_host = host or str(environment.get("host", ""))
    begun = [str(environment.get(name, "")) for name in ("created", "merged", "host", "command")]
    kept = ("host", "hosts", *DECISIVE, *REMARKABLE, *VERSIONS)
    cells = run.cells.reset_index()
    cells["host"] = host or cells["host"].where(cells["host"] != "", known_host)
    return RunRecord(
        run=hashlib.sha256("\n".join(begun).encode("utf-8", "replace")).hexdigest()[:16],
        name=run.folder.resolve().name,
        created=begun[0],
        environment={name: environment[name] for name in kept if name in environment}
        | {"host": known_host},
        cells=tuple(_cell_record(cell) for cell in cells.to_dict("records")),
    )


def _cell_record(cell: dict[Any, Any]) -> CellRecord:
    fields = {field.name: cell[field.name] for field in msgspec.structs.fields(CellRecord)}
    numbers = {name: _known(fields[name]) for name in NUMBERS}
    return CellRecord(**{**fields, "order": int(fields["order"]), **numbers})


def _known(number: Any) -> float | None:
    """A number as JSON has it, with the digits that a comparison needs."""
    value = float(number)
    return float(np.format_float_scientific(value, 6)) if math.isfinite(value) else None
