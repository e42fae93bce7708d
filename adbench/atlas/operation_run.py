"""A run of the matrix of operations: every differentiable function on backends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from adbench.atlas.asking import Atlas, Request, ask, exit_status_of, names_with
from adbench.atlas.operation_row import OPERATION_ROWS, OperationRow
from adbench.atlas.operations import MODELS
from adbench.cases.operators import Operator
from adbench.comparing.measure import Measured
from adbench.planning.plan import Plan
from adbench.registry import ModelSource
from adbench.results.exit_status import ExitStatus

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
        return exit_status_of(any(row.is_wrong for row in self.rows), self.measured)


def find_operations(names: Sequence[str]) -> list[str]:
    """Return the names of the operations that contain one of some texts; all where there are none.

    Raises SpecError for a text that no name contains.
    """
    return names_with(names, "operation", MODELS)


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
