"""Tracing: a function runs once, with tracers that write down what is done as a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, Self

import numpy as np

from ..engine import tree
from ..engine.arguments import output_leaves
from ..engine.core import Array, Level, Primitive, Tracer
from ..engine.nodes import ArrayType, Node
from ..engine.numpy_source import source_of
from .builder import Builder
from .graph import Graph

STATIC = (bool, int, str, type(None))
"""Types of arguments that a function is compiled for, with their values."""


class TraceTracer(Tracer):
    """A value of a program that is being traced.

    A node of the graph, and an example of it, which gives the shape.
    """

    __slots__ = ("example", "node")

    def __init__(self, level: Trace, example: Any, node: Node) -> None:
        self.level = level
        self.example = example
        self.primal = np.asarray(example) if node.array_type.weak else example
        self.node = node

    def __bool__(self) -> bool:
        raise TypeError(
            "A compiled function branched on a traced value: what it does must not depend on the "
            "numbers in its arguments. Choose between two values with where, or leave this part "
            "out of compile."
        )

    def __index__(self) -> int:
        raise TypeError(
            "A compiled function used a traced value as a Python number: give the number as an "
            "int argument, for which the function is compiled anew, or leave this part out of "
            "compile."
        )

    __float__ = __int__ = __complex__ = __index__


_open_traces: ContextVar[int] = ContextVar("open traces", default=0)
"""How many traces are open in this context."""


def is_tracing() -> bool:
    """Whether a program is being traced in this context."""
    return _open_traces.get() > 0


class Trace(Level):
    """The level that writes down what is done."""

    __slots__ = ("build", "token")

    def __init__(self) -> None:
        Level.__init__(self)
        self.build = Builder()

    def __enter__(self) -> Self:
        self.token = _open_traces.set(_open_traces.get() + 1)
        return super().__enter__()

    def __exit__(self, *exception: object) -> None:
        _open_traces.reset(self.token)
        super().__exit__(*exception)

    def variable(self, example: Any) -> TraceTracer:
        """A new input."""
        return TraceTracer(self, example, self.build.input(ArrayType.of(example)))

    def process(
        self, primitive: Primitive, args: tuple[Array, ...], params: dict[str, Any]
    ) -> Array:
        nodes = [self.node_of(arg) for arg in args]
        examples = [arg.example if isinstance(arg, TraceTracer) else arg for arg in args]
        if all(node.array_type.weak for node in nodes) and not source_of(primitive).operator:
            # no dtype to take on: as NumPy has them
            examples = [np.asarray(example)[()] for example in examples]
        example = _example_of_answer(primitive, examples, params)
        node = self.build.apply_simplified(primitive, tuple(nodes), params, ArrayType.of(example))
        for arg in args:
            if isinstance(arg, TraceTracer) and arg.node is node:
                return arg
        return TraceTracer(self, example, node)

    def node_of(self, value: Any) -> Node:
        """The node of a value of this trace, or of a constant."""
        if isinstance(value, TraceTracer) and value.level is self:
            return value.node
        if isinstance(value, Tracer):
            raise TypeError(
                "A compiled function uses a traced array from around it: give it as an argument, "
                "so that its derivative is known."
            )
        constant = value
        if isinstance(value, (list, tuple)):
            constant = np.asarray(value)
        if not isinstance(constant, (np.ndarray, np.generic, int, float, complex)):
            raise TypeError(
                f"A compiled function uses {type(value).__name__} {value!r}: give numbers or "
                "arrays."
            )
        return self.build.constant(constant)


def _example_of_answer(
    primitive: Primitive, examples: Sequence[Any], params: dict[str, Any]
) -> Any:
    """What a primitive gives for examples of its arguments."""
    with np.errstate(all="ignore"):  # the example's numbers are not the caller's business
        try:
            return primitive.implementation(*examples, **params)
        except ZeroDivisionError:
            # Python's numbers divide by 0 as NumPy's do, and stay Python's
            return primitive.implementation(*map(np.asarray, examples), **params).item()


def trace(
    f: Callable[..., Any], leaves: Sequence[Any], structure: tree.Structure
) -> tuple[Graph, tree.Structure]:
    """Run f once. Return the graph of what it did, and the structure of its results.

    leaves: examples of the arguments, which have this structure
    """
    with Trace() as level:
        traced = [leaf if type(leaf) in STATIC else level.variable(leaf) for leaf in leaves]
        args, kwargs = tree.unflatten(structure, traced)
        outputs, result = output_leaves(f(*args, **kwargs), "compile")
        nodes = [level.node_of(output) for output in outputs]
    inputs = [leaf.node for leaf in traced if isinstance(leaf, TraceTracer)]
    return Graph(inputs, nodes, level.build.nodes), result
