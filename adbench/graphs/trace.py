"""From a model to the graph that is drawn: traced by the engine, gathered, named and evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import reference_ad
from adbench.backends.base import Problem, to_backend
from adbench.backends.reference import Tape
from adbench.cases.inputs import Inputs
from adbench.cases.messages import as_sentence, describe_exception
from adbench.cases.model import Model, SpecError
from adbench.cases.operators import Operator
from adbench.cases.question import array_name
from adbench.cases.text import plain_name, plain_text
from adbench.graphs.adjoints import adjoints_of, local_derivatives, numbers_of, values_of
from adbench.graphs.formulas import Formula, formulas_of
from adbench.graphs.graph import (
    Edge,
    FunctionGraph,
    GraphRequest,
    Kind,
    Numbers,
    Vertex,
)
from reference_ad.compiler.graph import Graph
from reference_ad.compiler.trace import trace
from reference_ad.engine import tree
from reference_ad.engine.core import Array
from reference_ad.engine.nodes import Node


@dataclass(frozen=True)
class TracedModel:
    """A model's program as the engine has traced it."""

    graph: Graph
    """The nodes."""
    arguments: Sequence[Array]
    """The values of its inputs."""
    argument_names: Sequence[str]
    """What the inputs are called."""
    active: int
    """How many of the inputs, the first ones, are differentiated with respect to."""


def function_graph(model: Model, inputs: Inputs, request: GraphRequest) -> FunctionGraph:
    """Return the graph of a model's function at some inputs.

    Raises SpecError where the function cannot be traced, since it branches on its numbers, and for
    more vertices than are allowed.
    """
    program = traced(model, inputs, gradient=request.gradient)
    formulas = formulas_of(program.graph)
    _check_limit(len(formulas), model, request)
    namer = _Names(program, formulas, request.gradient)
    numbers = _NumbersOfGraph(program, request)
    places = {id(formula.root): place for place, formula in enumerate(formulas)}
    edges = [
        Edge(places[id(operand)], places[id(formula.root)], derivative)
        for formula in formulas
        for operand, derivative in zip(formula.operands, numbers.derivatives(formula), strict=True)
    ]
    vertices = [namer.vertex(formula, numbers) for formula in formulas]
    return FunctionGraph(
        model=plain_name(model.name),
        size=plain_name(request.size),
        has_gradient=request.gradient,
        vertices=tuple(vertices),
        edges=tuple(edges),
        primitives=sum(program.graph.operations.values()),
        operations=program.graph.flops,
    )


def _check_limit(count: int, model: Model, request: GraphRequest) -> None:
    if count > request.limit:
        raise SpecError(
            f"The graph of {model.name!r} at {request.size!r} has {count:,} vertices, and at most "
            f"{request.limit:,} are drawn: choose a smaller --size, or allow more with --limit "
            f"{count}."
        )


def traced(model: Model, inputs: Inputs, *, gradient: bool = False) -> TracedModel:
    """Trace a model's function, or the function with its pullback of a one for each output.

    Raises SpecError where it cannot be traced.
    """
    problem = to_backend(Tape(), model.output, inputs, Operator.GRADIENT)

    def call(active: Any, constants: tuple[Any, ...]) -> Any:
        def function(x: Any) -> Any:
            return problem.function(x, constants)

        if not gradient:
            return function(active)
        output, pullback = reference_ad.vjp(function, active)
        return output, pullback(np.ones(output.shape, output.dtype))[0]

    leaves, structure = tree.flatten(((problem.active, problem.constants), {}))
    try:
        graph, _ = trace(call, leaves, structure)
    except Exception as error:
        raise SpecError(
            as_sentence(f"The graph of {model.name!r} cannot be drawn: {describe_exception(error)}")
        ) from error
    names = _names_of_arguments(model, inputs, problem)
    return TracedModel(graph, leaves, names, len(tree.leaves(problem.active)))


