"""The plan: which cases a run asks of which backends, in groups that are measured side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

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

LARGEST_SEED = 2**64 - 1
"""The largest seed that a message to a worker can hold."""

FIRST_ORDER = 1
"""The order to which a hand-written derivative is judged unless another is asked for: a backward
pass that is right, and cannot be differentiated again, is what people write."""

HIGHEST_ORDER = 2
"""The highest order of an operator of functions of several scalars."""

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
    """k to keep every k-th value of a sweep's parameters, 0 to leave the sweep out."""
    passes: int
    """Cases whose mode needs more passes through the function than this are left out."""
    all_modes: bool
    """Whether `EXTRA_MODES` are asked for as well."""
    rounds: int
    """How many turns each cell gets, 0 where cells are checked and not timed."""
    pairs: int
    """The most paired samples in a turn."""
    turn_s: float
    """A turn ends when it has lasted this long (s)."""
    most_s: float
    """The turns of a cell end when they have lasted this long together (s)."""
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
    def timed(self) -> bool:
        """Whether cells are timed, not only checked."""
        return self.rounds > 0


CHECK = Preset(
    "check",
    sizes=2,
    sweep_thinning=0,
    passes=256,
    all_modes=False,
    rounds=0,
    pairs=0,
    turn_s=0.0,
    most_s=0.0,
    points=3,
    budget_s=20.0,
)
QUICK = Preset(
    "quick",
    sizes=1,
    sweep_thinning=2,
    passes=64,
    all_modes=False,
    rounds=6,
    pairs=2,
    turn_s=0.005,
    most_s=0.5,
)
DEFAULT = Preset(
    "customary",
    sizes=2,
    sweep_thinning=1,
    passes=256,
    all_modes=False,
    rounds=6,
    pairs=4,
    turn_s=0.02,
    most_s=0.6,
)
FULL = Preset(
    "full",
    sizes=99,
    sweep_thinning=1,
    passes=1024,
    all_modes=True,
    rounds=12,
    pairs=6,
    turn_s=0.1,
    most_s=10.0,
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

    def cells(self, group: Group) -> list[tuple[Case, Entry]]:
        """Return the cells of a group.

        Every case on every backend, a native implementation on its framework alone. In a check the
        specification beside one is asked of its framework alone, unless the settings say otherwise.
        """
        return [
            (case, entry)
            for entry in self.backends
            for case in group.cases
            if self._is_asked(group, case, entry)
        ]

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
) -> Plan:
    """Make the plan of a run.

    operators, sizes: the names asked for; all that apply, and the first few sizes, where empty.
    Raises SpecError where a name is unknown, or where nothing is left to ask.
    """
    restriction = Restriction(tuple(operators), tuple(sizes), tuple(dtypes))
    _check_seed(settings.seed)
    _check_operators(restriction.operators)
    _check_sizes(restriction.sizes, sources)
    _check_native(sources, backends)
    groups: list[Group] = []
    for source in sources:
        groups += _groups_at_sizes(source, settings, restriction)
        groups += _groups_of_sweep(source, settings, restriction)
    _check_order(settings, groups, backends)
    native_order = settings.order or FIRST_ORDER
    if restriction.operators and settings.order is None:
        native_order = max((group.question.order for group in groups), default=FIRST_ORDER)
    everything = Plan(tuple(groups), tuple(backends), settings, native_order)
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
    for size in sizes:
        if size not in source.model.sizes:
            continue
        inputs = settings.points.first(source.model, size)
        if size == sizes[0]:
            check_style(source.model, inputs)
            _check_orders(source.model, inputs)
        all_orders = effort.all_orders or size == sizes[0]
        for dtype in restriction.dtypes:
            for operator, order in questions(source.model, inputs, settings.order):
                if order > HIGHEST_ORDER_AT_LARGER_SIZES and not all_orders:
                    continue
                if not _is_wanted(operator, restriction, effort):
                    continue
                cases = cases_of(source.model, size, dtype, operator, order, inputs, effort)
                if cases:
                    yield Group(source, cases, inputs.n, inputs.m)


def _is_wanted(operator: Operator, restriction: Restriction, effort: Preset) -> bool:
    """Whether an operator is named, or asked for where none is."""
    if restriction.operators:
        return restriction.allows(operator)
    return effort.all_modes or operator not in EXTRA_OPERATORS


def _groups_of_sweep(
    source: ModelSource, settings: Settings, restriction: Restriction
) -> Iterator[Group]:
    """The Jacobian at each size of a model's sweep that is asked for."""
    if not restriction.allows(Operator.JACOBIAN):
        return
    sizes = _thinned_sweep(source.model, settings.effort)
    if restriction.sizes:
        sizes = [size for size in restriction.sizes if size in source.model.sweep]
    for size in sizes:
        inputs = settings.points.first(source.model, size)
        for dtype in restriction.dtypes:
            cases = cases_of(
                source.model, size, dtype, Operator.JACOBIAN, 1, inputs, settings.effort
            )
            if cases:
                yield Group(source, cases, inputs.n, inputs.m, swept=True)


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
    effort: Preset,
) -> tuple[Case, ...]:
    """Return a question in every mode that takes few enough passes, for each implementation."""
    implementations = [SPECIFICATION, NATIVE] if model.native else [SPECIFICATION]
    return tuple(
        Case(model.name, size, dtype, operator, order, mode, implementation)
        for implementation in implementations
        for mode in modes_of(operator, order)
        if passes(operator, mode, inputs.n, inputs.m) <= effort.passes
    )


def _thinned_sweep(model: Model, effort: Preset) -> list[str]:
    """The sizes of a sweep with every k-th value of each parameter, its ends included."""
    if not effort.sweep_thinning:
        return []
    kept: dict[str, set[object]] = {}
    for parameter in next(iter(model.sweep.values()), {}):
        values = sorted({size[parameter] for size in model.sweep.values()})
        kept[parameter] = {*values[:: effort.sweep_thinning], values[-1]}
    return [
        name
        for name, size in model.sweep.items()
        if all(size[parameter] in values for parameter, values in kept.items())
    ]


def _check_order(settings: Settings, groups: Sequence[Group], backends: Sequence[Entry]) -> None:
    """Raise SpecError for an order of derivatives that no model, or no backend, can be asked for."""
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
            f"Order {order} was asked for: derivatives above order {HIGHEST_NESTED_ORDER} are asked "
            f"in Taylor mode, which {names} does not have. Give at most {HIGHEST_NESTED_ORDER}, or "
            "a backend that has it, such as reference."
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
    names = [name for source in sources for name in (*source.model.sizes, *source.model.sweep)]
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
