"""Questions about a function on a few of its active numbers, or along a few directions.

Their answers are parts, or contractions, of the answer to a larger question, and are enclosed,
certified and bounded like any other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from adbench.cases.inputs import Array
from adbench.cases.operators import Operator
from adbench.cases.question import Question
from adbench.truth.sample import Direction, Sample
from reference_ad.engine import tree

Lift = Callable[[Any, list[Any], Any], list[Any]]
"""Gives the leaves of the active argument: `lift(xp, leaves, variables)`."""


def along(question: Question, direction: Direction, left: Array | None) -> Question:
    """Return the question for the derivative of the output along a direction, a scalar.

    left: what a vector output is contracted with; None for a scalar output.
    """
    inputs = question.inputs
    structure = tree.flatten(inputs.arguments[inputs.active])[1]
    tangent = tree.unflatten(structure, direction)
    jvp = question.asking(Operator.JVP)
    if left is None:
        return jvp.at(replace(inputs, tangent=tangent))
    return _contracted(jvp.at(replace(inputs, tangent=tangent)), left)


def along_both(question: Question, left: Direction, right: Direction) -> Question:
    """Return the question for a Hessian of two numbers, the steps along two directions.

    Its entry [0, 1] is the second derivative along both. A vector output is contracted with the
    cotangent.
    """

    def lift(xp: Any, leaves: list[Any], steps: Any) -> list[Any]:
        return [
            x + steps[0] * xp.asarray(u) + steps[1] * xp.asarray(v)
            for x, u, v in zip(leaves, left, right, strict=True)
        ]

    steps = np.zeros(2)
    restricted = _restricted(question, lift, steps, np.ones(2))
    if not question.inputs.has_scalar_output:
        restricted = _contracted(restricted, question.inputs.cotangent)
    return restricted.asking(Operator.HESSIAN, 2)


def on_entries(question: Question, sample: Sample) -> Question:
    """Return the question with the active numbers alone that a sample has drawn."""
    positions = sample.positions()
    pairs = zip(question.active_leaves, positions, strict=True)
    drawn = np.concatenate([leaf.ravel()[chosen] for leaf, chosen in pairs])
    ends = np.cumsum([0, *(len(chosen) for chosen in positions)])

    def lift(xp: Any, leaves: list[Any], entries: Any) -> list[Any]:
        parts = zip(leaves, positions, ends[:-1], ends[1:], strict=True)
        return [
            _with_entries(xp, leaf, chosen, entries[int(low) : int(high)])
            for leaf, chosen, low, high in parts
        ]

    return _restricted(question, lift, drawn, np.ones(drawn.shape))


def _with_entries(xp: Any, leaf: Any, chosen: Array, entries: Any) -> Any:
    if not len(chosen):
        return leaf
    flat = xp.reshape(leaf, (math.prod(leaf.shape),))
    return xp.reshape(xp.set_at(flat, chosen, entries), leaf.shape)


def _restricted(question: Question, lift: Lift, variables: Any, tangent: Any) -> Question:
    """The question by other variables; the active argument is a constant, like all others."""
    inputs, function = question.inputs, question.model.function
    position = inputs.active

    def of_variables(xp: Any, variables: Any, *arguments: Any) -> Any:
        leaves, structure = tree.flatten(arguments[position])
        active = tree.unflatten(structure, lift(xp, leaves, variables))
        return function(xp, *arguments[:position], active, *arguments[position + 1 :])

    model = replace(question.model, function=of_variables, active=0)
    return replace(
        question,
        model=model,
        inputs=replace(inputs, arguments=(variables, *inputs.arguments), active=0, tangent=tangent),
    )


def _contracted(question: Question, left: Array) -> Question:
    """The question about the output contracted with an array, a scalar."""
    model = question.model

    def contracted(xp: Any, *arguments: Any) -> Any:
        return xp.sum(model.output(xp, *arguments) * xp.asarray(left))

    return replace(
        question,
        model=replace(model, function=contracted),
        inputs=replace(question.inputs, cotangent=np.ones(()), outputs=()),
    )


def sum_of(directions: Sequence[Direction], signs: Iterable[float]) -> Direction:
    """Return the sum of some directions, each times 1 or -1; exact, for they lie on a grid."""
    signs = list(signs)
    return [
        np.sum([sign * part for part, sign in zip(parts, signs, strict=True)], axis=0)
        for parts in zip(*directions, strict=True)
    ]