def _names_of_arguments(model: Model, inputs: Inputs, problem: Problem) -> list[str]:
    """What the arrays of the arguments are called, the active ones first."""
    names = model.argument_names(len(inputs.arguments))
    active_name = names.pop(inputs.active)
    arguments = [(active_name, problem.active), *zip(names, problem.constants, strict=True)]
    return [
        plain_name(array_name(name, path))
        for name, value in arguments
        for path in tree.paths(value)
    ]


class _NumbersOfGraph:
    """The numbers on a graph, as far as they are wanted."""

    def __init__(self, program: TracedModel, request: GraphRequest) -> None:
        self._values: Mapping[int, Array] = {}
        self._adjoints: Mapping[int, Array] = {}
        self._has_derivatives = request.values and not request.gradient
        if request.values:
            self._values = values_of(program.graph, program.arguments)
        if self._has_derivatives:
            self._adjoints = adjoints_of(program.graph, program.arguments)

    def value(self, node: Node) -> Numbers | None:
        """Return the value of a node in short."""
        return numbers_of(self._values[id(node)]) if id(node) in self._values else None

    def adjoint(self, node: Node) -> Numbers | None:
        """Return the adjoint of a node in short."""
        return numbers_of(self._adjoints[id(node)]) if id(node) in self._adjoints else None

    def derivatives(self, formula: Formula) -> list[float | None]:
        """Return the local derivative of a formula by each of its operands."""
        if not self._has_derivatives:
            return [None] * len(formula.operands)
        return local_derivatives(formula, self._values)


class _Names:
    """What the vertices of a graph are called, and what kind each is."""

    def __init__(self, program: TracedModel, formulas: Sequence[Formula], gradient: bool) -> None:
        self._texts: dict[int, str] = {}
        self._taken = set(program.argument_names)
        self._kinds: dict[int, Kind] = {}
        self._name_inputs(program)
        self._name_outputs(program, gradient)
        forward = _reached(program.graph.outputs[0]) if gradient else None
        nodes = [formula.root for formula in formulas]
        for node in nodes:
            is_forward = forward is None or id(node) in forward
            held = Kind.CONSTANT if node.primitive is None else Kind.VALUE
            self._kinds.setdefault(id(node), held if is_forward else Kind.BACKWARD)
        unnamed = [node for node in nodes if id(node) not in self._texts]
        for count, node in enumerate(unnamed, start=1):
            self._texts[id(node)] = self._free(f"v{count}")

    def vertex(self, formula: Formula, numbers: _NumbersOfGraph) -> Vertex:
        """Return the vertex of a formula."""
        node = formula.root
        return Vertex(
            name=self._texts[id(node)],
            formula=plain_text(formula.text(self._texts)),
            kind=self._kinds[id(node)],
            shape=tuple(node.array_type.shape),
            dtype=node.array_type.dtype.name,
            value=numbers.value(node),
            adjoint=numbers.adjoint(node),
        )

    def _free(self, name: str) -> str:
        """A name that no argument has: with primes behind it where one has."""
        while name in self._taken:
            name += "'"
        return name

    def _name_inputs(self, program: TracedModel) -> None:
        named = zip(program.graph.inputs, program.argument_names, strict=True)
        for place, (node, name) in enumerate(named):
            self._texts[id(node)] = name
            self._kinds[id(node)] = Kind.ACTIVE if place < program.active else Kind.CONSTANT

    def _name_outputs(self, program: TracedModel, gradient: bool) -> None:
        outputs = list(program.graph.outputs)
        output = self._free("output")
        names = [output]
        kinds = [Kind.OUTPUT]
        if gradient:
            names += [f"d {output} / d {name}" for name in program.argument_names[: program.active]]
            kinds += [Kind.GRADIENT] * program.active
        for node, name, kind in zip(outputs, names, kinds, strict=True):
            if node.is_input:
                continue
            self._kinds.setdefault(id(node), kind)
            before = self._texts.get(id(node))
            self._texts[id(node)] = f"{before} = {name}" if before else name


def _reached(output: Node) -> set[int]:
    """The identities of the nodes that an output is computed from, itself among them."""
    reached: set[int] = set()
    remaining = [output]
    while remaining:
        node = remaining.pop()
        if id(node) not in reached:
            reached.add(id(node))
            remaining += node.args
    return reached
