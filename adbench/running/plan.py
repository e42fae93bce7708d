"""The plan: which cases a run asks of which backends, in groups that are measured side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adbench import registry
from adbench.backends.catalog import Entry
from adbench.cases.case import DTYPES, NATIVE, SPECIFICATION, Case
from adbench.cases.inputs import Inputs
from adbench.cases.model import Model, SpecError
from adbench.cases.operators import (
    HIGHEST_NESTED_ORDER,
    NEEDS_SCALAR_OUTPUT,
    Mode,
    Operator,
    modes_of,
    order_of,
    passes,
)
from adbench.cases.style import check_style
from adbench.registry import ModelSource, nearest
from adbench.running.points import Points
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

LARGEST_SEED = 2**64 - 1
"""The largest seed that a message to a worker can hold."""

FIRST_ORDER = 1
"""The order to which a hand-written derivative is judged unless another is asked for: a backward
pass that is right, and cannot be differentiated again, is what people write."""

HIGHEST_ORDER = 2
"""The highest order of an operator of functions of several scalars."""

FEWEST_SWEPT = 3
"""A sweep of fewer values of n, or of m, shows no boundary."""

EXTRA_OPERATORS = {Operator.VALUE_AND_GRADIENT}
"""What is asked where it is named, and in a full run: its parts are asked anyway."""


@dataclass(frozen=True)
class Preset:
    """How much a run measures."""

    name: str
    """What the environment of a run calls it."""
    sizes: int
    """How many of a model's sizes are measured, from the smallest."""
    sweep_thinning: int
    """k to keep every k-th value of a sweep's parameters, 0 to leave the sweep out. Where fewer
    than `FEWEST_SWEPT` values would be left, the sweep is one for a fuller run."""
    swept_to: int
    """The largest n and m of a sweep."""
    swept_entries: int
    """The most entries of a Jacobian of a sweep: its truth takes some 10 us an entry."""
    growth_thinning: int
    """k to keep every k-th size of each axis of a model's growth, 0 to leave growth out."""
    passes: int
    """Cases whose mode needs more passes through the function than this are left out."""
    all_modes: bool
    """Whether `EXTRA_MODES` are asked for as well."""
    sampling: Sampling | None
    """How much each cell is sampled; None where cells are checked and not timed."""
    timeout_s: float = 60.0
    """The limit of a cell (s) unless another is given."""
    points: int = 1
    """At how many further points answers are judged."""
    budget_s: float = 0.0
    """How long (s) a hand-written function is looked at beyond what was asked: in another dtype, at
    larger sizes, by other arguments."""
    all_orders: bool = False
    """Whether derivatives of order 3 and more are asked at every size, not only at the first, and
    of a backend beyond the orders that it answers within seconds."""

    @property
    def compares_stagings(self) -> bool:
        """Whether models have all stagings compared, each of which starts a framework anew."""
        return self.timed and self.sizes > 1

    @property
    def timed(self) -> bool:
        """Whether cells are timed, not only checked."""
        return self.sampling is not None


CHECK = Preset(
    "check",
    sizes=2,
    sweep_thinning=0,
    growth_thinning=0,
    swept_to=0,
    swept_entries=0,
    passes=256,
    all_modes=False,
    sampling=None,
    points=3,
    budget_s=20.0,
)
QUICK = Preset(
    "quick",
    sizes=1,
    sweep_thinning=3,
    growth_thinning=6,
    swept_to=1024,
    swept_entries=1 << 16,
    passes=64,
    all_modes=False,
    sampling=Sampling(precision=0.2, turns=2, most_s=0.15),
)
DEFAULT = Preset(
    "customary",
    sizes=2,
    sweep_thinning=2,
    growth_thinning=3,
    swept_to=1024,
    swept_entries=1 << 16,
    passes=256,
    all_modes=False,
    sampling=Sampling(most_s=0.4),
)
FULL = Preset(
    "full",
    sizes=99,
    sweep_thinning=1,
    growth_thinning=1,
    swept_to=4096,
    swept_entries=1 << 20,
    passes=1024,
    all_modes=True,
    sampling=Sampling(precision=0.05, equality=0.02, turns=6, most_s=10.0),
    timeout_s=600.0,
    all_orders=True,
)
PRESETS = {"quick": QUICK, "default": DEFAULT, "full": FULL}
"""The presets of a run, by the names that users give; a check has its own."""


