"""Advice on a function: measured as a run does, on every staging that is installed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from adbench import registry
from adbench.advising.advice import ADVISED, Advised, advise
from adbench.comparing.measure import LOGS, Measured, measure
from adbench.planning.settings import ADVISE
from adbench.results.row import FAILURES, Row
from adbench.running.planner import Announce
from adbench.running.selection import Selection
from adbench.running.worker_pool import worker_pool


@dataclass(frozen=True)
class MeasuredAdvice:
    """Advice, and what it was made of."""

    advised: Advised
    """The advice."""
    rows: tuple[Row, ...]
    """The rows that were measured."""
    has_failed: bool
    """Whether a cell that should have run did not."""


def measured_advice(selection: Selection, announce: Announce) -> MeasuredAdvice:
    """Measure what is selected, and return the advice on it.

    Where no backend is named, all stagings that are installed are asked, and where no operator is,
    the first derivative. Raises SpecError where a name is unknown or a model cannot be used.
    """
    backends = list(selection.backends) or _installed_stagings()
    operators = list(selection.operators) or [operator.value for operator in ADVISED]
    asked = replace(selection, backends=backends, operators=operators, order=selection.order or 1)
    measured = Measured()
    with (
        TemporaryDirectory(prefix="adbench-") as folder,
        worker_pool(asked.settings(ADVISE), Path(folder) / LOGS) as workers,
    ):
        plan = asked.plan(ADVISE, workers, announce)
        measure(plan, Path(folder), pool=workers, measured=measured)
    rows = tuple(measured.rows)
    has_failed = any(row.outcome in FAILURES for row in rows)
    return MeasuredAdvice(advise(rows, operators), rows, has_failed)


def _installed_stagings() -> list[str]:
    """The stagings that a run asks, or has compared, of the frameworks that are installed."""
    return [
        entry.name
        for entry in registry.all_backends().values()
        if (entry.by_default or entry.in_stagings)
        and not entry.only_forward
        and registry.installed_version(entry) is not None
    ]
