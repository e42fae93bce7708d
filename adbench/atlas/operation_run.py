"""A run of the matrix of operations: every differentiable function on backends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from adbench.atlas.asking import Atlas, Request, ask
from adbench.atlas.operation_row import OPERATION_ROWS, OperationRow
from adbench.atlas.operations import MODELS
from adbench.cases.model import SpecError
from adbench.cases.operators import Operator
from adbench.comparing.measure import Measured
from adbench.planning.plan import Plan
from adbench.registry import ModelSource, nearest
from adbench.results.exit_status import ExitStatus
from adbench.results.row import FAILURES

OPERATORS = (Operator.VALUE, Operator.JVP, Operator.VJP, Operator.HVP)
"""What is asked of an operation."""


@dataclass(frozen=True)
class OperationRun:
    """What came of a run over operations."""

    plan: Plan
    """What was asked."""

    measured: Measured
    """The rows of the run, as `adbench run` has them."""

    @cached_property
    def rows(self) -> tuple[OperationRow, ...]:
        """What each row says of its operation."""
        return tuple(OperationRow.of(row) for row in self.measured.rows)

    @property
    def exit_status(self) -> ExitStatus:
        """What the command ends with."""
        if any(row.is_wrong for row in self.rows):
            return ExitStatus.WRONG
        has_failed = any(row.outcome in FAILURES for row in self.measured.rows)
        return ExitStatus.NOT_RUN if has_failed else ExitStatus.ALL_RIGHT


def find_operations(names: Sequence[str]) -> list[str]:
    """Return the names of the operations that contain one of some texts; all where there are none.

    Raises SpecError for a text that no name contains.
    """
    for text in names:
        if not any(text in name for name in MODELS):
            raise SpecError(nearest("operation", text, MODELS))
    return [name for name in MODELS if not names or any(text in name for text in names)]


def atlas_of(names: Sequence[str]) -> Atlas:
    """Return what is asked of some operations."""
    sources = [
        ModelSource(MODELS[name], f"module:adbench.atlas.operations:{name}") for name in names
    ]
    return Atlas(sources, OPERATORS, OPERATION_ROWS)


def ask_operations(names: Sequence[str], request: Request) -> OperationRun:
    """Ask operations of backends, as `ask_corners` asks corners."""
    atlas = atlas_of(find_operations(names))
    plan = request.plan(atlas)

    def finish(measured: Measured, folder: Path) -> None:
        OPERATION_ROWS.write(OPERATION_ROWS.frame(OperationRun(plan, measured).rows), folder)

    return OperationRun(plan, ask(plan, atlas, request, finish))
