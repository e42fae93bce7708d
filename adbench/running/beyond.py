"""What a check looks at beyond what was asked: where hand-written derivatives are often wrong.

In another dtype, at larger sizes, at points that the function suggests, and with respect to the
other arguments, for as long as its budget lasts. What is found wrong there counts; what cannot be
judged or does not run does not.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from adbench.cases.case import NATIVE
from adbench.cases.model import SpecError
from adbench.cases.operators import Mode, Operator
from adbench.planning.group import Group
from adbench.planning.model_plan import Assignment, ModelPlan
from adbench.planning.plan import Plan
from adbench.planning.questions import cases_of, questions
from adbench.planning.restriction import Restriction
from adbench.planning.settings import Settings
from adbench.registry import ModelSource
from adbench.suggesting.suggestions import Place, suggest

LOWER_DTYPE = "float32"
"""The dtype that is looked at where none was asked for."""

CHEAP = (Operator.VALUE, Operator.GRADIENT, Operator.VJP, Operator.DERIVATIVE)
"""What is asked in another dtype and at larger sizes."""

OF_ARGUMENTS = (Operator.GRADIENT, Operator.VJP)
"""What is asked with respect to other arguments."""

AT_POINTS = (Operator.VALUE, Operator.GRADIENT, Operator.VJP, Operator.DERIVATIVE)
"""What is asked at points that are suggested: the value, and the first of the others."""


def look_beyond(plan: Plan, asked: Restriction) -> Plan:
    """Return the plan with the groups of what is looked at beyond what was asked.

    asked: what was named; a dtype, a size or an operator that was named is looked at alone.
    """
    if not plan.settings.most_beyond_s:
        return plan
    sources = {group.source.model.name: group.source for group in plan.groups}
    further = [
        group
        for source in sources.values()
        if plan.judges_native(source.model)
        for group in _groups(source, plan.settings, asked)
    ]
    return replace(plan, groups=(*plan.groups, *further))


def groups_beyond(source: ModelSource, assignment: Assignment) -> Iterator[Group]:
    """Yield what is looked at of a model beyond what was asked.

    That is nothing where no backend is asked for a hand-written function of it.
    """
    if assignment.settings.most_beyond_s and set(assignment.frameworks) & set(source.model.native):
        yield from _groups(source, assignment.settings, assignment.named)


def with_beyond(plan: Plan, models: Sequence[ModelPlan]) -> Plan:
    """Return the plan with what is looked at beyond what was asked, of models that are asked."""
    origins = {group.source.origin for group in plan.groups}
    further = [
        group for model in models if model.source.origin in origins for group in model.beyond
    ]
    return replace(plan, groups=(*plan.groups, *further))


def _groups(source: ModelSource, settings: Settings, asked: Restriction) -> Iterator[Group]:
    names = list(source.model.sizes)
    first_sizes = names[: settings.effort.sizes]
    if not asked.sizes:
        for size in names[settings.effort.sizes :]:
            yield from _of_model(source, settings, asked, size, f"size {size}")
    if not asked.dtypes:
        lower = replace(asked, dtypes=(LOWER_DTYPE,))
        for size in first_sizes:
            yield from _of_model(source, settings, lower, size, LOWER_DTYPE)
    yield from _at_suggested_points(source, settings, asked, first_sizes[0])
    if not asked.operators:
        yield from _of_other_arguments(source, settings, asked, first_sizes[-1])


def _of_model(
    source: ModelSource,
    settings: Settings,
    asked: Restriction,
    size: str,
    beyond: str,
    operators: tuple[Operator, ...] = CHEAP,
    modes: tuple[Mode, ...] = tuple(Mode),
) -> Iterator[Group]:
    """The first derivatives of a hand-written function at one size."""
    model, most_passes = source.model, settings.effort.passes
    for dtype in asked.dtypes or ("float64",):
        inputs = settings.points.for_dtype(dtype).first(model, size)
        for operator, order in questions(model, inputs, highest_order=1):
            if operator not in operators or not asked.allows(operator):
                continue
            cases = tuple(
                case
                for case in cases_of(model, size, dtype, operator, order, inputs, most_passes)
                if case.implementation == NATIVE and case.mode in modes
            )
            if cases:
                yield Group(source, cases, inputs.n, inputs.m, beyond=beyond, about=model.name)


def _at_suggested_points(
    source: ModelSource, settings: Settings, asked: Restriction, size: str
) -> Iterator[Group]:
    """The gradients of a hand-written function where it may be wrong: see `suggesting`."""
    place = Place(size, settings.seed, settings.lowest_dtype)
    wanted = replace(asked, dtypes=asked.dtypes[:1])
    try:
        suggestions = suggest(source.model, *place)
    except SpecError:  # what is wrong with the model has been said
        return
    for index, suggestion in enumerate(suggestions):
        try:
            variant = source.by_point(place, index)
            groups = list(
                _of_model(
                    variant,
                    settings,
                    wanted,
                    size,
                    suggestion.kind,
                    AT_POINTS,
                    (Mode.NONE, Mode.REVERSE),
                )
            )
        except SpecError:  # the function takes no such arguments
            continue
        yield from (replace(group, about=source.model.name) for group in _first_derivative(groups))


def _first_derivative(groups: Sequence[Group]) -> Iterator[Group]:
    """Yield the first derivative at a point, and before it the value that it is judged beside.

    The value of a function that is its own specification tells nothing.
    """
    values = [group for group in groups if group.question.operator is Operator.VALUE]
    derivatives = [group for group in groups if group not in values]
    if derivatives:
        is_read = getattr(groups[0].source.model.function, "is_read", False)
        yield from () if is_read else values
        yield derivatives[0]


def _of_other_arguments(
    source: ModelSource, settings: Settings, asked: Restriction, size: str
) -> Iterator[Group]:
    """The gradients of a hand-written function with respect to its other floating arguments."""
    inputs = settings.points.first(source.model, size)
    titles = source.model.argument_names(len(inputs.arguments))
    for position in inputs.floating_positions:
        allowed = source.model.differentiable
        if position == inputs.active or (allowed is not None and position not in allowed):
            continue
        title = titles[position]
        try:
            variant = source.by_argument(position, title)
            groups = list(
                _of_model(variant, settings, asked, size, title, OF_ARGUMENTS, (Mode.REVERSE,))
            )
        except SpecError:  # what a recipe gives for a constant need not do for an active argument
            continue
        yield from (replace(group, about=source.model.name) for group in groups)


def paced(plan: Plan) -> Iterator[Group]:
    """Yield the groups of a plan; of what is beyond what was asked, as many as its budget allows.

    What has a budget is each model's: the time between a group's being given and the next's being
    asked for counts.
    """
    spent: dict[str, float] = defaultdict(float)
    for group in plan.groups:
        if group.beyond and spent[group.about] >= plan.settings.most_beyond_s:
            continue
        began = time.monotonic()
        yield group
        if group.beyond:
            spent[group.about] += time.monotonic() - began