@dataclass(frozen=True)
class Settings:
    """What holds for a whole run."""

    effort: Preset = DEFAULT
    """How much is measured."""
    threads: int = 1
    """How many threads each worker may use."""
    timeout_s: float = DEFAULT.timeout_s
    """The time that each cell may take (s)."""
    seed: int = 0
    """The seed of the models' inputs."""
    lowest_dtype: str = DTYPES[0]
    """The lowest dtype of the run, in which the inputs are representable."""
    order: int | None = None
    """The highest order of derivatives that is asked; None: of a hand-written function the first,
    of a specification all."""
    resolution: float | None = None
    """The relative error that a check must be able to see; None for what the judge asks."""
    specification: bool = False
    """Whether a specification is asked like any other beside a hand-written function."""

    precision: float | None = None
    """The width of an interval, as a fraction of its median, that is narrow enough; None for what
    the preset says."""
    are_dtypes_free: bool = False
    """Whether no dtype was named, so that a hand-written function may be judged in another than is
    customary."""
    budget_s: float | None = None
    """How long (s) a hand-written function is looked at beyond what was asked; None for what the
    preset says."""

    @property
    def points(self) -> Points:
        """The points at which the models are evaluated."""
        return Points(self.seed, self.lowest_dtype, self.effort.points, far=not self.effort.timed)

    @property
    def thins_orders(self) -> bool:
        """Whether some orders of derivatives are left out between those that are asked."""
        return self.effort.timed and not self.effort.all_orders and self.order is None

    @property
    def sampling(self) -> Sampling:
        """How much each cell is sampled, in a run that times its cells."""
        sampling = self.effort.sampling or Sampling()
        if self.precision is None:
            return sampling
        return replace(sampling, precision=self.precision)

    @property
    def most_beyond_s(self) -> float:
        """How long (s) a hand-written function is looked at beyond what was asked."""
        return self.effort.budget_s if self.budget_s is None else self.budget_s


@dataclass(frozen=True)
class Group:
    """One question, in every mode it is asked in.

    Its cells on all backends are measured in turns.
    """

    source: ModelSource
    """The model that is asked."""
    cases: tuple[Case, ...]
    """The question in each of its modes and implementations."""
    n: int
    """The number of active scalars."""
    m: int
    """The number of output scalars."""
    swept: bool = False
    """Whether the size belongs to the model's sweep."""
    growth: str = ""
    """The axis of the model's growth that the size belongs to; "" where it belongs to none."""
    stagings: bool = False
    """Whether it is asked in all stagings, those included that a run has only where they are
    named."""
    stagings_alone: bool = False
    """Whether it is asked for that alone."""
    beyond: str = ""
    """What is looked at beyond what was asked, such as "float32"; "" where it was asked."""
    about: str = ""
    """The name of the model that this is beyond."""

    @property
    def question(self) -> Case:
        """A case that stands for the question."""
        return self.cases[0]


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
            return cells
        further = [
            (case, entry)
            for entry in self.further_stagings
            for case in group.cases
            if case.mode is Mode.REVERSE and case.implementation == SPECIFICATION
        ]
        return cells + further

    def compares_stagings_alone(self, group: Group, entry: Entry) -> bool:
        """Whether a backend is asked a group to compare stagings, and for nothing else."""
        return group.stagings_alone or entry not in self.backends

    def _is_asked(self, group: Group, case: Case, entry: Entry) -> bool:
        effort = self.settings.effort
        if not self._is_of_interest(group.source.model, case, entry):
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


@dataclass(frozen=True)
class Restriction:
    """What a run is restricted to by name."""

    operators: tuple[str, ...]
    """The operators; all that apply where empty."""
    sizes: tuple[str, ...]
    """The sizes; those that the preset asks for where empty."""
    dtypes: tuple[str, ...]
    """The dtypes."""

    def allows(self, operator: Operator) -> bool:
        """Whether an operator is among those asked for."""
        return not self.operators or operator in self.operators


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
    _check_seed(settings.seed)
    _check_operators(restriction.operators)
    _check_sizes(restriction.sizes, sources)
    _check_native(sources, backends)
    groups: list[Group] = []
    left_out: list[str] = []
    for source in sources:
        groups += _groups_at_sizes(source, settings, restriction)
        groups += _groups_of_sweep(source, settings, restriction)
        groups += _groups_of_growth(source, settings, restriction)
        if further_stagings and settings.effort.compares_stagings:
            groups = _with_stagings(groups, source, settings, restriction)
        left_out += _sizes_left_out(source, settings, restriction)
    _check_order(settings, groups, backends)
    native_order = settings.order or FIRST_ORDER
    if restriction.operators and settings.order is None:
        native_order = max((group.question.order for group in groups), default=FIRST_ORDER)
    everything = Plan(
        tuple(groups),
        tuple(backends),
        settings,
        native_order,
        tuple(further_stagings),
        tuple(left_out),
    )
    asked_of_backends = tuple(group for group in groups if everything.cells(group))
    if not asked_of_backends:
        raise SpecError(_nothing_to_run(sources, settings, restriction))
    return replace(everything, groups=asked_of_backends)


