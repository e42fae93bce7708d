"""The plan: which cases a run asks of which backends, in groups that are measured side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adbench.backends.catalog import Entry
from adbench.cases.case import DTYPES, NATIVE, SPECIFICATION, Case
from adbench.cases.inputs import Inputs
from adbench.cases.model import Model, SpecError
from adbench.cases.operators import DENSE, HIGHEST_NESTED_ORDER, SINGLE, Mode, Operator
from adbench.cases.style import check_style
from adbench.planning import restriction as names
from adbench.planning.group import Group
from adbench.planning.model_plan import Assignment, ModelPlan
from adbench.planning.questions import cases_of, questions
from adbench.planning.restriction import Restriction
from adbench.planning.settings import Preset, Settings
from adbench.planning.stagings import with_stagings
from adbench.planning.sweeps import (
    groups_of_growth,
    groups_of_sweep,
    is_asked_by_sweeps_alone,
    sizes_left_out,
)
from adbench.registry import ModelSource
from adbench.results.row import CellName, Row
from adbench.timing.sampling import Sampling
from reference_ad.engine import tree

EXTRA_MODES = {
    (Operator.JVP, Mode.REVERSE),
    (Operator.VJP, Mode.FORWARD),
    (Operator.HVP, Mode.FORWARD_OVER_FORWARD),
    (Operator.HESSIAN, Mode.FORWARD_OVER_FORWARD),
}
"""Modes that can be asked for, and are of use only where there is nothing better."""

HIGHEST_ORDER_AT_LARGER_SIZES = 2
"""Derivatives of higher order than this are asked at the first size alone, unless in a full run."""

THINNED_ORDERS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""The orders of derivatives that are timed, unless an order is named or in a full run."""

FIRST_ORDER = 1
"""The order to which a hand-written derivative is judged unless another is asked for: a backward
pass that is right, and cannot be differentiated again, is what people write."""

HIGHEST_ORDER = 2
"""The highest order of an operator of functions of several scalars."""

EXTRA_OPERATORS = {Operator.VALUE_AND_GRADIENT}
"""What is asked where it is named, and in a full run: its parts are asked anyway."""

NAMED_OPERATORS = frozenset({*DENSE, *SINGLE})
"""What is asked where it is named alone: most models have no sparse derivatives, and several at
once are what a framework's vmap makes of one."""


@dataclass(frozen=True)
class Part:
    """Which part of a whole plan a plan is."""

    shard: str
    """Its number and how many parts there are, such as "3/8"."""
    whole: str
    """What tells the whole plan from others, in hexadecimal digits."""
    comparisons: int
    """How many comparisons the whole plan has."""
    positions: tuple[int, ...]
    """The places of the part's comparisons in it, from 0 on, ascending."""
    cells: tuple[int, ...]
    """How many cells each of these has."""
    has_steps_of: tuple[tuple[str, str, str], ...]
    """The models at sizes in dtypes that this part compares with numerical differentiation."""


