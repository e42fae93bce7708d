"""The pattern of a Jacobian or Hessian, from the graph that the reference engine traces.

The pattern is proved and not sampled: the graph holds whatever the function does, at all arguments
of these shapes, and what each entry depends on is carried through every primitive of it. An entry
outside of the pattern is zero everywhere. The pattern of a Hessian is that of the Jacobian of the
gradient, whose graph is traced in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

import reference_ad
from adbench.cases.messages import as_sentence, describe_exception
from adbench.cases.model import SpecError
from adbench.cases.operators import Operator
from adbench.sparsity.dependence import Dependence, Matrix, of_application
from reference_ad.compiler.graph import Graph
from reference_ad.compiler.trace import trace
from reference_ad.engine import tree

Function = Callable[[Any, Any], Any]
"""`function(active, constants)` on arrays of the reference engine."""


def pattern_of(function: Function, active: Any, constants: Any, operator: Operator) -> Matrix:
    """Return the pattern of the matrix that a sparse operator is of."""
    if operator is Operator.SPARSE_HESSIAN:
        return hessian_pattern(function, active, constants)
    return jacobian_pattern(function, active, constants)


def jacobian_pattern(function: Function, active: Any, constants: Any) -> Matrix:
    """Return which entries of the Jacobian may be other than zero: a boolean matrix, m x n.

    function: returns one array. active, constants: trees of NumPy arrays, of which the shapes
    matter alone. Raises SpecError for a function that cannot be traced.
    """
    leaves, structure = tree.flatten(((active, constants), {}))
    try:
        graph, _ = trace(function, leaves, structure)
    except Exception as error:
        description = describe_exception(error)
        raise SpecError(
            as_sentence(f"The sparsity of the function cannot be found: {description}")
        ) from error
    return _pattern_of(graph, len(tree.leaves(active)))


def hessian_pattern(function: Function, active: Any, constants: Any) -> Matrix:
    """Return which entries of the Hessian may be other than zero: a symmetric matrix, n x n.

    function: returns one array of shape (). All others are those of `jacobian_pattern`.
    """
    gradient = reference_ad.grad(function)

    def in_a_row(active: Any, constants: Any) -> Any:
        parts = tree.leaves(gradient(active, constants))
        rows = [reference_ad.numpy.reshape(part, (-1,)) for part in parts]
        return reference_ad.numpy.concat(rows)

    pattern = jacobian_pattern(in_a_row, active, constants)
    return pattern + sparse.csr_array(pattern.T)


def _pattern_of(graph: Graph, active: int) -> Matrix:
    """The dependence of the output on the first inputs.

    active: how many of the inputs those are.
    """
    sizes = [node.array_type.size for node in graph.inputs[:active]]
    n = sum(sizes)
    dependences: dict[int, Dependence] = {}
    start = 0
    for node, size in zip(graph.inputs, sizes, strict=False):
        dependences[id(node)] = sparse.csr_array(sparse.eye_array(size, n, k=start, dtype=bool))
        start += size
    for node in graph.nodes:
        if node.primitive is not None:
            arguments = [dependences.get(id(argument)) for argument in node.args]
            dependences[id(node)] = of_application(node, arguments)
    (output,) = graph.outputs
    dependence = dependences.get(id(output))
    if dependence is None:
        return sparse.csr_array((output.array_type.size, n), dtype=bool)
    pattern = sparse.csr_array(dependence)
    pattern.sum_duplicates()
    return pattern


def positions_of(pattern: Matrix) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the rows and the columns of a pattern's entries, row by row."""
    rows = np.repeat(np.arange(pattern.shape[0]), np.diff(pattern.indptr))
    return rows, pattern.indices.astype(np.int64)
