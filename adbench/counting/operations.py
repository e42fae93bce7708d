"""How many operations on numbers an answer takes, from the graph that the reference engine traces.

An answer takes as many passes through the function as its mode needs (`passes`), each with the
operations of one pass: the function with one tangent carried along, or with one cotangent carried
back (A. Griewank and A. Walther, Evaluating Derivatives, 2nd ed., chapters 3 and 4). An addition, a
multiplication and an elementary function count 1 per number alike, a matrix product 2 per term, a
sum 1 per summand; moving numbers counts nothing (`Graph.flops`). The graph is simplified as a
compiler would, so that what is computed twice counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from adbench.backends.base import to_backend
from adbench.backends.operators import pushforward
from adbench.backends.reference import Tape
from adbench.cases.inputs import Inputs
from adbench.cases.model import Model
from adbench.cases.operators import MODES, Mode, Operator, passes
from adbench.namespaces.namespace import Namespace
from adbench.namespaces.reference import namespace
from reference_ad.compiler.graph import Graph
from reference_ad.compiler.trace import trace
from reference_ad.engine import tree
from reference_ad.rules.contraction import matmul

HIGHEST_ORDER = 6
"""Of nested derivatives of a higher order nothing is counted: their graphs more than double with
each, and take seconds to trace."""

FORWARD_PASS = (Operator.JVP, Mode.FORWARD)
REVERSE_PASS = (Operator.VJP, Mode.REVERSE)

PASS_OF = {
    (Operator.GRADIENT, Mode.FORWARD): FORWARD_PASS,
    (Operator.VALUE_AND_GRADIENT, Mode.FORWARD): FORWARD_PASS,
    (Operator.VJP, Mode.FORWARD): FORWARD_PASS,
    (Operator.JACOBIAN, Mode.FORWARD): FORWARD_PASS,
    (Operator.JACOBIAN, Mode.REVERSE): REVERSE_PASS,
}
"""What a single pass answers where an answer takes several; a Hessian takes HVPs in its mode."""


@dataclass(frozen=True)
class OperationCounts:
    """How many operations the answers to one question take."""

    primal: float | None = None
    """Those of the function alone; None where its program cannot be traced."""

    by_mode: Mapping[str, float] = field(default_factory=dict)
    """Those of an answer, by the mode; without the modes that cannot be counted."""


def count(model: Model, inputs: Inputs, operator: Operator, order: int) -> OperationCounts:
    """Count the operations of a model's function, and of an answer in each of its modes.

    inputs: float64 arrays; their shapes matter, and what the function branches on. What the engine
    cannot trace, such as a function that branches on a differentiated number, is left out.
    """
    primal = None
    by_mode: dict[str, float] = {}
    with suppress(Exception):
        primal = float(operations(model, inputs, Operator.VALUE, Mode.NONE))
        for mode in MODES[operator]:
            with suppress(Exception):
                if order <= HIGHEST_ORDER:
                    by_mode[mode.value] = float(operations(model, inputs, operator, mode, order))
    return OperationCounts(primal, by_mode)


def operations(model: Model, inputs: Inputs, operator: Operator, mode: Mode, order: int = 1) -> int:
    """Return how many operations on numbers an answer takes: passes x operations of a pass.

    order: of a `derivative`, which is one pass of its own. Raises TypeError where the function
    branches on a differentiated number.
    """
    if operator is Operator.VALUE:
        return _primal_operations(model, inputs)
    pass_operator, pass_mode = _pass_of(operator, mode)
    of_a_pass = _traced_operations(Tape(), model, inputs, pass_operator, pass_mode, order)
    # What is inside of a checkpoint is traced where it is computed again, and not the first time.
    hidden = _primal_operations(model, inputs) - _traced_operations(
        Tape(), model, inputs, Operator.VALUE, Mode.NONE, 0
    )
    return passes(operator, mode, inputs.n, inputs.m) * (of_a_pass + hidden)


@dataclass(frozen=True)
class FunctionWork:
    """What one evaluation of a function does, in operations on numbers."""

    in_products: int
    """Those of matrix products."""
    of_elements: int
    """All others, one for each number that a function of elements gives."""


def work_of_function(model: Model, inputs: Inputs) -> FunctionWork | None:
    """Count what one evaluation of a model's function does; None where it cannot be traced."""
    with suppress(Exception):
        graph = _traced_graph(
            _WithoutCheckpoints(), model, inputs, Operator.VALUE, Mode.NONE, order=0
        )
        products = [node for node in graph.nodes if node.name == matmul.name]
        in_products = Graph([], products, products).flops
        return FunctionWork(in_products, graph.flops - in_products)
    return None


class _WithoutCheckpoints(Tape):
    """The engine on functions that keep all of their results."""

    xp = Namespace(namespace, namespace.special, checkpoint=Namespace.checkpoint)


def _primal_operations(model: Model, inputs: Inputs) -> int:
    """The operations of the function alone, with those that are inside of checkpoints."""
    return _traced_operations(_WithoutCheckpoints(), model, inputs, Operator.VALUE, Mode.NONE, 0)


def _pass_of(operator: Operator, mode: Mode) -> tuple[Operator, Mode]:
    if operator is Operator.HESSIAN:
        return Operator.HVP, mode
    return PASS_OF.get((operator, mode), (operator, mode))


def _traced_operations(
    engine: Tape, model: Model, inputs: Inputs, operator: Operator, mode: Mode, order: int
) -> int:
    """The operations in the graph of one pass."""
    return _traced_graph(engine, model, inputs, operator, mode, order).flops


def _traced_graph(
    engine: Tape, model: Model, inputs: Inputs, operator: Operator, mode: Mode, order: int
) -> Graph:
    """The graph of one pass."""
    problem = to_backend(engine, model.output, inputs, operator)

    def call(active: Any, constants: tuple[Any, ...], direction: Any) -> Any:
        def function(x: Any) -> Any:
            return problem.function(x, constants)

        if operator is Operator.DERIVATIVE:
            direction = order
        if operator is Operator.HVP and mode is Mode.FORWARD_OVER_FORWARD:
            # one entry of the product: a tangent of a tangent
            return engine.jvp(pushforward(engine, function, direction), active, direction)[1]
        return engine.route(operator, mode, order).method(function, active, direction)

    arguments = (problem.active, problem.constants, problem.direction)
    leaves, structure = tree.flatten((arguments, {}))
    graph, _ = trace(call, leaves, structure)
    return graph
