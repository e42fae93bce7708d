"""A check at the point that is given, and at no other: what the drop-ins for others' checks ask."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from adbench import registry
from adbench.backends.catalog import Entry
from adbench.cases.case import NATIVE, Case
from adbench.cases.model import Model
from adbench.cases.operators import Mode, Operator, order_of
from adbench.checking.report import Report
from adbench.planning.group import Group
from adbench.planning.plan import HIGHEST_ORDER, Plan
from adbench.planning.points import Subject, drawing
from adbench.planning.settings import CHECK, Settings
from adbench.results.row import Row
from adbench.running import in_process

IN_PROCESS = "here"
"""The origin of a model that exists in this process alone."""

PRESET = replace(CHECK, name="at the point", points=0, budget_s=0.0, all_modes=True)
"""What is measured: nothing at further points, and every mode that is named."""

Asked = tuple[Operator, Mode]
"""A derivative that is asked, in a mode."""


def check_at_point(model: Model, backend: str, dtype: str, asked: Sequence[Asked]) -> Report:
    """Judge derivatives of a model's hand-written function at its first point.

    backend: who is asked, by name. Raises SpecError where the model cannot be used.
    """
    settings = Settings(effort=PRESET, lowest_dtype=dtype)
    (size,) = model.sizes
    draw = drawing(settings.points)
    inputs = draw(Subject(model, id(model), size, dtype)).first
    source = registry.ModelSource(model, IN_PROCESS)
    groups = []
    for operator in dict.fromkeys(operator for operator, _ in asked):
        modes = [mode for other, mode in asked if other is operator]
        order = order_of(operator)
        cases = tuple(
            Case(model.name, size, dtype, operator, order, mode, NATIVE) for mode in modes
        )
        groups.append(Group(source, cases, inputs.n, inputs.m))
    plan = Plan(tuple(groups), (_entry(backend),), settings, HIGHEST_ORDER)
    rows: list[Row] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a framework's warning about itself is no verdict
        in_process.run(plan, rows.append, draw=draw)
    return Report.of(plan, rows)


@lru_cache
def _entry(backend: str) -> Entry:
    """The backend of a name; finding it takes some milliseconds."""
    (entry,) = registry.find_backends([backend])
    return entry
