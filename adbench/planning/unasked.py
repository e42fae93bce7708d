"""What was named and is asked nothing, or answers nothing: it has not passed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from adbench.planning.plan import Plan
from adbench.registry import file_of_backend


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


def silent_backends(plan: Plan, asked: Collection[str], answered: Collection[str]) -> list[str]:
    """Say, a sentence each, which backends that were named by a file have answered nothing.

    asked, answered: the names of the backends with rows, and of those with an answer among them.
    """
    sentences = []
    for entry in plan.backends:
        path = file_of_backend(entry)
        if path is not None and entry.name in asked and entry.name not in answered:
            sentences.append(f"The backend {entry.name} of {path} has answered nothing.")
    return sentences


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