@dataclass(frozen=True)
class Plan:
    """All groups of a run, and the backends that they are asked of."""

    groups: tuple[Group, ...]
    """The groups, in the order in which they are run."""
    backends: tuple[Entry, ...]
    """The backends, in the order in which they take turns."""
    settings: Settings
    """What holds for the whole run."""
    native_order: int = FIRST_ORDER
    """The highest order of a hand-written function's derivatives that counts."""
    further_stagings: tuple[Entry, ...] = ()
    """Backends that are asked the groups alone in which stagings are compared."""
    left_out: tuple[str, ...] = ()
    """What the sweeps leave out for the time that it would take, in sentences."""
    orders_left_out: tuple[str, ...] = ()
    """Which orders of derivatives are left out between those that are asked, in sentences."""
    ended: frozenset[CellName] = frozenset()
    """The cells that an earlier part of the run has measured, and that are asked no more."""
    unasked: tuple[str, ...] = ()
    """What was named and is asked nothing, in sentences."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The files of the user's that models and backends are defined in, by path, with the digests of
    what they said when the plan was made."""
    part: Part | None = None
    """Which part of a whole plan it is; None where it is the whole."""

    def cells(self, group: Group) -> list[tuple[Case, Entry]]:
        """Return the cells of a group.

        Every case on every backend, a native implementation on its framework alone. In a check the
        specification beside one is asked of its framework alone, unless the settings say otherwise.
        """
        cells = [
            (case, entry)
            for entry in self.backends
            for case in group.cases
            if self._is_asked(group, case, entry)
        ]
        if not group.stagings:
            return self._without_ended(cells)
        further = [
            (case, entry)
            for entry in self.further_stagings
            for case in group.cases
            if case.mode is Mode.REVERSE and case.implementation == SPECIFICATION
        ]
        return self._without_ended(cells + further)

    def cell_names(self, group: Group) -> list[CellName]:
        """Return what tells each cell of a group from all others, in their order."""
        return [Row.begun(case, entry.name).cell for case, entry in self.cells(group)]

    def every_cell_name(self, group: Group) -> list[CellName]:
        """Return the same with the cells that have ended."""
        return replace(self, ended=frozenset()).cell_names(group)

    def _without_ended(self, cells: list[tuple[Case, Entry]]) -> list[tuple[Case, Entry]]:
        """Leave out the cells that have been measured."""
        if not self.ended:
            return cells
        return [
            (case, entry)
            for case, entry in cells
            if Row.begun(case, entry.name).cell not in self.ended
        ]

    def without(self, ended: Iterable[CellName]) -> Plan:
        """Return the plan of what remains where some cells have ended."""
        remaining = replace(self, ended=frozenset(ended))
        groups = tuple(group for group in self.groups if remaining.cells(group))
        return replace(remaining, groups=groups)

    def sampling(self, group: Group) -> Sampling:
        """Return how much the cells of a group are sampled: in turns, where backends take any."""
        sampling = self.settings.sampling
        backends = {entry.name for _, entry in self.cells(group)}
        return sampling if len(backends) > 1 else sampling.without_turns()

    @property
    def unswept(self) -> tuple[Entry, ...]:
        """The backends that are asked no sweep for the time that it would take.

        Further stagings are there where no backend is named.
        """
        if not self.further_stagings or self.settings.effort.all_orders:
            return ()
        return tuple(entry for entry in self.backends if entry.slow_in_sweeps)

    def compares_stagings_alone(self, group: Group, entry: Entry) -> bool:
        """Whether a backend is asked a group to compare stagings, and for nothing else."""
        return group.stagings_alone or entry not in self.backends

    def _is_asked(self, group: Group, case: Case, entry: Entry) -> bool:
        effort = self.settings.effort
        if not self._is_of_interest(group.source.model, case, entry):
            return False
        if group.swept and entry in self.unswept:
            return False
        if case.mode is Mode.TAYLOR:
            return entry.taylor and case.implementation != NATIVE
        if entry.only_forward:
            return "reverse" not in case.mode
        if not effort.all_modes and (case.operator, case.mode) in EXTRA_MODES:
            return False
        return effort.all_orders or case.order <= entry.orders.get(case.mode, case.order)

    def _is_of_interest(self, model: Model, case: Case, entry: Entry) -> bool:
        """Whether a case is asked of a backend, as far as hand-written functions matter."""
        if case.implementation == NATIVE:
            if entry.framework not in model.native:
                return False
            return self._counts_in_order(model, case) or self._is_noted(case)
        is_compared = self.settings.effort.timed
        if is_compared or self.settings.specification or not self.judges_native(model):
            return True
        if getattr(model.function, "is_read", False):  # it is the same function twice
            return False
        return entry.framework in model.native and self._counts_in_order(model, case)

    def judges_native(self, model: Model) -> bool:
        """Whether a hand-written function of a model is among what is asked."""
        return any(entry.framework in model.native for entry in self.backends)

    def _counts_in_order(self, model: Model, case: Case) -> bool:
        """Whether a hand-written function must be right to the order of a case."""
        if case.operator is Operator.DERIVATIVE and self.settings.order is None:
            return case.order <= max(self.native_order, model.orders)
        return case.order <= self.native_order

    def _is_noted(self, case: Case) -> bool:
        """Whether a check looks at a derivative of a hand-written function that counts not."""
        differentiated_again = (
            case.mode is Mode.REVERSE_OVER_REVERSE
            if case.operator is Operator.HVP
            else case.operator is Operator.DERIVATIVE and case.mode is Mode.REVERSE
        )
        follows = case.order == self.native_order + 1
        return differentiated_again and follows and not self.settings.effort.timed

    def counts(self, model: Model, case: Case) -> bool:
        """Whether the verdict on a case decides whether a check has passed.

        Beside a hand-written function its specification does not, nor does an order of derivatives
        that was not asked for: what is wrong with them is worth a note.
        """
        if case.implementation == NATIVE:
            return self._counts_in_order(model, case)
        return self.settings.specification or not self.judges_native(model)

    @property
    def total(self) -> int:
        """The number of cells."""
        return sum(len(self.cells(group)) for group in self.groups)


