"""Each primitive of a program by itself on a backend: the first whose derivative is wrong.

The program is the reference engine's graph of the function. A primitive is asked at the values that
reach it, in the mode of the cell, and judged by a certified enclosure of its own, like a model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from adbench.backends.base import Backend, prepare, to_backend
from adbench.cases.answer import collect, mismatch
from adbench.cases.case import Case, numpy_dtype
from adbench.cases.inputs import Array, Inputs
from adbench.cases.messages import describe_exception
from adbench.cases.model import Model
from adbench.cases.operators import Mode, Operator
from adbench.cases.question import Question
from adbench.explaining.evidence import PrimitiveEvidence
from adbench.graphs.adjoints import values_of
from adbench.graphs.trace import traced
from adbench.judging.comparison import Comparison, worst_entry
from adbench.truth.truth import establish
from reference_ad.engine.nodes import Node

MOST_PRIMITIVES = 200
"""So many are asked at most: each takes its own truth."""

DEVIATES = {"float64": 1e-9, "float32": 1e-4, "float16": 0.05, "bfloat16": 0.2}
"""A derivative that errs by more than its bound, and by more than this part of itself, is wrong."""

WRITTEN_WITH_OPERATORS: Mapping[str, Callable[..., Any]] = {
    "constant_power": lambda x, *, exponent: x**exponent,
    "getitem": lambda x, *, index: x[index],
}
"""Primitives that a model calls by Python's operators."""

ASKED = {
    Mode.FORWARD: Operator.JVP,
    Mode.REVERSE: Operator.VJP,
    Mode.FORWARD_OVER_REVERSE: Operator.HVP,
    Mode.REVERSE_OVER_FORWARD: Operator.HVP,
    Mode.REVERSE_OVER_REVERSE: Operator.HVP,
}
"""What a primitive is asked in the mode of a cell."""


def primitive_evidence(
    backend: Backend, model: Model, inputs: Inputs, case: Case
) -> PrimitiveEvidence | None:
    """Ask a backend the derivative of every primitive of a model's program.

    It ends with the first that is wrong. None where the mode has no derivative of one primitive.
    """
    if case.mode not in ASKED:
        return None
    program = traced(model, inputs)
    values = values_of(program.graph, program.arguments)
    checked = 0
    unseen: dict[str, None] = {}
    applied = [node for node in program.graph.nodes if node.primitive is not None]
    for node in applied[:MOST_PRIMITIVES]:
        operands = [np.asarray(values[id(argument)]) for argument in node.args]
        if node.array_type.dtype.kind != "f" or not any(map(_is_differentiable, operands)):
            continue
        checked += 1
        try:
            finding = _deviation(backend, node, operands, case)
        except Exception:  # it has no such function, or no rule: others may be seen
            unseen[node.name] = None
            continue
        if finding:
            return PrimitiveEvidence(checked, finding, tuple(unseen))
    return PrimitiveEvidence(checked - len(unseen), "", tuple(unseen))


def _deviation(backend: Backend, node: Node, operands: Sequence[Array], case: Case) -> str:
    """What is wrong with the derivative of one primitive, in a sentence, or ""."""
    operator = ASKED[case.mode]
    model = _model_of(node, operands)
    question = Question(model, _inputs_of(node, operands, case.dtype), operator, order=1)
    truth = establish(question, [case.dtype])
    if truth.doubt or truth.not_unique:
        return ""
    inputs = question.inputs.astype(case.dtype)
    problem = to_backend(backend, model.output, inputs, operator)
    _, call = prepare(backend, problem, operator, case.mode, 1)
    try:
        answer = collect(
            call(problem.active, problem.constants, problem.direction), backend.to_numpy
        )
    except Exception as error:
        return f"{_described(node, operands)} raised {describe_exception(error)}"
    if mismatch(answer, truth.answer):
        return f"{_described(node, operands)}: {mismatch(answer, truth.answer)}"
    comparison = Comparison.of(answer, truth, case.dtype)
    if comparison.over_bound <= 1 or comparison.relative_error <= DEVIATES[case.dtype]:
        return ""
    worst = worst_entry(answer, truth, comparison, question)
    return (
        f"{_described(node, operands)}: of its {operator.value}, the entry {worst.title} came back "
        f"as {worst.returned:.6g}, and {worst.true:.6g} is true."
    )


def _described(node: Node, operands: Sequence[Array]) -> str:
    """A primitive with its operands, such as `tanh of 0.23`."""
    shown = [
        f"{operand.item():.6g}" if operand.size == 1 else f"an array of shape {operand.shape}"
        for operand in operands
    ]
    return f"{node.name} of {' and '.join(shown)}"


def _model_of(node: Node, operands: Sequence[Array]) -> Model:
    """A primitive as a model: its operands of real numbers are active, the others it holds."""
    assert node.primitive is not None
    name, parameters = node.primitive.name, node.params
    is_active = [_is_differentiable(operand) for operand in operands]

    def function(xp: Any, active: Sequence[Any]) -> Any:
        remaining = iter(active)
        arguments = [
            next(remaining) if active_here else xp.asarray(operand)
            for operand, active_here in zip(operands, is_active, strict=True)
        ]
        return _function_named(xp, name)(*arguments, **parameters)

    return Model(name=name, function=function, make=_not_made, sizes={"one": {}})


def _not_made(size: Any, rng: Any) -> Sequence[Any]:
    raise AssertionError("the inputs of a primitive are those that reach it")


def _inputs_of(node: Node, operands: Sequence[Array], dtype: str) -> Inputs:
    """The values that reach a primitive, as a dtype has them, and directions."""
    rng = np.random.default_rng(0)

    def rounded(array: Any) -> Array:
        return np.asarray(array).astype(numpy_dtype(dtype)).astype(np.float64)

    active = [rounded(operand) for operand in operands if _is_differentiable(operand)]
    tangent = [rounded(rng.standard_normal(operand.shape)) for operand in active]
    cotangent = rounded(rng.standard_normal(node.array_type.shape))
    return Inputs((active,), 0, tangent, cotangent)


def _function_named(xp: Any, name: str) -> Callable[..., Any]:
    """The function of a namespace that a primitive is called by. Raises AttributeError."""
    if name in WRITTEN_WITH_OPERATORS:
        return WRITTEN_WITH_OPERATORS[name]
    for place in (xp, xp.special, xp.linalg):
        function = getattr(place, name, None)
        if function is not None:
            return function
    raise AttributeError(name)


def _is_differentiable(operand: Array) -> bool:
    return operand.dtype.kind == "f" and operand.size > 0
