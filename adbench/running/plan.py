"""The plan: which cases a run asks of which backends, in groups that are measured side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from adbench.backends.catalog import Entry
from adbench.registry import ModelSource, nearest
from adbench.spec.case import DTYPES, NATIVE, SPECIFICATION, Case
from adbench.spec.inputs import Inputs, make_inputs
from adbench.spec.model import Model, SpecError
from adbench.spec.operators import MODES, NEEDS_SCALAR_OUTPUT, Mode, Operator, order_of, passes


@dataclass(frozen=True)
class Effort:
    """How much a run measures.

    sizes: how many of a model's sizes, from the smallest;
    sweep_thinning: k to keep every k-th value of a sweep's parameters;
    passes: cases whose mode needs more passes through the function than this are left out;
    transposed: whether JVPs are also asked for in reverse and VJPs in forward mode;
    rounds: how many turns each cell gets; pairs: the most paired samples in a turn;
    turn_s: a turn ends when it has lasted this long (s).
    """

    name: str
    sizes: int
    sweep_thinning: int
    passes: int
    transposed: bool
    rounds: int
    pairs: int
    turn_s: float


QUICK = Effort("quick", sizes=1, sweep_thinning=2, passes=64, transposed=False, rounds=6, pairs=2, turn_s=0.005)
CUSTOMARY = Effort("customary", sizes=2, sweep_thinning=1, passes=256, transposed=False, rounds=6, pairs=4, turn_s=0.02)
FULL = Effort("full", sizes=99, sweep_thinning=1, passes=1024, transposed=True, rounds=12, pairs=6, turn_s=0.1)


@dataclass(frozen=True)
class Settings:
    """What holds for a whole run. `timeout_s` limits each cell (s); `threads` each worker."""

    effort: Effort = CUSTOMARY
    threads: int = 1
    timeout_s: float = 60.0
    seed: int = 0
    lowest_dtype: str = DTYPES[0]


@dataclass(frozen=True)
class Group:
    """One question, in every mode it is asked in; its cells on all backends are measured in turns."""

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
        """Return the cells of a group: every case on every backend, a native implementation on its framework alone."""
        return [
            (case, entry)
            for entry in self.backends
            for case in group.cases
            if case.implementation == SPECIFICATION or entry.framework in group.source.model.native
        ]

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

    operators, sizes: the names asked for; all that apply, and the first few sizes, where empty. Raises SpecError where
    a name is unknown, or where nothing is left to ask.
    """
    operators, sizes = list(operators), list(sizes)
    _check_sizes(sources, sizes)
    groups: list[Group] = []
    for source in sources:
        model = source.model
        chosen = sizes or list(model.sizes)[: settings.effort.sizes]
        for size in (size for size in chosen if size in model.sizes):
            inputs = make_inputs(model, size, settings.seed, settings.lowest_dtype)
            for dtype in dtypes:
                for operator, order in questions(model, inputs):
                    if not operators or operator in operators:
                        groups += _group(source, size, dtype, operator, order, inputs, settings.effort)
        swept = [size for size in sizes if size in model.sweep] if sizes else _thinned(model, settings.effort)
        for size in swept:
            if not operators or Operator.JACOBIAN in operators:
                inputs = make_inputs(model, size, settings.seed, settings.lowest_dtype)
                for dtype in dtypes:
                    swept_group = _group(source, size, dtype, Operator.JACOBIAN, 1, inputs, settings.effort)
                    groups += [replace(group, swept=True) for group in swept_group]
    if not groups:
        raise SpecError(
            f"Nothing to run: none of the models {', '.join(s.model.name for s in sources)} can be asked for "
            f"{' or '.join(operators)}, which needs a scalar output, or scalar input, that they do not have."
        )
    return Plan(tuple(groups), tuple(backends), settings)


def questions(model: Model, inputs: Inputs) -> list[tuple[Operator, int]]:
    """Return the operators that apply to a model, each with its order."""
    if inputs.is_scalar_to_scalar:
        derivatives = [(Operator.DERIVATIVE, order) for order in range(1, model.orders + 1)]
        return [(Operator.VALUE, 0), *derivatives]
    scalar = inputs.cotangent.shape == ()
    asked = [operator for operator in Operator if operator is not Operator.DERIVATIVE]
    if scalar:  # the Jacobian and the VJP of a scalar function are its gradient, up to a factor
        asked = [operator for operator in asked if operator not in (Operator.JACOBIAN, Operator.VJP)]
    else:
        asked = [operator for operator in asked if operator not in NEEDS_SCALAR_OUTPUT]
    return [(operator, order_of(operator)) for operator in asked]


def _group(
    source: ModelSource, size: str, dtype: str, operator: Operator, order: int, inputs: Inputs, effort: Effort
) -> list[Group]:
    modes = [mode for mode in MODES[operator] if passes(operator, mode, inputs.n, inputs.m) <= effort.passes]
    if operator is Operator.JVP and not effort.transposed:
        modes = [Mode.FORWARD]
    if operator is Operator.VJP and not effort.transposed:
        modes = [Mode.REVERSE]
    implementations = [SPECIFICATION] + ([NATIVE] if source.model.native else [])
    cases = tuple(
        Case(source.model.name, size, dtype, operator, order, mode, implementation)
        for implementation in implementations
        for mode in modes
    )
    return [Group(source, cases, inputs.n, inputs.m)] if cases else []


def _thinned(model: Model, effort: Effort) -> list[str]:
    """Every k-th value of each parameter of the sweep, its ends included."""
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
