"""The step of a loop as a graph of its own, which stands for every turn.

A step may use what lies around it, traced or not. It is therefore traced once with tracers of its
own, and every other tracer that it meets becomes one more input: the step is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..compiler.compile import peeled
from ..compiler.graph import Graph
from ..compiler.program import MISS, Program
from ..compiler.trace import Trace, TraceTracer
from ..engine import tree
from ..engine.arguments import output_leaves
from ..engine.core import Array, Tracer
from ..engine.nodes import ArrayType, Node

Function = Callable[..., Sequence[Any]]
"""From arrays to arrays."""


class _ClosingTrace(Trace):
    """A trace to which tracers of outer levels are further inputs."""

    __slots__ = ("lifted",)

    def __init__(self) -> None:
        super().__init__()
        self.lifted: dict[int, tuple[Tracer, TraceTracer]] = {}

    def node_of(self, value: Any) -> Node:
        if not isinstance(value, Tracer) or value.level is self:
            return super().node_of(value)
        return self._lift(value).node

    def process(self, primitive: Any, args: tuple[Array, ...], params: dict[str, Any]) -> Array:
        inputs = [self._lift(arg) if self._is_outer(arg) else arg for arg in args]
        return super().process(primitive, tuple(inputs), params)

    def _is_outer(self, value: Any) -> bool:
        return isinstance(value, Tracer) and value.level is not self

    def _lift(self, value: Tracer) -> TraceTracer:
        if id(value) not in self.lifted:
            self.lifted[id(value)] = (value, self.variable(np.asarray(peeled(value))))
        return self.lifted[id(value)][1]


@dataclass(frozen=True, eq=False)
class Body:
    """A closed step: a function of arrays, of fixed shapes and dtypes, that returns arrays."""

    graph: Graph
    """What it computes."""
    examples: tuple[Any, ...]
    """For each input an array that it may be: values at which the step can be evaluated."""

    @cached_property
    def outputs(self) -> tuple[ArrayType, ...]:
        """The types of what it returns."""
        return tuple([ArrayType(*node.array_type[:2]) for node in self.graph.outputs])

    @cached_property
    def program(self) -> Program:
        """The step in compiled source, from a tuple of arrays to a list."""
        _, structure = tree.flatten((self.examples, {}))
        _, result = tree.flatten([None] * len(self.outputs))
        types = [ArrayType.of(example) for example in self.examples]
        return Program(self.graph, structure, types, result)

    def run(self, values: Sequence[Array]) -> list[Any]:
        """Evaluate the step on arrays."""
        results: Any = self.program.enter(tuple(values), {})
        assert results is not MISS, self.program.source
        return results

    def evaluate(self, values: Sequence[Array]) -> list[Array]:
        """Evaluate the step on tracers, primitive by primitive."""
        return self.graph.evaluate(values)


def closed(step: Function, examples: Sequence[Any]) -> tuple[Body, list[Tracer]]:
    """Trace a step at examples of its arguments.

    Return it as a function of these and of the tracers that it uses, and those tracers.
    """
    examples = [np.asarray(peeled(example)) for example in examples]
    with _ClosingTrace() as level:
        inputs = [level.variable(example) for example in examples]
        outputs, _ = output_leaves(list(step(*inputs)), "scan")
        nodes = [level.node_of(_without_weakness(output)) for output in outputs]
    outer = [tracer for tracer, _ in level.lifted.values()]
    inputs += [variable for _, variable in level.lifted.values()]
    graph = Graph([variable.node for variable in inputs], nodes, level.build.nodes)
    return Body(graph, tuple([np.asarray(variable.example) for variable in inputs])), outer


def _without_weakness(output: Any) -> Any:
    return output if isinstance(output, Tracer) else np.asarray(output)
