"""The groups of the models made for a sweep over n and m, and for growth in depth or width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adbench.cases.case import Case
from adbench.cases.inputs import Inputs
from adbench.cases.model import Model
from adbench.cases.operators import Operator, passes
from adbench.planning.group import Group
from adbench.planning.questions import cases_of
from adbench.planning.restriction import Restriction
from adbench.planning.settings import Preset, Settings
from adbench.registry import ModelSource

FEWEST_SWEPT = 3
"""A sweep of fewer values of n, or of m, shows no boundary."""


def is_asked_by_sweeps_alone(model: Model, effort: Preset, restriction: Restriction) -> bool:
    """Whether a model is asked for nothing but its sweep, or what its growth is seen by.

    It is made for that, and its other questions are those of other models.
    """
    if effort.all_modes or restriction.operators or restriction.sizes:
        return False
    return bool(_thinned_sweep(model, effort) or (model.growth and effort.growth_thinning))


def groups_of_sweep(
    source: ModelSource, settings: Settings, restriction: Restriction
) -> Iterator[Group]:
    """The Jacobian at each size of a model's sweep that is asked for, in however many passes."""
    for size, inputs in _swept_sizes(source, settings, restriction):
        if not restriction.sizes and _has_too_many_entries(inputs, settings.effort):
            continue
        for dtype in restriction.dtypes:
            cases = cases_of(source.model, size, dtype, Operator.JACOBIAN, 1, inputs, None)
            yield Group(source, cases, inputs.n, inputs.m, swept=True)


def _swept_sizes(
    source: ModelSource, settings: Settings, restriction: Restriction
) -> Iterator[tuple[str, Inputs]]:
    """The sizes of a model's sweep that are named, or that the preset thins it to."""
    if not restriction.allows(Operator.JACOBIAN):
        return
    model = source.model
    names = [size for size in restriction.sizes if size in model.sweep]
    if not restriction.sizes:
        names = _thinned_sweep(model, settings.effort)
    for name in names:
        yield name, settings.points.first(model, name)


def _has_too_many_entries(inputs: Inputs, effort: Preset) -> bool:
    return inputs.n * inputs.m > effort.swept_entries


def sizes_left_out(
    source: ModelSource, settings: Settings, restriction: Restriction
) -> Iterator[str]:
    """Say, in one sentence, which sizes of a sweep are too large to be swept."""
    if restriction.sizes:
        return
    names = [
        size
        for size, inputs in _swept_sizes(source, settings, restriction)
        if _has_too_many_entries(inputs, settings.effort)
    ]
    if names:
        yield (
            f"{source.model.name} was not swept at {' and '.join(names)}: a Jacobian of more than "
            f"{settings.effort.swept_entries:,} entries takes too long to judge; --size asks for "
            "one all the same."
        )


def groups_of_growth(
    source: ModelSource, settings: Settings, restriction: Restriction
) -> Iterator[Group]:
    """The gradient in one reverse pass along each axis of growth.

    Along the first of several axes one pass of forward mode is compared with it.
    """
    effort = settings.effort
    first_axis = next(iter(source.model.growth), "")
    for axis, sizes in source.model.growth.items():
        operators = [Operator.GRADIENT]
        if axis == first_axis and len(source.model.growth) > 1:
            operators.append(Operator.JVP)
        for size in _thinned_growth(tuple(sizes), effort, restriction):
            inputs = settings.points.first(source.model, size)
            for dtype in restriction.dtypes:
                for operator in operators:
                    cases = _cases_of_one_pass(source.model, size, dtype, operator, inputs, effort)
                    if cases and restriction.allows(operator):
                        yield Group(source, cases, inputs.n, inputs.m, growth=axis)


def _thinned_growth(
    sizes: Sequence[str], effort: Preset, restriction: Restriction
) -> Sequence[str]:
    """The sizes of an axis that are named, or every k-th of them, from the first to the last."""
    if restriction.sizes:
        return [size for size in sizes if size in restriction.sizes]
    if not effort.growth_thinning:
        return ()
    return list(dict.fromkeys([*sizes[:: effort.growth_thinning], sizes[-1]]))


def _cases_of_one_pass(
    model: Model, size: str, dtype: str, operator: Operator, inputs: Inputs, effort: Preset
) -> tuple[Case, ...]:
    """Return a question in the modes that take one pass."""
    cases = cases_of(model, size, dtype, operator, 1, inputs, effort.passes)
    return tuple(case for case in cases if passes(operator, case.mode, inputs.n, inputs.m) == 1)


def _thinned_sweep(model: Model, effort: Preset) -> list[str]:
    """The sizes of a sweep with every k-th value of n and of m, the largest and 1 included."""
    if not effort.sweep_thinning:
        return []
    within = {
        name: size
        for name, size in model.sweep.items()
        if max(_numbers_of(size), default=0) <= effort.swept_to
    }
    kept: dict[str, set[object]] = {}
    for parameter in next(iter(within.values()), {}):
        values = sorted({size[parameter] for size in within.values()})
        kept[parameter] = {*values[:: effort.sweep_thinning], values[-1]}
        if len(values) > 1 and len(kept[parameter]) < FEWEST_SWEPT:
            return []
    return [
        name
        for name, size in within.items()
        if all(size[parameter] in values for parameter, values in kept.items())
    ]


def _numbers_of(size: Mapping[str, Any]) -> list[int]:
    """The n and m of a size, where it has them."""
    return [size[name] for name in ("n", "m") if name in size]