def _groups_at_sizes(
    source: ModelSource, settings: Settings, restriction: Restriction
) -> Iterator[Group]:
    """Every question that applies to a model, at each of its sizes that is asked for."""
    effort = settings.effort
    sizes = restriction.sizes or tuple(source.model.sizes)[: effort.sizes]
    if _is_asked_by_sweeps_alone(source.model, effort, restriction):
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


def _is_wanted(operator: Operator, restriction: Restriction, effort: Preset) -> bool:
    """Whether an operator is named, or asked for where none is."""
    if restriction.operators:
        return restriction.allows(operator)
    return effort.all_modes or operator not in EXTRA_OPERATORS


def _groups_of_sweep(
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


def _sizes_left_out(
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


def _is_asked_by_sweeps_alone(model: Model, effort: Preset, restriction: Restriction) -> bool:
    """Whether a model is asked for nothing but its sweep, or what its growth is seen by.

    It is made for that, and its other questions are those of other models.
    """
    if effort.all_modes or restriction.operators or restriction.sizes:
        return False
    return bool(_thinned_sweep(model, effort) or (model.growth and effort.growth_thinning))


def _groups_of_growth(
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


def _with_stagings(
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


def questions(
    model: Model, inputs: Inputs, highest_order: int | None = None
) -> list[tuple[Operator, int]]:
    """Return the operators that apply to a model, each with its order.

    highest_order: what is asked for; None for all that apply.
    """
    if inputs.is_scalar_to_scalar:
        orders = range(1, 1 + (highest_order or model.orders))
        derivatives = [(Operator.DERIVATIVE, order) for order in orders]
        return [(Operator.VALUE, 0), *derivatives, (Operator.VJP, 1)]
    excluded = {Operator.DERIVATIVE}
    if inputs.cotangent.shape == ():
        # Its Jacobian is its gradient; its VJP is that times a cotangent, which a backward pass may
        # forget.
        excluded.add(Operator.JACOBIAN)
    else:
        excluded |= NEEDS_SCALAR_OUTPUT
    applicable = [operator for operator in Operator if operator not in excluded]
    if highest_order is not None:
        applicable = [operator for operator in applicable if order_of(operator) <= highest_order]
    return [(operator, order_of(operator)) for operator in applicable]


def cases_of(
    model: Model,
    size: str,
    dtype: str,
    operator: Operator,
    order: int,
    inputs: Inputs,
    most_passes: int | None,
) -> tuple[Case, ...]:
    """Return a question in every mode that takes few enough passes, for each implementation.

    most_passes: None where their number does not matter.
    """
    implementations = [SPECIFICATION, NATIVE] if model.native else [SPECIFICATION]
    return tuple(
        Case(model.name, size, dtype, operator, order, mode, implementation)
        for implementation in implementations
        for mode in modes_of(operator, order)
        if most_passes is None or passes(operator, mode, inputs.n, inputs.m) <= most_passes
    )


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


def _check_seed(seed: int) -> None:
    if seed > LARGEST_SEED:
        raise SpecError(f"The seed is {seed}; give an integer of at most {LARGEST_SEED}.")


def check_dtypes(dtypes: Sequence[str]) -> None:
    """Raise SpecError for a dtype that no case can ask for."""
    for dtype in dtypes:
        if dtype not in DTYPES:
            raise SpecError(nearest("dtype", dtype, DTYPES))


def _check_operators(operators: Sequence[str]) -> None:
    names = [operator.value for operator in Operator]
    for operator in operators:
        if operator not in names:
            raise SpecError(nearest("operator", operator, names))


def _check_sizes(sizes: Sequence[str], sources: Sequence[ModelSource]) -> None:
    names: list[str] = []
    for source in sources:
        grown = [name for axis in source.model.growth.values() for name in axis]
        names += [*source.model.sizes, *source.model.sweep, *grown]
    for size in sizes:
        if size not in names:
            raise SpecError(nearest("size", size, names))


def _check_native(sources: Sequence[ModelSource], backends: Sequence[Entry]) -> None:
    """Raise SpecError for a hand-written function of a framework that does not exist.

    It would never be judged, and nobody would know.
    """
    entries = (*registry.backends().values(), *backends)
    frameworks = list(dict.fromkeys(entry.framework for entry in entries))
    for source in sources:
        for framework in source.model.native:
            if framework not in frameworks:
                raise SpecError(
                    f"native of the model {source.model.name!r}: "
                    f"{nearest('framework', framework, frameworks)}"
                )


def _nothing_to_run(
    sources: Sequence[ModelSource], settings: Settings, restriction: Restriction
) -> str:
    models = ", ".join(source.model.name for source in sources)
    return (
        f"Nothing to run: none of the models {models} can be asked for "
        f"{' or '.join(restriction.operators)}: gradient and hessian are of functions with a "
        "scalar output, jacobian of those without, derivative of scalar input and output; and at "
        f"most {settings.effort.passes} passes through a function are made for one answer."
    )
