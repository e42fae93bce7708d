"""The numbers on a graph: values, adjoints and local derivatives.

The adjoint of a value is the derivative of the output by it: that by a number which is added to the
value and is zero. One pullback of the engine gives all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import reference_ad
from adbench.graphs.formulas import Formula
from adbench.graphs.graph import SHOWN_NUMBERS, Numbers
from reference_ad.compiler.graph import Graph
from reference_ad.engine.core import Array
from reference_ad.engine.nodes import Node


def values_of(graph: Graph, inputs: Sequence[Array]) -> dict[int, Array]:
    """Return the value of every node, by its identity, for these values of the inputs."""
    values: dict[int, Array] = {}
    with np.errstate(all="ignore"):
        _evaluate(graph, inputs, {}, values)
    return values


def adjoints_of(graph: Graph, inputs: Sequence[Array]) -> dict[int, Array]:
    """Return the adjoint of every value of the graph that has derivatives, by its identity.

    It is the derivative of the graph's only output, or of the sum of its entries.
    """
    nodes = [node for node in (*graph.inputs, *graph.nodes) if _has_derivatives(node)]
    zeros = [np.zeros(node.array_type.shape, node.array_type.dtype) for node in nodes]

    def output(offsets: list[Array]) -> Array:
        offset_of = {id(node): offset for node, offset in zip(nodes, offsets, strict=True)}
        values: dict[int, Array] = {}
        _evaluate(graph, inputs, offset_of, values)
        return values[id(graph.outputs[0])]

    with np.errstate(all="ignore"):
        result, pullback = reference_ad.vjp(output, zeros)
        (adjoints,) = pullback(np.ones(result.shape, result.dtype))
    return {id(node): adjoint for node, adjoint in zip(nodes, adjoints, strict=True)}


def local_derivatives(formula: Formula, values: Mapping[int, Array]) -> list[float | None]:
    """Return the derivative of a formula by each of its operands, where both are single numbers."""
    singles = [
        place for place, node in enumerate(formula.operands) if _is_single(node, formula.root)
    ]
    derivatives: list[float | None] = [None] * len(formula.operands)
    if not singles:
        return derivatives
    arguments = [np.asarray(values[id(node)]) for node in formula.operands]

    def of_singles(numbers: list[Array]) -> Array:
        operands = list(arguments)
        for place, number in zip(singles, numbers, strict=True):
            operands[place] = number
        return formula.evaluate(operands)

    with np.errstate(all="ignore"):
        result, pullback = reference_ad.vjp(of_singles, [arguments[place] for place in singles])
        (adjoints,) = pullback(np.ones(result.shape, result.dtype))
    for place, adjoint in zip(singles, adjoints, strict=True):
        derivatives[place] = float(np.asarray(adjoint).reshape(()))
    return derivatives


def numbers_of(array: Any) -> Numbers:
    """Return the numbers of an array in short. Complex ones are told by their absolute values."""
    array = np.asarray(array)
    if array.dtype.kind == "c":
        array = np.abs(array)
    flat = array.astype(np.float64).ravel()
    if flat.size <= SHOWN_NUMBERS:
        return Numbers(tuple(flat.tolist()))
    if np.isnan(flat).any():
        return Numbers((), math.nan, math.nan)
    return Numbers((), float(flat.min()), float(flat.max()))


def _evaluate(
    graph: Graph,
    inputs: Sequence[Array],
    offsets: Mapping[int, Array],
    values: dict[int, Array],
) -> None:
    """Fill in the value of every node, each with its offset added."""
    for node, value in zip(graph.inputs, inputs, strict=True):
        values[id(node)] = _with_offset(node, value, offsets)
    for node in graph.nodes:
        value = node.value
        if node.primitive is not None:
            arguments = [values[id(argument)] for argument in node.args]
            value = node.primitive(*arguments, **node.params)
        values[id(node)] = _with_offset(node, value, offsets)


def _with_offset(node: Node, value: Array, offsets: Mapping[int, Array]) -> Array:
    return value + offsets[id(node)] if id(node) in offsets else value


def _has_derivatives(node: Node) -> bool:
    is_held = node.primitive is None and node.value is not None
    return node.array_type.dtype.kind == "f" and not is_held


def _is_single(operand: Node, root: Node) -> bool:
    types = (operand.array_type, root.array_type)
    return all(kind.size == 1 and kind.dtype.kind == "f" for kind in types)
