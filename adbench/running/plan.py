"""The plan: which cases a run asks of which backends, in groups that are measured side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from adbench import registry
from adbench.backends.catalog import Entry
from adbench.cases.case import DTYPES, NATIVE, SPECIFICATION, Case
from adbench.cases.inputs import Inputs, make_inputs
from adbench.cases.model import Model, SpecError
from adbench.cases.operators import MODES, NEEDS_SCALAR_OUTPUT, Mode, Operator, order_of, passes
from adbench.registry import ModelSource, nearest
from adbench.running.points import Points

EXTRA_MODES = {
    (Operator.JVP, Mode.REVERSE),
    (Operator.VJP, Mode.FORWARD),
    (Operator.HVP, Mode.FORWARD_OVER_FORWARD),
    (Operator.HESSIAN, Mode.FORWARD_OVER_FORWARD),
}
"""What can be asked, and is of use where there is nothing better."""


@dataclass(frozen=True)
class Preset:
    """How much a run measures.

    sizes: how many of a model's sizes, from the smallest;
    sweep_thinning: k to keep every k-th value of a sweep's parameters, 0 to leave the sweep out;
    passes: cases whose mode needs more passes through the function than this are left out;
    all_modes: whether JVPs are also asked for in reverse mode, VJPs in forward mode and second
        orders in forward-over-forward mode, which is of use where there is no other;
    rounds: how many turns each cell gets, 0 where cells are checked and not timed;
    pairs: the most paired samples in a turn;
    turn_s: a turn ends when it has lasted this long (s), and most_s: the turns of a cell when they
    have;
    timeout_s: the limit of a cell (s) unless another is given;
    all_orders: whether derivatives of order 3 and more are asked at every size, not only at the
    first, and of a backend beyond the orders that it answers within seconds.
    """

    name: str
    sizes: int
    sweep_thinning: int
    passes: int
    all_modes: bool
    rounds: int
    pairs: int
    turn_s: float
    most_s: float
    timeout_s: float = 60.0
    all_orders: bool = False

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


@dataclass(frozen=True)
class Settings:
    """What holds for a whole run. `timeout_s` limits each cell (s); `threads` each worker."""

    effort: Preset = DEFAULT
    threads: int = 1
    timeout_s: float = DEFAULT.timeout_s
    seed: int = 0
    lowest_dtype: str = DTYPES[0]

    @property
    def points(self) -> Points:
        """The points at which the models are evaluated."""
        return Points(self.seed, self.lowest_dtype)


@dataclass(frozen=True)
class Group:
    """One question, in every mode it is asked in; its cells on all backends are measured in
    turns."""

    source: ModelSource
    cases: tuple[Case, ...]
    n: int
    m: int
    swept: bool = False

    @property
    def question(self) -> Case:
        """A case that stands for the question."""
        return self.cases[0]


@dataclass(frozen=True)
class Plan:
    """All groups of a run, and the backends that they are asked of."""

    groups: tuple[Group, ...]
    backends: tuple[Entry, ...]
    settings: Settings

    def cells(self, group: Group) -> list[tuple[Case, Entry]]:
        """Return the cells of a group: every case on every backend, a native implementation on its
        framework alone."""
        return [
            (case, entry)
            for entry in self.backends
            for case in group.cases
            if self._is_asked(group, case, entry)
        ]

    def _is_asked(self, group: Group, case: Case, entry: Entry) -> bool:
        effort = self.settings.effort
        if case.implementation == NATIVE and entry.framework not in group.source.model.native:
            return False
        if entry.only_forward:
            return "reverse" not in case.mode
        if not effort.all_modes and (case.operator, case.mode) in EXTRA_MODES:
            return False
        return effort.all_orders or case.order <= entry.orders.get(case.mode, case.order)

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
) -> Plan:
    """Make the plan of a run.

    operators, sizes: the names asked for; all that apply, and the first few sizes, where empty.
    Raises SpecError where a name is unknown, or where nothing is left to ask.
    """
    operators, sizes = list(operators), list(sizes)
    for operator in operators:
        if operator not in list(Operator):
            raise SpecError(nearest("operator", operator, [known.value for known in Operator]))
    _check_sizes(sources, sizes)
    _check_native(sources, backends)
    groups: list[Group] = []
    for source in sources:
        model = source.model
        chosen = sizes or list(model.sizes)[: settings.effort.sizes]
        for size in (size for size in chosen if size in model.sizes):
            inputs = make_inputs(model, size, settings.seed, settings.lowest_dtype)
            for dtype in dtypes:
                highest = None if settings.effort.all_orders or size == chosen[0] else 2
                for operator, order in questions(model, inputs):
                    if (not operators or operator in operators) and (
                        highest is None or order <= highest
                    ):
                        groups += _group(
                            source, size, dtype, operator, order, inputs, settings.effort
                        )
        swept = (
            [size for size in sizes if size in model.sweep]
            if sizes
            else _thinned(model, settings.effort)
        )
        for size in swept:
            if not operators or Operator.JACOBIAN in operators:
                inputs = make_inputs(model, size, settings.seed, settings.lowest_dtype)
                for dtype in dtypes:
                    swept_group = _group(
                        source, size, dtype, Operator.JACOBIAN, 1, inputs, settings.effort
                    )
                    groups += [replace(group, swept=True) for group in swept_group]
    if not groups:
        raise SpecError(
            f"Nothing to run: none of the models {', '.join(s.model.name for s in sources)} can be "
            "asked for "
            f"{' or '.join(operators)}: gradient and hessian are of functions with a scalar "
            "output, jacobian of "
            "those without, derivative of scalar input and output; and at most "
            f"{settings.effort.passes} passes through a function are made for one answer."
        )
    return Plan(tuple(groups), tuple(backends), settings)


def questions(model: Model, inputs: Inputs) -> list[tuple[Operator, int]]:
    """Return the operators that apply to a model, each with its order."""
    if inputs.is_scalar_to_scalar:
        derivatives = [(Operator.DERIVATIVE, order) for order in range(1, model.orders + 1)]
        return [(Operator.VALUE, 0), *derivatives, (Operator.VJP, 1)]
    scalar = inputs.cotangent.shape == ()
    asked = [operator for operator in Operator if operator is not Operator.DERIVATIVE]
    if scalar:
        # Its Jacobian is its gradient; its VJP is that times a cotangent, which a backward pass may
        # forget.
        asked = [operator for operator in asked if operator is not Operator.JACOBIAN]
    else:
        asked = [operator for operator in asked if operator not in NEEDS_SCALAR_OUTPUT]
    return [(operator, order_of(operator)) for operator in asked]


def _group(
    source: ModelSource,
    size: str,
    dtype: str,
    operator: Operator,
    order: int,
    inputs: Inputs,
    effort: Preset,
) -> list[Group]:
    modes = [
        mode
        for mode in MODES[operator]
        if passes(operator, mode, inputs.n, inputs.m) <= effort.passes
    ]
    implementations = [SPECIFICATION] + ([NATIVE] if source.model.native else [])
    cases = tuple(
        Case(source.model.name, size, dtype, operator, order, mode, implementation)
        for implementation in implementations
        for mode in modes
    )
    return [Group(source, cases, inputs.n, inputs.m)] if cases else []


def _thinned(model: Model, effort: Preset) -> list[str]:
    """Every k-th value of each parameter of the sweep, its ends included."""
    if not effort.sweep_thinning:
        return []
    kept: dict[str, set[object]] = {}
    for parameter in next(iter(model.sweep.values()), {}):
        values = sorted({size[parameter] for size in model.sweep.values()})
        kept[parameter] = {*values[:: effort.sweep_thinning], values[-1]}
    return [name for name, size in model.sweep.items() if all(size[p] in kept[p] for p in kept)]


def _check_sizes(sources: Sequence[ModelSource], sizes: Sequence[str]) -> None:
    known = [name for source in sources for name in (*source.model.sizes, *source.model.sweep)]
    for size in sizes:
        if size not in known:
            raise SpecError(nearest("size", size, known))


def _check_native(sources: Sequence[ModelSource], backends: Sequence[Entry]) -> None:
    """A hand-written function for a framework that does not exist would never be judged, and nobody
    would know."""
    known = dict.fromkeys(entry.framework for entry in (*registry.backends().values(), *backends))
    for source in sources:
        for framework in source.model.native:
            if framework not in known:
                raise SpecError(
                    f"native of the model {source.model.name!r}: "
                    f"{nearest('framework', framework, known)}"
                )
