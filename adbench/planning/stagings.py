"""The groups in which a model has all stagings of the frameworks compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adbench.cases.case import SPECIFICATION
from adbench.cases.operators import Mode, Operator, order_of
from adbench.planning.group import Group
from adbench.planning.questions import cases_of
from adbench.planning.restriction import Restriction
from adbench.planning.settings import Settings
from adbench.registry import ModelSource


def with_stagings(
    groups: Sequence[Group], source: ModelSource, settings: Settings, restriction: Restriction
) -> list[Group]:
    """Mark the groups in which a model has stagings compared, and add those that are not there."""
    model = source.model
    marked = list(groups)
    for name, sizes in model.stagings.items():
        operator = Operator(name)
        if not restriction.allows(operator):
            continue
        for size in sizes:
            if restriction.sizes and size not in restriction.sizes:
                continue
            for dtype in restriction.dtypes:
                question = (model.name, size, dtype, operator)
                places = [k for k, group in enumerate(marked) if _asks(group, question)]
                for k in places:
                    marked[k] = replace(marked[k], stagings=True)
                if not places:
                    marked += _group_of_stagings(source, settings, question)
    return marked


def _asks(group: Group, question: tuple[str, str, str, Operator]) -> bool:
    """Whether a group asks for an operator's first order of a model at a size in a dtype."""
    case = group.question
    is_first_order = case.order == order_of(case.operator)
    asked = (case.model, case.size, case.dtype, case.operator)
    return is_first_order and not group.swept and asked == question


def _group_of_stagings(
    source: ModelSource, settings: Settings, question: tuple[str, str, str, Operator]
) -> list[Group]:
    """The question that is asked to compare stagings alone, in reverse mode."""
    _, size, dtype, operator = question
    model = source.model
    inputs = settings.points.first(model, size)
    order = order_of(operator)
    cases = [
        case
        for case in cases_of(model, size, dtype, operator, order, inputs, settings.effort.passes)
        if case.mode is Mode.REVERSE and case.implementation == SPECIFICATION
    ]
    if not cases:
        return []
    return [Group(source, tuple(cases), inputs.n, inputs.m, stagings=True, stagings_alone=True)]
