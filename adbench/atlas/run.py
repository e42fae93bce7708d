"""A run of the atlas: its corners on backends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from adbench.atlas.asking import Atlas, Request, ask, exit_status_of, names_with
from adbench.atlas.corner import Corner
from adbench.atlas.judgement import corner_row
from adbench.atlas.models import CORNERS, MODELS
from adbench.atlas.row import CORNER_ROWS, CornerRow
from adbench.cases.operators import Operator
from adbench.comparing.measure import Measured
from adbench.planning.plan import Plan
from adbench.registry import ModelSource
from adbench.results.exit_status import ExitStatus

OPERATORS = (Operator.VALUE, Operator.DERIVATIVE, Operator.GRADIENT, Operator.HESSIAN)
"""What is asked at a corner, as far as it applies."""


@dataclass(frozen=True)
class CornerRun:
    """What came of a run over corners."""

    plan: Plan
    """What was asked."""

    measured: Measured
    """The rows of the run, as `adbench run` has them."""

    @cached_property
    def rows(self) -> tuple[CornerRow, ...]:
        """What the atlas says of each row."""
        return tuple(corner_row(row, CORNERS[row.model]) for row in self.measured.rows)

    @property
    def frameworks(self) -> frozenset[str]:
        """The frameworks that were asked."""
        return frozenset(entry.framework for entry in self.plan.backends)

    @property
    def exit_status(self) -> ExitStatus:
        """What the command ends with."""
        return exit_status_of(any(row.is_wrong for row in self.rows), self.measured)


def find_corners(names: Sequence[str]) -> list[Corner]:
    """Return the corners whose names contain one of some texts; all where there are none.

    Raises SpecError for a text that no name contains.
    """
    return [CORNERS[name] for name in names_with(names, "corner", CORNERS)]


def atlas_of(corners: Sequence[Corner]) -> Atlas:
    """Return what is asked at some corners."""
    sources = [
        ModelSource(MODELS[corner.name], f"module:adbench.atlas.models:{corner.name}")
        for corner in corners
    ]
    return Atlas(sources, OPERATORS, CORNER_ROWS)


def ask_corners(names: Sequence[str], request: Request) -> CornerRun:
    """Ask corners of backends, and write what came of it where the request says.

    names: parts of the names of corners; all corners where there are none. Raises SpecError where
    a name is unknown or the folder cannot be written to, and CertificateError where a truth of ours
    is contradicted.
    """
    atlas = atlas_of(find_corners(names))
    plan = request.plan(atlas)

    def finish(measured: Measured, folder: Path) -> None:
        CORNER_ROWS.write(CORNER_ROWS.frame(CornerRun(plan, measured).rows), folder)

    return CornerRun(plan, ask(plan, atlas, request, finish))
