"""An entry of an answer: which one errs most, and the number that it is the derivative of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adbench.backends.base import prepare, to_backend
from adbench.backends.reference import Tape
from adbench.cases.answer import collect
from adbench.cases.inputs import Array, Inputs
from adbench.cases.operators import Mode, Operator
from adbench.cases.question import Question
from reference_ad.engine import tree

LIKE_THE_ARGUMENT = frozenset(
    {Operator.GRADIENT, Operator.VALUE_AND_GRADIENT, Operator.VJP, Operator.DERIVATIVE}
)
"""Operators whose entries are derivatives by one active number each."""

Path = Callable[[float], float]
"""h -> g(h), whose derivative at 0 is an entry of an answer."""


@dataclass(frozen=True)
class Entry:
    """One entry of an answer."""

    place: int
    """The number of its array."""
    index: tuple[int, ...]
    """Where it is in that."""


@dataclass(frozen=True)
class Steps:
    """Where an entry of a derivative comes from.

    Its array is that of the output (`output`, "where" in it), or of the inner gradient for a second
    derivative, and it is the derivative along a direction in the active argument.
    """

    active: Entry | None
    """The active number by which it is a derivative; None where that is along the tangent."""
    output: tuple[int, ...] | None = None
    """The entry of the output that is differentiated; None for the sum with the cotangent."""
    inner: Entry | None = None
    """The entry of the gradient that is differentiated, for second derivatives."""


def steps_of(question: Question, entry: Entry) -> Steps | None:
    """Return where an entry of the answer to a question comes from; None for a value."""
    operator, place, index = question.operator, entry.place, entry.index
    leaves = question.active_leaves
    rank = question.inputs.cotangent.ndim
    if operator is Operator.VALUE_AND_GRADIENT:
        return Steps(Entry(place - 1, index)) if place else None
    if operator in LIKE_THE_ARGUMENT:
        return Steps(entry)
    if operator is Operator.JVP:
        return Steps(None, output=index)
    if operator is Operator.JACOBIAN:
        return Steps(Entry(place, index[rank:]), output=index[:rank])
    if operator is Operator.HVP:
        return Steps(None, inner=entry)
    if operator is Operator.HESSIAN:
        row, column = divmod(place, len(leaves))
        split = leaves[row].ndim
        return Steps(Entry(column, index[split:]), inner=Entry(row, index[:split]))
    return None


def path_of(question: Question, steps: Steps) -> Path:
    """Return the numbers along a line in the active argument whose slope at 0 is the entry.

    They are values of the function, or for higher derivatives those of one order less, of the
    reference engine. Everything is in float64.
    """
    inputs = question.inputs
    active = inputs.arguments[inputs.active]
    direction = inputs.tangent if steps.active is None else unit_like(active, steps.active)

    def moved(h: float) -> Question:
        arguments = list(inputs.arguments)
        arguments[inputs.active] = tree.map(lambda x, d: x + h * d, active, direction)
        return question.at(_with_arguments(question, arguments))

    if question.operator is Operator.DERIVATIVE and question.order > 1:
        return lambda h: _answer(moved(h).asking(Operator.DERIVATIVE, question.order - 1))[0].item()
    if steps.inner is not None:
        inner = steps.inner
        operator = Operator.GRADIENT if inputs.has_scalar_output else Operator.VJP
        return lambda h: float(_answer(moved(h).asking(operator))[inner.place][inner.index])
    weights = inputs.cotangent if question.operator is Operator.VJP else np.ones(())

    def number(h: float) -> float:
        at = moved(h)
        output = np.asarray(question.model.output(inputs.xp, *at.inputs.arguments))
        return float(np.sum(output * weights) if steps.output is None else output[steps.output])

    return number


def unit_like(active: Any, entry: Entry) -> Any:
    """Return a tree of zeros like the active argument, with a one at an entry."""
    leaves, structure = tree.flatten(active)
    zeros = [np.zeros(leaf.shape) for leaf in leaves]
    zeros[entry.place][entry.index] = 1.0
    return tree.unflatten(structure, zeros)


def _with_arguments(question: Question, arguments: Sequence[Any]) -> Inputs:
    return replace(question.inputs, arguments=tuple(arguments))


def _answer(question: Question) -> tuple[Array, ...]:
    """The answer of the reference engine."""
    backend = Tape()
    problem = to_backend(backend, question.model.output, question.inputs, question.operator)
    _, call = prepare(backend, problem, question.operator, Mode.REVERSE, question.order)
    answer = call(problem.active, problem.constants, problem.direction)
    return collect(answer, backend.to_numpy).arrays
