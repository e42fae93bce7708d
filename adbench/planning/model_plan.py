"""The plan of one model, which can be made in another process, and its form as plain data."""

from __future__ import annotations

from dataclasses import dataclass, replace

from adbench.cases.case import Case
from adbench.planning.description import ModelDescription
from adbench.planning.group import Group
from adbench.planning.restriction import Restriction
from adbench.planning.settings import Settings
from adbench.registry import ModelSource


@dataclass(frozen=True)
class Assignment:
    """What is to be asked of each model."""

    settings: Settings
    """What holds for the whole run."""
    restriction: Restriction
    """What is asked, by name; the dtypes that are asked by default where none were named."""
    named: Restriction
    """What the user named."""
    frameworks: tuple[str, ...]
    """The frameworks of the backends."""
    stagings: bool = False
    """Whether models have all stagings compared."""
    accuracy: float | None = None
    """The relative error that answers have by design; that of each model where None."""


@dataclass(frozen=True)
class ModelPlan:
    """What is asked of a model, whatever the backends are."""

    source: ModelSource
    """The model."""
    groups: tuple[Group, ...]
    """The groups of what is asked."""
    beyond: tuple[Group, ...] = ()
    """The groups of what is looked at beyond that."""
    left_out: tuple[str, ...] = ()
    """What its sweep leaves out, in sentences."""
    orders_left_out: tuple[str, ...] = ()
    """Which orders of derivatives are left out, in sentences."""


@dataclass(frozen=True)
class PlannedGroup:
    """A group as plain data: the fields of `Group`, with what tells its source.

    The model of the source is that of the plan, under another name and active argument where the
    group looks at one beyond what was asked.
    """

    name: str
    active: int
    origin: str
    cases: tuple[Case, ...]
    n: int
    m: int
    swept: bool
    growth: str
    stagings: bool
    stagings_alone: bool
    beyond: str
    about: str


@dataclass(frozen=True)
class PlannedModel:
    """The plan of a model as plain data."""

    description: ModelDescription
    """The model."""
    origin: str
    """Where it is, as `ModelSource.origin` says."""
    groups: tuple[PlannedGroup, ...]
    beyond: tuple[PlannedGroup, ...]
    left_out: tuple[str, ...]
    orders_left_out: tuple[str, ...]

    @classmethod
    def of(cls, plan: ModelPlan) -> PlannedModel:
        """Return a plan as plain data."""
        return cls(
            description=ModelDescription.of(plan.source.model),
            origin=plan.source.origin,
            groups=tuple(_as_plain_data(group) for group in plan.groups),
            beyond=tuple(_as_plain_data(group) for group in plan.beyond),
            left_out=plan.left_out,
            orders_left_out=plan.orders_left_out,
        )

    def plan(self) -> ModelPlan:
        """Return the plan, with a model whose functions cannot be called in this process."""
        source = ModelSource(self.description.stand_in(), self.origin)
        return ModelPlan(
            source=source,
            groups=tuple(_group(planned, source) for planned in self.groups),
            beyond=tuple(_group(planned, source) for planned in self.beyond),
            left_out=self.left_out,
            orders_left_out=self.orders_left_out,
        )


def _as_plain_data(group: Group) -> PlannedGroup:
    return PlannedGroup(
        name=group.source.model.name,
        active=group.source.model.active,
        origin=group.source.origin,
        cases=group.cases,
        n=group.n,
        m=group.m,
        swept=group.swept,
        growth=group.growth,
        stagings=group.stagings,
        stagings_alone=group.stagings_alone,
        beyond=group.beyond,
        about=group.about,
    )


def _group(planned: PlannedGroup, source: ModelSource) -> Group:
    if planned.origin != source.origin:
        model = replace(source.model, name=planned.name, active=planned.active)
        source = ModelSource(model, planned.origin)
    return Group(
        source=source,
        cases=planned.cases,
        n=planned.n,
        m=planned.m,
        swept=planned.swept,
        growth=planned.growth,
        stagings=planned.stagings,
        stagings_alone=planned.stagings_alone,
        beyond=planned.beyond,
        about=planned.about,
    )
