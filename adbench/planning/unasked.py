"""What was named and is asked nothing, or answers nothing: it has not passed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from adbench.cases.operators import Operator
from adbench.planning.plan import Plan
from adbench.registry import FILE_STAGING
from adbench.results.row import Outcome


@dataclass(frozen=True)
class Named:
    """What the user named, each empty where all that is customary was meant."""

    models: tuple[str, ...] = ()
    """The names of the models."""
    backends: tuple[str, ...] = ()
    """The names of the backends."""
    operators: tuple[str, ...] = ()
    """The operators."""
    sizes: tuple[str, ...] = ()
    """The sizes."""


def with_unasked(plan: Plan, named: Named) -> Plan:
    """Return the plan, with a sentence on everything that was named and is asked nothing."""
    return replace(plan, unasked=tuple(_unasked(plan, named)))


def silent_backends(cells: Iterable[tuple[str, str, str]]) -> list[str]:
    """Say, a sentence each, which backends that were named by a file have answered nothing.

    Values are no answer where a derivative was asked for too. cells: of each cell that has ended
    the backend, the operator and the outcome.
    """
    outcomes: dict[str, set[str]] = {}
    outcomes_of_derivatives: dict[str, set[str]] = {}
    for backend, operator, outcome in cells:
        if backend.endswith(f":{FILE_STAGING}"):
            outcomes.setdefault(backend, set()).add(outcome)
            if operator != Operator.VALUE:
                outcomes_of_derivatives.setdefault(backend, set()).add(outcome)
    return [
        f"The backend {backend} has answered nothing."
        if backend not in outcomes_of_derivatives
        else f"The backend {backend} has answered no derivative."
        for backend, ended in (outcomes | outcomes_of_derivatives).items()
        if Outcome.OK not in ended
    ]


def _unasked(plan: Plan, named: Named) -> Iterator[str]:
    groups = [group for group in plan.groups if not group.beyond]
    asked = Named(
        models=tuple(group.question.model for group in groups),
        backends=tuple(entry.name for group in groups for _, entry in plan.cells(group)),
        operators=tuple(group.question.operator.value for group in groups),
        sizes=tuple(group.question.size for group in groups),
    )
    restricted = _restricted(named)
    is_native = any(plan.judges_native(group.source.model) for group in groups)
    for name in _missing(named.models, asked.models):
        yield f"The model {name} was asked nothing: nothing of it can be asked {restricted}."
    for name in _missing(named.backends, asked.backends):
        advice = "; --specification asks it beside hand-written functions" if is_native else ""
        yield (
            f"The backend {name} was asked nothing: it is not asked for what these models have "
            f"{restricted}{advice}."
        )
    for name in _missing(named.operators, asked.operators):
        yield f"The operator {name} was asked of no model here."
    for name in _missing(named.sizes, asked.sizes):
        yield f"The size {name} was asked of no model here."


def _missing(names: Sequence[str], asked: Sequence[str]) -> list[str]:
    """The names, each once, that are not among those asked."""
    return [name for name in dict.fromkeys(names) if name not in asked]


def _restricted(named: Named) -> str:
    """What a run is restricted to, in words."""
    words = []
    if named.operators:
        words.append(f"for {' or '.join(named.operators)}")
    if named.sizes:
        words.append(f"at {' or '.join(named.sizes)}")
    return " ".join(words) or "in the modes of this run"