def make_plan(
    sources: Sequence[ModelSource],
    backends: Sequence[Entry],
    settings: Settings,
    *,
    operators: Iterable[str] = (),
    sizes: Iterable[str] = (),
    dtypes: Sequence[str] = DTYPES[:1],
    further_stagings: Sequence[Entry] = (),
) -> Plan:
    """Make the plan of a run.

    operators, sizes: the names asked for; all that apply, and the first few sizes, where empty.
    further_stagings: what is asked beside the backends where models have stagings compared; where
    empty, none are.
    Raises SpecError where a name is unknown, or where nothing is left to ask.
    """
    restriction = Restriction(tuple(operators), tuple(sizes), tuple(dtypes))
    assignment = assign(settings, restriction, backends, further_stagings)
    names.check_sizes(restriction.sizes, sources)
    names.check_native(sources, backends)
    models = [plan_model(source, assignment) for source in sources]
    return combine(models, backends, assignment, further_stagings)


def assign(
    settings: Settings,
    restriction: Restriction,
    backends: Sequence[Entry],
    further_stagings: Sequence[Entry] = (),
    named: Restriction | None = None,
    accuracy: float | None = None,
) -> Assignment:
    """Return what is to be asked of each model.

    named: what the user named, where that is less than what is asked. Raises SpecError for a seed
    or an operator that cannot be asked for.
    """
    names.check_seed(settings.seed)
    names.check_operators(restriction.operators)
    return Assignment(
        settings,
        restriction,
        named or restriction,
        tuple(dict.fromkeys(entry.framework for entry in backends)),
        stagings=bool(further_stagings) and settings.effort.compares_stagings,
        accuracy=accuracy,
    )


def plan_model(source: ModelSource, assignment: Assignment) -> ModelPlan:
    """Return the plan of one model. Its `make` and its function are called for that.

    Raises SpecError where they cannot be used.
    """
    settings, restriction = assignment.settings, assignment.restriction
    groups = [
        *_groups_at_sizes(source, settings, restriction),
        *groups_of_sweep(source, settings, restriction),
        *groups_of_growth(source, settings, restriction),
    ]
    groups = _each_question_once(groups, restriction)
    if assignment.stagings:
        groups = with_stagings(groups, source, settings, restriction)
    return ModelPlan(
        source,
        tuple(groups),
        left_out=tuple(sizes_left_out(source, settings, restriction)),
        orders_left_out=tuple(_orders_left_out(source, groups, settings)),
    )


def combine(
    models: Sequence[ModelPlan],
    backends: Sequence[Entry],
    assignment: Assignment,
    further_stagings: Sequence[Entry] = (),
) -> Plan:
    """Make the plan of a run from those of its models.

    Raises SpecError where a name is unknown, or where nothing is left to ask.
    """
    settings, restriction = assignment.settings, assignment.restriction
    sources = [model.source for model in models]
    names.check_sizes(restriction.sizes, sources)
    names.check_native(sources, backends)
    groups = [group for model in models for group in model.groups]
    _check_order(settings, groups, backends)
    everything = Plan(
        tuple(groups),
        tuple(backends),
        settings,
        _native_order(settings, restriction, groups),
        tuple(further_stagings),
        tuple(sentence for model in models for sentence in model.left_out),
        tuple(sentence for model in models for sentence in model.orders_left_out),
    )
    left_out = (*everything.left_out, *_backends_unswept(everything))
    everything = replace(everything, left_out=left_out)
    asked_of_backends = tuple(group for group in groups if everything.cells(group))
    if not asked_of_backends:
        raise SpecError(_nothing_to_run(sources, settings, restriction))
    return replace(everything, groups=asked_of_backends)


def _backends_unswept(plan: Plan) -> Iterator[str]:
    """Say, in one sentence each, which backends are asked no sweep."""
    if not any(group.swept for group in plan.groups):
        return
    for entry in plan.unswept:
        yield (
            f"{entry.name} was not swept: its Jacobians take long at every size; --backend "
            f"{entry.name} asks for it all the same."
        )


def _native_order(settings: Settings, restriction: Restriction, groups: Sequence[Group]) -> int:
    """The highest order of a hand-written function's derivatives that counts."""
    if restriction.operators and settings.order is None:
        return max((group.question.order for group in groups), default=FIRST_ORDER)
    return settings.order or FIRST_ORDER


def _each_question_once(groups: Sequence[Group], restriction: Restriction) -> list[Group]:
    """Leave out what is asked again, so that every cell has a name of its own.

    A size of the model may be one of its sweep as well: it is asked for the sweep then, which has
    no hole, unless sizes are named.
    """
    chosen: dict[tuple[Any, ...], Group] = {}
    for group in groups:
        case = group.question
        question = (case.size, case.dtype, case.operator, case.order)
        if question not in chosen or (group.swept and not restriction.sizes):
            chosen[question] = group
    return list(chosen.values())


