"""CasADi: a graph of expressions, built ahead of the first call, and evaluated by its own machine.

Each number is an expression of CasADi's in the graph of matrices (`MX`); `sx` expands that into a
graph of single numbers, in which what is computed twice is computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import casadi
import numpy as np

from adbench.backends.base import Answer, Call, Function, Unsupported, routed
from adbench.backends.flat_call import FlatCall
from adbench.backends.numpy_arrays import NumPyBackend
from adbench.namespaces import casadi as expressions
from adbench.namespaces.casadi import Array, as_array
from adbench.namespaces.casadi_derivatives import jvp, namespace, traced, vjp
from reference_ad.engine import tree

FORWARD = {"helper_options": {"enable_reverse": False}}
REVERSE = {"helper_options": {"enable_forward": False}}
"""What `casadi.jacobian` is told, so that it takes the passes of one mode."""


class Mx(NumPyBackend):
    """CasADi as it runs by default, on a graph of matrices."""

    framework = "casadi"
    dtypes = ("float64",)
    xp = namespace

    # ---- staging

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        """Build the graph of a call. Raises Unsupported where it cannot be built."""
        flat = FlatCall(call, active, constants, direction)
        symbols = [casadi.MX.sym("x", array.size) for array in flat.arrays]
        pairs = zip(symbols, flat.arrays, strict=True)
        arguments = [Array(symbol, array.shape, array.dtype) for symbol, array in pairs]
        outputs = [as_array(output) for output in flat.function(*arguments)]
        columns = [casadi.densify(output.column) for output in outputs]
        graph = casadi.Function("call", symbols, expressions.with_stopped(columns))
        return flat.unflatten(evaluator(self.compiled(graph), outputs))

    def compiled(self, graph: casadi.Function) -> casadi.Function:
        """Return what evaluates a graph."""
        return graph

    # ---- transformations

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        return jvp(function, active, tangent)

    def vjp(self, function: Function, active: Any) -> tuple[Any, Function]:
        return vjp(function, active)

    def jacfwd(self, function: Function) -> Function:
        return lambda active: _jacobian(function, active, FORWARD)

    def jacrev(self, function: Function) -> Function:
        return lambda active: _jacobian(function, active, REVERSE)

    @routed("casadi.hessian")
    def hessian_forward_over_reverse(
        self, function: Function, active: Any, direction: None
    ) -> Answer:
        arrays = tree.map(as_array, active)
        graph = traced(function, arrays)
        matrix, _ = casadi.hessian(graph.column, graph.symbol)
        (at_the_point,) = graph.at_the_point(casadi.densify(matrix))
        return _blocks(at_the_point, arrays, arrays)


class Sx(Mx):
    """CasADi on a graph of single numbers."""

    def compiled(self, graph: casadi.Function) -> casadi.Function:
        try:
            return graph.expand()
        except RuntimeError as error:
            raise Unsupported(
                "CasADi cannot expand this graph into one of single numbers, as that of the "
                "solution of linear equations."
            ) from error


def evaluator(graph: casadi.Function, outputs: Sequence[Array]) -> Callable[..., list[Any]]:
    """Return a function of NumPy arrays that evaluates a graph."""
    buffer: Any
    buffer, evaluate = graph.buffer()
    shapes = [(output.shape, output.dtype) for output in outputs]

    def call(*arrays: Any) -> list[Any]:
        columns: list[Any] = [np.array(array, np.float64).reshape(-1) for array in arrays]
        results: list[Any] = [np.empty(shape) for shape, _ in shapes]
        for position, column in enumerate(columns):
            buffer.set_arg(position, memoryview(column))
        for position, result in enumerate(results):
            buffer.set_res(position, memoryview(result.reshape(-1)))
        evaluate()
        pairs = zip(results, shapes, strict=True)
        return [result.astype(dtype, copy=False) for result, (_, dtype) in pairs]

    return call


def _jacobian(function: Function, active: Any, options: dict[str, Any]) -> Any:
    arrays = tree.map(as_array, active)
    graph = traced(function, arrays)
    matrix = casadi.densify(casadi.jacobian(graph.column, graph.symbol, options))
    (at_the_point,) = graph.at_the_point(matrix)
    return _blocks(at_the_point, graph.output, arrays)


def _blocks(matrix: casadi.MX, output: Any, active: Any) -> Any:
    """Divide a matrix into a tree like the output of trees like the active argument."""
    leaves, structure = tree.flatten(output)
    blocks, start = [], 0
    for leaf in leaves:
        rows = matrix[start : start + leaf.size, :]
        blocks.append(_columns(rows, leaf, active))
        start += leaf.size
    return tree.unflatten(structure, blocks)


def _columns(rows: casadi.MX, output: Array, active: Any) -> Any:
    leaves, structure = tree.flatten(active)
    blocks, start = [], 0
    for leaf in leaves:
        part = rows[:, start : start + leaf.size]
        blocks.append(Array(casadi.vec(part.T), output.shape + leaf.shape))
        start += leaf.size
    return tree.unflatten(structure, blocks)