def _groups_at_sizes(
    source: ModelSource, settings: Settings, restriction: Restriction
) -> Iterator[Group]:
    """Every question that applies to a model, at each of its sizes that is asked for."""
    effort = settings.effort
    sizes = restriction.sizes or tuple(source.model.sizes)[: effort.sizes]
    if is_asked_by_sweeps_alone(source.model, effort, restriction):
        return
    for size in sizes:
        if size not in source.model.sizes:
            continue
        inputs = settings.points.first(source.model, size)
        if size == sizes[0]:
            check_style(source.model, inputs)
            _check_orders(source.model, inputs)
        all_orders = effort.all_orders or size == sizes[0]
        wanted = [
            (operator, order)
            for operator, order in questions(source.model, inputs, settings.order)
            if _is_wanted(operator, restriction, effort)
            and _is_wanted_order(order, settings, all_orders)
        ]
        for dtype in restriction.dtypes:
            for operator, order in wanted:
                cases = cases_of(source.model, size, dtype, operator, order, inputs, effort.passes)
                if cases:
                    yield Group(source, cases, inputs.n, inputs.m)


def _is_wanted_order(order: int, settings: Settings, all_orders: bool) -> bool:
    """Whether derivatives of an order are asked; of all_orders, or of those of up to 2 alone."""
    if settings.thins_orders and order not in THINNED_ORDERS:
        return False
    return all_orders or order <= HIGHEST_ORDER_AT_LARGER_SIZES


def _orders_left_out(
    source: ModelSource, groups: Sequence[Group], settings: Settings
) -> Iterator[str]:
    """Say, in one sentence, which orders below the highest are not asked of a model."""
    orders = {
        group.question.order
        for group in groups
        if group.source is source and group.question.operator is Operator.DERIVATIVE
    }
    if not orders or not settings.thins_orders:
        return
    missing = [str(order) for order in range(1, max(orders)) if order not in orders]
    if missing:
        yield (
            f"{source.model.name} was not asked for the derivatives of order {', '.join(missing)}, "
            f"to save time; --order {max(orders)} asks for them too."
        )


def _is_wanted(operator: Operator, restriction: Restriction, effort: Preset) -> bool:
    """Whether an operator is named, or asked for where none is."""
    if restriction.operators:
        return restriction.allows(operator)
    if operator in NAMED_OPERATORS:
        return False
    return effort.all_modes or operator not in EXTRA_OPERATORS


def _check_order(settings: Settings, groups: Sequence[Group], backends: Sequence[Entry]) -> None:
    """Raise SpecError for an order of derivatives that no model or backend can be asked for."""
    derived = {
        group.source.model.name
        for group in groups
        if group.question.operator is Operator.DERIVATIVE
    }
    order = settings.order or 0
    if order > HIGHEST_ORDER and not derived:
        raise SpecError(
            f"Order {order} was asked for: derivatives above order {HIGHEST_ORDER} are of "
            "functions that take one scalar to a scalar, and no model here is one. Leave the "
            f"order out, or give at most {HIGHEST_ORDER}."
        )
    if order > HIGHEST_NESTED_ORDER and not any(entry.taylor for entry in backends):
        names = ", ".join(entry.name for entry in backends)
        raise SpecError(
            f"Order {order} was asked for: derivatives above order {HIGHEST_NESTED_ORDER} are "
            f"asked in Taylor mode, which {names} does not have. Give at most "
            f"{HIGHEST_NESTED_ORDER}, or a backend that has it, such as reference."
        )


def _check_orders(model: Model, inputs: Inputs) -> None:
    """Raise SpecError for orders of derivatives that a model declares and its function lacks."""
    if model.orders == 1 or inputs.is_scalar_to_scalar:
        return
    leaves = tree.leaves(inputs.arguments[inputs.active])
    argument = f"an array of shape {leaves[0].shape}"
    if len(leaves) > 1:
        argument = f"{len(leaves)} arrays"
    raise SpecError(
        f"The model {model.name!r} has orders={model.orders}, which is for functions that take one "
        f"scalar to a scalar, and its function takes {argument} to one of shape "
        f"{inputs.cotangent.shape}: leave orders out (second derivatives are asked as hvp and "
        "hessian), or give argument and output the shape ()."
    )


def _nothing_to_run(
    sources: Sequence[ModelSource], settings: Settings, restriction: Restriction
) -> str:
    models = ", ".join(source.model.name for source in sources)
    return (
        f"Nothing to run: none of the models {models} can be asked for "
        f"{' or '.join(restriction.operators)}: gradient and hessian are of functions with a "
        "scalar output, jacobian of those without, derivative of scalar input and output, "
        "per_sample_gradient of models that name samples; and at most "
        f"{settings.effort.passes} passes through a function are made for one answer."
    )
